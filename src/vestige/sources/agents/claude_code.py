"""Claude Code's transcripts: ``~/.claude/projects/<directory>/<session>.jsonl``, and ``…/subagents/agent-<id>.jsonl``.

One JSON object a line. Their form is internal to the program and changes between versions, so what is known is read
and everything is kept::

    type, uuid, parentUuid, sessionId, timestamp, cwd, version, gitBranch, userType, isSidechain, agentId, isMeta
    user, assistant     message {id, role, model, content[], usage}, requestId; toolUseResult beside a tool's result
    content[]           text | thinking | tool_use {id, name, input} | tool_result {tool_use_id, content, is_error}
    system              subtype compact_boundary, turn_duration, stop_hook_summary, api_error, local_command, …
    attachment          attachment {type: hook_success, hook_blocking_error, …}
    progress            data {type: hook_progress, bash_progress, agent_progress, …}
    summary, file-history-snapshot, queue-operation, *-title, permission-mode, last-prompt, pr-link, cost-state, …
    started, result     of a workflow's journal: key, agentId

Lines form a graph by ``parentUuid``: one that was rewound from stays in the file, and is told as it happened. One
answer of the model is written as several lines with one ``message.id``, each repeating its ``usage``, the first of
them sometimes before it was complete: a usage counts once per id. ``input_tokens`` leaves out what came from a cache.
What a subagent did is in a file of its own, or in the same one with ``isSidechain``; ``agent_progress`` repeats it.

An edit is read from its result, which states what came of it. A result names no tool, only the call's id: that a call
failed or was denied is an ``agent.tool_result`` or ``agent.permission_denied`` with the key of the call it was.

References: code.claude.com/docs, "Hooks reference" (fields), "Data usage"; the form itself is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.agents.claude_content import answer_events, result_events, said_events, said_in
from vestige.sources.agents.events import (
    AgentRecords,
    Scene,
    count_of,
    dump,
    ended,
    finish,
    known,
    one_line,
    place_keys,
)
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

_BESIDE_NAMES = """
    summary ai-title custom-title agent-name agent-color agent-setting last-prompt mode permission-mode pr-link
    cost-state queue-operation tag task-summary worktree-state content-replacement speculation-accept"""
_BESIDE = frozenset(_BESIDE_NAMES.split())
"""Types of lines that tell of the session and have no ``uuid``."""
_RELAYED = "what its subagent does, as relayed; the subagent's own transcript tells it whole"
_PASSING = {
    "bash_progress": "what a command has printed so far; its result tells all of it",
    "powershell_progress": "what a command has printed so far; its result tells all of it",
    "waiting_for_task": "that a task is waited for; its result follows",
}


def _is_transcript(record: Part) -> bool:
    kind = record.get("type")
    if not isinstance(kind, str):
        return False
    if kind == "file-history-snapshot":
        return "snapshot" in record and "messageId" in record
    if kind in {"started", "result"}:
        return "key" in record and "agentId" in record
    if kind == "summary":
        return "leafUuid" in record
    return "sessionId" in record and ("uuid" in record or kind in _BESIDE)


def _begins(head: bytes) -> bool:
    return b'"sessionId"' in head and (b'"uuid"' in head or b'"parentUuid"' in head)


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind = text_of(record.get("type"))
    reader = _READERS.get(kind)
    if reader is None and not (kind in _BESIDE or kind == "file-history-snapshot" or "sessionId" in record):
        return Unparsed(f"no line of a Claude Code transcript: type is {kind or 'missing'!r}")
    snapshot = mapping(record.get("snapshot"))
    scene = Scene(
        "claude-code",
        clock.read(record.get("timestamp", snapshot.get("timestamp"))),
        text_of(record.get("sessionId")),
        text_of(mapping(record.get("message")).get("model")),
        text_of(record.get("agentId")),
        place_keys(record.get("cwd"), "", record.get("gitBranch")),
    )
    if kind == "progress":
        data = mapping(record.get("data"))
        passing = _PASSING.get(text_of(data.get("type")))
        return finish([], text, passing) if passing else finish(_progress(scene, record, data), text)
    if reader is None:
        return finish([_beside(scene, record, kind)], text)
    events = reader(scene, record)
    if any(event.event_type == "agent.thinking" for event in events):
        text = dump(_without_thoughts(record))
    return finish(events, text)


def _without_thoughts(record: Part) -> Part:
    """The record for its event's attributes: of a thought, its length; of its signature, nothing."""
    message = mapping(record.get("message"))
    content = message.get("content")
    blocks = [
        {"type": block.get("type"), "length": len(text_of(block.get("thinking")))}
        if isinstance(block, dict) and text_of(block.get("type")) in {"thinking", "redacted_thinking"}
        else block
        for block in (content if isinstance(content, list) else ())
    ]
    return {**record, "message": {**message, "content": blocks}}


def _user(scene: Scene, record: Part) -> list[Event]:
    content = mapping(record.get("message")).get("content")
    blocks = content if isinstance(content, list) else [content]
    out: list[Event] = []
    for block in blocks:
        part = mapping(block)
        if part.get("type") == "tool_result":
            out += result_events(scene, part, record.get("toolUseResult"))
        else:
            out += said_events(scene, block, record)
    if not out:
        # A message in no form we know is told all the same.
        out.append(scene.tell("agent.status", f"a user's message without content: {one_line(dump(content), 200)}"))
    return out


def _assistant(scene: Scene, record: Part) -> list[Event]:
    return answer_events(scene, record)


def _system(scene: Scene, record: Part) -> list[Event]:
    kind = text_of(record.get("subtype"))
    said = text_of(record.get("content"))
    if kind in {"compact_boundary", "microcompact_boundary"}:
        about = mapping(record.get("compactMetadata") or record.get("microcompactMetadata"))
        before = about.get("preTokens")
        size = f", {before} tokens before" if known(before) else ""
        why = text_of(about.get("trigger"))
        return [scene.tell("agent.compacted", f"compacted ({why or 'unknown reason'}{size})", action=kind)]
    if kind == "turn_duration":
        took = count_of(record.get("durationMs"))
        return [scene.tell("agent.turn_ended", f"turn took {took / 1000:.1f} s", action=kind)]
    if kind == "stop_hook_summary":
        bad = record.get("hookErrors")
        stopped = record.get("preventedContinuation") is True or (isinstance(bad, list) and bool(bad))
        count = count_of(record.get("hookCount"))
        return [scene.tell("agent.hook", f"{count} Stop hooks ran", action="Stop", outcome=ended(stopped))]
    if kind in {"api_error", "api_retry"}:
        why = text_of(mapping(record.get("error")).get("message")) or said or dump(record.get("error"))
        return [
            scene.tell("agent.error", f"API error: {one_line(why, 400)}", action=kind, outcome="failure", severity=2)
        ]
    if kind == "local_command":
        out = said_in(scene, said, record)
        return out or [scene.tell("agent.status", said or kind, action=kind)]
    return [scene.tell("agent.status", f"{kind}: {said}" if said else kind or "system", action=kind)]


_HOOKS = {"hook_success": "success", "hook_blocking_error": "failure", "hook_non_blocking_error": "failure"}


def _attachment(scene: Scene, record: Part) -> list[Event]:
    found = mapping(record.get("attachment"))
    kind = text_of(found.get("type"))
    if kind.startswith("hook_"):
        blocking = mapping(found.get("blockingError"))
        command = text_of(found.get("command")) or text_of(blocking.get("command"))
        why = text_of(blocking.get("blockingError")) or text_of(found.get("stderr"))
        name = text_of(found.get("hookName")) or text_of(found.get("hookEvent"))
        said = " ".join(filter(None, ("hook", name, kind.removeprefix("hook_").replace("_", " "), command, why)))
        use = text_of(found.get("toolUseID"))
        keys = (("custom", f"tool_use:{use}"),) if use.startswith("toolu_") else ()
        return [
            scene.tell(
                "agent.hook", said, action=name, outcome=_HOOKS.get(kind, ""), thing=(command, "command"), keys=keys,
                severity=int(kind == "hook_blocking_error"),
            )
        ]  # fmt: skip
    return [scene.tell("agent.context", f"attached: {kind or 'something'}", action=kind)]


def _progress(scene: Scene, record: Part, data: Part) -> list[Event]:
    kind = text_of(data.get("type"))
    use = text_of(record.get("parentToolUseID"))
    keys = (("custom", f"tool_use:{use}"),) if use.startswith("toolu_") else ()
    if kind == "hook_progress":
        name, command = text_of(data.get("hookName")), text_of(data.get("command"))
        thing = (command, "command")
        return [scene.tell("agent.hook", f"hook {name} began: {command}", action=name, thing=thing, keys=keys)]
    if kind == "agent_progress":
        inner = mapping(data.get("message"))
        scene = scene._replace(subagent=text_of(data.get("agentId")))
        out = [scene.tell("agent.status", _RELAYED, action=kind, keys=keys)]
        if inner.get("type") == "assistant":
            inside = answer_events(scene._replace(model=text_of(mapping(inner.get("message")).get("model"))), inner)
            out += [event for event in inside if event.event_type == "agent.usage"]
        return out
    return [scene.tell("agent.status", f"progress: {kind or 'unknown'}", action=kind, keys=keys)]


def _beside(scene: Scene, record: Part, kind: str) -> Event:
    """A line that tells of the session."""
    if kind == "file-history-snapshot":
        files = mapping(mapping(record.get("snapshot")).get("trackedFileBackups"))
        return scene.tell("agent.status", f"snapshot of {len(files)} files it changed", action=kind)
    if kind in {"permission-mode", "mode"}:
        mode = text_of(record.get("permissionMode")) or text_of(record.get("mode"))
        return scene.tell("agent.configured", f"{kind}: {mode}", action=kind, thing=(mode, "mode"))
    if kind == "queue-operation":
        said = record.get("content")
        words = said if isinstance(said, str) else " ".join(
            text_of(mapping(part).get("text")) for part in (said if isinstance(said, list) else ())
        )  # fmt: skip
        return scene.tell("agent.status", f"queue {text_of(record.get('operation'))}: {words}", action=kind)
    names = ("summary", "aiTitle", "customTitle", "title", "agentName", "lastPrompt", "prUrl", "content")
    said = next((found for name in names if (found := text_of(record.get(name)))), "")
    return scene.tell("agent.status", f"{kind}: {said}" if said else kind, action=kind)


def _journal(scene: Scene, record: Part) -> list[Event]:
    began = record.get("type") == "started"
    kind = "agent.subagent_started" if began else "agent.subagent_stopped"
    said = "" if began else f": {one_line(dump(record.get('result')), 400)}"
    return [scene.tell(kind, f"workflow's agent {scene.subagent} {'began' if began else 'ended'}{said}")]


_READERS: dict[str, Callable[[Scene, Part], list[Event]]] = {
    "user": _user,
    "assistant": _assistant,
    "system": _system,
    "attachment": _attachment,
    "progress": lambda scene, record: _progress(scene, record, mapping(record.get("data"))),
    "started": _journal,
    "result": _journal,
}

FORMAT = AgentRecords(
    name="claude_code",
    version="1",
    source_name="claude-code",
    mine=_is_transcript,
    begins=_begins,
    seen="lines of a Claude Code transcript (type, sessionId, uuid)",
    read=_read,
    confidence=0.96,
)

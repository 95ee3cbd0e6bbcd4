"""GitHub Copilot: the CLI's ``~/.copilot/session-state/<id>/events.jsonl``, and chats of the extension of VS Code.

The CLI writes an event a line: ``{id, parentId, timestamp, type, data, agentId?}``::

    session.start, .resume          sessionId, selectedModel, copilotVersion, context {cwd, gitRoot, branch, headCommit,
                                    repository, repositoryHost}
    session.model_change            previousModel, newModel
    session.shutdown                modelMetrics {model: {usage {inputTokens, outputTokens, cacheReadTokens, …}}}
    session.compaction_complete, .snapshot_rewind, .error, .info, …
    user.message                    content                 assistant.message   content, toolRequests[]
    assistant.reasoning             content                 assistant.usage     model and tokens of one call
    tool.execution_start            toolCallId, toolName, arguments
    tool.execution_complete         toolCallId, success, result {content, detailedContent}, error
    permission.requested, .completed    requestId, result {kind approved | denied-…}
    subagent.started, .completed, .failed; hook.start, hook.end; skill.invoked; system.message; abort

Only ``session.start`` names the session: it is read when the file is recognised, and stands with the acquisition.
Tokens stand in ``session.shutdown``, as the session's total so far for each model (``assistant.usage`` is rarely
written; what it states is part of that total, and is not counted beside it). ``inputTokens`` includes what came from
the cache or went into it, ``outputTokens`` includes reasoning.

The extension keeps a chat as a line per change: ``{kind: 0, v: the chat}``, then ``{kind: 1|2, k: path, v}``, or as one
document with ``requests[]``. Of each request the prompt, the answer's text and the calls of tools are told; edits are
not, as the chat does not state what was kept of them.

References: ``session-events.d.ts`` of ``@github/copilot-sdk``; the extension's form is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.copilot_chat import chat_events, is_chat
from vestige.sources.agents.events import (
    SESSION,
    AgentRecords,
    Scene,
    Semantics,
    Usage,
    commits_in,
    count_of,
    dump,
    ended,
    finish,
    place_keys,
)
from vestige.sources.agents.tools import Call
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vestige.model.event import Event, Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]
    Teller = Callable[[Scene, Part], list[Event]]

SEMANTICS = Semantics(input_has_cached=True, output_has_reasoning=True, counts="total")
_FAMILIES = ("session.", "user.", "assistant.", "tool.", "permission.", "subagent.", "hook.", "skill.", "system.",
             "abort", "model.", "pending_messages.", "tool_search.")  # fmt: skip


def _is_event(record: Part) -> bool:
    kind = record.get("type")
    shaped = "id" in record and "timestamp" in record and isinstance(record.get("data"), dict) and "parentId" in record
    return shaped and isinstance(kind, str) and kind.startswith(_FAMILIES)


def _is_copilot(record: Part) -> bool:
    return _is_event(record) or is_chat(record)


def _learn(_: Sample, objects: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    for record in objects:
        told = mapping(record.get("data")) if "data" in record else mapping(record.get("v")) or record
        found = text_of(told.get("sessionId"))
        if found:
            return ((SESSION, found),)
    return ()


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if is_chat(record):
        return finish(chat_events(record, clock), text)
    kind, data = text_of(record.get("type")), mapping(record.get("data"))
    model = text_of(data.get("model"))
    scene = Scene(
        "copilot-cli", clock.read(record.get("timestamp")), model=model, subagent=text_of(record.get("agentId"))
    )
    teller = _TELLERS.get(kind)
    events = _status(scene, data, kind) if teller is None else teller(scene, data)
    if kind == "assistant.reasoning":
        text = dump({**record, "data": {**data, "content": len(text_of(data.get("content")))}})
    elif kind == "assistant.message" and any(name in data for name in _THOUGHTS):
        hidden = {name: len(dump(data[name])) for name in _THOUGHTS if name in data}
        text = dump({**record, "data": {**data, **hidden}})
    return finish(events, text)


_THOUGHTS = ("reasoningText", "reasoningOpaque", "reasoningBlocks", "encryptedContent")


def _status(scene: Scene, data: Part, kind: str) -> list[Event]:
    said = next((found for name in ("message", "title", "content", "name") if (found := text_of(data.get(name)))), "")
    return [scene.tell("agent.status", f"{kind}: {said}" if said else kind or "a line without a type", action=kind)]


def _start(scene: Scene, data: Part) -> list[Event]:
    where = mapping(data.get("context"))
    host, name = text_of(where.get("repositoryHost")), text_of(where.get("repository"))
    keys = place_keys(where.get("cwd"), f"{host}/{name}" if host and name else "", where.get("headCommit"))
    model = text_of(data.get("selectedModel"))
    scene = scene._replace(session=text_of(data.get("sessionId")), keys=keys, model=model)
    version = text_of(data.get("copilotVersion"))
    return [scene.tell("agent.session_started", f"session began (Copilot CLI {version})", thing=(model, "model"))]


def _shutdown(scene: Scene, data: Part) -> list[Event]:
    why = text_of(data.get("shutdownType"))
    changed = mapping(data.get("codeChanges"))
    lines = f"; +{count_of(changed.get('linesAdded'))} -{count_of(changed.get('linesRemoved'))}" if changed else ""
    out = [scene.tell("agent.session_ended", f"session ended ({why}){lines}", action=why)]
    for model, metric in mapping(data.get("modelMetrics")).items():
        out.append(scene.used(_usage(model, mapping(mapping(metric).get("usage")))))
    return out


def _usage(model: str, told: Part) -> Usage:
    return SEMANTICS.usage(
        "",
        model,
        count_of(told.get("inputTokens")),
        count_of(told.get("outputTokens")),
        reasoning=count_of(told.get("reasoningTokens")),
        cache_read=count_of(told.get("cacheReadTokens")),
        cache_write_5m=count_of(told.get("cacheWriteTokens")),
    )


def _switched(scene: Scene, data: Part) -> list[Event]:
    old, new = text_of(data.get("previousModel")), text_of(data.get("newModel"))
    told = {"from_model": old, "to_model": new}
    return [scene.tell("agent.model_switched", f"model {old or '(none)'} to {new}", thing=(new, "model"), told=told)]


def _prompt(scene: Scene, data: Part) -> list[Event]:
    said = text_of(data.get("content"))
    typed = text_of(data.get("source")) in {"", "user"} and data.get("isAutopilotContinuation") is not True
    return [scene.tell("agent.prompt" if typed else "agent.context", said, person=typed)]


def _answer(scene: Scene, data: Part) -> list[Event]:
    """An answer. The calls it asks for are told as they begin."""
    said = text_of(data.get("content"))
    calls = data.get("toolRequests")
    count = len(calls) if isinstance(calls, list) else 0
    out = [scene.tell("agent.message", said)] if said.strip() else []
    length = len(text_of(data.get("reasoningText")))
    if length:
        out.append(scene.tell("agent.thinking", f"thought {length} characters", told={"length": length}))
    return out or [scene.tell("agent.status", f"an answer that calls {count} tools")]


def _thought(scene: Scene, data: Part) -> list[Event]:
    length = len(text_of(data.get("content")))
    return [scene.tell("agent.thinking", f"thought {length} characters", told={"length": length})]


def _called(scene: Scene, data: Part) -> list[Event]:
    name = text_of(data.get("toolName"))
    server = text_of(data.get("mcpServerName"))
    name = f"mcp__{server}__{text_of(data.get('mcpToolName')) or name}" if server else name
    call = Call(name, data.get("arguments"), text_of(data.get("toolCallId")))
    return call.call_events(scene, ends_told=False)


def _came_of(scene: Scene, data: Part) -> list[Event]:
    result, error = mapping(data.get("result")), mapping(data.get("error"))
    state = text_of(result.get("result_type"))
    call = Call("", use=text_of(data.get("toolCallId")))
    said = next((found for name in _PRINTED if (found := text_of(result.get(name)))), text_of(error.get("message")))
    if state in {"denied", "rejected"} or text_of(error.get("code")) in {"denied", "rejected"}:
        return call.denied_events(scene, said)
    good = data.get("success") if isinstance(data.get("success"), bool) else state == "success" if state else None
    outcome = "unknown" if good is None else ended(not good)
    return [call.result_event(scene, outcome, said, commits_in(said))]


_PRINTED = ("content", "text_result_for_llm", "detailedContent")


def _asked(scene: Scene, data: Part) -> list[Event]:
    asked = mapping(data.get("permissionRequest"))
    kind = text_of(asked.get("kind"))
    what = next((found for name in _ASKED if (found := text_of(asked.get(name)))), "")
    call = Call(text_of(asked.get("toolName")) or kind, use=text_of(asked.get("toolCallId")))
    keys = (*call.keys(), _request(data))
    thing = (call.tool, "tool")
    return [scene.tell("agent.permission_asked", f"asks to {kind}: {what}", action=kind, thing=thing, keys=keys)]


_ASKED = ("fullCommandText", "fileName", "path", "url", "intention")


def _request(data: Part) -> tuple[str, str]:
    found = text_of(data.get("requestId"))
    return ("custom", f"permission:{found}" if found else "")


def _answered(scene: Scene, data: Part) -> list[Event]:
    kind = text_of(mapping(data.get("result")).get("kind"))
    call = Call("", use=text_of(data.get("toolCallId")))
    if kind.startswith(("denied", "cancelled")):
        (denied,) = call.denied_events(scene, kind)
        return [denied._replace(keys=(*denied.keys, _request(data)) if _request(data)[1] else denied.keys)]
    keys = (*call.keys(), _request(data))
    return [scene.tell("agent.status", f"permission: {kind}", action=kind, outcome="success", keys=keys)]


def _subagent(kind: str, outcome: str) -> Teller:
    def tell(scene: Scene, data: Part) -> list[Event]:
        name = text_of(data.get("agentName"))
        call = Call("", use=text_of(data.get("toolCallId")))
        told = {"agent_type": name, "total_tokens": data.get("totalTokens")}
        words = f"subagent {name} {kind.rpartition('_')[2]}"
        return [scene.tell(kind, words, action=name, outcome=outcome, told=told, keys=call.keys())]

    return tell


def _hooked(scene: Scene, data: Part) -> list[Event]:
    name, good = text_of(data.get("hookType")), data.get("success")
    outcome = ended(not good) if isinstance(good, bool) else ""
    return [scene.tell("agent.hook", f"hook {name} {outcome or 'began'}", action=name, outcome=outcome)]


def _compacted(scene: Scene, data: Part) -> list[Event]:
    before, after = count_of(data.get("preCompactionTokens")), count_of(data.get("postCompactionTokens"))
    outcome = ended(data.get("success") is False)
    return [scene.tell("agent.compacted", f"compacted from {before} to {after} tokens", outcome=outcome)]


def _error(scene: Scene, data: Part) -> list[Event]:
    said = text_of(data.get("message")) or dump(data)
    return [scene.tell("agent.error", said, action=text_of(data.get("errorType")), outcome="failure", severity=2)]


def _context(scene: Scene, data: Part) -> list[Event]:
    said = text_of(data.get("content")) or text_of(data.get("name"))
    return [scene.tell("agent.context", said, action=text_of(data.get("role")))]


_TELLERS: dict[str, Teller] = {
    "session.start": _start, "session.resume": _start,
    "session.shutdown": _shutdown,
    "session.model_change": _switched,
    "session.compaction_complete": _compacted,
    "session.snapshot_rewind": lambda scene, _: [scene.tell("agent.rewound", "taken back to an earlier point")],
    "session.error": _error, "model.call_failure": _error,
    "session.mode_changed": lambda scene, data: [
        scene.tell("agent.configured", f"mode: {text_of(data.get('newMode'))}", action="mode")
    ],
    "user.message": _prompt,
    "system.message": _context, "skill.invoked": _context,
    "assistant.message": _answer,
    "assistant.reasoning": _thought,
    "assistant.turn_end": lambda scene, _: [scene.tell("agent.turn_ended", "turn ended")],
    "tool.execution_start": _called,
    "tool.execution_complete": _came_of,
    "permission.requested": _asked, "permission.completed": _answered,
    "subagent.started": _subagent("agent.subagent_started", ""),
    "subagent.completed": _subagent("agent.subagent_stopped", "success"),
    "subagent.failed": _subagent("agent.subagent_stopped", "failure"),
    "hook.start": _hooked, "hook.end": _hooked,
    "abort": lambda scene, data: [
        scene.tell("agent.status", f"aborted: {text_of(data.get('reason'))}", action="abort", person=True)
    ],
}  # fmt: skip

FORMAT = AgentRecords(
    name="copilot",
    version="1",
    source_name="copilot",
    mine=_is_copilot,
    begins=lambda head: b'"requests"' in head and b'"responderUsername"' in head,
    learn=_learn,
    seen="events of a Copilot CLI session (id, parentId, timestamp, type, data), or parts of a Copilot chat",
    read=_read,
)

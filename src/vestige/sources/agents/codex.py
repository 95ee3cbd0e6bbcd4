"""Codex CLI's rollouts: ``~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`` and ``archived_sessions/``.

One object a line: ``{timestamp, type, payload}``::

    session_meta    id, cwd, originator, cli_version, model_provider, git {commit_hash, branch, repository_url},
                    forked_from_id, parent_thread_id
    turn_context    cwd, model, approval_policy, sandbox_policy, effort
    response_item   message {role, content[]} | reasoning | function_call {name, arguments, call_id} |
                    custom_tool_call {name, input, call_id} | local_shell_call {action} | web_search_call | …_output
    event_msg       user_message | agent_message | agent_reasoning | token_count {info} | exec_command_end |
                    patch_apply_end {call_id, success, changes} | mcp_tool_call_end | turn_aborted | task_complete | …
    compacted       message

Both families tell the same conversation. A prompt is taken from ``user_message`` (the item of the role ``user`` also
holds instructions and surroundings), an answer from the item of the role ``assistant``; the other telling is skipped.

Only the first line names the session: it is read when the file is recognised, and stands with the acquisition.
``token_count`` states the session's total so far. Its input includes what came from the cache, its output includes
reasoning. The model is the last ``turn_context``'s. A forked session begins with its parent's lines.

Not read: rollouts of before September 2025, whose items had no ``payload``.

References: github.com/openai/codex, ``codex-rs/protocol``, ``codex-rs/rollout``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.agents.events import (
    SESSION,
    AgentRecords,
    Scene,
    Semantics,
    commits_in,
    count_of,
    dump,
    ended,
    finish,
    one_line,
    place_keys,
)
from vestige.sources.agents.tools import Call, Change, in_diff, lines_in
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vestige.model.event import Event, Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]
    Teller = Callable[[Scene, Part], "list[Event] | Skipped"]

SEMANTICS = Semantics(input_has_cached=True, output_has_reasoning=True, counts="total")
_TYPES = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
_META = re.compile(
    rb'"type"\s*:\s*"session_meta".{0,200}?"payload"\s*:\s*\{.{0,400}?"id"\s*:\s*"([\w.:-]{1,100})"', re.DOTALL
)
_AGAIN = Skipped("says again what another line of the rollout says")
_EXIT = re.compile(r"(?:Process exited with code|Exit code:|exit code) (\d{1,3})")
MOST_FILES = 1_000


def _is_rollout(record: Part) -> bool:
    return text_of(record.get("type")) in _TYPES and isinstance(record.get("payload"), dict) and "timestamp" in record


def _learn(sample: Sample, objects: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    for record in objects:
        if record.get("type") == "session_meta":
            found = text_of(mapping(record.get("payload")).get("id"))
            return ((SESSION, found),) if found else ()
    meta = _META.search(sample.body()[:8192])
    return ((SESSION, meta[1].decode()),) if meta else ()


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind, payload = text_of(record.get("type")), mapping(record.get("payload"))
    if not isinstance(record.get("payload"), dict):
        return Unparsed("no line of a Codex rollout: it has no payload")
    scene = Scene("codex", clock.read(record.get("timestamp")))
    if kind in {"response_item", "event_msg"}:
        inner = text_of(payload.get("type"))
        teller = _TELLERS.get((kind, inner))
        if teller is None and inner.endswith("_output"):
            teller = _output
        found = [scene.tell("agent.status", inner or kind, action=inner)] if teller is None else teller(scene, payload)
    elif kind in _WHOLE:
        found = _WHOLE[kind](scene, payload)
    else:
        found = [scene.tell("agent.status", kind or "a line without a type", action=kind)]
    if isinstance(found, Skipped):
        return found
    if any(event.event_type == "agent.thinking" for event in found):
        hidden = {name: len(dump(payload[name])) for name in _THOUGHTS if name in payload}
        text = dump({**record, "payload": {**payload, **hidden}})
    return finish(found, text)


_THOUGHTS = ("summary", "content", "encrypted_content", "text")


def _meta(scene: Scene, part: Part) -> list[Event]:
    git = mapping(part.get("git"))
    keys = place_keys(part.get("cwd"), git.get("repository_url"), git.get("commit_hash"))
    scene = scene._replace(session=text_of(part.get("id")), keys=keys)
    forked = text_of(part.get("forked_from_id")) or text_of(part.get("parent_thread_id"))
    came = f", forked from {forked}" if forked else ""
    told = (("session", forked),)
    version = text_of(part.get("cli_version"))
    return [scene.tell("agent.session_started", f"session began (Codex {version}{came})", action="session_meta",
                       thing=(forked, "session"), keys=told)]  # fmt: skip


def _context(scene: Scene, part: Part) -> list[Event]:
    model = text_of(part.get("model"))
    scene = scene._replace(model=model, keys=place_keys(part.get("cwd")))
    policy = text_of(part.get("approval_policy")) or text_of(mapping(part.get("approval_policy")).get("type"))
    said = ", ".join(filter(None, (model, policy and f"approval {policy}")))
    return [scene.tell("agent.configured", f"turn by {said}", action="turn_context", thing=(model, "model"))]


def _compacted(scene: Scene, part: Part) -> list[Event]:
    return [scene.tell("agent.compacted", f"compacted: {text_of(part.get('message'))}", action="compacted")]


def _item_message(scene: Scene, part: Part) -> list[Event]:
    content = part.get("content")
    said = "\n".join(
        text_of(mapping(block).get("text")) for block in (content if isinstance(content, list) else ())
    ) or text_of(content)  # fmt: skip
    if part.get("role") == "assistant":
        return [scene.tell("agent.message", said)]
    role = text_of(part.get("role"))
    return [scene.tell("agent.context", f"{role}: {said}", action=role)]


def _prompt(scene: Scene, part: Part) -> list[Event]:
    return [scene.tell("agent.prompt", text_of(part.get("message")), person=True)]


def _reasoning(scene: Scene, part: Part) -> list[Event]:
    length = sum(len(dump(part[name])) for name in _THOUGHTS if part.get(name))
    return [scene.tell("agent.thinking", f"thought {length} characters", told={"length": length})]


def _function(scene: Scene, part: Part) -> list[Event]:
    given: object = part.get("arguments", part.get("input", part.get("action")))
    if isinstance(given, str) and given[:1] == "{":
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            given = {"arguments": given}
    name = text_of(part.get("name")) or text_of(part.get("type")).removesuffix("_call")
    call = Call(name, given, text_of(part.get("call_id")) or text_of(part.get("id")))
    # Which files a patch changed is told at its end only by some versions.
    return call.call_events(scene, ends_told=False)


def _output(scene: Scene, part: Part) -> list[Event]:
    call = Call("", use=text_of(part.get("call_id")))
    output = part.get("output")
    said, code = _said(output)
    failed = mapping(output).get("success") is False or bool(code)
    outcome = ended(failed) if code is not None or failed else "unknown"
    return [call.result_event(scene, outcome, said, commits_in(_after_head(said)))]


def _said(output: object) -> tuple[str, int | None]:
    """What a call printed, and the exit code where it is told."""
    if isinstance(output, str) and output[:1] == "{":
        try:
            output = orjson.loads(output)
        except orjson.JSONDecodeError:
            return str(output), None
    part = mapping(output)
    said = text_of(part.get("output")) or text_of(part.get("content")) or text_of(output)
    code = mapping(part.get("metadata")).get("exit_code")
    if type(code) is int:
        return said, code
    found = _EXIT.search(said[:400])
    return said, int(found[1]) if found else None


def _after_head(said: str) -> str:
    """What a command printed, without the lines that the program puts before it."""
    _, mark, rest = said.partition("\nOutput:\n")
    return rest if mark else said


def _executed(scene: Scene, part: Part) -> list[Event] | Skipped:
    """A command's end. The agent's own are told by their output's item; a person's, typed after ``!``, only here."""
    if text_of(part.get("source")) != "user_shell":
        return _AGAIN
    code = part.get("exit_code")
    call = Call("shell", {"command": part.get("command")}, text_of(part.get("call_id")))
    outcome = ended(code) if type(code) is int else "unknown"
    return [scene.tell("agent.prompt", f"! {call.what()}", action="user_shell", person=True, outcome=outcome)]


def _patched(scene: Scene, part: Part) -> list[Event]:
    """Which files a patch changed. That it was refused or failed is told, and changed nothing."""
    call = Call("apply_patch", None, text_of(part.get("call_id")))
    outcome = ended(part.get("success") is False or text_of(part.get("status")) in {"failed", "declined"})
    files = mapping(part.get("changes"))
    said = scene.tell(
        "agent.status", f"patch of {len(files)} files ended: {outcome}", outcome=outcome, keys=call.keys()
    )
    changes = []
    for path, how in list(files.items())[:MOST_FILES]:
        change = mapping(how)
        kind = text_of(change.get("type")) or next(iter(change), "")
        inner = mapping(change.get(kind)) or change
        diff = text_of(inner.get("unified_diff"))
        lines = in_diff(diff) if diff else None
        if kind == "add":
            changes.append(Change(path, lines_in(inner.get("content")), 0, "created"))
        elif kind == "delete":
            changes.append(Change(path, 0, lines_in(inner.get("content")), "deleted"))
        else:
            moved = text_of(inner.get("move_path"))
            added, removed = lines or (None, None)
            changes.append(Change(moved or path, added, removed, "moved" if moved else "changed"))
    return [said, *call.edit_events(scene, changes, outcome)]


def _tokens(scene: Scene, part: Part) -> list[Event] | Skipped:
    told = mapping(mapping(part.get("info")).get("total_token_usage"))
    if not told:
        return Skipped("limits of the account, and no count of tokens")
    total, out = count_of(told.get("input_tokens")), count_of(told.get("output_tokens"))
    usage = SEMANTICS.usage(
        "",
        text_of(mapping(part.get("info")).get("model")),
        total,
        out,
        reasoning=count_of(told.get("reasoning_output_tokens")),
        cache_read=count_of(told.get("cached_input_tokens")),
    )
    said = scene.tell("agent.status", f"tokens so far: {total} in, {out} out", action="token_count")
    return [said, scene.used(usage)]


def _asks(scene: Scene, part: Part) -> list[Event]:
    kind = text_of(part.get("type"))
    given: object = {"command": part.get("command")} if "command" in part else dump(part.get("changes"))
    call = Call("shell" if "command" in part else "apply_patch", given, text_of(part.get("call_id")))
    said = f"asks: {one_line(call.what() or ', '.join(mapping(part.get('changes'))), 400)}"
    return [scene.tell("agent.permission_asked", said, action=kind, thing=(call.tool, "tool"), keys=call.keys())]


def _aborted(scene: Scene, part: Part) -> list[Event]:
    why = text_of(part.get("reason"))
    return [scene.tell("agent.status", f"turn aborted ({why})", action="turn_aborted", person=why == "interrupted")]


def _failed(scene: Scene, part: Part) -> list[Event]:
    return [scene.tell("agent.error", text_of(part.get("message")), action="error", outcome="failure", severity=2)]


def _finished(scene: Scene, part: Part) -> list[Event]:
    said = text_of(part.get("last_agent_message"))
    return [scene.tell("agent.turn_ended", f"turn ended: {one_line(said, 200)}", action="task_complete")]


_WHOLE: dict[str, Callable[[Scene, Part], list[Event]]] = {
    "session_meta": _meta, "turn_context": _context, "compacted": _compacted,
}  # fmt: skip
_TELLERS: dict[tuple[str, str], Teller] = {
    ("response_item", "message"): _item_message,
    ("response_item", "reasoning"): _reasoning,
    ("response_item", "function_call"): _function,
    ("response_item", "custom_tool_call"): _function,
    ("response_item", "local_shell_call"): _function,
    ("response_item", "web_search_call"): _function,
    ("response_item", "ghost_snapshot"): lambda scene, part: [
        scene.tell("agent.status", "snapshot of the working tree", action="ghost_snapshot",
                   keys=place_keys(commit=mapping(part.get("ghost_commit")).get("id")))
    ],
    ("event_msg", "user_message"): _prompt,
    ("event_msg", "agent_message"): lambda _scene, _part: _AGAIN,
    ("event_msg", "agent_reasoning"): lambda _scene, _part: _AGAIN,
    ("event_msg", "agent_reasoning_raw_content"): lambda _scene, _part: _AGAIN,
    ("event_msg", "context_compacted"): lambda _scene, _part: _AGAIN,
    ("event_msg", "token_count"): _tokens,
    ("event_msg", "exec_command_end"): _executed,
    ("event_msg", "patch_apply_end"): _patched,
    ("event_msg", "mcp_tool_call_end"): lambda _scene, _part: _AGAIN,
    ("event_msg", "exec_approval_request"): _asks,
    ("event_msg", "apply_patch_approval_request"): _asks,
    ("event_msg", "turn_aborted"): _aborted,
    ("event_msg", "task_complete"): _finished,
    ("event_msg", "error"): _failed,
    ("event_msg", "stream_error"): _failed,
}  # fmt: skip

FORMAT = AgentRecords(
    name="codex",
    version="1",
    source_name="codex",
    mine=_is_rollout,
    begins=lambda head: b'"session_meta"' in head and b'"payload"' in head,
    learn=_learn,
    seen="lines of a Codex rollout (timestamp, type, payload)",
    read=_read,
    confidence=0.96,
)

"""OpenCode's stored sessions: files of ``~/.local/share/opencode/storage``, and what ``opencode export`` writes.

One JSON object a file::

    session/<project>/<id>.json     id ses_…, projectID, directory, title, version, parentID, time {created, updated}
    message/<session>/<id>.json     id msg_…, sessionID, role, time {created, completed}, modelID, providerID, agent,
                                    path {cwd, root}, cost, tokens {input, output, reasoning, cache {read, write}}
    part/<message>/<id>.json        id prt_…, sessionID, messageID, type text | reasoning | tool | step-finish | patch |
                                    file | compaction | …
        of type tool: tool, callID, state {status, input, output, error, metadata, time {start, end}}
    export                          {info: session, messages: [{info: message, parts: []}]}

Times are milliseconds since 1970. A part of text states none, and is undated unless an export has it with its message.
``tokens.input`` leaves out what came from a cache; ``reasoning`` stands beside ``output``. A message's tokens count
once, though it is stored anew as it grows; those of its steps are parts of them. The cost it states is its own, and is
kept as it stands. Not read: ``opencode.db``, the store of newer versions; ``opencode export`` writes what is in it.

References: opencode.ai/docs; github.com/sst/opencode, ``packages/opencode/src/session``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import (
    AgentRecords,
    Scene,
    Semantics,
    commits_in,
    count_of,
    dump,
    ended,
    finish,
    known,
    place_keys,
)
from vestige.sources.agents.tools import Call, Change, asked, in_diff, is_edit
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock, Stamp

    Part = Mapping[str, object]

SEMANTICS = Semantics(input_has_cached=False, output_has_reasoning=False, counts="message")
MOST_PARTS = 10_000
"""Parts of one export that become events."""


def _is_session(record: Part) -> bool:
    return text_of(record.get("id")).startswith("ses") and "directory" in record and "time" in record


def _is_message(record: Part) -> bool:
    return "sessionID" in record and text_of(record.get("role")) in {"user", "assistant"} and "time" in record


def _is_part(record: Part) -> bool:
    return "sessionID" in record and "messageID" in record and isinstance(record.get("type"), str)


def _is_export(record: Part) -> bool:
    info = mapping(record.get("info"))
    return isinstance(record.get("messages"), list) and "directory" in info and "time" in info


def _is_opencode(record: Part) -> bool:
    return _is_session(record) or _is_message(record) or _is_part(record) or _is_export(record)


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if _is_export(record):
        return _export(record, clock)
    if "sessionID" not in record:
        return finish([_session(record, clock)], text)
    if _is_part(record):
        events = _part(_scene(record, clock, record), record, clock, alone=True)
        if any(event.event_type == "agent.thinking" for event in events):
            text = dump({**record, "text": len(text_of(record.get("text")))})
        return finish(events, text)
    return finish(_message(record, clock), text)


def _export(record: Part, clock: Clock) -> Reading:
    """One document: the session, then each message with its parts."""
    info = mapping(record.get("info"))
    out = [_session(info, clock)]
    parts = 0
    kept: list[object] = []
    messages = record["messages"]
    for item in messages if isinstance(messages, list) else ():
        message = mapping(mapping(item).get("info"))
        inside = mapping(item).get("parts")
        inside = inside if isinstance(inside, list) else []
        out += _message(message, clock)
        shown: list[object] = []
        for part in inside:
            parts += 1
            one = mapping(part)
            thought = one.get("type") == "reasoning"
            shown.append({**one, "text": len(text_of(one.get("text")))} if thought else part)
            if parts <= MOST_PARTS:
                scene = _scene(message, clock, one)
                out += _part(scene, one, clock, by_person=message.get("role") == "user")
        kept.append({"info": message, "parts": shown})
    if parts > MOST_PARTS:
        said = f"of {parts} parts the first {MOST_PARTS} are told"
        out.insert(1, out[0]._replace(event_type="agent.status", message=said, tags=("agent:more_messages",)))
    return finish(out, dump({**record, "messages": kept}))


def _session(part: Part, clock: Clock) -> Event:
    parent = text_of(part.get("parentID"))
    scene = Scene("opencode", clock.read(mapping(part.get("time")).get("created")), text_of(part.get("id")))
    scene = scene._replace(keys=place_keys(part.get("directory")))
    kind = "agent.subagent_started" if parent else "agent.session_started"
    title = text_of(part.get("title"))
    return scene.tell(kind, f"session began: {title}", thing=(parent, "session"), keys=(("session", parent),))


def _scene(message: Part, clock: Clock, part: Part) -> Scene:
    """What a part is told in: its own time, or its message's where that is beside it."""
    model = mapping(message.get("model"))
    stamp = _stamp(part, clock)
    if stamp.at is None and message is not part:
        stamp = clock.read(mapping(message.get("time")).get("created"))
    return Scene(
        "opencode",
        stamp,
        text_of(part.get("sessionID")) or text_of(message.get("sessionID")),
        text_of(message.get("modelID")) or text_of(model.get("modelID")),
        keys=place_keys(mapping(message.get("path")).get("cwd")),
    )


def _stamp(part: Part, clock: Clock) -> Stamp:
    """A part's own time: when it began."""
    time = mapping(part.get("time"))
    inner = mapping(mapping(part.get("state")).get("time"))
    return clock.read(inner.get("start", time.get("start", time.get("created"))))


def _message(part: Part, clock: Clock) -> list[Event]:
    scene = _scene(part, clock, part)
    if part.get("role") == "user":
        return [scene.tell("agent.status", "a user's message; its parts say what", action="user")]
    error = mapping(part.get("error"))
    if error:
        why = text_of(mapping(error.get("data")).get("message")) or text_of(error.get("name"))
        out = [scene.tell("agent.error", why or "failed", action="error", outcome="failure", severity=2)]
    else:
        out = [scene.tell("agent.status", f"an answer by {scene.model}; its parts say what", action="assistant")]
    tokens = mapping(part.get("tokens"))
    return [*out, _used(scene, part, tokens)] if tokens else out


def _used(scene: Scene, part: Part, tokens: Part) -> Event:
    cache = mapping(tokens.get("cache"))
    usage = SEMANTICS.usage(
        text_of(part.get("id")),
        scene.model,
        count_of(tokens.get("input")),
        count_of(tokens.get("output")),
        reasoning=count_of(tokens.get("reasoning")),
        cache_read=count_of(cache.get("read")),
        cache_write_5m=count_of(cache.get("write")),
    )
    tags = ("agent:cache_ttl_assumed",) if usage.cache_write_5m_tokens else ()
    return scene.used(usage, {"provider": part.get("providerID"), "stated_cost": part.get("cost")}, tags)


def _part(scene: Scene, part: Part, clock: Clock, *, by_person: bool = False, alone: bool = False) -> list[Event]:
    kind, said = text_of(part.get("type")), text_of(part.get("text"))
    if kind == "tool":
        return _tool(scene, part, clock)
    if kind == "text":
        return [_text(scene, part, said, by_person=by_person, alone=alone)]
    if kind == "reasoning":
        found = scene.tell("agent.thinking", f"thought {len(said)} characters", told={"length": len(said)})
    elif kind == "compaction":
        found = scene.tell("agent.compacted", "compacted", action=kind)
    elif kind == "subtask":
        found = scene.tell("agent.subagent_started", text_of(part.get("prompt")), action=text_of(part.get("agent")))
    elif kind == "retry":
        found = scene.tell("agent.error", dump(part.get("error")), action=kind, outcome="failure", severity=2)
    else:
        found = scene.tell("agent.status", f"part: {kind}", action=kind)
    return [found]


def _text(scene: Scene, part: Part, said: str, *, by_person: bool, alone: bool) -> Event:
    if by_person:
        injected = part.get("synthetic") is True
        return scene.tell("agent.context" if injected else "agent.prompt", said, person=not injected)
    if alone and "time" not in part:
        # Only its message says whose it is, and that is another file.
        return scene.tell("agent.status", f"a text whose writer its message names: {said}")
    return scene.tell("agent.message", said)


def _tool(scene: Scene, part: Part, clock: Clock) -> list[Event]:
    """A call and what came of it so far, told in one; what came of it has the time it ended."""
    state = mapping(part.get("state"))
    call = Call(text_of(part.get("tool")), state.get("input"), text_of(part.get("callID")))
    out = [call.use_event(scene)]
    status = text_of(state.get("status"))
    if status not in {"completed", "error"}:
        return out
    scene = scene._replace(stamp=clock.read(mapping(state.get("time")).get("end")))
    error = text_of(state.get("error"))
    about = mapping(state.get("metadata"))
    code = about.get("exit")
    failed = status == "error" or (known(code) and code != 0)
    if "rejected permission" in error or "PermissionRejected" in error:
        return [*out, *call.denied_events(scene, error)]
    said = error or text_of(state.get("output"))
    commits = commits_in(said)
    out.append(call.result_event(scene, ended(failed), said, commits))
    command = call.command_event(scene, ended(failed), code if type(code) is int else None, commits)
    out += [command] if command is not None else []
    if is_edit(call.tool):
        lines = in_diff(text_of(about.get("diff")))
        changes = tuple(Change(one.path, *lines) if lines else one for one in asked(call.given))
        out += call.edit_events(scene, changes, ended(failed))
    return out


FORMAT = AgentRecords(
    name="opencode",
    version="1",
    source_name="opencode",
    mine=_is_opencode,
    begins=lambda head: b'"info"' in head and b'"directory"' in head and b'"projectID"' in head,
    seen="OpenCode's sessions, messages or parts (sessionID, messageID)",
    read=_read,
)

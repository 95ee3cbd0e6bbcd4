"""Gemini CLI's recorded chats, ``~/.gemini/tmp/<project>/chats/session-*``, and what it hands its hooks.

A chat is one JSON document, or since 2026 a line per change of it::

    sessionId, projectHash, startTime, lastUpdated, kind main|subagent, summary, directories     the session
    id, timestamp, type user|gemini|info|warning|error, content                                  a message
        of type gemini: model, thoughts [{subject, description, timestamp}], tokens, toolCalls
        toolCalls [{id, name, args, status, timestamp, result, resultDisplay}]
    {"$set": {…}}, {"$rewindTo": id}                                                              a change

A message may be written again, more complete, under its ``id``: its tokens count once. ``tokens.input`` includes
``cached``; ``thoughts`` stand beside ``output``. A document is one record with an event per message and call; written
anew and imported again it is another record, which repeats them.

Hooks (``BeforeTool``, ``AfterTool``, ``BeforeAgent``, …) state ``session_id, transcript_path, cwd, timestamp``.

References: github.com/google-gemini/gemini-cli, ``packages/core/src/services/chatRecordingTypes.ts``, ``docs/hooks``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import (
    SESSION,
    AgentRecords,
    Scene,
    Semantics,
    count_of,
    dump,
    ended,
    finish,
    one_line,
    place_keys,
)
from vestige.sources.agents.hook_payload import plain, read_hook
from vestige.sources.agents.tools import Call, Change, asked, in_diff, is_edit
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.model.event import Event, Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

SEMANTICS = Semantics(input_has_cached=True, output_has_reasoning=False, counts="message")
_TYPES = frozenset({"user", "gemini", "info", "warning", "error"})
MOST_MESSAGES = 5_000
"""Messages of one document that become events; a record may give 65,535 events, and a message several."""


def _is_session(record: Part) -> bool:
    return "sessionId" in record and "projectHash" in record


def _is_message(record: Part) -> bool:
    return text_of(record.get("type")) in _TYPES and "id" in record and "timestamp" in record and "content" in record


def _is_chat(record: Part) -> bool:
    if _is_session(record) or "$rewindTo" in record:
        return True
    return "$set" in record or (_is_message(record) and "uuid" not in record and "message" not in record)


def _learn(_: Sample, objects: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    found = next((text_of(record.get("sessionId")) for record in objects if _is_session(record)), "")
    return ((SESSION, found),) if found else ()


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if _is_session(record):
        return _session(record, text, clock)
    scene = Scene("gemini-cli", clock.read(record.get("timestamp")))
    if "$rewindTo" in record:
        return finish([scene.tell("agent.rewound", f"taken back to {text_of(record['$rewindTo'])}")], text)
    changed = mapping(record.get("$set"))
    if changed:
        scene = scene._replace(stamp=clock.read(changed.get("lastUpdated")))
        messages = changed.get("messages")
        out = [scene.tell("agent.status", f"set: {', '.join(changed)}", action="$set")]
        return finish([*out, *_messages(scene, messages, clock)], text)
    events = _message(scene, record)
    if any(event.event_type == "agent.thinking" for event in events):
        text = dump({**record, "thoughts": _lengths(record)})
    return finish(events, text)


def _session(record: Part, text: str, clock: Clock) -> Reading:
    directories = record.get("directories")
    first = directories[0] if isinstance(directories, list) and directories else ""
    scene = Scene("gemini-cli", clock.read(record.get("startTime")), text_of(record.get("sessionId")))
    scene = scene._replace(keys=place_keys(first))
    kind, why = text_of(record.get("kind")), text_of(record.get("summary"))
    name = "agent.subagent_started" if kind == "subagent" else "agent.session_started"
    out = [scene.tell(name, f"session began{': ' + why if why else ''}", action=kind)]
    messages = record.get("messages")
    if isinstance(messages, list):
        hidden = [
            {**part, "thoughts": _lengths(part)} if isinstance(part, dict) and "thoughts" in part else part
            for part in messages
        ]
        text = dump({**record, "messages": hidden})
        if len(messages) > MOST_MESSAGES:
            said = f"of {len(messages)} messages the first {MOST_MESSAGES} are told"
            out.append(scene.tell("agent.status", said, tags=("agent:more_messages",)))
    return finish([*out, *_messages(scene, messages, clock)], text)


def _messages(scene: Scene, messages: object, clock: Clock) -> list[Event]:
    out: list[Event] = []
    for part in messages[:MOST_MESSAGES] if isinstance(messages, list) else ():
        message = mapping(part)
        out += _message(scene._replace(stamp=clock.read(message.get("timestamp"))), message)
    return out


def _lengths(part: Part) -> list[object]:
    thoughts = part.get("thoughts")
    return [{"length": len(dump(one))} for one in (thoughts if isinstance(thoughts, list) else ())]


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(filter(None, map(_text, content)))
    return text_of(mapping(content).get("text")) if isinstance(content, dict) else text_of(content)


def _message(scene: Scene, part: Part) -> list[Event]:
    kind, said = text_of(part.get("type")), _text(part.get("content"))
    scene = scene._replace(model=text_of(part.get("model")))
    if kind == "user":
        return [scene.tell("agent.prompt", said, person=True)]
    if kind == "error":
        return [scene.tell("agent.error", said, action=kind, outcome="failure", severity=2)]
    if kind != "gemini":
        return [scene.tell("agent.status", said, action=kind)]
    out = [scene.tell("agent.message", said)] if said.strip() else []
    lengths = _lengths(part)
    if lengths:
        told = {"thoughts": len(lengths)}
        out.append(scene.tell("agent.thinking", f"thought in {len(lengths)} steps", told=told))
    calls = part.get("toolCalls")
    for call in calls if isinstance(calls, list) else ():
        out += _called(scene, mapping(call))
    if not out:
        out.append(scene.tell("agent.status", "an answer without content"))
    tokens = mapping(part.get("tokens"))
    return [*out, _used(scene, part, tokens)] if tokens else out


def _called(scene: Scene, part: Part) -> list[Event]:
    """A call and what came of it, told in one."""
    call = Call(text_of(part.get("name")), part.get("args"), text_of(part.get("id")))
    state = text_of(part.get("status")).lower()
    scene = scene._replace(subagent=text_of(part.get("agentId")))
    out = [call.use_event(scene)]
    shown = mapping(part.get("resultDisplay"))
    if state in {"cancelled", "canceled"}:
        return [*out, *call.denied_events(scene, "cancelled")]
    if state not in {"success", "error"}:
        return out
    outcome = ended(state == "error")
    said = text_of(part.get("resultDisplay")) or one_line(dump(part.get("result")), 400)
    out.append(call.result_event(scene, outcome, said))
    command = call.command_event(scene, outcome)
    out += [command] if command is not None else []
    if is_edit(call.tool):
        diff = text_of(shown.get("fileDiff"))
        lines = in_diff(diff) if diff else None
        changes = tuple(Change(one.path, *lines) if lines else one for one in asked(call.given))
        out += call.edit_events(scene, changes, outcome)
    return out


def _used(scene: Scene, part: Part, tokens: Part) -> Event:
    # What a tool put into the prompt is counted beside it.
    taken_in = count_of(tokens.get("input")) + count_of(tokens.get("tool"))
    return scene.used(
        SEMANTICS.usage(
            text_of(part.get("id")),
            scene.model,
            taken_in,
            count_of(tokens.get("output")),
            reasoning=count_of(tokens.get("thoughts")),
            cache_read=count_of(tokens.get("cached")),
        )
    )


FORMAT = AgentRecords(
    name="gemini",
    version="1",
    source_name="gemini-cli",
    mine=_is_chat,
    begins=lambda head: b'"sessionId"' in head and b'"projectHash"' in head,
    learn=_learn,
    seen="parts of a Gemini CLI chat (sessionId and projectHash, or id, type, timestamp, content)",
    read=_read,
    confidence=0.93,
)

_EVENTS_NAMES = """
    beforetool aftertool beforeagent afteragent beforemodel aftermodel beforetoolselection precompress"""
_EVENTS = frozenset(_EVENTS_NAMES.split())
_ALSO = frozenset({"session_start", "session_end", "notification"})
"""Written small; those written large are Claude Code's too, and read as its own."""


def _is_hook(record: Part) -> bool:
    name = record.get("hook_event_name")
    return isinstance(name, str) and (plain(name) in _EVENTS or name in _ALSO) and "conversation_id" not in record


def _read_hook(record: dict[str, object], text: str, clock: Clock) -> Reading:
    return read_hook(record, text, clock, "gemini-cli")


HOOKS = AgentRecords(
    name="gemini_hooks",
    version="1",
    source_name="gemini-cli.hooks",
    mine=_is_hook,
    seen="payloads of Gemini CLI hooks (hook_event_name BeforeTool, AfterTool, …)",
    read=_read_hook,
    confidence=0.96,
)

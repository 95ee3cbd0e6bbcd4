"""Chats of Copilot's extension for VS Code, as stored: whole, or as a line per change. See :mod:`.copilot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import Scene, place_keys
from vestige.sources.agents.tools import Call
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

MOST_REQUESTS = 2_000
MOST_PIECES = 1_000
"""Requests of a chat, and pieces of an answer, that are looked at."""
_WHOLE, _SET, _ADDED = 0, 1, 2


def _is_whole(record: Part) -> bool:
    return isinstance(record.get("requests"), list) and ("responderUsername" in record or "inputState" in record)


def is_chat(record: Part) -> bool:
    """Whether an object is a chat, or a change of one."""
    kind = record.get("kind")
    if type(kind) is int and "v" in record:
        return (kind == _WHOLE and _is_whole(mapping(record["v"]))) or (kind in {_SET, _ADDED} and "k" in record)
    return _is_whole(record)


def chat_events(record: Part, clock: Clock) -> list[Event]:
    """What a chat, or a change of one, tells."""
    kind = record.get("kind")
    scene = Scene("copilot-chat")
    if type(kind) is not int:
        return _chat(scene, record, clock)
    if kind == _WHOLE:
        return _chat(scene, mapping(record.get("v")), clock)
    path = record.get("k")
    names = [text_of(step) for step in path] if isinstance(path, list) else []
    out = [scene.tell("agent.status", f"chat changed: {'.'.join(names)}", action=".".join(names))]
    added = record.get("v")
    if names == ["requests"] and isinstance(added, list):
        for request in added[:MOST_REQUESTS]:
            out += _request(scene, mapping(request), clock)
    return out


def _chat(scene: Scene, chat: Part, clock: Clock) -> list[Event]:
    scene = scene._replace(stamp=clock.read(chat.get("creationDate")), session=text_of(chat.get("sessionId")))
    title = text_of(chat.get("customTitle"))
    out = [scene.tell("agent.session_started", f"chat began{': ' + title if title else ''}")]
    requests = chat.get("requests")
    for request in requests[:MOST_REQUESTS] if isinstance(requests, list) else ():
        out += _request(scene, mapping(request), clock)
    return out


def _request(scene: Scene, part: Part, clock: Clock) -> list[Event]:
    scene = scene._replace(
        stamp=clock.read(part.get("timestamp")), model=text_of(part.get("modelId")), keys=place_keys()
    )
    message = part.get("message")
    said = text_of(mapping(message).get("text")) or text_of(message)
    out = [scene.tell("agent.prompt", said, action=text_of(part.get("requestId")), person=True)] if said else []
    response = part.get("response")
    words: list[str] = []
    for piece in response[:MOST_PIECES] if isinstance(response, list) else ():
        one = mapping(piece)
        if one.get("kind") == "toolInvocationSerialized":
            what = one.get("pastTenseMessage") or one.get("invocationMessage")
            told = text_of(mapping(what).get("value")) or text_of(what)
            call = Call(text_of(one.get("toolId")) or "tool", {"message": told}, text_of(one.get("toolCallId")))
            out.append(call.use_event(scene)._replace(message=f"{call.tool}: {told}"[:600]))
        elif "kind" not in one:
            words.append(text_of(one.get("value")))
    if "".join(words).strip():
        out.append(scene.tell("agent.message", "\n".join(words)))
    return out

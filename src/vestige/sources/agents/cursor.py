"""Cursor's agent transcripts and what it hands its hooks. **Unproven**: live payloads were not seen.

Read as other programs' tests show them::

    transcript      {"role": "user"|"assistant", "message": {"content": [{"type": "text"|"tool_use", …}]}}
    hook            conversation_id, generation_id, hook_event_name, cursor_version, workspace_roots[], model,
                    tool_name, tool_input, tool_use_id; afterFileEdit file_path, edits[{old_string, new_string}]

A transcript's lines state neither time nor session, and no tokens; its ``tool_use`` has no id, and results are not in
it. So its events are undated, and what became of a call is not known from it.

References: cursor.com/docs, "Hooks"; the form of the transcript is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import AgentRecords, Scene, finish
from vestige.sources.agents.hook_payload import read_hook
from vestige.sources.agents.tools import Call
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

_BEFORE, _BEHIND = "<user_query>", "</user_query>"


def _is_line(record: Part) -> bool:
    known = {"role", "message", "timestamp", "metadata", "id"}
    content = mapping(record.get("message")).get("content")
    return text_of(record.get("role")) in {"user", "assistant"} and isinstance(content, list) and record.keys() <= known


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    scene = Scene("cursor", clock.read(record.get("timestamp")))
    content = mapping(record.get("message")).get("content")
    by_person = record.get("role") == "user"
    out: list[Event] = []
    for block in content if isinstance(content, list) else [content]:
        part = mapping(block)
        kind, said = text_of(part.get("type")), text_of(part.get("text"))
        if kind == "tool_use":
            call = Call(text_of(part.get("name")), part.get("input"), text_of(part.get("id")))
            out += call.call_events(scene, ends_told=False)
        elif by_person and said:
            asked = said.partition(_BEFORE)[2].partition(_BEHIND)[0] or said
            out.append(scene.tell("agent.prompt", asked, person=True))
        elif said:
            out.append(scene.tell("agent.message", said))
    return finish(out or [scene.tell("agent.status", "a message without content")], text)


FORMAT = AgentRecords(
    name="cursor",
    version="1",
    source_name="cursor",
    mine=_is_line,
    seen="lines of a Cursor transcript (role, message.content[]; unproven)",
    read=_read,
    confidence=0.8,
)


def _is_hook(record: Part) -> bool:
    if not isinstance(record.get("hook_event_name"), str):
        return False
    return any(name in record for name in ("cursor_version", "conversation_id", "generation_id", "workspace_roots"))


def _read_hook(record: dict[str, object], text: str, clock: Clock) -> Reading:
    return read_hook(record, text, clock, "cursor")


HOOKS = AgentRecords(
    name="cursor_hooks",
    version="1",
    source_name="cursor.hooks",
    mine=_is_hook,
    seen="payloads of Cursor hooks (conversation_id, cursor_version; unproven)",
    read=_read_hook,
    confidence=0.94,
)

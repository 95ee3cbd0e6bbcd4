"""Records of coding agents, read into events."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, Sample, batches, detect, format_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.model.event import Reading


def reading_of(form: str, record: object) -> Reading:
    """What a format makes of one record."""
    (found,) = format_named(form).parse([json.dumps(record).encode()], Context(received_at=0))
    return found


def events_of(form: str, *records: object) -> list[Event]:
    """The events of records that all have some, or are skipped."""
    out: list[Event] = []
    for record in records:
        found = reading_of(form, record)
        assert not isinstance(found, Unparsed), found
        if not isinstance(found, Skipped):
            out += [found] if isinstance(found, Event) else found
    return out


def events_in(data: bytes) -> list[Event]:
    """The events of a member, as it would be recognised and cut."""
    choice = detect(Sample("", data[: 64 * 1024], complete=len(data) <= 64 * 1024))
    assert choice.format is not None, choice.why
    assert choice.detection is not None
    out: list[Event] = []
    for records, context in batches(choice.format, io.BytesIO(data), choice.detection.apply(Context(received_at=0))):
        for found in choice.format.parse([record.payload for record in records], context):
            if not isinstance(found, Skipped | Unparsed):
                out += [found] if isinstance(found, Event) else found
    return out


def of_type(events: Iterable[Event], kind: str) -> list[Event]:
    """Those of one type."""
    return [event for event in events if event.event_type == f"agent.{kind}"]


def told(event: Event) -> dict[str, object]:
    """An event's attributes."""
    found = orjson.loads(event.attributes)
    assert isinstance(found, dict)
    return found


def customs(event: Event) -> set[str]:
    """An event's custom keys."""
    return {value for kind, value in event.keys if kind == "custom"}

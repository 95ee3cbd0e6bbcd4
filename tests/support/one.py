"""Reading one record with one format, for tests of what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from vestige.model.event import Event, Reading
from vestige.sources import Context, Detection, Sample

if TYPE_CHECKING:
    from vestige.sources import Format

RECEIVED = 1_780_000_000_000_000_000
"""2026-05-28: stamps without a year lie before it."""


def read_one(form: Format, text: str | bytes, **context: Any) -> Reading:
    """What a format makes of one payload."""
    payload = text.encode() if isinstance(text, str) else text
    (reading,) = form.parse([payload], Context(received_at=RECEIVED, **context))
    return reading


def event_of(form: Format, text: str | bytes, **context: Any) -> Event:
    """The one event of one payload."""
    reading = read_one(form, text, **context)
    assert isinstance(reading, Event), reading
    return reading


def attributes(event: Event) -> dict[str, Any]:
    """Its attributes."""
    found: dict[str, Any] = orjson.loads(event.attributes)
    return found


def claim(form: Format, text: str | bytes) -> Detection | None:
    """What the format says of a member."""
    return form.detect(Sample("some.log", text.encode() if isinstance(text, str) else text, complete=True))

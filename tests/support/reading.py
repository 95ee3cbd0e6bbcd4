"""Reading single records with a format, for the tests of formats."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, Sample, batches

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources import Format

RECEIVED = 1_764_000_000_000_000_000


def event_of(form: Format, record: object) -> Event:
    """The one event of a JSON record that the format recognises as its own."""
    payload = json.dumps(record).encode()
    detection = form.detect(Sample("f", payload, complete=True))
    assert detection is not None, record
    (reading,) = form.parse([payload], detection.apply(Context(received_at=RECEIVED)))
    assert isinstance(reading, Event), reading
    assert json.loads(reading.attributes) == record
    return reading


def readings_of(form: Format, data: bytes) -> list[Reading]:
    """What a format makes of a whole member it recognises."""
    detection = form.detect(Sample("f", data[:65536], complete=len(data) <= 65536))
    assert detection is not None
    context = detection.apply(Context(received_at=RECEIVED))
    return [
        reading
        for records, under in batches(form, io.BytesIO(data), context)
        for reading in form.parse([record.payload for record in records], under)
    ]


def events_of(form: Format, data: bytes) -> list[Event]:
    """The events of a member of which every record can be read."""
    found: list[Event] = []
    for reading in readings_of(form, data):
        assert not isinstance(reading, Unparsed), reading
        if not isinstance(reading, Skipped):
            found += [reading] if isinstance(reading, Event) else reading
    return found

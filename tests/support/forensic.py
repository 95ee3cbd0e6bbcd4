"""Reading forensic formats in tests, and events out of plaso's stores as psort writes them."""

from __future__ import annotations

import io
import json
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, Sample, batches, detect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.model.event import Reading


def read_member(data: bytes, name: str, **given: Any) -> list[Reading]:
    """The readings of a whole member that must be recognised as the format of that name."""
    choice = detect(Sample("member", data[:65536], complete=len(data) <= 65536))
    assert choice.format is not None, choice.why
    assert choice.format.name == name, choice.claims
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=1_764_000_000_000_000_000, **given))
    return [
        reading
        for records, under in batches(choice.format, io.BytesIO(data), context)
        for reading in choice.format.parse([record.payload for record in records], under)
    ]


def events_of(readings: list[Reading]) -> list[Event]:
    """All events, in order; a record that could not be read fails the test."""
    out: list[Event] = []
    for reading in readings:
        assert not isinstance(reading, Unparsed), reading
        if isinstance(reading, Event):
            out.append(reading)
        elif not isinstance(reading, Skipped):
            out += reading
    return out


def psort_lines(store: Path) -> Iterator[tuple[bytes, int]]:
    """Each event of a plaso store as a line of ``json_line``, and plaso's own count of microseconds for it."""
    with sqlite3.connect(store) as rows:
        data = {
            f"event_data.{number}": json.loads(zlib.decompress(blob))
            for number, blob in rows.execute("select _identifier, _data from event_data")
        }
        found = rows.execute(
            "select _event_data_identifier, date_time, timestamp, timestamp_desc from event"
        ).fetchall()
    rows.close()
    for key, value, micros, description in found:
        held = {name: field for name, field in data[key].items() if not name.startswith("_")}
        event = {
            "__container_type__": "event",
            "__type__": "AttributeContainer",
            **held,
            "date_time": json.loads(value),
            "timestamp": micros,
            "timestamp_desc": description,
        }
        yield json.dumps(event, sort_keys=True).encode(), micros

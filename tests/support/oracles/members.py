"""Reading whole members the way an import does: recognised by content, cut, read."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.event import Event, Reading, Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, batches, detect, take_sample

if TYPE_CHECKING:
    from pathlib import Path

RECEIVED = 1_764_000_000_000_000_000
"""When everything here was taken in: a fixed instant, so that stamps without a year read the same for ever."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a member."""

    form: str
    """The format that read it, or empty."""
    readings: tuple[tuple[int, int, Reading], ...]
    """Begin, end and reading of each record."""

    @property
    def events(self) -> list[Event]:
        """All events, in order."""
        found: list[Event] = []
        for _, _, reading in self.readings:
            if isinstance(reading, Event):
                found.append(reading)
            elif not isinstance(reading, Unparsed | Skipped):
                found += reading
        return found

    @property
    def records(self) -> int:
        """Records that are no headers or comments."""
        return sum(not isinstance(reading, Skipped) for _, _, reading in self.readings)

    @property
    def unparsed(self) -> int:
        """Records that stayed evidence only."""
        return sum(isinstance(reading, Unparsed) for _, _, reading in self.readings)


def read_bytes(path: Path) -> bytes:
    """A file, unzipped if it is."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def take(data: bytes, zone: str = "UTC") -> Taken:
    """Read a member's bytes."""
    choice = detect(take_sample("member", io.BytesIO(data)))
    if choice.format is None or choice.detection is None:
        return Taken("", ())
    context = choice.detection.apply(Context(received_at=RECEIVED, zone=zone))
    out: list[tuple[int, int, Reading]] = []
    for records, under in batches(choice.format, io.BytesIO(data), context):
        readings = choice.format.parse([record.payload for record in records], under)
        out += [
            (record.offset, record.offset + len(record.payload), reading)
            for record, reading in zip(records, readings, strict=True)
        ]
    return Taken(choice.format.name, tuple(out))


class Summary(NamedTuple):
    """What became of a member, counted."""

    form: str
    records: int
    """Without headers and comments."""
    unparsed: int
    events: int
    generic: int
    """Events that say only what kind of source spoke."""


_SUMMARIES: dict[bytes, Summary] = {}


def summary(data: bytes) -> Summary:
    """Read and count a member; the same bytes are read once."""
    key = sha256(data).digest()
    if key not in _SUMMARIES:
        taken = take(data)
        events = taken.events
        generic = sum(VOCABULARY[event.event_type].generic for event in events)
        _SUMMARIES[key] = Summary(taken.form, taken.records, taken.unparsed, len(events), generic)
    return _SUMMARIES[key]

"""EVTX: the binary event log files of Windows (Vista and later), live, exported, or damaged.

A record's payload is a rendering in JSON, since binary XML is understood only within its chunk::

    evtx    chunk (its place in the file), offset (of the record in the file), record (the number in its header),
            written (its header's time); and what speaks against trusting it, also told by tags: checksum (the
            chunk's are wrong), torn (its size is not repeated at its end), stray (not among its chunk's numbers)
    Event   System (Provider, EventID, Level, Keywords, TimeCreated, EventRecordID, Correlation, Execution, Channel,
            Computer, Security), EventData or UserData: as the event has them

What cannot be read becomes a record too, with ``damage`` (what is wrong) and its bytes in ``base64``. The event's time
is TimeCreated; a different time in the record's header is when it was written down, on a collector or late.

A log is rewritten as it grows: its header and last chunk change in place, and an exported copy has its records in other
places. So a record is known again by what it says (its header's number and time, and the event), not by where it stands
or by what speaks against the chunk it stands in. Numbers start over in a cleared log, and the same number then comes
with another event: another record. Its sender is the log of that name on that computer, its number the EventRecordID.

References: libevtx, "Windows XML Event Log (EVTX)"; MS-EVEN6; the event schema of the Windows Event Log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.errors import InputError
from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import Detection, Identity
from vestige.sources.reading.fields import EMPTY, REPLACED, mapping, text_of
from vestige.sources.reading.json_read import read_object
from vestige.sources.reading.kinds import tagged
from vestige.sources.reading.records import Batcher
from vestige.sources.reading.timefield import clock_for
from vestige.sources.windows.chunks import CHUNK_MAGIC, FILE_MAGIC, HEADER, found_in
from vestige.sources.windows.events import event_of
from vestige.sources.windows.rendered import facts_of, numbered_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.timefield import Clock


_PLACE = re.compile(
    rb'\{"evtx":\{"chunk":[0-9]+,"offset":[0-9]+,("record":[0-9]+,"(?:written":"[^"]*"|filetime":[0-9]+))[^{}]*\},'
)
"""The facts of a rendered record, before its event: of them its header's number and time are the record's own."""
_DOUBT_TAGS = ("checksum", "torn", "stray")
_DOUBTS = frozenset(_DOUBT_TAGS)


@dataclass(frozen=True)
class Evtx:
    """The format of EVTX files."""

    name: str = "evtx"
    version: str = "2"
    media_type: str = "application/json"
    source_name: str | None = "windows.eventlog"
    rendered: bool = True

    def detect(self, sample: Sample) -> Detection | None:
        """By the magic of the file, or of its first chunk where the file's own is destroyed."""
        if sample.head.startswith(FILE_MAGIC):
            return Detection(0.99, "begins with ElfFile, the header of a Windows event log")
        if sample.head[HEADER : HEADER + 8] == CHUNK_MAGIC:
            return Detection(0.9, "a chunk of a Windows event log lies behind a damaged header")
        return None

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Record by record, from a stream that stands at the file's first byte."""
        del context
        batcher = Batcher(number)
        fault: InputError | None = None
        try:
            for found in found_in(stream, start):
                yield from batcher.add([one.payload for one in found], [one.offset for one in found])
        except InputError as error:
            fault = error
        yield from batcher.rest()
        if fault is not None:
            raise fault

    def identify(self, payloads: Sequence[bytes]) -> list[Identity | None]:
        """What each record says, and the log that numbers it; none for bytes that could not be read."""
        return [_identity(payload) for payload in payloads]

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per rendered record."""
        clock = clock_for(context)
        return [_read(payload, clock) for payload in payloads]


def _identity(payload: bytes) -> Identity | None:
    place = _PLACE.match(payload)
    if place is None:
        return None
    content = place[1] + payload[place.end() :]
    try:
        event: object = orjson.loads(payload)["Event"]
    except (orjson.JSONDecodeError, KeyError):
        event = EMPTY
    log, number = numbered_by(mapping(event))
    return Identity("\0".join(log).encode("utf-8", "surrogatepass"), number, content)


def _read(payload: bytes, clock: Clock) -> Reading:
    try:
        # Nearly always: a rendering of our own. Its times are text, so no number needs more digits than a float has.
        record, text, changed = orjson.loads(payload), payload.decode(), False
    except ValueError:
        record = None
    if type(record) is not dict:
        found = read_object(payload)
        if isinstance(found, Unparsed | Skipped):
            return found
        record, text, changed = found
    place = mapping(record.get("evtx"))
    damage = place.get("damage")
    if isinstance(damage, str):
        chunk = f"chunk {text_of(place['chunk'])}, " if "chunk" in place else ""
        return Unparsed(f"{chunk}byte {text_of(place.get('offset'))}: {damage}")
    written = place.get("written")
    tags = () if _DOUBTS.isdisjoint(place) else tuple(f"evtx:{doubt}" for doubt in _DOUBT_TAGS if doubt in place)
    facts = facts_of(mapping(record.get("Event")), text, clock, written=written, tags=tags)
    if facts is None:
        return Unparsed("no rendered Windows event: Event.System or its EventID is missing")
    if place.get("torn") is True and not facts.provider:
        return Unparsed("a torn record: its end is not its own, and no provider is left of it")
    event = event_of(facts)
    return tagged(event, REPLACED) if changed else event


FORMAT = Evtx()

"""The three kinds of text format, so that a format's own file holds its fields and its mapping and nothing else.

:class:`JsonRecords`: records are JSON objects, however laid out. :class:`LineRecords`: a record is a line.
:class:`TableRecords`: a record is a row under column names that are known. Each takes what is the format's own (how
its records are recognised, how one is read) and is then a :class:`~vestige.sources.contract.Format`.

A reader function never raises on any bytes; it answers ``Unparsed`` with the reason for what it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.reading.csv_split import split_table
from vestige.sources.reading.fields import REPLACED, decode
from vestige.sources.reading.json_read import read_object
from vestige.sources.reading.json_shape import shape_of, split_json
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.table import read_row, table_of
from vestige.sources.reading.timefield import assumed, clock_for, missing_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.timefield import Clock

    ObjectReader = Callable[[dict[str, object], str, Clock], Reading]
    LineReader = Callable[[str, Clock], Reading]
    Learned = tuple[tuple[str, str], ...]

LOOK = 200
"""Lines of a sample that are looked at."""
MOST = 0.5
"""The share of a sample's records that must be a format's own."""


@dataclass(frozen=True, kw_only=True)
class JsonRecords:
    """Records that are JSON objects.

    ``mine`` tells from one object whether it is of this format; ``seen`` says in the report what was recognised;
    ``read`` makes an event from the object, its text (the event's attributes) and the clock. ``begins`` may recognise
    a member whose first object is longer than the sample, from its first 4 KiB. ``learn`` takes from the sample, and
    its complete objects, what later records are read by (``extra`` of the context).
    """

    name: str
    version: str
    source_name: str | None
    mine: Callable[[Mapping[str, object]], bool]
    seen: str
    read: ObjectReader
    confidence: float = 0.95
    begins: Callable[[bytes], bool] = field(default=lambda _: False)
    learn: Callable[[Sample, Sequence[Mapping[str, object]]], Learned] = field(default=lambda _sample, _objects: ())
    media_type: str = "application/json"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """Sure where more than half of the sample's objects are of this format."""
        shape = shape_of(sample)
        if shape is None:
            return None
        if not shape.objects:
            if self.begins(sample.body()[:4096]):
                extra = (*shape.extra(), *self.learn(sample, ()))
                return Detection(self.confidence - 0.1, f"begins like {self.seen}", extra=extra)
            return None
        mine = sum(1 for record in shape.objects if self.mine(record))
        if mine <= MOST * (len(shape.objects) + shape.bad):
            return None
        extra = (*shape.extra(), *self.learn(sample, shape.objects))
        return Detection(self.confidence, f"{mine} {self.seen}", extra=extra)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """By the layout found at detection."""
        return split_json(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per object."""
        clock, read = clock_for(context), self.read
        out: list[Reading] = []
        for payload in payloads:
            found = read_object(payload)
            if isinstance(found, Unparsed | Skipped):
                out.append(found)
                continue
            record, text, changed = found
            out.append(tagged(read(record, text, clock), REPLACED) if changed else read(record, text, clock))
        return out


@dataclass(frozen=True, kw_only=True)
class LineRecords:
    """Records that are lines.

    ``mine`` tells from a line's text whether it is of this format. ``read`` gets the text without a final carriage
    return; empty lines never come to it. ``quality`` gives the time quality a line's stamp can have
    (:mod:`~vestige.sources.reading.timefield`), where a format's stamps may leave out year or zone.
    ``continued`` joins lines that begin with white space to the one before.
    """

    name: str
    version: str
    source_name: str | None
    mine: Callable[[str], bool]
    seen: str
    read: LineReader
    confidence: float = 0.9
    quality: Callable[[str], str] = field(default=lambda _: "")
    continued: bool = False
    media_type: str = "text/plain"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """Surer the more of the sample's lines are of this format."""
        texts = [line.decode("utf-8", "replace") for line in sample.lines()[:LOOK]]
        if self.continued:
            texts = [text for text in texts if text[:1] not in {" ", "\t"}]
        mine = [text for text in texts if self.mine(text)]
        if not mine or len(mine) <= MOST * len(texts):
            return None
        sure = self.confidence - 0.2 * (1 - len(mine) / len(texts))
        extra = missing_parts(filter(None, map(self.quality, mine)))
        return Detection(sure, f"{len(mine)} of {len(texts)} lines are {self.seen}", extra=extra)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Line by line."""
        del context
        return split_lines(stream, start=start, number=number, continued=self.continued)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per line."""
        clock, read = clock_for(context), self.read
        return [read_line(payload, clock, read) for payload in payloads]


@dataclass(frozen=True, kw_only=True)
class TableRecords:
    """Records that are rows of a table with a header.

    ``mine`` tells from the column names whether the table is of this format; ``read`` gets a row as an object under
    its column names, that object's JSON text, and the clock. ``times`` names the columns that hold the time.
    """

    name: str
    version: str
    source_name: str | None
    mine: Callable[[frozenset[str]], bool]
    seen: str
    read: ObjectReader
    times: Sequence[str]
    confidence: float = 0.95
    media_type: str = "text/csv"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """A header of this format's column names."""
        table = table_of(sample)
        if table is None or not table.named or not self.mine(frozenset(name.strip() for name in table.header)):
            return None
        stated = [{name: record[name] for name in self.times if name in record} for record in table.records]
        return Detection(
            self.confidence, self.seen, header=table.header, delimiter=table.delimiter, extra=assumed(stated)
        )

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Row by row, quoted line feeds inside them."""
        return split_table(stream, start=start, number=number, delimiter=context.delimiter if context else ",")

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per row; the header row is skipped."""
        clock, read = clock_for(context), self.read
        out: list[Reading] = []
        for payload in payloads:
            row = read_row(payload, context)
            if isinstance(row, Unparsed | Skipped):
                out.append(row)
                continue
            record, text, replaced = row
            out.append(tagged(read(record, text, clock), REPLACED) if replaced else read(record, text, clock))
        return out


def read_line(payload: bytes, clock: Clock, read: LineReader) -> Reading:
    """One line: bounded, decoded for views, without its carriage return, and read."""
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    text, replaced = decode(payload)
    text = text.removesuffix("\r")
    if not text.strip():
        return Skipped("an empty line")
    reading = read(text, clock)
    return tagged(reading, REPLACED) if replaced else reading


def tagged(reading: Reading, tag: str) -> Reading:
    """A reading with one more tag on each of its events."""
    if isinstance(reading, Event):
        return reading._replace(tags=(*reading.tags, tag))
    if isinstance(reading, Unparsed | Skipped):
        return reading
    return tuple(event._replace(tags=(*event.tags, tag)) for event in reading)

"""Records a tool writes as a table or as JSON objects, whichever its user asked for: one format, two layouts.

A table is recognised by the names in its first row alone, however wide, whatever characters the other names hold, and
whether or not the rows below agree with it: a row of another width is then unparsed, and nothing is lost in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import Detection
from vestige.sources.reading.csv_split import cells_of, scan_rows, split_table
from vestige.sources.reading.fields import REPLACED
from vestige.sources.reading.json_read import read_object
from vestige.sources.reading.json_shape import shape_of, split_json
from vestige.sources.reading.kinds import MOST, tagged
from vestige.sources.reading.table import DELIMITERS, read_row
from vestige.sources.reading.timefield import assumed, clock_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.kinds import ObjectReader

_LOOK = 60


@dataclass(frozen=True, kw_only=True)
class RowRecords:
    """Records that are rows of a table under its column names, or JSON objects of the same names.

    ``mine`` tells from the names whether a row is of this format; ``read`` gets the row as an object, that object's
    JSON text, and the clock. ``times`` names the fields that hold the time. ``learn`` may tell more from the sample's
    rows, as context entries.
    """

    name: str
    version: str
    source_name: str | None
    mine: Callable[[Collection[str]], bool]
    seen: str
    read: ObjectReader
    times: Sequence[str]
    confidence: float = 0.95
    learn: Callable[[list[dict[str, object]]], tuple[tuple[str, str], ...]] = field(default=lambda _: ())
    media_type: str = "text/csv"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """A first row, or most objects, of this format's names."""
        shape = shape_of(sample)
        if shape is not None:
            mine = [record for record in shape.objects if self.mine(record.keys())]
            if not mine or len(mine) <= MOST * (len(shape.objects) + shape.bad):
                return None
            layout = tuple(entry for entry in shape.extra() if entry[0] not in {"zone", "year"})
            return Detection(self.confidence, f"{len(mine)} objects with {self.seen}", extra=layout + self._told(mine))
        found = header_of(sample, self.mine)
        if found is None:
            return None
        delimiter, header, rows = found
        return Detection(
            self.confidence, f"columns {self.seen}", header=header, delimiter=delimiter, extra=self._told(rows)
        )

    def _told(self, records: list[dict[str, object]]) -> tuple[tuple[str, str], ...]:
        stated = [{name: record[name] for name in self.times if name in record} for record in records]
        return assumed(stated) + self.learn(records)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Rows or objects, as found at detection."""
        if context is not None and context.header:
            return split_table(stream, start=start, number=number, delimiter=context.delimiter)
        return split_json(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per row."""
        clock, read = clock_for(context), self.read
        out: list[Reading] = []
        for payload in payloads:
            row = read_row(payload, context) if context.header else read_object(payload)
            if isinstance(row, Unparsed | Skipped):
                out.append(row)
                continue
            record, text, changed = row
            out.append(tagged(read(record, text, clock), REPLACED) if changed else read(record, text, clock))
        return out


def header_of(
    sample: Sample, mine: Callable[[Collection[str]], bool]
) -> tuple[str, tuple[str, ...], list[dict[str, object]]] | None:
    """The delimiter, the first row if its names are a format's own, and the rows below that agree with it."""
    first = sample.body()[:8192].split(b"\n", 1)[0]
    for delimiter in DELIMITERS:
        if delimiter.encode() not in first:
            continue
        rows = [
            _cells(row.decode("utf-8", "replace"), delimiter)
            for row in scan_rows(sample.body(), delimiter, complete=sample.complete)[:_LOOK]
        ]
        if rows and mine(frozenset(rows[0])):
            header = tuple(rows[0])
            agreeing: list[dict[str, object]] = [
                dict(zip(header, row, strict=True)) for row in rows[1:] if len(row) == len(header)
            ]
            return delimiter, header, agreeing
    return None


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return cells_of(text, delimiter)
    except ValueError:
        return []

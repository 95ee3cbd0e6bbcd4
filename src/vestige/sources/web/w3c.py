"""Logs in the W3C Extended Log File Format: ``#`` lines say what the rows are, one of them names the columns.

A file may change its columns midway (the server was reconfigured or restarted): the ``#Fields`` line that names other
columns begins a :class:`~vestige.sources.contract.Turn`. Values are separated by single spaces, a ``-`` is none, and a
``+`` in a value stands for a space, or for itself. ``date`` and ``time`` are GMT, as the specification says, unless the
format has them in local time (``local``).

A file cut out of the middle of a log names no columns: it is read by a layout of ``layouts`` whose rows look the same,
and the detection says so.

Reference: W3C Working Draft WD-logfile-960323, sections "Directives" and "Fields".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import Context, Detection, Turn
from vestige.sources.reading.fields import canonical_ip
from vestige.sources.reading.kinds import LOOK, read_line
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.timefield import NO_STAMP, Stamp, clock_for, missing_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

    RowReader = Callable[[dict[str, str], Stamp], Reading]

FIELDS = b"#Fields:"
_MOST_COLUMNS = 500
_ADDRESSES = ("s-ip", "c-ip", "src-ip", "dst-ip")


@dataclass(frozen=True, kw_only=True)
class W3cRecords:
    """A format whose files are W3C extended logs.

    ``mine`` tells from the column names whether a file is of this format; ``layouts`` are the column names of files
    that come without any. ``read`` makes an event of a row (its values by column name, without those that are ``-``)
    and its time.
    """

    name: str
    version: str
    source_name: str | None
    mine: Callable[[frozenset[str]], bool]
    seen: str
    read: RowReader
    layouts: tuple[tuple[str, ...], ...] = ()
    local: bool = False
    media_type: str = "text/plain"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """Sure by the names of the columns, fairly sure by a known layout of rows."""
        lines = sample.lines()[:LOOK]
        header = next((columns_of(line) for line in lines if line.startswith(FIELDS)), ())
        rows = [line.decode("utf-8", "replace").split(" ") for line in lines if not line.startswith(b"#")]
        if header and self.mine(frozenset(header)) and _agree(lines):
            return Detection(0.97, f"{self.seen}: its columns", header=header, extra=self._assumed(header))
        if header or not rows:
            return None
        for layout in self.layouts:
            fitting = sum(1 for row in rows if _fits(row, layout))
            if fitting * 2 > len(rows):
                why = f"{self.seen}: {fitting} of {len(rows)} rows fit its usual columns, which it does not name"
                return Detection(0.9, why, header=layout, extra=self._assumed(layout))
        return None

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record] | Turn]:
        """Line by line; a ``#Fields`` line with other columns turns the context."""
        now = context if context is not None else Context(received_at=0)
        for batch in split_lines(stream, start=start, number=number):
            places = [index for index, record in enumerate(batch) if record.payload.startswith(FIELDS)]
            for begin, end in pairwise([0, *(place for place in places if place), len(batch)]):
                first = batch[begin].payload
                header = columns_of(first) if first.startswith(FIELDS) else now.header
                if header != now.header:
                    now = replace(now, header=header)
                    yield Turn(now)
                yield batch[begin:end]

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row; directives are skipped."""
        clock, header, read = clock_for(context), context.header, self.read

        def read_row(text: str, clock: Clock) -> Reading:
            if text.startswith("#"):
                return Skipped("a directive of the log")
            if not header:
                return Unparsed("no #Fields line before it names the columns")
            cells = text.split(" ")
            if len(cells) != len(header):
                return Unparsed(f"expected {len(header)} values as in the #Fields line, got {len(cells)}")
            row = {name: cell for name, cell in zip(header, cells, strict=True) if cell != "-"}
            return read(row, _when(row, clock, local=self.local))

        return [read_line(payload, clock, read_row) for payload in payloads]

    def _assumed(self, header: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        local = self.local or ("date-local" in header and "date" not in header)
        return missing_parts(["assumed_zone"]) if local else ()


def columns_of(line: bytes) -> tuple[str, ...]:
    """The column names of a ``#Fields`` line; none where they are too many to be any."""
    names = tuple(line[len(FIELDS) :].decode("utf-8", "replace").split())
    return names if len(names) <= _MOST_COLUMNS else ()


def _agree(lines: Sequence[bytes]) -> bool:
    """Whether most rows have as many values as the columns above them: others separate by tabs, or quote."""
    columns = rows = agreeing = 0
    for line in lines:
        if line.startswith(FIELDS):
            columns = len(columns_of(line))
        elif columns and not line.startswith(b"#"):
            rows += 1
            agreeing += line.count(b" ") + 1 == columns
    return agreeing * 2 >= rows


def _when(row: dict[str, str], clock: Clock, *, local: bool) -> Stamp:
    date, time = row.get("date", ""), row.get("time", "")
    if date and time:
        if local:
            return clock.local(f"{date} {time}")
        stamp = clock.local(f"{date}T{time}Z")
        return stamp._replace(text=f"{date} {time}")
    date, time = row.get("date-local", ""), row.get("time-local", "")
    if date and time:
        return clock.local(f"{date} {time}")
    return NO_STAMP._replace(text=row.get("time", time))


def _fits(row: list[str], layout: tuple[str, ...]) -> bool:
    """Whether a row can be one of this layout: its dates, addresses and statuses are what they should be."""
    if len(row) != len(layout):
        return False
    cells = dict(zip(layout, row, strict=True))
    status = cells.get("sc-status", "-")
    return (
        len(cells["date"]) == 10
        and cells["date"][4] == "-"
        and cells["time"][2:3] == ":"
        and all(canonical_ip(cells[name]) for name in _ADDRESSES if name in cells)
        and (status == "-" or (len(status) == 3 and status.isdigit()))
    )

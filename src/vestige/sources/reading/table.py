"""Rows of tables as text: which table a sample shows, and a row as an object under its column's names.

The delimiter is the one under which the sample's rows agree on a number of columns. A first row of distinct names is
the header, and so is one that repeats or leaves out names but names a time (:func:`column_names`). A row with more or
fewer cells than the header has is unparsed, never filled up or cut.

Reference: RFC 4180.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD
from vestige.sources.reading.csv_split import cells_of, scan_rows
from vestige.sources.reading.fields import decode
from vestige.sources.reading.timefield import TIME_NAMES

if TYPE_CHECKING:
    from vestige.sources.contract import Context, Sample

DELIMITERS = (",", "\t", ";", "|")
_LOOK = 60
_TIMES = frozenset(name.lower() for name in TIME_NAMES)
_NAME = re.compile(r"[A-Za-z_@#$][\w .:@#$%&/()\[\]'+*?!=-]{0,80}")


class Table(NamedTuple):
    """What a sample shows of a table."""

    delimiter: str
    header: tuple[str, ...]
    named: bool
    """Whether the first row holds the names."""
    rows: int
    agreeing: int
    records: list[dict[str, object]]
    """The agreeing rows of the sample."""

    @property
    def renamed(self) -> list[str]:
        """The names columns were given that the header leaves out or repeats."""
        names = column_names(self.header)
        return [name for name, given in zip(names, self.header, strict=True) if name != given]


def table_of(sample: Sample) -> Table | None:
    """The table in a sample, or none: fewer than two columns, or rows that do not agree."""
    best: Table | None = None
    for delimiter in DELIMITERS:
        if delimiter.encode() not in sample.body()[:8192]:
            continue
        rows = []
        for row in scan_rows(sample.body(), delimiter, complete=sample.complete)[:_LOOK]:
            try:
                rows.append(cells_of(row.decode("utf-8", "replace"), delimiter))
            except ValueError:
                rows.append([])
        found = _table(rows, delimiter)
        if found is not None and (
            best is None or len(found.header) * found.agreeing > len(best.header) * best.agreeing
        ):
            best = found
    return best


def _table(rows: list[list[str]], delimiter: str) -> Table | None:
    if not rows or len(rows[0]) < 2:
        return None
    names = [name.strip() for name in rows[0]]
    given = [name for name in names if name]
    # An index column without a name is common in exported data frames.
    likely = len(set(names)) == len(names) or not _TIMES.isdisjoint(name.lower() for name in given)
    named = likely and len(set(given)) > 1 and all(_NAME.fullmatch(name) for name in given)
    if named:
        body = rows[1:]
        agreeing = sum(1 for row in body if len(row) == len(names))
        if body and agreeing * 2 < len(body):
            return None
        return _seen(delimiter, tuple(rows[0]), True, body, agreeing)
    columns, agreeing = Counter(len(row) for row in rows).most_common(1)[0]
    if columns < 3 or agreeing < 2 or agreeing * 5 < len(rows) * 4:
        return None
    return _seen(delimiter, tuple(f"column_{index + 1}" for index in range(columns)), False, rows, agreeing)


def _seen(delimiter: str, header: tuple[str, ...], named: bool, rows: list[list[str]], agreeing: int) -> Table:
    names = column_names(header)
    records: list[dict[str, object]] = [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
    return Table(delimiter, header, named, len(rows), agreeing, records)


@lru_cache(maxsize=256)
def column_names(header: tuple[str, ...]) -> tuple[str, ...]:
    """A name of its own for every column.

    The header's, with ``_2`` and so on behind one that comes again, and ``column_4`` where the fourth has none.
    """
    taken = set(header)
    out: list[str] = []
    for place, given in enumerate(header, start=1):
        name = given if given.strip() else f"column_{place}"
        if name in out or (name != given and name in taken):
            name = next(new for new in (f"{name}_{n}" for n in range(2, len(header) + 3)) if new not in taken)
        taken.add(name)
        out.append(name)
    return tuple(out)


def read_row(payload: bytes, context: Context) -> tuple[dict[str, object], str, bool] | Unparsed | Skipped:
    """A row as an object, that object's JSON text, and whether bytes that are no UTF-8 had to be replaced."""
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    text, replaced = decode(payload)
    if not text.strip():
        return Skipped("an empty line")
    try:
        cells = tuple(cells_of(text, context.delimiter))
    except ValueError as error:
        return Unparsed(f"the row's quoting is broken: {error}")
    header = context.header
    if len(cells) != len(header):
        return Unparsed(f"expected {len(header)} cells as in the header, got {len(cells)}")
    return Skipped("the column names") if cells == header else _row(header, cells, replaced)


def _row(header: tuple[str, ...], cells: tuple[str, ...], replaced: bool) -> tuple[dict[str, object], str, bool]:
    record: dict[str, object] = dict(zip(column_names(header), cells, strict=True))
    return record, orjson.dumps(record).decode(), replaced

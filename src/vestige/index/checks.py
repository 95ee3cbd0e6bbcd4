"""Counts and digests of what the tables of a log say: equal contents give equal answers, however parts were merged.

Rows of the aggregating tables are put together first, so a table that has not been merged yet, one that has, and one
that was rebuilt answer the same. A digest is the sum of row hashes: order plays no part, and a row counted
twice shows, which with XOR it would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.index.schema import CONTENT, EVENTS, PLACES, Table

if TYPE_CHECKING:
    from vestige.index.engine import Engine

_MERGED: Final = {"first_at": "min(first_at)", "last_at": "max(last_at)", "n": "sum(n)"}


class TableDigest(NamedTuple):
    """One table of one log."""

    rows: int
    """Rows after aggregation."""
    total: int
    """The sum of ``n``; for a table of single rows, their number."""
    digest: str


class Counts(NamedTuple):
    """What a stretch of a log has in the two tables that keep one row per event: they agree, or rows are missing."""

    events: int
    places: int
    entries: int
    """Entries that have at least one row: an entry always has."""

    def whole(self, entries: int) -> bool:
        """Whether this can be all there is to say of so many entries."""
        return self.events == self.places and self.entries == entries


def counts(engine: Engine, log: int, lo: int, hi: int) -> Counts:
    """Count the rows of the entries ``lo <= seq < hi``."""
    where = "WHERE log = {log:UInt32} AND seq >= {lo:UInt64} AND seq < {hi:UInt64}"
    events, places = EVENTS.place(engine.database), PLACES.place(engine.database)
    ((rows, placed, entries),) = engine.query(
        f"SELECT (SELECT count() FROM {events} {where}), count(), countIf(sub = 0) FROM {places} {where}",  # noqa: S608 - our own names
        {"log": log, "lo": lo, "hi": hi},
    ).rows
    return Counts(rows, placed, entries)


def digests(engine: Engine, log: int, *, shadow: bool = False) -> dict[str, TableDigest]:
    """The digest of every table of a log. ``generation`` is left out: a rebuild of the same events digests the same."""
    return {table.name: _digest(engine, table, log, shadow=shadow) for table in CONTENT}


def _digest(engine: Engine, table: Table, log: int, *, shadow: bool) -> TableDigest:
    names = [name for name in table.names if name not in {"log", "generation"}]
    group = [name for name in names if name not in _MERGED]
    aggregated = len(group) < len(names)
    inner = ", ".join(f"{_MERGED.get(name, name)} AS m_{name}" for name in names)
    tail = f" GROUP BY {', '.join(group)}" if aggregated else ""
    columns = ", ".join(f"m_{name}" for name in names)
    total = "sum(m_n)" if "n" in names else "count()"
    sql = (
        f"SELECT count(), {total}, sum(reinterpretAsUInt128(sipHash128({columns}))) FROM "  # noqa: S608 - our own names
        f"(SELECT {inner} FROM {table.place(engine.database, shadow=shadow)} WHERE log = {{log:UInt32}}{tail})"
    )
    ((rows, count, digest),) = engine.query(sql, {"log": log}).rows
    return TableDigest(rows, count or 0, f"{int(digest or 0):032x}")

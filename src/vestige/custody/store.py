"""The SQL of holds: which entries of a stretch of a log meet what a hold is about. Values are bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.custody.criteria import ALL, ENTITY, QUERY
from vestige.ledger.ranges import ranges_of
from vestige.query import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.custody.criteria import Criteria
    from vestige.query import Reader

STRETCH: Final = 200_000
"""Entries looked at in one statement: its answer is held in memory."""


class Matching:
    """Looks entries up in one log of the index."""

    def __init__(self, reader: Reader, log: int) -> None:
        self._reader = reader
        self._log = log

    def ranges(self, criteria: Criteria, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        """The ranges of positions in ``[lo, hi)`` of entries of which any event meets the criteria, rising.

        Raises:
            QueryError: the query no longer compiles.
            IndexStoreError: the index failed.
        """
        if criteria.kind == ALL:
            yield lo, hi
            return
        sql, params = self._statement(criteria)
        for at in range(lo, hi, STRETCH):
            bounds = {"lo": at, "hi": min(at + STRETCH, hi)}
            yield from ranges_of(seq for (seq,) in self._reader.query(sql, params | bounds).rows)

    def _statement(self, criteria: Criteria) -> tuple[str, dict[str, Any]]:
        database, span = self._reader.database, "seq >= {lo:UInt64} AND seq < {hi:UInt64}"
        if criteria.kind == QUERY:
            found = self._reader.filter(criteria.query, Scope(self._log))
            return f"SELECT DISTINCT seq FROM {database}.events WHERE {found.where} AND {span}", dict(found.params)  # noqa: S608 - scoped
        if criteria.kind == ENTITY:
            kind, value = criteria.key
            return (
                f"SELECT DISTINCT seq FROM {database}.event_keys WHERE log = {{log:UInt32}} "  # noqa: S608 - our own names
                f"AND kind = {{kind:String}} AND value = {{value:String}} AND {span}"
            ), {"log": self._log, "kind": kind, "value": value}
        return (
            f"SELECT DISTINCT seq FROM {database}.events WHERE log = {{log:UInt32}} AND {span} "  # noqa: S608 - our own names
            "AND ((occurred_at >= {start:Int64} AND occurred_at < {end:Int64}) "
            "OR (received_at >= {start:Int64} AND received_at < {end:Int64}))"
        ), {"log": self._log, "start": criteria.start, "end": criteria.end}

"""The timeline's SQL. A page is read in two steps: the places of its events from narrow columns, then their rows.

Conditions come compiled for a scope (:class:`vestige.query.Filter`); values are bound, never written into a statement.
A place is compared as ``t <= a AND (t < a OR …)`` rather than as a tuple, because the engine prunes by the
first and not by the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from vestige.model.instant import UNDATED
from vestige.query import EVENT_COLUMNS, SCATTERED, EventRow, Filter, event_row, values_of
from vestige.timeline.cursors import Place
from vestige.timeline.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vestige.query import Field, Reader

_FEW: Final = 1000
"""Up to this many rows one thread that reads only what it needs is fastest."""
_LANE_COLUMNS: Final = frozenset({"source", "category", "event_type", "outcome", "severity"})


Numbering: TypeAlias = "Callable[[int], Mapping[str, int]]"


def itself(seq: int) -> Mapping[str, int]:
    """The numbering of a log that is all the index knows of its tenant."""
    return {"seq": seq}


class Span(NamedTuple):
    """From ``start`` up to, not including, ``end``; ``None`` is without bound. Only dated events lie in a span."""

    start: int | None
    end: int | None


class Count(NamedTuple):
    """How many events match: dated ones within the bounds asked for, and undated ones."""

    dated: int
    undated: int


class Bounds(NamedTuple):
    """When the first and the last dated event occurred; ``None`` where there is none."""

    first: int | None
    last: int | None


class Store:
    """Reads events of one log. ``numbering`` tells how an entry is numbered to people, by its seq in the index."""

    def __init__(self, reader: Reader, log: int, numbering: Numbering = itself) -> None:
        self._reader = reader
        self._log = log
        self._numbering = numbering
        self._events = f"{reader.database}.events"

    def places(
        self, found: Filter, span: Span, *, undated: bool, descending: bool, beyond: Place | None, limit: int
    ) -> list[Place]:
        """The first ``limit`` places of a list, or of what lies beyond a place."""
        tail, params = _lane(span, undated=undated)
        params |= found.params
        if beyond is not None:
            sign = "<" if descending else ">"
            tail += (
                f" AND occurred_at {sign}= {{at:Int64}} AND (occurred_at {sign} {{at:Int64}} "
                f"OR seq {sign} {{seq:UInt64}} OR (seq = {{seq:UInt64}} AND sub {sign} {{sub:UInt16}}))"
            )
            params |= {"at": beyond.occurred_at, "seq": beyond.seq, "sub": beyond.sub}
        order = "DESC" if descending else "ASC"
        places: set[Place] = set()
        for way in found.ways:
            rows = self._reader.query(
                f"SELECT occurred_at, seq, sub FROM {self._events} WHERE {way.where}{tail} "  # noqa: S608 - scoped
                f"ORDER BY occurred_at {order}, seq {order}, sub {order} LIMIT {int(limit)}",
                params,
                {"optimize_read_in_order": 0} if way.led else None,
            ).rows
            places.update(Place(*row) for row in rows)
        return sorted(places, reverse=descending)[:limit]

    def rows(self, places: Sequence[Place]) -> list[EventRow]:
        """The events at the places, in the places' order."""
        if not places:
            return []
        params: dict[str, Any] = {
            "log": self._log,
            "times": sorted({place.occurred_at for place in places}),
            "seqs": sorted({place.seq for place in places}),
        }
        answer = self._reader.query(
            f"SELECT {', '.join(EVENT_COLUMNS)} FROM {self._events} WHERE log = {{log:UInt32}} "  # noqa: S608 - our names
            "AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)}",
            params,
            SCATTERED if len(places) <= _FEW else None,
        )
        found = {}
        for values in answer.rows:
            row = event_row(values)
            at = UNDATED if row.event.occurred_at is None else row.event.occurred_at
            found[Place(at, row.seq, row.sub)] = row
        # Two lists of values also match a time of one event with the seq of another: only true places are taken.
        return [found[place] for place in places if place in found]

    def ids(self, places: Sequence[Place]) -> dict[Place, str]:
        """The events' ids, by place, without their rows."""
        if not places:
            return {}
        rows = self._reader.query(
            f"SELECT occurred_at, seq, sub, toString(id) FROM {self._events} WHERE log = {{log:UInt32}} "  # noqa: S608 - our names
            "AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)}",
            {
                "log": self._log,
                "times": sorted({place.occurred_at for place in places}),
                "seqs": sorted({place.seq for place in places}),
            },
            SCATTERED if len(places) <= _FEW else None,
        ).rows
        wanted = set(places)
        found = {Place(at, seq, sub): f"{name}.{sub}" if sub else name for at, seq, sub, name in rows}
        return {place: name for place, name in found.items() if place in wanted}

    def render(self, row: EventRow) -> dict[str, Any]:
        """The public JSON object of one event."""
        return render(row, self._numbering(row.seq))

    def places_of(self, seqs: Iterable[int]) -> list[Place]:
        """The places of all events of some entries, in order of (seq, sub)."""
        wanted = sorted(set(seqs))
        if not wanted:
            return []
        rows = self._reader.query(
            f"SELECT DISTINCT occurred_at, seq, sub FROM {self._reader.database}.places "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND seq IN {seqs:Array(UInt64)} ORDER BY seq, sub",
            {"log": self._log, "seqs": wanted},
        ).rows
        return [Place(*row) for row in rows]

    def count(self, found: Filter, span: Span) -> Count:
        """How many events match."""
        if found.empty:
            return Count(0, 0)
        if found.whole and span == Span(None, None):
            return self._count_whole(found)
        return Count(self._count(found, span, undated=False), self._count(found, span, undated=True))

    def bounds(self, found: Filter) -> Bounds:
        """When the first and last matching dated events occurred."""
        first = self.places(found, Span(None, None), undated=False, descending=False, beyond=None, limit=1)
        last = self.places(found, Span(None, None), undated=False, descending=True, beyond=None, limit=1)
        return Bounds(first[0].occurred_at if first else None, last[0].occurred_at if last else None)

    def buckets(self, found: Filter, span: Span, width: int, lane: str) -> list[tuple[int, str, int]]:
        """Events per bucket and lane, counted one by one: (floor of time / width, lane, n)."""
        tail, params = _lane(span, undated=False)
        name = _lane_column(lane)
        rows = self._reader.query(
            f"SELECT {_floor('occurred_at')} AS bucket, {name} AS lane, count() FROM {self._events} "  # noqa: S608 - scoped
            f"WHERE {found.where}{tail} GROUP BY bucket, lane",
            params | dict(found.params) | {"width": width},
        ).rows
        return [(int(bucket), str(value), int(n)) for bucket, value, n in rows]

    def hour_buckets(self, first: int, beyond: int, hours: int, lane: str) -> list[tuple[int, str, int]]:
        """The same from whole hours ``first`` up to ``beyond``, by hourly counts; ``hours`` is a bucket's width."""
        table = "hour_source" if lane in {"", "source", "severity"} else "hour_type"
        rows = self._reader.query(
            f"SELECT {_floor('hour')} AS bucket, {_lane_column(lane)} AS lane, sum(n) "  # noqa: S608 - our own names
            f"FROM {self._reader.database}.{table} WHERE log = {{log:UInt32}} AND hour >= {{first:Int32}} "
            "AND hour < {beyond:Int32} GROUP BY bucket, lane",
            {"log": self._log, "first": first, "beyond": beyond, "width": hours},
        ).rows
        return [(int(bucket), str(value), int(n)) for bucket, value, n in rows]

    def values(self, found: Filter, span: Span, field: Field, limit: int) -> list[tuple[str, str, int, int, int]]:
        """The commonest values of a field: folded, as written, events; and of all: how many values, how many times."""
        folded, shown, params = values_of(field)
        tail, bounds = _lane(span, undated=False) if span != Span(None, None) else ("", {})
        grouped = (
            f"SELECT {folded} AS value, max({shown}) AS shown, count() AS n FROM {self._events} "  # noqa: S608 - scoped
            f"WHERE {found.where}{tail} GROUP BY value HAVING value != ''"
        )
        return self._commonest(grouped, params | bounds | dict(found.params), limit)

    def rolled_values(self, table: str, column: str, limit: int) -> list[tuple[str, str, int, int, int]]:
        """The same of everything the plain scope shows, by hourly counts."""
        shown = f"toString({column})"
        grouped = (
            f"SELECT lowerUTF8({shown}) AS value, max({shown}) AS shown, sum({table}.n) AS n "  # noqa: S608 - our names
            f"FROM {self._reader.database}.{table} WHERE log = {{log:UInt32}} GROUP BY value HAVING value != ''"
        )
        return self._commonest(grouped, {"log": self._log}, limit)

    def _commonest(self, grouped: str, params: Mapping[str, Any], limit: int) -> list[tuple[str, str, int, int, int]]:
        rows = self._reader.query(
            f"SELECT value, shown, n, count() OVER (), sum(n) OVER () FROM ({grouped}) "  # noqa: S608 - made above
            f"ORDER BY n DESC, value LIMIT {int(limit)}",
            params,
        ).rows
        return [(str(value), str(text), int(n), int(distinct), int(total)) for value, text, n, distinct, total in rows]

    def _count(self, found: Filter, span: Span, *, undated: bool) -> int:
        tail, params = _lane(span, undated=undated)
        sql = f"SELECT count() FROM {self._events} WHERE {found.where}{tail}"  # noqa: S608 - compiled for the scope
        return int(self._reader.query(sql, params | dict(found.params)).rows[0][0])

    def _count_whole(self, found: Filter) -> Count:
        rows = self._reader.query(
            f"SELECT sumIf(n, hour != {_NO_HOUR}), sumIf(n, hour = {_NO_HOUR}) "  # noqa: S608 - our own names
            f"FROM {self._reader.database}.hour_source WHERE log = {{log:UInt32}}",
            {"log": found.scope.log},
        ).rows
        return Count(int(rows[0][0]), int(rows[0][1]))


_NO_HOUR: Final = -(2**31)


def _lane(span: Span, *, undated: bool) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    if undated:
        return f" AND occurred_at = {UNDATED}", params
    where = f" AND occurred_at > {UNDATED}"
    if span.start is not None:
        where += " AND occurred_at >= {start:Int64}"
        params["start"] = span.start
    if span.end is not None:
        where += " AND occurred_at < {end:Int64}"
        params["end"] = span.end
    return where, params


def _lane_column(lane: str) -> str:
    if lane and lane not in _LANE_COLUMNS:
        raise ValueError(f"no lane {lane!r}")
    return lane or "''"


def _floor(column: str) -> str:
    # intDiv rounds towards zero; time before 1970 is negative.
    return f"if({column} >= 0, intDiv({column}, {{width:Int64}}), -intDiv(-({column} + 1), {{width:Int64}}) - 1)"

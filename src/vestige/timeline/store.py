"""The timeline's SQL beyond pages: counts, densities, facets, stacks, what sources cover.

Conditions come compiled for a scope (:class:`vestige.query.Filter`); values are bound, never written into a statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.instant import UNDATED
from vestige.query import is_several, lane_of, values_of
from vestige.timeline.coverage import Stretch
from vestige.timeline.lane_store import LaneStore, Run, floor_of
from vestige.timeline.place_store import Span, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.query import Field, Filter
    from vestige.timeline.cursors import Place

HOURLY: Final = {
    "source": ("hour_source", "source"),
    "severity": ("hour_source", "severity"),
    "type": ("hour_type", "event_type"),
    "category": ("hour_type", "category"),
    "outcome": ("hour_type", "outcome"),
}
"""Fields of few values, whose hourly counts of everything the plain scope shows are kept: table and column."""


class Roll(NamedTuple):
    """A table that counts what the plain scope shows by a unit of time."""

    table: str
    unit: str
    """The unit's name, which is that of the column."""
    nanos: int


HOURS: Final = {name: Roll(table, "hour", 3_600_000_000_000) for name, (table, _) in HOURLY.items()}
"""The hourly counts of each field that has them."""
MINUTES: Final = Roll("minute_source", "minute", 60_000_000_000)
"""The counts by minute, of all events and by source."""


class Count(NamedTuple):
    """How many events match: dated ones within the bounds asked for, and undated ones."""

    dated: int
    undated: int


class Bounds(NamedTuple):
    """When the first and the last dated event occurred; ``None`` where there is none."""

    first: int | None
    last: int | None


class Common(NamedTuple):
    """A value of a field: folded, as written, its events; and of all the field's: how many values, how many times."""

    value: str
    shown: str
    events: int
    distinct: int
    total: int


class StackRow(NamedTuple):
    """A run of events alike: their common values, their number, times, where the first stands, and the first ids."""

    values: list[str]
    events: int
    first: int
    last: int
    begins: tuple[int, int]
    ids: list[str]


class MarkRow(NamedTuple):
    """An event in one lane; the lane as it is written."""

    id: str
    at: int
    lane: str
    severity: int
    type: str
    actor: str


class Store(LaneStore):
    """Reads events of one log, and counts them."""

    def count(self, found: Filter, span: Span) -> Count:
        """How many events match."""
        if found.empty:
            return Count(0, 0)
        if not found.whole:
            return Count(self._count(found, span, undated=False), self._count(found, span, undated=True))
        kept = self._count_whole(found)
        return kept if self.covers(found, span) else Count(self._count_rolled(found, span), kept.undated)

    def covers(self, found: Filter, span: Span) -> bool:
        """Whether a span holds every dated event the plain scope shows, and that is what is asked for."""
        if not found.whole or span == Span(None, None):
            return found.whole
        first, last = self.bounds(found)
        after = span.start is None or first is None or span.start <= first
        return after and (span.end is None or last is None or last < span.end)

    def covers_all(self, found: Filter, span: Span) -> bool:
        """Whether a span holds everything the plain scope shows: so, with bounds, that no event is undated."""
        if span == Span(None, None):
            return found.whole
        return self.covers(found, span) and not self._count_whole(found).undated

    def bounds(self, found: Filter) -> Bounds:
        """When the first and last matching dated events occurred."""
        first = self.places(found, Span(None, None), undated=False, descending=False, beyond=None, limit=1)
        last = self.places(found, Span(None, None), undated=False, descending=True, beyond=None, limit=1)
        return Bounds(first[0].occurred_at if first else None, last[0].occurred_at if last else None)

    def marks(self, found: Filter, span: Span, lane: Field | None, limit: int) -> list[MarkRow]:
        """Dated events, oldest first, once for each value of a lane's field."""
        tail, params = within(span, undated=False)
        value, shown, paths = lane_of(lane) if lane is not None else ("''", "''", {})
        rows = self._reader.query(
            f"SELECT id, sub, occurred_at, if(shown != '', shown, lane), severity, event_type, actor FROM ("  # noqa: S608 - scoped
            f"SELECT id, sub, seq, occurred_at, {value} AS lane, toString({shown}) AS shown, severity, "
            f"toString(event_type) AS event_type, if(actor_name != '', actor_name, actor_id) AS actor "
            f"FROM {self._events} WHERE {found.where}{tail}) ORDER BY occurred_at, seq, sub LIMIT {int(limit)}",
            params | paths | dict(found.params),
        ).rows
        return [
            MarkRow(_event_id(entry, sub), int(at), str(name), int(severity), str(kind), str(actor))
            for entry, sub, at, name, severity, kind, actor in rows
        ]

    def rolled_buckets(self, roll: Roll, first: int, beyond: int, width: int, column: str) -> list[Run]:
        """The same from whole units ``first`` up to ``beyond`` of a table of counts; ``width`` is in units."""
        lane = f"toString({column})" if column else "''"
        rows = self._reader.query(
            f"SELECT folded, max(spelled), groupArray(bucket), groupArray(k) FROM ("  # noqa: S608 - our own names
            f"SELECT {floor_of(roll.unit)} AS bucket, lowerUTF8({lane}) AS folded, max({lane}) AS spelled, sum(n) AS k "
            f"FROM {self._reader.database}.{roll.table} WHERE log = {{log:UInt32}} AND {roll.unit} >= {{first:Int32}} "
            f"AND {roll.unit} < {{beyond:Int32}} GROUP BY bucket, folded) GROUP BY folded",
            {"log": self._log, "first": first, "beyond": beyond, "width": width},
        ).rows
        return [Run(str(name), str(text), ats, counts) for name, text, ats, counts in rows]

    def stretches(self, found: Filter, span: Span) -> list[Stretch]:
        """From when to when the dated events of each acquisition go, by source; our own acts came in by none."""
        tail, params = within(span, undated=False)
        rows = self._reader.query(
            f"SELECT source, acquisition, min(occurred_at), max(occurred_at), count() FROM {self._events} "  # noqa: S608 - scoped
            f"WHERE {found.where}{tail} AND acquisition != '' GROUP BY source, acquisition",
            params | dict(found.params),
        ).rows
        return [Stretch(*row) for row in rows]

    def stacks(
        self,
        found: Filter,
        span: Span,
        fields: Sequence[Field | None],
        gap: int,
        limit: int,
        beyond: Place | None,
        *,
        descending: bool,
    ) -> list[StackRow]:
        """Runs of dated events with the same values in some fields (``None``: the template), a gap apart at most.

        Ordered by their last event, the newest first, or by their first; each run with its first events' ids.
        """
        tail, params = within(span, undated=False)
        params |= dict(found.params) | {"gap": gap, "template": _DIFFERS}
        values = []
        for place, field in enumerate(fields):
            value, _, paths = lane_of(field, f"k{place}") if field is not None else (_TEMPLATE, "", {})
            params |= paths
            values.append(f"{value} AS k{place}")
        keys = ", ".join(f"k{place}" for place in range(len(fields)))
        over = f"PARTITION BY {keys} ORDER BY at, seq, sub"
        end, sign, order = ("last", "<", "DESC") if descending else ("first", ">", "ASC")
        having = ""
        if beyond is not None:
            having = f"HAVING ({end}, begins.1, begins.2) {sign} ({{at:Int64}}, {{seq:UInt64}}, {{sub:UInt16}}) "
            params |= {"at": beyond.occurred_at, "seq": beyond.seq, "sub": beyond.sub}
        rows = self._reader.query(
            f"SELECT [{keys}], count(), min(at) AS first, max(at) AS last, "  # noqa: S608 - scoped
            f"argMin((seq, sub), (at, seq, sub)) AS begins, groupArraySorted({STACK_IDS})((at, seq, sub, id)) "
            f"FROM (SELECT *, sum(begun) OVER ({over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run FROM ("
            f"SELECT *, at - lagInFrame(at, 1, at) OVER ({over} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) "
            f"> {{gap:Int64}} AS begun FROM (SELECT occurred_at AS at, seq, sub, id, {', '.join(values)} "
            f"FROM {self._events} WHERE {found.where}{tail}))) GROUP BY {keys}, run {having}"
            f"ORDER BY {end} {order}, begins.1 {order}, begins.2 {order} LIMIT {int(limit)}",
            params,
        ).rows
        return [
            StackRow([str(value) for value in values], int(n), int(first), int(last), (begins[0], begins[1]), [
                _event_id(identifier, sub) for _, _, sub, identifier in ids
            ])
            for values, n, first, last, begins, ids in rows
        ]  # fmt: skip

    def values(self, found: Filter, span: Span, fields: Sequence[Field], limit: int) -> list[list[Common]]:
        """The commonest values of some fields, each field's in order; all are counted in one reading of the events."""
        tail, params = within(span, undated=False) if span != Span(None, None) else ("", {})
        pairs = []
        for place, field in enumerate(fields):
            pair, paths = values_of(field, place)
            params |= paths
            pairs.append(pair)
        rows = self._reader.query(
            "SELECT place, value, shown, n, count() OVER (PARTITION BY place), sum(n) OVER (PARTITION BY place) "  # noqa: S608 - scoped
            "FROM (SELECT one.1 AS place, one.2 AS value, max(one.3) AS shown, count() AS n "
            f"FROM (SELECT arrayJoin(arrayConcat({', '.join(pairs)})) AS one FROM {self._events} "
            f"WHERE {found.where}{tail}) GROUP BY place, value) "
            f"ORDER BY place, n DESC, value LIMIT {int(limit)} BY place",
            params | dict(found.params),
        ).rows
        common: list[list[Common]] = [[] for _ in fields]
        for place, value, shown, n, distinct, total in rows:
            common[place].append(Common(str(value), str(shown), int(n), int(distinct), int(total)))
        return common

    def rolled_values(self, found: Filter, span: Span, field: str, limit: int) -> list[Common]:
        """The same of one field of :data:`HOURLY` and everything the plain scope shows, by hourly counts.

        Hours that the span cuts are counted event by event; without bounds, undated events count too.
        """
        table, column = HOURLY[field]
        roll = HOURS[field]
        where, edges, params = f"log = {{log:UInt32}} AND hour != {_NO_HOUR}", "", dict(found.params)
        if span == Span(None, None):
            where = "log = {log:UInt32}"
        else:
            cut = _cut(span, roll)
            where += " AND hour >= {first:Int32} AND hour < {beyond:Int32}"
            params |= {"first": cut.first, "beyond": cut.beyond}
            for place, edge in enumerate(cut.edges):
                edges += (
                    f" UNION ALL SELECT toString({column}), toUInt64(1) FROM {self._events} WHERE {found.where} "  # noqa: S608 - scoped
                    f"AND occurred_at >= {{from{place}:Int64}} AND occurred_at < {{to{place}:Int64}}"
                )
                params |= {f"from{place}": edge.start, f"to{place}": edge.end}
        grouped = (
            f"SELECT lowerUTF8(written) AS value, max(written) AS shown, sum(k) AS n FROM ("  # noqa: S608 - our names
            f"SELECT toString({column}) AS written, n AS k FROM {self._reader.database}.{table} WHERE {where}{edges}) "
            "GROUP BY value HAVING value != ''"
        )
        return self._commonest(grouped, params | {"log": self._log}, limit)

    def counted_values(self, found: Filter, field: Field, limit: int, *, dated: bool = False) -> list[Common]:
        """The same of a field that is counted as a whole; ``dated``: without those events that have no time."""
        params: dict[str, Any] = {"log": self._log, "field": field.name}
        kept = (
            f"SELECT lowerUTF8(value) AS folded, value AS written, toInt64(n) AS k "  # noqa: S608 - our own name
            f"FROM {self._reader.database}.field_values WHERE log = {{log:UInt32}} AND field = {{field:String}}"
        )
        if dated:
            value, shown, _ = lane_of(field)
            undated = (
                f"SELECT {value}, {shown}, toInt64(-1) FROM {self._events} WHERE {found.where} "  # noqa: S608 - scoped
                f"AND occurred_at = {UNDATED}"
            )
            written = "''" if is_several(field) else "written"
            kept = (
                f"SELECT folded, {written} AS written, sum(k) AS k FROM ({kept} UNION ALL {undated}) "  # noqa: S608 - made above
                "GROUP BY folded, written HAVING k > 0"
            )
            params |= dict(found.params)
        grouped = (
            f"SELECT folded AS value, max(written) AS shown, sum(k) AS n FROM ({kept}) GROUP BY folded "  # noqa: S608 - made above
            "HAVING value != ''"
        )
        return self._commonest(grouped, params, limit)

    def _commonest(self, grouped: str, params: Mapping[str, Any], limit: int) -> list[Common]:
        rows = self._reader.query(
            f"SELECT value, shown, n, count() OVER (), sum(n) OVER () FROM ({grouped}) "  # noqa: S608 - made above
            f"ORDER BY n DESC, value LIMIT {int(limit)}",
            params,
        ).rows
        return [
            Common(str(value), str(text), int(n), int(distinct), int(total)) for value, text, n, distinct, total in rows
        ]

    def _count(self, found: Filter, span: Span, *, undated: bool) -> int:
        tail, params = within(span, undated=undated)
        sql = f"SELECT count() FROM {self._events} WHERE {found.where}{tail}"  # noqa: S608 - compiled for the scope
        return int(self._reader.query(sql, params | dict(found.params)).rows[0][0])

    def _count_rolled(self, found: Filter, span: Span) -> int:
        """How many dated events of everything a span holds: by the minute, and one by one where a minute is cut."""
        cut = _cut(span, MINUTES)
        rows = self._reader.query(
            f"SELECT sum(n) FROM {self._reader.database}.{MINUTES.table} WHERE log = {{log:UInt32}} "  # noqa: S608 - our names
            f"AND minute != {_NO_HOUR} AND minute >= {{first:Int32}} AND minute < {{beyond:Int32}}",
            {"log": self._log, "first": cut.first, "beyond": cut.beyond},
        ).rows
        return int(rows[0][0]) + sum(self._count(found, edge, undated=False) for edge in cut.edges)

    def _count_whole(self, found: Filter) -> Count:
        rows = self._reader.query(
            f"SELECT sumIf(n, hour != {_NO_HOUR}), sumIf(n, hour = {_NO_HOUR}) "  # noqa: S608 - our own names
            f"FROM {self._reader.database}.hour_source WHERE log = {{log:UInt32}}",
            {"log": found.scope.log},
        ).rows
        return Count(int(rows[0][0]), int(rows[0][1]))


STACK_IDS: Final = 100
"""Ids of a run of events that are read."""
_DIFFERS: Final = r"""("[^"]*"|'[^']*'|\b(0x)?[0-9a-fA-F]{8,}\b|[0-9]+)"""
"""What differs from one message of a template to the next, in RE2's syntax."""
_TEMPLATE: Final = "replaceRegexpAll(message, {template:String}, '*')"
_NO_HOUR: Final = -(2**31)


_UNITS: Final = 2**31 - 1
"""The greatest hour or minute a table can name."""


class _Cut(NamedTuple):
    """A span as whole units, from ``first`` up to ``beyond``, and what it holds of those it cuts."""

    first: int
    beyond: int
    edges: tuple[Span, ...]


def _cut(span: Span, roll: Roll) -> _Cut:
    first = -_UNITS if span.start is None else max(-(-span.start // roll.nanos), -_UNITS)
    beyond = _UNITS if span.end is None else min(span.end // roll.nanos, _UNITS)
    if first >= beyond:
        return _Cut(0, 0, (span,))
    edges = []
    if span.start is not None and span.start < first * roll.nanos:
        edges.append(Span(span.start, first * roll.nanos))
    if span.end is not None and beyond * roll.nanos < span.end:
        edges.append(Span(beyond * roll.nanos, span.end))
    return _Cut(first, beyond, tuple(edges))


def _event_id(entry: bytes | str, sub: int) -> str:
    name = entry.decode("ascii") if isinstance(entry, bytes) else entry
    return f"{name}.{sub}" if sub else name

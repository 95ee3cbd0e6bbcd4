"""The SQL of groups: events of several kinds within a window of each other.

Each condition comes compiled for the log (:class:`vestige.query.Filter`), with placeholders of its own. The rows of
all of them are put in order of time once; what stands nearest before and after each is then known without comparing
every two. Distances are reckoned in 128 bits, since two int64 instants may lie further apart than an int64 reaches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate.store import Spot
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.query import Filter, Reader


class Anchor(NamedTuple):
    """What a group is around: an event of the first condition, and the value the group shares (empty: none asked)."""

    spot: Spot
    shared: str


class Ask(NamedTuple):
    """What makes a group. Times are int64 ns; ``start`` (included) and ``end`` (not) bound the anchors alone."""

    terms: tuple[Filter, ...]
    """The anchor's condition first."""
    window: int
    by: str
    """The kind of key the events of a group have one value of in common; empty: none."""
    start: int | None
    end: int | None
    descending: bool


_COLUMNS: Final = "v, t, seq, sub"


class TogetherStore:
    """Reads one log, the one that the conditions are compiled for."""

    def __init__(self, reader: Reader, log: int) -> None:
        self._reader = reader
        self._log = log

    def counts(self, ask: Ask) -> list[int]:
        """How many dated events could take part by each condition."""
        found = []
        for place, term in enumerate(ask.terms):
            if term.empty:
                found.append(0)
                continue
            lane, params = _lane(ask, anchor=place == 0)
            rows = self._ask(
                f"SELECT count() FROM {{db}}.events WHERE {term.where}{lane}",  # noqa: S608 - compiled for the scope
                params | dict(term.params),
            )
            found.append(int(rows[0][0]))
        return found

    def anchors(self, ask: Ask, beyond: Anchor | None, limit: int) -> tuple[list[Anchor], int]:
        """The first anchors of groups, or those beyond one, in order of time; and how many of these there are."""
        inner, params = self._rows(ask)
        found, order = self._anchors_in(ask, inner)
        tail = ""
        if beyond is not None:
            sign = "<" if ask.descending else ">"
            tail = f" AND (t, seq, sub, v) {sign} ({{bt:Int64}}, {{bseq:UInt64}}, {{bsub:UInt16}}, {{bv:String}})"
            params |= {"bt": beyond.spot.occurred_at, "bseq": beyond.spot.seq, "bsub": beyond.spot.sub}
            params["bv"] = beyond.shared
        ordered = ", ".join(f"{name} {order}" for name in ("t", "seq", "sub", "v"))
        rows = self._ask(
            f"SELECT {_COLUMNS}, count() OVER () FROM ({found}) WHERE 1{tail} ORDER BY {ordered} LIMIT {int(limit)}",  # noqa: S608 - made above
            params,
        )
        return [Anchor(Spot(*spot), value) for value, *spot, _ in rows], int(rows[0][-1]) if rows else 0

    def company(self, ask: Ask, anchors: Sequence[Anchor]) -> dict[tuple[int, int], int]:
        """Of each anchor (by its place) and condition: how many other events are within the window."""
        if not anchors:
            return {}
        joined, params = self._near(ask, anchors, ask.window)
        rows = self._ask(f"SELECT i, m, count() {joined} GROUP BY i, m", params)
        return {(int(i), int(m)): int(n) for i, m, n in rows}

    def nearest(self, ask: Ask, anchors: Sequence[Anchor], window: int, most: int) -> dict[tuple[int, int], list[Spot]]:
        """The same within another window: which events are nearest, in that order, at most so many."""
        if not anchors:
            return {}
        joined, params = self._near(ask, anchors, window)
        rows = self._ask(
            f"SELECT i, m, groupArraySorted({int(most)})((abs(toInt128(t) - at), t, seq, sub)) {joined} GROUP BY i, m",
            params,
        )
        return {(int(i), int(m)): [Spot(*spot) for _, *spot in nearest] for i, m, nearest in rows}

    def _near(self, ask: Ask, anchors: Sequence[Anchor], window: int) -> tuple[str, dict[str, Any]]:
        """Every pair of an anchor and another event within a window of it."""
        inner, params = self._rows(ask)
        params |= {
            "near": window,
            "ats": [anchor.spot.occurred_at for anchor in anchors],
            "aseqs": [anchor.spot.seq for anchor in anchors],
            "asubs": [anchor.spot.sub for anchor in anchors],
            "avs": [anchor.shared for anchor in anchors],
        }
        # Who is within a window of an anchor stands in its bucket of that width or in one of the two beside it.
        around = (
            "SELECT i, at, aseq, asub, av, toInt128(at) DIV {near:Int64} + step AS bucket FROM "
            "(SELECT arrayJoin(arrayZip(range(length({ats:Array(Int64)})), {ats:Array(Int64)}, {aseqs:Array(UInt64)}, "
            "{asubs:Array(UInt16)}, {avs:Array(String)})) AS one, one.1 AS i, one.2 AS at, one.3 AS aseq, "
            "one.4 AS asub, one.5 AS av) ARRAY JOIN [-1, 0, 1] AS step"
        )
        return (
            f"FROM (SELECT {_COLUMNS}, m, toInt128(t) DIV {{near:Int64}} AS bucket FROM ({inner}) WHERE m > 0) AS r "  # noqa: S608 - made above
            f"INNER JOIN ({around}) AS a ON r.bucket = a.bucket AND r.v = a.av "
            "WHERE abs(toInt128(t) - at) <= {near:Int64} AND (t, seq, sub) != (at, aseq, asub)"
        ), params

    def _rows(self, ask: Ask) -> tuple[str, dict[str, Any]]:
        """Every event of a condition (``m``: which), once, with each value it shares (``v``)."""
        parts: list[str] = []
        params: dict[str, Any] = {"window": ask.window}
        for place, term in enumerate(ask.terms):
            lane, bounds = _lane(ask, anchor=place == 0)
            params |= bounds | dict(term.params)
            parts += [
                f"SELECT occurred_at AS t, seq, sub, {place} AS m FROM {{db}}.events WHERE {way.where}{lane}"  # noqa: S608 - compiled for the scope
                for way in term.ways
            ]
        union = " UNION ALL ".join(parts)
        if not ask.by:
            return f"SELECT DISTINCT '' AS v, t, seq, sub, m FROM ({union})", params  # noqa: S608 - made above
        params["by"] = ask.by
        return (
            "SELECT DISTINCT k.value AS v, k.occurred_at AS t, k.seq AS seq, k.sub AS sub, m "  # noqa: S608 - made above
            f"FROM {{db}}.event_keys AS k INNER JOIN ({union}) AS e "
            "ON k.occurred_at = e.t AND k.seq = e.seq AND k.sub = e.sub "
            "WHERE k.log = {log:UInt32} AND k.kind = {by:String}"
        ), params

    def _anchors_in(self, ask: Ask, inner: str) -> tuple[str, str]:
        """The anchors that have an event of every other condition within the window; and the order of the list."""
        others = range(1, len(ask.terms))
        flags = ", ".join(f"max(m = {place}) AS m{place}" for place in range(len(ask.terms)))
        frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        nearest = ", ".join(
            f"max(if(m{place}, toNullable(t), NULL)) OVER (PARTITION BY v ORDER BY t, seq, sub {frame}) AS b{place}, "
            f"min(if(m{place}, toNullable(t), NULL)) OVER "
            f"(PARTITION BY v ORDER BY t DESC, seq DESC, sub DESC {frame}) AS a{place}"
            for place in others
        )
        near = " AND ".join(
            f"(ifNull(toInt128(t) - b{place} <= {{window:Int64}}, 0) "
            f"OR ifNull(toInt128(a{place}) - t <= {{window:Int64}}, 0))"
            for place in others
        )
        return (
            f"SELECT {_COLUMNS} FROM (SELECT {_COLUMNS}, m0, {nearest} FROM "  # noqa: S608 - made above
            f"(SELECT {_COLUMNS}, {flags} FROM ({inner}) GROUP BY {_COLUMNS})) WHERE m0 AND {near}"
        ), "DESC" if ask.descending else "ASC"

    def _ask(self, sql: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - rows
        return self._reader.query(sql.replace("{db}", self._reader.database), params | {"log": self._log}).rows


def _lane(ask: Ask, *, anchor: bool) -> tuple[str, dict[str, Any]]:
    """The time in which an event can be an anchor, or within the window of one."""
    where, params = f" AND occurred_at > {UNDATED}", {}
    reach = 0 if anchor else ask.window
    name = "anchor" if anchor else "near"
    if ask.start is not None:
        where += f" AND occurred_at >= {{{name}_start:Int64}}"
        params[f"{name}_start"] = max(ask.start - reach, UNDATED + 1)
    if ask.end is not None:
        where += f" AND occurred_at < {{{name}_end:Int64}}"
        params[f"{name}_end"] = min(ask.end + reach, 2**63 - 1)
    return where, params

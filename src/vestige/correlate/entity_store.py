"""The SQL of entities: lists of them, and what stands in the index under one.

Everything is of one log; values are bound, never written into a statement. ``entities`` and ``relations`` are sums over
blocks, so that what came late has moved the first and last already, and what is read anew is computed in tables of its
own before it is swapped in: they need no other care than to be summed when they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate.store import Key, Spot
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.query import Reader

DAY: Final = 86_400_000_000_000
_NEVER: Final = 2**63 - 1
_PLACES: Final = (
    "FROM {db}.event_keys WHERE log = {log:UInt32} AND kind IN {kinds:Array(String)} "
    "AND value IN {values:Array(String)}"
)
_ONE: Final = "log = {log:UInt32} AND kind = {kind:String} AND value = {value:String}"
_DAY_OF: Final = f"if(occurred_at >= 0, intDiv(occurred_at, {DAY}), -intDiv(-(occurred_at + 1), {DAY}) - 1)"

SORTS: Final = {
    "last": ("max(last_at)", "DESC", "<"),
    "first": ("min(first_at)", "ASC", ">"),
    "count": ("sum(n)", "DESC", "<"),
    "value": ("toInt64(0)", "ASC", ">"),
}
"""What a list may be ordered by: the latest first, the earliest first, the commonest first, by kind and value."""


class Row(NamedTuple):
    """An entity as lists have it. Times are int64 ns; ``None`` if every event of it is undated."""

    key: Key
    first_at: int | None
    last_at: int | None
    events: int


class Peer(NamedTuple):
    """An entity that another met, and in how many events."""

    key: Key
    first_at: int | None
    last_at: int | None
    events: int


class Sift(NamedTuple):
    """Which entities a list is of: of a kind, with a value that begins with or contains a text. Empty: any."""

    kind: str = ""
    prefix: str = ""
    contains: str = ""


class At(NamedTuple):
    """Where a list goes on: beyond the entity of this sort value, kind and value."""

    by: int
    kind: int
    value: str


class EntityStore:
    """Reads one log."""

    def __init__(self, reader: Reader, log: int) -> None:
        self._reader = reader
        self._log = log

    def listed(self, sift: Sift, sort: str, beyond: At | None, limit: int) -> list[tuple[Row, At]]:
        """The first entities of a list, or of what lies beyond one; each with its place in the list."""
        by, order, sign = SORTS[sort]
        where, params = _sifted(sift)
        having = ""
        if beyond is not None:
            having = (
                f"HAVING by {sign} {{by:Int64}} OR (by = {{by:Int64}} AND (number > {{number:Int8}} "
                "OR (number = {number:Int8} AND value > {beyond:String}))) "
            )
            params |= {"by": beyond.by, "number": beyond.kind, "beyond": beyond.value}
        rows = self._ask(
            f"SELECT kind, value, min(first_at), max(last_at), sum(n), toInt64({by}) AS by, toInt8(kind) AS number "  # noqa: S608 - our names
            f"FROM {{db}}.entities WHERE log = {{log:UInt32}}{where} GROUP BY kind, value {having}"
            f"ORDER BY by {order}, number, value LIMIT {int(limit)}",
            params,
        )
        return [(_row(*row[:5]), At(int(row[5]), int(row[6]), row[1])) for row in rows]

    def totals(self, sift: Sift) -> dict[str, int]:
        """How many entities there are of each kind."""
        where, params = _sifted(sift)
        rows = self._ask(
            f"SELECT kind, uniqExact(value) FROM {{db}}.entities WHERE log = {{log:UInt32}}{where} "  # noqa: S608 - our names
            "GROUP BY kind ORDER BY kind",
            params,
        )
        return {kind: int(n) for kind, n in rows}

    def population(self, kinds: Collection[str]) -> dict[str, int]:
        """How many entities there are of some kinds."""
        rows = self._ask(
            "SELECT kind, uniqExact(value) FROM {db}.entities WHERE log = {log:UInt32} "
            "AND kind IN {kinds:Array(String)} GROUP BY kind",
            {"kinds": sorted(kinds)},
        )
        found = {kind: int(n) for kind, n in rows}
        return {kind: found.get(kind, 0) for kind in kinds}

    def rows(self, keys: Collection[Key]) -> dict[Key, Row]:
        """Some entities, those that are there."""
        if not keys:
            return {}
        rows = self._ask(
            "SELECT kind, value, min(first_at), max(last_at), sum(n) FROM {db}.entities WHERE log = {log:UInt32} "
            "AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} GROUP BY kind, value",
            lists(keys),
        )
        found = {row.key: row for row in (_row(*row) for row in rows)}
        return {key: found[key] for key in keys if key in found}

    def ends(self, key: Key) -> tuple[Spot | None, Spot | None, Spot | None]:
        """The first and the last dated event of an entity, and the first undated one."""
        found = []
        for condition, order in ((">", "ASC"), (">", "DESC"), ("=", "ASC")):
            rows = self._ask(
                f"SELECT occurred_at, seq, sub FROM {{db}}.event_keys WHERE {_ONE} "  # noqa: S608 - our names
                f"AND occurred_at {condition} {UNDATED} ORDER BY occurred_at {order}, seq {order}, sub {order} LIMIT 1",
                key._asdict(),
            )
            found.append(Spot(*rows[0]) if rows else None)
        return found[0], found[1], found[2]

    def days(self, key: Key, most: int) -> tuple[list[tuple[int, int]], int, int]:
        """Events per day (days since 1970), the newest days first, at most so many; how many days; undated events."""
        rows = self._ask(
            f"SELECT {_DAY_OF} AS day, count(), count() OVER () FROM {{db}}.event_keys WHERE {_ONE} "  # noqa: S608 - our names
            f"AND occurred_at > {UNDATED} GROUP BY day ORDER BY day DESC LIMIT {int(most)}",
            key._asdict(),
        )
        undated = self._ask(
            f"SELECT count() FROM {{db}}.event_keys WHERE {_ONE} AND occurred_at = {UNDATED}",  # noqa: S608 - our names
            key._asdict(),
        )
        return [(int(day), int(n)) for day, n, _ in rows], int(rows[0][2]) if rows else 0, int(undated[0][0])

    def days_of_all(self) -> int:
        """On how many days anything happened."""
        rows = self._ask(
            "SELECT uniqExact(if(hour >= 0, intDiv(hour, 24), -intDiv(-(hour + 1), 24) - 1)) FROM {db}.hour_source "  # noqa: S608 - our names
            f"WHERE log = {{log:UInt32}} AND hour != {-(2**31)}",
            {},
        )
        return int(rows[0][0])

    def facets(self, key: Key) -> dict[tuple[str, str, str], int]:
        """How many of an entity's events have each source, type and outcome together."""
        rows = self._ask(
            "SELECT source, event_type, outcome, count() FROM {db}.events WHERE log = {log:UInt32} "  # noqa: S608 - our names
            f"AND occurred_at IN (SELECT occurred_at {_PLACES}) "
            f"AND (occurred_at, seq, sub) IN (SELECT occurred_at, seq, sub {_PLACES}) "
            "GROUP BY source, event_type, outcome",
            lists([key]),
        )
        return {(source, kind, outcome): int(n) for source, kind, outcome, n in rows}

    def spots(self, key: Key, most: int) -> list[Spot]:
        """The places of an entity's events, the oldest first, undated ones before them; at most so many."""
        rows = self._ask(
            f"SELECT occurred_at, seq, sub FROM {{db}}.event_keys WHERE {_ONE} "  # noqa: S608 - our names
            f"ORDER BY occurred_at, seq, sub LIMIT {int(most)}",
            key._asdict(),
        )
        return [Spot(*row) for row in rows]

    def peers(self, keys: Collection[Key], most: int) -> dict[Key, list[Peer]]:
        """Whom each of some entities met, per kind of peer the ``most`` commonest; in order of kind, then commonest."""
        found: dict[Key, list[Peer]] = {key: [] for key in keys}
        if not keys:
            return found
        rows = self._ask(
            "SELECT kind, value, peer_kind, peer, min(first_at), max(last_at), sum(n) AS met FROM {db}.relations "  # noqa: S608 - our names
            "WHERE log = {log:UInt32} AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
            f"GROUP BY kind, value, peer_kind, peer ORDER BY kind, value, peer_kind, met DESC, peer LIMIT {int(most)} "
            "BY kind, value, peer_kind",
            lists(keys),
        )
        for kind, value, peer_kind, peer, first, last, met in rows:
            if Key(kind, value) in found:
                found[Key(kind, value)].append(Peer(*_row(peer_kind, peer, first, last, met)))
        return found

    def peer_counts(self, keys: Collection[Key]) -> dict[Key, dict[str, int]]:
        """How many distinct peers of each kind each of some entities met."""
        found: dict[Key, dict[str, int]] = {key: {} for key in keys}
        if not keys:
            return found
        rows = self._ask(
            "SELECT kind, value, peer_kind, uniqExact(peer) FROM {db}.relations WHERE log = {log:UInt32} "
            "AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} GROUP BY kind, value, peer_kind",
            lists(keys),
        )
        for kind, value, peer_kind, n in rows:
            if Key(kind, value) in found:
                found[Key(kind, value)][peer_kind] = int(n)
        return found

    def among(self, keys: Collection[Key]) -> dict[tuple[Key, Key], Peer]:
        """The relations between every two of some entities, each once: the lesser key first."""
        if not keys:
            return {}
        rows = self._ask(
            "SELECT kind, value, peer_kind, peer, min(first_at), max(last_at), sum(n) FROM {db}.relations "
            "WHERE log = {log:UInt32} AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
            "AND peer_kind IN {kinds:Array(String)} AND peer IN {values:Array(String)} "
            "GROUP BY kind, value, peer_kind, peer",
            lists(keys),
        )
        wanted = set(keys)
        pairs = {
            (Key(kind, value), Key(peer_kind, peer)): Peer(*_row(peer_kind, peer, *more))
            for kind, value, peer_kind, peer, *more in rows
        }
        return {(a, b): peer for (a, b), peer in pairs.items() if a < b and a in wanted and b in wanted}

    def listed_at(self, keys: Collection[Key], times: Collection[int]) -> dict[Key, set[Spot]]:
        """Which of some entities' events stand at some instants."""
        found: dict[Key, set[Spot]] = {key: set() for key in keys}
        if not keys or not times:
            return found
        rows = self._ask(
            "SELECT kind, value, occurred_at, seq, sub FROM {db}.event_keys WHERE log = {log:UInt32} "
            "AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
            "AND occurred_at IN {times:Array(Int64)}",
            lists(keys) | {"times": sorted(set(times))},
        )
        for kind, value, *spot in rows:
            if Key(kind, value) in found:
                found[Key(kind, value)].add(Spot(*spot))
        return found

    def undated_of_both(self, one: Key, other: Key) -> Spot | None:
        """An undated event that has both of two keys."""
        rows = self._ask(
            f"SELECT occurred_at, seq, sub FROM {{db}}.event_keys WHERE {_ONE} AND occurred_at = {UNDATED} "  # noqa: S608 - our names
            "AND (seq, sub) IN (SELECT seq, sub FROM {db}.event_keys WHERE log = {log:UInt32} "
            f"AND kind = {{kind2:String}} AND value = {{value2:String}} AND occurred_at = {UNDATED}) "
            "ORDER BY seq, sub LIMIT 1",
            one._asdict() | {"kind2": other.kind, "value2": other.value},
        )
        return Spot(*rows[0]) if rows else None

    def said(
        self, keys: Collection[Key], columns: Collection[tuple[str, str]], most: int
    ) -> list[tuple[str, str, str, int, int, int, Spot]]:
        """What the events of some entities state in pairs of columns, as it is written.

        Returns:
            Both texts (either may be empty, not both), the source, events, first and last time
            (2**63 - 1 and ``UNDATED`` if none is dated), and the first event that states it, dated before undated;
            at most ``most`` rows.
        """
        if not keys:
            return []
        pairs = ", ".join(f"({one}, {other})" for one, other in columns)
        rows = self._ask(
            "SELECT pair.1 AS a, pair.2 AS b, source, count(), "  # noqa: S608 - our names
            f"min(if(occurred_at = {UNDATED}, {_NEVER}, occurred_at)), max(occurred_at), "
            f"argMin((occurred_at, seq, sub), (occurred_at = {UNDATED}, occurred_at, seq, sub)) "
            f"FROM (SELECT occurred_at, seq, sub, source, arrayJoin(arrayDistinct([{pairs}])) AS pair "
            "FROM {db}.events "
            f"WHERE log = {{log:UInt32}} AND occurred_at IN (SELECT occurred_at {_PLACES}) "
            f"AND (occurred_at, seq, sub) IN (SELECT occurred_at, seq, sub {_PLACES})) "
            f"WHERE a != '' OR b != '' GROUP BY a, b, source ORDER BY a, b, source LIMIT {int(most)}",
            lists(keys),
        )
        return [(a, b, source, int(n), int(f), int(u), Spot(*spot)) for a, b, source, n, f, u, spot in rows]

    def _ask(self, sql: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - rows
        return self._reader.query(sql.replace("{db}", self._reader.database), params | {"log": self._log}).rows


def lists(keys: Collection[Key]) -> dict[str, list[str]]:
    """The placeholders of some keys; what their product finds beyond them is left out by whoever asks."""
    return {"kinds": sorted({key.kind for key in keys}), "values": sorted({key.value for key in keys})}


def dated(first: int, last: int) -> tuple[int | None, int | None]:
    """First and last time, or neither where no event is dated."""
    return (None, None) if last == UNDATED else (first, last)


def _row(kind: str, value: str, first: int, last: int, n: int) -> Row:
    return Row(Key(kind, value), *dated(int(first), int(last)), int(n))


def _sifted(sift: Sift) -> tuple[str, dict[str, Any]]:
    """Conditions in which the case of letters does not matter: folded as identities are stored, or to small ones."""
    where, params = "", {}
    if sift.kind:
        where += " AND kind = {kind:String}"
        params["kind"] = sift.kind
    for name, test in (("prefix", "startsWith({}, {})"), ("contains", "position({}, {}) > 0")):
        text = getattr(sift, name)
        if text:
            folded = test.format("value", f"{{{name}_folded:String}}")
            small = test.format("lowerUTF8(value)", f"lowerUTF8({{{name}:String}})")
            where += f" AND ({folded} OR {small})"
            params |= {name: text, f"{name}_folded": text.casefold()}
    return where, params

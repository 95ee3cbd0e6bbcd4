"""The SQL of chains: how often keys occur and which events have them, and when two entities first met.

Everything is of one log; values are bound, never written into a statement. Lists of values prune by the tables' own
order (kind, value); what the lists' product finds beyond the pairs asked for is left out here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.event import KeyKind
from vestige.model.instant import UNDATED
from vestige.query import FIELDS, FLAT, KIND_NUMBER, PACKED, items, normal, scattered, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vestige.query import Reader


class Key(NamedTuple):
    """A correlation key."""

    kind: str
    value: str


class Spot(NamedTuple):
    """Where an event stands: its time (int64 ns), entry and place within the entry."""

    occurred_at: int
    seq: int
    sub: int


class Brief(NamedTuple):
    """What a chain looks at of an event."""

    spot: Spot
    source: str
    category: str
    event_type: str
    outcome: str
    keys: tuple[Key, ...]
    packed: str
    """The short fields of its row, as the index keeps them, so that whoever shows it need not read them again."""


class Occurrences(NamedTuple):
    """Of the events that have a key within a span: how many there are, and the places of the nearest."""

    total: int
    nearest: list[Spot]


KEYS_AT_ONCE: Final = 500
"""Keys that are asked for together, which bounds what the engine sorts."""
PARTIES: Final = (KeyKind.IDENTITY, KeyKind.IP, KeyKind.HOST, KeyKind.DEVICE)
"""Kinds whose first meeting tells the usual from the new."""
_FLAT: Final = tuple((str(kind), FIELDS.index(column)) for column, kind in FLAT)
_SOURCE, _CATEGORY, _TYPE, _OUTCOME = map(FIELDS.index, ("source", "category", "event_type", "outcome"))
_KEY_KINDS, _KEY_VALUES = FIELDS.index("key_kinds"), FIELDS.index("key_values")
_KINDS: Final = {number: str(kind) for kind, number in KIND_NUMBER.items()}


@lru_cache(maxsize=1 << 14)
def _key(kind: str, value: str) -> Key:
    """A key as it is listed under in the index. The same few keys stand in most events of a chain."""
    return Key(kind, normal(kind, value))


class Store:
    """Reads one log."""

    def __init__(self, reader: Reader, log: int) -> None:
        self._reader = reader
        self._log = log

    def counts(self, keys: Collection[Key], start: int, end: int) -> dict[Key, int]:
        """How many events of a span (both ends included) each key has."""
        if not keys:
            return {}
        rows = self._ask(
            "SELECT kind, value, count() FROM {db}.event_keys WHERE log = {log:UInt32} "
            "AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
            "AND occurred_at >= {start:Int64} AND occurred_at <= {end:Int64} GROUP BY kind, value",
            _lists(keys) | {"start": start, "end": end},
        )
        found = {Key(kind, value): int(n) for kind, value, n in rows}
        return {key: found.get(key, 0) for key in keys}

    def occurrences(
        self, keys: Collection[Key], start: int, end: int, around: int, common: int, most: int
    ) -> dict[Key, Occurrences]:
        """How many events of a span (both ends included) each key has, and those nearest in time to an instant.

        Args:
            keys: Any number.
            start: Nanoseconds.
            end: Nanoseconds.
            around: Nanoseconds.
            common: Of a key of more events none are told, only how many.
            most: Events told of a key.
        """
        found = dict.fromkeys(keys, Occurrences(0, []))
        asked = list(keys)
        for begin in range(0, len(asked), KEYS_AT_ONCE):
            # Counted and found in one pass: both read the same blocks. What is sorted is at most ``common`` of a key.
            rows = self._ask(
                "SELECT kind, value, count() AS n, if(n > {common:UInt32}, [], arraySlice(arraySort("  # noqa: S608 - int
                f"groupArray({int(common)})((abs(occurred_at - {{around:Int64}}), seq, sub, occurred_at))), "
                "1, {most:UInt32})) FROM {db}.event_keys WHERE log = {log:UInt32} "
                "AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
                "AND occurred_at >= {start:Int64} AND occurred_at <= {end:Int64} GROUP BY kind, value",
                _lists(asked[begin : begin + KEYS_AT_ONCE])
                | {"start": start, "end": end, "around": around, "common": common, "most": most},
            )
            for kind, value, total, nearest in rows:
                if (key := Key(kind, value)) in found:
                    found[key] = Occurrences(int(total), [Spot(at, seq, sub) for _, seq, sub, at in nearest])
        return found

    def briefs(self, spots: Iterable[Spot]) -> dict[Spot, Brief]:
        """The events at these places, as far as chains look at them."""
        wanted = set(spots)
        if not wanted:
            return {}
        rows = self._ask(
            f"SELECT occurred_at, seq, sub, {PACKED} FROM {{db}}.events "  # noqa: S608 - our own names
            "WHERE log = {log:UInt32} AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)} "
            # In order, they come in one block; as they are found, in one for each few.
            "ORDER BY occurred_at, seq, sub SETTINGS optimize_read_in_order = 0",
            {"times": sorted({spot.occurred_at for spot in wanted}), "seqs": sorted({spot.seq for spot in wanted})},
            scattered(len(wanted), ""),
        )
        found = {}
        for at, seq, sub, packed in rows:
            spot = Spot(at, seq, sub)
            if spot in wanted:
                fields = unpack(packed)
                own = [_key(kind, fields[place]) for kind, place in _FLAT if fields[place]]
                kinds, values = items(fields[_KEY_KINDS]), items(fields[_KEY_VALUES])
                own += [_key(_KINDS[int(number)], value) for number, value in zip(kinds, values, strict=True)]
                keys = tuple(key for key in dict.fromkeys(own) if key.value)
                found[spot] = Brief(
                    spot, fields[_SOURCE], fields[_CATEGORY], fields[_TYPE], fields[_OUTCOME], keys, packed
                )
        return found

    def first_met(self, pairs: Collection[tuple[Key, Key]]) -> dict[tuple[Key, Key], int]:
        """When two parties first stood in one event, in all of the log; undated meetings do not count."""
        if not pairs:
            return {}
        columns = {
            "kinds": [one.kind for one, _ in pairs],
            "values": [one.value for one, _ in pairs],
            "peer_kinds": [other.kind for _, other in pairs],
            "peers": [other.value for _, other in pairs],
        }
        rows = self._ask(
            "SELECT kind, value, peer_kind, peer, min(first_at) FROM {db}.relations WHERE log = {log:UInt32} "
            "AND (kind, value, peer_kind, peer) IN (SELECT arrayJoin(arrayZip({kinds:Array(String)}, "
            "{values:Array(String)}, {peer_kinds:Array(String)}, {peers:Array(String)}))) "
            "GROUP BY kind, value, peer_kind, peer",
            columns,
        )
        return {(_key(a, b), _key(c, d)): int(first) for a, b, c, d, first in rows if first != UNDATED}

    def _ask(self, sql: str, params: dict[str, Any], settings: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - rows
        return self._reader.query(
            sql.replace("{db}", self._reader.database), params | {"log": self._log}, settings
        ).rows


def _lists(keys: Collection[Key]) -> dict[str, list[str]]:
    return {"kinds": sorted({key.kind for key in keys}), "values": sorted({key.value for key in keys})}

"""What a rebuild changes in ``events``, field by field, asked of the engine before the rebuilt rows take their place.

An event is a pure function of its record and of the parser's version (ledger.md section 2), so a newer parser may
give other rows, and whoever rebuilds must see which. Live and rebuilt rows are joined on (seq, sub).

Memory is bounded whatever the size of the log and of its texts: stretches of :data:`STRETCH` entries whose rows add up
to the same digest are passed over, the others are joined by about :data:`ROWS` rows at a time, and on hashes of the
fields; only the values of the few rows shown are read, and cut to :data:`SHOWN` characters. Rows are sorted by time,
not by entry, so each join may read the whole log: that is why it takes as many rows as it can hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.index.schema import EVENTS, PACKED
from vestige.model.instant import UNDATED, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vestige.index.engine import Engine

STRETCH: Final = 10_000
ROWS: Final = 200_000
"""Rows joined at a time: some 400 bytes each on either side."""
EXAMPLES: Final = 3
"""Rows shown of each kind of change."""
SHOWN: Final = 200

FIELDS: Final = tuple(name for name in EVENTS.names if name not in {"log", "seq", "sub", "generation", PACKED})
_INSTANTS: Final = frozenset({"occurred_at", "observed_at", "received_at"})
# What may have happened to a row, by number: the first three, then a change of each field.
_ADDED, _REMOVED, _CHANGED, _FIRST_FIELD = 1, 2, 3, 4

Place = tuple[int, int]
"""(seq, sub) of a row."""


class Example(NamedTuple):
    """One field of one event before and after. Times as RFC 3339, empty where there was none."""

    id: str
    before: str
    after: str


class FieldChange(NamedTuple):
    """In how many rows a field changed, and the first of them."""

    rows: int
    examples: list[Example]


class Differences(NamedTuple):
    """Numbers of rows, and what changed by field, the most changed first."""

    changed: int
    """Rows that are there before and after, and differ in at least one field."""
    added: int
    removed: int
    doubled: int
    """Rows the index held again besides once: damage, not a change of meaning."""
    fields: dict[str, FieldChange]
    added_ids: list[str]
    """Ids of the first events that are new."""
    removed_ids: list[str]


def differences(engine: Engine, log: int, check: Callable[[], None]) -> Differences:
    """Compare a log's live events with those in its shadow.

    Args:
        engine: the engine.
        log: the log's number; its shadow must be filled.
        check: called before each join; may raise to give up.

    Raises:
        IndexStoreError: the engine failed.
    """
    counts: dict[int, int] = {}
    places: dict[int, list[Place]] = {}
    doubled = 0
    for lo, hi in _differing(engine, log):
        check()
        doubled += _doubled(engine, log, lo, hi)
        for what, rows, first in _compare(engine, log, lo, hi):
            counts[what] = counts.get(what, 0) + rows
            seen = places.setdefault(what, [])
            seen += first[: EXAMPLES - len(seen)]
    wanted = {place for found in places.values() for place in found}
    before = _values(engine, log, wanted, shadow=False)
    after = _values(engine, log, wanted, shadow=True)
    fields: dict[str, FieldChange] = {}
    for what in sorted((what for what in counts if what >= _FIRST_FIELD), key=lambda what: (-counts[what], what)):
        name = FIELDS[what - _FIRST_FIELD]
        examples = [Example(_id(after, at), before[at][name], after[at][name]) for at in places[what]]
        fields[name] = FieldChange(counts[what], examples)
    return Differences(
        changed=counts.get(_CHANGED, 0),
        added=counts.get(_ADDED, 0),
        removed=counts.get(_REMOVED, 0),
        doubled=doubled,
        fields=fields,
        added_ids=[_id(after, at) for at in places.get(_ADDED, [])],
        removed_ids=[_id(before, at) for at in places.get(_REMOVED, [])],
    )


def _differing(engine: Engine, log: int) -> list[tuple[int, int]]:
    """Ranges of entries whose rows are not the same on both sides, each to be joined at once."""
    columns = ", ".join(("seq", "sub", *FIELDS))
    sides = " UNION ALL ".join(
        f"SELECT intDiv(seq, {STRETCH}) AS stretch, sum(reinterpretAsUInt128(sipHash128({columns}))) AS digest, "  # noqa: S608 - our own names
        f"count() AS n FROM {EVENTS.place(engine.database, shadow=shadow)} WHERE log = {{log:UInt32}} GROUP BY stretch"
        for shadow in (False, True)
    )
    sql = (
        f"SELECT stretch, max(n) FROM ({sides}) GROUP BY stretch "  # noqa: S608 - as above
        "HAVING count() = 1 OR min(digest) != max(digest) ORDER BY stretch"
    )
    ranges: list[tuple[int, int]] = []
    held = 0
    for stretch, rows in engine.query(sql, {"log": log}).rows:
        lo, hi = int(stretch) * STRETCH, (int(stretch) + 1) * STRETCH
        if ranges and ranges[-1][1] == lo and held + rows <= ROWS:
            ranges[-1] = (ranges[-1][0], hi)
            held += rows
        else:
            ranges.append((lo, hi))
            held = rows
    return ranges


def _doubled(engine: Engine, log: int, lo: int, hi: int) -> int:
    sql = (
        f"SELECT count() - uniqExact(seq, sub) FROM {EVENTS.place(engine.database)} "  # noqa: S608 - our own name
        "WHERE log = {log:UInt32} AND seq >= {lo:UInt64} AND seq < {hi:UInt64}"
    )
    return int(engine.query(sql, {"log": log, "lo": lo, "hi": hi}).rows[0][0])


def _compare(engine: Engine, log: int, lo: int, hi: int) -> list[tuple[int, int, list[Place]]]:
    """What happened to the rows of a stretch: (what, in how many rows, where first)."""
    hashes = ", ".join(f"sipHash64({name})" for name in FIELDS)
    before, after = (
        f"(SELECT seq, sub, 1 AS here, [{hashes}] AS hashes FROM {EVENTS.place(engine.database, shadow=shadow)} "  # noqa: S608 - our own names
        "WHERE log = {log:UInt32} AND seq >= {lo:UInt64} AND seq < {hi:UInt64} LIMIT 1 BY seq, sub)"
        for shadow in (False, True)
    )
    # A row of one side only has an empty list on the other: both are brought to one length before they are compared.
    changed = (
        f"arrayFilter((what, a, b) -> a != b, range({_FIRST_FIELD}, {_FIRST_FIELD + len(FIELDS)}), "
        f"arrayResize(l.hashes, {len(FIELDS)}), arrayResize(r.hashes, {len(FIELDS)}))"
    )
    sql = (
        f"SELECT what, count(), groupArraySorted({EXAMPLES})((seq, sub)) FROM ("  # noqa: S608 - as above
        f"SELECT seq, sub, multiIf(l.here = 0, [{_ADDED}], r.here = 0, [{_REMOVED}], l.hashes = r.hashes, [], "
        f"arrayConcat([{_CHANGED}], {changed})) AS whats "
        f"FROM {before} AS l FULL OUTER JOIN {after} AS r USING (seq, sub)) ARRAY JOIN whats AS what GROUP BY what"
    )
    rows = engine.query(sql, {"log": log, "lo": lo, "hi": hi}, {"join_use_nulls": 0}).rows
    return [(int(what), int(count), [(int(seq), int(sub)) for seq, sub in first]) for what, count, first in rows]


def _values(engine: Engine, log: int, places: Iterable[Place], *, shadow: bool) -> dict[Place, dict[str, str]]:
    """All fields of some rows as texts, cut."""
    wanted = ", ".join(f"({int(seq)}, {int(sub)})" for seq, sub in sorted(places))
    if not wanted:
        return {}
    texts = ", ".join(f"substringUTF8(toString({name}), 1, {SHOWN})" for name in FIELDS)
    sql = (
        f"SELECT seq, sub, {texts} FROM {EVENTS.place(engine.database, shadow=shadow)} "  # noqa: S608 - our own names, numbers
        f"WHERE log = {{log:UInt32}} AND (seq, sub) IN ({wanted})"
    )
    rows = engine.query(sql, {"log": log}).rows
    return {
        (int(seq), int(sub)): {name: _text(name, value) for name, value in zip(FIELDS, values, strict=True)}
        for seq, sub, *values in rows
    }


def _text(name: str, value: str) -> str:
    if name not in _INSTANTS:
        return value
    return "" if int(value) == UNDATED else to_text(int(value))


def _id(rows: dict[Place, dict[str, str]], at: Place) -> str:
    """The event's id: its entry's, and its place within it if that is not the first."""
    return rows[at]["id"] + (f".{at[1]}" if at[1] else "")

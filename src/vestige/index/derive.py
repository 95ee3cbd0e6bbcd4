"""The derived rows of a block, aggregated once in numpy before anything is inserted.

The meaning is that of :mod:`vestige.index.keys` (and the tests say it again, slowly); here it is
computed by column. Every distinct key of the block gets a rank, its place in the order of (kind, value), and
everything after that is arithmetic on ranks: one sort of ``rank * rows + place in time`` yields the rows of
``event_keys`` in the table's own order, without doubles, with each entity's rows side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vestige.index.keys import DAILY, FLAT, MAX_RELATED_EXTRAS, RELATED, normal
from vestige.index.parts import text_array
from vestige.index.schema import (
    COUNTED,
    DAY,
    HOUR,
    KIND_NUMBER,
    KINDS,
    MINUTE,
    NEVER_FIRST,
    NO_BUCKET,
    OWN_CATEGORY,
    STATUS_SKIPPED,
)
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.index.columns import Columns

Ints = np.ndarray[Any, np.dtype[np.int64]]

_DAILY_NUMBERS = np.array([KIND_NUMBER[kind] for kind in DAILY], np.int8)


class Derived(NamedTuple):
    """The rows a block adds to each derived table; an empty table is not inserted."""

    places: pa.Table
    event_keys: pa.Table
    entities: pa.Table
    entity_day: pa.Table
    relations: pa.Table
    hour_source: pa.Table
    hour_type: pa.Table
    field_values: pa.Table
    minute_source: pa.Table


class _Slots(NamedTuple):
    """The keys of the rows, by rank; -1 where a row has none. ``order`` maps place in time to row."""

    kinds: np.ndarray[Any, np.dtype[np.int8]]
    values: pa.Array
    flat: dict[str, Ints]
    extra_rows: Ints
    extra_ranks: Ints
    order: Ints


class _Times(NamedTuple):
    """The block's rows in order of (occurred_at, seq, sub)."""

    occurred: Ints
    seqs: np.ndarray[Any, np.dtype[np.uint64]]
    subs: np.ndarray[Any, np.dtype[np.uint16]]


def derive(columns: Columns) -> Derived:
    """Compute the rows of every derived table for one block."""
    log = columns.block.log
    places = {
        "log": pa.repeat(pa.scalar(log, pa.uint32()), len(columns.seqs)),
        "seq": pa.array(columns.seqs),
        "sub": pa.array(columns.subs),
        "occurred_at": pa.array(columns.occurred),
    }
    counted = _counted(columns)
    slots = _slots(columns, counted)
    times = _Times(columns.occurred[slots.order], columns.seqs[slots.order], columns.subs[slots.order])
    event_keys, entities, entity_day = _keys(log, columns, slots, times)
    return Derived(
        pa.table(places),
        event_keys,
        entities,
        entity_day,
        _relations(log, slots, times),
        _hour_source(log, columns, counted),
        _hour_type(log, columns, counted),
        _field_values(log, columns, counted),
        _minute_source(log, columns, counted),
    )


def _counted(columns: Columns) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows count: not our own acts, not skipped records."""
    status = columns.arrays["status"].to_numpy()
    category = columns.arrays["category"]
    own = np.array([name == OWN_CATEGORY for name in category.dictionary.to_pylist()], np.bool_)
    return np.asarray((status != STATUS_SKIPPED) & ~own[category.indices.to_numpy()], np.bool_)


def _slots(columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]]) -> _Slots:
    known: dict[int, dict[str, int]] = {number: {} for number in KIND_NUMBER.values()}
    numbers: dict[str, Ints] = {}
    for field, kind in FLAT:
        array = columns.arrays.get(field)
        if array is None:
            continue
        coded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
        ids = _number(known[KIND_NUMBER[kind]], kind, coded.dictionary.to_pylist())
        number = np.array(ids, np.int64)[coded.indices.to_numpy()]
        number[~counted] = -1
        numbers[field] = number
    extra_rows, extra_kinds, extra_numbers = _extras(columns, counted, known)
    # A block read from a file is mostly in order of time already, which a stable sort uses.
    order = np.argsort(columns.occurred, kind="stable")
    kinds: list[int] = []
    values: list[str] = []
    rank_of: dict[int, Ints] = {}
    for kind_number, table in known.items():
        ordered = sorted(table)
        ranks = np.full(len(table) + 1, -1, np.int64)
        ranks[[table[value] for value in ordered]] = np.arange(len(values), len(values) + len(ordered))
        rank_of[kind_number] = ranks
        kinds += [kind_number] * len(ordered)
        values += ordered
    return _Slots(
        np.array(kinds, np.int8),
        text_array(values),
        {field: rank_of[KIND_NUMBER[kind]][numbers[field]] for field, kind in FLAT if field in numbers},
        extra_rows,
        np.array([rank_of[kind][number] for kind, number in zip(extra_kinds, extra_numbers, strict=True)], np.int64),
        order,
    )


def _number(table: dict[str, int], kind: str, values: list[str]) -> list[int]:
    """A number for each value within its kind, -1 for what can be no key."""
    normals = [normal(kind, value) for value in values]
    return [table.setdefault(value, len(table)) if value else -1 for value in normals]


def _extras(
    columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]], known: dict[int, dict[str, int]]
) -> tuple[Ints, Ints, Ints]:
    """The events' own keys in order of rows: row, kind, and number within the kind."""
    lists = columns.arrays.get("key_kinds")
    if lists is None:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.repeat(np.arange(len(lists)), np.diff(lists.offsets.to_numpy()))
    kinds = lists.flatten().to_numpy().astype(np.int64)
    values = columns.arrays["key_values"].flatten()
    numbers = np.full(len(kinds), -1, np.int64)
    for kind in np.unique(kinds).tolist():
        places = np.flatnonzero((kinds == kind) & counted[rows])
        numbers[places] = _number(known[kind], KINDS[kind], values.take(pa.array(places)).to_pylist())
    valid = numbers >= 0
    return rows[valid], kinds[valid], numbers[valid]


def _keys(log: int, columns: Columns, slots: _Slots, times: _Times) -> tuple[pa.Table, pa.Table, pa.Table]:
    rows = len(times.occurred)
    place = np.empty(rows, np.int64)
    place[slots.order] = np.arange(rows)
    parts = [(ranks * rows + place)[ranks >= 0] for ranks in slots.flat.values()]
    parts.append(slots.extra_ranks * rows + place[slots.extra_rows])
    packed = _distinct(np.concatenate(parts))
    ranks, at = np.divmod(packed, max(rows, 1))
    occurred = times.occurred[at]
    types = columns.arrays["event_type"]
    event_keys = pa.table(
        {
            "log": _same(log, len(packed)),
            "kind": pa.array(slots.kinds[ranks]),
            "value": slots.values.take(pa.array(ranks)),
            "occurred_at": pa.array(occurred),
            "seq": pa.array(times.seqs[at]),
            "sub": pa.array(times.subs[at]),
            "event_type": pa.DictionaryArray.from_arrays(
                pa.array(types.indices.to_numpy()[slots.order][at].astype(np.int32)), types.dictionary
            ),
        }
    )
    starts = _starts(ranks)
    first, last = _span(occurred, starts)
    entities = pa.table(
        {
            "log": _same(log, len(starts)),
            "kind": pa.array(slots.kinds[ranks[starts]]),
            "value": slots.values.take(pa.array(ranks[starts])),
            "first_at": pa.array(first),
            "last_at": pa.array(last),
            "n": pa.array(_lengths(starts, len(ranks))),
        }
    )
    return event_keys, entities, _daily(log, slots, ranks, occurred)


def _daily(log: int, slots: _Slots, ranks: Ints, occurred: Ints) -> pa.Table:
    daily = np.isin(slots.kinds[ranks], _DAILY_NUMBERS)
    ranks, day = ranks[daily], _bucket(occurred[daily], DAY)
    starts = _starts(ranks, day)
    return pa.table(
        {
            "log": _same(log, len(starts)),
            "kind": pa.array(slots.kinds[ranks[starts]]),
            "day": pa.array(day[starts].astype(np.int32)),
            "value": slots.values.take(pa.array(ranks[starts])),
            "n": pa.array(_lengths(starts, len(ranks))),
        }
    )


def _relations(log: int, slots: _Slots, times: _Times) -> pa.Table:
    rows, entities = len(times.occurred), len(slots.kinds)
    # rows * entities**2 must fit 63 bits: a block would need half a million rows of all-distinct keys to get there.
    pairs = [_pair(a, b, entities) * rows + np.arange(rows) for a, b in _meetings(slots)]
    valid = [part[part >= 0] for part in pairs]
    packed = _distinct(np.concatenate(valid)) if valid else np.empty(0, np.int64)
    pair, at = np.divmod(packed, max(rows, 1))
    starts = _starts(pair)
    first, last = _span(times.occurred[at], starts)
    count = _lengths(starts, len(pair))
    low, high = np.divmod(pair[starts], max(entities, 1))
    one, other = np.concatenate([low, high]), np.concatenate([high, low])
    return pa.table(
        {
            "log": _same(log, len(one)),
            "kind": pa.array(slots.kinds[one]),
            "value": slots.values.take(pa.array(one)),
            "peer_kind": pa.array(slots.kinds[other]),
            "peer": slots.values.take(pa.array(other)),
            "first_at": pa.array(np.concatenate([first, first])),
            "last_at": pa.array(np.concatenate([last, last])),
            "n": pa.array(np.concatenate([count, count])),
        }
    )


def _meetings(slots: _Slots) -> Iterable[tuple[Ints, Ints]]:
    """Every two parties of :func:`vestige.index.keys.related_of`, as columns of ranks in order of time."""
    flat = {field: ranks[slots.order] for field, ranks in slots.flat.items()}
    nobody = np.full(len(slots.order), -1, np.int64)
    identity, name = flat.get("actor_id", nobody), flat.get("actor_name", nobody)
    parties = [np.where(identity >= 0, identity, name)]
    parties += [flat[field] for field in ("src_ip", "dst_ip", "host", "device_id") if field in flat]
    parties += _extra_parties(slots)
    yield identity, name
    for place, party in enumerate(parties):
        for other in parties[place + 1 :]:
            yield party, other


def _extra_parties(slots: _Slots) -> list[Ints]:
    related = np.isin(slots.kinds[slots.extra_ranks], [KIND_NUMBER[kind] for kind in RELATED])
    rows, ranks = slots.extra_rows[related], slots.extra_ranks[related]
    if not len(rows):
        return []
    starts = _starts(rows)
    nth = np.arange(len(rows)) - np.repeat(starts, _lengths(starts, len(rows)).astype(np.int64))
    place = np.empty(len(slots.order), np.int64)
    place[slots.order] = np.arange(len(slots.order))
    parties = []
    for number in range(min(int(nth.max()) + 1, MAX_RELATED_EXTRAS)):
        party = np.full(len(slots.order), -1, np.int64)
        party[place[rows[nth == number]]] = ranks[nth == number]
        parties.append(party)
    return parties


def _pair(a: Ints, b: Ints, entities: int) -> Ints:
    """One number for an unordered pair of ranks; far below zero where there is no pair."""
    packed = np.minimum(a, b) * entities + np.maximum(a, b)
    return np.where((a >= 0) & (b >= 0) & (a != b), packed, -1)


def _hour_source(log: int, columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    source = columns.arrays["source"]
    severity = columns.arrays["severity"].to_numpy()[counted].astype(np.int64)
    hour = _bucket(columns.occurred[counted], HOUR)
    rows, count = _grouped(hour, source.indices.to_numpy()[counted].astype(np.int64), severity)
    return pa.table(
        {
            "log": _same(log, len(rows)),
            "hour": pa.array(hour[rows].astype(np.int32)),
            "source": pa.DictionaryArray.from_arrays(
                pa.array(source.indices.to_numpy()[counted][rows].astype(np.int32)), source.dictionary
            ),
            "severity": pa.array(severity[rows].astype(np.uint8)),
            "n": pa.array(count),
        }
    )


def _minute_source(log: int, columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    source = columns.arrays["source"]
    codes = source.indices.to_numpy()[counted]
    minute = _bucket(columns.occurred[counted], MINUTE)
    rows, count = _grouped(minute, codes.astype(np.int64))
    return pa.table(
        {
            "log": _same(log, len(rows)),
            "minute": pa.array(minute[rows].astype(np.int32)),
            "source": pa.DictionaryArray.from_arrays(pa.array(codes[rows].astype(np.int32)), source.dictionary),
            "n": pa.array(count),
        }
    )


def _hour_type(log: int, columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    hour = _bucket(columns.occurred[counted], HOUR)
    coded = {}
    for name in ("event_type", "category", "outcome"):
        array = columns.arrays.get(name)
        if array is not None:
            coded[name] = (array.indices.to_numpy()[counted].astype(np.int64), array.dictionary)
    rows, count = _grouped(hour, *(codes for codes, _ in coded.values()))
    texts = {
        name: pa.DictionaryArray.from_arrays(pa.array(codes[rows].astype(np.int32)), names)
        for name, (codes, names) in coded.items()
    }
    return pa.table(
        {
            "log": _same(log, len(rows)),
            "hour": pa.array(hour[rows].astype(np.int32)),
            **texts,
            "n": pa.array(count),
        }
    )


def _field_values(log: int, columns: Columns, counted: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    fields: list[str] = []
    values: list[str] = []
    counts: list[int] = []
    for field, names in COUNTED.items():
        total: dict[str, int] = {}
        numbers: dict[str, int] = {}
        before: Ints | None = None
        for name in names:
            array = columns.arrays.get(name)
            if array is None:
                continue
            coded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
            codes = coded.indices.to_numpy()[counted]
            words = coded.dictionary.to_pylist()
            folded = pc.utf8_lower(coded.dictionary).to_pylist()
            number = np.array([numbers.setdefault(word, len(numbers)) for word in folded], np.int64)[codes]
            new = codes if before is None else codes[number != before]
            before = number
            for word, count in zip(words, np.bincount(new, minlength=len(words)).tolist(), strict=True):
                if word and count:
                    total[word] = total.get(word, 0) + count
        fields += [field] * len(total)
        values += total
        counts += total.values()
    return pa.table(
        {
            "log": _same(log, len(values)),
            "field": pa.array(fields, pa.string()).dictionary_encode(),
            "value": pa.array(values, pa.string()),
            "n": pa.array(counts, pa.uint64()),
        }
    )


def _grouped(*columns: Ints) -> tuple[Ints, np.ndarray[Any, np.dtype[np.uint64]]]:
    """A row of each distinct combination, and how many rows share it."""
    packed = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        low = column.min() if len(column) else 0
        packed = packed * (int(column.max() - low) + 1 if len(column) else 1) + (column - low)
    _, rows, count = np.unique(packed, return_index=True, return_counts=True)
    return rows, count.astype(np.uint64)


def _bucket(occurred: Ints, width: int) -> Ints:
    return np.where(occurred == UNDATED, NO_BUCKET, occurred // width)


def _distinct(packed: Ints) -> Ints:
    packed.sort()
    if len(packed) < 2:
        return packed
    return np.asarray(packed[np.concatenate([[True], packed[1:] != packed[:-1]])], np.int64)


def _starts(*columns: Ints) -> Ints:
    """Where a new group begins, the rows being sorted by group."""
    if not len(columns[0]):
        return np.empty(0, np.int64)
    change = np.zeros(len(columns[0]), np.bool_)
    change[0] = True
    for column in columns:
        change[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(change)


def _lengths(starts: Ints, total: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.diff(starts, append=total).astype(np.uint64)


def _span(occurred: Ints, starts: Ints) -> tuple[Ints, Ints]:
    if not len(starts):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    dated = np.where(occurred == UNDATED, NEVER_FIRST, occurred)
    return np.minimum.reduceat(dated, starts), np.maximum.reduceat(occurred, starts)


def _same(log: int, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(log, pa.uint32()), count)

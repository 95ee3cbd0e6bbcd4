"""A block of events, turned from rows into the columns of ``events`` without a Python step per field and row.

The block is the unit of idempotence: one log, entries ``lo`` up to but not including ``hi``, cut by the projector and
cut the same way on replay. Its lists run in parallel, one place per row, ascending by (seq, sub).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from vestige.index.schema import EVENTS, KIND_NUMBER
from vestige.model.errors import IndexStoreError
from vestige.model.event import Event
from vestige.model.instant import UNDATED
from vestige.model.vocabulary import category_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOW: Final = frozenset(name for name, kind in EVENTS.columns if kind.startswith("LowCardinality"))
_FIELDS: Final = Event._fields
_SPECIAL: Final = frozenset({"occurred_at", "observed_at", "severity", "src_port", "dst_port", "tags", "keys"})
_GROUPED: Final = frozenset({"source", "event_type"})
_ULID: Final = 26
_Number = TypeVar("_Number", bound=np.generic)
_TEXT_FIELDS: Final = tuple(name for name in _FIELDS if name not in _SPECIAL)


class Block(NamedTuple):
    """Events of one log's entries ``lo <= seq < hi``, in columns; see the module's words on order."""

    log: int
    """The log's small number."""
    lo: int
    hi: int
    tip: str
    """The leaf hash, in hex, of entry ``hi - 1``: which history of which ledger the rows were computed from."""
    seqs: Sequence[int]
    subs: Sequence[int]
    """The event's place within its entry, from 0."""
    ids: Sequence[str]
    """The entry's ULID."""
    received: Sequence[int]
    """The entry's receipt time, nanoseconds."""
    sources: Sequence[str]
    parsers: Sequence[str]
    events: Sequence[Event]
    statuses: Sequence[int]
    """0 parsed, 1 unparsed, 2 skipped."""
    offsets: Sequence[int] = ()
    """Nanoseconds that are in both times of each event, as its source's clock offset; nothing where all are 0."""


class Columns(NamedTuple):
    """A block transposed: the Arrow columns of ``events`` that are not wholly default, and what deriving needs."""

    block: Block
    arrays: dict[str, pa.Array]
    occurred: np.ndarray[Any, np.dtype[np.int64]]
    seqs: np.ndarray[Any, np.dtype[np.uint64]]
    subs: np.ndarray[Any, np.dtype[np.uint16]]
    keys: Sequence[tuple[tuple[str, str], ...]]

    def table(self) -> pa.Table:
        """The rows as one Arrow table."""
        return pa.table(self.arrays)


def transpose(block: Block, generation: int) -> Columns:
    """Turn a block into columns.

    Raises:
        IndexStoreError: the block's lists disagree in length, are not ascending, or leave its bounds.
    """
    count = len(block.events)
    _check(block, count)
    fields: dict[str, Any] = dict(zip(_FIELDS, zip(*block.events, strict=True), strict=True))
    occurred = _instants(fields["occurred_at"])
    seqs = np.array(block.seqs, np.uint64)
    subs = _numbers(block.subs, np.uint16)
    if count > 1 and not _ascending(seqs, subs):
        raise IndexStoreError("a block's rows are not ascending by (seq, sub)", got=f"block {block.lo}-{block.hi}")
    arrays: dict[str, pa.Array] = {
        "log": pa.repeat(pa.scalar(block.log, pa.uint32()), count),
        "seq": pa.array(seqs),
        "sub": pa.array(subs),
        "id": pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(26), count, [None, pa.py_buffer("".join(block.ids).encode("ascii"))]
        ),
        "generation": pa.repeat(pa.scalar(generation, pa.uint32()), count),
        "status": pa.array(_numbers(block.statuses, np.int8)),
        "occurred_at": pa.array(occurred),
        "received_at": pa.array(_numbers(block.received, np.int64)),
        "severity": pa.array(_numbers(fields["severity"], np.uint8)),
    }
    if fields["observed_at"].count(None) < count:
        arrays["observed_at"] = pa.array(_instants(fields["observed_at"]))
    if any(block.offsets):
        arrays["clock_offset"] = pa.array(block.offsets, pa.int64())
    for name in ("src_port", "dst_port"):
        if any(fields[name]):
            arrays[name] = pa.array(fields[name], pa.uint16())
    _put(arrays, "source", block.sources)
    _put(arrays, "parser", block.parsers)
    for name in _TEXT_FIELDS:
        _put(arrays, name, fields[name])
    arrays["category"] = _categories(arrays["event_type"])
    if any(fields["tags"]):
        arrays["tags"] = _nested(fields["tags"])
    if any(fields["keys"]):
        arrays["key_kinds"] = pa.array(
            [[KIND_NUMBER[kind] for kind, _ in keys] for keys in fields["keys"]],
            pa.list_(pa.uint8()),
        )
        arrays["key_values"] = _nested([[value for _, value in keys] for keys in fields["keys"]])
    return Columns(block, arrays, occurred, seqs, subs, fields["keys"])


def _instants(values: Sequence[int | None]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([UNDATED if at is None else at for at in values] if None in values else values, np.int64)


def _numbers(values: Sequence[int], kind: type[_Number]) -> np.ndarray[Any, np.dtype[_Number]]:
    """Numbers as an array; the usual column of one and the same is not looked at one by one."""
    if values and values.count(values[0]) == len(values):
        return np.full(len(values), values[0], kind)
    return np.array(values, kind)


def text_array(values: Sequence[str]) -> pa.Array:
    """Strings as Arrow text; a lone surrogate, which UTF-8 cannot say, becomes ``?`` (the ledger has the bytes)."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode("utf-8", "replace").decode("utf-8") for value in values], pa.string())


def _nested(values: Sequence[Sequence[str]]) -> pa.Array:
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(row) for row in values], out=offsets[1:])
    flat = text_array([value for row in values for value in row])
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _put(arrays: dict[str, pa.Array], name: str, values: Sequence[str]) -> None:
    if not values:
        return
    first = values[0]
    # Comparing with one value is a pointer comparison for the constants parsers use, so this look costs little and
    # a wholly empty column is neither built, nor sent, nor parsed.
    if values.count(first) == len(values):
        if first or name in _GROUPED:
            zeros = pa.array(np.zeros(len(values), np.int8))
            arrays[name] = pa.DictionaryArray.from_arrays(zeros, text_array([first]))
        return
    array = text_array(values)
    arrays[name] = array.dictionary_encode() if name in _LOW else array


def _categories(event_types: pa.Array) -> pa.Array:
    # The engine refuses a dictionary that says one value twice.
    of_type = [category_of(name) for name in event_types.dictionary.to_pylist()]
    names = {name: number for number, name in enumerate(dict.fromkeys(of_type))}
    codes = np.array([names[name] for name in of_type], np.int32)[event_types.indices.to_numpy()]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(names)))


def _ascending(seqs: np.ndarray[Any, np.dtype[np.uint64]], subs: np.ndarray[Any, np.dtype[np.uint16]]) -> bool:
    later = seqs[1:] > seqs[:-1]
    return bool(np.all(later | ((seqs[1:] == seqs[:-1]) & (subs[1:] > subs[:-1]))))


def _check(block: Block, count: int) -> None:
    lengths = {
        len(column)
        for column in (
            block.seqs,
            block.subs,
            block.ids,
            block.received,
            block.sources,
            block.parsers,
            block.events,
            block.statuses,
            block.offsets or block.events,
        )
    }
    if lengths != {count}:
        raise IndexStoreError("a block's columns differ in length", got=", ".join(map(str, sorted(lengths))))
    if count and set(map(len, block.ids)) != {_ULID}:
        raise IndexStoreError("an entry's id is no ULID", expected="26 characters")
    if not 0 <= block.lo < block.hi or (count and not block.lo <= block.seqs[0] <= block.seqs[-1] < block.hi):
        raise IndexStoreError(
            "a block's rows lie outside its bounds",
            expected=f"{block.lo} <= seq < {block.hi}",
            got=f"{block.seqs[0]} to {block.seqs[-1]}" if count else "no rows",
        )

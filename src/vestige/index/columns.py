"""A block of events, turned from rows into the columns of ``events`` without a Python step per field and row.

The block is the unit of idempotence: one log, entries ``lo`` up to but not including ``hi``, cut by the projector and
cut the same way on replay. Its lists run in parallel, one place per row, ascending by (seq, sub).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from vestige.index.packing import pack
from vestige.index.parts import joined, part_arrays, put_texts
from vestige.index.schema import PACKED
from vestige.model.errors import IndexStoreError
from vestige.model.vocabulary import category_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.index.parts import Part

_ULID: Final = 26
_Number = TypeVar("_Number", bound=np.generic)


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
    parts: Sequence[Part]
    """The events, in order."""
    statuses: Sequence[int]
    """0 parsed, 1 unparsed, 2 skipped."""
    offsets: Sequence[int] = ()
    """Nanoseconds that are in both times of each event, as its source's clock offset; nothing where all are 0."""
    acquisitions: Sequence[str] = ()
    """The id of the acquisition each came in by; nothing where none did."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(map(len, self.parts))


class Columns(NamedTuple):
    """A block transposed: the Arrow columns of ``events`` that are not wholly default, and what deriving needs."""

    block: Block
    arrays: dict[str, pa.Array]
    occurred: np.ndarray[Any, np.dtype[np.int64]]
    seqs: np.ndarray[Any, np.dtype[np.uint64]]
    subs: np.ndarray[Any, np.dtype[np.uint16]]

    def table(self) -> pa.Table:
        """The rows as one Arrow table."""
        return pa.table(self.arrays)


def transpose(block: Block, generation: int) -> Columns:
    """Turn a block into columns.

    Raises:
        IndexStoreError: the block's lists disagree in length, are not ascending, or leave its bounds.
    """
    count = block.rows
    _check(block, count)
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
        "received_at": pa.array(_numbers(block.received, np.int64)),
    }
    if any(block.offsets):
        arrays["clock_offset"] = pa.array(block.offsets, pa.int64())
    put_texts(arrays, "source", block.sources)
    put_texts(arrays, "parser", block.parsers)
    put_texts(arrays, "acquisition", block.acquisitions)
    arrays |= joined([part_arrays(part) for part in block.parts if len(part)])
    if "severity" not in arrays:
        arrays["severity"] = pa.array(np.zeros(count, np.uint8))
    arrays["category"] = _categories(arrays["event_type"])
    arrays[PACKED] = pack(arrays, count)
    return Columns(block, arrays, arrays["occurred_at"].to_numpy(), seqs, subs)


def _numbers(values: Sequence[int], kind: type[_Number]) -> np.ndarray[Any, np.dtype[_Number]]:
    """Numbers as an array; the usual column of one and the same is not looked at one by one."""
    if values and values.count(values[0]) == len(values):
        return np.full(len(values), values[0], kind)
    return np.array(values, kind)


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
            block.statuses,
            block.offsets or block.statuses,
            block.acquisitions or block.statuses,
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

"""Writing blocks so that each counts once in every table, whatever dies when.

A block goes to the tables one after another, and the engine commits each insert by itself; a process killed in between
leaves a torn block. What makes the replay exact:

1. ``begun`` is recorded before a block's first insert, so a torn block is known by its bounds, and only a replay with
   the same bounds is taken (other bounds would count some entries twice). That the block before is ``done`` is
   recorded in the same insert, since every insert costs its milliseconds: a crash makes one whole block look
   torn, and replaying it changes nothing;
2. each insert carries the token ``<generation>-<lo>-<hi>`` within its log's partition, and the engine drops an insert
   whose token the table already has. A torn block is among a log's newest, so it is far inside the engine's
   window of 1000 tokens;
3. a block that is ``done`` is not inserted again, however long ago that was.

4. a block that was torn is counted after its replay, where rows can be counted by entry: a token without its rows, or
   rows without their token, are no reason to call it done (:class:`IncompleteBlockError`).

Blocks of one log may arrive in any order, but they must not overlap. One process at a time writes a log.
"""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from vestige.index.checks import counts
from vestige.index.columns import Block, transpose
from vestige.index.derive import derive
from vestige.index.schema import BLOCKS, DERIVED, EVENTS, Table
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from vestige.index.engine import Engine

_BEGUN: Final = 0
_DONE: Final = 1


class Written(NamedTuple):
    """What a write did: whether the block was there already, and its number of rows in ``events``."""

    repeated: bool
    events: int


class IncompleteBlockError(IndexStoreError):
    """A torn block's replay did not give its rows: what the log has of it cannot be told, so nothing of it is kept."""


class Progress:
    """How far one log's tables (live or shadow) have come: the contiguous prefix, blocks beyond it, torn blocks.

    What is kept does not grow with the log: each row of ``blocks`` carries the end of the prefix as it then was, and a
    block's place in the table (its slot) is used again once the prefix has passed the block.
    """

    def __init__(self, engine: Engine, log: int, generation: int, *, shadow: bool) -> None:
        self.generation = generation
        self.lock = threading.Lock()
        self._engine = engine
        self._log = log
        self._place = BLOCKS.place(engine.database, shadow=shadow)
        self._version = 0
        self._end = 0
        self._recorded_end = 0
        self._done: dict[int, int] = {}
        self._torn: dict[int, int] = {}
        self._tip = ""
        self._tips: dict[int, str] = {}
        self._slots: dict[int, int] = {}
        self._unrecorded: set[int] = set()
        self._load()

    @property
    def end(self) -> int:
        """All entries below are in every table."""
        return self._end

    @property
    def torn(self) -> list[tuple[int, int]]:
        """The bounds of blocks begun and not finished: each must be replayed as it was, or the log rebuilt."""
        return sorted(self._torn.items())

    @property
    def marks(self) -> list[tuple[int, str]]:
        """Where the prefix and every block beyond it end, each with the leaf hash of the entry before that end."""
        beyond = [(hi, self._tips[lo]) for blocks in (self._done, self._torn) for lo, hi in blocks.items()]
        return ([(self._end, self._tip)] if self._end else []) + sorted(beyond)

    def holds(self, lo: int, hi: int) -> bool:
        """Whether exactly this block, or a prefix over it, is done.

        Raises:
            IndexStoreError: the block overlaps one that was cut otherwise.
        """
        if hi <= self._end or self._done.get(lo) == hi:
            return True
        if self._torn.get(lo) == hi:
            return False
        others = [(0, self._end), *self._done.items(), *self._torn.items()]
        clash = next(((a, b) for a, b in others if lo < b and a < hi), None)
        if clash is not None:
            raise IndexStoreError(
                "a block overlaps one that was cut otherwise",
                expected=f"the bounds {clash[0]}-{clash[1]} again, or a block outside them",
                got=f"{lo}-{hi} of log {self._log}",
                hint="replay with the same bounds, or run `vestige index rebuild`",
            )
        return False

    def begin(self, lo: int, hi: int, tip: str) -> None:
        """Record that a block's inserts begin, and how far the blocks finished before have come."""
        self._torn[lo], self._tips[lo] = hi, tip
        try:
            self._record([*self._unrecorded, lo])
        except BaseException:
            del self._torn[lo], self._tips[lo]
            raise

    def finish(self, lo: int, hi: int, tip: str) -> None:
        """Take note that all of a block's inserts are stored; recorded with the next block, or by :meth:`flush`."""
        self._torn.pop(lo, None)
        self._done[lo], self._tips[lo] = hi, tip
        self._unrecorded.add(lo)
        while (end := self._done.pop(self._end, None)) is not None:
            self._unrecorded.discard(self._end)
            self._tip = self._tips.pop(self._end)
            self._end = end

    def flush(self) -> None:
        """Record every finished block."""
        with self.lock:
            if self._unrecorded or self._end > self._recorded_end:
                self._record([*self._unrecorded])

    def _load(self) -> None:
        rows = self._engine.query(
            "SELECT slot, max(version), argMax((lo, hi, toInt8(state), prefix, tip), version) "  # noqa: S608 - our own name
            f"FROM {self._place} WHERE log = {{log:UInt32}} AND generation = {{generation:UInt32}} GROUP BY slot",
            {"log": self._log, "generation": self.generation},
        ).rows
        self._end = self._recorded_end = max((prefix for *_, (*_, prefix, _) in rows), default=0)
        self._version = max((version for _, version, _ in rows), default=0)
        for slot, _, (lo, hi, state, _, tip) in rows:
            if slot == 0:
                self._tip = tip
            elif hi > self._end:
                self._tips[lo] = tip
                (self._done if state == _DONE else self._torn)[lo] = hi
                self._slots[lo] = slot

    def _record(self, blocks: list[int]) -> None:
        """Write the present state of some blocks, by their ``lo``, and the end of the prefix."""
        self._slots = {lo: slot for lo, slot in self._slots.items() if lo >= self._end}
        for lo in blocks:
            if lo not in self._slots:
                used = set(self._slots.values())
                self._slots[lo] = next(slot for slot in range(1, len(used) + 2) if slot not in used)
        rows = [(0, 0, 0, _DONE, self._tip)]
        for lo in blocks:
            hi, state = (self._torn[lo], _BEGUN) if lo in self._torn else (self._done[lo], _DONE)
            rows.append((self._slots[lo], lo, hi, state, self._tips[lo]))
        self._version += 1
        slots, los, his, states, tips = zip(*rows, strict=True)
        columns = {
            "log": pa.array([self._log] * len(rows), pa.uint32()),
            "generation": pa.array([self.generation] * len(rows), pa.uint32()),
            "slot": pa.array(slots, pa.uint32()),
            "version": pa.array([self._version] * len(rows), pa.uint64()),
            "lo": pa.array(los, pa.uint64()),
            "hi": pa.array(his, pa.uint64()),
            "state": pa.array(states, pa.int8()),
            "prefix": pa.array([self._end] * len(rows), pa.uint64()),
            "tip": pa.array(tips, pa.string()),
        }
        # A token of its own each time: the same record twice does no harm, one dropped as a repetition would.
        self._engine.insert(self._place, pa.table(columns), uuid.uuid4().hex)
        self._unrecorded.difference_update(blocks)
        self._recorded_end = self._end


def write_block(engine: Engine, progress: Progress, block: Block, *, shadow: bool) -> Written:
    """Write a block to every table, once. See the module's words on what a crash leaves.

    Raises:
        IncompleteBlockError: the block was torn and its replay did not complete it.
        IndexStoreError: the engine failed, the block is malformed, or it overlaps another cut.
    """
    with progress.lock:
        if progress.holds(block.lo, block.hi):
            return Written(repeated=True, events=block.rows)
        if block.rows:
            torn = (block.lo, block.hi) in progress.torn
            tables = prepare(block, progress.generation)
            progress.begin(block.lo, block.hi, block.tip)
            token = f"{block.log}-{progress.generation}-{block.lo}-{block.hi}"
            for table, rows in tables:
                engine.insert(table.place(engine.database, shadow=shadow), rows, token)
            if torn:
                _count(engine, block)
        progress.finish(block.lo, block.hi, block.tip)
        return Written(repeated=False, events=block.rows)


def _count(engine: Engine, block: Block) -> None:
    expected, got = block.rows, counts(engine, block.log, block.lo, block.hi)
    if (got.events, got.places) != (expected, expected):
        raise IncompleteBlockError(
            f"block {block.lo}-{block.hi} of log {block.log} was cut short, and writing it again did not complete it",
            expected=f"{expected} rows",
            got=f"{got.events} events and {got.places} places",
            hint="the log's rows are dropped and filled again from the ledger",
        )


def prepare(block: Block, generation: int) -> list[tuple[Table, pa.Table]]:
    """The rows a block adds to each table that it adds any to."""
    columns = transpose(block, generation)
    derived = zip(DERIVED, derive(columns), strict=True)
    return [(EVENTS, columns.table()), *((table, rows) for table, rows in derived if rows.num_rows)]

"""Writing blocks so that each counts once in every table, whatever dies when.

A block goes to the tables one after another, and the engine commits each insert by itself; a process killed in between
leaves a torn block. What makes the replay exact:

1. ``begun`` is recorded before the first insert and ``done`` after the last, so a torn block is known by its bounds,
   and only a replay with the same bounds is taken (other bounds would count some entries twice);
2. each insert carries the token ``<generation>-<lo>-<hi>`` within its log's partition, and the engine drops an insert
   whose token the table already has. A torn block is among a log's newest, so it is far inside the engine's
   window of 1000 tokens;
3. a block that is ``done`` is not inserted again, however long ago that was.

Blocks of one log may arrive in any order, but they must not overlap. One process at a time writes a log.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from vestige.index.columns import Block, transpose
from vestige.index.derive import derive
from vestige.index.schema import BLOCKS, DERIVED, EVENTS, Table
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from vestige.index.engine import Engine

_BEGUN: Final = 0
_DONE: Final = 1
_PREFIX: Final = 2
_COMPACT_EVERY: Final = 512


class Written(NamedTuple):
    """What a write did: whether the block was there already, and its number of rows in ``events``."""

    repeated: bool
    events: int


class Progress:
    """How far one log's tables (live or shadow) have come: the contiguous prefix, blocks beyond it, torn blocks."""

    def __init__(self, engine: Engine, log: int, generation: int, *, shadow: bool) -> None:
        self.generation = generation
        self.lock = threading.Lock()
        self._engine = engine
        self._log = log
        self._shadow = shadow
        self._place = BLOCKS.place(engine.database, shadow=shadow)
        self._end = 0
        self._done: dict[int, int] = {}
        self._torn: dict[int, int] = {}
        self._since_compaction = 0
        self._load()

    @property
    def end(self) -> int:
        """All entries below are in every table."""
        return self._end

    @property
    def torn(self) -> list[tuple[int, int]]:
        """The bounds of blocks begun and not finished: each must be replayed as it was, or the log rebuilt."""
        return sorted(self._torn.items())

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

    def begin(self, lo: int, hi: int) -> None:
        """Record that a block's inserts begin."""
        self._record(lo, hi, _BEGUN, 0)
        self._torn[lo] = hi

    def finish(self, lo: int, hi: int, events: int) -> None:
        """Record that all of a block's inserts are stored."""
        self._record(lo, hi, _DONE, events)
        self._torn.pop(lo, None)
        self._done[lo] = hi
        self._advance()
        self._since_compaction += 1
        if self._since_compaction >= _COMPACT_EVERY:
            self._compact()

    def _load(self) -> None:
        rows = self._engine.query(
            f"SELECT lo, hi, max(toInt8(state)) FROM {self._place} "  # noqa: S608 - a table name of ours
            "WHERE log = {log:UInt32} AND generation = {generation:UInt32} GROUP BY lo, hi",
            {"log": self._log, "generation": self.generation},
        ).rows
        self._end = max((hi for _, hi, state in rows if state == _PREFIX), default=0)
        self._done = {lo: hi for lo, hi, state in rows if state == _DONE and hi > self._end}
        self._torn = {lo: hi for lo, hi, state in rows if state == _BEGUN and hi > self._end}
        self._since_compaction = len(rows)
        self._advance()

    def _advance(self) -> None:
        while (hi := self._done.pop(self._end, None)) is not None:
            self._end = hi

    def _compact(self) -> None:
        """Let one row stand for all finished blocks of the prefix, so that the table does not grow with time."""
        self._record(0, self._end, _PREFIX, 0)
        self._engine.command(
            f"DELETE FROM {self._place} WHERE log = {{log:UInt32}} AND hi <= {{end:UInt64}} "  # noqa: S608 - as above
            "AND NOT (state = 'prefix' AND hi = {end:UInt64})",
            {"log": self._log, "end": self._end},
        )
        self._since_compaction = 0

    def _record(self, lo: int, hi: int, state: int, events: int) -> None:
        row = {
            "log": pa.array([self._log], pa.uint32()),
            "generation": pa.array([self.generation], pa.uint32()),
            "lo": pa.array([lo], pa.uint64()),
            "hi": pa.array([hi], pa.uint64()),
            "state": pa.array([state], pa.int8()),
            "events": pa.array([events], pa.uint64()),
        }
        self._engine.insert(self._place, pa.table(row), f"{self._log}-{self.generation}-{lo}-{hi}-{state}")


def write_block(engine: Engine, progress: Progress, block: Block, *, shadow: bool) -> Written:
    """Write a block to every table, once. See the module's words on what a crash leaves.

    Raises:
        IndexStoreError: the engine failed, the block is malformed, or it overlaps another cut.
    """
    with progress.lock:
        if progress.holds(block.lo, block.hi):
            return Written(repeated=True, events=len(block.events))
        if block.events:
            tables = prepare(block, progress.generation)
            progress.begin(block.lo, block.hi)
            token = f"{block.log}-{progress.generation}-{block.lo}-{block.hi}"
            for table, rows in tables:
                engine.insert(table.place(engine.database, shadow=shadow), rows, token)
        progress.finish(block.lo, block.hi, len(block.events))
        return Written(repeated=False, events=len(block.events))


def prepare(block: Block, generation: int) -> list[tuple[Table, pa.Table]]:
    """The rows a block adds to each table that it adds any to."""
    columns = transpose(block, generation)
    derived = zip(DERIVED, derive(columns), strict=True)
    return [(EVENTS, columns.table()), *((table, rows) for table, rows in derived if rows.num_rows)]

"""Whole logs at once: a partition per table, rebuilt beside and swapped in, or dropped.

A log's state is one row per change in ``logs``: ``live``, ``building`` (its shadow partitions are being filled) or
``swapping`` (they are complete and are replacing the live ones, table by table). Replacing is a change of metadata,
atomic per table, and leaves the shadow as it was; so a swap that was cut short is finished by doing all of it again
(:func:`recover`), and only then are the shadow partitions dropped. While ``building``, the live tables are untouched.

A rebuild or a drop begins a new generation. Tokens of blocks name it, so a block written again after either is never
mistaken for one that was stored before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import pyarrow as pa

from vestige.index.checks import TableDigest, digests
from vestige.index.differences import Differences, differences
from vestige.index.schema import LOGS, SWAPPED, Table
from vestige.index.writer import Progress, Written, write_block
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from vestige.index.columns import Block
    from vestige.index.engine import Engine

_LIVE: Final = 0
_BUILDING: Final = 1
_SWAPPING: Final = 2


class LogState(NamedTuple):
    """A log's newest row in ``logs``."""

    revision: int
    generation: int
    """What the live tables hold."""
    newest: int
    """The last generation ever begun: one that was discarded is not used again."""
    state: int
    read_to: int
    """The live rows were computed with all statements about sources below this position."""


class Rebuild:
    """A log being rebuilt in shadow tables. ``write`` blocks, then ``swap``; leaving the context discards the rest."""

    def __init__(self, engine: Engine, log: int, live_end: int, done: Callable[[int], None]) -> None:
        self.log = log
        self._engine = engine
        self._live_end = live_end
        self._done = done
        self._open = True
        before = state_of(engine, log)
        for table in SWAPPED:
            engine.command(table.create(engine.database, shadow=True))
        _drop_partitions(engine, log, shadow=True)
        self._state = _become(engine, log, before._replace(newest=before.newest + 1, state=_BUILDING))
        self._progress = Progress(engine, log, self._state.newest, shadow=True)

    @property
    def generation(self) -> int:
        """The generation the rebuilt rows bear."""
        return self._state.newest

    @property
    def end(self) -> int:
        """All entries below are in every shadow table."""
        return self._progress.end

    def write(self, block: Block) -> Written:
        """Add a block to every shadow table, once.

        Raises:
            IndexStoreError: the engine failed, or the block is malformed or overlaps another.
        """
        self._check_open()
        if block.log != self.log:
            raise IndexStoreError("a block of another log", expected=f"log {self.log}", got=f"log {block.log}")
        return write_block(self._engine, self._progress, block, shadow=True)

    def digests(self) -> dict[str, TableDigest]:
        """Rows and digest of each of the rebuilt tables, to be compared with those of the live ones."""
        self._check_open()
        return digests(self._engine, self.log, shadow=True)

    def differences(self, check: Callable[[], None]) -> Differences:
        """What the swap will change in ``events``, by field.

        Args:
            check: called from time to time; may raise to give the comparison up.
        """
        self._check_open()
        return differences(self._engine, self.log, check)

    def swap(self, read_to: int = 0) -> None:
        """Put the shadow tables in place of the live ones.

        Args:
            read_to: the rows were computed with all statements about sources below this position.

        Raises:
            IndexStoreError: the rebuild covers less than the live tables do, or has a torn block; or the engine
                failed, and then opening the index again finishes the swap.
        """
        self._check_open()
        self._progress.flush()
        if self._progress.torn or self.end < self._live_end:
            raise IndexStoreError(
                "the rebuild covers less than what it would replace",
                expected=f"every entry below {self._live_end}",
                got=f"every entry below {self.end}, {len(self._progress.torn)} blocks unfinished",
            )
        self._state = _become(self._engine, self.log, self._state._replace(state=_SWAPPING, read_to=read_to))
        self._open = False
        _finish_swap(self._engine, self.log, self._state)
        self._done(self.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        self._open = False
        _discard(self._engine, self.log, self._state)
        self._done(self.log)

    def _check_open(self) -> None:
        if not self._open:
            raise IndexStoreError("the rebuild is over", hint="begin another")


def state_of(engine: Engine, log: int) -> LogState:
    """The log's state; a log never seen is live in generation 1."""
    rows = engine.query(
        f"SELECT revision, generation, newest, toInt8(state), read_to FROM {LOGS.place(engine.database)} "  # noqa: S608 - our own name
        "WHERE number = {log:UInt32} ORDER BY revision DESC LIMIT 1",
        {"log": log},
    ).rows
    return LogState(*rows[0]) if rows else LogState(0, 1, 1, _LIVE, 0)


def mark_read(engine: Engine, log: int, read_to: int) -> None:
    """Record that the live rows, and those to come, are computed with all statements about sources so far."""
    _become(engine, log, state_of(engine, log)._replace(read_to=read_to))


def drop(engine: Engine, log: int) -> None:
    """Remove a log from every table and shadow, and begin its next generation."""
    before = state_of(engine, log)
    fresh = before.newest + 1
    _become(engine, log, before._replace(generation=fresh, newest=fresh, state=_LIVE, read_to=0))
    for shadow in (False, True):
        _drop_partitions(engine, log, shadow=shadow)


def recover(engine: Engine) -> None:
    """Finish every swap that was cut short, and discard every rebuild that had not come to its swap."""
    rows = engine.query(
        f"SELECT number, max(revision), argMax(generation, revision), argMax(newest, revision), "  # noqa: S608 - our name
        f"argMax(toInt8(state), revision), argMax(read_to, revision) FROM {LOGS.place(engine.database)} GROUP BY number"
    ).rows
    for log, *state in rows:
        at = LogState(*state)
        if at.state == _SWAPPING:
            _finish_swap(engine, log, at)
        elif at.state == _BUILDING:
            _discard(engine, log, at)


def _finish_swap(engine: Engine, log: int, state: LogState) -> None:
    for table in SWAPPED:
        live, shadow = table.place(engine.database), table.place(engine.database, shadow=True)
        if _parts(engine, table, log, shadow=True):
            engine.command(f"ALTER TABLE {live} REPLACE PARTITION ID '{int(log)}' FROM {shadow}")
        else:
            engine.command(f"ALTER TABLE {live} DROP PARTITION ID '{int(log)}'")
    _become(engine, log, state._replace(generation=state.newest, state=_LIVE))
    _drop_partitions(engine, log, shadow=True)


def _discard(engine: Engine, log: int, state: LogState) -> None:
    _drop_partitions(engine, log, shadow=True)
    _become(engine, log, state._replace(state=_LIVE))


def _become(engine: Engine, log: int, state: LogState) -> LogState:
    """Record a state under the next revision."""
    after = state._replace(revision=state.revision + 1)
    row = {
        "number": pa.array([log], pa.uint32()),
        "revision": pa.array([after.revision], pa.uint64()),
        "generation": pa.array([after.generation], pa.uint32()),
        "newest": pa.array([after.newest], pa.uint32()),
        "state": pa.array([after.state], pa.int8()),
        "read_to": pa.array([after.read_to], pa.uint64()),
    }
    engine.insert(LOGS.place(engine.database), pa.table(row), f"{log}-{after.revision}")
    return after


def _drop_partitions(engine: Engine, log: int, *, shadow: bool) -> None:
    sql = "SELECT name FROM system.tables WHERE database = {name:String}"
    rows = engine.query(sql, {"name": engine.database}).rows
    there = {f"{engine.database}.{name}" for (name,) in rows}
    for table in SWAPPED:
        place = table.place(engine.database, shadow=shadow)
        # Shadow tables come to be with the first rebuild.
        if place in there:
            engine.command(f"ALTER TABLE {place} DROP PARTITION ID '{int(log)}'")


def _parts(engine: Engine, table: Table, log: int, *, shadow: bool) -> int:
    name = f"next_{table.name}" if shadow else table.name
    rows = engine.query(
        "SELECT count() FROM system.parts WHERE database = {database:String} AND table = {name:String} "
        "AND partition_id = {log:String} AND active",
        {"database": engine.database, "name": name, "log": str(log)},
    ).rows
    return int(rows[0][0])

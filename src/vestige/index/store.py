"""The index as other rooms see it: open, write blocks, ask, rebuild a log beside and swap it in, drop a log.

The index is a projection of the ledger and never the only copy of anything: whatever is wrong with it, rebuilding
from the ledger is the answer. One :class:`Index` per process; any thread may call it.
"""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vestige.index import damage, partitions
from vestige.index.checks import Counts, TableDigest, counts, digests
from vestige.index.engine import DamagedIndexError, Engine, MemoryLimits, Result, folder_of
from vestige.index.picks import Picks
from vestige.index.placed import Placed
from vestige.index.schema import FIXED, META, SCHEMA_VERSION, SWAPPED
from vestige.index.writer import IncompleteBlockError, Progress, Written, write_block
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vestige.index.columns import Block


_LOG: Final = logging.getLogger("vestige.index")


class ForeignIndexError(IndexStoreError):
    """The index is of another schema version, or another installation's."""


class Index:
    """An open index. ``database`` is the name SQL must put before a table's."""

    def __init__(self, engine: Engine, identity: str, mark: damage.Mark | None, damaged: str) -> None:
        self.engine = engine
        self.damaged = damaged
        """What was found damaged last, and has been removed to be filled again; empty if nothing was."""
        self.database = engine.database
        self.picks = Picks(engine, engine.database)
        self.placed = Placed(engine, engine.database)
        """Named sets of events that queries join."""
        self._identity = identity
        self._mark = mark
        self._looked: dict[int, int] = {}
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}
        self._rebuilding: set[int] = set()

    @classmethod
    def open(cls, url: str, data_dir: Path, owner: str, limits: MemoryLimits | None = None) -> Index:
        """Open the index at a DSN (empty: in process under ``data_dir``), making its tables if there are none.

        A swap that a crash cut short is finished before this returns; a rebuild that had not come to its swap
        is discarded, and the log stays as it was. One in process that is damaged is removed, and an empty one begun.

        Args:
            url: the DSN.
            data_dir: where the in-process engine lies by default, and its configuration file always.
            owner: names the installation. The index knows logs by small numbers that mean something to one
                installation only, so it belongs to the one that made it and is refused to every other.
            limits: memory bounds of the in-process engine.

        Raises:
            SettingsError: the DSN names no engine.
            IndexStoreError: the engine fails, the tables are of another schema version, or the index is another
                installation's; nothing of it was touched then.
        """
        folder = folder_of(url, data_dir)
        if folder is None:
            return cls(*_open(url, data_dir, owner, limits, read=False), None, "")
        mark, damaged = damage.Mark(folder), ""
        try:
            mark.make()
        except OSError as error:
            raise IndexStoreError(
                "the folder of the index cannot be written", expected=f"room and the right to write in {folder.parent}",
                got=str(error),
            ) from error  # fmt: skip
        try:
            engine, identity = _open(url, data_dir, owner, limits, read=mark.left)
        except IndexStoreError as error:
            if isinstance(error, ForeignIndexError) or not damage.may_begin_anew(error, folder, left=mark.left):
                raise
            damaged = error.got or error.message
            _LOG.warning("the index at %s is damaged, and is filled again from the ledger: %s", folder, damaged)
            shutil.rmtree(folder)
            engine, identity = _open(url, data_dir, owner, limits, read=False)
        return cls(engine, identity, mark, damaged)

    def identity(self) -> str:
        """The UUID given to this index when it was made: another one means another, possibly older, index."""
        return self._identity

    def write(self, block: Block) -> Written:
        """Add a block to every table, exactly once however often it is called with the same bounds.

        Raises:
            IncompleteBlockError: the block was torn and its replay did not complete it; the log has been dropped, and
                is to be filled again.
            IndexStoreError: the engine failed (call again with the same block), the block is malformed or
                overlaps one cut otherwise, or its log is being rebuilt.
        """
        with self._lock:
            if block.log in self._rebuilding:
                raise IndexStoreError(
                    "the log is being rebuilt", hint="blocks go to the rebuild until it has been swapped in"
                )
        try:
            return write_block(self.engine, self._of(block.log), block, shadow=False)
        except IncompleteBlockError:
            self.drop(block.log)
            raise

    def watermark(self, log: int) -> int:
        """The end of the contiguous prefix: every entry with a lower seq is in every table."""
        return self._of(log).end

    def marks(self, log: int) -> list[tuple[int, str]]:
        """What binds a log's rows to the ledger they were computed from: sizes, and the leaf hash before each.

        The prefix's end and that of every block beyond it, torn ones too, since a replay keeps what a torn block has
        stored. Where the ledger's own leaf differs, the ledger was rolled back and has grown otherwise: drop the log.
        """
        return self._of(log).marks

    def generation(self, log: int) -> int:
        """How often the log has been built: rises with each rebuild and drop."""
        return self._of(log).generation

    def read_to(self, log: int) -> int:
        """The position below which every statement about a source is in the log's rows."""
        return partitions.state_of(self.engine, log).read_to

    def mark_read(self, log: int, read_to: int) -> None:
        """Record that a log's rows, all of them, are computed with the statements about sources below a position."""
        partitions.mark_read(self.engine, log, read_to)

    def torn(self, log: int) -> list[tuple[int, int]]:
        """Bounds of blocks a crash cut short; replay each exactly, or rebuild the log."""
        return self._of(log).torn

    def refresh(self, log: int) -> None:
        """Forget what is remembered of a log, for when another process may have written it (a lease changed hands)."""
        with self._lock:
            progress = self._progress.pop(log, None)
        if progress is not None:
            progress.flush()

    def suspects(self, log: int) -> bool:
        """Whether the engine read something damaged, and it is not known yet whether that was of this log."""
        return self.engine.suspicions > self._looked.get(log, 0)

    def is_damaged(self, log: int) -> bool:
        """Read every file of a log and compare it with its checksum. One that is damaged is to be dropped.

        Raises:
            IndexStoreError: the engine failed.
        """
        suspicions = self.engine.suspicions
        try:
            damage.look_at_log(self.engine, log)
        except DamagedIndexError as error:
            self.damaged = error.got or error.message
            _LOG.warning("log %d of the index is damaged, and is filled again from the ledger: %s", log, self.damaged)
            return True
        self._looked[log] = suspicions
        return False

    def rebuild(self, log: int) -> partitions.Rebuild:
        """Begin rebuilding a log beside the live tables. Use as a context: leaving it without a swap discards.

        Raises:
            IndexStoreError: the log is being rebuilt already.
        """
        with self._lock:
            if log in self._rebuilding:
                raise IndexStoreError("the log is being rebuilt already", got=f"log {log}")
            self._rebuilding.add(log)
        try:
            # Recorded now: what is remembered is forgotten at the end, also if nothing is swapped in, and a finished
            # block that was not recorded would then look torn.
            self._of(log).flush()
            return partitions.Rebuild(self.engine, log, self._of(log).end, self._rebuilt)
        except BaseException:
            self._rebuilt(log)
            raise

    def drop(self, log: int) -> None:
        """Remove every row of a log from every table and shadow; a later write begins a new generation.

        Raises:
            IndexStoreError: the engine failed, or the log is being rebuilt.
        """
        with self._lock:
            if log in self._rebuilding:
                raise IndexStoreError("the log is being rebuilt", got=f"log {log}")
            partitions.drop(self.engine, log)
            self._progress.pop(log, None)
            self._looked[log] = self.engine.suspicions

    def counts(self, log: int, end: int) -> Counts:
        """How many rows the entries below ``end`` have."""
        return counts(self.engine, log, 0, end)

    def digests(self, log: int) -> dict[str, TableDigest]:
        """Rows and digest of each of a log's tables: equal for equal contents, however they came to be."""
        return digests(self.engine, log)

    def replaced_parts(self) -> set[tuple[str, str]]:
        """Table and name of each part that was replaced or dropped and still lies on the disk."""
        sql = "SELECT table, name FROM system.parts WHERE database = {database:String} AND NOT active"
        return {(table, name) for table, name in self.engine.query(sql, {"database": self.database}).rows}

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Result:
        """Ask. Values belong into ``{name:Type}`` placeholders, never into the text."""
        return self.engine.query(sql, params, settings)

    def close(self) -> None:
        """Record what is finished, and close the engine. Not calling this loses nothing but a replay."""
        with self._lock:
            open_logs, self._progress = list(self._progress.values()), {}
        try:
            for progress in open_logs:
                progress.flush()
        finally:
            self.engine.close()
        if self._mark is not None:
            self._mark.remove()

    def _of(self, log: int) -> Progress:
        with self._lock:
            progress = self._progress.get(log)
            if progress is None:
                generation = partitions.state_of(self.engine, log).generation
                progress = Progress(self.engine, log, generation, shadow=False)
                self._progress[log] = progress
            return progress

    def _rebuilt(self, log: int) -> None:
        with self._lock:
            self._rebuilding.discard(log)
            self._progress.pop(log, None)


def _open(url: str, data_dir: Path, owner: str, limits: MemoryLimits | None, *, read: bool) -> tuple[Engine, str]:
    """Open the engine with its tables; and what the index is called. Every file is read if asked."""
    engine = Engine.open(url, data_dir, limits)
    try:
        if engine.embedded:
            damage.look(engine, read=read)
        identity = _prepare(engine, owner)
        partitions.recover(engine)
    except BaseException:
        engine.close()
        raise
    return engine, identity


def _prepare(engine: Engine, owner: str) -> str:
    # What is there is looked at before anything is made beside it: it may be somebody else's.
    engine.command(META.create(engine.database))
    known = _facts(engine)
    if "schema" not in known:
        fresh = {"schema": str(SCHEMA_VERSION), "identity": str(uuid.uuid4()), "owner": owner}
        rows = pa.table({"name": pa.array(list(fresh)), "value": pa.array(list(fresh.values()))})
        engine.insert(META.place(engine.database), rows, "first-start")
        # Read back: of two processes starting on one server, both must take the same identity, and of two
        # installations only one.
        known = _facts(engine)
    if known["schema"] != str(SCHEMA_VERSION):
        raise ForeignIndexError(
            f"the index at {engine.where} has another schema version",
            expected=str(SCHEMA_VERSION),
            got=known["schema"],
            hint=_elsewhere(engine),
        )
    if known["owner"] != owner:
        raise ForeignIndexError(
            f"the index at {engine.where} belongs to another installation",
            expected=owner,
            got=known["owner"],
            hint=_elsewhere(engine),
        )
    for table in (*SWAPPED, *FIXED):
        engine.command(table.create(engine.database))
    return known["identity"]


def _elsewhere(engine: Engine) -> str:
    if engine.embedded:
        return (
            f"move {engine.where} away, or set VESTIGE_INDEX_URL to another directory; "
            "the index is then filled again from the ledger"
        )
    return (
        "name a database of its own in VESTIGE_INDEX_URL (clickhouse://user:password@host:port/database); it is made "
        f"and filled from the ledger. Drop {engine.database} on the server only if no installation uses it"
    )


def _facts(engine: Engine) -> dict[str, str]:
    place = META.place(engine.database)
    rows = engine.query(f"SELECT name, min(value) FROM {place} GROUP BY name").rows  # noqa: S608 - our own name
    return {str(name): str(value) for name, value in rows}

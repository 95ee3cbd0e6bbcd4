"""The index as other rooms see it: open, write blocks, ask, rebuild a log beside and swap it in, drop a log.

The index is a projection of the ledger and never the only copy of anything: whatever is wrong with it, rebuilding
from the ledger is the answer. One :class:`Index` per process; any thread may call it.
"""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vestige.index import partitions
from vestige.index.checks import TableDigest, digests
from vestige.index.engine import Engine, MemoryLimits, Result
from vestige.index.schema import FIXED, META, SCHEMA_VERSION, SWAPPED
from vestige.index.writer import Progress, Written, write_block
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vestige.index.columns import Block

_BUILT_FROM = "built-from-"
"""In ``meta``, before a log's number: what its rows are built from, behind the generation in which that began."""


class Index:
    """An open index. ``database`` is the name SQL must put before a table's."""

    def __init__(self, engine: Engine, identity: str) -> None:
        self.engine = engine
        self.database = engine.database
        self._identity = identity
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}
        self._rebuilding: set[int] = set()

    @classmethod
    def open(cls, url: str, data_dir: Path, limits: MemoryLimits | None = None) -> Index:
        """Open the index at a DSN (empty: in process under ``data_dir``), making its tables if there are none.

        A swap that a crash cut short is finished before this returns; a rebuild that had not come to its swap
        is discarded, and the log stays as it was.

        Raises:
            SettingsError: the DSN names no engine.
            IndexStoreError: the engine fails, or the tables are of another schema version.
        """
        engine = Engine.open(url, data_dir, limits)
        try:
            identity = _prepare(engine)
            partitions.recover(engine)
        except BaseException:
            engine.close()
            raise
        return cls(engine, identity)

    def identity(self) -> str:
        """The UUID given to this index when it was made: another one means another, possibly older, index."""
        return self._identity

    def write(self, block: Block) -> Written:
        """Add a block to every table, exactly once however often it is called with the same bounds.

        Raises:
            IndexStoreError: the engine failed (call again with the same block), the block is malformed or
                overlaps one cut otherwise, or its log is being rebuilt.
        """
        with self._lock:
            if block.log in self._rebuilding:
                raise IndexStoreError(
                    "the log is being rebuilt", hint="blocks go to the rebuild until it has been swapped in"
                )
        return write_block(self.engine, self._of(block.log), block, shadow=False)

    def watermark(self, log: int) -> int:
        """The end of the contiguous prefix: every entry with a lower seq is in every table."""
        return self._of(log).end

    def generation(self, log: int) -> int:
        """How often the log has been built: rises with each rebuild and drop."""
        return self._of(log).generation

    def torn(self, log: int) -> list[tuple[int, int]]:
        """Bounds of blocks a crash cut short; replay each exactly, or rebuild the log."""
        return self._of(log).torn

    def refresh(self, log: int) -> None:
        """Forget what is remembered of a log, for when another process may have written it (a lease changed hands)."""
        with self._lock:
            progress = self._progress.pop(log, None)
        if progress is not None:
            progress.flush()

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
            return partitions.Rebuild(self.engine, log, self._of(log).end, self._rebuilt)
        except BaseException:
            self._rebuilt(log)
            raise

    def built_from(self, log: int) -> str:
        """The name of what a log's rows are built from, as the last :meth:`drop` stated it; empty if none did."""
        rows = self.engine.query(
            f"SELECT value FROM {META.place(self.database)} WHERE name = {{name:String}}",  # noqa: S608 - our own name
            {"name": f"{_BUILT_FROM}{log}"},
        ).rows
        return max((str(value) for (value,) in rows), default="").partition(" ")[2]

    def drop(self, log: int, built_from: str = "") -> None:
        """Remove every row of a log from every table and shadow; a later write begins a new generation.

        Args:
            log: whose rows.
            built_from: the name of what it will be built from now, if that is to be remembered.

        Raises:
            IndexStoreError: the engine failed, or the log is being rebuilt.
        """
        with self._lock:
            if log in self._rebuilding:
                raise IndexStoreError("the log is being rebuilt", got=f"log {log}")
            partitions.drop(self.engine, log)
            self._progress.pop(log, None)
            if built_from:
                # Only now: after a crash in between the old name is still there, and the log is dropped again.
                generation = partitions.state_of(self.engine, log).generation
                name, value = f"{_BUILT_FROM}{log}", f"{generation:010} {built_from}"
                rows = pa.table({"name": pa.array([name]), "value": pa.array([value])})
                self.engine.insert(META.place(self.database), rows, f"{name}-{generation}")

    def digests(self, log: int) -> dict[str, TableDigest]:
        """Rows and digest of each of a log's tables: equal for equal contents, however they came to be."""
        return digests(self.engine, log)

    def scrub(self, log: int, timeout: float = 60.0) -> None:
        """Wait until nothing that was replaced or dropped of a log is left on disk: what an erasure must await.

        Raises:
            IndexStoreError: something is still there after ``timeout`` seconds.
        """
        partitions.scrub(self.engine, log, timeout)

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


def _prepare(engine: Engine) -> str:
    for table in (*SWAPPED, *FIXED):
        engine.command(table.create(engine.database))
    place = META.place(engine.database)
    known = _facts(engine)
    if "schema" not in known:
        fresh = {"schema": str(SCHEMA_VERSION), "identity": str(uuid.uuid4())}
        rows = pa.table({"name": pa.array(list(fresh)), "value": pa.array(list(fresh.values()))})
        engine.insert(place, rows, "first-start")
        # Read back: of two processes starting on one server, both must take the same identity.
        known = _facts(engine)
    if known["schema"] != str(SCHEMA_VERSION):
        raise IndexStoreError(
            "the index has another schema version",
            expected=str(SCHEMA_VERSION),
            got=known["schema"],
            hint="point VESTIGE_INDEX_URL at an empty place and run `vestige index rebuild`",
        )
    return known["identity"]


def _facts(engine: Engine) -> dict[str, str]:
    place = META.place(engine.database)
    rows = engine.query(f"SELECT name, min(value) FROM {place} GROUP BY name").rows  # noqa: S608 - our own name
    return {str(name): str(value) for name, value in rows}

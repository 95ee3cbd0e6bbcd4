"""Sets of events that are named and joined: what a case has pinned, as rows beside the events themselves.

A set of a hundred thousand places written into a statement takes the engine up to a second to read, one of a million
minutes; as rows it is read in milliseconds. A set is named by a digest of what it holds, so it is never changed and
never wrong: another content is another name. All of it can be dropped at any time; what is asked for is written again.
It holds numbers only.
"""

from __future__ import annotations

import threading
from ast import literal_eval
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.index.engine import Engine

TABLE: Final = "picks"
KEPT: Final = 200
"""Sets that stay written. A query under way has read its set before two hundred others were asked for."""
PORTION: Final = 500_000
"""Rows of one insert: below what the engine parts in two by itself."""


class Picks:
    """The sets of one index. Safe to share between threads."""

    def __init__(self, engine: Engine, database: str) -> None:
        self._engine = engine
        self._database = database
        self._table = f"{database}.{TABLE}"
        self._lock = threading.Lock()
        self._ready: OrderedDict[tuple[int, str], None] = OrderedDict()
        self._left: OrderedDict[tuple[int, str], None] = OrderedDict()
        """Sets of earlier processes, the oldest first: they may have been cut short, and count as many as others."""
        self._made = False

    def name(self, seqs: Sequence[int], subs: Sequence[int]) -> str:
        """The name of a set: 16 bytes of SHA-256 over its places, in hex."""
        rows = np.column_stack([np.asarray(seqs, dtype="<u8"), np.asarray(subs, dtype="<u8")])
        return sha256(rows.tobytes()).hexdigest()[:32]

    def holds(self, log: int, name: str) -> bool:
        """Whether a set is among the rows, as far as this process has seen."""
        with self._lock:
            if (log, name) not in self._ready:
                return False
            self._ready.move_to_end((log, name))
            return True

    def hold(self, log: int, seqs: Sequence[int], subs: Sequence[int]) -> str:
        """Have a set of places among the rows, and its name; empty for an empty set.

        Args:
            log: whose events.
            seqs: their entries, rising.
            subs: which of their entry's events they are.

        Raises:
            IndexStoreError: the engine failed.
        """
        if not seqs:
            return ""
        name = self.name(seqs, subs)
        with self._lock:
            if (log, name) in self._ready:
                self._ready.move_to_end((log, name))
                return name
            self._make()
            if self._rows(log, name) != len(seqs):
                # Of another process, cut short by its end: begun anew.
                self._drop(log, name)
                self._write(log, name, seqs, subs)
            self._left.pop((log, name), None)
            self._ready[log, name] = None
            while len(self._left) + len(self._ready) > KEPT:
                self._drop(*(self._left or self._ready).popitem(last=False)[0])
        return name

    def _make(self) -> None:
        if not self._made:
            self._engine.command(
                f"CREATE TABLE IF NOT EXISTS {self._table} (log UInt32, name String, seq UInt64 CODEC(Delta, ZSTD(1)), "
                "sub UInt16 CODEC(ZSTD(1))) ENGINE = MergeTree PARTITION BY (log, name) ORDER BY (log, name, seq, sub)"
            )
            found = self._engine.query(
                "SELECT partition FROM system.parts WHERE database = {database:String} AND table = {table:String} "
                "AND active GROUP BY partition ORDER BY max(modification_time), partition",
                {"database": self._database, "table": TABLE},
            )
            for (partition,) in found.rows:
                log, name = literal_eval(str(partition))
                self._left[int(log), str(name)] = None
            self._made = True

    def _rows(self, log: int, name: str) -> int:
        found = self._engine.query(
            f"SELECT count() FROM {self._table} WHERE log = {{log:UInt32}} AND name = {{name:String}}",  # noqa: S608 - our name
            {"log": log, "name": name},
        )
        return int(found.rows[0][0])

    def _drop(self, log: int, name: str) -> None:
        self._engine.command(f"ALTER TABLE {self._table} DROP PARTITION ({int(log)}, '{name}')")

    def _write(self, log: int, name: str, seqs: Sequence[int], subs: Sequence[int]) -> None:
        for at in range(0, len(seqs), PORTION):
            part = seqs[at : at + PORTION]
            table = pa.table(
                {
                    "log": pa.array([log] * len(part), pa.uint32()),
                    "name": pa.array([name] * len(part), pa.string()),
                    "seq": pa.array(part, pa.uint64()),
                    "sub": pa.array(subs[at : at + PORTION], pa.uint16()),
                }
            )
            self._engine.insert(self._table, table, f"pick-{log}-{name}-{at}")

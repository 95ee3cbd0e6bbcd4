"""Sets of events with their places in time, in the order of time: so that a page of a set is read from its beginning.

Made of a set (:mod:`vestige.index.picks`) and of where the index has its events, and good as long as the log is not
computed anew: the generation is part of its name, so that one of before is never taken for one of now. A set whose
events the index does not have all is not placed: it is asked for in the other way, which is slower and always right.
"""

from __future__ import annotations

import threading
from ast import literal_eval
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from vestige.index.picks import TABLE as PICKS

if TYPE_CHECKING:
    from vestige.index.engine import Engine

TABLE: Final = "placed"
KEPT: Final = 200
"""Sets that stay written, as of :mod:`~vestige.index.picks`."""


class Placed:
    """The placed sets of one index. Safe to share between threads."""

    def __init__(self, engine: Engine, database: str) -> None:
        self._engine = engine
        self._database = database
        self._table = f"{database}.{TABLE}"
        self._lock = threading.Lock()
        self._ready: OrderedDict[tuple[int, str], bool] = OrderedDict()
        """Sets this process has asked for, and whether each is whole."""
        self._left: OrderedDict[tuple[int, str], None] = OrderedDict()
        """Sets of earlier processes, the oldest first."""
        self._made = False

    def name(self, log: int, pick: str, generation: int) -> str:
        """The name of a set with its places; empty if it cannot be placed, or is empty itself.

        Args:
            log: whose events.
            pick: the set, which must be among the rows.
            generation: the log's.

        Raises:
            IndexStoreError: the engine failed.
        """
        if not pick:
            return ""
        name = f"{pick}.{generation}"
        with self._lock:
            if (log, name) not in self._ready:
                self._make()
                self._ready[log, name] = self._write(log, pick, name)
                self._left.pop((log, name), None)
                while len(self._left) + len(self._ready) > KEPT:
                    self._drop(*(self._left or self._ready).popitem(last=False)[0])
            self._ready.move_to_end((log, name))
            return name if self._ready[log, name] else ""

    def _make(self) -> None:
        if self._made:
            return
        self._engine.command(
            f"CREATE TABLE IF NOT EXISTS {self._table} (log UInt32, name String, "
            "occurred_at Int64 CODEC(Delta, ZSTD(1)), seq UInt64 CODEC(Delta, ZSTD(1)), sub UInt16 CODEC(ZSTD(1))) "
            "ENGINE = MergeTree PARTITION BY (log, name) ORDER BY (log, name, occurred_at, seq, sub)"
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

    def _write(self, log: int, pick: str, name: str) -> bool:
        """Have a set among the rows; whether it is whole."""
        wanted = self._count(PICKS, log, pick)
        if wanted and self._count(TABLE, log, name) == wanted:
            return True  # of another process
        self._drop(log, name)
        self._engine.command(
            f"INSERT INTO {self._table} SELECT DISTINCT log, {{name:String}}, occurred_at, seq, sub "  # noqa: S608 - our names
            f"FROM {self._database}.places WHERE log = {{log:UInt32}} AND (seq, sub) IN (SELECT seq, sub "
            f"FROM {self._database}.{PICKS} WHERE log = {{log:UInt32}} AND name = {{pick:String}})",
            {"log": log, "name": name, "pick": pick},
        )
        return self._count(TABLE, log, name) == wanted

    def _count(self, table: str, log: int, name: str) -> int:
        found = self._engine.query(
            f"SELECT count() FROM {self._database}.{table} WHERE log = {{log:UInt32}} AND name = {{name:String}}",  # noqa: S608 - our names
            {"log": log, "name": name},
        )
        return int(found.rows[0][0])

    def _drop(self, log: int, name: str) -> None:
        self._engine.command(f"ALTER TABLE {self._table} DROP PARTITION ({int(log)}, '{name}')")

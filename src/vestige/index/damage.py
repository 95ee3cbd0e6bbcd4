"""Whether an index in this process lies on its disk as it was written; and an empty one in its place if it does not.

The engine keeps a checksum of every file of a part and compares what it reads of the large ones. The small ones it
believes: a bit turned in the bounds of a partition leaves its rows out of every answer, and a part it cannot load it
puts aside and goes on without. Both would be answers that are wrong and do not say so. Reading everything at each
start takes as long as the index is large; so it is read after a process that did not close it, since a kill or a power
cut is what leaves files half written. Beside the folder, a file is there from before it is opened until it is closed.

Damaged, it is removed and filled again from the ledger, as a lost one is: nothing is put aside, since what was to be
erased would lie in it. A server's tables are its own to look after.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Final

from vestige.index.engine import DamagedIndexError
from vestige.index.schema import SWAPPED

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.index.engine import Engine
    from vestige.model.errors import IndexStoreError

_ROOM: Final = 64 << 20
"""Bytes that must be free where an engine that does not open is called damaged: it does not on a full disk, either."""

_TABLES: Final = "SELECT name FROM system.tables WHERE database = {database:String}"
_ASIDE: Final = (
    "SELECT concat(table, ' ', name) FROM system.detached_parts "
    "WHERE database = {database:String} AND startsWith(reason, 'broken')"
)


class Mark:
    """The file beside an index that is there while somebody has it open."""

    def __init__(self, folder: Path) -> None:
        self._path = folder.with_name(f"{folder.name}.open")
        self.left = self._path.exists() and folder.exists()
        """Whether whoever had it open last did not close it."""

    def make(self) -> None:
        """Say that it is open, before it is."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, flags in ((self._path, os.O_WRONLY | os.O_CREAT), (self._path.parent, os.O_RDONLY)):
            handle = os.open(path, flags, 0o600)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def remove(self) -> None:
        """Say that it is closed."""
        self._path.unlink(missing_ok=True)


def look(engine: Engine, *, read: bool) -> None:
    """Raise if parts were put aside when the engine opened or, having read every file, if one is not what was written.

    Raises:
        DamagedIndexError: with what was found.
    """
    of = {"database": engine.database}
    tables = [str(name) for (name,) in engine.query(_TABLES, of).rows]
    found = [str(name) for (name,) in engine.query(_ASIDE, of).rows]
    for name in tables if read else ():
        found += engine.check(f"{engine.database}.{name}")
    _refuse(found)


def look_at_log(engine: Engine, log: int) -> None:
    """Read every file of a log, and raise if one is not what was written.

    Raises:
        DamagedIndexError: with what was found.
    """
    _refuse([one for table in SWAPPED for one in engine.check(table.place(engine.database), str(log))])


def may_begin_anew(error: IndexStoreError, folder: Path, *, left: bool) -> bool:
    """Whether an index that could not be opened is to be removed: it is damaged, and nobody else's.

    What the engine says of a file it cannot begin with names no damage. So one that was left open and does not open
    again is taken for damaged, unless its disk is full or another process has it.
    """
    if isinstance(error, DamagedIndexError):
        return True
    return left and shutil.disk_usage(folder).free > _ROOM and not _is_held(folder)


def _is_held(folder: Path) -> bool:
    """Whether another process has the engine's own lock."""
    try:
        with (folder / "status").open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _refuse(found: list[str]) -> None:
    if found:
        raise DamagedIndexError(
            "the index is damaged",
            expected="files as the engine wrote them",
            got="; ".join(found)[:400],
            hint="it is filled again from the ledger, which is not affected",
        )

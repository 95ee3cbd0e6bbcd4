"""How a SQLite connection is set up.

``synchronous=FULL`` in WAL mode syncs at every commit. ``secure_delete`` overwrites what is deleted: erasure depends on
it. ``recursive_triggers`` makes INSERT OR REPLACE fire the delete triggers; without it REPLACE would go round them.
The page size was measured with 400-byte records and 10,000 records a commit: 16 KiB pages take about a third less time
a record than 4 KiB ones, and a commit of a single record still writes little.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import ConnectionPoolEntry

PAGE_SIZE = 16384
WRITER_KIB = 65536
READER_KIB = 4096
"""Of pages that a connection keeps. There is one writer, whose pages are looked for all over the file. Readers are as
many as ever asked at once, each fills its own, and the system keeps the file's pages for all of them anyway."""
WAL_PAGES = 2000
"""Pages in the log before a commit folds them back into the file (32 MiB)."""

OLDEST = (3, 37, 0)


def create(url: URL, wait: float) -> tuple[sa.Engine, sa.Engine]:
    """An engine for readers and one for the writer, whose connections are all set up as this module says.

    Raises:
        StorageError: the SQLite library is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise StorageError(
            "the SQLite library is too old",
            expected=".".join(map(str, OLDEST)),
            got=sqlite3.sqlite_version,
            hint="use a Python that is linked against a newer SQLite",
        )
    return _engine(url, wait, READER_KIB, pool_size=16, max_overflow=64), _engine(url, wait, WRITER_KIB, pool_size=1)


def _engine(url: URL, wait: float, cache_kib: int, **pool: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": wait},
        poolclass=sa.QueuePool,
        pool_use_lifo=True,
        **pool,
    )

    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        _set_up(connection, cache_kib)

    event.listen(engine, "connect", set_up)
    return engine


def _set_up(connection: sqlite3.Connection, cache_kib: int) -> None:
    # With its own transaction control the driver would begin deferred transactions behind our back.
    connection.isolation_level = None
    for pragma in (
        f"page_size={PAGE_SIZE}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
        f"cache_size=-{cache_kib}",
        f"wal_autocheckpoint={WAL_PAGES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()

"""How a PostgreSQL connection is set up, and which servers are refused.

With ``fsync=off`` or ``synchronous_commit=off`` a server acknowledges commits it can lose (PostgreSQL documentation,
chapters "Write Ahead Log" and "Asynchronous Commit"). ``synchronous_commit`` can be set per role and per database, so
every new connection is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import ConnectionPoolEntry

OLDEST = 150000


def create(url: URL, wait: float) -> sa.Engine:
    """An engine whose connections were all checked for durability."""
    engine = sa.create_engine(url, isolation_level="READ COMMITTED", pool_size=16, max_overflow=64, pool_pre_ping=True)

    def set_up(connection: psycopg.Connection[tuple[object, ...]], _entry: ConnectionPoolEntry) -> None:
        version = connection.info.server_version
        if version < OLDEST:
            raise StorageError(
                "the PostgreSQL server is too old", expected=f"{OLDEST // 10000} or newer", got=str(version)
            )
        for name in ("fsync", "synchronous_commit"):
            row = connection.execute(f"SHOW {name}").fetchone()
            if row is None or row[0] == "off":
                connection.rollback()
                raise StorageError(
                    f"PostgreSQL runs with {name}=off and can lose what it acknowledged",
                    expected=f"{name}=on",
                    got=f"{name}=off",
                    hint=f"set {name}=on for this server, database and role",
                )
        connection.execute(f"SET lock_timeout = {int(wait * 1000)}")
        connection.commit()

    event.listen(engine, "connect", set_up)
    return engine

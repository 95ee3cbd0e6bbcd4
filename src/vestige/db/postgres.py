"""How a PostgreSQL connection is set up, and which servers are refused.

With ``fsync=off`` or ``synchronous_commit=off`` a server acknowledges commits it can lose (PostgreSQL documentation,
chapters "Write Ahead Log" and "Asynchronous Commit"). ``synchronous_commit`` can be set per role and per database, so
every new connection is asked.

A node that vanishes, by a cut network or a lost machine, says nothing: its transaction would hold the head of a log
until TCP gives up, after two hours. So both ends probe a silent connection and leave it within :data:`SILENT_SECONDS`,
which is less than others wait for the lock (PostgreSQL documentation, chapters "Connections and Authentication" and
"Database Connection Control Functions"). Over a Unix socket nothing of it applies.
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
CONNECT_SECONDS = 10
"""For each host of the URL: the next is asked after that."""
PROBE_AFTER, PROBE_EVERY, PROBES = 10, 5, 3
"""Seconds of silence before the other end is probed, seconds between probes, and how many it may leave unanswered."""
SILENT_SECONDS = PROBE_AFTER + PROBE_EVERY * PROBES
"""What is sent and not answered for so long ends a connection, too."""

LIBPQ: dict[str, int] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": PROBE_AFTER,
    "keepalives_interval": PROBE_EVERY,
    "keepalives_count": PROBES,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}
SERVER: dict[str, int] = {
    "tcp_keepalives_idle": PROBE_AFTER,
    "tcp_keepalives_interval": PROBE_EVERY,
    "tcp_keepalives_count": PROBES,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}


def create(url: URL, wait: float) -> sa.Engine:
    """An engine whose connections were all checked for durability. What the URL says of its connections holds."""
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=16,
        max_overflow=64,
        pool_pre_ping=True,
        connect_args={name: value for name, value in LIBPQ.items() if name not in url.query},
    )

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
        row = connection.execute("SHOW in_hot_standby").fetchone()
        if row is None or row[0] != "off":
            connection.rollback()
            # Kept, it would be asked again and again though another server takes writes by now.
            raise StorageError(
                "the PostgreSQL server is a standby, which takes no writes",
                expected="the primary",
                got="in_hot_standby=on",
                hint="name all servers in the URL (host=a,b) with target_session_attrs=read-write, or an address that "
                "follows the primary",
            )
        settings = SERVER | {"lock_timeout": int(wait * 1000)}
        connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
        connection.commit()

    event.listen(engine, "connect", set_up)
    return engine

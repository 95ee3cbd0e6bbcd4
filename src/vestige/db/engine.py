"""Opening a database and holding transactions on it.

A thin wrapper over a SQLAlchemy Core engine: it fixes how transactions begin on each dialect, and turns the engines'
errors into ours at the transaction's border. It is safe to share between threads; a process that was forked must
open its own.

SQLite (https://www.sqlite.org/pragma.html, https://www.sqlite.org/lang_transaction.html): a writer begins with BEGIN
IMMEDIATE, because a deferred transaction that finds out late that it writes fails at once if another wrote meanwhile.
Writers of one process queue on a lock of their own before they ask SQLite, whose busy handler polls and is not fair.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from vestige.db import copies, identity, migrate, postgres, roles, sqlite
from vestige.db.errors import ENGINE_ERRORS, storage_error
from vestige.model.errors import BusyError, ConflictError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

WAIT_SECONDS = 30.0
"""How long a writer waits for the write lock before it answers :class:`BusyError`."""
IDLE_SECONDS = 60.0
"""How long a write transaction may stand still between two statements before PostgreSQL ends it. A node that was
stopped in the middle of one, and lives, keeps others from the log that long; when it goes on, it commits nothing."""

_WRITES = "vestige_writes"


class Copied(NamedTuple):
    """What a copy of a database holds: its schema's revision, and the columns of each table (none of SQLite's)."""

    revision: str
    columns: dict[str, list[str]]


class Database:
    """One relational database, opened. Make it with :meth:`open`."""

    def __init__(
        self, engine: sa.Engine, writing: sa.Engine, *, owner_url: URL | None, wait: float, idle: float
    ) -> None:
        self._engine = engine
        self._writing = writing
        self._owner_url = owner_url
        self._wait = wait
        self._idle = idle
        self._writer = threading.Lock()

    @classmethod
    def open(cls, url: str, *, owner_url: str = "", wait: float = WAIT_SECONDS, idle: float = IDLE_SECONDS) -> Database:
        """Open (for SQLite: create) the database of this SQLAlchemy URL.

        Args:
            url: ``sqlite:///path`` or ``postgresql://…``.
            owner_url: PostgreSQL only: the role that owns the tables and runs migrations, so that the role of
                ``url`` owns none of them and holds grants alone.
            wait: seconds a writer waits for the lock.
            idle: seconds a write transaction may stand still between two statements; PostgreSQL only.

        Raises:
            SettingsError: a URL of another kind.
            StorageError: the database cannot be reached, is too old, or would lose acknowledged writes.
        """
        parsed = _parse(url, "database_url")
        if parsed.get_backend_name() == "sqlite":
            if owner_url:
                raise SettingsError("SQLite has no roles", expected="no database_owner_url", field="database_owner_url")
            engine, writing = sqlite.create(parsed, wait)
        else:
            engine = writing = postgres.create(parsed, wait)
        for one in {engine, writing}:
            event.listen(one, "begin", _begin)
        owner = _parse(owner_url, "database_owner_url") if owner_url else None
        database = cls(engine, writing, owner_url=owner, wait=wait, idle=idle)
        try:
            with database.read():
                pass
        except BaseException:
            database.close()
            raise
        return database

    @property
    def dialect(self) -> str:
        """``"sqlite"`` or ``"postgresql"``."""
        return self._engine.dialect.name

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(str(self._engine.url.database)) if self.dialect == "sqlite" else None

    def migrate(self) -> None:
        """Bring the schema to what this version needs. Safe to call from several processes at once.

        Raises:
            StorageError: a step failed (nothing of it stays), or the schema is of a newer version.
        """
        if self.dialect == "sqlite":
            with self.write() as connection:
                migrate.upgrade(connection, app_role="")
            return
        with self._owning() as (connection, app_role):
            migrate.upgrade(connection, app_role=app_role)

    @contextmanager
    def _owning(self) -> Iterator[tuple[sa.Connection, str]]:
        """PostgreSQL: a write transaction of the role that owns the tables; and who serves, if that is another."""
        if self._owner_url is None:
            with self.write() as connection:
                yield connection, ""
            return
        with self.read() as connection:
            app_role = str(connection.scalar(sa.text("SELECT current_user")))
        with (
            Database.open(self._owner_url.render_as_string(hide_password=False), wait=self._wait) as owner,
            owner.write() as connection,
        ):
            yield connection, app_role

    def copy_out(self, folder: Path, look: Callable[[sa.Connection], None], tell: Callable[[int, int], None]) -> Copied:
        """Write all of it into an empty folder while others go on writing (:mod:`vestige.db.copies`).

        Args:
            folder: where to.
            look: called before, to read of the same state of the database what it wants to know.
            tell: told how far it is.
        """
        with self.read() as connection:
            # What is read first begins the snapshot; everything after sees the same.
            revision = migrate.current(connection)
            look(connection)
            return Copied(revision or "", copies.write(connection, folder, tell))

    def copy_in(
        self, columns: Mapping[str, Sequence[str]], revision: str, opened: Callable[[str], Iterator[bytes]]
    ) -> None:
        """Make an empty PostgreSQL database what it was when it was copied: all of it, or nothing.

        Args:
            columns: of each table, as they were told.
            revision: the schema's then.
            opened: the bytes of a table's file.

        Raises:
            ConflictError: there are tables in it.
        """
        with self._owning() as (connection, app_role):
            there = sa.inspect(connection).get_table_names()
            if there:
                raise ConflictError(
                    "the database is not empty", expected="a database without tables",
                    got=", ".join(sorted(there))[:200], hint="make a new one, and name it in VESTIGE_DATABASE_URL",
                )  # fmt: skip
            migrate.upgrade(connection, app_role=app_role, to=revision)
            copies.fill(connection, columns, opened)

    def server_name(self, proposed: str) -> str:
        """The name this installation chose at its first start; ``proposed`` is stored if it has none yet.

        It begins the origin of every log and never changes (ledger.md section 1).

        Raises:
            SettingsError: the proposed name cannot begin an origin.
        """
        with self.write() as connection:
            return identity.server_name(connection, proposed)

    def installation(self) -> str:
        """What tells this installation from every other, whatever they are called.

        Raises:
            NotFoundError: it was never started, and so has no name yet.
        """
        with self.read() as connection:
            return identity.installation(connection)

    def separation(self) -> roles.RoleSeparation:
        """Whether the role that serves could lift the ledger's rules by itself."""
        with self.read() as connection:
            return roles.separation(connection)

    @contextmanager
    def read(self, tenant: str = "") -> Iterator[sa.Connection]:
        """A connection inside a transaction that sees one snapshot.

        Args:
            tenant: whose rows it is about; PostgreSQL then shows it no other's (row-level security).

        Raises:
            StorageError: the engine failed.
        """
        try:
            with self._engine.connect() as connection:
                if self.dialect == "postgresql":
                    connection = connection.execution_options(  # noqa: PLW2901 - the same connection, configured
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                with connection.begin():
                    self._confine(connection, tenant)
                    yield connection
        except ENGINE_ERRORS as error:
            raise storage_error(error) from error

    @contextmanager
    def write(self, tenant: str = "") -> Iterator[sa.Connection]:
        """A connection inside a write transaction: committed, and durable, when the block is left without an error.

        Args:
            tenant: whose rows it is about, as in :meth:`read`; another's can be neither seen nor written then.

        Raises:
            BusyError: another writer held the lock for the whole waiting time.
            StorageError: the engine failed; nothing of the block stays.
        """
        alone = self.dialect == "sqlite"
        if alone and not self._writer.acquire(timeout=self._wait):
            raise BusyError(
                "the database is held by another writer of this process",
                expected=f"the write lock within {self._wait:g} s",
                got="no lock",
                hint="try again",
            )
        try:
            with self._writing.connect() as connection:
                connection = connection.execution_options(**{_WRITES: True})  # noqa: PLW2901 - as above
                with connection.begin():
                    self._confine(connection, tenant, writes=True)
                    yield connection
        except ENGINE_ERRORS as error:
            raise storage_error(error) from error
        finally:
            if alone:
                self._writer.release()

    def _confine(self, connection: sa.Connection, tenant: str, *, writes: bool = False) -> None:
        """Until the transaction ends, name the tenant to the policies of migration 0004, and let no writer stand still.

        Readers hold nothing that others wait for, and send what they read to clients of any speed.
        """
        if self.dialect != "postgresql":
            return
        settings = {"vestige.tenant": tenant} if tenant else {}
        if writes:
            settings["idle_in_transaction_session_timeout"] = f"{int(self._idle * 1000)}ms"
        if settings:
            said = ", ".join(f"set_config('{name}', :value_{at}, true)" for at, name in enumerate(settings))
            bound = {f"value_{at}": value for at, value in enumerate(settings.values())}
            connection.execute(sa.text(f"SELECT {said}"), bound)

    def forget(self) -> None:
        """Leave no copy of deleted rows in the write-ahead log: it is written into the database, and cut to nothing.

        On PostgreSQL it does nothing: there deleted rows go with the server's own next VACUUM, and with its segments.

        Raises:
            BusyError: a reader held an old state of the database for the whole waiting time.
        """
        if self.dialect != "sqlite":
            return
        deadline = time.monotonic() + self._wait
        while True:
            with self._engine.connect() as connection:
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy is not None and not busy[0]:
                return
            if time.monotonic() > deadline:
                raise BusyError("a reader holds an old state of the database", hint="try again in a moment")
            time.sleep(0.05)

    def close(self) -> None:
        """Give all connections back. The object may not be used after."""
        self._engine.dispose()
        self._writing.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _parse(url: str, field: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError as error:
        raise SettingsError(
            "not a database URL", expected="sqlite:///… or postgresql://…", got=url[:20], field=field
        ) from error
    if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        "no such database driver",
        expected="sqlite:///path/to/file or postgresql://…",
        got=parsed.render_as_string(hide_password=True)[:80],
        field=field,
    )

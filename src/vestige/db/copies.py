"""The whole of a database as files, and back.

SQLite gives one file, by its online backup (https://www.sqlite.org/backup.html): the connection that reads holds its
snapshot, so writers go on meanwhile and the copy has nothing of theirs. The write-ahead log cannot be cut until it is
over. PostgreSQL gives a file a table, in the binary form of ``COPY`` (its documentation, "COPY", "Binary Format"), all
read in one snapshot; each table's columns are told beside, since the form does not name them.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, cast

import sqlalchemy as sa

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import psycopg

    Tell = Callable[[int, int], None]
    Opened = Callable[[str], Iterable[bytes]]

FILE: Final = "vestige.sqlite"
SUFFIX: Final = ".copy"
VERSION_TABLE: Final = "alembic_version"
_OF_THE_COPY: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_PAGES: Final = 512
"""Pages that are copied between two looks at how far it is: 8 MiB."""


def tables_of(connection: sa.Connection) -> list[str]:
    """Every table but the migrations' own, each behind those it refers to."""
    ordered = sa.inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _ in ordered if name is not None and name != VERSION_TABLE]


def write(connection: sa.Connection, folder: Path, tell: Tell) -> dict[str, list[str]]:
    """Write everything the connection's transaction sees into an empty folder.

    Args:
        connection: inside a transaction that has one snapshot and names no tenant.
        folder: where to.
        tell: told how much of how much is done: bytes of SQLite, tables of PostgreSQL.

    Returns:
        The columns of each table, in the order they stand in its file; nothing for SQLite.
    """
    if connection.dialect.name == "sqlite":
        _write_sqlite(connection, folder / FILE, tell)
        return {}
    names = tables_of(connection)
    columns = {name: [str(one["name"]) for one in sa.inspect(connection).get_columns(name)] for name in names}
    driver = cast("psycopg.Connection[object]", connection.connection.driver_connection)
    for done, name in enumerate(names, 1):
        said = f"COPY {_listed(connection, name, columns[name])} TO STDOUT (FORMAT binary)"
        with (folder / f"{name}{SUFFIX}").open("xb") as file, driver.cursor() as cursor, cursor.copy(said) as copy:
            for data in copy:
                file.write(data)
        tell(done, len(names))
    return columns


def fill(connection: sa.Connection, columns: Mapping[str, Sequence[str]], opened: Opened) -> None:
    """Fill PostgreSQL's empty tables with what :func:`write` made of them.

    Triggers and row-level security would speak against it, as they should: within the transaction the owner lifts them,
    and nobody else sees a table without.

    Args:
        connection: of the role that owns the tables, inside a write transaction.
        columns: of each table, as :func:`write` told them.
        opened: the bytes of a table's file; it raises where they are not what was written.

    Raises:
        StorageError: there are other tables than these.
    """
    there = tables_of(connection)
    if set(there) != set(columns):
        raise StorageError(
            "the backup has other tables than its schema", expected=", ".join(sorted(there))[:200],
            got=", ".join(sorted(set(there) ^ set(columns)))[:200],
        )  # fmt: skip
    forced = set(
        connection.scalars(
            sa.text("SELECT relname FROM pg_class WHERE relforcerowsecurity AND relnamespace = to_regnamespace(:s)"),
            {"s": str(connection.scalar(sa.text("SELECT current_schema()")))},
        )
    )
    driver = cast("psycopg.Connection[object]", connection.connection.driver_connection)
    quoted = connection.dialect.identifier_preparer.quote
    for name in there:
        table = quoted(name)
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        if name in forced:
            connection.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        said = f"COPY {_listed(connection, name, columns[name])} FROM STDIN (FORMAT binary)"
        with driver.cursor() as cursor, cursor.copy(said) as copy:
            for data in opened(f"{name}{SUFFIX}"):
                copy.write(data)
        if name in forced:
            connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _write_sqlite(connection: sa.Connection, path: Path, tell: Tell) -> None:
    source = cast("sqlite3.Connection", connection.connection.driver_connection)
    size = int(connection.scalar(sa.text("PRAGMA page_size")) or 0)
    target = sqlite3.connect(path)
    try:
        source.backup(target, pages=_PAGES, progress=lambda _, left, total: tell((total - left) * size, total * size))
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _OF_THE_COPY:
            raise
        # The database that is copied has room: it is read.
        raise StorageError(
            "the copy of the database cannot be written", expected=f"room for {path.name}", got=str(error)[:200],
            hint="look at the space and the rights of its folder",
        ) from error  # fmt: skip
    finally:
        target.close()


def _listed(connection: sa.Connection, table: str, columns: Sequence[str]) -> str:
    quoted = connection.dialect.identifier_preparer.quote
    return f"{quoted(table)} ({', '.join(map(quoted, columns))})"

"""The database room on both engines: transactions, migrations, and the servers it refuses."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from vestige.db import Database
from vestige.model.errors import BusyError, SettingsError, StorageError

if TYPE_CHECKING:
    from support.homes import Home
    from support.postgres import Postgres


def test_migrations_run_once_from_many_processes_worth_of_callers(home: Home) -> None:
    databases = [home.db() for _ in range(4)]
    errors: list[Exception] = []

    def migrate(db: Database) -> None:
        try:
            db.migrate()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            errors.append(error)

    threads = [threading.Thread(target=migrate, args=(db,)) for db in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with databases[0].read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1


def test_a_schema_of_a_newer_version_is_refused(home: Home) -> None:
    db = home.db()
    db.migrate()
    with db.write() as connection:
        before = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="not one this version knows"):
        db.migrate()
    with db.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": before})
    db.migrate()


def test_a_write_is_whole_or_nothing_and_a_read_is_one_snapshot(home: Home) -> None:
    db = home.db()
    db.migrate()
    with db.write() as connection:
        connection.execute(sa.text("CREATE TABLE t (n integer PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO t VALUES (1)"))

    def insert(*values: int) -> None:
        with db.write() as connection:
            for value in values:
                connection.execute(sa.text("INSERT INTO t VALUES (:n)"), {"n": 10 // value})

    with pytest.raises(ZeroDivisionError):
        insert(3, 0)
    with pytest.raises(StorageError):
        insert(2, 10)
    count = sa.text("SELECT count(*) FROM t")
    with db.read() as reader:
        assert reader.scalar(count) == 1
        with db.write() as writer:
            writer.execute(sa.text("INSERT INTO t VALUES (4)"))
        assert reader.scalar(count) == 1
    with db.read() as reader:
        assert reader.scalar(count) == 2


def test_the_server_name_is_chosen_once(home: Home) -> None:
    db = home.db()
    db.migrate()
    for bad in ("", "Has Spaces", "a/b", "a+b", "-a", "x" * 300):
        with pytest.raises(SettingsError):
            db.server_name(bad)
    assert db.server_name("vestige.example") == "vestige.example"
    assert db.server_name("other.example") == "vestige.example"
    assert home.db().server_name("third.example") == "vestige.example"


def test_a_writer_that_waits_too_long_is_told(home: Home) -> None:
    db = home.db()
    db.migrate()
    other = Database.open(home.url, wait=0.2)
    with db.write() as connection:
        connection.execute(sa.text("INSERT INTO server_identity (one, name, created_at) VALUES (1, 'x', 1)"))
        if home.driver == "postgresql":
            connection.execute(sa.text("LOCK TABLE server_identity"))
        with pytest.raises(BusyError), other.write() as waiting:
            waiting.execute(sa.text("UPDATE server_identity SET name = 'y'"))
    with other.write() as free:
        free.execute(sa.text("UPDATE server_identity SET name = 'y'"))
    other.close()


def test_a_server_that_loses_commits_is_refused(postgres: Postgres) -> None:
    name = postgres.create()
    Database.open(postgres.url(name)).close()
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(StorageError, match="synchronous_commit=off"):
        Database.open(postgres.url(name))
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = on")
    Database.open(postgres.url(name)).close()
    postgres.run("ALTER SYSTEM SET fsync = off")
    postgres.run("SELECT pg_reload_conf()")
    try:
        _until_refused(postgres.url(name))
    finally:
        postgres.run("ALTER SYSTEM RESET fsync")
        postgres.run("SELECT pg_reload_conf()")
    postgres.drop(name)


def _until_refused(url: str) -> None:
    """The server reads its configuration again in its own time; the refusal must come then."""
    for _ in range(200):
        try:
            Database.open(url).close()
        except StorageError as error:
            assert "fsync=off" in error.message  # noqa: PT017 - the loop waits for this very error
            return
    pytest.fail("a server with fsync=off was accepted")


def test_a_server_that_is_not_there_is_a_storage_error() -> None:
    with pytest.raises(StorageError):
        Database.open("postgresql://nobody@127.0.0.1:1/none")

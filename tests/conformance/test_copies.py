"""A whole database as files, and back: what PostgreSQL's tables hold, under their triggers and policies."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from vestige.db import Database, head, migrate
from vestige.model.errors import ConflictError, IntegrityError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.postgres import Postgres

ROLES = ("copies_owner", "copies_app")


@pytest.fixture
def filled(postgres: Postgres) -> Iterator[str]:
    """A database of an older schema, with a log, an entry, an erasure, and a closed log's checkpoint."""
    name = postgres.create()
    with Database.open(postgres.url(name)) as db, db.write() as connection:
        migrate.upgrade(connection, app_role="", to="0010")
        for statement in (
            "INSERT INTO server_identity VALUES (1, 'vestige.example', 5)",
            "INSERT INTO access_tenants VALUES ('T', 'default', 5)",
            "INSERT INTO ledger_logs VALUES (1, 'T', 0, 'vestige.example/t/T/0', 5)",
            "INSERT INTO ledger_head VALUES (1, 2, '\\x00ff', '', '', 'A', 1)",
            "INSERT INTO ledger_entries VALUES (1, 0, 'A', 'evidence', 'S', '\\x7b', '\\x01')",
            "INSERT INTO ledger_entries VALUES (1, 1, 'B', 'erasure', 'S', '\\x7b', '\\x02')",
            "INSERT INTO ledger_erasures VALUES (1, 0, 1, 1)",
        ):
            connection.exec_driver_sql(statement)
    with postgres.connect(name) as native:  # which the triggers of a closed log refuse
        native.execute("INSERT INTO ledger_checkpoints VALUES (1, 2, '\\x00ff', 5, 'note — äöü\tü')")
    yield postgres.url(name)
    postgres.drop(name)


def rows(url: str) -> dict[str, list[str]]:
    with Database.open(url) as db, db.read() as connection:
        names = sa.inspect(connection).get_table_names()
        return {name: sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {name}")))) for name in names}


def test_every_row_comes_back_and_the_schema_goes_on(postgres: Postgres, filled: str, tmp_path: Path) -> None:
    seen: list[int] = []
    with Database.open(filled) as db:
        copied = db.copy_out(
            tmp_path, lambda connection: seen.append(connection.scalar(sa.text("SELECT 1")) or 0), lambda *_: None
        )
    assert (copied.revision, seen) == ("0010", [1])
    assert "jobs" not in copied.columns
    name, suffix = postgres.create(), uuid.uuid4().hex[:8]
    owner, app = (f"{role}_{suffix}" for role in ROLES)
    for role in (owner, app):
        postgres.run(f"CREATE ROLE {role} LOGIN")
    postgres.run(f"ALTER DATABASE {name} OWNER TO {owner}")
    postgres.run(f"GRANT CONNECT ON DATABASE {name} TO {app}")
    urls = postgres.url(name, app), postgres.url(name, owner)
    with postgres.connect(name) as native:
        native.execute(f"ALTER SCHEMA public OWNER TO {owner}")
    try:
        with Database.open(urls[0], owner_url=urls[1]) as db:
            torn = {table: (tmp_path / f"{table}.copy").read_bytes() for table in copied.columns}

            def opened(file: str) -> Iterator[bytes]:
                yield torn[file.removesuffix(".copy")]
                if file == "ledger_logs.copy":
                    raise IntegrityError("it is another")

            with pytest.raises(IntegrityError):
                db.copy_in(copied.columns, copied.revision, opened)
            with pytest.raises(StorageError, match="other tables"):
                db.copy_in({"server_identity": ["one"]}, copied.revision, opened)
            with db.read() as connection:
                assert sa.inspect(connection).get_table_names() == [], "all of it or nothing"
            whole = lambda file: iter([torn[file.removesuffix(".copy")]])  # noqa: E731
            db.copy_in(copied.columns, copied.revision, whole)
            with pytest.raises(ConflictError, match="not empty"):
                db.copy_in(copied.columns, copied.revision, whole)
        before, after = rows(filled), rows(postgres.url(name))
        assert after == before
        assert after["ledger_checkpoints"]
        with Database.open(urls[0], owner_url=urls[1]) as db:
            db.migrate()
            with db.read() as connection:
                assert migrate.current(connection) == head()
            with pytest.raises(StorageError), db.write() as connection:
                connection.exec_driver_sql("UPDATE ledger_entries SET kind = 'audit'")
            with db.read("U") as connection:
                assert connection.execute(sa.text("SELECT * FROM ledger_entries")).fetchall() == [], "policies are back"
            with db.read("T") as connection:
                assert len(connection.execute(sa.text("SELECT * FROM ledger_entries")).fetchall()) == 2
    finally:
        postgres.drop(name)
        for role in (app, owner):
            postgres.run(f"DROP ROLE {role}")

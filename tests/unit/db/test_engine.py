from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from vestige.db import Database, sqlite
from vestige.db.migrate import head
from vestige.model.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}") as opened:
        opened.migrate()
        yield opened


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("trusted_schema", 0),
        ("page_size", sqlite.PAGE_SIZE),
    ],
)
def test_every_connection_is_set_up(db: Database, pragma: str, value: object) -> None:
    with db.read() as first, db.read() as second, db.write() as third:
        for connection in (first, second, third):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_readers_keep_few_pages_however_many_they_are_and_the_writer_many(db: Database) -> None:
    with db.read() as first, db.read() as second, db.write() as third:
        kept = [one.exec_driver_sql("PRAGMA cache_size").scalar() for one in (first, second, third)]
    assert kept == [-sqlite.READER_KIB, -sqlite.READER_KIB, -sqlite.WRITER_KIB]
    assert 16 * sqlite.READER_KIB <= sqlite.WRITER_KIB


def test_the_dialect_and_the_file_are_told(db: Database, tmp_path: Path) -> None:
    assert db.dialect == "sqlite"
    assert db.path == tmp_path / "x.sqlite"
    assert not db.separation().separate


def test_the_schema_is_at_its_head(db: Database) -> None:
    with db.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == head()


def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'y.sqlite'}") as db:
        monkeypatch.setattr("vestige.db.migrate.grant", _fail)  # called last, when the tables are made
        with pytest.raises(ZeroDivisionError):
            db.migrate()
        monkeypatch.undo()
        with db.read() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'ledger%'")) == 0
        db.migrate()


def _fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("url", ["mysql://x", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql+asyncpg"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Database.open(url)


def test_sqlite_has_no_owner(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}", owner_url="postgresql://owner@h/d")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"not a database, and long enough to be read as a header" * 20)
    with pytest.raises(StorageError):
        Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Database.open(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}")


def test_an_old_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 30, 0))
    with pytest.raises(StorageError, match="too old"):
        Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}")

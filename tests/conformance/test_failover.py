"""A primary that is lost, and a standby in its place: the same `Database` goes on with it, and nothing is missing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from support.postgres import Postgres
from vestige.db import Database
from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
INSERT = "INSERT INTO kept VALUES (:n)"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Postgres, Postgres]]:
    with contextlib.ExitStack() as stack:
        primary = Postgres.start((LOOPBACK, f"{LOOPBACK}/32"))  # one of its own, which may be ended
        stack.callback(primary.stop)
        standby = primary.standby()
        stack.callback(standby.stop)
        yield primary, standby


def insert(db: Database, n: int) -> None:
    with db.write() as connection:
        connection.execute(sa.text(INSERT), {"n": n})


def test_what_was_acknowledged_is_with_the_standby_that_takes_over(pair: tuple[Postgres, Postgres]) -> None:
    primary, standby = pair
    name = primary.create()
    folders = f"{primary.folder},{standby.folder}"
    url = f"postgresql://postgres@/{name}?host={folders}&port={primary.port},{primary.port}&target_session_attrs=read-write"
    with Database.open(url) as db:
        with db.write() as connection:
            connection.execute(sa.text("CREATE TABLE kept (n integer PRIMARY KEY)"))
        insert(db, 1)
        # Whoever is sent to the standby alone is told so, and keeps no connection to it.
        with pytest.raises(StorageError, match="is a standby"):
            Database.open(standby.url(name))
        primary.end()
        with pytest.raises(StorageError):
            insert(db, 2)
        standby.promote()
        insert(db, 3)
        with db.read() as connection:
            assert connection.scalars(sa.text("SELECT n FROM kept ORDER BY n")).all() == [1, 3]
    Database.open(standby.url(name)).close()

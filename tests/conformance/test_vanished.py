"""A node that stands still or vanishes in the middle of a write: others go on soon, and it commits nothing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from support.faults.network import join, missing, network
from support.postgres import Postgres
from vestige.db import Database, postgres
from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.faults.network import Network

TABLE = "CREATE TABLE heads (n integer)"
TAKE = "UPDATE heads SET n = n + :more"
HUNG = 3600.0
"""What a test that hangs would take: the bounds under test are far below it, and those of others far above."""


def take(db: Database, more: int) -> None:
    with db.write() as connection:
        connection.execute(sa.text(TAKE), {"more": more})


def value(db: Database) -> int:
    with db.read() as connection:
        return int(connection.scalar(sa.text("SELECT n FROM heads")) or 0)


def prepared(url: str) -> None:
    with Database.open(url) as db, db.write() as connection:
        connection.execute(sa.text(TABLE))
        connection.execute(sa.text("INSERT INTO heads VALUES (0)"))


def test_a_writer_that_stands_still_holds_others_up_for_a_bounded_time_and_commits_nothing(
    request: pytest.FixtureRequest,
) -> None:
    server: Postgres = request.getfixturevalue("postgres")
    url = server.url(server.create())
    prepared(url)
    with Database.open(url, idle=0.5) as stopped, Database.open(url, wait=HUNG) as other:

        def stand_still() -> None:
            with stopped.write() as connection:
                connection.execute(sa.text(TAKE), {"more": 1})
                take(other, 10)  # waits for the row until the one that stands still has lost it
                connection.execute(sa.text(TAKE), {"more": 100})

        with pytest.raises(StorageError, match="idle-in-transaction"):
            stand_still()
        assert value(other) == 10
        take(stopped, 1000)  # its next connection is as good as any
        assert value(other) == 1010


def test_a_reader_may_stand_still(request: pytest.FixtureRequest) -> None:
    """A reader who sends what it reads to a slow client is idle in its transaction, and holds nothing."""
    server: Postgres = request.getfixturevalue("postgres")
    url = server.url(server.create())
    prepared(url)
    said = "SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    with Database.open(url, idle=0.25) as db:
        with db.write() as connection:
            assert connection.scalar(sa.text(said)) == "250"
        with db.read() as connection:
            assert connection.scalar(sa.text(said)) == "0"
            connection.execute(sa.text("SELECT pg_sleep(0)"))
            time.sleep(0.6)
            assert connection.scalar(sa.text("SELECT n FROM heads")) == 0


@pytest.fixture(scope="module")
def cables() -> Iterator[Network]:
    why = missing()
    if why:
        pytest.skip(why)
    with network(1) as made:
        yield made


def test_a_node_whose_cable_is_pulled_loses_what_it_held(cables: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is open on both sides, and nothing on it says that the other is gone: only a probe does."""
    server = Postgres.start((cables.here, cables.range))
    try:
        url = server.network_url(server.create())
        prepared(url)
        quick = {"tcp_keepalives_idle": 1, "tcp_keepalives_interval": 1, "tcp_keepalives_count": 2}
        for name, seconds in quick.items():
            assert name in postgres.SERVER
            monkeypatch.setitem(postgres.SERVER, name, seconds)
        monkeypatch.setitem(postgres.SERVER, "tcp_user_timeout", 3000)
        monkeypatch.setitem(postgres.LIBPQ, "tcp_user_timeout", 3000)
        holds, cut = threading.Event(), threading.Event()
        said: list[BaseException] = []

        def vanish() -> None:
            join(cables.namespace(0))  # this thread alone
            with Database.open(url, idle=HUNG) as db:
                try:
                    with db.write() as connection:
                        connection.execute(sa.text(TAKE), {"more": 1})
                        holds.set()
                        cut.wait()
                except StorageError as error:
                    said.append(error)

        node = threading.Thread(target=vanish)
        node.start()
        assert holds.wait(60)
        with Database.open(url, wait=HUNG) as other:
            cables.cut(0)
            take(other, 10)
            cut.set()  # it goes on, and would commit
            cables.mend(0)
            node.join()
            assert [type(error) for error in said] == [StorageError]
            assert value(other) == 10
    finally:
        server.stop()

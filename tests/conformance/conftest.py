"""Both drivers, for every test of this folder that asks for a ``home``: real SQLite and a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.homes import Home, postgres_home, sqlite_home
from support.postgres import Postgres
from vestige.db import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--entries", type=int, default=None, help="entries each client of the writers' test appends")
    parser.addoption("--schedules", type=int, default=40, help="acts on holds beside which is erased, of each seed")
    parser.addoption("--hold-schedules", type=int, default=20, help="schedules of a hold and an erasure at once")


@pytest.fixture
def schedules(request: pytest.FixtureRequest) -> int:
    """How many acts on holds a test of interleavings makes."""
    return int(request.config.getoption("--schedules"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server. Started once; if there is none to start, every test that needs it fails and says what is missing."""
    server = Postgres.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a migrated PostgreSQL database. Tests that use it leave it empty."""
    name: str = postgres.create()
    with Database.open(postgres.url(name)) as db:
        db.migrate()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """An empty place for a ledger, on each driver."""
    if request.param == "sqlite":
        place = sqlite_home(tmp_path)
    else:
        place = postgres_home(tmp_path, request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
    yield place
    place.close()
    if place.server is not None:
        place.server.wipe(place.database)

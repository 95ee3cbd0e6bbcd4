"""An installation that nobody was let into yet, and a browser at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("access") / "data", limit_sign_ins=0) as made:
        yield made


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, timeout=60) as made:
        yield made


@pytest.fixture
def browser(client: httpx.Client) -> httpx.Client:
    """A browser that knows no cookie."""
    client.cookies.clear()
    return client

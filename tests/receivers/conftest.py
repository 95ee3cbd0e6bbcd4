"""One server for the receivers' tests; tests of bounds start their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.program import Running, serving
from support.receiving import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("receivers") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with client_of(server) as client:
        yield client

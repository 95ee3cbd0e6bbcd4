from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import fresh_log, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("index")) as opening:
        yield opening


@pytest.fixture
def log() -> int:
    return fresh_log()

"""Holding a data directory within the test's process: commands on it then go over its socket, as they do beside `up`.

Each of them is still the real program; only what it would open and close by itself (the ledger, the engine of the
index) is open once for all.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from support.program import Vestige
from vestige.api import Server, create_api
from vestige.app import DataDirLock, Installation, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def held(data: Path) -> Iterator[Vestige]:
    """The command line on a data directory that is held until the block is left."""
    settings = Settings(data=data)
    lock = DataDirLock(settings.data)
    assert lock.acquire("test")
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        server = Server(create_api(stack.enter_context(Installation.open(settings))), settings, lock.socket)
        server.start()
        stack.callback(server.stop)
        yield Vestige(data)

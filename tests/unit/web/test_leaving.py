"""A closed connection is heard while an answer is worked out, for what only reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread

from vestige.api.leaving import VIEWS, Leaving
from vestige.app import ASKER, Asker
from vestige.model.errors import LeftError

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.types import Receive, Scope, Send


def _may_ask(asker: Asker | None) -> bool:
    if asker is None:
        return True
    try:
        with asker.asking(lambda _: None):
            return True
    except LeftError:
        return False


def _asked(path: str, *, closes: bool) -> tuple[bool, list[str]]:
    """Whether the application may ask the index after a moment, in a thread of its own; and what it was sent."""
    told: list[bool] = []
    heard: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        heard.append((await receive())["type"])
        await asyncio.sleep(0.2)
        told.append(await to_thread.run_sync(lambda: _may_ask(ASKER.get())))

    async def run() -> None:
        messages: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        if closes:
            messages.put_nowait({"type": "http.disconnect"})

        async def send(message: MutableMapping[str, Any]) -> None:
            del message

        await Leaving(application)({"type": "http", "method": "GET", "path": path}, messages.get, send)
        assert ASKER.get() is None

    asyncio.run(asyncio.wait_for(run(), 30))
    return told[0], heard


@pytest.mark.parametrize("path", sorted(VIEWS))
def test_who_closes_the_connection_is_worked_for_no_longer(path: str) -> None:
    assert _asked(path, closes=True) == (False, ["http.request"])
    assert _asked(path, closes=False) == (True, ["http.request"])


@pytest.mark.parametrize("path", ["/v1/export", "/v1/ledger/checkpoint", "/v1/timeline/other"])
def test_what_does_more_than_read_is_done_to_its_end(path: str) -> None:
    assert _asked(path, closes=True) == (True, ["http.request"])

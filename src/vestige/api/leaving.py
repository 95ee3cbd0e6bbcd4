"""Who asks for a view of the events and goes before it is there is worked for no longer.

A browser lets go of an answer by closing the connection. That is heard while the answer is worked out, and what the
index does for it is ended (:mod:`vestige.index.asker`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread

from vestige.app import ASKER, Asker

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

VIEWS: Final = frozenset(
    {
        *("/v1/timeline", "/v1/timeline/count", "/v1/timeline/density", "/v1/timeline/marks", "/v1/timeline/stacks"),
        *("/v1/facets", "/v1/search", "/v1/sources/coverage"),
    }
)
"""What only reads, and may read much. What changes or records something is always done to its end."""


ENDERS: Final = 8
"""Threads that end statements, at most."""


class Leaving:
    """Ends what is worked out for whoever has gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Of their own: those that answer may all be taken by the very statements that are to be ended.
        self._enders = CapacityLimiter(ENDERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and hear meanwhile whether its connection is closed."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in VIEWS:
            await self._app(scope, receive, send)
            return
        asker = Asker()
        # No more than one is held, so a body that nobody reads fills no memory.
        heard: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)

        async def listen() -> None:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    await to_thread.run_sync(asker.leave, limiter=self._enders)
                await heard.put(message)

        listening = asyncio.create_task(listen())
        known = ASKER.set(asker)
        try:
            await self._app(scope, heard.get, send)
        finally:
            ASKER.reset(known)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

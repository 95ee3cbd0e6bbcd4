"""Every request has an id: the one it came with, if that is short and plain, or one of ours. Its answer states it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.model.ids import new_ulid
from vestige.model.instant import now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = b"x-request-id"
_PLAIN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""What is taken over: it goes into entries and into a header of the answer."""


class RequestId:
    """Gives each request ``state.request_id`` and each answer ``X-Request-Id``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        identity = given if _PLAIN.fullmatch(given) else new_ulid(now() // 1_000_000).encode()
        scope.setdefault("state", {})["request_id"] = identity.decode()

        async def stated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, identity)]
            await send(message)

        await self._app(scope, receive, stated)

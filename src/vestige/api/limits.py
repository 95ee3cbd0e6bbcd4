"""Bounds on requests, held before a handler sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.api.problems import respond
from vestige.model.errors import TooLargeError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Refuses a request body above ``largest`` bytes, whether it states its length or not."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if stated.isdigit() and int(stated) > self._largest:
            await respond(self._error(int(stated)))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                raise self._error(seen)
            return message

        await self._app(scope, counted, send)

    def _error(self, size: int) -> TooLargeError:
        return TooLargeError(
            "the request body is too large",
            expected=f"at most {self._largest} bytes",
            got=f"{size} bytes or more",
            hint="send it in parts, or raise VESTIGE_LIMIT_BODY_BYTES",
        )

"""Bounds on requests, held before a handler sees them: how large a body may be, and which parameters there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from vestige.api.coding import WINDOW, coding_of, inflate
from vestige.api.problems import respond
from vestige.model.errors import TooLargeError, UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


SMALL_BYTES = 64 << 10
"""Of a body that says who somebody is or may be: nobody has to prove anything before it is read."""
SMALL_PATHS = ("/v1/login", "/v1/logout", "/v1/people", "/v1/admin/", "/v1/tenants", "/ui/")


class BodyLimit:
    """Refuses a body above ``largest`` bytes, on some paths above fewer, whether it states its length or not."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = min(SMALL_BYTES, self._largest) if scope["path"].startswith(SMALL_PATHS) else self._largest
        stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if stated.isdigit() and int(stated) > largest:
            await respond(self._error(int(stated), largest))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                raise self._error(seen, largest)
            return message

        await self._app(scope, counted, send)

    def _error(self, size: int, largest: int) -> TooLargeError:
        return TooLargeError(
            "the request body is too large",
            expected=f"at most {largest} bytes",
            got=f"{size} bytes or more",
            hint="send it in parts, or raise VESTIGE_LIMIT_BODY_BYTES" if largest == self._largest else "",
        )


async def only_known_parameters(request: Request) -> None:
    """See :func:`refuse_unknown`."""
    refuse_unknown(request)


def refuse_unknown(request: Request, besides: str = "") -> None:
    """Refuse a parameter that means nothing here, or comes twice: a filter must not silently be no filter.

    A dependency of our own routes. What imitates another product's interface takes what that one takes.

    Args:
        request: whose parameters.
        besides: how names begin that the route reads by itself.

    Raises:
        UsageError: a query parameter the route does not have, or one given more than once.
    """
    route = request.scope["route"]
    if not request.query_params or not isinstance(route, APIRoute):
        return
    fields = get_flat_params(route.dependant)
    known = {field.alias for field in fields if isinstance(field.field_info, Query)}
    several = [name for name in known if len(request.query_params.getlist(name)) > 1]
    if several:
        raise UsageError(
            f"{several[0]} is given more than once",
            expected="each parameter once; lists are parted by commas",
            got=f"{len(request.query_params.getlist(several[0]))} times",
            field=several[0],
        )
    unknown = sorted(name for name in set(request.query_params) - known if not (besides and name.startswith(besides)))
    if unknown:
        raise UsageError(
            f"{unknown[0][:60]} is no parameter of {request.url.path}",
            expected=", ".join(sorted(known)) or "no parameter",
            got=", ".join(unknown)[:100],
            hint="docs/http.md and the OpenAPI document say what each means",
            field=unknown[0][:60],
        )


async def bounded(request: Request, most: int, what: str, *, hint: str) -> bytes:
    """The whole body, decompressed, read no further than its bound.

    Args:
        request: whose body.
        most: bytes of it.
        what: it holds, for the error.
        hint: what to do about one that is longer.

    Raises:
        TooLargeError: it is longer, as it comes or decompressed.
        MediaError: it is compressed in a way nobody here undoes.
        FormatError: it is not compressed as it says.
    """
    coding = coding_of(request)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLargeError(
                f"too many bytes of {what} in one request", expected=f"at most {most}", got=f"{size} or more", hint=hint
            )
        parts.append(chunk)
    body = b"".join(parts)
    if not coding or not body:
        return body
    return await run_in_threadpool(inflate, body, WINDOW[coding], most, lambda _: None)

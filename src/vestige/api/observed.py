"""Every request is counted, timed and told of: by the template of its route, never by its path."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from vestige.app import Figures, RequestSpan

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TRACE: Final = ("traceparent", "tracestate")
OTHER: Final = "other"
"""Where there is no route, or a method that is none of ours: names that others choose are no labels."""
_LOG: Final = logging.getLogger("vestige.http")


class Observed:
    """Counts a request, and tells of it, when its answer begins: before whoever asked has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        tracing = scope["app"].state.installation.tracing
        if tracing is None:
            await self._watch(scope, receive, send, None)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with tracing.request({name: headers[name] for name in TRACE if name in headers}) as span:
            await self._watch(scope, receive, send, span)

    async def _watch(self, scope: Scope, receive: Receive, send: Send, span: RequestSpan | None) -> None:
        begun, noted = time.perf_counter(), False

        async def seen(message: Message) -> None:
            nonlocal noted
            if message["type"] == "http.response.start":
                noted = True
                self._note(scope, int(message["status"]), time.perf_counter() - begun, span)
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except BaseException:
            if not noted:  # it is answered further out
                self._note(scope, 500, time.perf_counter() - begun, span)
            raise

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float, span: RequestSpan | None) -> None:
        route, method = getattr(scope.get("route"), "path", OTHER), scope["method"]
        method = method if method in METHODS else OTHER
        code = str(scope.get("state", {}).get("code", ""))
        figures: Figures = scope["app"].state.installation.figures
        figures.requests.add(route, method, f"{status // 100}xx")
        figures.request_seconds.observe(seconds, route)
        if code:
            figures.refusals.add(route, code)
        if span is not None:
            marks = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
            span.told(
                f"{method} {route}",
                marks | {f"vestige.{name}": value for name, value in told_of(scope).items()},
                failed=status >= 500,
            )
        level = logging.WARNING if status >= 500 else logging.INFO
        if _LOG.isEnabledFor(level):
            said = told_of(scope) | {"route": route, "method": method, "status": status, "ms": round(seconds * 1000, 3)}
            said |= ({"code": code} if code else {}) | ({} if span is None else {"trace_id": span.trace_id})
            _LOG.log(level, "%s %s %d", method, route, status, extra=said)


def told_of(scope: Scope) -> dict[str, Any]:
    """What a line may say of who asked: the request's id and the tenant's name."""
    state = scope.get("state", {})
    caller = state.get("caller")
    return {"request": state.get("request_id", "")} | ({} if caller is None else {"tenant": caller.rooms.tenant.slug})

"""Errors as RFC 9457 problem documents: ``code``, ``title``, expected, got, hint, and the field at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from vestige.model.errors import (
    ForbiddenError,
    InputError,
    MediaError,
    QueryError,
    RateError,
    SlowError,
    UsageError,
    VestigeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
RETRY_SECONDS = 1
RETRY = {"Retry-After": str(RETRY_SECONDS)}
"""With every answer that asks for the same request again, later."""


def problem(error: VestigeError) -> dict[str, Any]:
    """The document of an error."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.message,
        "status": error.http_status,
        "code": error.code,
    }
    for name in ("expected", "got", "hint"):
        value = getattr(error, name)
        if value:
            body[name] = value
    if error.field:
        body["errors"] = [{"field": error.field, "expected": error.expected, "got": error.got}]
    if isinstance(error, QueryError):
        body["column"] = error.column
    return body


def refused(status: int, reason: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    """The document of a request with one event that was not taken; the events' answers stand beside its fields."""
    code = "conflict" if status == 409 else "input"
    title = f"the event was not taken: {reason}"
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code}
    return body | ({"errors": errors} if errors else {})


def respond(error: VestigeError) -> Response:
    """The response of an error."""
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: RETRY}.get(error.http_status)
    if isinstance(error, RateError):
        headers = {"Retry-After": str(error.seconds)}
    return Response(orjson.dumps(problem(error)), status_code=error.http_status, media_type=MEDIA_TYPE, headers=headers)


async def recorded(
    request: Request, error: VestigeError, record_refusal: Callable[[Request, ForbiddenError], None]
) -> VestigeError:
    """The error to answer: this one, an entry by now if it is a refusal; or why it could not become one."""
    if isinstance(error, ForbiddenError):
        try:
            await run_in_threadpool(record_refusal, request, error)
        except VestigeError as failure:
            return failure
    return error


def noted(request: Request, error: VestigeError) -> VestigeError:
    """The error, whose code the request's line and count will have."""
    request.state.code = error.code
    return error


def invalid(error: RequestValidationError) -> VestigeError:
    """The framework's own complaint about a parameter, as one of our errors."""
    found = error.errors()[0]
    if found["loc"] == ("body",) and isinstance(found.get("input"), bytes):
        return MediaError(
            "the body is not said to be JSON",
            expected="Content-Type: application/json",
            got="another Content-Type, or none",
            hint="name the type of what you send",
            field="Content-Type",
        )
    if found["type"] == "json_invalid":
        at = found["loc"][-1]
        return InputError(
            "the body is not JSON", expected="one JSON value", got=f"{found['ctx']['error']}, at character {at}",
            hint="a JSON text is in UTF-8, its names and texts in double quotes", field="body",
        )  # fmt: skip
    place = ".".join(str(part) for part in found["loc"] if part not in {"query", "body", "path", "header"})
    where = found["loc"][0] if found["loc"] else "request"
    kind = InputError if where == "body" else UsageError
    return kind(
        f"{place or 'the request body'} is not valid",
        expected=found["msg"],
        # What a body holds may be a secret: of it only the kind is told.
        got=_kind(found.get("input")) if where == "body" else _stated(found.get("input")),
        hint="the OpenAPI document and `vestige COMMAND --help` describe every parameter",
        field=place,
    )


def _stated(value: object) -> str:
    return "nothing" if value is None else str(value)[:100]


def _kind(value: object) -> str:
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return kinds.get(type(value), "nothing")


def install(api: FastAPI, record_refusal: Callable[[Request, ForbiddenError], None]) -> None:
    """Make every error of the application a problem document, our own and the framework's alike.

    Args:
        api: the application.
        record_refusal: makes a refusal an entry before it is answered.
    """

    @api.exception_handler(VestigeError)
    async def _ours(request: Request, error: VestigeError) -> Response:
        return respond(noted(request, await recorded(request, error, record_refusal)))

    @api.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return respond(noted(request, invalid(error)))

    @api.exception_handler(400)
    async def _unread(request: Request, error: HTTPException) -> Response:
        # The framework's word for a body that could not be read; where it was one of our bounds, that is said.
        cause = error.__cause__ if isinstance(error.__cause__, VestigeError) else _compressed(request)
        if cause is not None:
            return respond(cause)
        return _plain(400, "input", "the request body could not be read", str(error.detail))

    @api.exception_handler(404)
    async def _unknown(request: Request, error: HTTPException) -> Response:
        return _plain(404, "not_found", f"nothing is at {request.url.path}", str(error.detail))

    @api.exception_handler(405)
    async def _method(request: Request, _: HTTPException) -> Response:
        answer = _plain(405, "usage", f"{request.url.path} does not answer {request.method}", "")
        answer.headers["Allow"] = ", ".join(_methods(api, request))
        return answer

    @api.exception_handler(HTTPException)
    async def _framework(_: Request, error: HTTPException) -> Response:
        # Such as a body that is no text in any encoding: what the framework says of it names no content.
        return _plain(error.status_code, "input", str(error.detail), "")

    @api.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> Response:
        # Nobody reads this: it keeps a client that went away, or was cut off, from looking like a fault of ours.
        return respond(SlowError("the client went away before its request was whole"))

    @api.exception_handler(Exception)
    async def _unexpected(_: Request, error: Exception) -> Response:
        # The text of an unforeseen error may hold anything: only its kind leaves the house.
        return respond(VestigeError("the server failed on this request", got=type(error).__name__))


def _compressed(request: Request) -> MediaError | None:
    """What a body that could not be read is told of, if it said that it was compressed."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        return None
    return MediaError(
        "this path takes no compressed body",
        expected="no Content-Encoding",
        got=coding[:40],
        field="Content-Encoding",
    )


def _methods(api: FastAPI, request: Request) -> list[str]:
    """What a path answers, whichever of its routes does."""
    found: set[str] = set()
    for method in METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in api.routes):
            found.add(method)
    return sorted(found)


def _plain(status: int, code: str, title: str, got: str) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    if got and got != "Not Found":
        body["got"] = got
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE)

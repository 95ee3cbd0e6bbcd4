"""Splunk's HTTP Event Collector: what its many senders speak.

``/services/collector[/event[/1.0]]`` takes JSON objects one behind the other, each a record as its exact bytes;
``/services/collector/raw[/1.0]`` takes text, which is read as a file of such text would be, as far as a format is sure
of it (``sourcetype`` is a hint), and as lines otherwise. A request is taken whole or refused whole: if one object is
wrong, nothing of its request is kept, and the answer says which (``invalid-event-number``).

Acknowledgement. Splunk answers before it has indexed, so senders may ask later, by the ``ackId`` of the answer. Here
the answer comes after the commit. An ``ackId`` is the place of the request's last entry in the ledger, so
``/services/collector/ack`` answers by looking whether that entry is there, also after a restart.

Reference: docs.splunk.com "HTTP Event Collector REST API endpoints", "Possible error codes".
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from vestige.api.callers import Caller, NoTokenError
from vestige.api.problems import RETRY
from vestige.api.receivers.door import (
    Batch,
    Receiving,
    SchemeError,
    append,
    body_of,
    caller_by,
    entered,
    source_of,
    values_of,
)
from vestige.app import Settings, Stream, form_of_text
from vestige.model.errors import (
    BusyError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RateError,
    StorageError,
    TooLargeError,
    UnauthenticatedError,
    UsageError,
    VestigeError,
)

NAME = "hec"
SOURCE = "splunk.hec"
OBJECTS = "splunk_hec"
JSON, LINES = "json", "syslog"
EVENT_CHANNEL = "/services/collector"
RAW_CHANNEL = "/services/collector/raw"
CHANNEL = "x-splunk-request-channel"
MOST_ACKS = 10_000
_EPOCH_BITS = 40
"""An ``ackId`` is an epoch above so many bits of seq."""

Meta = Annotated[str, Query(max_length=200)]


class HecError(InputError):
    """Something Splunk has a number for."""

    http_status = 400

    def __init__(self, code: int, text: str, number: int | None = None) -> None:
        super().__init__(text)
        self.number = code
        self.event = number


def _failed(_: Request, error: VestigeError) -> Response:
    """An error as Splunk words it; what it has no word for keeps our own sentence."""
    known: tuple[tuple[type[VestigeError], int, int, str], ...] = (
        (NoTokenError, 401, 2, "Token is required"),
        (SchemeError, 401, 3, "Invalid authorization"),
        (UnauthenticatedError, 403, 4, "Invalid token"),
        (NotFoundError, 403, 4, "Invalid token"),
        (ForbiddenError, 403, 4, "Invalid token"),
        (BusyError, 503, 9, "Server is busy"),
        (StorageError, 503, 9, "Server is busy"),
        (RateError, 429, 9, "Server is busy"),
        (TooLargeError, 413, 27, "Request entity too large"),
        (HecError, 400, getattr(error, "number", 6), error.message),
        (UsageError, 400, 6, str(error)),
        (InputError, error.http_status, 6, f"Invalid data format: {error}"),
    )
    for kind, status, code, text in known:
        if isinstance(error, kind):
            event = getattr(error, "event", None)
            return _answer(status, text, code, **({} if event is None else {"invalid-event-number": event}))
    return _answer(error.http_status, "Internal server error", 8)


def _answer(status: int, text: str, code: int, **more: object) -> Response:
    headers = {503: RETRY, 429: RETRY, 401: {"WWW-Authenticate": "Splunk"}}.get(status)
    body = orjson.dumps({"text": text, "code": code} | more)
    return Response(body, status_code=status, media_type="application/json", headers=headers)


class HecRoute(Receiving):
    """Answers errors as Splunk does."""

    def failed(self, request: Request, error: VestigeError) -> Response:
        """The answer to an error."""
        return _failed(request, error)


ROUTER = APIRouter(prefix="/services/collector", tags=["receivers"], route_class=HecRoute)
BySplunk = Annotated[Caller, Depends(caller_by("splunk", "basic", "bearer"))]


@ROUTER.post("")
@ROUTER.post("/event")
@ROUTER.post("/event/1.0")
async def collect(request: Request, caller: BySplunk) -> Response:
    """Take in events of Splunk's HTTP Event Collector: JSON objects one behind the other."""
    return await _collect(
        request, caller, Stream(source_of(request, SOURCE), EVENT_CHANNEL, caller.principal, OBJECTS), _objects
    )


@ROUTER.post("/raw")
@ROUTER.post("/raw/1.0")
async def collect_raw(
    request: Request, caller: BySplunk, host: Meta = "", source: Meta = "", sourcetype: Meta = "", index: Meta = ""
) -> Response:
    """Take in lines as Splunk's raw endpoint does; what the query says of them is recorded with how they are read."""
    said = {"hec_host": host, "hec_index": index, "hec_source": source, "hec_sourcetype": sourcetype}
    extra = tuple((name, value) for name, value in said.items() if value)
    stream = Stream(source_of(request, SOURCE), RAW_CHANNEL, caller.principal, LINES, extra=extra)
    return await _collect(request, caller, stream, _text)


@ROUTER.get("/health")
@ROUTER.get("/health/1.0")
def health(caller: BySplunk) -> Response:
    """Whether events can be taken in."""
    failing = [name for name in caller.installation.failing() if name == "ledger"]
    return _answer(503, "HEC is unhealthy", 18) if failing else _answer(200, "HEC is healthy", 17)


@ROUTER.post("/ack")
async def acknowledged(request: Request, caller: BySplunk) -> Response:
    """Whether the events of earlier answers, by their `ackId`, are in the ledger."""
    _channel(request, required=True)
    with entered(request, NAME) as held:
        body = await body_of(request, held, 1 << 20)
        try:
            asked = orjson.loads(body)["acks"]
            acks = [int(one) for one in asked]
        except (ValueError, TypeError, KeyError):
            raise HecError(6, "Invalid data format") from None
        if len(acks) > MOST_ACKS:
            raise TooLargeError("too many acks in one request", expected=f"at most {MOST_ACKS}", got=str(len(acks)))

        def look() -> dict[str, bool]:
            return {str(ack): ack >= 0 and caller.rooms.has(*divmod(ack, 1 << _EPOCH_BITS)) for ack in acks}

        return Response(orjson.dumps({"acks": await run_in_threadpool(look)}), media_type="application/json")


def _channel(request: Request, *, required: bool = False) -> str:
    channel = request.headers.get(CHANNEL, "") or request.query_params.get("channel", "")
    if not channel and required:
        raise HecError(10, "Data channel is missing")
    if len(channel) > 100:
        raise HecError(11, "Invalid data channel")
    return channel


async def _collect(
    request: Request, caller: Caller, stream: Stream, cut: Callable[[bytes, Stream, Settings], tuple[Stream, Batch]]
) -> Response:
    channel = _channel(request)
    settings = caller.installation.settings
    with entered(request, NAME) as held:
        body = await body_of(request, held, settings.limit_events_body_bytes)
        stream, batch = await run_in_threadpool(cut, body, stream, settings)
        if not batch.payloads:
            raise HecError(5, "No data")
        taken = await append(caller, stream, batch)
    if not channel:
        return _answer(200, "Success", 0)
    last = max((one.epoch, one.seq) for one in taken)
    return _answer(200, "Success", 0, ackId=(last[0] << _EPOCH_BITS) | last[1])


def _objects(body: bytes, stream: Stream, settings: Settings) -> tuple[Stream, Batch]:
    """How a body is read, and its objects, each checked as Splunk checks it.

    Raises:
        HecError: one of them is wrong.
        TooLargeError: there are too many, or one is too large.
    """
    batch = Batch.new()
    for payload, offset in values_of(body):
        _check(payload, len(batch.payloads), settings)
        batch.add(payload, offset)
    return stream, batch


def _check(payload: bytes, number: int, settings: Settings) -> None:
    _bound(payload, number, settings)
    try:
        event = orjson.loads(payload)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        raise HecError(6, "Invalid data format", number)
    if event.get("event") is None:
        raise HecError(12, "Event field is required", number)
    if event["event"] == "":
        raise HecError(13, "Event field cannot be blank", number)
    fields = event.get("fields", {})
    if not isinstance(fields, dict) or any(isinstance(value, dict) for value in fields.values()):
        raise HecError(15, "Error in handling indexed fields", number)


def _text(body: bytes, stream: Stream, settings: Settings) -> tuple[Stream, Batch]:
    """How a body is read, and its records: by the format that is sure of it, else as lines.

    Raises:
        TooLargeError: there are too many, or one is too large.
    """
    found = form_of_text(body, dict(stream.extra).get("hec_sourcetype", ""))
    if found is None or (found.form.name in {JSON, LINES} and dict(found.detection.extra).get("layout") != "document"):
        return _lines(body, stream, settings)
    extra = dict(stream.extra) | dict(found.detection.extra)
    stream = replace(stream, form=found.form.name, extra=tuple(sorted(extra.items())))
    batch = Batch.new()
    for item in found.form.split(io.BytesIO(body), context=stream.context()):
        for record in item if isinstance(item, list) else ():
            _bound(record.payload, len(batch.payloads), settings)
            batch.add(record.payload, record.offset)
    return stream, batch


def _lines(body: bytes, stream: Stream, settings: Settings) -> tuple[Stream, Batch]:
    """A body's lines: as JSON where each of them is an object."""
    batch = Batch.new()
    offset, form = 0, JSON
    for line in body.split(b"\n"):
        payload = line.removesuffix(b"\r")
        if payload.strip():
            _bound(payload, len(batch.payloads), settings)
            if form == JSON and not (payload.lstrip()[:1] == b"{" and _is_json(payload)):
                form = LINES
            batch.add(payload, offset)
        offset += len(line) + 1
    return replace(stream, form=form), batch


def _is_json(payload: bytes) -> bool:
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return True


def _bound(payload: bytes, number: int, settings: Settings) -> None:
    if number >= settings.limit_events_per_request:
        raise TooLargeError("too many events in one request", expected=f"at most {settings.limit_events_per_request}")
    if len(payload) > settings.limit_event_bytes:
        raise TooLargeError(
            "an event is too large", expected=f"at most {settings.limit_event_bytes} bytes", got=str(len(payload))
        )

"""OpenTelemetry's protocol over HTTP (OTLP/HTTP): ``/v1/logs``, ``/v1/traces``, ``/v1/metrics``.

A request is one record: its exact body, decompressed. Its events are its log records, spans or data points
(:mod:`vestige.sources.telemetry`). The answer is in the request's encoding, protobuf or JSON: an empty
``Export…ServiceResponse`` after the commit, or a ``google.rpc.Status``. There is no partial success: a request is
taken whole or not at all. What is worth sending again is answered 503 with ``Retry-After``: all exporters send again
on that, and not all of them on 429.

The protocol gives a request no identity: what is sent again after a lost answer is kept twice.

Reference: opentelemetry.io, "OTLP Specification", OTLP/HTTP.
"""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from vestige.api.callers import Caller, Writes
from vestige.api.problems import RETRY
from vestige.api.receivers.door import Batch, Receiving, append, body_of, entered, source_of
from vestige.app import PARSE_LIMIT, Stream
from vestige.model.errors import (
    BusyError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RateError,
    StorageError,
    UnauthenticatedError,
    VestigeError,
)

NAME = "otlp"
SOURCE = "otlp"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
FORMS = {PROTOBUF: "otlp_proto", JSON: "otlp_json"}
SIGNALS: dict[str, tuple[type[Message], str]] = {
    "logs": (ExportLogsServiceRequest, "resourceLogs"),
    "traces": (ExportTraceServiceRequest, "resourceSpans"),
    "metrics": (ExportMetricsServiceRequest, "resourceMetrics"),
}
_CODES: tuple[tuple[type[VestigeError], int], ...] = (
    (UnauthenticatedError, 16),
    (NotFoundError, 5),
    (ForbiddenError, 7),
    (BusyError, 14),
    (StorageError, 14),
    (RateError, 14),
    (InputError, 3),
)
"""Codes of google.rpc by kind of error; 13, internal, otherwise."""


class OtlpError(InputError):
    """A body that is no OTLP request."""

    http_status = 400


class UnknownEncodingError(InputError):
    """A body in an encoding that OTLP does not have."""

    http_status = 415


def status(code: int, message: str, *, encoding: str) -> bytes:
    """A ``google.rpc.Status``.

    Args:
        code: of google.rpc.
        message: for a developer.
        encoding: protobuf or JSON.
    """
    if encoding == JSON:
        return orjson.dumps({"code": code, "message": message})
    text = message.encode()[:1000]
    size = len(text)
    length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([0x08, code, 0x12]) + length + text


def _encoding(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


class OtlpRoute(Receiving):
    """Answers errors as google.rpc does, in the request's encoding."""

    def failed(self, request: Request, error: VestigeError) -> Response:
        """The answer to an error."""
        encoding = PROTOBUF if _encoding(request) == PROTOBUF else JSON
        code = next((code for kind, code in _CODES if isinstance(error, kind)), 13)
        headers = {503: RETRY, 429: RETRY, 401: {"WWW-Authenticate": "Bearer"}}.get(error.http_status)
        body = status(code, str(error), encoding=encoding)
        return Response(body, status_code=error.http_status, media_type=encoding, headers=headers)


ROUTER = APIRouter(prefix="/v1", tags=["receivers"], route_class=OtlpRoute)


@ROUTER.post("/logs")
async def logs(request: Request, caller: Writes) -> Response:
    """Take in an OTLP request of logs."""
    return await _take(request, caller, "logs")


@ROUTER.post("/traces")
async def traces(request: Request, caller: Writes) -> Response:
    """Take in an OTLP request of traces."""
    return await _take(request, caller, "traces")


@ROUTER.post("/metrics")
async def metrics(request: Request, caller: Writes) -> Response:
    """Take in an OTLP request of metrics."""
    return await _take(request, caller, "metrics")


async def _take(request: Request, caller: Caller, signal: str) -> Response:
    encoding = _encoding(request)
    if encoding not in FORMS:
        raise UnknownEncodingError("not an encoding of OTLP", expected=" or ".join(FORMS), got=encoding[:60])
    stream = Stream(
        source_of(request, SOURCE), f"/v1/{signal}", caller.principal, FORMS[encoding], extra=(("signal", signal),)
    )
    with entered(request, NAME) as held:
        # Above the parse limit a record is kept, but no event would come of it: the sender is better told.
        most = min(PARSE_LIMIT, caller.installation.settings.limit_events_body_bytes)
        body = await body_of(request, held, most)
        await run_in_threadpool(check, body, encoding, signal)
        if body:
            batch = Batch.new()
            batch.add(body, 0)
            await append(caller, stream, batch)
    return Response(b"{}" if encoding == JSON else b"", media_type=encoding)


def check(body: bytes, encoding: str, signal: str) -> None:
    """Whether a body is a request of this signal.

    Raises:
        OtlpError: it is not.
    """
    message, name = SIGNALS[signal]
    if encoding == PROTOBUF:
        try:
            message().ParseFromString(body)
        except DecodeError:
            raise OtlpError("the body does not decode", expected=message.__name__, got=f"{len(body)} bytes") from None
        return
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise OtlpError("the body is not valid JSON", got=str(error)) from None
    if not isinstance(found, dict) or not isinstance(found.get(name, []), list) or (found and name not in found):
        raise OtlpError(f"the body holds no {signal}", expected=f"an object with {name}")

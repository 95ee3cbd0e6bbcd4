"""CloudEvents 1.0 over HTTP: ``POST /v1/cloudevents``, in each of the protocol's three modes.

Structured (``application/cloudevents+json``) and batched (``application/cloudevents-batch+json``): a record is the
exact bytes of one event. Binary (attributes in ``ce-`` headers, data as the body): HTTP has torn the event into parts
that have no bytes of their own as a whole, so the record is the same event in structured form: the attributes in the
order of their names, then ``data`` with the body's exact bytes if these are JSON, else ``data_base64``.

``source`` and ``id`` identify an event: the same one again is a duplicate, another under the same two a conflict.
A request with an event that is none is refused whole.

References: cloudevents.io, "CloudEvents 1.0.2", "HTTP Protocol Binding", "JSON Event Format".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from vestige.api.callers import Writes
from vestige.api.receivers.door import Batch, Receiving, append, body_of, entered, source_of, values_of
from vestige.app import Settings, Stream
from vestige.model.errors import InputError, TooLargeError
from vestige.model.instant import parse_rfc3339

NAME = "cloudevents"
SOURCE = "cloudevents"
FORM = "cloudevents"
CHANNEL = "/v1/cloudevents"
STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
REQUIRED = ("specversion", "id", "source", "type")
LENGTH = 2048
_PREFIX = "ce-"
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,40}")
_JSON = re.compile(r"[^/]+/(?:[^;]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_RESERVED = frozenset({"data", "data_base64", "datacontenttype"})


class CloudEventError(InputError):
    """Something that is no CloudEvent."""

    http_status = 400


ROUTER = APIRouter(prefix="/v1", tags=["receivers"], route_class=Receiving)


@ROUTER.post("/cloudevents")
async def cloudevents(request: Request, caller: Writes) -> Response:
    """Append CloudEvents: one in structured or binary mode, or a batch.

    Answers after the commit: 201 or 200 with a result per event; 409 if the `source` and `id` of one came before with
    other content.
    """
    settings = caller.installation.settings
    with entered(request, NAME) as held:
        body = await body_of(request, held, settings.limit_events_body_bytes)
        batch = await run_in_threadpool(_cut, request, body, settings)
        stream = Stream(source_of(request, SOURCE), CHANNEL, caller.principal, FORM)
        taken = await append(caller, stream, batch) if batch.payloads else []
    statuses = [str(one.status) for one in taken]
    results = [
        {"status": str(one.status), "id": one.id, "seq": one.seq, "leaf_hash": one.leaf_hash.hex()}
        | ({"epoch": one.epoch} if one.epoch else {})
        for one in taken
    ]
    answer = {
        "accepted": statuses.count("accepted"),
        "duplicates": statuses.count("duplicate"),
        "conflicts": statuses.count("conflict"),
        "results": results,
    }
    status = 409 if "conflict" in statuses else 201 if "accepted" in statuses else 200
    return Response(orjson.dumps(answer), status_code=status, media_type="application/json")


def _cut(request: Request, body: bytes, settings: Settings) -> Batch:
    """The events of a request, each checked.

    Raises:
        CloudEventError: one of them is none; nothing of the request is taken then.
        TooLargeError: there are too many, or one is too large.
    """
    batch = Batch.new(keyed=True)
    mode = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if mode.startswith("application/cloudevents") and mode not in {STRUCTURED, BATCHED}:
        raise UnknownFormatError(
            "events in this format are not read here", expected=f"{STRUCTURED} or {BATCHED}", got=mode[:60]
        )
    events: Iterable[tuple[bytes, int]]
    if mode == BATCHED:
        if not body.lstrip().startswith(b"["):
            raise CloudEventError("a batch is a JSON array", got=repr(body[:20]))
        _json(body)
        events = values_of(body)
    elif mode == STRUCTURED:
        events = [(body, 0)]
    else:
        events = [(in_structured_form(_headers(request), body), 0)]
    for payload, offset in events:
        number = len(batch.payloads)
        if number >= settings.limit_events_per_request:
            raise TooLargeError("too many events", expected=f"at most {settings.limit_events_per_request}")
        if len(payload) > settings.limit_event_bytes:
            raise TooLargeError("an event is too large", expected=f"at most {settings.limit_event_bytes} bytes")
        source, name = _identity(payload, number)
        batch.add(payload, offset, (b"cloudevents", source.encode(), name.encode()))
    return batch


class UnknownFormatError(InputError):
    """An event format of CloudEvents that is not read here."""

    http_status = 415


def _headers(request: Request) -> dict[str, str]:
    """The attributes of an event in binary mode.

    Raises:
        CloudEventError: a name that no attribute can have, or that comes twice.
    """
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        if not name.startswith(_PREFIX):
            continue
        attribute = name.removeprefix(_PREFIX)
        if not _ATTRIBUTE.fullmatch(attribute) or attribute in _RESERVED or attribute in found:
            raise CloudEventError("no attribute of a CloudEvent", got=name[:60])
        # Headers arrive as Latin-1; the binding percent-encodes what is not printable ASCII.
        found[attribute] = unquote(value.encode("latin-1").decode("utf-8", "replace"), errors="replace")
    kind = request.headers.get("content-type", "")
    if kind:
        found["datacontenttype"] = kind
    return found


def in_structured_form(attributes: dict[str, str], body: bytes) -> bytes:
    """An event of binary mode as the JSON of structured mode, always the same for the same event."""
    parts = [orjson.dumps(name) + b":" + orjson.dumps(attributes[name]) for name in sorted(attributes)]
    if body:
        if _JSON.fullmatch(attributes.get("datacontenttype", "")) and _is_json(body):
            parts.append(b'"data":' + body.strip())
        else:
            parts.append(b'"data_base64":"' + base64.b64encode(body) + b'"')
    return b"{" + b",".join(parts) + b"}"


def _identity(payload: bytes, number: int) -> tuple[str, str]:
    """``source`` and ``id`` of an event.

    Raises:
        CloudEventError: it is none; says which of the request's events, and what is wrong.
    """
    event = _json(payload)
    if not isinstance(event, dict):
        raise CloudEventError(f"event {number} is no JSON object", got=type(event).__name__)
    for name in REQUIRED:
        value = event.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= LENGTH:
            raise CloudEventError(
                f"event {number} lacks a required attribute",
                expected=f"{name}, a text of 1 to {LENGTH} characters",
                got="none" if value is None else type(value).__name__,
                field=name,
            )
    if event["specversion"] != "1.0":
        raise CloudEventError(
            f"event {number} is of another version", expected="1.0", got=event["specversion"][:20], field="specversion"
        )
    if event.get("time") is not None:
        try:
            parse_rfc3339(event["time"])
        except (ValueError, TypeError, AttributeError) as error:
            raise CloudEventError(
                f"event {number} has a time that is none", expected="RFC 3339", got=str(error)[:80], field="time"
            ) from None
    if "data" in event and "data_base64" in event:
        raise CloudEventError(f"event {number} has both data and data_base64", field="data")
    return event["source"], event["id"]


def _json(payload: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise CloudEventError("not valid JSON", got=str(error)) from None


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True

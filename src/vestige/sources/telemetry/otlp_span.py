"""A span of a trace as an event, and its exceptions as further ones.

A server's span is a request that was answered, ``service.request``; any other is a step on the way, ``trace.span``. An
exception among the span's events is a ``service.error`` at its own time. The span's id and its parent's are keys, so
that a trace can be walked; the time is its beginning, how long it took stands in the message.

Reference: opentelemetry-proto, ``trace.proto``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Outcome
from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.telemetry.flat import json_text
from vestige.sources.telemetry.otlp_about import dressed, object_of, parts
from vestige.sources.telemetry.otlp_agents import agent_events
from vestige.sources.telemetry.otlp_values import attributes_of, first, hex_id, one_line, stamp_of
from vestige.sources.telemetry.otlp_values import whole as whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Part = Mapping[str, object]

_KINDS = {"SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3, "SPAN_KIND_PRODUCER": 4, "SPAN_KIND_CONSUMER": 5}
_KIND_NAMES = {0: "", 1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_SERVER = 2
_MILLION = 1_000_000


def span_events(item: Part, resource: Part, around: Mapping[str, Part], whole: str) -> list[Event]:
    """The event of a span and those of its exceptions."""
    fields = attributes_of(item.get("attributes"))
    stamp, end = stamp_of(item.get("startTimeUnixNano")), stamp_of(item.get("endTimeUnixNano"))
    kind = item.get("kind")
    number = _KINDS.get(kind, 0) if isinstance(kind, str) and not kind.isdigit() else whole_number(kind) or 0
    service, name = first(resource, "service.name"), text_of(item.get("name"))
    status = first(fields, "http.response.status_code", "http.status_code", "rpc.grpc.status_code")
    thrown, ended = _exception(item), _outcome(item, fields)
    thing, thing_type = object_of(fields)
    took = f"in {(end.at - stamp.at) // _MILLION} ms" if stamp.at is not None and end.at is not None else ""
    told = " ".join(filter(None, (_KIND_NAMES.get(number, ""), name, status, took)))
    described = one_line(mapping(item.get("status")).get("message")) or thrown
    method = first(fields, "http.request.method", "http.method", "db.operation.name", "db.operation", "rpc.method")
    event = Event(
        "service.request" if number == _SERVER else "trace.span",
        *stamp[:3],
        action=method or name,
        outcome=ended,
        severity=3 if ended == Outcome.FAILURE and (thrown or status[:1] == "5") else 0,
        object_id=thing or name,
        object_type=thing_type or "operation",
        protocol=first(
            fields, "network.protocol.name", "db.system.name", "db.system", "rpc.system", "messaging.system"
        ),
        trace_id=hex_id(item.get("traceId"), 16),
        message=": ".join(filter(None, (service, told or "a span", described))),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=json_text({**around, "span": item}, whole),
    )
    spans = hex_id(item.get("spanId"), 8), hex_id(item.get("parentSpanId"), 8)
    event = dressed(event, fields, resource, served=number == _SERVER, spans=spans)
    if "gen_ai.operation.name" in fields:
        agents = agent_events(event, (name,), fields, service, spans[0] or "span")
        if agents:
            return [*agents, *_exceptions(item, event, around, whole)]
    return [event, *_exceptions(item, event, around, whole)]


def _outcome(item: Part, fields: Part) -> str:
    code = mapping(item.get("status")).get("code")
    if code in (2, "2", "STATUS_CODE_ERROR") or "error.type" in fields:
        return Outcome.FAILURE
    status = first(fields, "http.response.status_code", "http.status_code")
    if len(status) == 3 and status.isdigit():
        return Outcome.FAILURE if status >= "400" else Outcome.SUCCESS
    return Outcome.SUCCESS if code in (1, "1", "STATUS_CODE_OK") else Outcome.UNKNOWN


def _exception(item: Part) -> str:
    """The first exception of a span, as a line."""
    for event in parts(item.get("events")):
        if event.get("name") == "exception":
            fields = attributes_of(event.get("attributes"))
            return one_line(
                ": ".join(filter(None, (first(fields, "exception.type"), first(fields, "exception.message"))))
            )
    return ""


def _exceptions(item: Part, span: Event, around: Mapping[str, Part], whole: str) -> Iterator[Event]:
    """Exceptions of a span as events of their own, at their own time."""
    service = first(attributes_of(mapping(around.get("resource")).get("attributes")), "service.name")
    outline = {key: value for key, value in item.items() if key != "events"}
    for event in parts(item.get("events")):
        if event.get("name") != "exception":
            continue
        fields = attributes_of(event.get("attributes"))
        stamp, kind = stamp_of(event.get("timeUnixNano")), first(fields, "exception.type")
        said = one_line(": ".join(filter(None, (kind, first(fields, "exception.message"))))) or "an exception"
        yield span._replace(
            event_type="service.error",
            occurred_at=stamp.at,
            time_text=stamp.text,
            time_quality=stamp.quality,
            action=kind or "exception",
            outcome=Outcome.FAILURE,
            severity=3,
            message=f"{service}: {said}" if service else said,
            tags=(stamp.tag,) if stamp.tag else (),
            attributes=json_text({**around, "span": outline, "event": event}, whole),
        )

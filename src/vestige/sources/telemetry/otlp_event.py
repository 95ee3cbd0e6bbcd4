"""From an OTLP request to events: each log record, each span, and each data point of a metric is one.

An event's attributes are the item as it came, with what it belongs to::

    {"resource": {...}, "scope": {...}, "logRecord" | "span" | "metric" + "dataPoint": {...}}

Resource: ``service.name`` (the source's service, in the message), ``host.name``, ``host.id``, ``k8s.pod.name``,
``container.id``. Semantic conventions, the names in force and the ones before: ``enduser.id`` / ``user.id``,
``client.address`` / ``source.address`` / ``net.peer.ip``, ``server.address``, ``url.full`` / ``http.url``,
``http.request.method`` / ``http.method``, ``http.response.status_code`` / ``http.status_code``, ``db.*``, ``rpc.*``,
``messaging.*``, ``exception.*``, ``session.id``.

A log record's body that is an object, or the JSON text of one, of a known shape is read by that shape, a body that is a
line with a known header by it; else attributes tell by their names. Spans are read in
:mod:`vestige.sources.telemetry.otlp_span`; measurements are ``metric.recorded``.

References: opentelemetry-proto 1.x; OpenTelemetry specification, "Logs Data Model", "Semantic Conventions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.model.event import MOST_EVENTS, Event, Outcome
from vestige.model.vocabulary import VOCABULARY
from vestige.sources.reading.actions import type_of_act
from vestige.sources.reading.fields import mapping, outcome_of, text_of
from vestige.sources.telemetry.carried import known_object, line_event, under
from vestige.sources.telemetry.ecs_types import type_of as ecs_type
from vestige.sources.telemetry.flat import json_text
from vestige.sources.telemetry.otlp_about import dressed, object_of, parts
from vestige.sources.telemetry.otlp_agents import agent_events
from vestige.sources.telemetry.otlp_span import span_events
from vestige.sources.telemetry.otlp_values import attributes_of, first, hex_id, level_of, one_line, plain, stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

SIGNALS = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
"""Names of the lists in a request, outermost first."""
_OLD_SCOPES = {"scopeLogs": "instrumentationLibraryLogs", "scopeSpans": "instrumentationLibrarySpans"}
_ERROR_LEVEL = 3
_DATA = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")


def signal_of(record: Part) -> str:
    """``logs``, ``traces``, ``metrics``, or empty."""
    return next((signal for signal, names in SIGNALS.items() if isinstance(record.get(names[0]), list)), "")


def request_events(record: Part, clock: Clock, whole: str = "{}") -> tuple[Event, ...]:
    """The events of a request, in its order; ``whole`` is its text, for items nested too deep to be written alone.

    Beyond the bound of one record they end soon: none of them counts then.
    """
    found: list[Event] = []
    for signal, (outer, inner, items) in SIGNALS.items():
        read = _READ[signal]
        for group in parts(record.get(outer)):
            resource = mapping(group.get("resource"))
            known = attributes_of(resource.get("attributes"))
            for scoped in parts(group.get(inner) or group.get(_OLD_SCOPES.get(inner, ""))):
                scope = mapping(scoped.get("scope"))
                around = {"resource": resource, "scope": scope} if scope else {"resource": resource}
                for item in parts(scoped.get(items)):
                    found += read(item, known, around, clock, whole)
                    if len(found) > MOST_EVENTS:
                        return tuple(found)
    return tuple(found)


def _log(item: Part, resource: Part, around: dict[str, Part], clock: Clock, whole: str) -> list[Event]:
    fields, body = attributes_of(item.get("attributes")), plain(item.get("body"))
    stamp, seen = stamp_of(item.get("timeUnixNano")), stamp_of(item.get("observedTimeUnixNano"))
    trace, span = hex_id(item.get("traceId"), 16), hex_id(item.get("spanId"), 8)
    text = json_text({**around, "logRecord": item}, whole)
    level = level_of(item.get("severityNumber"))
    name = first(fields, "event.name") or text_of(item.get("eventName"))
    said = one_line(body) or first(fields, "exception.message", "message") or name or first(fields, "exception.type")
    kind, ended = _log_kind(name, fields, level)
    thing, thing_type = object_of(fields)
    service = first(resource, "service.name")
    event = Event(
        kind,
        *stamp[:3],
        observed_at=seen.at,
        action=name or first(fields, "http.request.method", "http.method"),
        outcome=ended,
        severity=level,
        object_id=thing,
        object_type=thing_type,
        protocol=first(fields, "network.protocol.name", "network.transport"),
        trace_id=trace,
        message=f"{service}: {said}" if service and said else said or service or "an empty log record",
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=text,
    )
    event = dressed(event, fields, resource, served=True, spans=(span,))
    agents = agent_events(event, (text_of(item.get("eventName")), one_line(body), name), fields, service)
    if agents:
        return agents
    inner = _inside(body, clock)
    if not inner:
        return [event]
    found = []
    for one in inner:
        told = under(one, stamp, text, host=event.host, trace=trace, keys=event.keys)
        found.append(told._replace(observed_at=told.observed_at or seen.at, severity=max(level, one.severity)))
    return found


def _inside(body: object, clock: Clock) -> tuple[Event, ...]:
    """The events of a body of a known shape or with a known header."""
    if isinstance(body, dict):
        return known_object(body, json_text(body), clock)
    if not isinstance(body, str):
        return ()
    if not body.startswith("{"):
        event = line_event(body, clock)
        return () if event is None else (event,)
    try:
        inner = orjson.loads(body)
    except ValueError:
        return ()
    return known_object(inner, body, clock) if isinstance(inner, dict) else ()


def _log_kind(name: str, fields: Part, level: int) -> tuple[str, str]:
    ended = outcome_of(fields.get("outcome", fields.get("event.outcome")))
    status = first(fields, "http.response.status_code", "http.status_code")
    if not ended and len(status) == 3 and status.isdigit():
        ended = Outcome.FAILURE if status >= "400" else Outcome.SUCCESS
    known = name if name in VOCABULARY else type_of_act(name, ended)
    if known:
        return known, ended
    if "event.category" in fields:
        return ecs_type(fields, ended, level), ended
    if status:
        return "service.request", ended
    if level >= _ERROR_LEVEL or "exception.type" in fields:
        return "service.error", ended
    return "log.line", ended


def _metric(item: Part, resource: Part, around: dict[str, Part], clock: Clock, whole: str) -> list[Event]:
    del clock
    name, unit, service = text_of(item.get("name")), text_of(item.get("unit")), first(resource, "service.name")
    outline = {key: value for key, value in item.items() if key not in _DATA}
    found = []
    for kind in _DATA:
        data = mapping(item.get(kind))
        about = {key: value for key, value in data.items() if key != "dataPoints"}
        for point in parts(data.get("dataPoints")):
            stamp, fields = stamp_of(point.get("timeUnixNano")), attributes_of(point.get("attributes"))
            labels = ", ".join(f"{key}={one_line(value)}" for key, value in list(fields.items())[:8])
            told = (name, _measured(point), unit, f"({labels})" if labels else "")
            said = " ".join(filter(None, told)) or "a measurement"
            traces = (hex_id(example.get("traceId"), 16) for example in parts(point.get("exemplars")))
            event = Event(
                "metric.recorded",
                *stamp[:3],
                action=name,
                object_id=name,
                object_type="metric",
                trace_id=next(filter(None, traces), ""),
                message=f"{service}: {said}" if service else said,
                tags=(stamp.tag,) if stamp.tag else (),
                attributes=json_text({**around, "metric": {**outline, kind: about}, "dataPoint": point}, whole),
            )
            found.append(dressed(event, fields, resource, served=True))
    return found


def _measured(point: Part) -> str:
    """A point's value as a text: its number, or count and sum."""
    for name in ("asInt", "asDouble"):
        if name in point:
            return text_of(point[name])
    count, total = text_of(point.get("count")), text_of(point.get("sum"))
    return " ".join(filter(None, (f"count {count}" if count else "", f"sum {total}" if total else "")))


_READ: dict[str, Callable[[Part, Part, dict[str, Part], Clock, str], list[Event]]] = {
    "logs": _log,
    "traces": lambda item, resource, around, _, whole: span_events(item, resource, around, whole),
    "metrics": _metric,
}

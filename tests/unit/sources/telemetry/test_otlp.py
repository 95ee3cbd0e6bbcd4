"""OTLP as JSON and as protobuf."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict

from support.samples.telemetry import SPAN, TRACE, fixed, logs, metrics, spans, varint
from vestige.model.event import Event, Reading, Skipped, Unparsed
from vestige.model.nesting import TOO_DEEP
from vestige.sources import Context, Sample, detect
from vestige.sources.telemetry.otlp_json import FORMAT as JSON
from vestige.sources.telemetry.otlp_proto import FORMAT as PROTO
from vestige.sources.telemetry.otlp_proto import split_messages

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT = Context(received_at=0)
AT = 1_767_225_600_000_000_001
RESOURCE = {
    "attributes": [
        {"key": "service.name", "value": {"stringValue": "shop"}},
        {"key": "host.name", "value": {"stringValue": "web-1"}},
        {"key": "k8s.pod.name", "value": {"stringValue": "shop-0"}},
    ]
}


def attributes(**given: object) -> list[dict[str, object]]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": name.replace("__", "."), "value": {kinds[type(value)]: str(value) if type(value) is int else value}}
        for name, value in given.items()
    ]


def request(signal: str, item: Mapping[str, object]) -> dict[str, object]:
    outer, inner, items = {
        "logs": ("resourceLogs", "scopeLogs", "logRecords"),
        "traces": ("resourceSpans", "scopeSpans", "spans"),
        "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    return {outer: [{"resource": RESOURCE, inner: [{"scope": {"name": "lib"}, items: [item]}]}]}


def events(reading: Reading) -> tuple[Event, ...]:
    assert not isinstance(reading, Event | Unparsed | Skipped)
    return reading


def read(signal: str, item: Mapping[str, object]) -> tuple[Event, ...]:
    (reading,) = JSON.parse([orjson.dumps(request(signal, item))], CONTEXT)
    return events(reading)


def log(**more: object) -> Event:
    (event,) = read("logs", {"timeUnixNano": str(AT), "traceId": TRACE, "spanId": SPAN, **more})
    return event


def test_a_log_record_is_read_field_by_field() -> None:
    item = {
        "timeUnixNano": str(AT), "observedTimeUnixNano": AT + 1, "severityNumber": 17, "traceId": TRACE.upper(),
        "spanId": SPAN, "body": {"stringValue": "it\nbroke"}, "attributes": attributes(user__id="bob", n=3),
    }  # fmt: skip
    (event,) = read("logs", item)
    assert event == Event(
        event_type="service.error",
        occurred_at=AT,
        time_text=str(AT),
        time_quality="exact",
        observed_at=AT + 1,
        severity=3,
        actor_id="bob",
        actor_type="user",
        device_name="shop-0",
        device_type="container",
        host="web-1",
        trace_id=TRACE,
        message="shop: it broke",
        attributes=event.attributes,
        keys=(("custom", f"span:{SPAN}"), ("identity", "bob"), ("host", "web-1"), ("host", "shop-0")),
    )
    assert json.loads(event.attributes) == {"resource": RESOURCE, "scope": {"name": "lib"}, "logRecord": item}


@pytest.mark.parametrize(("number", "level"), [
    (0, 0), (1, 0), (9, 0), (13, 2), (16, 2), (17, 3), (21, 4), (24, 4), ("17", 3), ("SEVERITY_NUMBER_ERROR2", 3),
    ("?", 0), (None, 0),
])  # fmt: skip
def test_severity_numbers(number: object, level: int) -> None:
    assert log(severityNumber=number, body={"stringValue": "x"}).severity == level


@pytest.mark.parametrize(("stated", "at", "quality"), [
    (str(AT), AT, "exact"), (AT, AT, "exact"), (0, None, "missing"), ("0", None, "missing"), (None, None, "missing"),
    (2**63, None, "missing"), ("soon", None, "missing"), ([], None, "missing"), (True, None, "missing"),
])  # fmt: skip
def test_times_are_whole_nanoseconds_or_none(stated: object, at: int | None, quality: str) -> None:
    event = log(timeUnixNano=stated, observedTimeUnixNano="7")
    assert (event.occurred_at, event.time_quality, event.observed_at) == (at, quality, 7)


@pytest.mark.parametrize("stated", ["", "0" * 32, "xyz", 7, None, TRACE[:-1]])
def test_what_is_no_trace_id_is_none(stated: object) -> None:
    assert log(traceId=stated).trace_id == ""


def test_ids_in_base64_are_the_same_ids() -> None:
    assert log(traceId="W47/95gDgQPSabYzgT/GDA==").trace_id == TRACE


def test_a_body_of_a_known_shape_is_read_by_it() -> None:
    said = "<34>1 2026-01-01T00:00:00.000000002Z db-1 sshd 7 - - Failed password for root from 192.0.2.7 port 22 ssh2"
    event = log(body={"stringValue": said})
    assert (event.event_type, event.outcome, event.actor_id) == ("auth.login_failed", "failure", "root")
    assert (event.src_ip, event.host) == ("192.0.2.7", "db-1")
    assert (event.occurred_at, event.observed_at) == (AT + 1, AT)
    declared = {"event_type": "auth.login", "actor": "bob", "occurred_at": "2026-01-01T00:00:00Z"}
    for body in (
        {"stringValue": json.dumps(declared)},
        {"kvlistValue": {"values": attributes(**{str(name): value for name, value in declared.items()})}},
    ):
        event = log(body=body)
        assert (event.event_type, event.actor_id, event.trace_id) == ("auth.login", "bob", TRACE)


def test_ecs_attributes_and_event_names_tell_the_type() -> None:
    ecs = attributes(event__category="authentication", event__outcome="failure", user__name="bob")
    assert log(attributes=ecs, body={"stringValue": "x"}).event_type == "auth.login_failed"
    assert log(eventName="auth.logout").event_type == "auth.logout"
    assert log(attributes=attributes(http__response__status_code=503)).outcome == "failure"
    assert log(body={"stringValue": "x"}).event_type == "log.line"


SPAN_ITEM: dict[str, object] = {
    "traceId": TRACE, "spanId": SPAN, "parentSpanId": "1" * 16, "name": "GET /x", "kind": 2,
    "startTimeUnixNano": str(AT), "endTimeUnixNano": str(AT + 250_000_000),
}  # fmt: skip


def test_a_servers_span_is_a_request() -> None:
    more = attributes(
        http__request__method="GET", url__path="/x", server__address="shop.example", client__address="192.0.2.7",
        client__port=4000, http__response__status_code=500, enduser__id="bob", session__id="s-1",
    )  # fmt: skip
    (event,) = read("traces", {**SPAN_ITEM, "attributes": more, "status": {"code": 2, "message": "boom"}})
    assert event._replace(attributes="") == Event(
        event_type="service.request",
        occurred_at=AT,
        time_text=str(AT),
        time_quality="exact",
        action="GET",
        outcome="failure",
        severity=3,
        actor_id="bob",
        actor_type="user",
        object_id="shop.example/x",
        object_type="url",
        src_ip="192.0.2.7",
        src_port=4000,
        device_name="shop-0",
        device_type="container",
        host="web-1",
        session="s-1",
        trace_id=TRACE,
        message="shop: server GET /x 500 in 250 ms: boom",
        attributes="",
        keys=(
            ("custom", f"span:{SPAN}"), ("custom", f"span:{'1' * 16}"), ("identity", "bob"), ("host", "web-1"),
            ("host", "shop-0"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "more", "status", "expected"), [
    (3, {"db__system": "mysql", "db__statement": "SELECT 1", "server__address": "192.0.2.9"}, {"code": 1},
     ("trace.span", "success", "SELECT 1", "192.0.2.9", "mysql")),
    ("SPAN_KIND_CLIENT", {"rpc__service": "a.B", "rpc__method": "C", "network__peer__address": "192.0.2.9"}, {},
     ("trace.span", "unknown", "a.B/C", "192.0.2.9", "")),
    (1, {"error__type": "E"}, None, ("trace.span", "failure", "GET /x", "", "")),
    ("5", {"messaging__destination__name": "orders"}, {"code": "STATUS_CODE_ERROR"},
     ("trace.span", "failure", "orders", "", "")),
])  # fmt: skip
def test_other_spans(kind: object, more: dict[str, object], status: object, expected: tuple[str, ...]) -> None:
    item = {**SPAN_ITEM, "kind": kind, "attributes": attributes(**more), "status": status}
    (event,) = read("traces", item)
    assert (event.event_type, event.outcome, event.object_id, event.dst_ip, event.protocol) == expected


def test_an_exception_of_a_span_is_an_event_at_its_own_time() -> None:
    thrown = {
        "timeUnixNano": str(AT + 5), "name": "exception",
        "attributes": attributes(exception__type="E", exception__message="bad"),
    }  # fmt: skip
    span, error = read("traces", {**SPAN_ITEM, "events": [{"name": "other"}, thrown]})
    assert span.message == "shop: server GET /x in 250 ms: E: bad"
    assert (error.event_type, error.occurred_at, error.action) == ("service.error", AT + 5, "E")
    assert (error.message, error.trace_id, error.outcome) == ("shop: E: bad", TRACE, "failure")


@pytest.mark.parametrize(("kind", "point", "said"), [
    ("gauge", {"asDouble": 0.123456789012}, "cpu 0.123456789012 1"),
    ("sum", {"asInt": "5"}, "cpu 5 1"),
    ("histogram", {"count": "2", "sum": 3.5}, "cpu count 2 sum 3.5 1"),
])  # fmt: skip
def test_a_data_point_is_a_measurement(kind: str, point: dict[str, object], said: str) -> None:
    item = {"name": "cpu", "unit": "1", kind: {"dataPoints": [{**point, "timeUnixNano": str(AT)}, point]}}
    first, second = read("metrics", item)
    assert (first.event_type, first.occurred_at, first.message) == ("metric.recorded", AT, f"shop: {said}")
    assert second.time_quality == "missing"
    assert json.loads(first.attributes)["dataPoint"] == {**point, "timeUnixNano": str(AT)}


@pytest.mark.parametrize("body", [b'{"resourceLogs":[]}', b'{"resourceLogs":[{"scopeLogs":[{}]}]}'])
def test_an_empty_request_is_skipped(body: bytes) -> None:
    (reading,) = JSON.parse([body], CONTEXT)
    assert isinstance(reading, Skipped)


def test_an_object_of_another_kind_is_unparsed() -> None:
    (reading,) = JSON.parse([b"{}"], CONTEXT)
    assert isinstance(reading, Unparsed)


def in_bytes(value: Any) -> Any:
    """OTLP/JSON with ids as protobuf's own JSON has them."""
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(inner)).decode()
            if name in {"traceId", "spanId", "parentSpanId"}
            else in_bytes(inner)
            for name, inner in value.items()
        }
    return [in_bytes(item) for item in value] if isinstance(value, list) else value


ITEMS = [
    ("logs", logs, {"timeUnixNano": str(AT), "severityNumber": 17, "body": {"stringValue": "x"}, "traceId": TRACE}),
    ("traces", spans, {**SPAN_ITEM, "attributes": attributes(a="b", n=3, f=0.5, t=True)}),
    ("metrics", metrics, {"name": "cpu", "gauge": {"dataPoints": [{"timeUnixNano": str(AT), "asDouble": 0.5}]}}),
]


@pytest.mark.parametrize(("signal", "make", "item"), ITEMS)
def test_protobuf_and_json_of_a_request_are_the_same_events(signal: str, make: Any, item: dict[str, object]) -> None:
    whole = request(signal, item)
    message = ParseDict(in_bytes(whole), type(make())()).SerializeToString()
    for context in (
        CONTEXT,
        Context(received_at=0, extra=(("signal", signal),)),
        Context(received_at=0, extra=(("signal", "logs"),)),
    ):
        (binary,) = PROTO.parse([message], context)
        (text,) = JSON.parse([orjson.dumps(whole)], CONTEXT)
        for left, right in zip(events(binary), events(text), strict=True):
            assert left._replace(attributes="") == right._replace(attributes="")
            assert json.loads(left.attributes) == json.loads(right.attributes)


@pytest.mark.parametrize(("layout", "frame"), [("fixed", fixed), ("varint", varint), ("whole", bytes)])
@pytest.mark.parametrize("make", [logs, spans, metrics])
def test_layouts_of_files_are_recognised_and_cut(layout: str, frame: Any, make: Any) -> None:
    message = make().SerializeToString()
    data = frame(message) if layout == "whole" else frame(message) * 3
    choice = detect(Sample("x", data, complete=True))
    assert choice.format is PROTO
    assert choice.detection is not None
    assert dict(choice.detection.extra)["layout"] == layout
    context = choice.detection.apply(CONTEXT)
    records = [record for batch in PROTO.split(io.BytesIO(data), context=context) for record in batch]
    assert b"".join(record.payload for record in records) == data
    assert len(records) == (1 if layout == "whole" else 3)
    assert all(len(events(reading)) == 1 for reading in PROTO.parse([record.payload for record in records], context))


def test_a_long_first_message_is_recognised_by_its_beginning() -> None:
    request_ = logs()
    request_.resource_logs[0].resource.attributes.add(key="k").value.string_value = "v"
    request_.resource_logs[0].scope_logs[0].log_records[0].body.string_value = "x" * 100_000
    data = fixed(request_.SerializeToString())
    choice = detect(Sample("x", data[:65536], complete=False))
    assert choice.format is PROTO


def test_a_torn_file_keeps_what_is_there() -> None:
    message = fixed(logs().SerializeToString())
    context = Context(received_at=0, extra=(("layout", "fixed"),))
    records = [r for b in PROTO.split(io.BytesIO(message * 2 + message[:9]), context=context) for r in b]
    readings = PROTO.parse([record.payload for record in records], context)
    assert [type(reading) for reading in readings] == [tuple, tuple, Unparsed]
    assert isinstance(readings[2], Unparsed)
    assert "announced" in readings[2].reason


def test_a_length_beyond_the_bound_ends_the_cutting() -> None:
    data = fixed(b"\x0a\x00") + b"\xff\xff\xff\xff" + b"x" * 50
    records = [record for batch in split_messages(io.BytesIO(data), "fixed", bound=20) for record in batch]
    assert b"".join(record.payload for record in records) == data
    assert [len(record.payload) for record in records] == [6, 21, 33]


@pytest.mark.parametrize(
    "data", [b"\n\n\n", b"\nhello\n", b"\x00\x00\x00\x05hello", b"\x0a\x00", b"PK\x03\x04", b"\x0a\x02\x0a\x00"]
)
def test_other_bytes_are_not_claimed(data: bytes) -> None:
    assert PROTO.detect(Sample("x", data, complete=True)) is None


def test_deep_values_are_read_to_a_depth() -> None:
    body: dict[str, object] = {"stringValue": "x"}
    for _ in range(30):
        body = {"arrayValue": {"values": [body]}}
    assert log(body=body).event_type == "log.line"
    (reading,) = PROTO.parse([b"\x0a" * 1000], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_what_is_nested_too_deeply_is_kept_unparsed() -> None:
    body = b'{"arrayValue":{"values":[' * 300 + b'{"stringValue":"x"}' + b"]}}" * 300
    payload = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + body + b"}]}]}]}"
    assert JSON.parse([payload], CONTEXT) == [Unparsed(TOO_DEEP)]

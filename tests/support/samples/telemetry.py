"""Samples of :mod:`vestige.sources.telemetry`."""

from __future__ import annotations

import struct

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
_RESOURCE = (
    b'{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},'
    b'{"key":"host.name","value":{"stringValue":"web-1"}}]}'
)
_LOGS = (
    b'{"resourceLogs":[{"resource":' + _RESOURCE + b',"scopeLogs":[{"scope":{"name":"lib"},"logRecords":['
    b'{"timeUnixNano":"1767225600000000001","observedTimeUnixNano":"1767225600000000002","severityNumber":17,'
    b'"body":{"stringValue":"it broke"},"traceId":"' + TRACE.encode() + b'","spanId":"' + SPAN.encode() + b'"}]}]}]}'
)
_SPANS = (
    b'{"resourceSpans":[{"resource":' + _RESOURCE + b',"scopeSpans":[{"spans":[{"traceId":"' + TRACE.encode() + b'",'
    b'"spanId":"' + SPAN.encode() + b'","name":"GET /x","kind":2,"startTimeUnixNano":1767225600000000001,'
    b'"endTimeUnixNano":"1767225600250000001","status":{"code":2}}]}]}]}'
)


def logs() -> ExportLogsServiceRequest:
    """A request of one log record."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    record = scope.log_records.add(time_unix_nano=1_767_225_600_000_000_001, severity_number=17)
    record.body.string_value = "it broke"
    record.trace_id, record.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    return request


def spans() -> ExportTraceServiceRequest:
    """A request of one span."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="GET /x", kind=2)
    span.trace_id, span.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    span.start_time_unix_nano, span.end_time_unix_nano = 1_767_225_600_000_000_001, 1_767_225_600_250_000_001
    return request


def metrics() -> ExportMetricsServiceRequest:
    """A request of one data point."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="cpu", unit="1")
    metric.gauge.data_points.add(time_unix_nano=1_767_225_600_000_000_001, as_double=0.5)
    return request


def fixed(message: bytes) -> bytes:
    """A message behind four bytes of its length."""
    return struct.pack(">I", len(message)) + message


def varint(message: bytes) -> bytes:
    """A message behind a varint of its length."""
    size, head = len(message), b""
    while size > 0x7F:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + message


SAMPLES: dict[str, tuple[bytes, ...]] = {
    "otlp_json": (_LOGS + b"\n" + _LOGS + b"\n", _SPANS),
    "otlp_proto": (
        logs().SerializeToString(),
        fixed(spans().SerializeToString()) * 2,
        varint(metrics().SerializeToString()),
    ),
    "cloudevents": (
        b'{"specversion":"1.0","id":"a-1","source":"/shop","type":"com.example.user.created","time":'
        b'"2026-01-01T00:00:00.000000001Z","subject":"bob","data":{"actor":"root"}}\n',
        b'[{"specversion":"1.0","id":"a-2","source":"/shop","type":"x","data":{"event_type":"auth.login","occurred_at":'
        b'"2026-01-01T00:00:00Z","actor":"bob","message":"bob signed in"}}]',
    ),
    "ocsf": (
        b'{"class_uid":3002,"category_uid":3,"activity_id":1,"type_uid":300201,"time":1767225600001,"status_id":2,'
        b'"severity_id":3,"user":{"name":"bob","uid":"u-1"},"src_endpoint":{"ip":"192.0.2.7","port":1},'
        b'"metadata":{"version":"1.1.0","product":{"name":"Door"}}}\n',
    ),
    "splunk_hec": (
        b'{"time":1767225600.000000001,"host":"web-1","sourcetype":"syslog","event":"Jan  1 00:00:00 web-1 sshd[7]: '
        b'Failed password for root from 192.0.2.7 port 22 ssh2"}{"time":"1767225600.1","host":"web-1","event":'
        b'{"eventVersion":"1.08","eventName":"CreateUser","eventSource":"iam.amazonaws.com","userIdentity":{},'
        b'"eventTime":"2026-01-01T00:00:00Z"}}',
    ),
    "ecs": (
        b'{"@timestamp":"2026-01-01T00:00:00.001Z","ecs":{"version":"8.11"},"event":{"category":["authentication"],'
        b'"type":["start"],"outcome":"failure","action":"ssh_login"},"user":{"name":"bob"},"source":{"ip":"192.0.2.7"},'
        b'"host":{"name":"web-1"}}\n'
        b'{"_index":"i","_id":"1","_source":{"@timestamp":"2026-01-01T00:00:00.001Z","event.category":"process",'
        b'"event.type":["start"],"process.executable":"/bin/sh","host.name":"web-1"}}\n',
    ),
}

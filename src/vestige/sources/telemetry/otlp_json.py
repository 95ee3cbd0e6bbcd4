"""OpenTelemetry's protocol as JSON: what the collector's file exporter writes, and bodies of OTLP/HTTP requests.

A record is one request (``ExportLogsServiceRequest``, ``ExportTraceServiceRequest``, ``ExportMetricsServiceRequest``;
``LogsData`` and so on are the same), a line or a document. Its events are its log records, its spans with their
exceptions, and its data points (:mod:`vestige.sources.telemetry.otlp_event`).

Trace and span ids are hex, 64-bit integers text or numbers, times nanoseconds since 1970: all exact.

References: opentelemetry.io, "OTLP Specification" (JSON Protobuf Encoding), "OTLP File Exporter".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.telemetry.otlp_event import request_events, signal_of

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LONG_FRACTION = re.compile(r"\.\d{7,}\s*[,}\]]")


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if _LONG_FRACTION.search(text) is not None:
        # Such numbers were given as text, for times; here times are whole, and measurements stay numbers.
        record = orjson.loads(text)
    signal = signal_of(record)
    if not signal:
        return Unparsed("no OTLP request: resourceLogs, resourceSpans or resourceMetrics is missing")
    events = request_events(record, clock, text)
    return events or Skipped(f"an OTLP request of {signal} that holds none")


def _begins(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"scope' in head and any(
        name in head[:200] for name in (b'"resourceLogs"', b'"resourceSpans"', b'"resourceMetrics"')
    )  # fmt: skip


FORMAT = JsonRecords(
    name="otlp_json",
    version="2",
    source_name=None,
    mine=lambda record: bool(signal_of(record)),
    seen="OTLP requests (resourceLogs, resourceSpans or resourceMetrics)",
    read=_read,
    confidence=0.97,
    begins=_begins,
)

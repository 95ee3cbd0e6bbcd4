"""OTLP/HTTP, spoken by OpenTelemetry's own SDK and exporters."""

from __future__ import annotations

import gzip
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.protobuf.json_format import MessageToJson
from google.rpc.status_pb2 import Status
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from support.hammer import Killable, hammer
from support.program import serving
from support.receiving import client_of, events, raw
from vestige.api.receivers.otlp import status

if TYPE_CHECKING:
    from pathlib import Path

    from support.program import Running

PROTOBUF = "application/x-protobuf"
RESOURCE = Resource.create({"service.name": "shop", "host.name": "web-1"})


def headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def request(*bodies: str) -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    scope = made.resource_logs.add().scope_logs.add()
    for number, body in enumerate(bodies):
        record = scope.log_records.add(time_unix_nano=1_764_000_000_000_000_000 + number)
        record.body.string_value = body
    return made


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip, Compression.Deflate])
def test_the_sdks_logs_arrive(server: Running, client: httpx.Client, compression: Compression) -> None:
    exporter = OTLPLogExporter(server.url + "/v1/logs", headers=headers(server.token), compression=compression)
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("test")
    for number in range(10):
        logger.emit(
            LogRecord(
                timestamp=1_764_000_000_000_000_001 + number,
                severity_number=SeverityNumber.ERROR,
                body=f"sdk {compression.name} {number}",
            )
        )
    provider.shutdown()
    found = events(client, f"source:otlp {compression.name}")
    assert [event["message"] for event in found] == [f"shop: sdk {compression.name} {number}" for number in range(10)]
    assert found[0]["occurred_at"] == "2025-11-24T16:00:00.000000001Z"
    assert found[0]["parser"].startswith("otlp_proto/")
    # One request is one record, and its events are one after the other in it.
    assert len({event["seq"] for event in found}) == 1
    kept = ExportLogsServiceRequest.FromString(raw(client, found[0]["id"]))
    assert len(kept.resource_logs[0].scope_logs[0].log_records) == 10


def test_the_sdks_spans_and_metrics_arrive(server: Running, client: httpx.Client) -> None:
    provider = TracerProvider(resource=RESOURCE)
    exporter = OTLPSpanExporter(server.url + "/v1/traces", headers=headers(server.token))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("checkout") as span:
        trace = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    found = events(client, f"trace:{trace}")
    assert [(event["event_type"], event["trace_id"]) for event in found] == [("trace.span", trace)]

    metrics = OTLPMetricExporter(server.url + "/v1/metrics", headers=headers(server.token))
    meters = MeterProvider([PeriodicExportingMetricReader(metrics, export_interval_millis=3_600_000)], RESOURCE)
    meters.get_meter("test").create_counter("orders").add(3)
    meters.shutdown()
    assert len(events(client, "type:metric.recorded orders")) == 1


def test_json_is_answered_in_json_and_kept_as_it_came(client: httpx.Client) -> None:
    body = b'{"resourceLogs":[ {"scopeLogs":[{"logRecords":[{"timeUnixNano":"1764000000000000002","body":{"stringValue":"in json"}}]}]}]}'  # fmt: skip  # noqa: E501
    answer = client.post(
        "/v1/logs",
        content=gzip.compress(body),
        headers={"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"},
    )
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", {})
    (found,) = events(client, '"in json"')
    assert raw(client, found["id"]) == body
    assert found["occurred_at"] == "2025-11-24T16:00:00.000000002Z"


def test_protobuf_and_json_of_one_request_say_the_same(client: httpx.Client) -> None:
    made = request("same one", "same two")
    sent = {PROTOBUF: made.SerializeToString(), "application/json": MessageToJson(made).encode()}
    for kind, body in sent.items():
        answer = client.post("/v1/logs", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert ExportLogsServiceResponse.FromString(b"") == ExportLogsServiceResponse()
    found = events(client, "same")
    assert Counter(event["message"] for event in found) == {"same one": 2, "same two": 2}
    assert {event["parser"].partition("/")[0] for event in found} == {"otlp_proto", "otlp_json"}


@pytest.mark.parametrize(
    ("path", "kind", "body", "status", "code"),
    [
        ("/v1/logs", PROTOBUF, b"\xff\xff\xff", 400, 3),
        ("/v1/traces", "application/json", b"{", 400, 3),
        ("/v1/metrics", "application/json", b'{"resourceLogs":[]}', 400, 3),
        ("/v1/logs", "application/json", b'{"resourceLogs":{}}', 400, 3),
        ("/v1/logs", "application/json", b"[]", 400, 3),
        ("/v1/logs", "text/plain", b"hello", 415, 3),
    ],
)
def test_refusals_are_a_status_in_the_requests_encoding(
    client: httpx.Client, path: str, kind: str, body: bytes, status: int, code: int
) -> None:
    before = client.get("/v1/timeline/count").json()
    answer = client.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert_status(answer, kind, code)
    assert client.get("/v1/timeline/count").json() == before


def assert_status(answer: httpx.Response, kind: str, code: int) -> None:
    if kind == PROTOBUF:
        assert answer.headers["content-type"] == PROTOBUF
        told = Status.FromString(answer.content)
        assert (told.code, bool(told.message)) == (code, True)
    else:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["code"] == code
        assert answer.json()["message"]


def test_without_a_token_nothing_is_taken(server: Running) -> None:
    for kind in (PROTOBUF, "application/json"):
        answer = httpx.post(server.url + "/v1/logs", content=b"", headers={"Content-Type": kind})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert_status(answer, kind, 16)


def test_a_request_may_be_as_large_as_can_be_parsed(client: httpx.Client) -> None:
    def send(size: int) -> httpx.Response:
        body = request("x" * (size - len(request("x" * size).SerializeToString()) + size)).SerializeToString()
        assert len(body) == size
        return client.post("/v1/logs", content=body, headers={"Content-Type": PROTOBUF})

    assert send(8 << 20).status_code == 200
    answer = send((8 << 20) + 1)
    assert answer.status_code == 413
    assert_status(answer, PROTOBUF, 3)


def test_busy_is_what_exporters_send_again_on(tmp_path: Path) -> None:
    with serving(tmp_path / "data", VESTIGE_LIMIT_RECEIVER_BYTES="10") as server, client_of(server) as client:
        body = request("too much at once").SerializeToString()
        answer = client.post("/v1/logs", content=body, headers={"Content-Type": PROTOBUF})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert_status(answer, PROTOBUF, 14)


def test_killed_under_load_everything_acknowledged_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A request has no identity: what was in flight at a kill may be there twice, and is counted."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    data = tmp_path / "data"
    server = Killable(data)
    server.start()
    taken: list[Any] = []

    def send(sender: int, number: int) -> None:
        exporter = OTLPLogExporter(server.url + "/v1/logs", headers=headers(server.token), timeout=2)
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(Reporting(exporter, taken)))
        provider.get_logger("load").emit(LogRecord(timestamp=1, body=f"{sender}-{number}"))
        provider.force_flush()
        exporter.shutdown()  # type: ignore[no-untyped-call]
        if f"{sender}-{number}" not in taken:
            raise ConnectionError

    outcome = hammer(server, data, send, sends=25)
    count: Counter[str] = Counter()
    for payload in outcome.held:
        for record in ExportLogsServiceRequest.FromString(payload).resource_logs[0].scope_logs[0].log_records:
            count[record.body.string_value] += 1
    doubled = sum(times - 1 for times in count.values())
    with capsys.disabled():
        print(
            f"\notlp: {len(count)} of {outcome.acknowledged}, {outcome.retried} failed exports, {doubled} doubled",
            end="",
        )
    assert set(count) == {f"{sender}-{number}" for sender in range(4) for number in range(25)}
    assert doubled <= 2 * 4


class Reporting(OTLPLogExporter):
    """The exporter, with its answers told."""

    def __init__(self, exporter: OTLPLogExporter, taken: list[Any]) -> None:
        self._exporter = exporter
        self._taken = taken

    def export(self, batch: Any) -> Any:
        result = self._exporter.export(batch)
        if result.name == "SUCCESS":
            self._taken.extend(record.log_record.body for record in batch)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def test_the_status_is_encoded_as_google_encodes_it() -> None:
    for text in ("", "x" * 127, "x" * 128, "é" * 400):
        found = Status.FromString(status(3, text, encoding=PROTOBUF))
        assert (found.code, found.message) == (3, text)
    assert json.loads(status(3, "x", encoding="application/json")) == {"code": 3, "message": "x"}

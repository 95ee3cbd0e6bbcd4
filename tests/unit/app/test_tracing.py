"""Spans of our own work, made by the real SDK and read back at a stand-in for a collector."""

from __future__ import annotations

import builtins
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.world import world_in
from vestige.app import Settings
from vestige.app.tracing import Tracing, spans_of
from vestige.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PLANTED = "vst_planted0secret0in0a0span"


class Collector:
    """Takes spans, and says 200 unless it is told otherwise."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.tokens: set[str] = set()
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                outer.tokens.add(self.headers["Authorization"])
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                assert names["service.name"] == "vestige"
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[World]:
    data = tmp_path_factory.mktemp("tracing") / "data"
    asked = {"otlp_url": collector.url, "otlp_networks": "127.0.0.0/8", "otlp_token": "vst_of_the_collector"}
    with world_in(data, **asked) as made:
        yield made


def told(world: World, collector: Collector) -> list[Any]:
    assert world.installation.tracing is not None
    world.installation.tracing.flush()
    return collector.spans()


def test_a_request_goes_on_with_the_trace_it_came_with(world: World, collector: Collector) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    assert world.client("owner").get("/v1/search", params={"q": PLANTED}, headers=headers).status_code == 200
    world.client("owner").get(f"/v1/events/{PLANTED}", headers={"User-Agent": PLANTED, "tracestate": "a=b"})
    found = told(world, collector)
    (span,) = [one for one in found if one.trace_id.hex() == TRACE]
    assert span.parent_span_id.hex() == PARENT
    assert span.name == "GET /v1/search"
    assert span.end_time_unix_nano > span.start_time_unix_nano
    said = attributes(span)
    wanted = {"http.route": "/v1/search", "http.response.status_code": 200, "vestige.tenant": "default"}
    assert {name: said[name] for name in wanted} == wanted
    (other,) = [one for one in found if attributes(one).get("http.response.status_code") == 404]
    assert other.trace_id.hex() != TRACE
    assert not any(PLANTED.encode() in body for body in collector.bodies)
    assert collector.tokens == {"Bearer vst_of_the_collector"}


def test_an_import_has_its_phases_and_the_index_its_blocks(world: World, collector: Collector, tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text(json.dumps({"event_type": "a.b", "message": PLANTED}) + "\n")
    headers = {"traceparent": f"00-{TRACE[::-1]}-{PARENT}-01"}
    answer = world.client("here").post("/v1/imports", json={"paths": [str(file)]}, headers=headers)
    assert '"report"' in answer.text
    assert world.client("owner").post("/v1/jobs/verify/run").status_code == 200
    found = told(world, collector)
    own = {one.name: one for one in found if one.trace_id.hex() == TRACE[::-1]}
    assert set(own) == {"POST /v1/imports", "import.take", "import.index"}
    assert {own[name].parent_span_id for name in ("import.take", "import.index")} == {own["POST /v1/imports"].span_id}
    assert "default" in {attributes(one)["vestige.tenant"] for one in found if one.name == "index.block"}
    assert "verify" in {attributes(one)["vestige.job"] for one in found if one.name == "job"}


def test_what_fails_is_marked_by_its_kind_alone(
    world: World, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=PLANTED), world.installation.span("made"):
        raise ValueError(PLANTED)
    (span,) = [one for one in told(world, collector) if one.name == "made"]
    assert (span.status.code, attributes(span)) == (2, {"error.type": "ValueError"})
    assert not span.events
    del caplog
    collector.status = 503
    try:
        assert world.client("owner").get("/v1/search").status_code == 200, "nothing waits for a collector"
        told(world, collector)
    finally:
        collector.status = 200


def test_without_a_collector_there_is_no_span(tmp_path: Path) -> None:
    assert Tracing.open(Settings(data=tmp_path)) is None
    with spans_of(None)("nothing", {"a": 1}):
        pass


@pytest.mark.parametrize("url", ["http://192.0.2.1/v1/traces", "ftp://collector.example/", "http://127.0.0.1:1/"])
def test_a_collector_that_may_not_be_called_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="cannot be sent there"):
        Tracing.open(Settings(data=tmp_path, otlp_url=url))


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def lacking(name: str, *args: Any) -> Any:
        if name.startswith("opentelemetry.exporter"):
            raise ImportError(name)
        return known(name, *args)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(SettingsError, match="not installed"):
        Tracing.open(Settings(data=tmp_path, otlp_url="https://192.0.32.7/v1/traces"))

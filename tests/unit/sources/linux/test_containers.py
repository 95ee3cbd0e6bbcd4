"""Container logs: the runtime's line, and as much of what the application wrote as tells what it is."""

# ruff: noqa: E501 - rows of tables hold whole lines
from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.linux.cri import FORMAT as CRI
from vestige.sources.linux.docker_json import FORMAT as DOCKER

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=0)
AT = 1_767_225_600_000_000_001


def cri(said: str, stream: str = "stdout", tag: str = "F") -> Event:
    (reading,) = CRI.parse([f"2026-01-01T00:00:00.000000001Z {stream} {tag} {said}".encode()], CONTEXT)
    assert isinstance(reading, Event), reading
    return reading


def docker(log: object, **more: object) -> Any:
    line = {"log": log, "stream": "stdout", "time": "2026-01-01T00:00:00.000000001Z", **more}
    (reading,) = DOCKER.parse([json.dumps(line).encode()], CONTEXT)
    return reading


INSIDE = [
    ("hello", "log.line", "", 0, ""),
    ("2026/01/01 00:00:00 Starting server...", "log.line", "", 0, ""),
    ("E0101 00:00:00.000000       1 server.go:12] it broke", "service.error", "", 3, ""),
    ("W0101 00:00:00.000000       1 server.go:12] hm", "log.line", "", 2, ""),
    ('time="2026-01-01T00:00:00Z" level=error msg="it broke"', "service.error", "", 3, ""),
    ("2026-01-01 00:00:00,000 [ERROR] it broke", "service.error", "", 3, ""),
    ("[warn] hm", "log.line", "", 2, ""),
    ('192.0.2.7 - bob [01/Jan/2026:00:00:00 +0000] "GET /x HTTP/1.1" 403 5', "service.request", "failure", 0, "192.0.2.7"),
    ('192.0.2.7:99 - - [01/Jan/2026:00:00:00 +0000] "GET /x HTTP/1.1" 200 5', "service.request", "success", 0, "192.0.2.7"),
    ('192.0.2.7 - - [Thu, 01 Jan 2026 00:00:00 UTC] "GET /x HTTP/1.1" kube-probe/1.27', "service.request", "", 0, "192.0.2.7"),
    ("no errors were found, 0 FAILED", "log.line", "", 0, ""),
    ("", "log.line", "", 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "outcome", "severity", "ip"), INSIDE, ids=[row[0][:30] for row in INSIDE])
def test_what_an_application_wrote_is_read_the_same_under_both_runtimes(
    said: str, kind: str, outcome: str, severity: int, ip: str
) -> None:
    for event in (cri(said), docker(said + "\n")):
        assert (event.event_type, event.outcome, event.severity, event.src_ip) == (kind, outcome, severity, ip)
        assert (event.occurred_at, event.time_quality, event.observed_at) == (AT, "exact", None)
        assert json.loads(event.attributes)["log"].rstrip("\n") == said


def test_a_partial_line_is_marked_and_not_read_further() -> None:
    event = cri('{"event_type":"auth.login"', tag="P")
    assert (event.event_type, event.tags) == ("log.line", ("log:partial",))
    assert docker("no line feed").tags == ("log:partial",)
    assert cri("x", tag="F:more").tags == ()


def test_json_inside_is_read_by_its_own_time_and_names() -> None:
    said = '{"time":"2025-12-31T23:59:59Z","level":"error","msg":"it broke","user":"bob"}'
    event = cri(said)
    assert (event.event_type, event.severity, event.message, event.actor_id) == ("service.error", 3, "it broke", "bob")
    assert (event.occurred_at, event.observed_at) == (1_767_225_599_000_000_000, AT)
    assert json.loads(event.attributes) == {
        "time": "2026-01-01T00:00:00.000000001Z",
        "stream": "stdout",
        "tags": "F",
        "log": said,
        "parsed": json.loads(said),
    }
    undated = cri('{"msg":"x","time":"12:00"}')
    assert (undated.occurred_at, undated.time_text) == (AT, "2026-01-01T00:00:00.000000001Z")
    declared = docker('{"event_type":"auth.login_failed","actor":"bob","outcome":"failure"}\n')
    assert (declared.event_type, declared.actor_id, declared.occurred_at) == ("auth.login_failed", "bob", AT)
    alert = cri('{"rule":"r","priority":"Warning","output":"o","output_fields":{"user.name":"bob"}}')
    assert (alert.event_type, alert.action, alert.actor_id) == ("alert.raised", "r", "bob")
    assert cri("{not json").event_type == "log.line"


def test_the_attributes_of_dockers_lines_are_their_own_text() -> None:
    line = b'{"log":"x\\n","stream":"stdout","time":"2026-01-01T00:00:00Z","attrs":{"b":1.50}}'
    (event,) = DOCKER.parse([line], CONTEXT)
    assert isinstance(event, Event)
    assert event.attributes.encode() == line


def test_dockers_times_without_a_zone_are_assumed() -> None:
    assert docker("x\n", time="2026-01-01T00:00:00.0").time_quality == "assumed_zone"
    assert docker("x\n", time=5).occurred_at is None
    assert isinstance(docker(5), Unparsed)
    assert isinstance(docker("x\n", stream=["a"]), Event)


@pytest.mark.parametrize(
    "line", ["", "x", "2026-01-01T00:00:00Z stdin F x", "2026-01-01T00:00:00Z stdout X x", "2026-01-01 stdout F x"]
)
def test_other_lines_are_unparsed_or_skipped(line: str) -> None:
    (reading,) = CRI.parse([line.encode()], CONTEXT)
    assert not isinstance(reading, Event)


@pytest.mark.parametrize("said", ["a" * 10**6, "[" * 10**6, '"' * 10**6, "1." * 500_000, "level=" * 200_000])
def test_hostile_lines_cost_no_more_than_long_ones(said: str) -> None:
    started = time.process_time()
    cri(said)
    assert time.process_time() - started < 1


def test_the_files_of_plaso(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "cri.log").read_bytes()
    choice = detect(Sample("x", data, complete=True))
    assert choice.format is CRI
    events: Any = CRI.parse(data.splitlines(), CONTEXT)
    assert len(events) == 17
    assert (events[0].message, events[0].tags, events[0].occurred_at) == (
        "log content 1",
        ("log:partial",),
        1_475_713_029_669_794_202,
    )
    assert [event.event_type for event in events].count("service.request") == 12
    (file,) = (corpus / "plaso-test-data" / "docker" / "containers").glob("*/container-json.log")
    lines = file.read_bytes().splitlines()
    assert detect(Sample("x", file.read_bytes(), complete=True)).format is DOCKER
    found: Any = DOCKER.parse(lines, CONTEXT)
    assert [event.occurred_at % 10**9 for event in found][-3:] == [237_222_700, 237_222_720, 237_222_729]


@pytest.mark.parametrize("stream", [{"a": 1}, ["stdout"], None, 7])
def test_a_stream_that_is_no_name_is_none_of_docker_s(stream: object) -> None:
    line = json.dumps({"log": "a\n", "stream": stream, "time": "2026-01-01T00:00:00Z"}).encode()
    assert DOCKER.detect(Sample("f", line, complete=True)) is None
    assert isinstance(docker("a", stream=stream), Event)

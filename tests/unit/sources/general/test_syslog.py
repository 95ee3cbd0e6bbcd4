from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339, to_text
from vestige.sources import Context
from vestige.sources.general.syslog import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=parse_rfc3339("2026-11-23T12:00:00Z")[0])


def read(line: str | bytes, context: Context = CONTEXT) -> Any:
    (reading,) = FORMAT.parse([line if isinstance(line, bytes) else line.encode()], context)
    return reading


def payloads_of(data: bytes) -> list[bytes]:
    return [r.payload for batch in FORMAT.split(io.BytesIO(data), context=CONTEXT) for r in batch]


def test_rfc5424_with_structured_data() -> None:
    data = '[ex@1 iut="3" src="say \\"hi\\" \\] \\\\"][b]'
    line = f"<165>1 2026-10-11T22:14:15.003Z web-1 app 42 ID47 {data} \ufeffAn event\n2nd"
    event = read(line)
    assert isinstance(event, Event)
    assert (event.occurred_at, event.host, event.message) == (
        parse_rfc3339("2026-10-11T22:14:15.003Z")[0],
        "web-1",
        "app: An event\n2nd",
    )
    assert json.loads(event.attributes) == {
        "version": 1, "msgid": "ID47", "structured_data": {"ex@1": {"iut": "3", "src": 'say "hi" ] \\'}, "b": {}},
        "facility": "local4", "severity": "notice", "timestamp": "2026-10-11T22:14:15.003Z", "hostname": "web-1",
        "app_name": "app", "procid": "42", "message": "An event\n2nd",
    }  # fmt: skip


def test_rfc5424_with_nothing_given() -> None:
    event = read("<34>1 - - - - - -")
    assert isinstance(event, Event)
    assert (event.occurred_at, event.time_quality, event.host, event.severity, event.event_type) == (
        None, "missing", "", 4, "service.error",
    )  # fmt: skip
    assert read("<13>1 2026-10-11T22:14:15Z h a - - - hello").message == "a: hello"


HEADERS = [
    ("Nov 22 10:00:00 web-1 app[7]: hi", "2026-11-22T10:00:00Z", "assumed_year", "web-1", "app: hi"),
    ("<13>Nov  2 10:00:00 web-1 app: hi", "2026-11-02T10:00:00Z", "assumed_year", "web-1", "app: hi"),
    ("Nov 2 10:00:00.123 web-1 app: hi", "2026-11-02T10:00:00.123Z", "assumed_year", "web-1", "app: hi"),
    ("Mar  1 2019 10:00:00 web-1 app: hi", "2019-03-01T10:00:00Z", "assumed_zone", "web-1", "app: hi"),
    ("2026-11-22T10:00:00.5+02:00 web-1 app[x]: hi", "2026-11-22T08:00:00.500Z", "exact", "web-1", "app: hi"),
    ("2026-11-22T10:00:00 web-1 app: hi", "2026-11-22T10:00:00Z", "assumed_zone", "web-1", "app: hi"),
    ("2026-11-22 10:00:00 web-1 app[7]: hi", "2026-11-22T10:00:00Z", "assumed_zone", "web-1", "app: hi"),
    ("2026-11-22 10:00:00 main app: hi", "2026-11-22T10:00:00Z", "assumed_zone", "", "main app: hi"),
    ("2026-11-22T10:00:00Z INFO app[7]: hi", "2026-11-22T10:00:00Z", "exact", "", "app: hi"),
    ("Nov 22 10:00:00 kernel: [9.1] oops: x", "2026-11-22T10:00:00Z", "assumed_year", "", "kernel: [9.1] oops: x"),
    ("Nov 22 10:00:00: --- last ---", "2026-11-22T10:00:00Z", "assumed_year", "", "--- last ---"),
    ("Nov 22 10:00:00 --- last ---", "2026-11-22T10:00:00Z", "assumed_year", "", "--- last ---"),
    ("Nov 22 10:00:00 web-1 no tag here", "2026-11-22T10:00:00Z", "assumed_year", "web-1", "no tag here"),
    ("Nov 22 10:00:00 2001:db8::1 app: hi", "2026-11-22T10:00:00Z", "assumed_year", "2001:db8::1", "app: hi"),
    ("<13>only a message", "", "missing", "", "only a message"),
]


@pytest.mark.parametrize(("line", "instant", "quality", "host", "message"), HEADERS, ids=[row[0] for row in HEADERS])
def test_headers_of_every_kind(line: str, instant: str, quality: str, host: str, message: str) -> None:
    for text in (line, line + "\r"):
        event = read(text)
        assert isinstance(event, Event)
        assert (to_text(event.occurred_at) if event.occurred_at is not None else "") == instant
        assert (event.time_quality, event.host, event.message) == (quality, host, message)


def test_what_has_no_header_is_unparsed_and_an_empty_line_is_skipped() -> None:
    for line in ("MMM 22 07:54:32 host app: x", "plain words", "<999>x", "\0\0"):
        assert isinstance(read(line), Unparsed)
    assert isinstance(read(b""), Skipped)
    assert isinstance(read(b" \r"), Skipped)


def test_bytes_that_are_no_utf8_are_replaced_for_views() -> None:
    event = read(b"Nov 22 10:00:00 web-1 app: gr\xfcn \0")
    assert isinstance(event, Event)
    assert (event.message, event.tags) == ("app: gr\ufffdn \0", ("encoding:replaced",))


def test_the_zone_and_year_of_the_context_are_applied() -> None:
    there = Context(received_at=0, year=2010, zone="Europe/Berlin", zone_given=True)
    event = read("Jul  1 12:00:00 h a[1]: m", there)
    assert isinstance(event, Event)
    assert to_text(event.occurred_at or 0) == "2010-07-01T10:00:00Z"


def test_a_priority_gives_the_severity() -> None:
    levels = [read(f"<{8 + n}>Nov 22 10:00:00 h a: m").severity for n in range(8)]
    assert levels == [4, 4, 4, 3, 2, 0, 0, 0]
    assert read("<11>Nov 22 10:00:00 h a: m").event_type == "service.error"


def test_indented_lines_belong_to_the_record_before(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "syslog" / "syslog").read_bytes()
    payloads = payloads_of(data)
    assert len(payloads) == 17
    readings = FORMAT.parse(payloads, CONTEXT)
    assert Counter(type(reading).__name__ for reading in readings) == {"Event": 16, "Unparsed": 1}
    assert any(isinstance(r, Event) and "screws up\n\tmany" in r.message for r in readings)


def test_a_real_auth_log_is_understood_line_by_line(corpus: Path) -> None:
    data = gzip.decompress((corpus / "linux-auth" / "auth.log.part1.gz").read_bytes())
    lines = data.decode().splitlines()
    payloads = payloads_of(data)
    events = [reading for reading in FORMAT.parse(payloads, CONTEXT) if isinstance(reading, Event)]
    assert len(payloads) == len(events) == len(lines) == 3560
    kinds = Counter(event.event_type for event in events)
    assert kinds["log.line"] < 40
    failed = [event for event in events if event.event_type == "auth.login_failed"]
    assert all(event.outcome == "failure" for event in failed)
    root = [e for e in failed if e.actor_id == "root" and e.action == "Failed password"]
    assert len(root) == sum("Failed password for root from" in line for line in lines)
    assert sum(e.action == "Invalid user" for e in failed) == sum("]: Invalid user " in line for line in lines) == 90
    assert kinds["auth.login"] == sum("]: Accepted " in line for line in lines) == 166
    assert kinds["auth.privilege_used"] == sum("COMMAND=" in line for line in lines) + 7
    assert all(event.src_ip for event in events if event.event_type in {"auth.login", "auth.login_failed"})


@pytest.mark.parametrize(
    "name", ["system/auth/test.log", "system/auth/timestamp.log", "system/auth/auth-ubuntu1204.log.gz"]
)
def test_sign_ins_agree_with_what_filebeat_makes_of_them(corpus: Path, name: str) -> None:
    folder = corpus / "ecs-oracle-filebeat"
    data = (folder / name).read_bytes()
    expected_path = folder / (name.removesuffix(".gz") + "-expected.json")
    if name.endswith(".gz"):
        data = gzip.decompress(data)
        expected = json.loads(gzip.decompress((folder / (name.removesuffix(".gz") + "-expected.json.gz")).read_bytes()))
    else:
        expected = json.loads(expected_path.read_bytes())
    records = {r.offset: r.payload for batch in FORMAT.split(io.BytesIO(data), context=CONTEXT) for r in batch}
    compared = 0
    for document in expected:
        event = read(records[document["log.offset"]])
        assert isinstance(event, Event)
        if "host.hostname" in document:
            assert event.host == document["host.hostname"]
        if "source.ip" in document:
            assert (event.src_ip, event.src_port) == (document["source.ip"], document.get("source.port", 0))
            compared += 1
        if document.get("event.outcome") in {"success", "failure"}:
            assert event.outcome == document["event.outcome"]
        if "user.name" in document and "session" not in event.event_type:
            assert document["user.name"] in {event.actor_id, event.subject_id}, document
            compared += 1
        if "user.effective.name" in document:
            assert document["user.effective.name"] in {event.actor_id, event.subject_id}
        if "system.auth.sudo.command" in document:
            assert event.object_id == document["system.auth.sudo.command"].rstrip()
        if "process.pid" in document:
            assert json.loads(event.attributes)["procid"] == str(document["process.pid"])
    assert compared >= 2 or "timestamp" in name


def test_times_agree_with_what_filebeat_and_plaso_read(corpus: Path) -> None:
    folder = corpus / "ecs-oracle-filebeat" / "system" / "syslog"
    data = (folder / "tz-offset.log").read_bytes()
    documents = json.loads((folder / "tz-offset.log-expected.json").read_bytes())
    events = [read(payload) for payload in payloads_of(data)]
    for event, document in zip(events[:2], documents[:2], strict=True):
        milliseconds = parse_rfc3339(document["@timestamp"])[0] // 1_000_000
        assert event.occurred_at is not None
        assert event.occurred_at // 1_000_000 == milliseconds
    lines = (corpus / "plaso-test-data" / "syslog" / "syslog_chromeos").read_bytes()
    assert len(payloads_of(lines)) == 8
    assert read(payloads_of(lines)[0]).occurred_at == parse_rfc3339("2016-10-25T12:37:23.297265-07:00")[0]

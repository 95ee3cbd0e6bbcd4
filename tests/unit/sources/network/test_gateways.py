"""CEF and LEEF."""

from __future__ import annotations

import json
import time

import pytest

from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.network.cef import FORMAT as CEF
from vestige.sources.network.leef import FORMAT as LEEF

CONTEXT = Context(received_at=1_767_312_000_000_000_000)


def cef(line: str) -> Event:
    (event,) = CEF.parse([line.encode()], CONTEXT)
    assert isinstance(event, Event)
    return event


def leef(line: str) -> Event:
    (event,) = LEEF.parse([line.encode()], CONTEXT)
    assert isinstance(event, Event)
    return event


def test_a_cef_event_is_read_field_by_field() -> None:
    event = cef(
        r"<134>Jan  1 00:00:00 fw1 CEF:0|Acme|Wall \| One|1.0|100|Malware found|8|rt=1767225600001 src=192.0.2.7 spt=1 "
        r"dst=198.51.100.1 dpt=80 suser=bob sntdom=X act=blocked cs1Label=Rule cs1=deny all proto=TCP "
        r"request=http://x/?a=b&c=d msg=a\=b\nc\\d fileHash=0af"
    )
    assert event == Event(
        event_type="alert.raised",
        occurred_at=1_767_225_600_001_000_000,
        time_text="1767225600001",
        time_quality="exact",
        action="blocked",
        outcome="failure",
        severity=3,
        actor_id="bob",
        actor_type="user",
        object_id="http://x/?a=b&c=d",
        object_type="url",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.1",
        src_port=1,
        dst_port=80,
        protocol="tcp",
        host="fw1",
        message=r"Acme Wall | One: Malware found a=b c\d by bob from 192.0.2.7 to 198.51.100.1 (blocked)",
        attributes=event.attributes,
        keys=(("hash", "0af"), ("identity", "bob"), ("identity", "X\\bob")),
    )
    fields = json.loads(event.attributes)
    assert fields["deviceProduct"] == "Wall | One"
    assert fields["msg"] == "a=b\nc\\d"
    assert (fields["cs1"], fields["cs1Label"], fields["labels"]) == ("deny all", "Rule", {"Rule": "deny all"})


HEAD = "CEF:0|Acme|Wall|1|7|{name}|{severity}|{rest}"
TYPES = [
    ("User login failed", "duser=eve", ("auth.login_failed", "failure", "eve")),
    ("Login", "suser=eve outcome=success", ("auth.login", "success", "eve")),
    ("Login", "suser=eve", ("auth.attempted", "", "eve")),
    ("User logged out", "suser=eve", ("auth.logout", "", "eve")),
    ("Password changed", "suser=root duser=eve", ("account.credential_changed", "", "root")),
    ("User account created", "suser=root duser=eve", ("account.created", "", "root")),
    ("Account locked", "duser=eve", ("account.disabled", "", "")),
    ("Port scan", "src=192.0.2.7 dst=192.0.2.8", ("alert.raised", "", "")),
    ("Traffic", "src=192.0.2.7 dst=192.0.2.8 act=deny", ("network.denied", "failure", "")),
    ("Traffic", "src=192.0.2.7 dst=192.0.2.8 act=accept", ("network.connection", "success", "")),
    ("x", "src=192.0.2.7 dst=192.0.2.8", ("network.connection", "", "")),
    ("Rule modified", "suser=root", ("policy.changed", "", "root")),
    ("x", "", ("event.generic", "", "")),
]


@pytest.mark.parametrize(("name", "rest", "expected"), TYPES)
def test_words_and_fields_tell_the_type(name: str, rest: str, expected: tuple[str, str, str]) -> None:
    event = cef(HEAD.format(name=name, severity=1, rest=rest))
    assert (event.event_type, event.outcome, event.actor_id) == expected


@pytest.mark.parametrize(("stated", "ours"), [
    ("0", 0), ("3", 1), ("6", 2), ("8", 3), ("10", 4), ("99", 4), ("Low", 1), ("Very-High", 4), ("Unknown", 0),
    ("-1", 0),
])  # fmt: skip
def test_severities(stated: str, ours: int) -> None:
    assert cef(HEAD.format(name="x", severity=stated, rest="")).severity == ours


TIMES = [
    ("start=1767225600001 rt=1767225600002", 1_767_225_600_001_000_000, 1_767_225_600_002_000_000, "exact"),
    ("rt=Jan 01 2026 00:00:00.001 UTC", 1_767_225_600_001_000_000, None, "exact"),
    ("rt=Jan 01 2026 00:00:00", 1_767_225_600_000_000_000, None, "assumed_zone"),
    ("rt=Jan 01 00:00:00", 1_767_225_600_000_000_000, None, "assumed_year"),
    ("rt=soon", None, None, "missing"),
    ("", None, None, "missing"),
]


@pytest.mark.parametrize(("rest", "at", "observed", "quality"), TIMES)
def test_times(rest: str, at: int | None, observed: int | None, quality: str) -> None:
    event = cef(HEAD.format(name="x", severity=1, rest=rest))
    assert (event.occurred_at, event.observed_at, event.time_quality) == (at, observed, quality)


def test_what_a_file_assumes_is_told_at_detection() -> None:
    line = HEAD.format(name="x", severity=1, rest="rt=Jan 01 00:00:00").encode()
    detection = CEF.detect(Sample("x", line, complete=True))
    assert detection is not None
    assert dict(detection.extra) == {"year": "none", "zone": "none"}


@pytest.mark.parametrize("line", ["CEF:0|a|b|c", "nothing", "CEF:0|a|b|c|d|e"])
def test_a_torn_header_is_unparsed(line: str) -> None:
    (reading,) = CEF.parse([line.encode()], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_a_leef_event_of_version_1() -> None:
    event = leef(
        "LEEF:1.0|Acme|Wall|1.0|deny|src=192.0.2.7\tsrcPort=1\tdst=198.51.100.1\tdstPort=80\tsev=9\tcat=traffic\t"
        "action=Denied\tusrName=bob\tdevTime=1767225600001\tproto=TCP"
    )
    assert event._replace(attributes="") == Event(
        event_type="network.denied",
        occurred_at=1_767_225_600_001_000_000,
        time_text="1767225600001",
        time_quality="exact",
        action="Denied",
        outcome="failure",
        severity=4,
        actor_id="bob",
        actor_type="user",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.1",
        src_port=1,
        dst_port=80,
        protocol="tcp",
        message="Acme Wall: deny traffic by bob from 192.0.2.7 to 198.51.100.1 (Denied)",
        attributes="",
        keys=(("identity", "bob"),),
    )


@pytest.mark.parametrize(("given", "between"), [("^", "^"), ("x5E", "^"), ("0x7c", "|"), ("", "\t"), ("0x09", "\t")])
def test_delimiters_of_version_2(given: str, between: str) -> None:
    event = leef(
        f"Jan  1 00:00:00 h LEEF:2.0|V|P|1|Login|{given}|usrName=bob{between}src=192.0.2.7{between}result=Failure"
    )
    assert (event.actor_id, event.src_ip, event.event_type, event.host) == (
        "bob",
        "192.0.2.7",
        "auth.login_failed",
        "h",
    )


def test_version_2_without_a_delimiter_field() -> None:
    assert leef("LEEF:2.0|V|P|1|x|usrName=bob\tsrc=192.0.2.7").actor_id == "bob"


def test_a_torn_leef_header_is_unparsed() -> None:
    (reading,) = LEEF.parse([b"LEEF:1.0|a|b"], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_syslog_lines_without_either_stay_syslog() -> None:
    choice = detect(
        Sample(
            "x", b"Jan  1 00:00:00 h sshd[1]: CEF and LEEF | are | names | of | formats | x | y | z\n", complete=True
        )
    )
    assert choice.format is not None
    assert choice.format.name == "syslog"


@pytest.mark.parametrize("part", [r"a\\", " a", " a=", "account user ", " CEF:", "a=^"])
def test_long_hostile_lines_are_quick(part: str) -> None:
    many = 1_000_000 // len(part)
    for line in (
        f"CEF:0|a|b|c|d|{part * many}|5|x",
        f"CEF:0|a|b|c|d|e|5|{part * many}",
        part * many,
        f"LEEF:2.0|a|b|c|d|^|{part * many}",
    ):
        begun = time.process_time()
        CEF.parse([line.encode()], CONTEXT)
        LEEF.parse([line.encode()], CONTEXT)
        assert time.process_time() - begun < 5

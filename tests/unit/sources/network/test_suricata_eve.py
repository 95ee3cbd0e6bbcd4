from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.network.suricata_eve import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "timestamp": "2026-01-01T01:00:00.000001+0100", "flow_id": 7, "src_ip": "192.0.2.7", "src_port": 1,
    "dest_ip": "198.51.100.1", "dest_port": 443, "proto": "TCP",
}  # fmt: skip


def read(kind: str, part: object, **more: object) -> Event:
    (event,) = FORMAT.parse([orjson.dumps({**BASE, "event_type": kind, kind: part, **more})], Context(received_at=0))
    assert isinstance(event, Event)
    return event


def test_an_alert_is_read_field_by_field() -> None:
    part = {
        "action": "blocked", "signature_id": 9, "signature": "ET X", "severity": 1,
        "metadata": {"mitre_technique_id": ["T1059"]},
    }  # fmt: skip
    event = read(
        "alert", part, community_id="1:x=", host="sensor-1", tls={"fingerprint": "0A:FF", "ja3": {"hash": "0af"}}
    )
    assert event == Event(
        event_type="alert.raised",
        occurred_at=1_767_225_600_000_001_000,
        time_text="2026-01-01T01:00:00.000001+0100",
        time_quality="exact",
        action="ET X",
        outcome="failure",
        severity=3,
        object_id="9",
        object_type="rule",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.1",
        src_port=1,
        dst_port=443,
        protocol="tcp",
        device_name="sensor-1",
        device_type="sensor",
        message="blocked: ET X, 192.0.2.7 to 198.51.100.1:443",
        tags=("attack.T1059",),
        attributes=event.attributes,
        keys=(("custom", "1:x="), ("custom", "flow:7"), ("hash", "0aff"), ("custom", "ja3:0af")),
    )


@pytest.mark.parametrize(("severity", "ours"), [(1, 3), (2, 2), (3, 1), (4, 0), ("1", 0), (None, 0)])
def test_severities_of_alerts(severity: object, ours: int) -> None:
    assert read("alert", {"severity": severity, "action": "allowed"}).severity == ours


DNS_1 = {"type": "answer", "rrname": "a.example", "rrtype": "A", "rcode": "NOERROR", "rdata": "203.0.113.9"}
DNS_2 = {**DNS_1, "version": 2, "rdata": None, "answers": [{"rdata": "203.0.113.9"}]}
DNS_3 = {
    "version": 3, "type": "response", "rcode": "NOERROR", "queries": [{"rrname": "a.example", "rrtype": "A"}],
    "answers": [{"rdata": "203.0.113.9"}],
}  # fmt: skip
GROUPED = {**DNS_1, "version": 2, "rdata": None, "grouped": {"A": ["203.0.113.9"]}}


@pytest.mark.parametrize("part", [DNS_1, DNS_2, DNS_3, GROUPED])
def test_dns_in_each_version(part: dict[str, object]) -> None:
    event = read("dns", part)
    assert (event.event_type, event.object_id, event.outcome) == ("network.dns", "a.example", "success")
    assert ("ip", "203.0.113.9") in event.keys


KINDS = [
    ("dns", {"type": "answer", "rrname": "a", "rcode": "NXDOMAIN"}, ("network.dns", "failure", "", "a")),
    ("dns", {"type": "query", "rrname": "a"}, ("network.dns", "", "", "a")),
    (
        "http",
        {"http_method": "GET", "hostname": "a", "url": "/b", "status": 404},
        ("network.http", "failure", "", "a/b"),
    ),
    ("http", {"http_method": "GET", "url": "/b"}, ("network.http", "unknown", "", "/b")),
    ("tls", {"sni": "a.example", "version": "TLS 1.3"}, ("network.tls", "", "", "a.example")),
    ("fileinfo", {"filename": "/x", "sha256": "0af"}, ("file.transferred", "", "", "/x")),
    ("flow", {"state": "new", "pkts_toclient": 0}, ("network.connection", "unknown", "", "")),
    ("flow", {"state": "closed"}, ("network.connection", "success", "", "")),
    ("flow", {"state": "closed", "action": "drop"}, ("network.connection", "failure", "", "")),
    ("drop", {}, ("network.denied", "failure", "", "")),
    (
        "smb",
        {
            "command": "SMB2_COMMAND_CREATE",
            "filename": "x",
            "status": "STATUS_ACCESS_DENIED",
            "ntlmssp": {"user": "bob", "domain": "X"},
        },
        ("network.smb", "failure", "bob", "x"),
    ),
    ("smtp", {"mail_from": "<a@x.org>", "rcpt_to": ["<b@x.org>"]}, ("network.email", "", "a@x.org", "")),
    (
        "krb5",
        {"msg_type": "KRB_ERROR", "cname": "bob", "sname": "cifs"},
        ("network.kerberos", "failure", "bob", "cifs"),
    ),
    (
        "dhcp",
        {"dhcp_type": "ack", "client_mac": "0a", "assigned_ip": "192.0.2.8"},
        ("network.dhcp", "success", "", "192.0.2.8"),
    ),
    (
        "ftp",
        {"command": "USER", "command_data": "bob", "completion_code": ["331"]},
        ("network.ftp", "success", "bob", ""),
    ),
    ("rdp", {"event_type": "connect_request", "cookie": "bob"}, ("network.rdp", "", "bob", "")),
    ("ssh", {"client": {"software_version": "a"}, "server": {"software_version": "b"}}, ("network.ssh", "", "", "b")),
    ("anomaly", {"type": "decode", "event": "decoder.ipv4.trunc_pkt"}, ("network.anomaly", "", "", "")),
    ("mqtt", {"x": 1}, ("network.protocol", "", "", "")),
]


@pytest.mark.parametrize(("kind", "part", "expected"), KINDS)
def test_each_kind_of_event(kind: str, part: object, expected: tuple[str, str, str, str]) -> None:
    event = read(kind, part)
    assert (event.event_type, event.outcome, event.actor_id, event.object_id) == expected
    assert event.message.endswith("192.0.2.7 to 198.51.100.1:443")


def test_a_flow_happened_when_it_began() -> None:
    event = read("flow", {"start": "2026-01-01T00:00:00.000000+0000", "state": "closed"})
    assert (event.occurred_at, event.observed_at) == (1_767_225_600_000_000_000, 1_767_225_600_000_001_000)


def test_the_sensors_own_words() -> None:
    (event,) = FORMAT.parse(
        [b'{"timestamp":"2026-01-01T00:00:00Z","log_level":"Error","event_type":"engine","engine":{"message":"no"}}'],
        Context(received_at=0),
    )
    assert isinstance(event, Event)
    assert (event.event_type, event.severity, event.message) == ("service.error", 3, "Suricata Error no")


@pytest.mark.parametrize("part", [None, [], "x", 7, {"severity": [], "answers": {}, "ja3": 1, "rcpt_to": {}}])
def test_wrong_types_are_no_errors(part: object) -> None:
    for kind in ("alert", "dns", "tls", "smtp", "smb", "flow", "krb5", "ftp"):
        assert read(kind, part, src_ip=[1], dest_port={}).src_ip == ""


def test_an_event_without_a_kind_is_unparsed() -> None:
    (reading,) = FORMAT.parse([b"{}"], Context(received_at=0))
    assert reading == Unparsed("no EVE event: event_type is missing")


def test_a_real_log(corpus: Path) -> None:
    data = (corpus / "suricata-eve" / "eve.json").read_bytes()
    choice = detect(Sample("x", data[:65536], complete=False))
    assert choice.format is FORMAT
    found = FORMAT.parse(data.splitlines(), Context(received_at=0))
    events = [event for event in found if isinstance(event, Event)]
    assert len(events) == 266
    assert Counter((event.event_type, str(event.outcome)) for event in events) == {
        ("alert.raised", "unknown"): 68, ("file.transferred", ""): 68, ("network.http", "success"): 38,
        ("network.http", "unknown"): 30, ("network.dns", "success"): 37, ("network.dns", "failure"): 2,
        ("network.dns", ""): 9, ("network.connection", "success"): 9, ("network.connection", "unknown"): 4,
        ("network.statistics", ""): 1,
    }  # fmt: skip
    assert all(event.time_quality == "exact" for event in events)

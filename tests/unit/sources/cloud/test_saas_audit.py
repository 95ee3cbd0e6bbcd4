from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.reading import event_of, events_of
from support.samples import SAMPLES
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, detect, formats
from vestige.sources.cloud.saas_audit import Service, service_format
from vestige.sources.cloud.saas_code import SERVICES as CODE
from vestige.sources.cloud.saas_identity import SERVICES as IDENTITY
from vestige.sources.cloud.saas_security import S3_ACCESS
from vestige.sources.cloud.saas_security import SERVICES as SECURITY
from vestige.sources.cloud.saas_work import SERVICES as WORK

if TYPE_CHECKING:
    from pathlib import Path

BAD: tuple[object, ...] = (None, 7, [], "text", {"a": []}, [[]], [{"b": 1}], True, 1.5)
CONTEXT = Context(received_at=0)
ROWS = (*IDENTITY, *WORK, *CODE, *SECURITY, S3_ACCESS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_speaks_the_vocabulary_and_names_each_act_once(row: Service) -> None:
    assert {*row.kinds, row.otherwise, *([row.kind] if row.kind else [])} <= set(VOCABULARY)
    acts = [act for listed in row.kinds.values() for act in listed.lower().split()]
    assert sorted(set(acts)) == sorted(acts)
    assert row.act
    assert row.when


@pytest.mark.parametrize("row", [row for row in ROWS if row is not S3_ACCESS], ids=lambda row: row.name)
def test_nobody_else_is_surer_of_a_row_s_sample_and_wrong_types_leave_fields_empty(row: Service) -> None:
    for member in SAMPLES[row.name]:
        claims = detect(Sample("f", member, complete=True)).claims
        # Some services write in the envelope of Splunk's collector, whose format may come second.
        assert [name for name, _ in claims if name not in {"json", "splunk_hec"}] == [row.name]
        assert claims[0][0] == row.name
        (record, *_) = parsed(member)
        for name in record:
            for bad in BAD:
                payload = json.dumps({**record, name: bad}).encode()
                (reading,) = formats()[row.name].parse([payload], CONTEXT)
                assert isinstance(reading, Event)


def parsed(member: bytes) -> list[dict[str, Any]]:
    try:
        value = json.loads(member)
    except json.JSONDecodeError:
        return [json.loads(line) for line in member.splitlines()]
    return value if isinstance(value, list) else [value]


ROW = Service(
    name="x", source="x", seen="x events", mine=("a b=one|two", "c^pre !d", "e~mid"), act="act",
    kinds={"auth.login": "in"},
    when="t", actor="who", outcome="how", severity="sev", steps=(1, 4, 7, 9), why="why",
)  # fmt: skip


@pytest.mark.parametrize(
    ("record", "mine"),
    [
        ({"a": 1, "b": "ONE"}, True),
        ({"a": 1, "b": "three"}, False),
        ({"b": "one"}, False),
        ({"c": "prefix"}, True),
        ({"c": "prefix", "d": 1}, False),
        ({"e": "a middle"}, True),
        ({"e": ["middle"]}, False),
        ({"f": 1}, False),
    ],
)
def test_conditions_of_recognition(record: dict[str, Any], mine: bool) -> None:
    assert service_format(ROW).mine(record) is mine


@pytest.mark.parametrize(
    ("more", "kind", "outcome"),
    [
        ({"act": "in", "how": "SUCCESS"}, "auth.login", "success"),
        ({"act": "in", "how": "LOGIN_ERROR_INVALID_PASSWORD"}, "auth.login_failed", "failure"),
        ({"act": "in", "how": 401}, "auth.login_failed", "failure"),
        ({"act": "in", "how": 200}, "auth.login", "success"),
        ({"act": "in", "how": False}, "auth.login_failed", "failure"),
        ({"act": "in"}, "auth.login", "success"),
        ({"act": "DeletePolicy"}, "policy.changed", ""),
        ({"act": "DeletePolicy", "how": "perhaps"}, "policy.changed", ""),
        ({"act": "policy_delete_failed"}, "policy.changed", "failure"),
        ({}, "resource.changed", ""),
    ],
)
def test_outcomes_are_what_is_stated(more: dict[str, Any], kind: str, outcome: str) -> None:
    event = event_of(service_format(ROW), {"e": "mid", **more})
    assert (event.event_type, event.outcome) == (kind, outcome)


@pytest.mark.parametrize(
    ("said", "severity"), [(0.5, 0), (1, 1), (5.3, 2), (8, 3), (9.5, 4), ("high", 3), ("1e9", 0), (None, 0), (10**9, 0)]
)
def test_a_severity_in_numbers_is_told_by_steps(said: object, severity: int) -> None:
    assert event_of(service_format(ROW), {"e": "mid", "sev": said}).severity == severity


def event(name: str, record: dict[str, Any]) -> Event:
    choice = detect(Sample("f", json.dumps(record).encode(), complete=True))
    assert choice.format is not None
    assert choice.format.name == name
    return event_of(choice.format, record)


def test_some_services_field_by_field() -> None:
    slack = event("slack", {
        "id": "1", "date_create": 1767323045, "action": "role_change_to_owner",
        "actor": {"type": "user", "user": {"id": "U1", "email": "ann@example.org", "name": "Ann", "team": "T1"}},
        "entity": {"type": "user", "user": {"id": "U2", "email": "eve@example.org"}},
        "context": {"ip_address": "192.0.2.7", "session_id": 5},
    })  # fmt: skip
    assert slack == Event(
        "access.granted", 1767323045_000000000, "1767323045", "exact", action="role_change_to_owner",
        actor_id="U1", actor_name="ann@example.org", actor_type="user", subject_id="U2",
        subject_name="eve@example.org", subject_type="user", object_type="user", src_ip="192.0.2.7", session="5",
        message="role change to owner by ann@example.org on eve@example.org from 192.0.2.7",
        attributes=slack.attributes, keys=(("identity", "Ann"), ("custom", "1")),
    )  # fmt: skip
    duo = event("duo_auth", {
        "isotimestamp": "2026-01-02T03:04:05+00:00", "event_type": "authentication", "result": "fraud",
        "reason": "user_marked_fraud", "factor": "duo_push", "access_device": {"ip": "192.0.2.7"},
        "application": {"name": "VPN"}, "user": {"name": "ann", "key": "DU1"},
    })  # fmt: skip
    assert (duo.event_type, duo.outcome, duo.actor_id, duo.actor_name) == ("auth.login_failed", "failure", "DU1", "ann")
    assert duo.message == "authentication by ann on VPN from 192.0.2.7: user_marked_fraud"
    finding = event("guardduty", {
        "id": "f-1", "severity": 8, "type": "UnauthorizedAccess:IAMUser/X", "title": "Odd",
        "updatedAt": "2026-01-02T03:04:05Z",
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": {"userName": "ann", "accessKeyId": "AKIA1"}},
        "service": {"serviceName": "guardduty", "eventLastSeen": "2026-01-02T03:00:00Z", "action": {
            "awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": "192.0.2.7"}}}},
    })  # fmt: skip
    assert (finding.severity, finding.actor_name, finding.src_ip) == (3, "ann", "192.0.2.7")
    assert finding.occurred_at == parse_rfc3339("2026-01-02T03:00:00Z")[0]
    assert ("token", "AKIA1") in finding.keys
    process = event("crowdstrike_fdr", {
        "event_simpleName": "NetworkConnectIP4", "aid": "a", "cid": "c", "timestamp": "1767323045678",
        "ContextTimeStamp": "1767323045.678", "LocalAddressIP4": "10.0.0.5", "RemoteAddressIP4": "192.0.2.7",
        "LocalPort": "50000", "RemotePort": "443", "ComputerName": "HOST",
    })  # fmt: skip
    assert (process.event_type, process.dst_ip, process.dst_port, process.src_port, process.host) == (
        "network.connection", "192.0.2.7", 443, 50000, "HOST",
    )  # fmt: skip
    assert process.occurred_at == 1767323045_678000000
    query = event("snowflake", {"QUERY_TEXT": "DROP USER x", "QUERY_TYPE": "DROP_USER", "EXECUTION_STATUS": "FAIL",
                                "USER_NAME": "ANN", "ERROR_MESSAGE": "denied"})  # fmt: skip
    assert (query.event_type, query.outcome) == ("account.deleted", "failure")


def test_security_lake_reads_the_same_of_these_names_looked_up(corpus: Path) -> None:
    folder = corpus / "ocsf" / "security-lake" / "1.0.0-rc.2" / "ROUTE53"
    for number in (2, 3):
        source = gzip.decompress((folder / "inputs" / f"route53-inputs{number}.json.gz").read_bytes())
        theirs = json.loads((folder / f"example{number}.json.gz.parquet.as.jsonl").read_text())
        (ours,) = events_of(formats()["route53_resolver"], source)
        assert ours.occurred_at == theirs["time"] * 1_000_000
        assert (ours.src_ip, ours.src_port) == (theirs["src_endpoint"]["ip"], theirs["src_endpoint"]["port"])
        assert (ours.object_id, ours.object_type) == (theirs["query"]["hostname"], theirs["query"]["type"])
        assert ours.protocol == theirs["connection_info"]["protocol_name"].lower()
        assert (ours.outcome == "failure") == (theirs["disposition"] == "Blocked" or theirs["rcode"] != "NoError")

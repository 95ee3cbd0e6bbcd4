"""ECS and OCSF."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.model.event import Event, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, detect
from vestige.sources.telemetry.ecs import FORMAT as ECS
from vestige.sources.telemetry.ecs_types import _TABLE as ECS_TABLE
from vestige.sources.telemetry.ocsf import FORMAT as OCSF
from vestige.sources.telemetry.ocsf_types import _BY_CLASS
from vestige.timeline.exports.ecs import to_ecs

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=0)
AT = 1_767_225_600_001_000_000


def ecs(**more: object) -> Event:
    base = {"@timestamp": "2026-01-01T00:00:00.001Z", "ecs": {"version": "8.11"}}
    (event,) = ECS.parse([orjson.dumps({**base, **{k.replace("__", "."): v for k, v in more.items()}})], CONTEXT)
    assert isinstance(event, Event)
    return event


def ocsf(number: int, activity: int, **more: object) -> Event:
    base = {"class_uid": number, "activity_id": activity, "category_uid": number // 1000, "time": 1767225600001}
    (event,) = OCSF.parse([orjson.dumps({**base, **more})], CONTEXT)
    assert isinstance(event, Event)
    return event


DOCUMENT: dict[str, object] = {
    "@timestamp": "2026-01-01T00:00:00.001Z",
    "event": {
        "category": ["authentication"], "type": ["start"], "outcome": "failure", "action": "ssh_login",
        "created": "2026-01-01T00:00:01Z",
    },
    "user": {"name": "bob", "id": "1000", "email": "bob@example.org", "domain": "X"},
    "source": {"ip": "192.0.2.7", "port": 4000},
    "destination": {"ip": "198.51.100.1", "port": 22},
    "network": {"transport": "tcp", "community_id": "1:x="},
    "host": {"name": "web-1", "id": "h-1"},
    "related": {"hash": ["0af"], "user": ["bob"], "ip": ["192.0.2.7", "203.0.113.9"]},
    "trace": {"id": "t-1"},
    "tags": ["a"],
}  # fmt: skip


def dotted(value: dict[str, object], prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            out |= dotted(inner, f"{prefix}{name}.")
        else:
            out[prefix + name] = inner
    return out


@pytest.mark.parametrize("document", [DOCUMENT, dotted(DOCUMENT), {"_index": "i", "_id": "1", "_source": DOCUMENT}])
def test_a_document_is_read_field_by_field_however_it_is_written(document: dict[str, object]) -> None:
    data = orjson.dumps(document)
    assert detect(Sample("x", data, complete=True)).format is ECS
    (event,) = ECS.parse([data], CONTEXT)
    assert event == Event(
        event_type="auth.login_failed",
        occurred_at=AT,
        time_text="2026-01-01T00:00:00.001Z",
        time_quality="exact",
        observed_at=1_767_225_601_000_000_000,
        action="ssh_login",
        outcome="failure",
        actor_id="1000",
        actor_name="bob",
        actor_type="user",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.1",
        src_port=4000,
        dst_port=22,
        protocol="tcp",
        device_id="h-1",
        device_name="web-1",
        device_type="host",
        host="web-1",
        trace_id="t-1",
        message="ssh_login by bob from 192.0.2.7: failure",
        tags=("a",),
        attributes=data.decode(),
        keys=(
            ("identity", "bob"), ("hash", "0af"), ("ip", "192.0.2.7"), ("ip", "203.0.113.9"),
            ("identity", "bob@example.org"), ("identity", "X\\bob"), ("custom", "1:x="),
        ),
    )  # fmt: skip


TYPES: list[tuple[dict[str, object], str, str]] = [
    ({"event__category": "authentication", "event__outcome": "success"}, "auth.login", "success"),
    ({"event__category": "authentication", "event__outcome": "unknown"}, "auth.attempted", "unknown"),
    ({"event__category": ["authentication"], "event__type": ["end"]}, "auth.logout", ""),
    ({"event__category": "iam", "event__type": ["user", "creation"]}, "account.created", ""),
    (
        {"event__category": "iam", "event__type": "change", "event__action": "added-member-to-group"},
        "access.granted",
        "",
    ),
    (
        {"event__category": "iam", "event__type": "change", "event__action": "changed-password"},
        "account.credential_changed",
        "",
    ),
    ({"event__category": "file", "event__type": "deletion"}, "file.deleted", ""),
    ({"event__category": "file", "event__type": ["access", "denied"]}, "access.denied", "failure"),
    ({"event__category": "process", "event__type": ["start"]}, "process.started", ""),
    ({"event__category": "network", "event__type": ["connection", "denied"]}, "network.denied", "failure"),
    ({"event__category": "network", "dns__question__name": "a.example"}, "network.dns", ""),
    ({"event__category": "network", "network__protocol": "tls"}, "network.tls", ""),
    ({"event__category": "web", "http__response__status_code": 404}, "service.request", "failure"),
    ({"event__kind": "alert", "rule__name": "R"}, "alert.raised", ""),
    ({"event__category": "malware"}, "alert.raised", ""),
    ({"event__kind": "metric"}, "metric.recorded", ""),
    ({"message": "x", "log__level": "error"}, "service.error", ""),
    ({"message": "x"}, "log.line", ""),
    ({"event__code": "payment.made", "event__provider": "vestige"}, "payment.made", ""),
    ({"event__action": "user.session.end"}, "auth.logout", ""),
]


@pytest.mark.parametrize(("fields", "kind", "ended"), TYPES)
def test_categories_types_and_outcomes_tell_the_type(fields: dict[str, object], kind: str, ended: str) -> None:
    event = ecs(**fields)
    assert (event.event_type, event.outcome) == (kind, ended)


def test_the_table_names_words_of_the_vocabulary_with_their_own_class() -> None:
    for line in ECS_TABLE.strip().splitlines():
        category, kind, word = line.split()
        assert word in VOCABULARY
        if kind != "*":
            assert kind or category


@pytest.mark.parametrize(("score", "level"), [(0, 1), (21, 1), (22, 2), (48, 3), (74, 4), (99, 4), ("x", 0), (True, 0)])
def test_risk_scores(score: object, level: int) -> None:
    assert ecs(event__risk_score=score, event__kind="alert").severity == level


SAID = "<34>1 2026-01-01T00:00:00Z db-1 sshd 7 - - Failed password for root from 192.0.2.7 port 22 ssh2"
CARRIED: list[tuple[dict[str, object], str, str]] = [
    ({"message": SAID}, "auth.login_failed", "root"),
    (
        {"message": "pam_unix(sudo:session): session opened for user root by bob(uid=0)", "process__name": "sudo"},
        "session.opened",
        "bob",
    ),
    (
        {"system__auth__sudo__command": "/bin/id", "user__name": "bob", "user__effective__name": "root"},
        "auth.privilege_used",
        "bob",
    ),
    (
        {"event__original": 'type=USER_LOGIN msg=audit(1767225600.001:7): auid=1000 acct="eve" res=failed'},
        "auth.login_failed",
        "1000",
    ),
    ({"message": '{"event_type":"auth.login","actor":"bob"}'}, "auth.login", "bob"),
]


@pytest.mark.parametrize(("fields", "kind", "actor"), CARRIED)
def test_what_a_document_carries_is_read_where_it_says_nothing_itself(
    fields: dict[str, object], kind: str, actor: str
) -> None:
    event = ecs(**fields)
    assert (event.event_type, event.actor_id or event.actor_name) == (kind, actor)
    assert event.time_quality == "exact"
    assert json.loads(event.attributes)["ecs"] == {"version": "8.11"}


def test_a_search_response_gives_an_event_per_hit() -> None:
    hit = {"_index": "i", "_source": DOCUMENT}
    (reading,) = ECS.parse([orjson.dumps({"took": 1, "hits": {"total": 2, "hits": [hit, hit]}})], CONTEXT)
    assert isinstance(reading, tuple)
    assert [event.event_type for event in reading if isinstance(event, Event)] == ["auth.login_failed"] * 2
    (reading,) = ECS.parse([b'{"hits":{"hits":[]}}'], CONTEXT)
    assert isinstance(reading, Unparsed)


@pytest.mark.parametrize("record", [
    {"@timestamp": "2026-01-01T00:00:00Z", "winlog": {"event_id": 4624}, "event": {"code": 4624, "kind": "event"}},
    {"@timestamp": 1767225600001, "action": "git.clone", "actor": "bob", "org": "x"},
    {"published": "2026-01-01T00:00:00Z", "eventType": "user.session.start", "actor": {}, "uuid": "1", "outcome": {}},
    {"@timestamp": "2026-01-01T00:00:00Z", "message": "hi", "level": "INFO", "logger_name": "a"},
    {"event": {"type": "x"}, "time": 1}, {"class_uid": "3002", "time": 1}, {"class_uid": 3002, "name": "x"},
])  # fmt: skip
def test_other_programs_records_are_not_claimed(record: dict[str, object]) -> None:
    choice = detect(Sample("x", orjson.dumps(record), complete=True))
    assert choice.format not in (ECS, OCSF)


def test_our_own_export_comes_back_as_the_same_type() -> None:
    exported = to_ecs({
        "id": "1", "seq": 1, "source": "s", "event_type": "deploy.failed", "severity": "info", "status": "parsed",
        "occurred_at": "2026-01-01T00:00:00.001Z", "outcome": "failure", "message": "m", "actor": {"id": "bob"},
    })  # fmt: skip
    (event,) = ECS.parse([orjson.dumps(exported)], CONTEXT)
    assert isinstance(event, Event)
    assert (event.event_type, event.outcome, event.actor_id, event.occurred_at) == (
        "deploy.failed",
        "failure",
        "bob",
        AT,
    )


def test_documents_of_filebeats_modules(corpus: Path) -> None:
    kinds: Counter[str] = Counter()
    total = agreeing = stated = 0
    for path in sorted((corpus / "ecs-oracle-filebeat").rglob("*-expected.json*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        documents = json.loads(data)
        if not documents:
            continue
        choice = detect(Sample(path.name, data[:65536], complete=len(data) <= 65536))
        assert choice.format is ECS, path
        for document, event in zip(documents, ECS.parse([orjson.dumps(d) for d in documents], CONTEXT), strict=True):
            assert isinstance(event, Event)
            total += 1
            kinds[event.event_type] += 1
            for name, value in (("source.port", event.src_port), ("event.outcome", event.outcome)):
                if name in document and document[name] != "1":
                    stated += 1
                    agreeing += str(document[name]) == str(value)
            assert ("@timestamp" in document) == (event.occurred_at is not None)
    assert total == 1524
    assert agreeing == stated == 164 + 24
    assert kinds["log.line"] + kinds["event.generic"] <= 185


def test_a_sign_in_is_read_field_by_field() -> None:
    event = ocsf(
        3002, 1, status_id=2, severity_id=3, user={"name": "bob", "uid": "u-1"}, activity_name="Logon",
        src_endpoint={"ip": "192.0.2.7", "port": 4000}, dst_endpoint={"ip": "198.51.100.1", "port": 22},
        metadata={"logged_time": 1767225600002}, class_name="Authentication", device={"hostname": "web-1"},
        observables=[{"type_id": 2, "value": "203.0.113.9"}, {"type_id": 8, "value": "0af"}, {"type_id": 99}],
    )  # fmt: skip
    assert event._replace(attributes="") == Event(
        event_type="auth.login_failed",
        occurred_at=AT,
        time_text="1767225600001",
        time_quality="exact",
        observed_at=AT + 1_000_000,
        action="Logon",
        outcome="failure",
        severity=2,
        actor_id="u-1",
        actor_name="bob",
        actor_type="user",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.1",
        src_port=4000,
        dst_port=22,
        host="web-1",
        message="Authentication: Logon by bob from 192.0.2.7 to 198.51.100.1: failure",
        attributes="",
        keys=(("identity", "u-1"), ("identity", "bob"), ("host", "web-1"), ("ip", "203.0.113.9"), ("hash", "0af")),
    )


OCSF_TYPES: list[tuple[int, int, dict[str, object], str, str]] = [
    (3002, 1, {"status_id": 1}, "auth.login", "success"),
    (3002, 1, {}, "auth.attempted", ""),
    (3002, 2, {"status_id": 1}, "auth.logout", "success"),
    (3001, 6, {"user": {"name": "eve"}}, "account.deleted", ""),
    (3005, 1, {}, "access.granted", ""),
    (3005, 2, {"api": {"operation": "X"}}, "resource.read", ""),
    (
        6003,
        4,
        {"api": {"operation": "DeleteTrail", "service": {"name": "cloudtrail.amazonaws.com"}}},
        "logging.disabled",
        "",
    ),
    (4001, 6, {"disposition_id": 1}, "network.connection", "success"),
    (4001, 5, {"disposition_id": 2}, "network.denied", "failure"),
    (4001, 0, {"status_code": "NODATA"}, "network.statistics", ""),
    (4003, 2, {"rcode_id": 3, "query": {"hostname": "a.example."}}, "network.dns", "failure"),
    (1007, 1, {"process": {"cmd_line": "sh -c id"}}, "process.started", ""),
    (1001, 4, {"file": {"path": "/x"}}, "file.deleted", ""),
    (2004, 1, {"finding_info": {"uid": "f", "title": "T"}}, "alert.raised", ""),
    (2004, 3, {"finding_info": {"uid": "f", "title": "T"}}, "alert.changed", ""),
    (4999, 1, {}, "network.protocol", ""),
    (99999, 1, {}, "event.generic", ""),
]


@pytest.mark.parametrize(("number", "activity", "more", "kind", "ended"), OCSF_TYPES)
def test_classes_and_activities_tell_the_type(
    number: int, activity: int, more: dict[str, object], kind: str, ended: str
) -> None:
    event = ocsf(number, activity, **more)
    assert (event.event_type, event.outcome) == (kind, ended)
    assert event.message


def test_every_class_leads_to_a_word_of_the_vocabulary() -> None:
    assert {word for word in _BY_CLASS.values() if word not in VOCABULARY} == set()


@pytest.mark.parametrize(
    ("stated", "level"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 4), (99, 0), ("5", 0)]
)
def test_ocsf_severities(stated: object, level: int) -> None:
    assert ocsf(4001, 6, severity_id=stated).severity == level


def test_a_class_that_is_no_number_is_unparsed() -> None:
    (reading,) = OCSF.parse([b'{"class_uid":"x","time":1}'], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_security_lakes_renderings_say_what_their_inputs_say(corpus: Path) -> None:
    folder = corpus / "ocsf" / "security-lake" / "1.0.0-rc.2" / "CLOUD_TRAIL"
    same = Counter[str]()
    paths = sorted(folder.rglob("*.as.jsonl"))
    for path in paths:
        (event,) = OCSF.parse(path.read_bytes().splitlines(), CONTEXT)
        source = gzip.decompress((path.parent / "input" / path.name.removesuffix(".parquet.as.jsonl")).read_bytes())
        choice = detect(Sample("x", source, complete=True))
        assert choice.format is not None
        assert choice.format.name == "cloudtrail"
        records = json.loads(source)
        (record,) = records.get("Records", [records])
        (original,) = choice.format.parse([orjson.dumps(record)], CONTEXT)
        assert isinstance(event, Event)
        assert isinstance(original, Event)
        for name in ("event_type", "occurred_at", "action", "outcome", "actor_id", "src_ip", "trace_id"):
            same[name] += getattr(event, name) == getattr(original, name)
        assert set(original.keys) & set(event.keys)
    assert len(paths) == 9
    assert same == {
        "event_type": 9, "occurred_at": 9, "action": 9, "outcome": 8, "actor_id": 9, "src_ip": 9, "trace_id": 9,
    }  # fmt: skip


def test_other_renderings_of_security_lake(corpus: Path) -> None:
    folder = corpus / "ocsf" / "security-lake" / "1.0.0-rc.2"
    found = Counter[tuple[str, str]]()
    for name in ("ROUTE53", "VPC_FLOW", "SH_FINDINGS"):
        for path in sorted((folder / name).glob("*.as.jsonl")):
            choice = detect(Sample("x", path.read_bytes(), complete=True))
            assert choice.format is OCSF
            (event,) = OCSF.parse(path.read_bytes().splitlines(), CONTEXT)
            assert isinstance(event, Event)
            found[event.event_type, event.outcome] += 1
    assert found == {
        ("network.dns", "failure"): 2, ("network.connection", "success"): 2, ("network.denied", "failure"): 1,
        ("network.statistics", ""): 1, ("alert.raised", ""): 1,
    }  # fmt: skip

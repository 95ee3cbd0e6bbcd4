from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Member, Sample, detect, take_sample, walk
from vestige.sources.cloud.cloudtrail import FORMAT
from vestige.sources.cloud.cloudtrail_calls import _BY_TYPE, _BY_VERB, type_of_call

if TYPE_CHECKING:
    from pathlib import Path

USER = {
    "type": "IAMUser", "arn": "arn:aws:iam::1:user/ann", "principalId": "AIDA1", "userName": "ann",
    "accessKeyId": "AKIA1", "accountId": "1",
}  # fmt: skip
ROLE = {
    "type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/app/i-0abc", "principalId": "AROA1:i-0abc",
    "accessKeyId": "ASIA1",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::1:role/app", "userName": "app", "principalId": "AROA1"},
        "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
        "sourceIdentity": "ann@example.org",
    },
}  # fmt: skip


def record(**more: object) -> dict[str, object]:
    base = {
        "eventVersion": "1.10", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser", "sourceIPAddress": "203.0.113.9", "userIdentity": USER, "requestID": "r-1",
        "requestParameters": None, "responseElements": None, "eventType": "AwsApiCall",
    }  # fmt: skip
    return {name: value for name, value in {**base, **more}.items() if value is not ...}


def read(**more: object) -> Event:
    (event,) = FORMAT.parse([orjson.dumps(record(**more))], Context(received_at=0))
    assert isinstance(event, Event)
    return event


def test_a_record_is_read_field_by_field() -> None:
    event = read(requestParameters={"userName": "eve"}, errorCode="AccessDenied", errorMessage="no")
    assert event == Event(
        event_type="account.created",
        occurred_at=parse_rfc3339("2026-01-02T03:04:05Z")[0],
        time_text="2026-01-02T03:04:05Z",
        time_quality="exact",
        action="CreateUser",
        outcome="failure",
        actor_id="arn:aws:iam::1:user/ann", actor_name="ann", actor_type="IAMUser",
        subject_id="eve", subject_type="user",
        object_id="eve", object_type="user",
        src_ip="203.0.113.9",
        trace_id="r-1",
        message="iam CreateUser by ann on eve from 203.0.113.9: AccessDenied",
        attributes=event.attributes,
        keys=(("token", "AKIA1"), ("identity", "AIDA1")),
    )  # fmt: skip
    assert json.loads(event.attributes) == record(
        requestParameters={"userName": "eve"}, errorCode="AccessDenied", errorMessage="no"
    )


IDENTITIES = [
    (USER, "arn:aws:iam::1:user/ann", "ann"),
    (ROLE, "arn:aws:sts::1:assumed-role/app/i-0abc", "app/i-0abc"),
    ({"type": "Root", "arn": "arn:aws:iam::1:root", "accountId": "1"}, "arn:aws:iam::1:root", "root"),
    ({"type": "Root", "accountId": "1"}, "1", "root"),
    ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", ""),
    ({"type": "AWSAccount", "principalId": "AIDA9", "accountId": "9"}, "AIDA9", ""),
    ({"type": "AWSAccount", "accountId": "9"}, "9", ""),
    ({"type": "FederatedUser", "arn": "arn:f", "principalId": "1:bob"}, "arn:f", ""),
    ({"type": "SAMLUser", "principalId": "p", "userName": "bob"}, "p", "bob"),
    ({"type": "WebIdentityUser", "principalId": "p", "userName": "bob", "identityProvider": "x"}, "p", "bob"),
    ({"type": "IdentityCenterUser", "principalId": "p", "onBehalfOf": {"userId": "u-1"}}, "u-1", ""),
    ({"type": "Unknown", "userName": "who"}, "who", "who"),
    ({}, "", ""),
    (None, "", ""),
    ("text", "", ""),
]


@pytest.mark.parametrize(("identity", "actor", "name"), IDENTITIES, ids=[str(row[0])[:40] for row in IDENTITIES])
def test_every_type_of_identity_has_an_actor(identity: Any, actor: str, name: str) -> None:
    event = read(userIdentity=identity)
    assert (event.actor_id, event.actor_name) == (actor, name)


def test_a_chain_of_roles_and_keys_can_be_followed() -> None:
    assumed = read(
        eventSource="sts.amazonaws.com", eventName="AssumeRole", userIdentity=USER,
        requestParameters={"roleArn": "arn:aws:iam::1:role/app", "roleSessionName": "i-0abc"},
        responseElements={
            "credentials": {"accessKeyId": "ASIA1"},
            "assumedRoleUser": {"arn": "arn:aws:sts::1:assumed-role/app/i-0abc", "assumedRoleId": "AROA1:i-0abc"},
        },
    )  # fmt: skip
    used = read(eventSource="s3.amazonaws.com", eventName="GetObject", userIdentity=ROLE)
    assert assumed.event_type == "auth.role_assumed"
    assert ("token", "ASIA1") in assumed.keys
    assert ("token", "ASIA1") in used.keys
    shared = {value for kind, value in assumed.keys if kind == "identity"} & {
        v for k, v in used.keys if k == "identity"
    }
    assert shared == {"arn:aws:iam::1:role/app", "AROA1:i-0abc"}
    assert used.session == "AROA1:i-0abc@2026-01-01T00:00:00Z"
    assert ("identity", "ann@example.org") in used.keys
    assert ("host", "i-0abc") in used.keys
    assert ("token", "AKIA2") in read(
        eventName="CreateAccessKey", responseElements={"accessKey": {"accessKeyId": "AKIA2"}}
    ).keys


@pytest.mark.parametrize(
    ("said", "kind", "outcome"),
    [("Success", "auth.login", "success"), ("Failure", "auth.login_failed", "failure")],
)
def test_the_outcome_of_a_console_login_stands_in_its_response(said: str, kind: str, outcome: str) -> None:
    event = read(
        eventName="ConsoleLogin", eventSource="signin.amazonaws.com", eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": said},
    )  # fmt: skip
    assert (event.event_type, event.outcome) == (kind, outcome)
    as_text = read(eventName="ConsoleLogin", responseElements=json.dumps({"ConsoleLogin": said}))
    assert (as_text.event_type, as_text.outcome) == (kind, outcome)


def test_outcomes() -> None:
    assert read().outcome == "success"
    assert read(errorCode="ThrottlingException").outcome == "failure"
    assert read(errorMessage="Failed authentication").outcome == "failure"
    assert read(errorCode="Client.DryRunOperation").outcome == "unknown"
    assert read(eventType="AwsServiceEvent").outcome == ""


@pytest.mark.parametrize(
    ("given", "ip"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("ec2.amazonaws.com", ""),
        ("AWS Internal", ""),
        ("035.249.253.232", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_service_is_no_source_address(given: Any, ip: str) -> None:
    assert read(sourceIPAddress=given).src_ip == ip


OBJECTS = [
    (
        {"resources": [{"type": "AWS::S3::Bucket"}, {"ARN": "arn:b", "type": "AWS::S3::Bucket"}]},
        "arn:b",
        "AWS::S3::Bucket",
    ),
    ({"requestParameters": {"bucketName": "b", "key": "k"}}, "b/k", "object"),
    ({"requestParameters": {"bucketName": "b"}}, "b", "bucket"),
    ({"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}}, "i-1", "instance"),
    ({"requestParameters": {"instanceIds": ["i-1", "i-2"]}}, "i-1", "instance"),
    (
        {"requestParameters": {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}},
        "fl-1",
        "flow log",
    ),
    ({"requestParameters": {"names": ["/p"]}}, "/p", "parameter"),
    ({"requestParameters": {"unheard": "x"}}, "", ""),
    ({"resources": "text", "requestParameters": []}, "", ""),
]


@pytest.mark.parametrize(("more", "thing", "kind"), OBJECTS, ids=[row[1] or "none" for row in OBJECTS])
def test_what_a_call_is_about(more: Any, thing: str, kind: str) -> None:
    event = read(**more)
    assert (event.object_id, event.object_type) == (thing, kind)


@pytest.mark.parametrize(
    ("source", "name", "request_", "kind"),
    [
        ("ssm", "GetParameters", {"withDecryption": True}, "secret.read"),
        ("ssm", "GetParameters", {"withDecryption": False}, "resource.read"),
        (
            "cloudtrail",
            "PutEventSelectors",
            {"eventSelectors": [{"includeManagementEvents": False, "dataResources": []}]},
            "logging.disabled",
        ),
        (
            "cloudtrail",
            "PutEventSelectors",
            {"eventSelectors": [{"includeManagementEvents": True, "readWriteType": "All"}]},
            "logging.changed",
        ),
        ("guardduty", "UpdateDetector", {"enable": False}, "logging.disabled"),
        ("guardduty", "UpdateDetector", {"enable": True}, "logging.changed"),
        ("ec2", "ModifySnapshotAttribute", {"createVolumePermission": {"add": {"items": []}}}, "access.granted"),
        ("ec2", "ModifySnapshotAttribute", {"createVolumePermission": {"remove": {"items": []}}}, "access.revoked"),
        ("ssm", "StartSession", {}, "session.opened"),
        ("rds", "StartExportTask", {}, "data.export"),
        ("lambda", "UpdateFunctionCode20150331v2", {}, "resource.changed"),
        ("lambda", "AddPermission20150331v2", {}, "access.granted"),
        ("dynamodb", "BatchGetItem", {}, "data.read"),
        ("ec2", "BatchDescribeThings", {}, "resource.read"),
        ("ce", "GetDimensionValues", {}, "billing.read"),
        ("ce", "ListThings", {}, "billing.read"),
        ("x", "FrobnicateThings", {}, "cloud.call"),
        ("x", "frobnicate", {}, "cloud.call"),
    ],
)
def test_calls_of_security_meaning_are_told_apart(source: str, name: str, request_: Any, kind: str) -> None:
    assert read(eventSource=f"{source}.amazonaws.com", eventName=name, requestParameters=request_).event_type == kind


def test_what_only_reads_by_its_own_word_is_a_read() -> None:
    assert type_of_call("x.amazonaws.com", "Frobnicate", read_only=True) == "resource.read"
    assert type_of_call("x.amazonaws.com", "Frobnicate", read_only=False) == "cloud.call"


def test_the_tables_speak_the_vocabulary_and_name_each_call_once() -> None:
    for table in (_BY_TYPE, _BY_VERB):
        assert set(table) <= set(VOCABULARY)
        counted = Counter(call for calls in table.values() for call in set(calls.split()))
        assert [call for call, count in counted.items() if count > 1] == []


def test_lookup_events_output_is_read_through() -> None:
    inner = json.dumps(record())
    payload = orjson.dumps({"EventId": "x", "EventName": "CreateUser", "CloudTrailEvent": inner})
    (event,) = FORMAT.parse([payload], Context(received_at=0))
    assert isinstance(event, Event)
    assert (event.actor_name, event.src_ip, json.loads(event.attributes)["EventId"]) == ("ann", "203.0.113.9", "x")


@pytest.mark.parametrize("payload", [b"{}", b'{"eventName": 5}', b"[]", b"", b'{"CloudTrailEvent": "{torn"}', b"\xff"])
def test_what_is_no_record_is_never_an_event(payload: bytes) -> None:
    (reading,) = FORMAT.parse([payload], Context(received_at=0))
    assert not isinstance(reading, Event)


def readings_of(member: Member) -> list[object]:
    with member.open() as stream:
        choice = detect(take_sample(member.label, stream))
    assert choice.format is FORMAT, member.label
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=0))
    with member.open() as stream:
        payloads = [r.payload for batch in FORMAT.split(stream, context=context) for r in batch]
    return list(FORMAT.parse(payloads, context))


def test_the_stratus_and_mordor_records_are_all_understood(corpus: Path) -> None:
    folder = corpus / "aws-cloudtrail"
    stratus = [
        r for item in walk(folder / "stratus-detonation-logs") if isinstance(item, Member) for r in readings_of(item)
    ]
    mordor = [
        r
        for item in walk(folder / "otrf" / "ec2_proxy_s3_exfiltration.zip")
        if isinstance(item, Member)
        for r in readings_of(item)
    ]
    assert (len(stratus), len(mordor)) == (142, 103)
    events = [reading for reading in stratus + mordor if isinstance(reading, Event)]
    assert len(events) == 245
    kinds = Counter(event.event_type for event in events)
    assert kinds["cloud.call"] == 0
    assert all(event.occurred_at is not None and event.actor_id for event in events)
    assert sum(event.outcome == "failure" for event in events) == 34
    techniques = {
        "aws.persistence.iam-create-admin-user": ["access.granted", "account.created", "account.credential_changed"],
        "aws.defense-evasion.cloudtrail-event-selectors": ["logging.disabled"],
        "aws.defense-evasion.vpc-remove-flow-logs": ["logging.disabled"],
        "aws.exfiltration.ec2-share-ebs-snapshot": ["access.granted"],
        "aws.exfiltration.ec2-security-group-open-port-22-ingress": ["network.exposed"],
    }
    for name, expected in techniques.items():
        (member,) = walk(folder / "stratus-detonation-logs" / f"{name}.json")
        assert isinstance(member, Member)
        assert sorted(r.event_type for r in readings_of(member) if isinstance(r, Event)) == expected


def test_rule_tests_of_other_projects_are_read(corpus: Path) -> None:
    lines = gzip.decompress((corpus / "rule-tests-panther" / "AWS.CloudTrail.jsonl.gz").read_bytes()).splitlines()
    payloads = [orjson.dumps(orjson.loads(line)["log"]) for line in lines]
    readings = FORMAT.parse(payloads, Context(received_at=0))
    assert Counter(type(reading).__name__ for reading in readings) == {"Event": 263}
    events = [reading for reading in readings if isinstance(reading, Event)]
    assert sum(event.event_type == "cloud.call" for event in events) <= 2


def test_names_folded_by_a_collector_are_read_alike() -> None:
    plain, folded = (
        record(errorCode="AccessDenied"),
        {n.lower(): v for n, v in record(errorCode="AccessDenied").items()},
    )
    readings = [FORMAT.parse([orjson.dumps(each)], Context(received_at=0))[0] for each in (plain, folded)]
    events = [reading._replace(attributes="") for reading in readings if isinstance(reading, Event)]
    assert len(events) == 2
    assert events[0] == events[1]
    assert detect(Sample("f", orjson.dumps(folded), complete=True)).format is FORMAT


def test_what_object_storage_notifies_of_is_no_trail() -> None:
    notice = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "userIdentity": {}}
    assert FORMAT.detect(Sample("f", orjson.dumps(notice), complete=True)) is None


def test_selectors_of_any_shape_are_read() -> None:
    request = {"eventSelectors": [{"readWriteType": {"a": []}, "includeManagementEvents": [1]}]}
    record = {
        "eventVersion": "1.08", "eventSource": "cloudtrail.amazonaws.com", "eventName": "PutEventSelectors",
        "userIdentity": {}, "requestParameters": request,
    }  # fmt: skip
    (reading,) = FORMAT.parse([orjson.dumps(record)], Context(received_at=0))
    assert isinstance(reading, Event)

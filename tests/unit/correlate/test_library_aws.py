"""The built-in patterns of AWS calls, on records as CloudTrail writes them: the act, and what an administrator does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support.detecting import Scene
from support.engine import opened
from vestige.correlate.library import built_in
from vestige.correlate.sequences import Span, scan
from vestige.model.instant import NANOS
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.index import Index

Record = dict[str, Any]
BEGIN = datetime(2026, 4, 11, 10, tzinfo=UTC)


def call(
    at: float, name: str, service: str = "iam", /, by: str = "mallory", error: str = "", **request: object
) -> Record:
    """A record of a call, ``at`` seconds after the beginning, with its request's parameters."""
    record: Record = {
        "eventVersion": "1.09",
        "eventTime": (BEGIN + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"type": "IAMUser", "userName": by, "arn": f"arn:aws:iam::111122223333:user/{by}"},
        "requestParameters": request or None,
        "responseElements": None,
    }
    return record | ({"errorCode": error} if error else {})


def trust(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def allowed(**principal: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}


def rule(port: int | None, cidr: str) -> dict[str, object]:
    ports = {} if port is None else {"fromPort": port, "toPort": port}
    protocol = "-1" if port is None else "tcp"
    return {"items": [{"ipProtocol": protocol, **ports, "ipRanges": {"items": [{"cidrIp": cidr}]}}]}


def opens(**request: Any) -> Record:
    return call(0, "AuthorizeSecurityGroupIngress", "ec2", groupId="sg-1", **request)


def machine(kind: str, **more: Any) -> Record:
    return call(0, "RunInstances", "ec2", instanceType=kind, instancesSet={"items": [{"imageId": "ami-1"}]}, **more)


def shares(how: str, **more: Any) -> Record:
    permission = {how: {"items": [{"userId": "444455556666"}]}}
    return call(0, "ModifySnapshotAttribute", "ec2", snapshotId="snap-1", createVolumePermission=permission, **more)


def retrust(*statements: dict[str, object], **more: Any) -> Record:
    return call(0, "UpdateAssumeRolePolicy", roleName="deploy", policyDocument=trust(*statements), **more)


def lays(layers: list[str] | None, **more: Any) -> Record:
    request: Record = {"functionName": "f"} | ({} if layers is None else {"layers": layers})
    return call(0, "UpdateFunctionConfiguration20150331v2", "lambda", **(request | more))


def push(at: float, machine: str, **more: Any) -> Record:
    return call(at, "SendSSHPublicKey", "ec2-instance-connect", instanceId=machine, instanceOSUser="root", **more)


def shell(at: float, document: str = "AWS-RunShellScript", **more: Any) -> Record:
    return call(at, "SendCommand", "ssm", documentName=document, instanceIds=["i-1"], **more)


def page(at: float, **request: Any) -> Record:
    return call(at, "BatchGetSecretValue", "secretsmanager", **request)


FILTER = {"filters": [{"key": "tag-key", "values": ["env"]}]}
ADMIN = {"userName": "backup", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
ANCHOR = call(0, "CreateTrustAnchor", "rolesanywhere", name="corp")
PROFILE = call(1800, "CreateProfile", "rolesanywhere", name="corp")

CASES: dict[str, list[list[Record]]] = {
    "aws-secrets-in-bulk": [
        [page(60.0 * n, **FILTER) for n in range(3)],
        [call(60.0 * n, "GetParametersByPath", "ssm", path="/", recursive=True, withDecryption=True) for n in range(3)],
    ],
    "aws-accelerated-instances": [
        [machine("p2.xlarge", error="Client.UnauthorizedOperation")],
        [machine("g5.12xlarge")],
        [machine("c5.metal")],
        [machine("x1e.32xlarge")],
    ],
    "aws-remote-shell": [
        [shell(0), call(60, "GetCommandInvocation", "ssm", commandId="c", instanceId="i-1")],
        [
            shell(0, "arn:aws:ssm:eu-central-1::document/AWS-RunPowerShellScript"),
            call(60, "GetCommandInvocation", "ssm"),
        ],
    ],
    "aws-administration-exposed": [
        [opens(cidrIp="0.0.0.0/0", fromPort=22, toPort=22, ipProtocol="tcp")],
        [opens(cidrIp="0.0.0.0/0", ipProtocol="-1")],
        [opens(ipPermissions=rule(3389, "0.0.0.0/0"))],
        [opens(ipPermissions=rule(22, "::/0"))],
        [opens(ipPermissions=rule(None, "0.0.0.0/0"))],
    ],
    "aws-snapshot-shared": [
        [shares("add")],
        [
            call(0, "ModifyDBSnapshotAttribute", "rds", attributeName="restore", dBSnapshotIdentifier="s",
                 valuesToAdd=["all"]),
        ],
    ],
    "aws-model-enabled-then-used": [
        [call(0, "PutUseCaseForModelAccess", "bedrock"), call(1800, "InvokeModel", "bedrock", modelId="m")],
        [call(0, "CreateFoundationModelAgreement", "bedrock"), call(60, "Converse", "bedrock", modelId="m")],
    ],
    "aws-ssh-key-pushed": [[push(60.0 * n, f"i-{n}") for n in range(3)]],
    "aws-role-opened-to-account": [
        [retrust(allowed(Service="ec2.amazonaws.com"), allowed(AWS="arn:aws:iam::444455556666:root"))],
        [retrust(allowed(AWS="arn:aws:iam::444455556666:user/someone"))],
        [retrust(allowed(AWS="444455556666"))],
        [retrust(allowed(AWS="*"))],
        [retrust({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})],
    ],
    "aws-admin-user-made": [
        [
            call(0, "CreateUser", userName="backup"),
            call(0, "AttachUserPolicy", **ADMIN),
            call(600, "CreateAccessKey", userName="backup"),
        ],
        # In whichever order, as calls of one second are written in.
        [
            call(0, "AttachUserPolicy", **ADMIN),
            call(0, "CreateLoginProfile", userName="backup"),
            call(0, "CreateUser", userName="backup"),
        ],
        [
            call(0, "CreateUser", userName="backup"),
            call(60, "AddUserToGroup", userName="backup", groupName="Admins"),
            call(120, "CreateAccessKey", userName="backup"),
        ],
    ],
    "aws-password-of-another": [
        [call(0, "CreateLoginProfile", userName="ann", passwordResetRequired=False)],
        [call(0, "UpdateLoginProfile", userName="ann")],
    ],
    "aws-function-layer": [[lays(["arn:aws:lambda:eu-central-1:444455556666:layer:x:1"])]],
    "aws-trust-anchor": [[ANCHOR, PROFILE], [PROFILE, ANCHOR | {"eventTime": PROFILE["eventTime"]}]],
}  # fmt: skip
"""Of each pattern what it is for, with nothing to spare; in order of time."""

NEAR: list[tuple[str, str, list[Record]]] = [
    ("aws-secrets-in-bulk", "secrets asked for by name", [page(n, secretIdList=["db", "api"]) for n in range(9)]),
    ("aws-secrets-in-bulk", "two pages", [page(n, **FILTER) for n in range(2)]),
    (
        "aws-secrets-in-bulk",
        "a service that reads its own parameters",
        [call(n, "GetParametersByPath", "ssm", path="/shop/prod", withDecryption=True) for n in range(9)],
    ),
    (
        "aws-secrets-in-bulk",
        "parameters without the secret values",
        [call(n, "GetParametersByPath", "ssm", path="/", withDecryption=False) for n in range(9)],
    ),
    ("aws-accelerated-instances", "an ordinary machine", [machine("m5.xlarge"), machine("t3.micro")]),
    ("aws-accelerated-instances", "a dry run", [machine("p3.2xlarge", error="Client.DryRunOperation")]),
    ("aws-accelerated-instances", "a look at what there is", [call(0, "DescribeInstances", "ec2", instanceType="p2")]),
    ("aws-remote-shell", "a command whose output nobody reads", [shell(0)]),
    (
        "aws-remote-shell",
        "patches",
        [shell(0, "AWS-RunPatchBaseline"), call(60, "GetCommandInvocation", "ssm", commandId="c")],
    ),
    (
        "aws-remote-shell",
        "it is refused",
        [shell(0, error="AccessDeniedException"), call(60, "GetCommandInvocation", "ssm", commandId="c")],
    ),
    (
        "aws-remote-shell",
        "read before it is sent",
        [call(0, "GetCommandInvocation", "ssm", commandId="c"), shell(60)],
    ),
    (
        "aws-administration-exposed",
        "an office's network",
        [
            opens(cidrIp="203.0.113.0/24", fromPort=22, toPort=22, ipProtocol="tcp"),
            opens(ipPermissions=rule(22, "203.0.113.0/24")),
        ],
    ),
    (
        "aws-administration-exposed",
        "a web site",
        [
            opens(cidrIp="0.0.0.0/0", fromPort=443, toPort=443, ipProtocol="tcp"),
            opens(ipPermissions=rule(443, "0.0.0.0/0")),
        ],
    ),
    (
        "aws-administration-exposed",
        "it is refused",
        [
            opens(cidrIp="0.0.0.0/0", fromPort=22, toPort=22, ipProtocol="tcp")
            | {"errorCode": "Client.InvalidPermission.Duplicate"}
        ],
    ),
    ("aws-snapshot-shared", "a share is taken back", [shares("remove")]),
    ("aws-snapshot-shared", "it is refused", [shares("add", error="Client.UnauthorizedOperation")]),
    ("aws-snapshot-shared", "a snapshot is made", [call(0, "CreateSnapshot", "ec2", volumeId="vol-1")]),
    (
        "aws-model-enabled-then-used",
        "a model in daily use",
        [call(60.0 * n, "InvokeModel", "bedrock", modelId="m") for n in range(5)],
    ),
    (
        "aws-model-enabled-then-used",
        "it is not granted",
        [
            call(0, "PutUseCaseForModelAccess", "bedrock", error="AccessDenied"),
            call(60, "InvokeModel", "bedrock", modelId="m"),
        ],
    ),
    ("aws-ssh-key-pushed", "one machine, again and again", [push(60.0 * n, "i-1") for n in range(5)]),
    ("aws-ssh-key-pushed", "two machines", [push(0, "i-1"), push(60, "i-2")]),
    ("aws-role-opened-to-account", "services alone", [retrust(allowed(Service="lambda.amazonaws.com"))]),
    (
        "aws-role-opened-to-account",
        "a provider of identities",
        [retrust(allowed(Federated="arn:aws:iam::111122223333:oidc-provider/token.actions.example"))],
    ),
    (
        "aws-role-opened-to-account",
        "it is refused",
        [retrust(allowed(AWS="arn:aws:iam::444455556666:root"), error="AccessDenied")],
    ),
    (
        "aws-admin-user-made",
        "a user with few rights",
        [
            call(0, "CreateUser", userName="ci"),
            call(1, "AttachUserPolicy", userName="ci", policyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
            call(2, "CreateAccessKey", userName="ci"),
        ],
    ),
    (
        "aws-admin-user-made",
        "three users",
        [
            call(0, "CreateUser", userName="ann"),
            call(1, "AttachUserPolicy", **ADMIN),
            call(2, "CreateAccessKey", userName="bob"),
        ],
    ),
    (
        "aws-password-of-another",
        "a new user gets the first password",
        [call(0, "CreateUser", userName="ann"), call(3600, "CreateLoginProfile", userName="ann")],
    ),
    ("aws-password-of-another", "one's own", [call(0, "ChangePassword")]),
    (
        "aws-password-of-another",
        "it is refused",
        [call(0, "UpdateLoginProfile", userName="ann", error="AccessDenied")],
    ),
    ("aws-function-layer", "other configuration", [lays(None)]),
    ("aws-function-layer", "layers are taken away", [lays([])]),
    ("aws-function-layer", "it is refused", [lays(["arn:aws:lambda:::layer:x:1"], error="AccessDeniedException")]),
    (
        "aws-trust-anchor",
        "a profile of another service",
        [ANCHOR, call(60, "CreateProfile", "customer-profiles", name="corp")],
    ),
]
"""What looks like it, why it is not, and the records."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("aws")) as index:
        yield index


def found(index: Index, name: str, records: Sequence[Record]) -> list[list[int]]:
    scene = Scene(index)
    assert scene.read("trail.json", json.dumps({"Records": records}).encode()) == len(records)
    scene.write()
    answer = scan(Reader(index), scene.log, built_in()[name], Span())
    assert answer.cuts == []
    return [[spot.seq for spot in one.evidence] for one in answer.detections]


def moved(record: Record, seconds: float) -> Record:
    at = datetime.fromisoformat(record["eventTime"]) + timedelta(seconds=seconds)
    return record | {"eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


EVERY = [(name, place) for name, cases in CASES.items() for place in range(len(cases))]
SEVERAL = [(name, place) for name, place in EVERY if len(CASES[name][place]) > 1]


def test_every_pattern_has_cases_and_near_misses_and_none_looks_at_the_user_agent() -> None:
    assert CASES.keys() == {name for name in built_in() if name.startswith("aws-")}
    assert {name for name, _, _ in NEAR} == CASES.keys()
    for pattern in built_in().values():
        assert not any("agent" in step.where.lower() for step in pattern.steps)
        assert not pattern.name.startswith("aws-") or any(tag.startswith("attack.t1") for tag in pattern.tags)


@pytest.mark.parametrize(("name", "place"), EVERY)
def test_it_finds_what_it_is_for_with_every_call_as_evidence(index: Index, name: str, place: int) -> None:
    records = CASES[name][place]
    assert found(index, name, records) == [list(range(len(records)))]


@pytest.mark.parametrize(("name", "place"), SEVERAL)
def test_not_when_a_call_is_missing_or_too_late(index: Index, name: str, place: int) -> None:
    records, pattern = CASES[name][place], built_in()[name]
    for gone in range(len(records)):
        assert found(index, name, records[:gone] + records[gone + 1 :]) == [], gone
    whole = datetime.fromisoformat(records[-1]["eventTime"]) - datetime.fromisoformat(records[0]["eventTime"])
    slack = pattern.within // NANOS - whole.total_seconds()
    in_time = [*records[:-1], moved(records[-1], slack)]
    assert found(index, name, in_time) == [list(range(len(records)))]
    assert found(index, name, [*records[:-1], moved(records[-1], slack + 1)]) == []


@pytest.mark.parametrize(("name", "place"), [one for one in SEVERAL if built_in()[one[0]].by[0].name == "identity"])
def test_not_when_somebody_else_has_a_part_in_it(index: Index, name: str, place: int) -> None:
    records = list(CASES[name][place])
    records[-1] = records[-1] | {"userIdentity": call(0, "x", by="ann")["userIdentity"]}
    assert found(index, name, records) == []


@pytest.mark.parametrize(("name", "why", "records"), NEAR, ids=[f"{name}: {why}" for name, why, _ in NEAR])
def test_not_what_an_administrator_does(index: Index, name: str, why: str, records: list[Record]) -> None:
    assert found(index, name, records) == [], why

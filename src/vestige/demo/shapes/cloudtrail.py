"""A cloud's audit log: CloudTrail records, delivered as ``{"Records":[...]}`` in gzip files.

Source: AWS CloudTrail record contents, version 1.10. Times have whole seconds. The account is the number AWS uses in
its own examples; access key ids say DEMO and EXAMPLE, and no secret key exists anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import OFFICE
from vestige.demo.chance import UPPER, stream, table, text, uuid
from vestige.demo.clock import SECOND, SECONDS, rfc3339_minute, rfc3339_seconds
from vestige.demo.template import rendered, template
from vestige.demo.writing import Entry, Writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from vestige.demo.cast import Cast

ACCOUNT = "111122223333"
REGION = "eu-west-1"

# call: (service, whether it only reads, what a right reading calls it)
_CALLS = {
    "GetCallerIdentity": ("sts", True, "resource.read"),
    "AssumeRole": ("sts", False, "auth.role_assumed"),
    "StopLogging": ("cloudtrail", False, "logging.disabled"),
    "DescribeTrails": ("cloudtrail", True, "resource.read"),
    "StartExportTask": ("rds", False, "data.export"),
    "GetObject": ("s3", True, "data.read"),
    "PutObject": ("s3", False, "data.written"),
    "ListBuckets": ("s3", True, "resource.read"),
    "DescribeInstances": ("ec2", True, "resource.read"),
    "GetSecretValue": ("secretsmanager", True, "secret.read"),
}
_BACKGROUND: tuple[tuple[str, dict[str, object], int], ...] = (
    ("GetObject", {"bucketName": "example-assets", "key": "public/app.js"}, 28),
    ("PutObject", {"bucketName": "example-uploads", "key": "inbox/batch.json"}, 14),
    ("DescribeInstances", {"maxResults": 100}, 20),
    ("AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/app-runtime", "roleSessionName": "app"}, 16),
    ("GetSecretValue", {"secretId": "app/database"}, 10),
    ("ListBuckets", {}, 6),
    ("GetCallerIdentity", {}, 6),
)


class CloudTrail:
    """The audit log of one cloud account."""

    def __init__(self, cast: Cast, source: str = "cloudtrail") -> None:
        self.source = source
        self._rng = stream(cast.seed, source, "planted")
        self._kinds = table([(_template(call, given), weight) for call, given, weight in _BACKGROUND], 128)
        rng = stream(cast.seed, source, "pool")
        workers = [(assumed("app-runtime", f"i-0demo{n:010x}", _key(rng)), f"10.20.2.{1 + n % 4}") for n in range(48)]
        staff = [(assumed("engineer", person.email, _key(rng)), OFFICE) for person in cast.people[:64]]
        self._callers = [(rendered(identity), rendered(ip)) for identity, ip in workers + staff]

    def call(
        self,
        name: str,
        identity: Mapping[str, object],
        ip: str,
        *,
        given: Mapping[str, object] | None = None,
        answer: Mapping[str, object] | None = None,
        refused: str = "",
        keys: tuple[tuple[str, str], ...] = (),
    ) -> Writing:
        """One API call; ``refused`` is the reason access was denied."""
        request, ident = uuid(self._rng), uuid(self._rng)
        who = str(identity.get("userName") or identity["arn"])

        def write(at: int) -> Entry:
            document = _document(
                name,
                identity,
                time=rfc3339_seconds(at),
                ip=ip,
                agent="aws-cli/2.31.0 Python/3.13 Linux/6.12",
                given=given,
                answer=answer,
                refused=refused,
                request=request,
                ident=ident,
            )
            outcome = "failure" if refused else "success"
            found = (("identity", who), ("ip", ip), ("token", str(identity["accessKeyId"])), *keys)
            return Entry(rendered(document), at // SECOND * SECOND, _CALLS[name][2], outcome, who, found)

        return Writing(self.source, write)

    def new_key(self) -> str:
        """A fresh temporary access key id."""
        return _key(self._rng)

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """See :class:`vestige.demo.writing.Shape`."""
        prefix = b'"' + rfc3339_minute(start)
        kinds, callers, crowd = self._kinds, self._callers, len(self._callers)
        out = []
        for number, (offset, draw) in enumerate(zip(offsets, draws, strict=True), first):
            identity, ip = callers[(draw >> 8) % crowd]
            digits = b"%016x" % draw
            stem = b'"%b-%b-4%b-a%b-' % (digits[:8], digits[8:12], digits[1:4], digits[5:8])
            out.append(
                kinds[draw & 127]
                % (
                    identity,
                    prefix + SECONDS[offset // 1000] + b'Z"',
                    ip,
                    stem + b'%012x"' % (number ^ 0xA5A5A5A5A5A5),
                    stem + b'%012x"' % number,
                )
            )
        return out


def user(name: str, key: str) -> dict[str, object]:
    """The identity of a user with a long-lived key."""
    return {
        "type": "IAMUser",
        "principalId": "AIDADEMO" + name.upper().replace("-", "")[:12],
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "userName": name,
    }


def assumed(role: str, session: str, key: str) -> dict[str, object]:
    """The identity of a session of a role."""
    principal = "AROADEMO" + role.upper().replace("-", "")[:12]
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "attributes": {"mfaAuthenticated": "false"},
        },
    }


def role_answer(role: str, session: str, key: str) -> dict[str, object]:
    """What an ``AssumeRole`` call answers, without the secret part the log never holds."""
    return {
        "credentials": {"accessKeyId": key},
        "assumedRoleUser": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"},
    }


def file_name(start: int, tag: str) -> str:
    """Where CloudTrail delivers a file of records that begins at an instant (ns)."""
    stamp = rfc3339_seconds(start).replace("-", "").replace(":", "")
    day = f"{stamp[:4]}/{stamp[4:6]}/{stamp[6:8]}"
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day}"
    return f"{folder}/{ACCOUNT}_CloudTrail_{REGION}_{stamp[:13]}Z_{tag}.json.gz"


def _key(rng: Random) -> str:
    return f"ASIADEMO{text(rng, 5, UPPER)}EXAMPLE"


def _template(call: str, given: dict[str, object]) -> bytes:
    document = _document(
        call,
        "@identity@",
        time="@time@",
        ip="@ip@",
        agent="aws-sdk-java/2.38.2 Linux/6.12",
        given=given or None,
        answer=None,
        refused="",
        request="@request@",
        ident="@ident@",
    )
    return template(document, "identity", "time", "ip", "request", "ident")


def _document(
    call: str,
    identity: object,
    *,
    time: str,
    ip: str,
    agent: str,
    given: Mapping[str, object] | None,
    answer: Mapping[str, object] | None,
    refused: str,
    request: str,
    ident: str,
) -> dict[str, object]:
    service, reads, _ = _CALLS[call]
    data = call in {"GetObject", "PutObject"}
    return {
        "eventVersion": "1.10",
        "userIdentity": identity,
        "eventTime": time,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": REGION,
        "sourceIPAddress": ip,
        "userAgent": agent,
        **({"errorCode": "AccessDenied", "errorMessage": refused} if refused else {}),
        "requestParameters": given,
        "responseElements": answer,
        "requestID": request,
        "eventID": ident,
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data" if data else "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{REGION}.amazonaws.com",
        },
    }

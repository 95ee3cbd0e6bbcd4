"""AWS CloudTrail: log files (``{"Records": [...]}``), arrays and lines of records, and `lookup-events` output.

Fields used (CloudTrail record contents, event version 1.0 to 1.11)::

    eventTime, eventName, eventSource, eventType, errorCode, errorMessage, readOnly, requestID, sourceIPAddress
    userIdentity        type, arn, principalId, userName, accountId, accessKeyId, invokedBy, sessionContext, onBehalfOf
    requestParameters   names of what the call is about
    responseElements    ConsoleLogin; credentials and access keys that were handed out
    resources           ARN and type

Field names folded to lower case by a collector are read as well.

``sourceIPAddress`` may be a service's name; then there is no source address. Access key ids are token keys, so that a
key handed out (AssumeRole, CreateAccessKey) leads to every call made with it; roles and sessions on the way are
identity keys. Records whose ``requestParameters`` or ``responseElements`` are JSON text are read as well.

References: docs.aws.amazon.com/awscloudtrail: "CloudTrail record contents", "CloudTrail userIdentity element",
"AWS Management Console sign-in events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.cloud.audit import words
from vestige.sources.cloud.cloudtrail_calls import type_of_call
from vestige.sources.reading.exact_times import exact_utc
from vestige.sources.reading.fields import EMPTY, ip_of, keys_of, make_event, text_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import EXACT, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.model.event import Event, Reading

_SIGN_IN = frozenset({"ConsoleLogin", "SwitchRole", "ExitRole", "RenewRole", "CheckMfa"})
_OBJECTS = (
    ("bucketName", "bucket"), ("instanceId", "instance"), ("secretId", "secret"), ("functionName", "function"),
    ("roleArn", "role"), ("roleName", "role"), ("groupId", "security group"), ("policyArn", "policy"),
    ("snapshotId", "snapshot"), ("imageId", "image"), ("volumeId", "volume"), ("trailName", "trail"),
    ("tableName", "table"), ("dBInstanceIdentifier", "database"), ("dBSnapshotIdentifier", "snapshot"),
    ("keyId", "key"), ("keyName", "key pair"), ("groupName", "group"), ("userName", "user"),
    ("logGroupName", "log group"), ("stackName", "stack"), ("clusterName", "cluster"), ("cluster", "cluster"),
    ("repositoryName", "repository"), ("queueUrl", "queue"), ("topicArn", "topic"), ("modelId", "model"),
    ("documentName", "document"), ("detectorId", "detector"), ("resolverQueryLogConfigId", "query log"),
    ("parameterName", "parameter"), ("vpcId", "vpc"), ("subnetId", "subnet"), ("certificateArn", "certificate"),
    ("policyName", "policy"), ("name", ""), ("resourceArn", ""), ("resourceId", ""), ("arn", ""), ("id", ""),
)  # fmt: skip
"""Request parameters that name what a call is about, the most telling first, and what it then is."""
_MANY = (("instancesSet", "instanceId", "instance"), ("DeleteFlowLogsRequest", "FlowLogId", "flow log"))
_LISTS = (("instanceIds", "instance"), ("names", "parameter"), ("secretIdList", "secret"), ("flowLogIds", "flow log"))


_NAMES = {
    name.lower(): name
    for name in words("""
        eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode
        errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources
        eventType apiVersion managementEvent recipientAccountId serviceEventDetails sharedEventID vpcEndpointId
        eventCategory
    """)
}
"""Field names by what collectors that fold names make of them."""
_PARTS = frozenset({"eventVersion", "awsRegion", "sourceIPAddress", "eventTime", "recipientAccountId"})
_TELLING = frozenset({"userIdentity", "requestParameters", "responseElements"})


def _is_record(record: Mapping[str, object]) -> bool:
    if "CloudTrailEvent" in record and "EventName" in record:
        return True
    if "eventname" in record:
        record = _unfolded(record)
    source = record.get("eventSource", "")
    if not isinstance(record.get("eventName"), str) or not isinstance(source, str) or source.startswith("aws:"):
        return False
    names = record.keys()
    if source.endswith(".amazonaws.com"):
        return bool(names & (_PARTS | _TELLING))
    return bool(names & _TELLING) or (source == "" and len(names & _PARTS) >= 2)


def _unfolded(record: Mapping[str, object]) -> dict[str, object]:
    return {_NAMES.get(name, name): value for name, value in record.items()}


def _object(value: object) -> Mapping[str, object]:
    """An object, also from JSON text, else an empty one."""
    if type(value) is dict:
        return value
    if isinstance(value, str) and value.startswith("{"):
        try:
            inner = orjson.loads(value)
        except orjson.JSONDecodeError:
            return EMPTY
        return inner if isinstance(inner, dict) else EMPTY
    return EMPTY


def _read(record: Mapping[str, object], text: str, clock: Clock) -> Reading:
    inner = record.get("CloudTrailEvent")
    if isinstance(inner, str):
        record = {**record, **_object(inner)}
    if "eventname" in record:
        record = _unfolded(record)
    if not isinstance(record.get("eventName"), str):
        return Unparsed("no CloudTrail record: eventName is missing")
    return _event(record, text, clock)


def _event(record: Mapping[str, object], text: str, clock: Clock) -> Event:
    get = record.get
    when = get("eventTime")
    at = exact_utc(when) if isinstance(when, str) else None
    if at is not None:
        time_text, quality, tag = text_of(when), EXACT, ""
    else:
        at, time_text, quality, tag = clock.find(record)
    name, source = text_of(get("eventName")), text_of(get("eventSource"))
    request, response = _object(get("requestParameters")), _object(get("responseElements"))
    identity = _object(get("userIdentity"))
    actor_id, actor_name, actor_type = _actor(identity, get("additionalEventData"))
    error = text_of(get("errorCode"))
    outcome = _outcome(name, error, text_of(get("errorMessage")), response, text_of(get("eventType")))
    read_only = get("readOnly")
    kind = type_of_call(source, name, read_only if isinstance(read_only, bool) else None)
    kind = _sharpen(kind, name, outcome, request)
    object_id, object_type = _about(get("resources"), request)
    subject = _subject(kind, request, response)
    origin = text_of(get("sourceIPAddress"))
    src_ip = ip_of(origin)
    who = actor_name or actor_id
    session = _session(identity)
    return make_event((
        kind,
        at,
        time_text,
        quality,
        None,
        name,
        outcome,
        0,
        actor_id,
        actor_name,
        actor_type,
        subject,
        "",
        "user" if subject else "",
        object_id,
        "",
        object_type,
        src_ip,
        "",
        0,
        0,
        "",
        "",
        "",
        "",
        "",
        session,
        text_of(get("requestID")),
        _message(name, source, who, object_id or subject, src_ip or origin, error),
        (tag,) if tag else (),
        text,
        _keys(record, identity, request, response),
    ))  # fmt: skip


def _actor(identity: Mapping[str, object], extra: object) -> tuple[str, str, str]:
    """Who called, by the identity's type; a role's session is named ``role/session``."""
    kind = text_of(identity.get("type"))
    arn, name = text_of(identity.get("arn")), text_of(identity.get("userName"))
    principal = text_of(identity.get("principalId"))
    if kind == "Root":
        return arn or text_of(identity.get("accountId")), name or "root", kind
    if kind == "AssumedRole":
        issuer = _object(_object(identity.get("sessionContext")).get("sessionIssuer"))
        role = text_of(issuer.get("userName"))
        label = principal.partition(":")[2] or arn.rpartition("/")[2]
        return arn or principal, f"{role}/{label}" if role and label else role or label or name, kind
    if kind in {"AWSService", "AWSAccount"} and not arn:
        return text_of(identity.get("invokedBy")) or principal or text_of(identity.get("accountId")), name, kind
    if kind == "IdentityCenterUser":
        behalf = text_of(_object(identity.get("onBehalfOf")).get("userId"))
        return behalf or principal, name or text_of(_object(extra).get("UserName")), kind
    return arn or principal or name or text_of(identity.get("invokedBy")), name, kind


def _outcome(name: str, error: str, error_message: str, response: Mapping[str, object], event_type: str) -> str:
    if name in _SIGN_IN:
        said = text_of(response.get(name)).lower()
        if said in {"success", "failure"}:
            return said
    if error == "Client.DryRunOperation":
        return "unknown"
    if error or error_message:
        return "failure"
    return "" if event_type in {"AwsServiceEvent", "AwsCloudTrailInsight"} else "success"


def _sharpen(kind: str, name: str, outcome: str, request: Mapping[str, object]) -> str:
    """What the parameters tell that the name does not."""
    if kind == "auth.login" and outcome == "failure":
        return "auth.login_failed"
    if name in {"GetParameter", "GetParameters", "GetParametersByPath"} and request.get("withDecryption") is not True:
        return "resource.read"
    if name == "PutEventSelectors" and _thins_out(request):
        return "logging.disabled"
    if name == "UpdateDetector" and request.get("enable") is False:
        return "logging.disabled"
    if name.startswith("Modify") and kind == "access.granted":
        asked = [value for value in request.values() if isinstance(value, dict)]
        if text_of(request.get("operationType")) == "remove" or any(
            "remove" in value and "add" not in value for value in asked
        ):
            return "access.revoked"
    return kind


def _thins_out(request: Mapping[str, object]) -> bool:
    selectors = request.get("eventSelectors")
    return isinstance(selectors, list) and all(
        isinstance(item, dict)
        and (
            item.get("includeManagementEvents") is False
            or text_of(item.get("readWriteType")) in {"ReadOnly", "WriteOnly"}
        )
        and not any(_object(data).get("values") for data in _list(item.get("dataResources")))
        for item in selectors
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _about(resources: object, request: Mapping[str, object]) -> tuple[str, str]:
    """What the call is about: the first resource with a name, else the first telling parameter."""
    return next(_named(_list(resources), request), ("", ""))


def _named(resources: list[object], request: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for resource in map(_object, resources):
        get = resource.get
        arn = text_of(get("ARN")) or text_of(get("arn")) or text_of(get("resourceName"))
        if arn:
            yield arn, text_of(get("type")) or text_of(get("resourceType"))
    bucket, key = text_of(request.get("bucketName")), text_of(request.get("key"))
    if bucket and key:
        yield f"{bucket}/{key}", "object"
    for name, word in _OBJECTS:
        value = text_of(request[name]) if name in request else ""
        if value:
            yield value, word
    for name, inner, word in _MANY:
        yield from ((value, word) for value in _items(request.get(name), inner))
    for name, word in _LISTS:
        listed = request.get(name)
        if isinstance(listed, list):
            yield from ((value, word) for value in listed if isinstance(value, str))


def _items(value: object, name: str) -> list[str]:
    """``{"items": [{name: …}]}`` as EC2 writes lists, or a single value."""
    holder = _object(value)
    items = holder.get("items")
    if isinstance(items, list):
        return [text_of(_object(item).get(name)) for item in items if _object(item).get(name)]
    single = holder.get(name)
    if isinstance(single, dict):
        single = single.get("content")
    return [single] if isinstance(single, str) else []


def _subject(kind: str, request: Mapping[str, object], response: Mapping[str, object]) -> str:
    """Whom the call concerns, where it concerns an account's rights or existence."""
    if not kind.startswith(("account.", "access.", "auth.role")):
        return ""
    for name in ("userName", "roleName", "groupName", "instanceOSUser", "accountName"):
        if name in request:
            return text_of(request[name])
    for name in ("user", "role", "group", "accessKey"):
        said = _object(response.get(name))
        if said:
            return text_of(said.get("userName")) or text_of(said.get("roleName")) or text_of(said.get("groupName"))
    return ""


def _session(identity: Mapping[str, object]) -> str:
    """A session has no id of its own: the principal and the instant it was created name it."""
    created = text_of(_object(_object(identity.get("sessionContext")).get("attributes")).get("creationDate"))
    principal = text_of(identity.get("principalId")) or text_of(identity.get("arn"))
    return f"{principal}@{created}" if created and principal else ""


def _keys(
    record: Mapping[str, object],
    identity: Mapping[str, object],
    request: Mapping[str, object],
    response: Mapping[str, object],
) -> tuple[tuple[str, str], ...]:
    context = _object(identity.get("sessionContext"))
    issuer = _object(context.get("sessionIssuer"))
    assumed = _object(response.get("assumedRoleUser"))
    pairs = [
        ("token", text_of(identity.get("accessKeyId"))),
        ("token", text_of(_object(response.get("credentials")).get("accessKeyId"))),
        ("token", text_of(_object(response.get("accessKey")).get("accessKeyId"))),
        ("token", text_of(request.get("accessKeyId"))),
        ("identity", text_of(identity.get("principalId"))),
        ("identity", text_of(issuer.get("arn"))),
        ("identity", text_of(issuer.get("userName"))),
        ("identity", text_of(context.get("sourceIdentity")) or text_of(request.get("sourceIdentity"))),
        ("identity", text_of(request.get("roleArn"))),
        ("identity", text_of(assumed.get("arn"))),
        ("identity", text_of(assumed.get("assumedRoleId"))),
        ("custom", text_of(record.get("sharedEventID"))),
        ("custom", text_of(record.get("vpcEndpointId"))),
    ]
    instances = [text_of(request.get("instanceId")), *_items(request.get("instancesSet"), "instanceId")]
    listed = request.get("instanceIds")
    if isinstance(listed, list):
        instances += [text_of(item) for item in listed]
    instances += _items(response.get("instancesSet"), "instanceId")
    label = text_of(identity.get("principalId")).partition(":")[2]
    if label.startswith("i-"):
        instances.append(label)
    pairs += [("host", instance) for instance in instances[:50]]
    return keys_of(pairs)


def _message(name: str, source: str, actor: str, about: str, origin: str, error: str) -> str:
    parts = [f"{source.removesuffix('.amazonaws.com')} {name}" if source else name]
    if actor:
        parts.append(f"by {actor}")
    if about:
        parts.append(f"on {about}")
    if origin:
        parts.append(f"from {origin}")
    line = " ".join(parts)
    return f"{line}: {error}" if error else line


def _begins(head: bytes) -> bool:
    return b'"Records"' in head and b'"eventVersion"' in head and b'"eventSource"' in head


FORMAT = JsonRecords(
    name="cloudtrail",
    version="1",
    source_name="aws.cloudtrail",
    mine=_is_record,
    seen="records with eventSource, eventName and userIdentity",
    read=_read,
    confidence=0.97,
    begins=_begins,
)

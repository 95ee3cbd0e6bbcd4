"""Google Cloud LogEntry: Cloud Audit Logs (``protoPayload``), and entries with other payloads.

Fields used (names may be folded to lower case, ``@type`` may be ``at_sign_type``)::

    timestamp, receiveTimestamp, logName, severity, insertId, resource.{type,labels}, trace, spanId, labels
    protoPayload.{serviceName,methodName,resourceName,status.{code,message}}
    protoPayload.authenticationInfo.{principalEmail,principalSubject,serviceAccountDelegationInfo,serviceAccountKeyName}
    protoPayload.authorizationInfo[].{permission,granted,resource}
    protoPayload.requestMetadata.{callerIp,callerSuppliedUserAgent}
    protoPayload.{request,response,serviceData.policyDelta,metadata}
    httpRequest.{remoteIp,serverIp,requestMethod,requestUrl,status}     load balancers, Cloud Run
    jsonPayload.{connection.{src_ip,src_port,dest_ip,dest_port,protocol},disposition,…}     VPC flows, firewall, DNS
    jsonPayload.message, textPayload                                    what programs write

A status code other than 0 or a permission not granted is a failure. ``callerIp`` may be ``private`` or
``gce-internal-ip``: then there is no source address. References: cloud.google.com/logging/docs/reference/v2 "LogEntry",
"AuditLog", "VPC Flow Logs record format".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.acts import kind_by_words, table
from vestige.sources.cloud.audit import (
    aliases,
    dig,
    first,
    first_ip,
    first_time,
    has,
    items,
    joined,
    paths,
    sentence,
    tags_with,
)
from vestige.sources.reading.fields import ip_of, keys_of, mapping, port_of, severity_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_BY_TYPE: dict[str, str] = {
    "access.granted": """
        SetIamPolicy setIamPolicy setIamPermissions SetIamPermissions addGroupMember SetOrgIamPolicy
        CreateMembership setIAMPolicy AssignRole GrantAccess UpdateIamPolicy
    """,
    "access.revoked": "removeGroupMember DeleteMembership",
    "access.checked": "CheckPolicy TestIamPermissions testIamPermissions CheckAccess TroubleshootIamPolicy",
    "auth.login": "AuthorizeUser google.login.LoginService.loginSuccess loginSuccess login StartSession",
    "auth.login_failed": "loginFailure",
    "auth.logout": "logout",
    "auth.mfa": "loginVerification loginChallenge",
    "auth.token_issued": """
        GenerateAccessToken GenerateIdToken SignJwt SignBlob signJwt signBlob ExchangeToken ImplicitGetProjectIamToken
    """,
    "account.created": "CreateServiceAccount CreateGroup createUser CreateUser UndeleteServiceAccount",
    "account.deleted": "DeleteServiceAccount DeleteGroup deleteUser DeleteUser",
    "account.enabled": "EnableServiceAccount",
    "account.disabled": "DisableServiceAccount",
    "account.changed": "PatchServiceAccount UpdateServiceAccount UpdateGroup CreateBrand",
    "account.credential_changed": """
        CreateServiceAccountKey UploadServiceAccountKey DeleteServiceAccountKey EnableServiceAccountKey
        DisableServiceAccountKey CreateHmacKey DeleteHmacKey CreateKey CreateApiKey ImportSshPublicKey
        setCommonInstanceMetadata
    """,
    "policy.changed": """
        SetOrgPolicy CreatePolicy UpdatePolicy DeletePolicy CreateRole UpdateRole DeleteRole UndeleteRole
        CreateWorkloadIdentityPool CreateWorkloadIdentityPoolProvider UpdateWorkloadIdentityPool
        UpdateWorkloadIdentityPoolProvider DeleteWorkloadIdentityPool DeleteWorkloadIdentityPoolProvider
        CreateAccessPolicy UpdateServicePerimeter DeleteServicePerimeter CreateServicePerimeter EnableService
        DisableService BatchEnableServices
    """,
    "logging.disabled": "DeleteSink DeleteBucket DeleteLog DeleteExclusion CreateExclusion UpdateExclusion",
    "logging.changed": "CreateSink UpdateSink UpdateBucket CreateBucket UndeleteBucket UpdateSettings",
    "secret.read": "AccessSecretVersion",
    "secret.changed": "AddSecretVersion CreateSecret UpdateSecret DeleteSecret DestroySecretVersion",
    "session.opened": "connect",
    "database.queried": "InsertJob Query jobcompleted jobservice.insert",
    "data.export": "ExtractJob ExportDocuments ExportAssets exportData",
    "data.read": "ReadRows GetTable Decrypt AsymmetricDecrypt objects.get objects.list",
    "data.written": "objects.create objects.insert objects.update Encrypt AppendRows objects.compose objects.rewrite",
    "data.deleted": "objects.delete",
    "process.executed_remotely": "instances.setMetadata pods.exec pods.exec.create pods.attach.create",
    "container.started": "pods.create",
    "container.stopped": "pods.delete",
    "model.invoked": "Predict GenerateContent StreamGenerateContent RawPredict ChatCompletions",
    "ci.run": "CreateBuild RunBuildTrigger RetryBuild",
    "deploy.started": "CreateRelease CreateRollout",
    "network.exposed": "firewalls.insert firewalls.patch firewalls.update",
}
_KINDS = table(_BY_TYPE)
_AUDITED = ("methodName", "serviceName", "authenticationInfo", "authorizationInfo")
_LOG_NAMES = ("DeleteBucket", "UpdateBucket", "CreateBucket", "UpdateSettings", "UndeleteBucket")
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
_PERSON = paths(
    "authenticationInfo.principalEmail authenticationInfo.principalSubject authenticationInfo.authoritySelector"
)
_IP = paths("requestMetadata.callerIp requestMetadata.callerIP")
_STATUS_NAMES = {1: "CANCELLED", 3: "INVALID_ARGUMENT", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND", 6: "ALREADY_EXISTS",
                 7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 9: "FAILED_PRECONDITION",
                 16: "UNAUTHENTICATED"}  # fmt: skip


def _is_entry(record: Mapping[str, object]) -> bool:
    proto = dig(record, ("protoPayload",))
    if isinstance(proto, dict) and any(has(proto, name) for name in _AUDITED):
        return True
    return isinstance(dig(record, ("logName",)), str) and (
        has(record, "insertId") or has(record, "resource") or isinstance(proto, dict)
    )


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    stamp = first_time(record, paths("timestamp"), clock)
    received = first_time(record, paths("receiveTimestamp"), clock).at
    if stamp.at is None:
        proto_time = first_time(record, paths("protoPayload.requestMetadata.requestAttributes.time"), clock)
        stamp = proto_time if proto_time.at is not None else stamp
    proto = mapping(dig(record, ("protoPayload",)))
    if proto:
        event = _audit(record, proto, stamp, text)
    elif isinstance(dig(record, ("httpRequest",)), dict):
        event = _request(record, stamp, text)
    elif isinstance(dig(record, ("jsonPayload", "connection")), dict):
        event = _flow(record, stamp, text)
    else:
        event = _line(record, stamp, text)
    return event._replace(observed_at=received)


def _audit(record: Mapping[str, object], proto: Mapping[str, object], stamp: Stamp, text: str) -> Event:
    service, thing = first(proto, paths("serviceName")), first(proto, paths("resourceName authorizationInfo.resource"))
    method = first(proto, paths("methodName authorizationInfo.permission"))
    who = first(proto, _PERSON)
    outcome, ending = _outcome(proto)
    kind = kind_of_method(service, method)
    if kind == "access.granted":
        kind = _delta(proto)
    src_ip = first_ip(proto, _IP)
    subject = _subject(kind, proto)
    delegates = [
        first(mapping(item), paths("firstPartyPrincipal.principalEmail principalSubject"))
        for item in items(dig(proto, ("authenticationInfo", "serviceAccountDelegationInfo")))
    ]
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=method,
        outcome=outcome,
        severity=severity_of(dig(record, ("severity",))),
        actor_id=who,
        actor_name=who,
        actor_type="service account" if who.endswith("gserviceaccount.com") else "user" if "@" in who else "",
        subject_id=subject,
        subject_type="user" if subject else "",
        object_id=thing,
        object_type=first(record, paths("resource.type")),
        src_ip=src_ip,
        trace_id=text_of(dig(record, ("trace",))),
        message=sentence(f"{service.removesuffix('.googleapis.com')} {method}".strip() or "Audited call", who,
                         " for ".join(filter(None, (thing, subject))), src_ip or first(proto, _IP), ending),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((*delegates, first(proto, paths("authenticationInfo.principalSubject"))), who),
            ("token", first(proto, paths("authenticationInfo.serviceAccountKeyName"))),
            ("host", first(record, paths("resource.labels.instance_id"))),
            ("custom", first(record, paths("operation.id"))),
            ("custom", first(record, paths("insertId"))),
        ]),
    )  # fmt: skip


def _outcome(proto: Mapping[str, object]) -> tuple[str, str]:
    """From the status, then from the permissions that were checked."""
    status = mapping(dig(proto, ("status",)))
    code = status.get("code")
    if isinstance(code, int | str) and str(code) not in {"", "0"}:
        number = int(code) if str(code).isdigit() and len(str(code)) < 5 else -1
        return "failure", text_of(status.get("message")) or _STATUS_NAMES.get(number, f"status {code}")
    checked = [mapping(item) for item in items(dig(proto, ("authorizationInfo",)))]
    refused = [text_of(item.get("permission")) for item in checked if item.get("granted") is False]
    if refused:
        return "failure", f"not granted: {joined(refused)}"
    return "success", ""


@lru_cache(maxsize=8192)
def kind_of_method(service: str, method: str) -> str:
    """The event type of an audited method: its last parts are looked up, then its words."""
    parts = method.split(".")
    last = parts[-1]
    if last in _LOG_NAMES and not service.startswith("logging") and ".logging." not in method:
        return kind_by_words(last, "cloud.call")
    if last == "connect" and "serialport" not in method and "serialport" not in service:
        return "cloud.call"
    for name in (".".join(parts[-3:]), ".".join(parts[-2:]), last):
        kind = _KINDS.get(name)
        if kind:
            return kind
    if "iap" in service and last == "AuthorizeUser":
        return "auth.login"
    words = {"insert": "create", "patch": "update", "setMetadata": "update"}.get(last, last)
    thing = parts[-2] if len(parts) > 1 else ""
    if service.startswith(("compute", "container", "k8s", "dns", "deploymentmanager")):
        kind = kind_by_words(words, "cloud.call")
        return "policy.changed" if "role" in thing.lower() and kind.startswith("resource.c") else kind
    return kind_by_words(f"{words} {thing}" if len(last) < 9 else words, "cloud.call")


def _delta(proto: Mapping[str, object]) -> str:
    """Whether a change of bindings gave or took."""
    found = items(dig(proto, ("serviceData", "policyDelta", "bindingDeltas"))) or items(
        dig(proto, ("metadata", "policyDelta", "bindingDeltas"))
    )
    acts = {text_of(mapping(item).get("action")).upper() for item in found}
    return "access.revoked" if acts == {"REMOVE"} else "access.granted"


def _subject(kind: str, proto: Mapping[str, object]) -> str:
    """Who is given or loses something."""
    if not kind.startswith(("access.", "account.")):
        return ""
    for item in items(dig(proto, ("serviceData", "policyDelta", "bindingDeltas"))):
        member = text_of(mapping(item).get("member"))
        if member:
            return member.partition(":")[2] or member
    for event in items(dig(proto, ("metadata", "event"))):
        for parameter in items(mapping(event).get("parameter")):
            if text_of(mapping(parameter).get("name")) == "USER_EMAIL":
                return text_of(mapping(parameter).get("value"))
    return first(proto, paths("response.email request.account_id request.accountId"))


def _request(record: Mapping[str, object], stamp: Stamp, text: str) -> Event:
    request = mapping(dig(record, ("httpRequest",)))
    method, url = first(request, paths("requestMethod")), first(request, paths("requestUrl"))
    status = first(request, paths("status"))
    src_ip = first_ip(request, paths("remoteIp"))
    failed = status.isdigit() and int(status[:4]) >= 400
    return Event(
        "service.request",
        stamp.at,
        stamp.text,
        stamp.quality,
        action=method,
        outcome="failure" if failed else "success" if status.isdigit() else "",
        severity=severity_of(dig(record, ("severity",))),
        object_id=url,
        object_type="url",
        src_ip=src_ip,
        dst_ip=first_ip(request, paths("serverIp")),
        protocol=first(request, paths("protocol")),
        trace_id=text_of(dig(record, ("trace",))),
        message=sentence(f"{method} {url}", "", "", src_ip, status),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([("custom", first(record, paths("insertId")))]),
    )


def _flow(record: Mapping[str, object], stamp: Stamp, text: str) -> Event:
    payload = mapping(dig(record, ("jsonPayload",)))
    link = mapping(dig(payload, ("connection",)))
    denied = text_of(payload.get("disposition")).upper() in {"DENIED", "BLOCKED"}
    number = link.get("protocol")
    src, dst = ip_of(link.get("src_ip")), ip_of(link.get("dest_ip"))
    host = first(payload, paths("instance.vm_name src_instance.vm_name dest_instance.vm_name"))
    port = port_of(link.get("dest_port"))
    return Event(
        "network.denied" if denied else "network.connection",
        stamp.at,
        stamp.text,
        stamp.quality,
        action=text_of(payload.get("disposition")),
        outcome="failure" if denied else "success",
        object_id=first(payload, paths("rule_details.reference")),
        src_ip=src,
        dst_ip=dst,
        src_port=port_of(link.get("src_port")),
        dst_port=port,
        protocol=_PROTOCOLS.get(number, str(number)) if isinstance(number, int) else text_of(number),
        host=host,
        message=sentence(f"Connection to {dst}:{port}", "", "", src, "denied" if denied else ""),
        tags=tags_with(stamp),
        attributes=text,
    )


def _line(record: Mapping[str, object], stamp: Stamp, text: str) -> Event:
    """What a program wrote."""
    payload = mapping(dig(record, ("jsonPayload",)))
    said = first(payload, paths("message msg queryName")) or text_of(dig(record, ("textPayload",)))
    name = first(payload, paths("queryName"))
    level = severity_of(dig(record, ("severity",)))
    return Event(
        "network.dns" if name else "service.error" if level >= 3 else "log.line",
        stamp.at,
        stamp.text,
        stamp.quality,
        action=first(record, paths("logName")).rpartition("/")[2],
        severity=level,
        object_id=name,
        src_ip=first_ip(payload, paths("sourceIP remoteIp")),
        host=first(record, paths("resource.labels.instance_id resource.labels.pod_name resource.labels.node_name")),
        trace_id=text_of(dig(record, ("trace",))),
        message=said or first(record, paths("logName")),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([("custom", first(record, paths("insertId")))]),
    )


FORMAT = JsonRecords(
    name="gcp_audit",
    version="1",
    source_name="gcp",
    mine=_is_entry,
    seen="Google Cloud log entries",
    read=_read,
    begins=lambda head: b'"logName"' in head and (b'"insertId"' in head or b'"protoPayload"' in head),
)

"""Azure activity and resource logs: Azure Monitor's records, and the management API's and the SDK's events.

Three shapes with the same content::

    diagnostic   {time, resourceId, operationName, category, resultType, resultSignature, callerIpAddress,
                  correlationId, identity.{authorization,claims}, level, properties}      also resource logs
    API          {eventTimestamp, operationName.value, status.value, subStatus.value, caller, claims, httpRequest,
                  resourceId, correlationId, level, eventDataId}          `az monitor activity-log list`
    SDK          {event_timestamp, operation_name.value, …}               the Python SDK's names

The caller is a UPN or an application's id; object id, UPN and application id from the claims are identity keys. Of the
records one call makes (Started, Accepted, Succeeded, Failed) only the last tells an outcome. Kubernetes' own audit
inside a resource log (``category: kube-audit``) is read as the event it holds.

Storage logs name the blob in ``properties.objectKey``; the signature of a shared access URL is a token key.

References: learn.microsoft.com "Azure Activity Log event schema", "Common and service-specific schemas for resource
logs", "Azure resource provider operations".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.acts import kind_by_words
from vestige.sources.cloud.audit import (
    aliases,
    dig,
    first,
    first_ip,
    first_time,
    has,
    opened,
    paths,
    sentence,
    tags_with,
)
from vestige.sources.cloud.kubernetes_audit import audit_event
from vestige.sources.reading.fields import keys_of, outcome_of, severity_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_UPN = ((_CLAIMS + "upn",), (_CLAIMS + "emailaddress",), (_CLAIMS + "name",), ("name",))
_OBJECT = (("http://schemas.microsoft.com/identity/claims/objectidentifier",), ("oid",))
_APP = (("appid",), ("azp",))
_TOKEN = (("uti",),)

_WHEN = paths("eventTimestamp event_timestamp time TimeGenerated")
_SEEN = paths("submissionTimestamp submission_timestamp")
_ACT = paths("operationName.value operation_name.value operationName OperationNameValue authorization.action")
_STATUS = paths("status.value ActivityStatusValue resultType")
_SUB = paths("subStatus.value sub_status.value statusCode resultSignature")
_CATEGORY = paths("category.value category")
_SIGNATURE = re.compile(r"[?&]sig=([^&]+)")
_IP = paths("callerIpAddress httpRequest.clientIpAddress http_request.client_ip_address properties.callerIpAddress")
_CALLER = paths("caller")
_HOME = paths("resourceId resource_id id")
_RESOURCE = paths("properties.objectKey resourceId resource_id id")
_URI = paths("uri")
_SORT = paths("resourceType.value resource_type.value")
_TRACE = paths("correlationId correlation_id")
_WHY = paths("properties.statusMessage statusText resultDescription description")
_CLAIM_SETS = paths("identity.claims claims identity")
_MODIFIED = {"started": "", "start": "", "accepted": "", "accept": "", "active": "", "succeeded": "success",
             "success": "success", "failed": "failure", "failure": "failure", "resolved": "success"}  # fmt: skip


def _is_event(record: Mapping[str, object]) -> bool:
    act = first(record, _ACT)
    if not act or has(record, "userPrincipalName"):
        return False
    where = first(record, _HOME).lower()
    if has(record, "eventTimestamp") or has(record, "event_timestamp"):
        return where.startswith("/subscriptions") or has(record, "authorization") or "/" in act
    if where.startswith(("/subscriptions/", "/tenants/")) and not where.endswith("microsoft.aadiam"):
        return has(record, "category") or has(record, "callerIpAddress") or has(record, "correlationId")
    if first(record, _CATEGORY).startswith("Storage") and has(record, "uri"):
        return True
    return has(record, "category") and "/" in act and act.lower().startswith("microsoft.")


def azure_event(record: Mapping[str, object], text: str, clock: Clock) -> Reading:
    """The event of a record, whichever of the three shapes it has."""
    inner = dig(record, ("properties", "log"))
    if inner is not None and opened(inner).get("kind") == "Event":
        return audit_event(opened(inner), text, clock)
    stamp = first_time(record, _WHEN, clock)
    act = first(record, _ACT)
    outcome, status = _outcome(record)
    claims = next((found for path in _CLAIM_SETS if (found := opened(dig(record, path)))), {})
    caller, upn = first(record, _CALLER), first(claims, _UPN)
    object_id, app = first(claims, _OBJECT), first(claims, _APP)
    name = next((known for known in (upn, caller) if "@" in known), "")
    actor_id = object_id or caller or name or upn or app
    resource = first(record, _RESOURCE)
    sort, short = _resource(resource, act)
    src_ip = first_ip(record, _IP)
    reason = first(record, _WHY) if outcome == "failure" else ""
    kind = kind_of_operation(act, first(record, _CATEGORY))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=first_time(record, _SEEN, clock).at,
        action=act,
        outcome=outcome,
        severity=severity_of(dig(record, ("level",))),
        actor_id=actor_id,
        actor_name=name,
        actor_type="user" if name else "application" if actor_id else "",
        object_id=resource,
        object_name=short,
        object_type=first(record, _SORT) or sort,
        src_ip=src_ip,
        trace_id=first(record, _TRACE),
        message=sentence(act, name or actor_id, short or resource, src_ip,
                         (reason.partition("\n")[0][:200] or status) if outcome == "failure" else status.lower()),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((caller, upn, app), actor_id, name),
            ("token", first(claims, _TOKEN)),
            *(("token", found) for found in _SIGNATURE.findall(first(record, _URI)[:4096])),
            ("custom", first(record, paths("eventDataId event_data_id"))),
            ("custom", first(record, paths("operationId operation_id"))),
        ]),
    )  # fmt: skip


def _outcome(record: Mapping[str, object]) -> tuple[str, str]:
    """The outcome and the word it was told by: a status word, else an HTTP status."""
    status = first(record, _STATUS)
    word = status.lower()
    if word in _MODIFIED:
        return _MODIFIED[word], status
    found = outcome_of(word)
    if found and not word.isdigit():
        return found, status
    code = status if status.isdigit() else first(record, _SUB)
    if code.isdigit() and len(code) == 3:
        return ("failure" if int(code) >= 400 else "success"), code
    return outcome_of(code), status or code


def _resource(resource: str, act: str) -> tuple[str, str]:
    """Kind and name of a resource from its id: ``…/providers/Microsoft.Compute/disks/name``."""
    parts = resource.strip("/").split("/")
    if len(parts) < 2:
        return act.rpartition("/")[0], resource
    lower = [part.lower() for part in parts]
    if "providers" in lower:
        at = len(lower) - 1 - lower[::-1].index("providers")
        return "/".join([*parts[at + 1 : at + 2], *parts[at + 2 :: 2]]), parts[-1]
    return parts[-2], parts[-1]


_RULES = (
    (
        "access.granted",
        (
            "roleassignments/write",
            "elevateaccess",
            "accesspolicies/write",
            "begingetaccess",
            "rolebindings/write",
            "clusterrolebindings/write",
            "listaccountsas",
            "listservicesas",
        ),
    ),
    ("access.revoked", ("roleassignments/delete", "accesspolicies/delete", "endgetaccess", "rolebindings/delete")),
    (
        "policy.changed",
        (
            "roledefinitions/",
            "policyassignments/",
            "policydefinitions/",
            "locks/",
            "rbac.authorization.k8s.io/roles",
            "clusterroles/",
            "firewallpolicies/",
            "alertssuppressionrules/",
            "securitycontacts/",
            "pricings/",
            "conditionalaccess",
            "policysetdefinitions/",
            "policyexemptions/",
        ),
    ),
    (
        "policy.verdict",
        ("policies/audit", "policies/deny", "policies/append", "policies/modify", "policies/deployifnotexists"),
    ),
    (
        "logging.disabled",
        (
            "diagnosticsettings/delete",
            "workspaces/delete",
            "eventhubs/delete",
            "logprofiles/delete",
            "flowlogs/delete",
            "activitylogalerts/delete",
            "networkwatchers/delete",
        ),
    ),
    (
        "logging.changed",
        (
            "diagnosticsettings/write",
            "workspaces/write",
            "flowlogs/write",
            "activitylogalerts/write",
            "datacollectionrules/write",
        ),
    ),
    (
        "network.exposed",
        (
            "securityrules/write",
            "networksecuritygroups/write",
            "publicipaddresses/write",
            "firewallrules/write",
            "networksecuritygroups/join",
        ),
    ),
    (
        "process.executed_remotely",
        (
            "runcommand",
            "extensions/write",
            "jobs/write",
            "hostruntime/",
            "webhooks/action",
            "runbooks/draft",
            "scripts/",
            "galleries/applications",
        ),
    ),
    ("session.opened", ("serialports/connect", "serialconsole", "bastionhosts/create", "connect/action")),
    (
        "secret.read",
        (
            "getsecret",
            "secrets/read",
            "listkeys",
            "listcredentials",
            "listclusteradmincredential",
            "listsecrets",
            "listclusterusercredential",
            "keys/read",
            "certificates/read",
            "secretget",
            "keyget",
            "publishxml",
        ),
    ),
    (
        "secret.changed",
        ("/secrets/", "vaults/keys/", "secretset", "secretdelete", "keycreate", "keydelete", "certificates/"),
    ),
    (
        "account.credential_changed",
        ("regeneratekey", "regenerate", "resetpassword", "sshpublickeys", "federatedidentitycredentials"),
    ),
    ("schedule.created", ("schedules/write", "webhooks/write")),
    ("schedule.deleted", ("schedules/delete", "webhooks/delete")),
    ("data.read", ("getblob", "listblobs", "getfile", "blobs/read", "listfilesanddirectories", "queryentities")),
    ("data.written", ("putblob", "putblock", "blobs/write", "copyblob", "createfile", "putrange", "setblobmetadata")),
    ("data.deleted", ("deleteblob", "deletefile", "blobs/delete", "deletecontainer")),
    ("alert.raised", ("recommendations/available", "security/alerts", "securityalert", "activitylogalerts/activated")),
    ("service.request", ("applicationgatewayaccess", "frontdooraccess", "applicationgatewayfirewall")),
)
"""What an operation's name in lower case contains, the first that fits."""
_LAST = {"write": "resource.changed", "delete": "resource.deleted", "read": "resource.read", "action": ""}


@lru_cache(maxsize=8192)
def kind_of_operation(act: str, category: str) -> str:
    """The event type of an operation."""
    said = act.lower()
    for kind, parts in _RULES:
        if any(part in said for part in parts):
            return kind
    if category in {"Alert", "Security"}:
        return "alert.raised"
    if category in {"ServiceHealth", "ResourceHealth"}:
        return "service.status"
    before, _, last = act.rpartition("/")
    plain = _LAST.get(last.lower())
    if plain:
        return plain
    verb = before.rpartition("/")[2] if last.lower() == "action" else last
    return kind_by_words(verb, "resource.changed" if last.lower() == "action" else "cloud.call")


FORMAT = JsonRecords(
    name="azure_activity",
    version="1",
    source_name="azure.activity",
    mine=_is_event,
    seen="Azure activity or resource log records",
    read=azure_event,
    begins=lambda head: b'"operationName"' in head and b"/subscriptions/" in head.lower(),
)

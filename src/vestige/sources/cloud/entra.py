"""Microsoft Entra ID sign-in, audit and risk logs: Microsoft Graph objects, and Azure Monitor's diagnostic records.

Three shapes with the same content::

    Graph       signIn {createdDateTime, userPrincipalName, userId, appDisplayName, ipAddress, status.errorCode, …}
                directoryAudit {activityDateTime, activityDisplayName, initiatedBy, targetResources, result, …}
    diagnostic  {time, category: SignInLogs | AuditLogs | …, operationName, callerIpAddress, identity, properties: {…}}
    workspace   the flat columns of Log Analytics {TimeGenerated, Type: SigninLogs, UserPrincipalName, IPAddress, …}

A sign-in with error code 0 succeeded; codes that ask for one more step (50074, 50076, 50079, 50125, 50140, …) are
neither success nor failure; all others failed. The object id is the actor, the UPN its readable name. The time is
``properties``' own where there is one, since ``time`` may be when the record was exported; names may be folded.

References: learn.microsoft.com/graph "signIn", "directoryAudit", "riskDetection" resource types; Azure Monitor tables
SigninLogs and AuditLogs; "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

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
    items,
    joined,
    named_values,
    opened,
    paths,
    sentence,
    tags_with,
    words,
)
from vestige.sources.reading.fields import EMPTY, keys_of, mapping, outcome_of, severity_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.sources.cloud.audit import Paths
    from vestige.sources.reading.timefield import Clock

_SIGN_INS = frozenset(
    words("""
    signinlogs noninteractiveusersigninlogs serviceprincipalsigninlogs managedidentitysigninlogs adfssigninlogs
    aadnoninteractiveusersigninlogs aadserviceprincipalsigninlogs aadmanagedidentitysigninlogs
    microsoftserviceprincipalsigninlogs graphnotificationsactivitylogs
    """)
)
_RISKS = frozenset(
    words("""
    riskyusers userriskevents riskyserviceprincipals serviceprincipalriskevents aadriskyusers aaduserriskevents
    """)
)
_CATEGORIES = _SIGN_INS | _RISKS | {"auditlogs", "provisioninglogs", "aadprovisioninglogs"}
_UNFINISHED = frozenset(
    words("""
        50055 50058 50072 50074 50076 50079 50097 50125 50127 50129 50140 50143 50144 50155 50203 50207
        65001 16000 16003
    """)
)
"""Error codes that ask for one more step rather than refuse (``50140``: stay signed in?)."""

_WHEN = paths(
    "createdDateTime CreatedDateTime activityDateTime ActivityDateTime detectedDateTime riskLastUpdatedDateTime"
)
_SEEN = paths("time TimeGenerated")
_UPN = paths("userPrincipalName alternateSignInName")
_USER = paths("userId")
_APP = paths("servicePrincipalName")
_APP_ID = paths("servicePrincipalId appId")
_IP = paths("ipAddress callerIpAddress initiatedBy.user.ipAddress")
_CODE = paths("status.errorCode resultType")
_WHY = paths("status.failureReason resultDescription")
_ACT = paths("activityDisplayName operationName activity riskEventType")
_RESULT = paths("result resultSignature resultType")
_DEVICE_ID = paths("deviceDetail.deviceId")
_DEVICE = paths("deviceDetail.displayName")
_SYSTEM = paths("deviceDetail.operatingSystem")
_SESSION = paths("sessionId")
_TRACE = paths("correlationId")
_RESOURCE = paths("resourceDisplayName appDisplayName")
_RESOURCE_ID = paths("resourceId resourceServicePrincipalId appId")
_RISK = paths("riskLevel riskLevelDuringSignIn riskLevelAggregated")
_BY = paths("initiatedBy.user initiatedBy.app")
_BY_ANY = (("initiatedBy",),)


def _category(record: Mapping[str, object]) -> str:
    return (first(record, paths("category Type")) or "").lower()


def _is_record(record: Mapping[str, object]) -> bool:
    if has(record, "operationName") and _category(record) in _CATEGORIES:
        return not _is_intune(record)
    where = first(record, _PROVIDER).lower()
    if where.endswith("/providers/microsoft.aadiam") and has(record, "properties"):
        return True
    return _is_sign_in(record) or _is_audit(record)


_PROVIDER = paths("resourceId")
_INTUNE = paths("properties.AuditEventId properties.IntuneAccountId")


def _is_intune(record: Mapping[str, object]) -> bool:
    return bool(first(record, _INTUNE)) and not has(record, "resourceId")


def _is_sign_in(record: Mapping[str, object]) -> bool:
    """Graph's signIn."""
    named = has(record, "userPrincipalName") or has(record, "servicePrincipalId")
    return (
        named and has(record, "createdDateTime") and (has(record, "appId", "ipAddress") or has(record, "clientAppUsed"))
    )


def _is_audit(record: Mapping[str, object]) -> bool:
    """Graph's directoryAudit; Intune's has no ``loggedByService``."""
    return has(record, "activityDateTime", "activityDisplayName") and (
        has(record, "initiatedBy") or has(record, "targetResources")
    )


def entra_event(record: Mapping[str, object], text: str, clock: Clock) -> Event:
    """The event of a record, whichever of the three shapes it has."""
    inner = opened(dig(record, ("properties",)))
    category = _category(record)
    act = first(inner, _ACT) or first(record, _ACT)
    if category in _RISKS:
        return _risk(record, inner, act, text, clock)
    if category in _SIGN_INS or act == "Sign-in activity" or (not category and _is_sign_in(record)):
        return _sign_in(record, inner, text, clock)
    return _audit(record, inner, act, text, clock)


def _sign_in(record: Mapping[str, object], inner: Mapping[str, object], text: str, clock: Clock) -> Event:
    fields = _Both(inner, record)
    stamp = first_time(inner, _WHEN, clock) if inner else first_time(record, _WHEN, clock)
    if stamp.at is None:
        stamp = first_time(record, _SEEN, clock)
    status = opened(dig(inner or record, ("status",)))
    code = text_of(status.get("errorCode")) or fields.first(_CODE)
    outcome = _ended(code, fields.first(paths("resultSignature result")))
    upn, user, app = fields.first(_UPN), fields.first(_USER), fields.first(_APP)
    app_id = "" if user or upn else fields.first(_APP_ID)
    actor_id, actor_name = user or upn or app_id or app, upn or app
    resource = fields.first(_RESOURCE)
    src_ip = fields.ip(_IP)
    device = opened(dig(inner or record, ("deviceDetail",)))
    reason = fields.first(_WHY) if outcome != "success" else ""
    ending = f"{outcome} {code} {reason}".strip() if outcome != "success" else ""
    kind = (
        "auth.login_failed" if outcome == "failure" else "auth.mfa" if outcome == "unknown" and code else "auth.login"
    )
    shown = fields.first(paths("userDisplayName identity"))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action="Sign-in activity",
        outcome=outcome,
        severity=severity_of(fields.first(_RISK)),
        actor_id=actor_id,
        actor_name=actor_name or shown,
        actor_type="User" if user or upn else "ServicePrincipal",
        object_id=fields.first(paths("resourceServicePrincipalId appId")),
        object_name=resource or fields.first(paths("appDisplayName")),
        object_type="application",
        src_ip=src_ip,
        device_id=text_of(dig(device, ("deviceId",))),
        device_name=text_of(dig(device, ("displayName",))),
        device_type=text_of(dig(device, ("operatingSystem",))),
        session=fields.first(_SESSION),
        trace_id=fields.first(_TRACE),
        message=sentence("Sign-in", actor_name or actor_id, resource, src_ip, ending),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((upn, fields.first(paths("servicePrincipalId")), app), actor_id, actor_name),
            ("token", fields.first(paths("uniqueTokenIdentifier"))),
            ("custom", fields.first(paths("originalRequestId id"))),
        ]),
    )  # fmt: skip


def _ended(code: str, said: str) -> str:
    if code.isascii() and code.removeprefix("-").isdigit():
        return "success" if int(code[:9]) == 0 else "unknown" if code in _UNFINISHED else "failure"
    return outcome_of(code) or outcome_of(said)


def _audit(record: Mapping[str, object], inner: Mapping[str, object], act: str, text: str, clock: Clock) -> Event:
    fields = _Both(inner, record)
    stamp = first_time(inner or record, _WHEN, clock)
    if stamp.at is None:
        stamp = first_time(record, _SEEN, clock)
    by = next((mapping(found) for path in _BY if isinstance(found := dig(inner or record, path), dict)), EMPTY)
    by = by or opened(dig(inner or record, ("initiatedBy",)))
    by = mapping(by.get("user") or by.get("app") or by)
    upn = first(by, paths("userPrincipalName"))
    name = upn or first(by, paths("displayName servicePrincipalName"))
    actor_id = first(by, paths("id servicePrincipalId appId")) or name
    if not actor_id:
        name = fields.first(paths("identity"))
        actor_id = name
    targets = [mapping(item) for item in items(dig(inner or record, ("targetResources",)))]
    person = next((t for t in targets if text_of(t.get("type")) in {"User", "Group", "ServicePrincipal"}), EMPTY)
    thing = next((t for t in targets if t is not person), EMPTY)
    details = named_values(dig(inner or record, ("additionalDetails",)), "key")
    outcome = outcome_of(fields.first(paths("result"))) or outcome_of(fields.first(_RESULT))
    src_ip = fields.ip(_IP) or first_ip(details, paths("ipaddr"))
    subject = first(person, paths("userPrincipalName displayName id")) or text_of(
        details.get("invitedUserEmailAddress")
    )
    about = joined([subject, first(thing, paths("displayName id"))])
    reason = fields.first(paths("resultReason resultDescription"))
    kind = kind_of_activity(act, fields.first(paths("category")))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=act,
        outcome=outcome,
        actor_id=actor_id,
        actor_name=name,
        actor_type="User" if upn else "Application" if first(by, paths("appId servicePrincipalId")) else "",
        subject_id=text_of(person.get("id")) or subject,
        subject_name=subject,
        subject_type=text_of(person.get("type")),
        object_id=first(thing, paths("id")),
        object_name=first(thing, paths("displayName")),
        object_type=text_of(thing.get("type")),
        src_ip=src_ip,
        trace_id=fields.first(_TRACE),
        message=sentence(act or "Directory activity", name or actor_id, about, src_ip,
                         (reason or outcome) if outcome == "failure" else ""),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((upn, first(by, paths("appId"))), actor_id, name),
            *aliases((first(target, paths("userPrincipalName")) for target in targets), subject),
            ("custom", fields.first(paths("id"))),
        ]),
    )  # fmt: skip


def _risk(record: Mapping[str, object], inner: Mapping[str, object], act: str, text: str, clock: Clock) -> Event:
    fields = _Both(inner, record)
    stamp = first_time(inner or record, paths("activityDateTime detectedDateTime riskLastUpdatedDateTime"), clock)
    if stamp.at is None:
        stamp = first_time(record, _SEEN, clock)
    upn, user = fields.first(_UPN), fields.first(paths("userId id"))
    what = fields.first(paths("riskEventType riskDetail riskState")) or act
    src_ip = fields.ip(_IP)
    state = fields.first(paths("riskState")).lower()
    return Event(
        "alert.changed" if state in {"dismissed", "remediated", "confirmedsafe"} else "alert.raised",
        stamp.at,
        stamp.text,
        stamp.quality,
        action=what,
        severity=severity_of(fields.first(_RISK)),
        subject_id=user or upn,
        subject_name=upn,
        subject_type="User",
        src_ip=src_ip,
        trace_id=fields.first(_TRACE),
        message=sentence(f"Risk: {what}", "", upn or user, src_ip, fields.first(_RISK)),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([("custom", fields.first(paths("requestId id")))]),
    )


_ACTIVITIES = (
    ("auth.login", ("user signed in",)),
    (
        "access.granted",
        (
            "member to role",
            "eligible member",
            "member to group",
            "owner to",
            "consent to",
            "app role assignment",
            "delegated permission",
            "permissiongrant",
            "to administrative unit",
            "elevate",
        ),
    ),
    (
        "account.credential_changed",
        (
            "password",
            "credential",
            "certificates and secrets",
            "security info",
            "strong auth",
            "authentication method registered",
            "fido",
            "temporary access pass",
            "factor",
        ),
    ),
    (
        "policy.changed",
        (
            "policy",
            "conditional access",
            "federation",
            "domain",
            "named location",
            "company information",
            "tenant",
            "identity provider",
            "trusted",
        ),
    ),
    ("account.disabled", ("disable account", "block user")),
    ("account.enabled", ("enable account", "unblock user")),
    ("auth.token_revoked", ("refreshtoken", "refresh token", "revoke sign", "invalidate")),
    (
        "account.created",
        ("add user", "invite", "add service principal", "add group", "add application", "create user", "redeem"),
    ),
    ("account.deleted", ("delete user", "remove service principal", "delete group", "delete application")),
    (
        "account.changed",
        (
            "update user",
            "update group",
            "update application",
            "update service principal",
            "license",
            "restore user",
            "user management",
            "manager",
        ),
    ),
    ("resource.created", ("add device", "register device", "registered owner", "registered user")),
    ("resource.deleted", ("delete device", "unregister device")),
    ("resource.changed", ("update device",)),
    ("alert.changed", ("dismiss user", "confirm user", "risky", "risk")),
    ("data.export", ("export", "download")),
)
"""What an audit activity's name contains, the first that fits."""


def kind_of_activity(act: str, category: str) -> str:
    """The event type of a directory activity; taking rights away is told by the first word."""
    said = act.lower()
    for kind, parts in _ACTIVITIES:
        if any(part in said for part in parts):
            removed = said.startswith(("remove", "delete", "revoke", "cancel", "deny")) or " removed" in said
            return "access.revoked" if kind == "access.granted" and removed else kind
    fallback = "policy.changed" if category.lower() == "policy" else "resource.changed" if act else "event.generic"
    return kind_by_words(act, fallback)


class _Both:
    """``properties`` first, then the record around it."""

    __slots__ = ("_parts",)

    def __init__(self, inner: Mapping[str, object], record: Mapping[str, object]) -> None:
        self._parts = (inner, record) if inner else (record,)

    def first(self, wanted: Paths) -> str:
        """The first text found."""
        return next((text for part in self._parts if (text := first(part, wanted))), "")

    def ip(self, wanted: Paths) -> str:
        """The first address found."""
        return next((address for part in self._parts if (address := first_ip(part, wanted))), "")


FORMAT = JsonRecords(
    name="entra",
    version="1",
    source_name="entra",
    mine=_is_record,
    seen="Entra ID sign-ins, audit or risk records",
    read=entra_event,
    begins=lambda head: b"aadiam" in head.lower() and b'"properties"' in head,
)

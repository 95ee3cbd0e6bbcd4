"""Kubernetes API server audit: ``audit.k8s.io`` events, one a line or in an ``EventList``, and their managed copies.

Fields used::

    kind: Event, apiVersion, level, auditID, stage, requestURI, verb
    requestReceivedTimestamp, stageTimestamp            when it was asked, when this stage was reached
    user.{username,uid,groups,extra}, impersonatedUser, sourceIPs[], userAgent
    objectRef.{resource,subresource,namespace,name,apiGroup}
    responseStatus.{code,status,reason,message}, requestObject, responseObject, annotations

The verb alone says little: ``create`` of ``pods/exec`` is a command on a container, of ``rolebindings`` a right, of
``serviceaccounts/token`` a credential. Codes from 400 on are failures; the stage RequestReceived has no outcome yet.
Of a bearer token or pod the ``user.extra`` names are keys.

References: kubernetes.io "Auditing", "kube-apiserver Audit Configuration (v1)".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.audit import aliases, dig, first, first_ip, first_time, items, paths, sentence, tags_with
from vestige.sources.reading.fields import keys_of, mapping, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_VERBS = {"get": "read", "list": "read", "watch": "read", "create": "create", "update": "change", "patch": "change",
          "delete": "delete", "deletecollection": "delete", "head": "read", "post": "create", "put": "change",
          "approve": "change", "connect": "create", "bind": "change", "escalate": "change",
          "impersonate": "read"}  # fmt: skip
_PLAIN = {"read": "resource.read", "create": "resource.created", "change": "resource.changed",
          "delete": "resource.deleted"}  # fmt: skip
_KINDS: dict[str, dict[str, str]] = {
    "pods/exec": dict.fromkeys(("read", "create"), "process.executed_remotely"),
    "pods/attach": dict.fromkeys(("read", "create"), "process.executed_remotely"),
    "pods/portforward": dict.fromkeys(("read", "create"), "session.opened"),
    "pods/ephemeralcontainers": {"change": "process.executed_remotely"},
    "pods/log": {"read": "data.read"},
    "nodes/proxy": dict.fromkeys(_PLAIN, "process.executed_remotely"),
    "pods": {"create": "container.started", "delete": "container.stopped"},
    "secrets": {
        "read": "secret.read",
        "create": "secret.changed",
        "change": "secret.changed",
        "delete": "secret.changed",
    },
    "rolebindings": {"create": "access.granted", "change": "access.granted", "delete": "access.revoked"},
    "clusterrolebindings": {"create": "access.granted", "change": "access.granted", "delete": "access.revoked"},
    "roles": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "clusterroles": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "networkpolicies": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "podsecuritypolicies": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "validatingwebhookconfigurations": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "mutatingwebhookconfigurations": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "validatingadmissionpolicies": dict.fromkeys(("create", "change", "delete"), "policy.changed"),
    "serviceaccounts": {"create": "account.created", "change": "account.changed", "delete": "account.deleted"},
    "serviceaccounts/token": dict.fromkeys(("read", "create"), "auth.token_issued"),
    "certificatesigningrequests": dict.fromkeys(("create", "change", "delete"), "account.credential_changed"),
    "certificatesigningrequests/approval": {"change": "account.credential_changed"},
    "tokenreviews": {"create": "access.checked"},
    "subjectaccessreviews": {"create": "access.checked"},
    "selfsubjectaccessreviews": {"create": "access.checked"},
    "selfsubjectrulesreviews": {"create": "access.checked"},
    "localsubjectaccessreviews": {"create": "access.checked"},
    "cronjobs": {"create": "schedule.created", "change": "schedule.changed", "delete": "schedule.deleted"},
    "leases": {"change": "service.status", "create": "service.status"},
    "services": {},
}
_ALIASES = ("arn", "canonicalArn", "sessionName")
_REFUSED = frozenset({401, 403})

_WHEN = paths("requestReceivedTimestamp stageTimestamp timestamp metadata.creationTimestamp")
_SEEN = paths("stageTimestamp")
_USER = paths("user.username")
_IP = paths("sourceIPs")
_STAGES = frozenset({"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"})


def _is_event(record: Mapping[str, object]) -> bool:
    version = record.get("apiVersion")
    if isinstance(version, str) and version.startswith("audit.k8s.io/"):
        return True
    if not isinstance(record.get("verb"), str):
        return False
    if "auditID" in record or "objectRef" in record or ("requestURI" in record and "user" in record):
        return True
    return record.get("kind") == "Event" and ("sourceIPs" in record or "responseStatus" in record)


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if record.get("kind") == "EventList":
        events = [item for item in items(record.get("items")) if isinstance(item, dict)]
        return tuple(audit_event(item, text, clock) for item in events) or Unparsed("an EventList without events")
    if not any(name in record for name in ("verb", "requestURI", "user", "objectRef")):
        return Unparsed("no audit event: it names neither verb nor user nor object")
    return audit_event(record, text, clock)


def audit_event(record: Mapping[str, object], text: str, clock: Clock) -> Event:
    """One audit event; also for resource logs that carry one (:mod:`~vestige.sources.cloud.azure_activity`)."""
    stamp = first_time(record, _WHEN, clock)
    reference = mapping(record.get("objectRef"))
    verb = text_of(record.get("verb"))
    resource, sub = text_of(reference.get("resource")), text_of(reference.get("subresource"))
    kind_name = f"{resource}/{sub}" if sub else resource
    status = mapping(record.get("responseStatus"))
    code = status.get("code")
    outcome = "" if not isinstance(code, int) or code < 100 else "failure" if code >= 400 else "success"
    if not outcome and text_of(status.get("status")) in {"Success", "Failure"}:
        outcome = text_of(status.get("status")).lower()
    who = first(record, _USER)
    other = first(record, paths("impersonatedUser.username"))
    name = text_of(reference.get("name")) or first(
        record, paths("requestObject.metadata.name responseObject.metadata.name")
    )
    space = text_of(reference.get("namespace"))
    thing = "/".join(filter(None, (space, kind_name, name))) or text_of(record.get("requestURI"))
    src_ip = first_ip(record, _IP)
    extra = mapping(dig(record, ("user", "extra")))
    kind = kind_of_call(verb, resource, sub)
    if not resource:
        kind = "service.request"
    if outcome == "failure" and code in _REFUSED and kind in {"resource.read", "service.request"}:
        kind = "access.denied"
    why = first(status, paths("reason message")) or (f"{code}" if code else "")
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=first_time(record, _SEEN, clock).at,
        action=f"{verb} {kind_name}".strip(),
        outcome=outcome,
        actor_id=who,
        actor_name=who,
        actor_type=_sort_of(who),
        subject_id=other or _bound(kind, record),
        subject_type="user" if other else "",
        object_id=thing,
        object_name=name,
        object_type=kind_name,
        src_ip=src_ip,
        host=first(record, paths("requestObject.spec.nodeName user.extra.authentication|kubernetes|io/node-name")),
        trace_id=text_of(record.get("auditID")),
        message=sentence(f"{verb} {kind_name}".strip() or "request", f"{who} as {other}" if other else who,
                         "/".join(filter(None, (space, name))) or thing, src_ip, why if outcome == "failure" else ""),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((first(record, paths("user.uid")),), who),
            *(("identity", text_of(value)) for name in _ALIASES for value in items(extra.get(name))),
            *(("token", text_of(value)) for name in ("accessKeyId", "authentication.kubernetes.io/credential-id")
              for value in items(extra.get(name))),
            *(("host", text_of(value)) for value in items(extra.get("authentication.kubernetes.io/pod-name"))),
        ]),
    )  # fmt: skip


def _sort_of(who: str) -> str:
    if who.startswith("system:serviceaccount:"):
        return "service account"
    return "system" if who.startswith("system:") else "user" if who else ""


def _bound(kind: str, record: Mapping[str, object]) -> str:
    """Whom a binding gives rights: its first subject."""
    if not kind.startswith("access."):
        return ""
    found = mapping(dig(record, ("requestObject",)))
    subject = mapping(next(iter(items(found.get("subjects"))), None))
    space, name = text_of(subject.get("namespace")), text_of(subject.get("name"))
    if text_of(subject.get("kind")) == "ServiceAccount" and space:
        return f"system:serviceaccount:{space}:{name}"
    return name


@lru_cache(maxsize=4096)
def kind_of_call(verb: str, resource: str, sub: str) -> str:
    """The event type of a verb on a resource."""
    deed = _VERBS.get(verb.lower(), "")
    own = _KINDS.get(f"{resource}/{sub}") if sub else _KINDS.get(resource)
    if own is None and sub in {"exec", "attach"}:
        own = _KINDS["pods/exec"]
    kind = own.get(deed, "") if own is not None else ""
    if kind:
        return kind
    if sub in {"status", "scale", "binding", "eviction"} and deed != "read":
        return "resource.changed"
    return _PLAIN.get(deed, "cloud.call")


FORMAT = JsonRecords(
    name="kubernetes_audit",
    version="1",
    source_name="kubernetes.audit",
    mine=_is_event,
    seen="Kubernetes audit events",
    read=_read,
    begins=lambda head: b"audit.k8s.io/" in head,
)

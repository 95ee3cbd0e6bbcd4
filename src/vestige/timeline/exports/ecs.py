"""Elastic Common Schema 8: each event as a document an Elastic stack takes as its own.

Category and type come from the vocabulary. What ECS has no field for stands under ``vestige``, the record's original
fields among it, names untouched. A document without ``@timestamp`` is one of an event that states no time.

Reference: Elastic Common Schema 8.17 field reference.
"""

from __future__ import annotations

from typing import Any, Final

from vestige.model.vocabulary import VOCABULARY
from vestige.timeline.exports.ecs_fields import derived_fields, original_fields, own_fields
from vestige.timeline.exports.nested import pruned, put

VERSION: Final = "8.17.0"
_KINDS: Final = {
    "alert.raised": "alert",
    "metric.recorded": "metric",
    "process.state": "state",
    "host.state": "state",
    "record.unparsed": "pipeline_error",
}
_LEVELS: Final = {"info": 0, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Elastic's own risk scores of its five severities, which is what ``event.severity`` then sorts by."""
_AS_SOMEBODY: Final = frozenset(
    {"auth.privilege_used", "auth.privilege_refused", "auth.role_assumed", "session.opened", "session.closed"}
)
_TO_SOMEBODY: Final = ("account.", "access.")
_UNPLACED: Final = (
    "status", "time_text", "time_quality", "clock_offset", "session", "subject", "object", "device", "keys", "parser",
    "redacted", "amended", "erased",
)  # fmt: skip


def to_ecs(event: dict[str, Any]) -> dict[str, Any]:
    """One event as an ECS document."""
    info = VOCABULARY.get(event["event_type"])
    categories, _, kinds = (info.ecs if info else "").partition("/")
    network, device, actor = event.get("network", {}), event.get("device", {}), event.get("actor", {})
    attributes = event.get("attributes", {})
    document: dict[str, Any] = {"ecs": {"version": VERSION}, "message": event.get("message", "")}
    form = str(event.get("parser", "")).partition("/")[0]
    for path, value in original_fields(attributes, form):
        put(document, path, value)
    fields = {
        "@timestamp": event.get("occurred_at"),
        "event.id": event["id"],
        "event.kind": _KINDS.get(event["event_type"], "event"),
        "event.category": categories.split("+") if categories else None,
        "event.type": kinds.split("+") if kinds else None,
        "event.action": event.get("action"),
        "event.outcome": event.get("outcome"),
        "event.severity": _LEVELS.get(event["severity"]),
        "event.sequence": event["seq"],
        "event.created": event.get("observed_at"),
        "event.ingested": event.get("received_at"),
        "event.dataset": event["source"],
        "event.code": event["event_type"],
        "event.provider": "vestige",
        "user.id": actor.get("id"),
        "user.name": actor.get("name") or actor.get("id"),
        "source.ip": network.get("src_ip"),
        "source.address": network.get("src_ip"),
        "source.port": network.get("src_port"),
        "destination.ip": network.get("dst_ip"),
        "destination.address": network.get("dst_ip"),
        "destination.port": network.get("dst_port"),
        "network.transport": _transport(network.get("protocol")),
        "network.protocol": network.get("protocol"),
        "host.id": device.get("id"),
        "host.hostname": device.get("hostname"),
        "host.name": device.get("hostname"),
        "trace.id": event.get("trace_id"),
        "tags": event.get("tags"),
    }
    fields |= _other_user(event)
    if event["event_type"] == "process.started":
        fields["process.start"] = event.get("occurred_at")
    for path, value in (*fields.items(), *own_fields(attributes, form)):
        put(document, path, value)
    for path, value in derived_fields(document, form):
        put(document, path, value)
    document["related"] = _related(event)
    document["vestige"] = {"attributes": attributes} | {name: event[name] for name in _UNPLACED if name in event}
    return pruned(document)


def _other_user(event: dict[str, Any]) -> dict[str, str | None]:
    """Whom an act was done as, or to: ECS tells the two apart, and lets a user who is alone stand at the top."""
    subject = event.get("subject", {})
    kind = event["event_type"]
    if not subject or subject.get("type", "user") != "user":
        return {}
    name = subject.get("name") or subject.get("id")
    if "actor" not in event and kind.startswith("account."):
        return {"user.name": name}
    place = "user.effective" if kind in _AS_SOMEBODY else "user.target" if kind.startswith(_TO_SOMEBODY) else ""
    return {f"{place}.name": name, f"{place}.id": subject["id"] if "name" in subject else None} if place else {}


def _transport(protocol: object) -> str | None:
    return str(protocol).lower() if str(protocol).lower() in {"tcp", "udp", "icmp", "sctp"} else None


def _related(event: dict[str, Any]) -> dict[str, list[str]]:
    names: dict[str, dict[str, None]] = {"ip": {}, "user": {}, "hosts": {}, "hash": {}}
    of_kind = {"ip": "ip", "identity": "user", "host": "hosts", "hash": "hash"}
    for key in event.get("keys", ()):
        if key["kind"] in of_kind:
            names[of_kind[key["kind"]]][key["value"]] = None
    return {name: list(values) for name, values in names.items()}

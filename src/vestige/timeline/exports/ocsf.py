"""Open Cybersecurity Schema Framework 1.x: each event under the class its type has in the vocabulary.

``time`` is required by the framework and left out all the same for an event that states none: it would have to be
invented. Times are milliseconds there; the exact one stands in ``metadata.original_time`` and under ``unmapped``.

Reference: schema.ocsf.io, base event and the classes named in the vocabulary.
"""

from __future__ import annotations

from typing import Any, Final

from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.timeline.exports.nested import pruned, put

VERSION: Final = "1.3.0"
_SEVERITIES: Final = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_STATUS: Final = {"success": (1, "Success"), "failure": (2, "Failure"), "unknown": (0, "Unknown")}
_MILLI: Final = 1_000_000
_EXTENSION: Final = 100_000
_OBSERVABLES: Final = {
    "ip": (2, "IP Address"),
    "host": (1, "Hostname"),
    "identity": (4, "User Name"),
    "hash": (8, "Hash"),
}
_KEPT: Final = (
    "time_text", "time_quality", "clock_offset", "occurred_at", "object", "keys", "parser", "status", "event_type",
    "redacted", "amended", "erased",
)  # fmt: skip


def to_ocsf(event: dict[str, Any]) -> dict[str, Any]:
    """One event as an OCSF object."""
    info = VOCABULARY.get(event["event_type"])
    class_uid, activity = (int(part) for part in (info.ocsf if info else "0/99").split("/"))
    status = _STATUS.get(event.get("outcome", ""))
    network, device = event.get("network", {}), event.get("device", {})
    document: dict[str, Any] = {
        "class_uid": class_uid,
        "category_uid": class_uid % _EXTENSION // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": _SEVERITIES.get(event["severity"], 0),
        "message": event.get("message", ""),
        "observables": _observables(event),
    }
    if "occurred_at" in event:
        document["time"] = parse_rfc3339(event["occurred_at"])[0] // _MILLI
    if status is not None:
        document |= {"status_id": status[0], "status": status[1]}
    fields = {
        "metadata.version": VERSION,
        "metadata.uid": event["id"],
        "metadata.sequence": event["seq"],
        "metadata.original_time": event.get("time_text"),
        "metadata.logged_time": _milli(event.get("received_at")),
        "metadata.log_name": event["source"],
        "metadata.product.name": event["source"],
        "metadata.product.vendor_name": "Vestige",
        "metadata.event_code": event.get("action"),
        "metadata.labels": event.get("tags"),
        "metadata.correlation_uid": event.get("trace_id"),
        "actor.user": _user(event.get("actor")),
        "actor.session.uid": event.get("session"),
        "user": _user(event.get("subject")),
        "src_endpoint.ip": network.get("src_ip"),
        "src_endpoint.port": network.get("src_port"),
        "dst_endpoint.ip": network.get("dst_ip"),
        "dst_endpoint.port": network.get("dst_port"),
        "connection_info.protocol_name": network.get("protocol"),
        "device.hostname": device.get("hostname"),
        "device.uid": device.get("id"),
        "device.name": device.get("name"),
    }
    for path, value in fields.items():
        put(document, path, value)
    document["unmapped"] = event.get("attributes", {}) | {
        "vestige": {name: event[name] for name in _KEPT if name in event}
    }
    return pruned(document)


def _milli(text: str | None) -> int | None:
    return None if text is None else parse_rfc3339(text)[0] // _MILLI


def _user(party: dict[str, str] | None) -> dict[str, str] | None:
    if not party:
        return None
    found = {"uid": party.get("id"), "name": party.get("name") or party.get("id"), "type": party.get("type")}
    return {name: value for name, value in found.items() if value}


def _observables(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for key in event.get("keys", ()):
        if key["kind"] in _OBSERVABLES:
            number, name = _OBSERVABLES[key["kind"]]
            found.append({"name": key["kind"], "type_id": number, "type": name, "value": key["value"]})
    return found

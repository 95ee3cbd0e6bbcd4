"""A detection made upon a Windows event log record, as Hayabusa and Chainsaw report it: one ``alert.raised``.

The rule is the act; the record it fired on is found again by the key ``computer/channel/record id``, and whoever acted
in it is the alert's actor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.model.event import Event
from vestige.sources.forensic import windows_audit
from vestige.sources.reading.fields import ip_of, keys_of, port_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.sources.reading.timefield import Stamp

_LEVELS = {
    "emergency": 4, "emer": 4, "critical": 4, "crit": 4, "high": 3, "medium": 2, "med": 2, "low": 1,
    "informational": 0, "info": 0, "undefined": 0,
}  # fmt: skip
_PROVIDERS = {
    "Security": "Microsoft-Windows-Security-Auditing",
    "Microsoft-Windows-Sysmon/Operational": "Microsoft-Windows-Sysmon",
}
_OF_MACHINE = frozenset({"", "0x0", "0x3e7", "0x3e4", "0x3e5", "-"})
"""Logon ids that every Windows machine has; they join nothing."""
_SHOWN = 500


class Alert(NamedTuple):
    """What a detection states, under common names; what a tool does not state is empty."""

    rule: str
    rule_id: str = ""
    level: str = ""
    computer: str = ""
    channel: str = ""
    event_id: str = ""
    record_id: str = ""
    data: Mapping[str, object] = {}
    """The record's fields under Windows' own names."""
    details: str = ""
    tags: tuple[str, ...] = ()


def alert_event(alert: Alert, text: str, stamp: Stamp) -> Event:
    """The event of a detection."""
    kind = windows_audit.kind_of(_PROVIDERS.get(alert.channel, ""), alert.event_id)
    roles, keys = windows_audit.roles_in(kind, alert.data)
    logon = text_of(alert.data.get("TargetLogonId")) or text_of(alert.data.get("SubjectLogonId"))
    record = f"{alert.computer}/{alert.channel}/{alert.record_id}" if alert.record_id and alert.channel else ""
    actor, subject, thing = (text_of(roles.get(name)) for name in ("actor_id", "subject_id", "object_id"))
    return Event(
        "alert.raised",
        occurred_at=stamp.at,
        time_text=stamp.text,
        time_quality=stamp.quality,
        action=alert.rule,
        severity=_LEVELS.get(alert.level.strip().lower(), 0),
        actor_id=actor,
        actor_type="user" if actor else "",
        subject_id=subject,
        subject_type="user" if subject else "",
        object_id=thing,
        object_type=text_of(roles.get("object_type")) if thing else "",
        src_ip=ip_of(roles.get("src_ip")),
        dst_ip=ip_of(roles.get("dst_ip")),
        src_port=port_of(roles.get("src_port")),
        dst_port=port_of(roles.get("dst_port")),
        host=alert.computer,
        session=f"{alert.computer}:{logon}" if logon.lower() not in _OF_MACHINE and alert.computer else "",
        message=_message(alert),
        tags=(*alert.tags, stamp.tag) if stamp.tag else alert.tags,
        attributes=text,
        keys=keys_of((("custom", record), ("custom", alert.rule_id), *keys)),
    )


def _message(alert: Alert) -> str:
    level = f"[{alert.level}] " if alert.level else ""
    where = f" on {alert.computer}" if alert.computer else ""
    source = " ".join(part for part in (alert.channel, alert.event_id) if part)
    details = " ".join(alert.details.split())[:_SHOWN]
    return f"{level}{alert.rule}{where}" + (f" ({source})" if source else "") + (f": {details}" if details else "")

"""A detection made upon a Windows event log record, as Hayabusa and Chainsaw report it: one ``alert.raised``.

The rule is the act; the record it fired on is found again by the key ``computer/channel/record id``, which the record's
own event bears too. Whoever acted in it, upon what and from where is what :mod:`vestige.sources.windows` reads of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.reading.fields import keys_of
from vestige.sources.windows.events import Facts, event_of
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp

_LEVELS = {
    "emergency": 4, "emer": 4, "critical": 4, "crit": 4, "high": 3, "medium": 2, "med": 2, "low": 1,
    "informational": 0, "info": 0, "undefined": 0,
}  # fmt: skip
_OF_MACHINE = (":0x3e7", ":0x3e4", ":0x3e5")
"""Logon ids that every Windows machine has; they join nothing."""
_SHOWN = 500


class Alert(NamedTuple):
    """What a detection states, under common names; what a tool does not state is empty."""

    rule: str
    rule_id: str = ""
    level: str = ""
    computer: str = ""
    channel: str = ""
    provider: str = ""
    event_id: str = ""
    record_id: str = ""
    data: Mapping[str, object] = {}
    """The record's fields under Windows' own names."""
    user: str = ""
    """Who acted, in a record that no table knows."""
    details: str = ""
    tags: tuple[str, ...] = ()


def alert_event(alert: Alert, text: str, stamp: Stamp) -> Event:
    """The event of a detection."""
    told = event_of(
        Facts(
            provider=alert.provider,
            channel=alert.channel,
            number=number_in(alert.event_id) or 0,
            task=0,
            severity=0,
            audit="",
            computer=alert.computer,
            user="",
            user_name=alert.user,
            activity="",
            stamp=stamp,
            observed=None,
            data=alert.data,
            message=alert.details,
            text=text,
            tags=alert.tags,
            record=alert.record_id,
        )
    )
    keys = [key for key in told.keys if not (key[0] == "session" and key[1].endswith(_OF_MACHINE))]
    return told._replace(
        event_type="alert.raised",
        action=alert.rule,
        outcome="",
        severity=_LEVELS.get(alert.level.strip().lower(), 0),
        session="" if told.session.endswith(_OF_MACHINE) else told.session,
        message=_message(alert),
        keys=keys_of((*keys, ("custom", alert.rule_id))),
    )


def _message(alert: Alert) -> str:
    level = f"[{alert.level}] " if alert.level else ""
    where = f" on {alert.computer}" if alert.computer else ""
    source = " ".join(part for part in (alert.channel, alert.event_id) if part)
    details = " ".join(alert.details.split())[:_SHOWN]
    return f"{level}{alert.rule}{where}" + (f" ({source})" if source else "") + (f": {details}" if details else "")

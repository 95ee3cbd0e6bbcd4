"""An event as JSON shows it: the public shape, with whatever the source did not state left out.

Times are RFC 3339 in UTC with as many digits as they have; an undated event has no ``occurred_at``. ``clock_offset``
says what was added to both times to correct the source's clock; ``time_text`` is never corrected. ``id`` is the
entry's ULID, with ``.1``, ``.2`` … for the further events of one record. ``attributes`` holds all original
fields; whole numbers beyond 64 bits are texts of their digits there, since no float holds them all.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.event import Severity
from vestige.model.instant import UNDATED, to_text
from vestige.model.offset import offset_text
from vestige.query import EventRow, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event

_LONG: Final = re.compile(r"\d{19}")
"""Digits of a whole number that may not fit 64 bits."""
_DIGITS: Final = 20
"""And of one that certainly does not; Python takes long over the longest."""
_LEAST, _MOST = -(2**63), 2**64 - 1

SEVERITIES: Final = {int(level): level.name.lower() for level in Severity}


def render(row: EventRow, place: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The public JSON object of one event.

    ``place`` is how its entry is numbered, if not by the index's own seq, and what later entries say of it: it is
    shown beside what the event says, and only its ``status`` goes before the event's own.
    """
    event = row.event
    full = {
        "id": f"{row.id}.{row.sub}" if row.sub else row.id,
        "status": "" if row.status == "parsed" else row.status,
        **({"seq": row.seq} if place is None else place),
        "occurred_at": _time(event.occurred_at),
        "time_text": event.time_text,
        "time_quality": event.time_quality,
        "clock_offset": offset_text(row.clock_offset) if row.clock_offset else "",
        "observed_at": _time(event.observed_at),
        "received_at": to_text(row.received_at),
        "event_type": event.event_type,
        "category": row.category,
        "action": event.action,
        "outcome": event.outcome,
        "severity": SEVERITIES.get(event.severity, str(event.severity)),
        "actor": _party(event.actor_id, event.actor_name, event.actor_type),
        "subject": _party(event.subject_id, event.subject_name, event.subject_type),
        "object": _party(event.object_id, event.object_name, event.object_type),
        "network": _network(event),
        "device": _party(event.device_id, event.device_name, event.device_type) | _stated(hostname=event.host),
        "session": event.session,
        "trace_id": event.trace_id,
        "source": row.source,
        "message": event.message,
        "tags": list(event.tags),
        "attributes": _attributes(event.attributes),
        "keys": [{"kind": kind, "value": value} for kind, value in keys_of(event)],
        "parser": row.parser,
    }
    return {name: value for name, value in full.items() if value not in ("", None, {}, [])}


def _time(at: int | None) -> str | None:
    return None if at is None or at == UNDATED else to_text(at)


def _party(identifier: str, name: str, kind: str) -> dict[str, Any]:
    return _stated(id=identifier, name=name, type=kind) if identifier or name or kind else {}


def _network(event: Event) -> dict[str, Any]:
    return _stated(
        src_ip=event.src_ip,
        dst_ip=event.dst_ip,
        src_port=event.src_port,
        dst_port=event.dst_port,
        protocol=event.protocol,
    )


def _stated(**fields: str | int) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _attributes(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
        if _LONG.search(text) is not None:
            value = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return {"unreadable": text}
    return value if isinstance(value, dict) else {"value": value}


def _whole(text: str) -> int | str:
    return number if len(text) <= _DIGITS and _LEAST <= (number := int(text)) <= _MOST else text

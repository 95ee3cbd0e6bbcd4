"""An event of any object, by what its fields' names tell.

Its type is taken from the record where that is a word of the vocabulary or the name of an act known to mean one
(:mod:`vestige.sources.reading.actions`), and is otherwise what can be told without guessing: a request with method and
status, an error by level, a log line by level and message, else ``event.generic``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.model.vocabulary import VOCABULARY, is_reserved
from vestige.sources.reading.actions import type_of_act
from vestige.sources.reading.fields import (
    ip_of,
    keys_of,
    make_event,
    outcome_of,
    port_of,
    severity_of,
    tags_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.sources.reading.timefield import Clock, Stamp

_ERROR_LEVEL = 3


def generic_event(roles: dict[str, object], text: str, stamp: Stamp, clock: Clock, kind: str = "") -> Event:
    """An event of any object, by what its fields' names tell.

    Args:
        roles: the values by role (:func:`vestige.sources.reading.names.roles_of`).
        text: the attributes.
        stamp: when.
        clock: for other times in it.
        kind: the event type, where the caller knows it.
    """
    at, time_text, quality, tag = stamp
    fields = _BLANK.copy()
    for role, value in roles.items():
        slot = _SLOTS.get(role)
        if slot is not None:
            fields[slot[0]] = slot[1](value)
    get = roles.get
    if not fields[_ACTION]:
        fields[_ACTION] = text_of(get("type"))
    fields[0] = kind or _type_of(roles, fields[_ACTION], outcome_of(get("outcome")), severity_of(get("severity")))
    fields[1], fields[2], fields[3] = at, time_text, quality
    if "observed" in roles:
        fields[4] = clock.read(roles["observed"]).at
    if not fields[_MESSAGE]:
        fields[_MESSAGE] = fields[_ACTION]
    if tag:
        fields[_TAGS] = (*tags_of(get("tags")), tag)
    fields[_ATTRIBUTES] = text
    if not _NO_KEYS(roles):
        fields[_KEYS] = keys_of((key, text_of(roles[key])) for key in _KEY_ROLES if key in roles)
    return make_event(fields)


_TEXT_ROLES = """
    action actor_id actor_name actor_type subject_id subject_name subject_type object_id object_name object_type
    protocol device_id device_name device_type host session trace_id message
"""
_CONVERT: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(_TEXT_ROLES.split(), text_of),
    **dict.fromkeys(("src_ip", "dst_ip"), ip_of),
    **dict.fromkeys(("src_port", "dst_port"), port_of),
    "outcome": outcome_of,
    "severity": severity_of,
    "tags": tags_of,
}
_SLOTS = {name: (Event._fields.index(name), convert) for name, convert in _CONVERT.items()}
_BLANK: list[object] = list(Event(""))
_ACTION, _MESSAGE, _TAGS = (Event._fields.index(name) for name in ("action", "message", "tags"))
_ATTRIBUTES, _KEYS = Event._fields.index("attributes"), Event._fields.index("keys")
_KEY_ROLES = ("token", "hash", "commit")
_NO_KEYS = frozenset(_KEY_ROLES).isdisjoint


def _type_of(roles: dict[str, object], action: object, outcome: str, severity: int) -> str:
    kind = roles.get("type")
    if isinstance(kind, str) and kind in VOCABULARY and not is_reserved(kind):
        return kind
    known = type_of_act(action, outcome) or type_of_act(kind, outcome)
    if known:
        return known
    if "method" in roles and "status" in roles:
        return "service.request"
    if "severity" in roles and "message" in roles:
        return "service.error" if severity >= _ERROR_LEVEL else "log.line"
    return "event.generic"

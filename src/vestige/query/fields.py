"""The names a query may use, the columns behind each, and how the text of a value is read.

A bare noun matches id or name (``actor:``), either side (``ip:``), or actor and subject alike (``user:``); dotted
names are those of the event model. ``attributes.<path>`` reaches any original field; a path's parts are the keys of
nested objects. Names people know from the Elastic Common Schema and from older interfaces lead to the same fields
(:data:`ALIASES`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from vestige.model.errors import QueryError
from vestige.model.event import KeyKind


class Type(Enum):
    """What a field holds, and so how it is compared."""

    NAME = auto()
    """Text compared without regard to case."""
    EXACT = auto()
    """Text compared as it is: opaque identifiers."""
    IP = auto()
    NUMBER = auto()
    SEVERITY = auto()
    TIME = auto()
    """An instant; a value is a span as long as it is precise: ``2026-11-22`` is a whole day."""
    TAGS = auto()
    ATTRIBUTE = auto()
    MESSAGE = auto()
    """``message:`` reads its value as a bare word or phrase is read."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the language: any of its columns may match. ``path`` is that of an attribute."""

    name: str
    type: Type
    columns: tuple[str, ...]
    path: tuple[str, ...] = ()
    key: KeyKind | None = None
    """The kind of correlation key under which every event that could match is listed, if there is one."""


def _field(name: str, kind: Type, *columns: str, key: KeyKind | None = None) -> Field:
    return Field(name, kind, columns, key=key)


_ID = KeyKind.IDENTITY
_FIELDS: Final = (
    _field("actor", Type.NAME, "actor_id", "actor_name", key=_ID),
    _field("actor.id", Type.NAME, "actor_id", key=_ID),
    _field("actor.name", Type.NAME, "actor_name", key=_ID),
    _field("actor.type", Type.NAME, "actor_type"),
    _field("subject", Type.NAME, "subject_id", "subject_name"),
    _field("subject.id", Type.NAME, "subject_id"),
    _field("subject.name", Type.NAME, "subject_name"),
    _field("subject.type", Type.NAME, "subject_type"),
    _field("object", Type.NAME, "object_id", "object_name"),
    _field("object.id", Type.NAME, "object_id"),
    _field("object.name", Type.NAME, "object_name"),
    _field("object.type", Type.NAME, "object_type"),
    _field("user", Type.NAME, "actor_id", "actor_name", "subject_id", "subject_name"),
    _field("host", Type.NAME, "host", key=KeyKind.HOST),
    _field("device", Type.NAME, "device_id", "device_name"),
    _field("device.id", Type.NAME, "device_id"),
    _field("device.name", Type.NAME, "device_name"),
    _field("device.type", Type.NAME, "device_type"),
    _field("device.hostname", Type.NAME, "host", key=KeyKind.HOST),
    _field("ip", Type.IP, "src_ip", "dst_ip", key=KeyKind.IP),
    _field("network.src_ip", Type.IP, "src_ip", key=KeyKind.IP),
    _field("network.dst_ip", Type.IP, "dst_ip", key=KeyKind.IP),
    _field("port", Type.NUMBER, "src_port", "dst_port"),
    _field("network.src_port", Type.NUMBER, "src_port"),
    _field("network.dst_port", Type.NUMBER, "dst_port"),
    _field("network.protocol", Type.NAME, "protocol"),
    _field("source", Type.NAME, "source"),
    _field("acquisition", Type.EXACT, "acquisition"),
    _field("parser", Type.NAME, "parser"),
    _field("type", Type.NAME, "event_type"),
    _field("category", Type.NAME, "category"),
    _field("action", Type.NAME, "action"),
    _field("outcome", Type.NAME, "outcome"),
    _field("severity", Type.SEVERITY, "severity"),
    _field("session", Type.EXACT, "session", key=KeyKind.SESSION),
    _field("trace", Type.EXACT, "trace_id"),
    _field("tag", Type.TAGS, "tags"),
    _field("occurred_at", Type.TIME, "occurred_at"),
    _field("observed_at", Type.TIME, "observed_at"),
    _field("received_at", Type.TIME, "received_at"),
    _field("time_quality", Type.NAME, "time_quality"),
    _field("time_text", Type.NAME, "time_text"),
    _field("status", Type.NAME, "status"),
    _field("message", Type.MESSAGE, "message"),
    _field("id", Type.EXACT, "id"),
    _field("seq", Type.NUMBER, "seq"),
)
FIELDS: Final = {field.name: field for field in _FIELDS}
ALIASES: Final = {
    **dict.fromkeys(("@timestamp", "timestamp", "time"), "occurred_at"),
    **dict.fromkeys(("event_type", "event.type"), "type"),
    **dict.fromkeys(("trace_id", "trace.id"), "trace"),
    **dict.fromkeys(("user.name", "user.id", "username", "related.user"), "user"),
    **dict.fromkeys(("host.name", "host.hostname", "hostname", "related.hosts"), "host"),
    **dict.fromkeys(("source.ip", "client.ip", "src_ip"), "network.src_ip"),
    **dict.fromkeys(("destination.ip", "server.ip", "dst_ip"), "network.dst_ip"),
    **dict.fromkeys(("source.port", "client.port", "src_port"), "network.src_port"),
    **dict.fromkeys(("destination.port", "server.port", "dst_port"), "network.dst_port"),
    **dict.fromkeys(("network.transport", "protocol"), "network.protocol"),
    "actor_id": "actor.id",
    "subject_id": "subject.id",
    "object_id": "object.id",
    "related.ip": "ip",
    "event.action": "action",
    "event.outcome": "outcome",
    "event.category": "category",
    "event.id": "id",
    "tags": "tag",
    "msg": "message",
}
"""Other names of fields: what each leads to."""

_MAX_PATH: Final = 16


def is_field(name: str) -> bool:
    """Whether a name is one of a field, so that what stands around it may be read generously."""
    return name in FIELDS or name in ALIASES or name.startswith("attributes.")


def lookup(name: str, column: int) -> Field:
    """The field of a name.

    Raises:
        QueryError: there is none.
    """
    if name.startswith("attributes."):
        path = tuple(name.split(".")[1:])
        if "" in path or len(path) > _MAX_PATH:
            raise QueryError(
                "an attribute's path has an empty part or too many",
                column=column,
                expected=f"attributes.<name>.<name>, at most {_MAX_PATH} names",
                got=name[:80],
            )
        return Field(name, Type.ATTRIBUTE, ("attributes",), path)
    field = FIELDS.get(ALIASES.get(name, name))
    if field is None:
        near = difflib.get_close_matches(name[:40], [*FIELDS, *ALIASES], n=1)
        meant = f"{near[0]}: is one; " if near else ""
        raise QueryError(
            f"there is no field {name[:40]!r}",
            column=column,
            expected=", ".join([*FIELDS, "attributes.<path>", "key", "in"]),
            got=name[:40],
            hint=f'{meant}to search for the text itself, quote it: "{name[:40]}:…"',
        )
    return field


def has_order(field: Field) -> bool:
    """Whether ``>=`` and its like, and ranges, mean anything for the field."""
    return field.type in {Type.NUMBER, Type.SEVERITY, Type.TIME, Type.ATTRIBUTE}

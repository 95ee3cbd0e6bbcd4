"""The names a query may use, the columns behind each, and how the text of a value is read.

A bare noun matches id or name (``actor:``), either side (``ip:``), or actor and subject alike (``user:``); dotted
names are those of the event model. ``attributes.<path>`` reaches any original field; a path's parts are the keys of
nested objects.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from vestige.index.keys import normal
from vestige.model.errors import QueryError
from vestige.model.event import KeyKind, Severity
from vestige.model.instant import TimeQuality


class Type(Enum):
    """What a field holds, and so how it is compared."""

    NAME = auto()
    """Text compared without regard to case."""
    EXACT = auto()
    """Text compared as it is: opaque identifiers."""
    IP = auto()
    NUMBER = auto()
    SEVERITY = auto()
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
    _field("parser", Type.NAME, "parser"),
    _field("type", Type.NAME, "event_type"),
    _field("event_type", Type.NAME, "event_type"),
    _field("category", Type.NAME, "category"),
    _field("action", Type.NAME, "action"),
    _field("outcome", Type.NAME, "outcome"),
    _field("severity", Type.SEVERITY, "severity"),
    _field("session", Type.EXACT, "session", key=KeyKind.SESSION),
    _field("trace", Type.EXACT, "trace_id"),
    _field("trace_id", Type.EXACT, "trace_id"),
    _field("tag", Type.TAGS, "tags"),
    _field("tags", Type.TAGS, "tags"),
    _field("time_quality", Type.NAME, "time_quality"),
    _field("time_text", Type.NAME, "time_text"),
    _field("status", Type.NAME, "status"),
    _field("message", Type.MESSAGE, "message"),
    _field("id", Type.EXACT, "id"),
    _field("seq", Type.NUMBER, "seq"),
)
FIELDS: Final = {field.name: field for field in _FIELDS}

_ALLOWED: Final = {
    "time_quality": tuple(TimeQuality),
    "status": ("parsed", "unparsed", "skipped"),
}
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_MAX_PATH: Final = 16


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
    field = FIELDS.get(name)
    if field is None:
        raise QueryError(
            f"there is no field {name[:40]!r}",
            column=column,
            expected=", ".join([*FIELDS, "attributes.<path>", "key", "in"]),
            got=name[:40],
            hint=f'to search for the text itself, quote it: "{name[:40]}:…"',
        )
    return field


def has_order(field: Field) -> bool:
    """Whether ``>=`` and its like mean anything for the field."""
    return field.type in {Type.NUMBER, Type.SEVERITY, Type.ATTRIBUTE}


def read_value(field: Field, text: str, column: int, *, ordered: bool) -> str | int:
    """What a value's text means for a field.

    Raises:
        QueryError: the field cannot have such a value.
    """
    match field.type:
        case Type.SEVERITY:
            return _severity(text, column)
        case Type.NUMBER:
            if not (text.isascii() and text.isdigit() and len(text) <= 18):
                raise QueryError(f"{field.name} is a number", column=column, expected="digits", got=text[:40])
            return int(text)
        case Type.IP:
            return _address(text, column)
        case Type.ATTRIBUTE if ordered:
            if not _DECIMAL.fullmatch(text):
                raise QueryError("only numbers can be ordered", column=column, expected="a number", got=text[:40])
            return text
        case _:
            pass
    allowed = _ALLOWED.get(field.name)
    if allowed is not None and text.lower() not in allowed:
        raise QueryError(f"{field.name} has no such value", column=column, expected=", ".join(allowed), got=text[:40])
    return text


def read_key(text: str, column: int) -> tuple[str, str]:
    """The kind and normal value of ``<kind>=<value>``.

    Raises:
        QueryError: no such kind, or no value.
    """
    kind, equals, value = text.partition("=")
    kinds = [str(known) for known in KeyKind]
    if not equals or kind not in kinds:
        raise QueryError("a key is named by kind and value", column=column, expected="key:ip=10.0.0.1", got=text[:60])
    found = normal(kind, value)
    if not found:
        raise QueryError("a key's value is empty or too long", column=column, expected="1 to 1024 characters", got=kind)
    return kind, found


def _severity(text: str, column: int) -> int:
    names = {level.name.lower(): int(level) for level in Severity}
    if text.lower() in names:
        return names[text.lower()]
    if text in {"0", "1", "2", "3", "4"}:
        return int(text)
    raise QueryError("severity has no such value", column=column, expected=", ".join(names), got=text[:40])


def _address(text: str, column: int) -> str:
    text = text.partition("%")[0]  # a zone means something on one machine only; addresses are kept without
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            return str(network.network_address if network.num_addresses == 1 else network)
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise QueryError(
            "not an IP address or network",
            column=column,
            expected="10.0.0.1, 10.0.0.0/8, 10.0.* or 2001:db8::1",
            got=text[:60],
        ) from None

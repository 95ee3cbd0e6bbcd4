"""OTLP's values as plain ones: attributes, bodies, ids, times, severities.

Reference: opentelemetry-proto, ``common.proto``; "OTLP/JSON": 64-bit integers as text, ids as hex, bytes as base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.reading.timefield import EXACT, MISSING, NO_STAMP, OUT_OF_RANGE, UNREADABLE, Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEP = 24
_WHOLE = re.compile(r"-?\d{1,20}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_LAST = (1 << 63) - 1


def whole(value: object) -> int | None:
    """A 64-bit integer, a number or text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None


def plain(value: object, depth: int = 0) -> object:
    """An AnyValue as what it holds."""
    if not isinstance(value, dict) or depth > _DEEP:
        return None
    for name, inner in value.items():
        if name in {"stringValue", "boolValue", "doubleValue", "bytesValue"}:
            return inner
        if name == "intValue":
            number = whole(inner)
            return inner if number is None else number
        if name == "arrayValue":
            items = mapping(inner).get("values")
            return [plain(item, depth + 1) for item in items] if isinstance(items, list) else []
        if name == "kvlistValue":
            return attributes_of(mapping(inner).get("values"), depth + 1)
    return None


def attributes_of(value: object, depth: int = 0) -> dict[str, object]:
    """A list of KeyValue as an object; of a key that comes twice the first counts."""
    found: dict[str, object] = {}
    for item in value if isinstance(value, list) else ():
        name = mapping(item).get("key")
        if isinstance(name, str):
            found.setdefault(name, plain(mapping(item).get("value"), depth))
    return found


def hex_id(value: object, size: int) -> str:
    """A trace or span id of so many bytes as lower-case hex; empty if it is none or all zero. Base64 is read too."""
    text = text_of(value)
    if len(text) != size * 2 or not _HEX.fullmatch(text):
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return ""
        if len(raw) != size:
            return ""
        text = raw.hex()
    text = text.lower()
    return text if text.strip("0") else ""


def stamp_of(value: object) -> Stamp:
    """Nanoseconds since 1970, as number or text; 0 states no time."""
    at = whole(value)
    if at is None:
        text = text_of(value)
        return Stamp(None, text, MISSING, UNREADABLE) if text else NO_STAMP
    if at == 0:
        return NO_STAMP
    if not -_LAST <= at <= _LAST:
        return Stamp(None, str(at), MISSING, OUT_OF_RANGE)
    return Stamp(at, str(at), EXACT)


def level_of(number: object) -> int:
    """Our five steps of OTLP's severity number: trace to info, warn, error, fatal."""
    level = _NAMES.get(number, 0) if isinstance(number, str) and not number.isdigit() else whole(number) or 0
    if level >= 21:
        return 4
    return 3 if level >= 17 else 2 if level >= 13 else 0


_NAMES = {
    f"SEVERITY_NUMBER_{word}{suffix}": first + step
    for first, word in ((1, "TRACE"), (5, "DEBUG"), (9, "INFO"), (13, "WARN"), (17, "ERROR"), (21, "FATAL"))
    for step, suffix in enumerate(("", "2", "3", "4"))
}
"""The enumeration's names, which some exporters write for its numbers."""


def one_line(value: object) -> str:
    """A body or a value as a line for a person."""
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    return " ".join(text.split())


def first(fields: Mapping[str, object], *names: str) -> str:
    """The first of these attributes that holds a text or number."""
    for name in names:
        text = text_of(fields.get(name))
        if text:
            return text
    return ""

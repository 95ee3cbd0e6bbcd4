"""Objects by the dotted paths of their values, however they are written: nested, dotted, or mixed; and their text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEP = 12
_MOST = 20_000


def flat(record: Mapping[str, object]) -> dict[str, object]:
    """Every value that is no object under its path; lists stay whole; nothing and empty texts are left out."""
    found: dict[str, object] = {}
    work: list[tuple[str, Mapping[str, object], int]] = [("", record, 0)]
    for prefix, part, depth in work:
        for name, value in part.items():
            if value is None or value == "":
                continue
            path = prefix + name
            if isinstance(value, dict):
                if depth < _DEEP and len(work) < _MOST:
                    work.append((path + ".", value, depth + 1))
            else:
                found.setdefault(path, value)
    return found


def json_text(value: object, instead: str = "{}") -> str:
    """The JSON text of what was read from JSON; ``instead`` where it is nested deeper than can be written."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        pass
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return instead


def texts(value: object, most: int = 50) -> Iterator[str]:
    """The texts in a field: itself, or those of a list."""
    for item in value[:most] if isinstance(value, list) else (value,):
        text = text_of(item)
        if text:
            yield text


def first(fields: Mapping[str, object], *names: str) -> str:
    """The first of these fields that holds a text; of a list its first."""
    for name in names:
        value = fields.get(name)
        if value is not None:
            text = next(texts(value, 1), "")
            if text:
                return text
    return ""

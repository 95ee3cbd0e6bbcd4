"""Documents of nested objects: values put at dotted paths, and what is empty left out."""

from __future__ import annotations

from typing import Any


def put(document: dict[str, Any], path: str, value: object) -> None:
    """Put a value at a dotted path; nothing is put where the value says nothing or something else stands in the way."""
    if value is None or value == "":
        return
    *outer, last = path.split(".")
    for name in outer:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        document = inner
    document[last] = value


def pruned(document: dict[str, Any]) -> dict[str, Any]:
    """The document without empty objects, lists and texts on its first two levels."""
    out = {}
    for name, value in document.items():
        kept = {key: inner for key, inner in value.items() if inner not in (None, "", {}, [])} \
            if isinstance(value, dict) else value  # fmt: skip
        if kept not in (None, "", {}, []):
            out[name] = kept
    return out

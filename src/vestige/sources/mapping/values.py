"""Where a mapping's values come from: a field, a constant, a table, a template; compiled to one function each.

A source of values is any of::

    "user"                                             a field: a named group, a column, or a JSON path
    { value = "gateway" }                              a constant
    { field = "act", table = { IN = "x" }, default = "y" }   a value by table; several fields are joined by a blank
    { template = "{user} did {act}" }                  a text with fields in it; empty if all of them are

A JSON path leads into objects by points and into arrays by ``[0]``: ``actor.emails[0]``. A name that is there as it
stands, points and all, is taken first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from vestige.sources.reading.fields import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Record = Mapping[str, object]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
_PLACE = re.compile(r"\{([^{}]+)\}")


class Value(Protocol):
    """A compiled source of values."""

    def __call__(self, record: Record, /) -> object:
        """The value in a record; none where it has none."""


def path_steps(path: str) -> list[str | int]:
    """The steps of a JSON path.

    Raises:
        ValueError: it is none.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"no path: {path[:60]!r} at character {at + 1}")
        steps.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
        if path[at : at + 1] == "." and at + 1 < len(path):
            at += 1
    return steps


def field_of(path: str) -> Value:
    """The value of a field or path.

    Raises:
        ValueError: it is no path.
    """
    steps = path_steps(path)
    if len(steps) == 1:
        return lambda record: record.get(path)

    def deep(record: Record) -> object:
        if path in record:
            return record[path]
        value: object = record
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            else:
                value = value[step] if isinstance(value, list) and step < len(value) else None
        return value

    return deep


def constant(value: object) -> Value:
    """The same value for every record."""
    return lambda _: value


def joined(parts: list[Value]) -> Value:
    """Several values as one text, joined by a blank."""
    return lambda record: " ".join(text_of(part(record)) for part in parts)


def by_table(source: Value, table: Mapping[str, object], default: object) -> Value:
    """A value by table; the default for one that is not in it."""
    return lambda record: table.get(text_of(source(record)).strip(), default)


def template(text: str, needs: Callable[[str], Value]) -> Value:
    """A text with fields in it; empty where all of them are."""
    pieces = _PLACE.split(text)
    fields = [needs(name) for name in pieces[1::2]]
    literals = pieces[0::2]

    def fill(record: Record) -> object:
        found = [text_of(field(record)) for field in fields]
        if fields and not any(found):
            return ""
        return literals[0] + "".join(part + literal for part, literal in zip(found, literals[1:], strict=True))

    return fill


def names_in(text: str) -> list[str]:
    """The fields a template names."""
    return _PLACE.findall(text)

"""One term: what a field and its value, or a word with stars, mean as a node."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from vestige.model.errors import QueryError
from vestige.query import habits, values
from vestige.query.ast import Addresses, And, Between, Compare, Exists, Glob, Like, Node, Op, Or, Phrase, Said
from vestige.query.fields import Field, Type, has_order

RANGE: Final = re.compile(
    r"""(?P<open>[\[{])\s*(?:"(?P<qlow>[^"]*)"|(?P<low>[^\s"\]}]+(?:\s+\d\d:[^\s"\]}]+)?))\s+(?:TO|to)\s+
        (?:"(?P<qhigh>[^"]*)"|(?P<high>[^\s"\]}]+(?:\s+\d\d:[^\s"\]}]+)?))\s*(?P<close>[\]}])""",
    re.VERBOSE,
)
_BETWEEN: Final = re.compile(r"(?P<low>[^\s()\"]+?)\.\.(?P<high>[^\s()\"]+)")


class Value(NamedTuple):
    """A value as it is written, whether in quotes, and from where to where it stands (from 0)."""

    text: str
    quoted: bool
    at: int
    end: int


def compared(field: Field, op: Op | None, value: Value) -> Node:
    """A field and one value: a comparison, a shape, a range written ``low..high``, or words of the message.

    Raises:
        QueryError: the field cannot have such a value, or has no such order.
    """
    text, column = value.text, value.at + 1
    habits.refuse_value(field, value)
    if not value.quoted:
        between = _BETWEEN.fullmatch(text) if op is None and _has_range(field) else None
        if between is not None:
            at = (column, column + between.start("high"))
            return _within(field, between["low"], between["high"], at, open_low=False, open_high=False)
        if "*" in text:
            return _shaped(field, op, value)
    if field.type in {Type.NUMBER, Type.SEVERITY, Type.TIME}:
        return Between(field, *values.bounds(field, op or Op.IS, text, column))
    if field.type is Type.MESSAGE:
        return Phrase(text) if value.quoted else Said(text)
    if op is not None:
        return Compare(field, op, values.number(text, column))
    same = Compare(field, Op.IS, values.read(field, text, column))
    # The name of a parser without its version is any version.
    return Or((same, Like(field, (f"{text}/", "")))) if field.name == "parser" and "/" not in text else same


def _shaped(field: Field, op: Op | None, value: Value) -> Node:
    """A value with ``*`` in it."""
    if not value.text.strip("*") and op is None:
        return Exists(field)
    if op is not None or field.type in {Type.NUMBER, Type.SEVERITY, Type.TIME}:
        raise QueryError(f"{field.name} takes no shape here", column=value.at + 1, expected="a value without *")
    if field.type is Type.MESSAGE:
        return glob(value)
    return Like(field, tuple(value.text.split("*")))


def _has_range(field: Field) -> bool:
    return field.type is Type.IP or (has_order(field) and field.type is not Type.ATTRIBUTE)


def range_of(field: Field, found: re.Match[str], at: int) -> Node:
    """A field and a range in brackets, matched by :data:`RANGE` at ``at``.

    Raises:
        QueryError: the field has no order, or an end is no value of it.
    """
    if not (has_order(field) or field.type is Type.IP):
        raise QueryError(f"{field.name} has no order", column=at + 1, expected=f"{field.name}:value", got=found[0][:40])
    low, high = (found["low"] or found["qlow"] or "", found["high"] or found["qhigh"] or "")
    starts = (
        1 + max(found.start("low"), found.start("qlow")),
        1 + max(found.start("high"), found.start("qhigh")),
    )
    return _within(field, low, high, starts, open_low=found["open"] == "{", open_high=found["close"] == "}")


def _within(field: Field, low: str, high: str, columns: tuple[int, int], *, open_low: bool, open_high: bool) -> Node:
    if field.type is Type.IP:
        if open_low or open_high:
            raise QueryError("a range of addresses includes its ends", column=columns[0], expected="[low TO high]")
        return Addresses(field, *values.addresses(low, high, columns))
    if low == "*" and high == "*":
        return Exists(field)
    above, below = (Op.ABOVE if open_low else Op.AT_LEAST), (Op.BELOW if open_high else Op.AT_MOST)
    if field.type is Type.ATTRIBUTE:
        ends = [(above, low, columns[0]), (below, high, columns[1])]
        parts = [Compare(field, op, values.number(text, column)) for op, text, column in ends if text != "*"]
        if len(parts) == 2 and (
            Decimal(low) > Decimal(high) or ((open_low or open_high) and Decimal(low) == Decimal(high))
        ):
            raise _empty(low, high, columns[0])
        return parts[0] if len(parts) == 1 else And(tuple(parts))
    first = None if low == "*" else values.bounds(field, above, low, columns[0]).low
    last = None if high == "*" else values.bounds(field, below, high, columns[1]).high
    if first is not None and last is not None and first >= last:
        raise _empty(low, high, columns[0])
    return Between(field, first, last)


def _empty(low: str, high: str, column: int) -> QueryError:
    return QueryError(
        "the range is empty",
        column=column,
        expected="the lower end first, and something between the ends if { and } leave them out",
        got=f"{low} TO {high}"[:80],
    )


def glob(value: Value) -> Glob:
    """A word with stars as a shape of the message.

    Raises:
        QueryError: it is nothing but stars.
    """
    parts = tuple(value.text.split("*"))
    if not any(parts):
        raise QueryError(
            "a lone * says nothing",
            column=value.at + 1,
            expected="*:* for every event, field:* for those that state a field, or a word with a *",
        )
    return Glob(parts)

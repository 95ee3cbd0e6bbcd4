r"""A rule's detection as a condition on the columns of its fields.

Sigma's meaning, held exactly:

* text is compared without regard to case unless ``cased``; ``*`` and ``?`` are wildcards, ``\`` takes away their sense;
* a list of values is "any of", under ``all`` "every one"; what ``windash`` and ``base64offset`` make of one value is
  "any of", also under ``all``;
* a field that is missing equals nothing but ``null``; a number is compared as its text, with ``lt`` and its kin as a
  number;
* a keyword stands anywhere in any of the event's values, or in its message;
* ``not`` turns a condition round, so every condition here is 0 or 1 and never unknown.

The engine folds both sides (``lowerUTF8``), so no letter is folded in two ways. Regular expressions are RE2's on both
sides: what that cannot hold (looking around, back references) is refused when the rule is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vestige.correlate.sigma.fields import Column, Fields, Values

MOST_PARTS: Final = 5_000
"""Comparisons of one rule at most."""
MOST_DEEP: Final = 100
_NEEDLES: Final = 255
"""Texts that the engine looks for in one pass at most."""
_OPERATORS: Final = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "!=",
}
_FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_LIKE: Final = re.compile(r"[\\%_]")


class Compiler:
    """Turns the conditions of rules into conditions of one statement."""

    def __init__(self, fields: Fields, values: Values) -> None:
        self._fields = fields
        self._values = values
        self._parts = 0

    def any(self, trees: Iterable[object]) -> str:
        """The condition of a rule: that any of its parsed conditions holds.

        Raises:
            InputError: they hold what cannot be said here, with the reason.
        """
        self._parts = 0
        return " OR ".join(self._node(tree, 0) for tree in trees)

    def _node(self, node: object, depth: int) -> str:
        if depth > MOST_DEEP:
            raise InputError(f"the condition is nested deeper than {MOST_DEEP}")
        match node:
            case ConditionAND():
                return f"({' AND '.join(self._node(part, depth + 1) for part in node.args)})"
            case ConditionOR():
                return f"({' OR '.join(self._any(node.args, depth + 1))})"
            case ConditionNOT():
                return f"(NOT {self._node(node.args[0], depth + 1)})"
            case ConditionFieldEqualsValueExpression():
                return self._compare(self._fields.column(node.field), node.value)
            case ConditionValueExpression():
                return self._keyword(node.value)
            case _:
                raise InputError("the condition is empty")

    def _any(self, parts: Iterable[object], depth: int) -> list[str]:
        """The alternatives; those that compare one field with plain texts in the same way as one."""
        ways: list[str] = []
        alike: dict[tuple[Column, str], list[str]] = {}
        for part in parts:
            if isinstance(part, ConditionFieldEqualsValueExpression) and type(part.value) is SigmaString:
                how, text = _shape(part.value)
                if how in {"equals", "contains"} and text:
                    self._count()
                    alike.setdefault((self._fields.column(part.field), how), []).append(text)
                    continue
            ways.append(self._node(part, depth))
        for (column, how), texts in alike.items():
            if len(texts) == 1:
                ways.append(column.folded(self._plain(how, texts[0], folded=True)))
            elif how == "equals":
                listed = self._texts(texts)
                ways.append(column.folded(_is_in(listed)))
            else:
                for begin in range(0, len(texts), _NEEDLES):
                    listed = self._texts(texts[begin : begin + _NEEDLES])
                    ways.append(column.folded(_holds_any(listed)))
        return ways

    def _compare(self, column: Column, value: object) -> str:  # noqa: C901, PLR0911 - one answer per type of value
        self._count()
        match value:
            case SigmaTimestampPart():
                raise InputError("parts of a time (minute, hour, day, week, month, year) are not compared here")
            case SigmaCasedString():
                return self._text(column, value, folded=False)
            case SigmaString():
                return self._text(column, value, folded=True)
            case SigmaNumber() | SigmaBool():
                return column.folded(self._plain("equals", str(value).lower(), folded=True))
            case SigmaNull():
                return f"(NOT {column.there})"
            case SigmaExists():
                return column.there if value.exists else f"(NOT {column.there})"
            case SigmaRegularExpression():
                pattern = self._pattern(value)
                # An expression that matches nothing at all must not match a field that is not there.
                there = "" if column.many else f" AND {column.there}"
                return f"({column.exact(lambda x: f'match({x}, {pattern})')}{there})"
            case SigmaCIDRExpression():
                network = self._values.put(str(value.network))
                return column.folded(lambda x: _in_network(x, network))
            case SigmaCompareExpression():
                number = self._values.put(float(value.number.number), "Float64")
                operator = _OPERATORS[value.op]
                return column.folded(
                    lambda x: (
                        f"(isNotNull(toFloat64OrNull({x})) AND ifNull(toFloat64OrNull({x}) {operator} {number}, 0))"
                    )
                )
            case SigmaFieldReference():
                return self._reference(column, value)
            case SigmaExpansion():
                return f"({' OR '.join(self._compare(column, one) for one in value.values)})"
            case _:
                raise InputError(f"values of the kind {type(value).__name__} are not compared here")

    def _keyword(self, value: object) -> str:
        self._count()
        column = self._fields.keywords()
        match value:
            case SigmaExpansion():
                return f"({' OR '.join(self._keyword(one) for one in value.values)})"
            case SigmaRegularExpression():
                pattern = self._pattern(value)
                return column.exact(lambda x: f"match({x}, {pattern})")
            case SigmaNumber():
                text = SigmaString(str(value))
            case SigmaString():
                text = value
            case _:
                raise InputError("a keyword is a text, a number or a regular expression")
        cased = isinstance(value, SigmaCasedString)
        if not text.s or text.s[0] is not SpecialChars.WILDCARD_MULTI:
            text = SpecialChars.WILDCARD_MULTI + text
        if text.s[-1] is not SpecialChars.WILDCARD_MULTI:
            text += SpecialChars.WILDCARD_MULTI
        return self._text(column, text, folded=not cased)

    def _text(self, column: Column, value: SigmaString, *, folded: bool) -> str:
        how, text = _shape(value)
        if how == "anything":
            return column.there
        look = column.folded if folded else column.exact
        found = look(self._plain(how, text, folded=folded))
        empty = how == "equals" and not text
        return f"({found} AND {column.there})" if empty and not column.many else found

    def _plain(self, how: str, text: str, *, folded: bool) -> Callable[[str], str]:
        value = self._folded(text) if folded else self._values.put(text)
        match how:
            case "equals":
                return lambda x: f"{x} = {value}"
            case "starts":
                return lambda x: f"startsWith({x}, {value})"
            case "ends":
                return lambda x: f"endsWith({x}, {value})"
            case "contains":
                return lambda x: f"position({x}, {value}) > 0"
            case _:
                return lambda x: f"{x} LIKE {value}"

    def _folded(self, text: str) -> str:
        return self._values.put(text.lower()) if text.isascii() else f"lowerUTF8({self._values.put(text)})"

    def _texts(self, texts: list[str]) -> str:
        plain = all(text.isascii() for text in texts)
        listed = self._values.put([text.lower() if plain else text for text in texts], "Array(String)")
        return listed if plain else f"arrayMap(x -> lowerUTF8(x), {listed})"

    def _pattern(self, value: SigmaRegularExpression) -> str:
        _refuse_placeholders(value.regexp)
        flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
        # The engine lets a dot match a line's end unless told otherwise; Sigma does not.
        off = "" if "s" in flags else "-s"
        return self._values.put(f"(?{flags}{off}){value.regexp}")

    def _reference(self, column: Column, value: SigmaFieldReference) -> str:
        other = self._fields.column(value.field)
        if value.starts_with and value.ends_with:
            compare = "position({}, {}) > 0"
        elif value.starts_with:
            compare = "startsWith({}, {})"
        elif value.ends_with:
            compare = "endsWith({}, {})"
        else:
            compare = "{} = {}"
        inner = "y" if column.many else "x"
        found = column.folded(lambda x: other.folded(lambda y: compare.format(x, y), named=inner))
        return f"({found} AND {column.there} AND {other.there})"

    def _count(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise InputError(f"the rule compares more than {MOST_PARTS} values")


def _refuse_placeholders(value: SigmaString) -> None:
    for part in value.s:
        if isinstance(part, Placeholder):
            raise InputError(f"the placeholder %{part.name[:60]}% has no value here")


def _shape(value: SigmaString) -> tuple[str, str]:
    """How a text is compared, and with what: ``equals``, ``starts``, ``ends``, ``contains``, ``like``, ``anything``."""
    _refuse_placeholders(value)
    parts = value.s
    many = SpecialChars.WILDCARD_MULTI
    if parts and all(part is many for part in parts):
        return "anything", ""
    first, last = bool(parts) and parts[0] is many, bool(parts) and parts[-1] is many
    inner = parts[first : len(parts) - last]
    if len(inner) <= 1 and all(isinstance(part, str) for part in inner):
        text = str(inner[0]) if inner else ""
        return {(False, False): "equals", (False, True): "starts", (True, False): "ends", (True, True): "contains"}[
            first, last
        ], text
    return "like", "".join(
        _LIKE.sub(lambda found: f"\\{found[0]}", part) if isinstance(part, str) else "%" if part is many else "_"
        for part in parts
    )


def _is_in(listed: str) -> Callable[[str], str]:
    return lambda x: f"{x} IN {listed}"


def _holds_any(listed: str) -> Callable[[str], str]:
    return lambda x: f"multiSearchAny({x}, {listed})"


def _in_network(column: str, network: str) -> str:
    # The function throws on what is no address, so such a value is given one that stands for it and then refused.
    valid = f"(isIPv4String({column}) OR isIPv6String({column}))"
    return f"({valid} AND isIPAddressInRange(if({valid}, {column}, '::'), {network}))"

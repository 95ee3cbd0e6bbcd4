r"""The filter language: text to tree.

::

    query   = [ or ]
    or      = and { OR and }
    and     = unary { [ AND ] unary }
    unary   = ( NOT | "-" | "!" ) unary | "(" or ")" | term
    term    = "case" ":" value
            | name ":" value | name ":" "(" values ")" | name [ "not" ] "in" "(" values ")" | name order value
            | name ":" range | "exists:" name | "*:*" | value
    values  = or, in which terms are values, and those side by side (or with a comma between) are alternatives
    range   = "[" value "TO" value "]" | value ".." value        ("{" and "}" leave an end out, "*" is no bound)
    value   = [ order ] word | '"' text '"'
    order   = ">=" | ">" | "<=" | "<"
    AND     = "AND" | "and" | "&&"      OR = "OR" | "or" | "||"      NOT = "NOT" | "not"

A word ends at a space, a parenthesis or a quote. ``*`` in a word stands for any text; in quotes it is itself, and there
``\"`` and ``\\`` are a quote and a backslash. ``field:*`` asks that the field is stated; ``in:ledger`` includes this
installation's own acts.

Which habits are met: ``and`` and ``or`` join what stands on both sides of them; ``not`` negates a field or a
parenthesis, and is a word before a word (*not found* is searched for as it stands). ``name:`` before a word makes a
field of it, unless the whole word is an IPv6 address, a path on a drive or a URL. ``name >= value``, ``name : value``,
``name in (…)`` with spaces are fields where the name is one. ``+word`` is the word. What else other languages write is
refused where it can hardly be meant literally (:mod:`vestige.query.habits`).

Parsing raises :class:`~vestige.model.errors.QueryError` with the 1-based column, and nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from vestige.model.errors import QueryError
from vestige.query import habits, values
from vestige.query.ast import All, And, Exists, HasKey, InCase, InLedger, Node, Not, Op, Or, Phrase, Word
from vestige.query.fields import Field, Type, has_order, is_field, lookup
from vestige.query.terms import RANGE, Value, compared, glob, range_of

MAX_LENGTH: Final = 4096
MAX_DEPTH: Final = 40
MAX_TERMS: Final = 200

_NAME: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]*(?:\.[^\s:()\"<>]*)?")
_WORD: Final = re.compile(r"[^\s()\"]+")
_LISTED: Final = re.compile(r"[^\s()\",]+")
_SPACE: Final = re.compile(r"\s*")
_ORDER: Final = re.compile(r">=|<=|>|<")
_JOINT: Final = re.compile(r"(?:(?P<both>AND|and|&&)|(?P<either>OR|or|\|\|))(?=[\s()\"])")
_NOT: Final = re.compile(r"NOT(?=[\s()\"]|\Z)")
_SAID_NOT: Final = re.compile(r"not(?=[\s(])\s*")
_NO_FIELD: Final = re.compile(r"[A-Za-z]:\\|[A-Za-z][A-Za-z0-9+.-]*://")
"""How a path on a drive and a URL begin: text, not a field."""
_PLUS: Final = re.compile(r"\+(?=[^\W\d_]|\")")
_DATE: Final = re.compile(r"(?:.*\.\.)?\d{4}-\d\d-\d\d")
_CLOCK: Final = re.compile(r"\s+(\d\d:\d\d[^\s()\",]*)")
_EVERYTHING: Final = re.compile(r"\*:\*(?=[\s()]|\Z)")
_OTHERS: Final = frozenset({"key", "in", "case", "exists", "_exists_"})
"""Names that are no fields of the event."""


def parse(text: str) -> Node:
    """Read a query; an empty one is :class:`~vestige.query.ast.All`.

    Raises:
        QueryError: the text is not a query, or beyond the bounds on length, depth and number of terms.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(
            "the query is too long",
            column=MAX_LENGTH + 1,
            expected=f"at most {MAX_LENGTH} characters",
            got=f"{len(text)}",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise QueryError("the query is not text", column=error.start + 1, got="half a surrogate pair") from None
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._terms = 0
        self._skip()

    def query(self) -> Node:
        if self._at == len(self._text):
            return All()
        node = self._either(0, None)
        if self._at < len(self._text):
            raise QueryError("a parenthesis closes that was not opened", column=self._at + 1)
        return node

    def _either(self, depth: int, field: Field | None) -> Node:
        """Alternatives; of a field's values also those side by side, except for words of the message."""
        listed = field is not None and field.type is not Type.MESSAGE
        parts = [self._both(depth, field, listed=listed)]
        while not self._is_over():
            joint = self._joint()
            if joint != "either" and not listed:
                break
            if joint == "either":
                self._take(_JOINT)
            parts.append(self._both(depth, field, listed=listed))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self, depth: int, field: Field | None, *, listed: bool) -> Node:
        parts = [self._unary(depth, field)]
        while not self._is_over():
            joint = self._joint()
            if joint == "either" or (listed and joint is None):
                break
            if joint == "both":
                self._take(_JOINT)
            parts.append(self._unary(depth, field))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _unary(self, depth: int, field: Field | None) -> Node:
        start = self._at
        if depth > MAX_DEPTH:
            raise QueryError("the query is nested too deeply", column=start + 1, expected=f"at most {MAX_DEPTH}")
        if self._take_not(field):
            inner_at = self._at
            part = self._unary(depth + 1, field)
            if isinstance(part, InLedger):
                raise QueryError("in:ledger cannot be negated", column=inner_at + 1, hint="leave it out")
            return Not(part)
        letter = self._text[start : start + 1]
        if letter == "(":
            return self._group(depth, field)
        if letter in {"", ")"} or self._joint(only="AND OR && ||") is not None:
            raise QueryError("a term is missing", column=start + 1, expected="a word, a quoted text, field:value or (")
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError("the query has too many terms", column=start + 1, expected=f"at most {MAX_TERMS}")
        return self._term() if field is None else self._value_of(field, listed=True)

    def _group(self, depth: int, field: Field | None) -> Node:
        start = self._at
        self._at += 1
        self._skip()
        node = self._either(depth + 1, field)
        if self._text[self._at : self._at + 1] != ")":
            raise QueryError("a parenthesis is not closed", column=start + 1)
        self._at += 1
        self._skip()
        return node

    def _take_not(self, field: Field | None) -> bool:
        text, at = self._text, self._at
        if text[at : at + 1] in {"-", "!"} and at < len(text):
            if at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] == ")":
                sign = "minus" if text[at] == "-" else "exclamation mark"
                raise QueryError(
                    f"nothing follows the {sign}",
                    column=at + 1,
                    hint=f'to search for the sign itself, quote it: "{text[at]}"',
                )
            self._at += 1
            return True
        if self._take(_NOT):
            return True
        said = _SAID_NOT.match(text, at)
        if said is None:
            return False
        after = said.end()
        if text[after : after + 1] != "(" and (field is None or field.type is Type.MESSAGE):
            # Before a word it is a word: who looks for `not found` looks for just that.
            name = _NAME.match(text, after)
            if name is None or not (
                text[name.end() : name.end() + 1] == ":" or self._is_said_of(name) or self._is_listed(name)
            ):
                return False
        self._at = after
        return True

    def _term(self) -> Node:
        text, start = self._text, self._at
        if _PLUS.match(text, start):
            self._at = start = start + 1
        if _EVERYTHING.match(text, start):
            self._at = start + 3
            self._skip()
            return All()
        habits.refuse_term(text, start)
        name = None if _NO_FIELD.match(text, start) else _NAME.match(text, start)
        if name is not None:
            if text[name.end() : name.end() + 1] == ":":
                word = _WORD.match(text, start)
                if word is None or not _is_address(word[0]):
                    return self._named(name[0], start, name.end() + 1)
            elif self._is_said_of(name):
                after = _end(_SPACE, text, name.end())
                return self._named(name[0], start, after if _ORDER.match(text, after) else after + 1)
            elif is_field(name[0]):
                habits.refuse_bare_list(text, name)
                listed = habits.LISTED.match(text, name.end())
                if listed is not None:
                    self._at = listed.end()
                    node = self._values(lookup(name[0], start + 1))
                    return Not(node) if listed["no"] else node
        value = self._value(_WORD)
        if value.quoted:
            return Phrase(value.text)
        habits.refuse_fuzzy(value)
        return glob(value) if "*" in value.text else Word(value.text)

    def _is_said_of(self, name: re.Match[str]) -> bool:
        """Whether a name that is a field is followed by a sign of comparison, or by a colon after spaces."""
        if not is_field(name[0]):
            return False
        after = _end(_SPACE, self._text, name.end())
        if self._text[after : after + 1] == ":":
            return True
        return _ORDER.match(self._text, after) is not None and has_order(lookup(name[0], name.start() + 1))

    def _is_listed(self, name: re.Match[str]) -> bool:
        """Whether a name that is a field is followed by values in parentheses."""
        return is_field(name[0]) and habits.LISTED.match(self._text, name.end()) is not None

    def _named(self, name: str, start: int, at: int) -> Node:
        """What stands behind a name and its colon."""
        text = self._text
        self._at = at
        if is_field(name) or name in _OTHERS:
            self._skip()
        if self._at == len(text) or text[self._at].isspace() or text[self._at] == ")":
            if name not in _OTHERS:
                lookup(name, start + 1)
            raise QueryError(
                "a field has no value",
                column=at + 1,
                expected=f"{name}:value",
                hint="field:* asks that it is stated",
            )
        match name:
            case "exists" | "_exists_":
                value = self._value(_WORD)
                return Exists(lookup(value.text, value.at + 1))
            case "in":
                value = self._value(_WORD)
                if value.text != "ledger":
                    raise QueryError("in: knows one place", column=start + 1, expected="in:ledger", got=value.text[:40])
                return InLedger()
            case "key":
                return self._key()
            case "case":
                return self._case()
            case _:
                return self._of_field(lookup(name, start + 1))

    def _of_field(self, field: Field) -> Node:
        listed = habits.LISTED_VALUE.match(self._text, self._at)
        if listed is not None:
            self._at = listed.end()
        if self._text[self._at] == "(":
            return self._values(field)
        return self._value_of(field)

    def _values(self, field: Field) -> Node:
        """A field's values in parentheses."""
        node = self._group(0, field)
        self._refuse_comma(field.name)
        return node

    def _key(self) -> Node:
        at = self._at
        if _ORDER.match(self._text, at):
            raise QueryError("a key has no order", column=at + 1, expected="key:<kind>=<value>")
        word = _WORD.match(self._text, at)
        if word is not None and word[0].endswith("=") and self._text[word.end() : word.end() + 1] == '"':
            self._at = word.end()
            kind, value = word[0], self._value(_WORD)
        else:
            kind, value = "", self._value(_WORD)
        self._refuse_comma("key", value)
        return HasKey(*values.key(kind + value.text, at + 1))

    def _case(self) -> Node:
        at = self._at
        value = self._value(_WORD)
        self._refuse_comma("case", value)
        if not value.text.strip() or (not value.quoted and "*" in value.text):
            raise QueryError(
                "case: names one case",
                column=at + 1,
                expected='case:<id> or case:"name"',
                got=value.text[:40],
                hint="several are asked for as (case:… OR case:…)",
            )
        return InCase(value.text, at + 1)

    def _value_of(self, field: Field, *, listed: bool = False) -> Node:
        """One value, comparison or range of a field."""
        at = self._at
        ranged = RANGE.match(self._text, at)
        if ranged is not None:
            self._at = ranged.end()
            self._end_value(field, listed=listed)
            return range_of(field, ranged, at)
        order = _ORDER.match(self._text, at)
        if order is not None:
            if not has_order(field):
                raise QueryError(
                    f"{field.name} has no order",
                    column=at + 1,
                    expected=f"{field.name}:value",
                    got=order[0],
                    hint="severity, times, ports, seq and attributes do",
                )
            self._at = order.end()
            self._skip()
        value = self._value(_LISTED if listed else _WORD)
        if field.type is Type.TIME:
            value = self._with_clock(value)
        self._end_value(field, listed=listed, value=value)
        return compared(field, None if order is None else Op(order[0]), value)

    def _value(self, word: re.Pattern[str]) -> Value:
        """A word or a quoted text."""
        at = self._at
        if self._text[at : at + 1] == '"':
            found = self._quoted()
            habits.refuse_behind_quotes(self._text, self._at)
        else:
            habits.refuse_word(self._text, at)
            match = word.match(self._text, at)
            if match is None:
                raise QueryError("a value is missing", column=at + 1, expected="a word or a quoted text")
            self._at = match.end()
            found = Value(match[0], quoted=False, at=at, end=match.end())
        self._skip()
        return found

    def _with_clock(self, value: Value) -> Value:
        """A date and the time of day that follows it after a space, as one."""
        while not value.quoted and _DATE.fullmatch(value.text) and (clock := _CLOCK.match(self._text, value.end)):
            value = Value(f"{value.text}T{clock[1]}", quoted=False, at=value.at, end=clock.end())
            self._at = clock.end()
        self._skip()
        return value

    def _end_value(self, field: Field, *, listed: bool, value: Value | None = None) -> None:
        self._skip()
        if not listed:
            self._refuse_comma(field.name, None if field.type is Type.MESSAGE else value)
        elif self._text[self._at : self._at + 1] == ",":
            self._at += 1
            self._skip()

    def _refuse_comma(self, name: str, value: Value | None = None) -> None:
        """Refuse a comma at the end of a value, or behind it."""
        if value is not None and not value.quoted and value.text.endswith(","):
            habits.refuse_comma(name, value.end - 1)
        if self._text[self._at : self._at + 1] == ",":
            habits.refuse_comma(name, self._at)

    def _quoted(self) -> Value:
        text, start = self._text, self._at
        out: list[str] = []
        at = start + 1
        while at < len(text):
            letter = text[at]
            if letter == '"':
                if not out:
                    raise QueryError("the quotes are empty", column=start + 1)
                self._at = at + 1
                return Value("".join(out), quoted=True, at=start, end=self._at)
            if letter == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:
                at += 1
                letter = text[at]
            out.append(letter)
            at += 1
        raise QueryError("a quote is not closed", column=start + 1)

    def _joint(self, only: str = "") -> str | None:
        """What joins here, without taking it: ``both``, ``either``, or nothing."""
        found = _JOINT.match(self._text, self._at)
        if found is None:
            # At the very end a joint in capitals joins nothing, which is an error; a small one is a word.
            rest = self._text[self._at :]
            return {"AND": "both", "&&": "both", "OR": "either", "||": "either"}.get(rest)
        if only and found[0] not in only.split():
            return None
        if found[0] in {"and", "or"} and not self._text[found.end() :].strip(" )\t\r\n"):
            return None
        return found.lastgroup

    def _take(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        rest = self._text[self._at :]
        if found is None and not (pattern is _JOINT and rest in {"AND", "OR", "&&", "||"}):
            return False
        self._at = len(self._text) if found is None else found.end()
        self._skip()
        return True

    def _is_over(self) -> bool:
        return self._at >= len(self._text) or self._text[self._at] == ")"

    def _skip(self) -> None:
        self._at = _end(_SPACE, self._text, self._at)


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at

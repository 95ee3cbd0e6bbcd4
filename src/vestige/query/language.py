r"""The filter language: text to tree.

::

    query   = [ or ]
    or      = and { "OR" and }
    and     = unary { [ "AND" ] unary }
    unary   = ( "NOT" | "-" ) unary | "(" or ")" | term
    term    = name ":" [ ">=" | ">" | "<=" | "<" ] value | value
    value   = word | '"' text '"'

A word ends at a space, a parenthesis or a quote. ``*`` in a word stands for any text; in quotes it is itself, and there
``\"`` and ``\\`` are a quote and a backslash. ``AND``, ``OR`` and ``NOT`` are operators in capitals only.
``field:*`` asks that the field is stated; ``in:ledger`` includes this installation's own acts. A word is a field term
when a name (letter first) stands before its first colon, unless the whole word is an IPv6 address.

Parsing raises :class:`~vestige.model.errors.QueryError` with the 1-based column, and nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from enum import Enum, auto
from typing import Final, NamedTuple

from vestige.model.errors import QueryError
from vestige.query import fields
from vestige.query.ast import (
    All,
    And,
    Compare,
    Exists,
    Glob,
    HasKey,
    InLedger,
    Like,
    Node,
    Not,
    Op,
    Or,
    Phrase,
    Said,
    Word,
)
from vestige.query.fields import Type

MAX_LENGTH: Final = 4096
MAX_DEPTH: Final = 40
MAX_TERMS: Final = 200

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[^\s:()\"]*)?:")
_WORD: Final = re.compile(r"[^\s()\"]+")
_SPACE: Final = re.compile(r"\s*")
_ORDER: Final = re.compile(r">=|<=|>|<")


class _Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    TERM = auto()
    END = auto()


class _Token(NamedTuple):
    kind: _Kind
    column: int
    name: str = ""
    op: Op | None = None
    text: str = ""
    quoted: bool = False
    value_column: int = 0


_OPERATORS: Final = {"AND": _Kind.AND, "OR": _Kind.OR, "NOT": _Kind.NOT}


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
    tokens = _lex(text)
    terms = sum(token.kind is _Kind.TERM for token in tokens)
    if terms > MAX_TERMS:
        raise QueryError("the query has too many terms", column=1, expected=f"at most {MAX_TERMS}", got=str(terms))
    if terms == 0 and len(tokens) == 1:
        return All()
    parser = _Parser(tokens)
    node = parser.any_of(0)
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def any_of(self, depth: int) -> Node:
        parts = [self._all_of(depth)]
        while self._peek() is _Kind.OR:
            self._at += 1
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        token = self._tokens[self._at]
        if token.kind is not _Kind.END:
            raise QueryError("a parenthesis closes that was not opened", column=token.column)

    def _all_of(self, depth: int) -> Node:
        parts = [self._unary(depth)]
        while self._peek() not in {_Kind.OR, _Kind.CLOSE, _Kind.END}:
            if self._peek() is _Kind.AND:
                self._at += 1
            parts.append(self._unary(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _unary(self, depth: int) -> Node:
        token = self._tokens[self._at]
        self._at += 1
        if depth > MAX_DEPTH:
            raise QueryError("the query is nested too deeply", column=token.column, expected=f"at most {MAX_DEPTH}")
        match token.kind:
            case _Kind.NOT:
                inner_at = self._tokens[self._at].column
                part = self._unary(depth + 1)
                if isinstance(part, InLedger):
                    raise QueryError("in:ledger cannot be negated", column=inner_at, hint="leave it out")
                return Not(part)
            case _Kind.OPEN:
                node = self.any_of(depth + 1)
                if self._peek() is not _Kind.CLOSE:
                    raise QueryError("a parenthesis is not closed", column=token.column)
                self._at += 1
                return node
            case _Kind.TERM:
                return _term(token)
            case _:
                raise QueryError(
                    "a term is missing", column=token.column, expected="a word, a quoted text, field:value or ("
                )

    def _peek(self) -> _Kind:
        return self._tokens[self._at].kind


def _term(token: _Token) -> Node:
    if not token.name:
        if token.quoted:
            return Phrase(token.text)
        return _glob(token) if "*" in token.text else Word(token.text)
    if token.name == "in":
        if token.text != "ledger" or token.op:
            raise QueryError("in: knows one place", column=token.column, expected="in:ledger", got=token.text[:40])
        return InLedger()
    if token.name == "key":
        if token.op:
            raise QueryError("a key has no order", column=token.column, expected="key:<kind>=<value>")
        return HasKey(*fields.read_key(token.text, token.value_column))
    return _field_term(token)


def _field_term(token: _Token) -> Node:
    field = fields.lookup(token.name, token.column)
    if token.op is not None and not fields.has_order(field):
        raise QueryError(
            f"{field.name} has no order",
            column=token.value_column - len(token.op),
            expected=f"{field.name}:value",
            got=token.op,
            hint="severity, ports, seq and attributes do",
        )
    if not token.quoted and "*" in token.text:
        if token.text == "*" and token.op is None:
            return Exists(field)
        if token.op is not None or field.type in {Type.NUMBER, Type.SEVERITY}:
            raise QueryError(
                f"{field.name} takes no shape here", column=token.value_column, expected="a value without *"
            )
        if field.type is Type.MESSAGE:
            return _glob(token)
        return Like(field, tuple(token.text.split("*")))
    if field.type is Type.MESSAGE:
        return Phrase(token.text) if token.quoted else Said(token.text)
    value = fields.read_value(field, token.text, token.value_column, ordered=token.op is not None)
    return Compare(field, token.op or Op.IS, value)


def _glob(token: _Token) -> Glob:
    parts = tuple(token.text.split("*"))
    if not any(parts):
        raise QueryError("a lone * says nothing", column=token.column, hint="field:* asks that a field is stated")
    return Glob(parts)


def _lex(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = _skip(text, 0)
    while at < len(text):
        letter = text[at]
        if letter in "()":
            tokens.append(_Token(_Kind.OPEN if letter == "(" else _Kind.CLOSE, at + 1))
            at += 1
        elif letter == "-":
            if at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] == ")":
                raise QueryError("nothing follows the minus", column=at + 1, hint='to search for a dash, quote it: "-"')
            tokens.append(_Token(_Kind.NOT, at + 1))
            at += 1
        else:
            token, at = _lex_term(text, at)
            tokens.append(token)
        at = _skip(text, at)
    tokens.append(_Token(_Kind.END, len(text) + 1))
    return tokens


def _lex_term(text: str, at: int) -> tuple[_Token, int]:
    start = at
    if text[at] == '"':
        value, at = _quoted(text, at)
        return _Token(_Kind.TERM, start + 1, text=value, quoted=True, value_column=start + 1), at
    word = _WORD.match(text, at)
    whole = word.group() if word else ""
    if whole in _OPERATORS:
        return _Token(_OPERATORS[whole], start + 1), at + len(whole)
    name = _NAME.match(text, at)
    if name is None or _is_address(whole):
        return _Token(_Kind.TERM, start + 1, text=whole, value_column=start + 1), at + len(whole)
    at = name.end()
    order = _ORDER.match(text, at)
    if order is not None:
        at = order.end()
    op = Op(order.group()) if order is not None else None
    value_column = at + 1
    if at < len(text) and text[at] == '"':
        value, at = _quoted(text, at)
        quoted = True
    else:
        rest = _WORD.match(text, at)
        value, quoted = (rest.group() if rest else ""), False
        # key:<kind>="quoted value"
        if name.group() == "key:" and value.endswith("=") and text[at + len(value) : at + len(value) + 1] == '"':
            inner, end = _quoted(text, at + len(value))
            return _Token(_Kind.TERM, start + 1, "key", op, value + inner, True, value_column), end
        at += len(value)
    if not value:
        raise QueryError(
            "a field has no value",
            column=value_column,
            expected=f"{name.group()}value",
            hint="field:* asks that it is stated",
        )
    return _Token(_Kind.TERM, start + 1, name.group()[:-1], op, value, quoted, value_column), at


def _quoted(text: str, at: int) -> tuple[str, int]:
    start = at
    out: list[str] = []
    at += 1
    while at < len(text):
        letter = text[at]
        if letter == '"':
            value = "".join(out)
            if not value:
                raise QueryError("the quotes are empty", column=start + 1)
            return value, at + 1
        if letter == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:
            at += 1
            letter = text[at]
        out.append(letter)
        at += 1
    raise QueryError("a quote is not closed", column=start + 1)


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at

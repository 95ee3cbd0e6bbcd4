"""Tree and scope to a condition on ``events``: parameterised SQL in which no text of the user's stands.

The scope is not optional: every condition begins with the log's number, and own acts (category ``vestige``) are left
out unless the query says ``in:ledger``, skipped records unless it names ``status:``. A caller cannot build a condition
without both, because :func:`compile_query` is the only maker of :class:`Condition`.

A bare word matches a message that has all the word's tokens (runs of letters and digits; case aside), next to each
other if there are several; and an event whose actor, host or address is exactly that word. The second half costs a
scan, so the compiler is told which words name anything at all (``known``), from one look into ``entities``.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.index.keys import normal
from vestige.index.schema import KIND_NUMBER, OWN_CATEGORY
from vestige.model.event import KeyKind
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
    Word,
    walk,
)
from vestige.query.fields import Field, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_TOKEN: Final = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")
_KEY_COLUMNS: Final = {
    KeyKind.IDENTITY: ("actor_id", "actor_name"),
    KeyKind.IP: ("src_ip", "dst_ip"),
    KeyKind.HOST: ("host",),
    KeyKind.SESSION: ("session",),
    KeyKind.DEVICE: ("device_id",),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events may be seen: one log, by its number."""

    log: int


class Key(NamedTuple):
    """A correlation key, by which ``event_keys`` lists events."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on rows of ``events`` and the values of its placeholders."""

    where: str
    params: dict[str, str | float | list[str]]
    required: tuple[Key, ...]
    """Keys that every matching event is listed under: the rarest of them leads to the events without a scan."""
    whole: bool
    """Whether it is the scope alone, so that rollups answer for it."""


def words_of(node: Node) -> tuple[Key, ...]:
    """The keys a bare word of the query would name, for the caller to look up."""
    words = {part.text for part in walk(node) if isinstance(part, Word)}
    return tuple(sorted({key for word in words for key in _named(word)}))


def compile_query(node: Node, scope: Scope, known: Collection[Key]) -> Condition:
    """Compile a query for a scope.

    Args:
        node: a parsed query.
        scope: whose events.
        known: those of :func:`words_of` that name an entity of the log.
    """
    parts = walk(node)
    own = any(isinstance(part, InLedger) for part in parts)
    status = any(isinstance(part, Compare | Exists | Like) and part.field.name == "status" for part in parts)
    compiler = _Compiler(frozenset(known), everything=own or status)
    compiler.params["log"] = scope.log
    clauses = ["log = {log:UInt32}"]
    if not own:
        clauses.append(f"category != '{OWN_CATEGORY}'")
    if not status:
        clauses.append("status != 'skipped'")
    condition = compiler.node(node)
    if condition != "1":
        clauses.append(condition)
    whole = condition == "1" and not own and not status
    # Keys leave out own acts and skipped records, so they lead only to what the plain scope shows.
    required = () if own or status else tuple(_required(node))
    return Condition(" AND ".join(clauses), compiler.params, required, whole)


def _required(node: Node) -> list[Key]:
    match node:
        case And(parts):
            return [key for part in parts for key in _required(part)]
        case HasKey(kind, value):
            return [Key(kind, value)]
        case Compare(field, Op.IS, str(value)) if field.key is not None and value.isascii() and "/" not in value:
            value = normal(field.key, value)
            return [Key(str(field.key), value)] if value else []
        case _:
            return []


class _Compiler:
    def __init__(self, known: frozenset[Key], *, everything: bool) -> None:
        self.params: dict[str, str | float | list[str]] = {}
        self._known = known
        self._everything = everything

    def node(self, node: Node) -> str:  # noqa: C901, PLR0911 - one answer per kind of node
        match node:
            case All() | InLedger():
                return "1"
            case And(parts):
                return self._join(parts, " AND ", "1")
            case Or(parts):
                return self._join(parts, " OR ", "0")
            case Not(part):
                return f"(NOT {self.node(part)})"
            case Word(text):
                return self._word(text)
            case Phrase(text):
                return self._phrase(text)
            case Glob(parts):
                return f"(message ILIKE {self._put('%' + _pattern(parts) + '%')})"
            case HasKey(kind, value):
                return self._has_key(KeyKind(kind), value)
            case Exists(field):
                return self._exists(field)
            case Like(field, parts):
                return self._like(field, _pattern(parts))
            case Compare(field, op, value):
                return self._compare(field, op, value)

    def _join(self, parts: tuple[Node, ...], operator: str, neutral: str) -> str:
        made = [text for part in parts if (text := self.node(part)) != neutral]
        if not made:
            return neutral
        return f"({operator.join(made)})"

    def _put(self, value: str | float | list[str], kind: str = "String") -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"

    def _word(self, text: str) -> str:
        tokens = [token.translate(_LOWER) for token in _TOKEN.findall(text)]
        choices = []
        if tokens:
            found = f"hasAllTokens(message, {self._put(tokens, 'Array(String)')})"
            # Several tokens, or signs around one: the tokens find the message, the text itself decides.
            choices.append(f"({found} AND {self._contains(text)})" if tokens != [text.translate(_LOWER)] else found)
        else:
            choices.append(self._contains(text))
        for key in _named(text):
            # Beyond ASCII the engine's fold and the keys' need not agree, so no look-up can rule the name out.
            if self._everything or not text.isascii() or key in self._known:
                columns = _KEY_COLUMNS[KeyKind(key.kind)]
                if key.kind == KeyKind.IP:
                    choices += [self._equal(Type.IP, column, key.value) for column in columns]
                else:
                    choices += [self._equal(Type.NAME, column, text) for column in columns]
        return f"({' OR '.join(choices)})"

    def _phrase(self, text: str) -> str:
        # Only tokens with a sign on either side within the phrase are whole tokens of the message.
        inner = [token.translate(_LOWER) for token in _TOKEN.findall(text, *_inside(text))]
        if not inner:
            return self._contains(text)
        return f"(hasAllTokens(message, {self._put(inner, 'Array(String)')}) AND {self._contains(text)})"

    def _contains(self, text: str) -> str:
        function = "positionCaseInsensitive" if text.isascii() else "positionCaseInsensitiveUTF8"
        return f"({function}(message, {self._put(text)}) > 0)"

    def _has_key(self, kind: KeyKind, value: str) -> str:
        choices = [self._equal(Type.NAME, column, value) for column in _KEY_COLUMNS.get(kind, ())]
        number = self._put(KIND_NUMBER[kind], "UInt8")
        fold = "lowerUTF8(v)" if kind in {KeyKind.IDENTITY, KeyKind.HOST} else "v"
        text = self._put(value)
        choices.append(f"arrayExists((k, v) -> k = {number} AND {fold} = {text}, key_kinds, key_values)")
        return f"({' OR '.join(choices)})"

    def _exists(self, field: Field) -> str:
        match field.type:
            case Type.ATTRIBUTE:
                return f"JSONHas(attributes, {self._path(field)})"
            case Type.TAGS:
                return "notEmpty(tags)"
            case Type.NUMBER if field.name != "seq":
                return _any(f"{column} != 0" for column in field.columns)
            case Type.NUMBER | Type.SEVERITY:
                return "1"
            case _ if field.name == "status":
                return "1"
            case _:
                return _any(f"{_text(column)} != ''" for column in field.columns)

    def _like(self, field: Field, pattern: str) -> str:
        shape = self._put(pattern)
        operator = "LIKE" if field.type is Type.EXACT else "ILIKE"
        match field.type:
            case Type.TAGS:
                return f"arrayExists(t -> t ILIKE {shape}, tags)"
            case Type.ATTRIBUTE:
                return f"({self._attribute(field)} ILIKE {shape})"
            case _:
                return _any(f"{_text(column)} {operator} {shape}" for column in field.columns)

    def _compare(self, field: Field, op: Op, value: str | int) -> str:
        match field.type:
            case Type.NUMBER | Type.SEVERITY:
                number = self._put(value, "UInt64")
                stated = "" if field.name in {"seq", "severity"} else "{0} != 0 AND "
                return _any(f"({stated.format(column)}{column} {op} {number})" for column in field.columns)
            case Type.IP if "/" in str(value):
                network = self._put(value)
                return _any(_in_network(column, network) for column in field.columns)
            case Type.ATTRIBUTE if op is not Op.IS:
                path = self._path(field)
                kinds = "('Int64', 'UInt64', 'Double')"
                number = self._put(float(value), "Float64")
                return (
                    f"(JSONType(attributes, {path}) IN {kinds} AND JSONExtractFloat(attributes, {path}) {op} {number})"
                )
            case Type.ATTRIBUTE:
                return f"({self._attribute(field)} = {self._put(value)})"
            case Type.TAGS:
                return f"arrayExists(t -> {self._equal(Type.NAME, 't', str(value))}, tags)"
            case _:
                return _any(self._equal(field.type, column, str(value)) for column in field.columns)

    def _equal(self, kind: Type, column: str, value: str) -> str:
        if kind is Type.NAME:
            # The fast fold knows A to Z only; a value beyond that takes the slow one.
            fold = "lower" if value.isascii() else "lowerUTF8"
            return f"{fold}({_text(column)}) = {fold}({self._put(value)})"
        return f"{_text(column)} = {self._put(value)}"

    def _attribute(self, field: Field) -> str:
        """The text of a leaf: a string without its quotes, anything else as JSON writes it."""
        path = self._path(field)
        return (
            f"if(JSONType(attributes, {path}) = 'String', "
            f"JSONExtractString(attributes, {path}), JSONExtractRaw(attributes, {path}))"
        )

    def _path(self, field: Field) -> str:
        return ", ".join(self._put(part) for part in field.path)


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Only A to Z, as the text index folds."""


def _named(word: str) -> list[Key]:
    """The keys a bare word would name: an identity, a host, and an address if it is one."""
    keys = [Key(str(kind), normal(kind, word)) for kind in (KeyKind.IDENTITY, KeyKind.HOST)]
    with suppress(ValueError):
        keys.append(Key(str(KeyKind.IP), str(ipaddress.ip_address(word))))
    return [key for key in keys if key.value]


def _inside(text: str) -> tuple[int, int]:
    first = re.search(r"[^A-Za-z0-9\u0080-\U0010ffff]", text)
    if first is None:
        return len(text), len(text)
    last = max(place.start() for place in re.finditer(r"[^A-Za-z0-9\u0080-\U0010ffff]", text))
    return first.start(), last


def _pattern(parts: tuple[str, ...]) -> str:
    """A LIKE pattern: what the user wrote stands for itself, the stars between for any text."""
    escaped = [part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in parts]
    return "%".join(escaped)


def _text(column: str) -> str:
    return "toString(status)" if column == "status" else "toString(id)" if column == "id" else column


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def _in_network(column: str, network: str) -> str:
    # The function throws on what is no address, so such a row is given one that stands for it and then refused.
    valid = f"(isIPv4String({column}) OR isIPv6String({column}))"
    return f"({valid} AND isIPAddressInRange(if({valid}, {column}, '::'), {network}))"

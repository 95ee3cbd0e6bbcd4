"""Tree and scope to a condition on ``events``: parameterised SQL in which no text of the user's stands.

The scope is not optional: every condition begins with the log's number, and own acts (category ``vestige``) are left
out unless the query says ``in:ledger`` (and those of the audit trail then too, unless the scope shows them), skipped
records unless it names ``status:`` or ``type:record.skipped``. A caller cannot build a condition without both,
because :func:`compile_query` is the only maker of :class:`Condition`.

A bare word matches a message that has all the word's tokens (runs of letters and digits; case aside), next to each
other if there are several; and an event with an identity, host or address key of exactly that value.

Keys are looked up before compiling (:func:`candidates`), because how often each occurs decides the way in: where every
match must be listed under one of a few rare keys, only the moments of those are read; where it must be under keys that
were never seen, nothing is.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.index.keys import FLAT, normal
from vestige.index.picks import TABLE as PICKS
from vestige.index.placed import TABLE as PLACED
from vestige.index.schema import KIND_NUMBER, OWN_CATEGORY
from vestige.model.event import KeyKind
from vestige.model.instant import UNDATED
from vestige.query.ast import (
    Addresses,
    All,
    And,
    Between,
    Compare,
    Exists,
    Glob,
    HasKey,
    InCase,
    InLedger,
    Like,
    Node,
    Not,
    Op,
    Or,
    Phrase,
    Said,
    Word,
    walk,
)
from vestige.query.fields import Field, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_TOKEN: Final = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")
SKIPPED_TYPE: Final = "record.skipped"
SEAL_TYPE: Final = "vestige.seal"
AUDIT_TYPE: Final = "vestige.audit"
_BY_WORDS: Final = "hasAllTokens"
_RARE: Final = 50_000
"""Up to this many events, listing the moments of a key is cheaper than scanning the columns it stands for."""

Param = str | float | list[str]
_KEY_COLUMNS: Final = {kind: tuple(name for name, own in FLAT if own is kind) for kind in KeyKind}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events may be seen: one log, by its number."""

    log: int
    own: str = ""
    """If given, only what this actor's agents did, and the seals of that: a developer sees nothing else."""
    audit: bool = True
    """Whether the trail of people's and keys' acts may be seen, where own acts are asked for."""


class Key(NamedTuple):
    """A correlation key, by which ``event_keys`` lists events."""

    kind: str
    value: str


class Way(NamedTuple):
    """One of several conditions that together, and only together, find every match."""

    where: str
    rest: str
    """The same, but for the narrowing to the moments of ``lead``."""
    lead: tuple[Key, ...] = ()
    """Keys of which every match has one, so that their moments hold all matches; none if there is no such choice."""
    exact: bool = False
    """Whether whatever has a key of the lead is a match, so that nothing else is to be asked."""
    placed: str = ""
    """A set in order of time (:mod:`vestige.index.placed`) in which every match is; empty if there is none."""
    beside: str = ""
    """The condition but for being in that set."""


class Picked(NamedTuple):
    """The set of a case's events."""

    name: str
    """Among the sets of :mod:`vestige.index.picks`; empty if it has none."""
    placed: str = ""
    """The same with its places; empty if it cannot be placed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on rows of ``events`` and the values of its placeholders."""

    where: str
    params: dict[str, Param]
    ways: tuple[Way, ...]
    """The same, taken apart so that each part is quick: some rows may match several. None if nothing can match."""
    whole: bool
    """Whether it is the plain scope alone, so that rollups answer for it."""


def has_words(where: str) -> bool:
    """Whether a compiled condition asks for words of a message, by the index of them."""
    return _BY_WORDS in where


def candidates(node: Node) -> tuple[Key, ...]:
    """The keys whose frequency the compiler wants to know."""
    keys = {key for part in walk(node) for key in _keys(part)}
    return tuple(sorted(keys))


def compile_query(
    node: Node,
    scope: Scope,
    frequency: Mapping[Key, int],
    database: str,
    prefix: str = "p",
    cases: Mapping[str, Picked] | None = None,
) -> Condition:
    """Compile a query for a scope.

    Args:
        node: a parsed query.
        scope: whose events.
        frequency: how many events each of the :func:`candidates` has in the log; none if it is missing.
        database: where the tables are.
        prefix: how the names of placeholders begin, so that several conditions can stand in one statement.
        cases: of every case the query names, the set of its events.
    """
    parts = walk(node)
    own = any(isinstance(part, InLedger) for part in parts)
    status = any(_names_skipped(part) for part in parts)
    # Keys leave out own acts and skipped records, so they lead only to what the plain scope shows.
    plain = not own and not status
    compiler = _Compiler(frequency if plain else None, database, prefix, cases or {})
    compiler.params["log"] = scope.log
    scoped = "log = {log:UInt32}"
    if scope.own:
        compiler.params["own"] = scope.own
        scoped += f" AND (startsWith(event_type, 'agent.') OR event_type = '{SEAL_TYPE}')"
        scoped += " AND lowerUTF8(actor_id) = lowerUTF8({own:String})"
    if own and not scope.audit:
        scoped += f" AND event_type != '{AUDIT_TYPE}'"
    if not own:
        scoped += f" AND category != '{OWN_CATEGORY}'"
    if not status:
        scoped += " AND status != 'skipped'"
    ways = []
    for part in _apart(node) if plain else [node]:
        lead = _lead(part, frequency) if plain else None
        count = _RARE + 1 if lead is None else sum(frequency.get(key, 0) for key in lead)
        if count == 0:
            continue
        where = rest = scoped + compiler.clause(part)
        if lead is not None and count <= _RARE:
            where += f" AND occurred_at IN {compiler.listed(lead, 'occurred_at')}"
        # Keys list the events of everybody, so alone they tell only who may see those.
        exact = isinstance(part, HasKey) and not scope.own
        placed, beside = compiler.placed(part)
        ways.append(Way(where, rest, tuple(sorted(lead or ())), exact, placed, scoped + beside if placed else ""))
    condition = compiler.clause(node)
    where = ways[0].where if len(ways) == 1 else scoped + condition
    return Condition(where, compiler.params, tuple(ways), whole=not condition and plain and not scope.own)


def _names_skipped(node: Node) -> bool:
    """Whether a part of a query speaks of skipped records, by their status or by their type."""
    match node:
        case Compare(field, Op.IS, value) if field.name == "type":
            return value == SKIPPED_TYPE
        case Compare(field) | Exists(field) | Like(field):
            return field.name == "status"
        case _:
            return False


def _apart(node: Node) -> list[Node]:
    """The query as alternatives: what is said of a word, and each thing it names, are found in different ways."""
    match node:
        case Word(text):
            return [Said(text), *(HasKey(*key) for key in _named(text))]
        case And(parts):
            for place, part in enumerate(parts):
                found = _apart(part)
                if len(found) > 1:
                    return [And((*parts[:place], choice, *parts[place + 1 :])) for choice in found]
            return [node]
        case _:
            return [node]


def _keys(node: Node) -> list[Key]:
    match node:
        case Word(text):
            return _named(text)
        case HasKey(kind, value):
            return [Key(kind, value)]
        case Compare(field, Op.IS, value) if field.key is not None and value.isascii() and "/" not in value:
            value = normal(field.key, value)
            return [Key(str(field.key), value)] if value else []
        case _:
            return []


def _lead(node: Node, frequency: Mapping[Key, int]) -> frozenset[Key] | None:
    """Keys of which every match has one, the rarest choice of them; ``None`` if there is no such choice."""
    match node:
        case And(parts):
            leads = [lead for part in parts if (lead := _lead(part, frequency)) is not None]
            return min(leads, key=lambda keys: sum(frequency.get(key, 0) for key in keys), default=None)
        case Or(parts):
            every = [_lead(part, frequency) for part in parts]
            found = [keys for keys in every if keys is not None]
            return frozenset().union(*found) if len(found) == len(every) else None
        case HasKey() | Compare():
            return frozenset(_keys(node)) or None
        case _:
            return None


class _Compiler:
    def __init__(
        self, frequency: Mapping[Key, int] | None, database: str, prefix: str, cases: Mapping[str, Picked]
    ) -> None:
        self.params: dict[str, Param] = {}
        self._frequency = frequency
        self._database = database
        self._keys_table = f"{database}.event_keys"
        self._cases = cases
        self._prefix = prefix

    def listed(self, keys: Collection[Key], columns: str) -> str:
        """The places of events listed under any of the keys, as a subquery."""
        ways = [f"(kind = {self._put(key.kind)} AND value = {self._put(key.value)})" for key in sorted(keys)]
        where = f"log = {{log:UInt32}} AND ({' OR '.join(ways)})"
        return f"(SELECT {columns} FROM {self._keys_table} WHERE {where})"  # noqa: S608 - our own names

    def clause(self, node: Node) -> str:
        """The condition as it is added to others; empty for what is always true."""
        condition = self.node(node)
        return "" if condition == "1" else f" AND {condition}"

    def placed(self, node: Node) -> tuple[str, str]:
        """A placed set in which every match of a query is, and what else is asked for; none of it if there is none."""
        parts = node.parts if isinstance(node, And) else (node,)
        for at, part in enumerate(parts):
            if isinstance(part, InCase) and self._cases[part.case].placed:
                others = (*parts[:at], *parts[at + 1 :])
                return self._cases[part.case].placed, self.clause(And(others)) if others else ""
        return "", ""

    def node(self, node: Node) -> str:  # noqa: C901, PLR0911, PLR0912 - one answer per kind of node
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
                named = [found for key in _named(text) if (found := self._has_key(key)) != "0"]
                return _any([self._said(text), *named])
            case Said(text):
                return self._said(text)
            case Phrase(text):
                return self._phrase(text)
            case Glob(parts):
                return f"(message ILIKE {self._put('%' + _pattern(parts) + '%')})"
            case HasKey(kind, value):
                return self._has_key(Key(kind, value))
            case InCase(case):
                return self._in_case(case)
            case Exists(field):
                return self._exists(field)
            case Like(field, parts):
                return self._like(field, _pattern(parts))
            case Addresses(field, low, high):
                return self._addresses(field, low, high)
            case Between(field, low, high):
                return self._between(field, low, high)
            case Compare(field, op, value):
                return self._compare(field, op, value)

    def _join(self, parts: tuple[Node, ...], operator: str, neutral: str) -> str:
        made = [text for part in parts if (text := self.node(part)) != neutral]
        if not made:
            return neutral
        return f"({operator.join(made)})"

    def _put(self, value: Param, kind: str = "String") -> str:
        name = f"{self._prefix}{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"

    def _said(self, text: str) -> str:
        tokens = [token.translate(_LOWER) for token in _TOKEN.findall(text)]
        if not tokens:
            return self._contains(text)
        found = f"{_BY_WORDS}(message, {self._put(tokens, 'Array(String)')})"
        # Several tokens, or signs around one: the tokens find the message, the text itself decides.
        return found if tokens == [text.translate(_LOWER)] else f"({found} AND {self._contains(text)})"

    def _phrase(self, text: str) -> str:
        # Only tokens with a sign on either side within the phrase are whole tokens of the message.
        inner = [token.translate(_LOWER) for token in _TOKEN.findall(text, *_inside(text))]
        if not inner:
            return self._contains(text)
        return f"({_BY_WORDS}(message, {self._put(inner, 'Array(String)')}) AND {self._contains(text)})"

    def _contains(self, text: str) -> str:
        function = "positionCaseInsensitive" if text.isascii() else "positionCaseInsensitiveUTF8"
        return f"({function}(message, {self._put(text)}) > 0)"

    def _has_key(self, key: Key) -> str:
        if self._frequency is not None:
            count = self._frequency.get(key, 0)
            if count == 0:
                return "0"
            if count <= _RARE:
                return f"((occurred_at, seq, sub) IN {self.listed([key], 'occurred_at, seq, sub')})"
        kind, value = KeyKind(key.kind), key.value
        folded = kind in {KeyKind.IDENTITY, KeyKind.HOST}
        like = Type.NAME if folded else Type.EXACT
        choices = [self._equal(like, column, value) for column in _KEY_COLUMNS.get(kind, ())]
        number = self._put(KIND_NUMBER[kind], "UInt8")
        fold = "lowerUTF8(v)" if folded else "v"
        choices.append(f"arrayExists((k, v) -> k = {number} AND {fold} = {self._put(value)}, key_kinds, key_values)")
        return f"({' OR '.join(choices)})"

    def _in_case(self, case: str) -> str:
        name, placed = self._cases[case]
        if not name:
            return "0"
        if placed:
            return (
                f"((occurred_at, seq, sub) IN (SELECT occurred_at, seq, sub FROM {self._database}.{PLACED} "  # noqa: S608 - our own names
                f"WHERE log = {{log:UInt32}} AND name = {self._put(placed)}))"
            )
        # By way of their places in time, in which events lie: so only the granules that hold one are read.
        picked = (
            f"SELECT seq, sub FROM {self._database}.{PICKS} WHERE log = {{log:UInt32}} AND name = {self._put(name)}"  # noqa: S608 - our own names
        )
        places = f"SELECT occurred_at, seq, sub FROM {self._database}.places WHERE log = {{log:UInt32}}"  # noqa: S608 - as above
        return f"((occurred_at, seq, sub) IN ({places} AND (seq, sub) IN ({picked})))"

    def _exists(self, field: Field) -> str:  # noqa: PLR0911 - one answer per type
        match field.type:
            case Type.ATTRIBUTE:
                return f"JSONHas(attributes, {self._path(field)})"
            case Type.TAGS:
                return "notEmpty(tags)"
            case Type.NUMBER if field.name != "seq":
                return _any(f"{column} != 0" for column in field.columns)
            case Type.NUMBER | Type.SEVERITY:
                return "1"
            case Type.TIME:
                return _any(f"{column} != {UNDATED}" for column in field.columns)
            case _ if field.name == "status":
                return "1"
            case _:
                return _any(f"{as_text(column)} != ''" for column in field.columns)

    def _like(self, field: Field, pattern: str) -> str:
        shape = self._put(pattern)
        operator = "LIKE" if field.type is Type.EXACT else "ILIKE"
        match field.type:
            case Type.TAGS:
                return f"arrayExists(t -> t ILIKE {shape}, tags)"
            case Type.ATTRIBUTE:
                return f"({self._attribute(field)} ILIKE {shape})"
            case _:
                return _any(f"{as_text(column)} {operator} {shape}" for column in field.columns)

    def _addresses(self, field: Field, low: str, high: str) -> str:
        # IPv4 lies within IPv6 as ::ffff:a.b.c.d, so both are compared as the latter; the text tells them apart.
        kind = "isIPv6String" if ":" in low else "isIPv4String"
        ends = f"BETWEEN toIPv6({self._put(low)}) AND toIPv6({self._put(high)})"
        return _any(f"({kind}({column}) AND toIPv6OrDefault({column}) {ends})" for column in field.columns)

    def _between(self, field: Field, low: int | None, high: int | None) -> str:
        ends = [f">= {self._put(low, 'Int64')}"] if low is not None else []
        ends += [f"< {self._put(high, 'Int64')}"] if high is not None else []
        if field.type is Type.TIME:
            ends.append(f"!= {UNDATED}")
        elif field.name not in {"seq", "severity"}:
            ends.append("!= 0")
        return _any("(" + " AND ".join(f"{column} {end}" for end in ends) + ")" for column in field.columns)

    def _compare(self, field: Field, op: Op, value: str) -> str:  # noqa: PLR0911 - one answer per type
        match field.type:
            case Type.IP if "/" in value:
                prefix = _octets(value)
                if prefix:
                    start = self._put(prefix)
                    return _any(f"startsWith({column}, {start})" for column in field.columns)
                network = self._put(value)
                return _any(_in_network(column, network) for column in field.columns)
            case Type.ATTRIBUTE if op is not Op.IS:
                path = self._path(field)
                kinds = "('Int64', 'UInt64', 'Double')"
                number = self._put(float(value), "Float64")
                return (
                    f"(JSONType(attributes, {path}) IN {kinds} AND JSONExtractFloat(attributes, {path}) {op} {number})"
                )
            case Type.ATTRIBUTE if value and not _JSON.match(value):
                # Only a string can equal it, and one look into the JSON is a third of the cost of three.
                return f"(JSONExtractString(attributes, {self._path(field)}) = {self._put(value)})"
            case Type.ATTRIBUTE:
                return f"({self._attribute(field)} = {self._put(value)})"
            case Type.TAGS:
                return f"arrayExists(t -> {self._equal(Type.NAME, 't', value)}, tags)"
            case _:
                return _any(self._equal(field.type, column, value) for column in field.columns)

    def _equal(self, kind: Type, column: str, value: str) -> str:
        if kind is Type.NAME:
            # The fast fold knows A to Z only; a value beyond that takes the slow one.
            fold = "lower" if value.isascii() else "lowerUTF8"
            return f"{fold}({as_text(column)}) = {fold}({self._put(value)})"
        return f"{as_text(column)} = {self._put(value)}"

    def _attribute(self, field: Field) -> str:
        """The text of a leaf: a string without its quotes, anything else as JSON writes it."""
        path = self._path(field)
        return (
            f"if(JSONType(attributes, {path}) = 'String', "
            f"JSONExtractString(attributes, {path}), JSONExtractRaw(attributes, {path}))"
        )

    def _path(self, field: Field) -> str:
        return ", ".join(self._put(part) for part in field.path)


_JSON: Final = re.compile(r"[-0-9\[{]|(?:true|false|null)\Z")
"""How JSON other than a string begins."""
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Only A to Z, as the text index folds."""


def _named(word: str) -> list[Key]:
    """The keys a bare word would name: an identity, a host, and an address if it is one."""
    keys = [Key(str(kind), normal(kind, word)) for kind in (KeyKind.IDENTITY, KeyKind.HOST)]
    with suppress(ValueError):
        keys.append(Key(str(KeyKind.IP), str(ipaddress.ip_address(word.partition("%")[0]))))
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


def as_text(column: str) -> str:
    """A column as text: two are of other types."""
    return "toString(status)" if column == "status" else "toString(id)" if column == "id" else column


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def _octets(network: str) -> str:
    """How the text of every address of the network begins, where whole octets are fixed: looking at text is quick."""
    address, _, length = network.partition("/")
    if ":" in address or length not in {"8", "16", "24"}:
        return ""
    return "".join(f"{octet}." for octet in address.split(".")[: int(length) // 8])


def _in_network(column: str, network: str) -> str:
    # The function throws on what is no address, so such a row is given one that stands for it and then refused.
    valid = f"(isIPv4String({column}) OR isIPv6String({column}))"
    return f"({valid} AND isIPAddressInRange(if({valid}, {column}, '::'), {network}))"

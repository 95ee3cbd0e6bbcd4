"""Strings for the query language, made from a seed and a number: what people write, nearly so, and not at all.

Half are made by the grammar, so that most of them compile; the others are such strings with characters changed, two of
them joined in the middle, statements of the engine's own language, or noise.
"""

from __future__ import annotations

import random
from typing import Final

from vestige.query.fields import ALIASES, FIELDS, Type

_NAMES: Final = (
    *FIELDS,
    *ALIASES,
    "attributes.n",
    "attributes.user.name",
    "attributes.eventName",
    "attributes.a.b.c.d",
)
_VALUES: Final = (
    "alice",
    "BOB",
    "carol.o'neil",
    "Ünal",
    "straße",
    "dave%_\\x",
    "web-1",
    "db-1.example.org",
    "10.0.0.1",
    "10.0.0.0/8",
    "2001:db8::1",
    "2001:db8::/32",
    "::",
    "0.0.0.0/0",
    "failed",
    "password",
    "日本",
    "a_b",
    "50%",
    "s7",
    "s39",
    "443",
    "-1",
    "0.5",
    "1e400",
    "99999999999999999999",
    "high",
    "critical",
    "2025-11-24",
    "2025-11-24T10:00:00Z",
    "now-2h",
    "true",
    "null",
    "auth.login",
    "record.skipped",
    "skipped",
    "unparsed",
    "vip",
    "success",
    "local:1000",
    "c0ffee07",
    "\N{BELL}",
    "a" * 300,
    "\N{PILE OF POO}",
    "\ud800",
    "e\N{COMBINING ACUTE ACCENT}",
    "%",
    "_",
    "\\",
    "'",
    "''",
    "*",
    "**",
    "?",
)
_FITTING: Final = {
    Type.IP: ("10.0.0.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32", "192.168.7.9"),
    Type.NUMBER: ("443", "22", "0", "65536", "12"),
    Type.SEVERITY: ("high", "info", "3", "critical"),
    Type.TIME: ("2025-11-24", "2025-11-24T10:00:00Z", "2025", "1999-12-31T23:59:59.999999999Z"),
}
"""Values that fields of a type take; fields of other types take any."""
_KINDS: Final = ("identity", "ip", "host", "session", "device", "token", "commit", "hash", "custom", "nonsense", "")
_STATEMENTS: Final = (
    "' OR 1=1 --",
    "'; DROP TABLE vestige.events; --",
    "{log:UInt32}",
    "{p1:String}",
    "$1",
    "%(log)s",
    "?",
    "\\' OR 1=1",
    ") OR (1=1",
    "1) UNION ALL SELECT * FROM vestige.events",
    "/* */ OR true",
    "`log`",
    "log = 2 OR log:2",
    "toString(log)",
    "actor:') OR log != 0 --",
    'actor:"\') OR log != 0 --"',
    "attributes.log:2",
    "attributes.'):2",
    "NULL",
    "\x00",
    "0x00",
)
_NOISE: Final = "abAB01 :*\"'\\()[]{}<>=!&|+-.,/%_@#~^?\t\nüß日\u0301\u200b\ufeff\x00\ud800"


class Queries:
    """The strings of one seed, each by its number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def make(self, number: int) -> str:
        """The string of that number; the same each time."""
        chance = random.Random(self._seed * 1_000_003 + number)
        kind = chance.random()
        if kind < 0.5:
            return _query(chance, 3)
        if kind < 0.75:
            return _changed(chance, _query(chance, 2))
        if kind < 0.85:
            one, other = _query(chance, 2), _query(chance, 2)
            return one[: chance.randrange(len(one) + 1)] + other[chance.randrange(len(other) + 1) :]
        if kind < 0.93:
            return chance.choice(("{}", "actor:{}", '"{}"', "alice {}", "({})", "{} OR bob")).format(
                chance.choice(_STATEMENTS)
            )
        return "".join(chance.choice(_NOISE) for _ in range(chance.randrange(60)))


CASES = ("shared", '"shared"', "of-one", "of-two", "nowhere")
"""Names of cases: one that every log has, one that each of two has, one that none has."""


def _query(chance: random.Random, depth: int) -> str:
    parts = [_part(chance, depth) for _ in range(chance.choice((1, 1, 1, 2, 2, 3)))]
    return chance.choice((" ", " AND ", " OR ", " or ", " && ", " || ", " NOT ", "  ")).join(parts)


def _part(chance: random.Random, depth: int) -> str:
    if depth and chance.random() < 0.25:
        return chance.choice(("({})", "NOT ({})", "-({})", "({})")).format(_query(chance, depth - 1))
    return chance.choice(("", "", "", "", "-", "NOT ", "+", "!")) + _term(chance)


def _term(chance: random.Random) -> str:
    field = chance.choice(_NAMES)
    known = FIELDS.get(ALIASES.get(field, field))
    fitting = _FITTING.get(known.type, _VALUES) if known is not None and chance.random() < 0.85 else _VALUES
    value, other = chance.choice(fitting), chance.choice(fitting)
    shapes = (
        value,
        f'"{value} {other}"',
        f"{value}*",
        f"{field}:{value}",
        f"{field}:{value}",
        f'{field}:"{value}"',
        f"{field}:*",
        f"{field}:{value}*{other}",
        f"{field}:{chance.choice(('>', '>=', '<', '<=', '='))}{value}",
        f"{field} {chance.choice(('>', '>=', '<', '<=', '==', '!='))} {value}",
        f"{field}:[{value} TO {other}]",
        f"{field}:{{{value} TO {other}}}",
        f"{field}:{value}..{other}",
        f"{field} in ({value}, {other})",
        f"{field}:({value} or {other})",
        f"key:{chance.choice(_KINDS)}={value}",
        "in:ledger",
        f"case:{chance.choice(CASES)}",
        f"exists({field})",
        f"tag:{value}",
    )
    return chance.choice(shapes)


def _changed(chance: random.Random, text: str) -> str:
    characters = list(text)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(characters) + 1)
        act = chance.random()
        if act < 0.4:
            characters.insert(place, chance.choice(_NOISE))
        elif act < 0.7 and place < len(characters):
            del characters[place]
        elif place < len(characters):
            characters[place] = chance.choice(_NOISE)
    return "".join(characters)

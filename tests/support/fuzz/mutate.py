"""Mutations: bytes flipped, cut and put in, splices across formats, and JSON values that are something else."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fuzz.seeds import Seeds

_ODD = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\\ud800", b"\\u0000", b"\r", b"\n",
    b"\r\n", b"\n\n", b"\t", b'"', b'""', b"\\", b"'", b"{", b"}", b"[", b"]",
    b"<", b">", b"|", b";", b",", b"=", b": ", b" - ",
    b"%", b"%00", b"#",
    b"#Fields: a b c\n", b"--", b"\x1d", b"\x85", "\u2028".encode(), "\u202e".encode(),
    "e\u0301".encode(), "İ".encode(), "ﬀ".encode(), "١٢".encode(), "😀".encode(), "٠".encode(), b"-0", b"1e999",
    b"NaN",     b"9" * 30, b"-" + b"9" * 400, b"0x" + b"f" * 40, b"1.7976931348623157e308", b"18446744073709551616",
    b"9223372036854775808", b"-62135596800", b"253402300800", b"9999-12-31T23:59:59.999999999Z",
    b"0000-00-00T00:00:00Z",
    b"2026-02-30T25:61:61+99:99", b"Feb 30 25:61:61", b"1601-01-01T00:00:00Z", b"::1%0", b"999.999.999.999",
    b"[::]:99999",
)  # fmt: skip
"""What parsers trip over."""
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63, -(2**63), 2**64, 10**30, 1e308, -0.0, "", " ", "-", "\0", "null", "0x7f",
    "١٢", "\ud800", "a\nb", [],
    [[]], {}, {"": None}, [None], ["a", 1], {"a": {"b": []}}, "9" * 400, "2026-02-30T25:61:61Z",
    1_764_000_000, 1_764_000_000_000, -62_135_596_801, "9999-12-31T23:59:59Z", "::ffff:1.2.3.4", "1.2.3.4:99999",
)  # fmt: skip
_DEEP = (5, 60, 300, 1_100, 20_000)
_LONG = (300, 5_000, 70_000)
_MOST_BYTES = 300_000
_NESTED = re.compile(rb'(?:\[|\{"a": ?){150}')


class Mutator:
    """Makes any input of a campaign by its number."""

    def __init__(self, campaign: int, seeds: Seeds, forms: tuple[str, ...]) -> None:
        self._campaign = campaign
        self._seeds = seeds
        self._forms = forms
        self._all = [piece for pieces in seeds.values() for piece in pieces if len(piece) < 20_000]

    def form(self, number: int) -> str:
        """The format an input is aimed at: each in turn."""
        return self._forms[number % len(self._forms)]

    def make(self, number: int) -> bytes:
        """One input."""
        chance = random.Random(f"{self._campaign}:{number}")
        own = self._seeds.get(self.form(number), ())
        data = chance.choice(own) if own and chance.random() < 0.85 else chance.choice(self._all)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5, 12))):
            data = chance.choice(_MUTATIONS)(self, data, chance)[:_MOST_BYTES]
        return data

    def splice(self, data: bytes, chance: random.Random) -> bytes:
        """The beginning of one and the end of another, of any format."""
        other = chance.choice(self._all)
        return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]

    def flip(self, data: bytes, chance: random.Random) -> bytes:
        """Some bytes changed."""
        out = bytearray(data)
        for _ in range(chance.randint(1, 8) if out else 0):
            out[chance.randrange(len(out))] = chance.randrange(256)
        return bytes(out)

    def cut(self, data: bytes, chance: random.Random) -> bytes:
        """A stretch left out, or the rest of it."""
        at = chance.randint(0, len(data))
        return data[:at] if chance.random() < 0.3 else data[:at] + data[at + chance.randint(1, 60) :]

    def put(self, data: bytes, chance: random.Random) -> bytes:
        """Something odd put in."""
        at = chance.randint(0, len(data))
        return data[:at] + chance.choice(_ODD) * chance.choice((1, 1, 1, 2, 50)) + data[at:]

    def repeat(self, data: bytes, chance: random.Random) -> bytes:
        """A stretch said many times: what makes a pattern backtrack."""
        at = chance.randint(0, len(data))
        piece = data[at : at + chance.choice((1, 2, 5, 20))] or b" "
        return data[:at] + piece * (chance.choice(_LONG) // len(piece)) + data[at:]

    def lines(self, data: bytes, chance: random.Random) -> bytes:
        """Lines in another order, or twice."""
        found = data.split(b"\n")
        if chance.random() < 0.5:
            chance.shuffle(found)
        else:
            found.insert(chance.randint(0, len(found)), chance.choice(found))
        return b"\n".join(found)

    def number(self, data: bytes, chance: random.Random) -> bytes:
        """A run of digits that becomes another number."""
        digits = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
        if not digits:
            return self.put(data, chance)
        begin = end = chance.choice(digits)
        while end < len(data) and 48 <= data[end] <= 57:
            end += 1
        new = chance.choice(
            (b"", b"0", b"-1", b"9" * 25, b"4294967296", b"99", b"1e9", b"00", str(chance.random()).encode())
        )
        return data[:begin] + new + data[end:]

    def value(self, data: bytes, chance: random.Random) -> bytes:
        """A JSON value of a line that becomes one of another type."""
        found = data.split(b"\n")
        places = [place for place, line in enumerate(found) if line.lstrip()[:1] in {b"{", b"["}]
        if not places:
            return self.put(data, chance)
        place = chance.choice(places)
        text = data if len(places) == 1 else found[place]
        try:
            # Deeply nested text is left alone: how deep Python can write it depends on who asks.
            document = None if _NESTED.search(text) else orjson.loads(text)
        except ValueError:
            document = None
        if document is None:
            return self.flip(data, chance)
        changed = _changed(document, chance)
        written = json.dumps(changed, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        if len(places) == 1:
            return written
        found[place] = written
        return b"\n".join(found)

    def nest(self, data: bytes, chance: random.Random) -> bytes:
        """Something wrapped many times over."""
        depth = chance.choice(_DEEP)
        opening, closing = chance.choice(
            ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")"), (b'"', b'"'))
        )
        at = chance.randint(0, len(data))
        return data[:at] + opening * depth + b"1" + (closing * depth if chance.random() < 0.7 else b"") + data[at:]


def _changed(document: Any, chance: random.Random) -> Any:
    """The document with the value at one place, on any level, replaced; or a name changed."""
    at = document
    while True:
        names = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        if not names:
            return chance.choice(_VALUES)
        name = chance.choice(list(names))
        if isinstance(at[name], dict | list) and at[name] and chance.random() < 0.7:
            at = at[name]
            continue
        new = chance.choice(_VALUES)
        if chance.random() < 0.1:
            for _ in range(chance.choice((3, 50, 200))):
                new = [new] if chance.random() < 0.5 else {"a": new}
        if isinstance(at, dict) and chance.random() < 0.2:
            at[str(name)[: chance.randint(0, 8)] + "x"] = at.pop(name)
        elif isinstance(at, dict) and chance.random() < 0.1:
            del at[name]
        else:
            at[name] = new
        return document


_MUTATIONS: tuple[Callable[[Mutator, bytes, random.Random], bytes], ...] = (
    Mutator.splice, Mutator.flip, Mutator.flip, Mutator.cut, Mutator.put, Mutator.put, Mutator.repeat, Mutator.lines,
    Mutator.number, Mutator.number, Mutator.value, Mutator.value, Mutator.value, Mutator.nest,
)  # fmt: skip

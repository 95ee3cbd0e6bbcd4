"""Where in a text secrets are, however they are written down.

One automaton over the whole text tells which keywords are there: plain, as they read in base64 at each of the three
places a byte can have in a group, and in hexadecimal. Most texts hold none, and nothing more is done with them.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import re2

from vestige.secrets.rules import compiled, matches
from vestige.secrets.views import View, unescaped, unquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vestige.secrets.rules import Rule

MARKER: Final = rb"\[redacted:[a-z][a-z0-9-]{0,47}:[0-9a-f]{16}\]"
_DEEPEST: Final = 3
"""How many encodings may lie in one another."""
_MEMORY: Final = 64 << 20
_LEAST_RUN: Final = 16
"""Characters of base64 or hexadecimal; what is shorter holds no secret that would be known by its shape."""
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_FROM_STANDARD: Final = bytes.maketrans(b"+/", b"-_")
_BLANKS: Final = b" \t\r\n"
_MASK: Final = b"\x01"
"""Stands for a byte of a marker; no rule's secret has to hold it."""
_UNDO: Final = (rb"\\/", rb"\\u00[2-7]", rb"%(?:25)*[2-7][0-9A-Fa-f]")
"""What can hide a keyword from the automaton in an escaped text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret, and the bytes of the text that have to go for it."""

    start: int
    end: int
    order: int
    """The rule's place among the rules: the lower, the more it says."""
    rule: str
    secret: bytes
    first: int
    last: int
    """The whole match, with what told that it is a secret."""
    run: bool = False
    """Whether the bytes are a run of an encoding with the secret somewhere in it."""


class Finder:
    """The rules, ready to look with."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        options = _options()
        options.max_mem = _MEMORY
        keywords: dict[bytes, list[int]] = {}
        for order, rule in enumerate(self._rules):
            for keyword in rule.keywords:
                keywords.setdefault(keyword.pattern(folded=rule.folded), []).append(order)
        self._owners = list(keywords.values())
        self.border = 2 * max((len(keyword.text) for rule in self._rules for keyword in rule.keywords), default=0)
        """Characters on each side of a border that may be part of one keyword: in hexadecimal at the longest."""
        self._automaton = re2.Set.SearchSet(options)
        for pattern in keywords:
            self._automaton.Add(pattern)
        self._base64 = self._automaton.Add(_any(_in_base64, self._rules))
        self._hex = self._automaton.Add(_any(_in_hex, self._rules))
        self._undo = self._automaton.Add(b"|".join(_UNDO))
        self._automaton.Compile()
        self._marker = compiled(MARKER.decode())
        self._wrapped = re2.Set.SearchSet(_options())
        self._wrapped.Add(rb"[A-Za-z0-9+/]{60}(?:\\+r)?(?:\\+n|\r?\n)")
        self._wrapped.Compile()
        self._base64_run = compiled(
            r"(?:[A-Za-z0-9+/]{60,128}\r?\n[ \t]{0,16})+[A-Za-z0-9+/_-]+={0,2}|[A-Za-z0-9+/_-]{16,}={0,2}"
        )
        self._hex_run = compiled("[0-9A-Fa-f]{16,}")

    def suspects(self, text: bytes) -> bool:
        """Whether the text has to be looked at: False is certain, True is not."""
        return bool(self._automaton.Match(text)) or bool(self._wrapped.Match(text))

    def find(self, text: bytes, depth: int = 0) -> list[Hit]:
        """Every secret in the text, in the order of places; hits may overlap."""
        if depth and not self.suspects(text):
            return []
        view = unescaped(text) if b"\\" in text else None
        plain = text if view is None else view.text
        hits: Iterable[Hit] = list(self._in(plain, depth))
        if b"%" in plain:
            quoted = unquoted(plain)
            if quoted.text != plain:
                hits = [*hits, *_lifted(self._in(quoted.text, depth), quoted)]
        if view is not None:
            hits = _lifted(hits, view)
        return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.order))

    def _in(self, text: bytes, depth: int) -> Iterator[Hit]:
        """In a text that is read as it stands."""
        if b"[redacted:" in text:
            text = self._masked(text)
        found = self._automaton.Match(text) or ()
        orders: set[int] = set()
        for index in found:
            if index < len(self._owners):
                orders.update(self._owners[index])
        for order in sorted(orders):
            rule = self._rules[order]
            for start, end, first, last in matches(rule, text):
                for piece_start, piece_end in _unmasked(text, start, end):
                    yield Hit(piece_start, piece_end, order, rule.id, text[start:end], first, last)
        if depth < _DEEPEST:
            if self._base64 in found or bool(self._wrapped.Match(text)):
                yield from self._encoded(text, self._base64_run, _of_base64, 4, depth)
            if self._hex in found:
                yield from self._encoded(text, self._hex_run, _of_hex, 2, depth)

    def _encoded(
        self, text: bytes, runs: re2._Regexp, decode: Callable[[bytes], bytes], places: int, depth: int
    ) -> Iterator[Hit]:
        """In what the runs of an encoding say. A run need not begin where the encoding did: each place is tried."""
        for run in runs.finditer(text):
            start, end = run.span()
            body = text[start:end]
            for place in range(places):
                hits = strongest(self.find(decode(body[place:]), depth + 1))
                for hit in hits:
                    yield Hit(start, end, hit.order, hit.rule, hit.secret, start, end, run=True)
                if hits:
                    break

    def _masked(self, text: bytes) -> bytes:
        """Markers of an earlier redaction tell of keys and tokens, and are none."""
        parts, position = [], 0
        for match in self._marker.finditer(text):
            start, end = match.span()
            parts += [text[position:start], _MASK * (end - start)]
            position = end
        return b"".join([*parts, text[position:]])


def strongest(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that overlap as one: with the bytes of all, and the name of the rule that says most.

    Runs of an encoding may hold several secrets: each is told, with the bytes of the run.
    """
    result: list[Hit] = []
    group: list[Hit] = []
    reach = -1
    for hit in hits:
        if group and hit.start >= reach:
            result += _told(group, reach)
            group = []
        reach = hit.end if not group else max(reach, hit.end)
        group.append(hit)
    return result + (_told(group, reach) if group else [])


def _told(group: list[Hit], reach: int) -> list[Hit]:
    start = group[0].start
    runs = {(hit.rule, hit.secret): hit for hit in group if hit.run}
    best = min(group, key=lambda hit: (hit.order, -len(hit.secret)))
    told = list(runs.values()) or [best]
    first, last = min(hit.first for hit in group), max(hit.last for hit in group)
    return [Hit(start, reach, hit.order, hit.rule, hit.secret, first, last, hit.run) for hit in told]


def _lifted(hits: Iterable[Hit], view: View) -> list[Hit]:
    """The hits of a view, in the places of the text below."""
    return [
        Hit(*view.span(hit.start, hit.end), hit.order, hit.rule, hit.secret, *view.span(hit.first, hit.last), hit.run)
        for hit in hits
    ]


def _unmasked(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without the markers in it."""
    position = start
    for piece in text[start:end].split(_MASK):
        if piece:
            yield position, position + len(piece)
        position += len(piece) + 1


def _of_base64(run: bytes) -> bytes:
    body = run.translate(_TO_STANDARD, _BLANKS).rstrip(b"=")
    if len(body) % 4 == 1:
        body = body[:-1]
    return binascii.a2b_base64(body + b"=" * (-len(body) % 4))


def _of_hex(run: bytes) -> bytes:
    return bytes.fromhex(run[: len(run) & ~1].decode("ascii"))


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    return options


def _any(encode: Callable[[bytes], set[bytes]], rules: Sequence[Rule]) -> bytes:
    """One expression for everything the keywords can look like in an encoding."""
    texts: set[bytes] = set()
    for rule in rules:
        for keyword in rule.keywords:
            text = keyword.text
            for spelling in {text, text.lower(), text.upper(), text.title()} if rule.folded else {text}:
                texts |= encode(spelling.encode())
    return b"|".join(re2.escape(text) for text in sorted(texts))


def _in_base64(keyword: bytes) -> set[bytes]:
    """The characters that are certain whatever surrounds the keyword, in both alphabets."""
    texts = set()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + keyword)
        text = whole[-(-before * 8 // 6) : (before + len(keyword)) * 8 // 6]
        texts |= {text, text.translate(_FROM_STANDARD)}
    return texts


def _in_hex(keyword: bytes) -> set[bytes]:
    return {keyword.hex().encode(), keyword.hex().upper().encode()}

r"""A text as it reads with its escapes undone, each byte knowing which bytes it stands for.

An agent's transcript holds JSON in strings of JSON in strings of JSON: each depth doubles the backslashes. A run of
backslashes with what it escapes is one character at some depth, so one pass undoes all depths. Where the run is of
another language (``C:\new``) the view reads wrong there, which costs nothing: the view is only looked at, and what is
replaced are whole runs of the text itself, so no replacement ever cuts an escape in two.

References: RFC 8259 section 7 (escapes of JSON), RFC 3986 section 2.1 (percent-encoding).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPE: Final = re.compile(
    rb"""\\+(u[dD][89abAB][0-9a-fA-F]{2}\\+u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["/bfnrt'])?"""
)
"""A pair of surrogates is one character."""
_PERCENT: Final = re.compile(rb"%(?:25)*([0-9a-fA-F]{2})")
_LETTERS: Final = {
    None: b"\\",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b'"': b'"',
    b"'": b"'",
    b"/": b"/",
}


class Edge(NamedTuple):
    """One thing that reads otherwise: from where it is read, how long it reads, and from where to where it stood."""

    at: int
    length: int
    start: int
    end: int


class View:
    """A text with one kind of escape undone. The pattern's one group is what an escape is told by."""

    def __init__(self, text: bytes, pattern: re.Pattern[bytes], decode: Callable[[bytes | None], bytes]) -> None:
        parts: list[bytes] = pattern.split(text)
        parts[1::2] = map(decode, parts[1::2])
        self.text = b"".join(parts)
        self._below = text
        self._pattern = pattern
        self._decode = decode
        self._edges: list[Edge] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text below the bytes from start to end of this one stood; an escape counts as a whole."""
        edges = self._edges
        if edges is None:
            edges = self._edges = self._measure()
        first, last = self._edge(edges, start), self._edge(edges, end - 1)
        below_start = start if first is None else self._place(first, start, inner=first.start)
        below_end = end if last is None else self._place(last, end - 1, inner=last.end - 1) + 1
        return below_start, below_end

    @staticmethod
    def _edge(edges: list[Edge], position: int) -> Edge | None:
        index = bisect_right(edges, position, key=lambda edge: edge.at) - 1
        return edges[index] if index >= 0 else None

    @staticmethod
    def _place(edge: Edge, position: int, *, inner: int) -> int:
        past = position - edge.at - edge.length
        return inner if past < 0 else edge.end + past

    def _measure(self) -> list[Edge]:
        """Only what holds a secret pays for this."""
        edges, shift = [], 0
        for match in self._pattern.finditer(self._below):
            start, end = match.span()
            length = len(self._decode(match[1]))
            edges.append(Edge(start - shift, length, start, end))
            shift += end - start - length
        return edges


def unescaped(text: bytes) -> View:
    """Without the escapes of JSON, at any depth."""
    return View(text, _ESCAPE, _character)


def unquoted(text: bytes) -> View:
    """Without percent-encoding, at any depth."""
    return View(text, _PERCENT, _octet)


def _character(letter: bytes | None) -> bytes:
    known = _LETTERS.get(letter)
    if known is not None or letter is None:
        return known or b""
    units = int(letter[1:5], 16), int(letter[-4:], 16)
    pair = len(letter) > 5
    code = ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00) + 0x10000 if pair else units[0]
    return chr(code).encode("utf-8", "surrogatepass")


def _octet(digits: bytes | None) -> bytes:
    return bytes((int(digits or b"0", 16),))

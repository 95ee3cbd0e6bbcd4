"""Cutting JSON documents into their elements as exact byte slices, streaming, without recursion or a parse.

A document is any run of JSON values: one pretty-printed object, an array, an object around an array
(``{"Records": [...]}``), or several of these on end. Records are

* the elements of every top-level array,
* the elements of the array in a top-level object whose key the ``wrapper`` hint names,
* every other top-level value.

Separators are white space, commas, and the brackets around elements. If a wrapping object has more members than the
array, what stands before and behind the array are records too (:func:`is_wrapper` recognises them), so that no byte
with a meaning is left out. Bytes that are no JSON become records word by word: a parser then says so.

Nesting is counted, not followed: depth costs nothing but time. Brackets of the two kinds are not told apart here;
a value that mixes them up is cut somewhere and then fails to parse.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.sources.contract import MAX_RECORD
from vestige.sources.reading.records import Batcher, Chunks, Pending, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.model.event import Record

HEAD_BYTES = 64 << 10
"""How far into a top-level object its wrapped array must begin."""
_WORD = 64 << 10

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rb'[^"\[\]{}]*+(?:' + _STRING + rb'[^"\[\]{}]*+)*'


def _nested(levels: int) -> bytes:
    """A pattern of one bracketed value of up to so many levels: an ordinary element in one C call.

    The repetitions may backtrack, which is faster here than possessive ones and still linear: whatever they give
    back is a quote or an opening bracket, where only a closing one could go on.
    """
    pattern = rb"[\[{]" + _FLAT + rb"[\]}]"
    for _ in range(levels - 1):
        pattern = rb"[\[{]" + _FLAT + rb"(?:" + pattern + _FLAT + rb")*[\]}]"
    return pattern


_VALUE = re.compile(_nested(8), re.DOTALL)
_NEXT = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+(" + _nested(8) + rb")", re.DOTALL)
_PLAIN = re.compile(_FLAT, re.DOTALL)
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_OPENS = re.compile(rb"[\[{]++")
_CLOSES = re.compile(rb"[\]}]++")
_SPACE = re.compile(rb"[ \t\r\n]*+")
_MARKS = frozenset((b"", b",", b"]", b"}"))
_BEGINS = frozenset((b"[", b"{", b'"'))
_LONE = re.compile(rb"[^ \t\r\n,\[\]{}\"]{1,%d}" % _WORD)
_SCALAR = _STRING + rb"|[-+0-9.eE]++|true|false|null|\[\s*+\]|\{\s*+\}"
_MEMBERS = rb"(?:\s*+" + _STRING + rb"\s*+:\s*+(?:" + _SCALAR + rb")\s*+,)"
"""Members of an object up to a next one, none of them a structure that holds anything."""


@lru_cache(maxsize=64)
def _opening(wrapper: str) -> re.Pattern[bytes]:
    key = rb"\s*+" + re.escape(orjson.dumps(wrapper)) + rb"\s*+:"
    return re.compile(rb"\{((?:(?!" + key + rb")" + _MEMBERS + rb")*+)" + key + rb"\s*+(\[)", re.DOTALL)


_ANY_OPENING = re.compile(rb"\{(" + _MEMBERS + rb'*?)\s*+"(\w{1,40})"\s*+:\s*+\[\s*+(?=[{\]])', re.DOTALL)


def find_wrapper(head: bytes) -> tuple[str, bytes]:
    """The key of the first member of an object whose value is an array of objects, and the members before it.

    Empty if the bytes do not begin with such an object. All members before must be scalars or empty.
    """
    found = _ANY_OPENING.match(head, 0, HEAD_BYTES)
    return (found[2].decode(), found[1]) if found is not None else ("", b"")


def is_wrapper(payload: bytes) -> bool:
    """Whether a record is what stands before or behind the array in a wrapping object."""
    edge = payload[:1] == b"{", payload[-1:] == b"}"
    if edge == (True, False):
        whole = payload + b"[]}"
    elif edge == (False, True):
        whole = b'{"":[]' + payload
    else:
        return False
    try:
        return isinstance(orjson.loads(whole), dict)
    except orjson.JSONDecodeError:
        return False


class _Open:
    """A value whose end has not been read yet: how deep it stands, across reads."""

    __slots__ = ("_depth", "_escaped", "_in_string")

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._in_string = False
        self._escaped = False

    def feed(self, data: bytes, at: int) -> int:
        """Follow the value through ``data``; the place behind its end, or -1 if it goes on."""
        size = len(data)
        while at < size:
            if self._in_string:
                at, closed = self._string(data, at)
                if closed and self._depth == 0:
                    return at
                continue
            at = _end(_PLAIN, data, at) if self._depth else at
            if at == size:
                return -1
            if data[at] == 0x22:
                self._in_string = True
                at += 1
                continue
            run = _end(_OPENS, data, at) - at
            if run:
                self._depth += run
                at += run
                continue
            run = _end(_CLOSES, data, at) - at
            if run >= self._depth:
                return at + self._depth
            self._depth -= run
            at += run
        return -1

    def _string(self, data: bytes, at: int) -> tuple[int, bool]:
        """Go on inside a string: behind its closing quote, or to the end of the data; and whether it closed."""
        if self._escaped:
            self._escaped = False
            at += 1
        at = _end(_IN_STRING, data, at)
        if at == len(data):
            return at, False
        self._escaped = self._in_string = data[at] == 0x5C
        return at + 1, not self._in_string


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return at if found is None else found.end()


class _Place(Enum):
    """Where the scanner stands. Behind a record it never knows more than one that was resumed there would."""

    UNKNOWN = auto()
    """Behind a record: the next character tells whether an array is open."""
    TOP = auto()
    ARRAY = auto()
    """Behind an array's opening bracket, or a comma."""
    CLOSED = auto()
    """Behind the closing bracket of what may be a wrapper's array: a comma or brace then belongs to the wrapper."""


class _Scanner:
    """The state between reads: what is not used up yet, or one open value."""

    def __init__(self, offset: int, bound: int, wrapper: str, *, resumed: bool) -> None:
        self._bound = bound
        self._opening = _opening(wrapper) if wrapper else None
        self._place = _Place.UNKNOWN if resumed else _Place.TOP
        self._offset = offset
        """Of the first byte not yet used up."""
        self._rest = b""
        self._open: _Open | None = None
        self._tail = False
        self._pending = Pending(bound)
        self.payloads: list[bytes] = []
        self.offsets: list[int] = []

    def drain(self) -> tuple[list[bytes], list[int]]:
        """The records found since the last call."""
        out = self.payloads, self.offsets
        self.payloads, self.offsets = [], []
        return out

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Take bytes in; ``final`` closes what is open."""
        if self._open is not None:
            end = self._open.feed(chunk, 0)
            part = chunk if end < 0 else chunk[:end]
            self._keep(self._pending.push(part))
            if end < 0 and not final:
                return
            self._close()
            chunk = chunk[len(part) :]
        data = self._rest + chunk
        self._rest = b""
        used = self._scan(data, final=final)
        self._offset += used
        if self._open is None:
            self._rest = data[used:]
        else:
            self._keep(self._pending.push(data[used:]))
            if final:
                self._close()

    def _keep(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self.payloads.append(payload)
            self.offsets.append(self._offset)
            self._offset += len(payload)

    def _close(self) -> None:
        self._open = None
        if self._pending.size:
            payload = self._pending.take()
            if self._tail and payload.strip() == b"}":
                self._offset += len(payload)
            else:
                self._keep([payload])
                self._place = _Place.UNKNOWN
        self._tail = False

    def _emit(self, payload: bytes, at: int) -> None:
        self._place = _Place.UNKNOWN
        if len(payload) <= self._bound:
            self.payloads.append(payload)
            self.offsets.append(self._offset + at)
            return
        for piece in cut(payload, self._bound):
            self.payloads.append(piece)
            self.offsets.append(self._offset + at)
            at += len(piece)

    def _scan(self, data: bytes, *, final: bool) -> int:
        """Find records in ``data``; the place up to which it is used up, or from which a value is open."""
        at = 0
        while True:
            while self._place is _Place.UNKNOWN and (found := _NEXT.match(data, at)) is not None:
                self._emit(found[1], found.start(1))
                at = found.end()
            at = _end(_SPACE, data, at)
            char = data[at : at + 1]
            if char in _MARKS:
                if not char:
                    return at
                at, go_on = self._mark(char, data, at)
            elif char in _BEGINS:
                at, go_on = self._begin(char, data, at, final=final)
            else:
                at, go_on = self._word(data, at, final=final)
            if not go_on:
                return at

    def _mark(self, char: bytes, data: bytes, at: int) -> tuple[int, bool]:
        """Step over a character between values."""
        if self._place is _Place.CLOSED and char in {b",", b"}"}:
            self._place = _Place.TOP
            self._tail = True
            at, go_on = self._follow(data, at, depth=1)
            self._tail = not go_on
            return at, go_on
        closes = char == b"]" and self._opening is not None and self._place in {_Place.UNKNOWN, _Place.ARRAY}
        self._place = _Place.CLOSED if closes else _Place.ARRAY if char == b"," else _Place.TOP
        return at + 1, True

    def _begin(self, char: bytes, data: bytes, at: int, *, final: bool) -> tuple[int, bool]:
        """Stand at a bracket or quote: an array's or wrapper's opening, or a record."""
        if self._place is not _Place.ARRAY:
            if char == b"[":
                self._place = _Place.ARRAY
                return at + 1, True
            self._place = _Place.TOP
            if char == b"{" and self._opening is not None:
                opened = self._opening.match(data, at, at + HEAD_BYTES)
                if opened is not None:
                    if opened[1]:
                        self._emit(data[at : opened.start(2)], at)
                    self._place = _Place.ARRAY
                    return opened.end(), True
                if len(data) - at < HEAD_BYTES and not final:
                    return at, False
        if (found := _VALUE.match(data, at)) is not None:
            self._emit(found[0], at)
            return found.end(), True
        return self._follow(data, at, depth=0)

    def _follow(self, data: bytes, at: int, *, depth: int) -> tuple[int, bool]:
        """Follow a value by counting; if it goes on behind ``data``, it stays open."""
        self._open = _Open(depth)
        end = self._open.feed(data, at)
        if end < 0:
            return at, False
        self._open = None
        if not (self._tail and data[at:end].strip() == b"}"):
            self._emit(data[at:end], at)
        return end, True

    def _word(self, data: bytes, at: int, *, final: bool) -> tuple[int, bool]:
        """A number, a literal, or bytes that are no JSON."""
        end = _end(_LONE, data, at)
        if end == len(data) and not final and end - at < _WORD:
            return at, False
        self._emit(data[at:end], at)
        return end, True


def split_document(
    stream: BinaryIO, *, start: int = 0, number: int = 0, bound: int = MAX_RECORD, wrapper: str = ""
) -> Iterator[list[Record]]:
    """Cut a stream of JSON documents into batches of records.

    Args:
        stream: stands at byte ``start``.
        start: 0, or where a record ended.
        number: of the next record.
        bound: the longest record that is one record.
        wrapper: the key whose array in a top-level object holds the records, or empty.

    Raises:
        InputError: whatever the stream raised, after every readable record was yielded.
    """
    chunks = Chunks(stream, start)
    batcher = Batcher(number)
    scanner = _Scanner(chunks.offset, bound, wrapper, resumed=start > 0)
    for chunk in chunks:
        scanner.feed(chunk)
        yield from batcher.add(*scanner.drain())
    scanner.feed(b"", final=True)
    yield from batcher.add(*scanner.drain())
    yield from batcher.rest()
    chunks.finish()


def scan_sample(head: bytes, wrapper: str, *, complete: bool) -> list[bytes]:
    """The whole values at the beginning of a document, for looking at; a value cut off by the end is left out."""
    scanner = _Scanner(0, MAX_RECORD, wrapper, resumed=False)
    scanner.feed(head)
    if complete:
        scanner.feed(b"", final=True)
    return scanner.drain()[0]

"""Strings of a record that belong together: the text blocks of a message, lines of a patch, chunks of a stream.

Strings at one path, places in lists left out (``message.content[].text``), are put together in the order they stand,
those of the records before included. A path is a hash, so that a deeply nested record costs no more than a flat one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_COLON: Final = re.compile(rb"[ \t\r\n]*:")
_OPEN: Final = b"[{"
_QUOTE: Final = ord('"')
_LIST: Final = ord("[")
ROOT: Final = 0


class Piece(NamedTuple):
    """What is between the quotes of one string of a record."""

    path: int
    start: int
    end: int


def strings(record: bytes) -> list[tuple[int, int]]:
    """Every string of the record, keys too: from after its quote to before the next."""
    return [_inside(record, *match.span()) for match in _TOKEN.finditer(record) if record[match.start()] == _QUOTE]


def pieces(record: bytes) -> Iterator[Piece]:
    """The string values of a record with their paths; a record torn off is read as far as it goes."""
    path, key, in_list = ROOT, "", True
    above: list[tuple[int, str, bool]] = []
    for match in _TOKEN.finditer(record):
        start, end = match.span()
        first = record[start]
        if first == _QUOTE:
            inside = _inside(record, start, end)
            if not in_list and _COLON.match(record, end):
                key = _name(record[slice(*inside)])
            else:
                yield Piece(path if in_list else hash((path, key)), *inside)
        elif first in _OPEN:
            above.append((path, key, in_list))
            path, in_list = path if in_list else hash((path, key)), first == _LIST
        elif above:
            path, key, in_list = above.pop()


class Texts:
    """The strings of a record by path, those of one path put together."""

    def __init__(self, tree: object) -> None:
        self.whole: dict[int, str] = {}
        self._lists: dict[int, list[str]] = {}
        todo = [(ROOT, tree)]
        while todo:
            path, value = todo.pop()
            todo += self._object(path, value) if isinstance(value, dict) else self._list(path, value)
        for path, texts in self._lists.items():
            self.whole[path] = "".join(texts)

    @property
    def several(self) -> AbstractSet[int]:
        """The paths with more than one string."""
        return self._lists.keys()

    def _object(self, path: int, value: dict[str, object]) -> list[tuple[int, object]]:
        whole = self.whole
        inner: list[tuple[int, object]] = []
        for key, item in value.items():
            if isinstance(item, str):
                place = hash((path, key))
                if place in whole:
                    self._add(place, item)
                else:
                    whole[place] = item
            elif isinstance(item, dict | list):
                inner.append((hash((path, key)), item))
        return inner

    def _list(self, path: int, value: object) -> list[tuple[int, object]]:
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, str):
                if path in self.whole:
                    self._add(path, item)
                else:
                    self.whole[path] = item
        return [(path, item) for item in reversed(items) if isinstance(item, dict | list)]

    def _add(self, path: int, text: str) -> None:
        self._lists.setdefault(path, [self.whole[path]]).append(text)


def values(record: bytes) -> Texts | None:
    """The strings at each path: quicker than ``pieces``, without where they stand. None: only ``pieces`` can tell."""
    try:
        return Texts(orjson.loads(record))
    except orjson.JSONDecodeError:
        return None


def _name(key: bytes) -> str:
    """A key as a parser reads it; one that is none is its own name."""
    try:
        return str(orjson.loads(b'"%b"' % key)) if b"\\" in key else key.decode()
    except ValueError:
        return repr(key)


def _inside(record: bytes, start: int, end: int) -> tuple[int, int]:
    closed = end - start > 1 and record[end - 1] == _QUOTE
    return start + 1, end - closed

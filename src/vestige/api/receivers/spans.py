"""Where the values of a JSON text stand in it, so that a part of a document can be kept as its exact bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from vestige.model.errors import InputError

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Span(NamedTuple):
    """One value: what it is, and the half-open range of the text that holds it."""

    value: object
    begin: int
    end: int


def elements_at(body: bytes, *path: str) -> list[tuple[bytes, int, object]]:
    """The elements of the array that a path of names leads to, as exact bytes.

    Args:
        body: a JSON document in UTF-8.
        path: names of members, from the document's own inwards.

    Returns:
        Each element's bytes, the byte it begins at, and its value; nothing if no array is there.

    Raises:
        InputError: not JSON in UTF-8, or nested deeper than can be read.
    """
    try:
        text = body.decode()
        whole = _value(text, 0)
        if _space(text, whole.end) != len(text):
            raise InputError("more follows the JSON document", got=repr(text[whole.end : whole.end + 20]))
        for name in path:
            found = [span for key, span in _members(text, whole) if key == name]
            if not found:
                return []
            whole = found[-1]
        spans = list(_elements(text, whole))
    except (ValueError, RecursionError) as error:
        raise InputError("not a JSON document in UTF-8", got=f"{error}"[:120]) from None
    out: list[tuple[bytes, int, object]] = []
    at = offset = 0
    for span in spans:
        offset += len(text[at : span.begin].encode())
        payload = text[span.begin : span.end].encode()
        out.append((payload, offset, span.value))
        at, offset = span.end, offset + len(payload)
    return out


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> Span:
    begin = _space(text, at)
    value, end = _DECODER.raw_decode(text, begin)
    return Span(value, begin, end)


def _members(text: str, whole: Span) -> Iterator[tuple[str, Span]]:
    if not isinstance(whole.value, dict) or not whole.value:
        return
    at = whole.begin
    while text[at] != "}":
        key = _value(text, at + 1)
        held = _value(text, _space(text, key.end) + 1)
        yield str(key.value), held
        at = _space(text, held.end)


def _elements(text: str, whole: Span) -> Iterator[Span]:
    if not isinstance(whole.value, list) or not whole.value:
        return
    at = whole.begin
    while text[at] != "]":
        held = _value(text, at + 1)
        yield held
        at = _space(text, held.end)

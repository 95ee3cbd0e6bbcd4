"""How a file of JSON is laid out, told from its sample: lines, or a document with or without a wrapper.

The answer goes into the context (``layout`` and ``wrapper``), so that resuming and rebuilding cut the same way.
Shared by every format whose records are JSON objects.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

import orjson

from vestige.sources.contract import Sample, take_sample
from vestige.sources.reading.json_split import find_wrapper, is_wrapper, scan_sample, split_document
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.timefield import TIME_NAMES, assumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.model.event import Record
    from vestige.sources.contract import Context

LINES, DOCUMENT = "lines", "document"

WRAPPERS = frozenset(
    ("Records", "records", "value", "Events", "events", "items", "logs", "results", "data", "entries", "logEvents")
)
"""Names of an array that may be the records of the document it stands in."""
_OWN = frozenset({"event_type", "eventName", "message", "action", *TIME_NAMES})
"""Names that make an object an event of its own, whatever array it also holds."""
_LOOK = 40


class Shape(NamedTuple):
    """The layout, and what the sample's complete objects hold."""

    layout: str
    wrapper: str
    objects: list[dict[str, object]]
    bad: int
    """Lines or elements of the sample that are no objects."""

    def extra(self) -> tuple[tuple[str, str], ...]:
        """The context entries that state this layout, and what the objects' times leave out."""
        wrapper = (("wrapper", self.wrapper),) if self.wrapper else ()
        return (("layout", self.layout), *wrapper, *assumed(self.objects))


@lru_cache(maxsize=4)
def shape_of(sample: Sample) -> Shape | None:
    """The shape of a sample, or none if it is not JSON objects. Every format asks, so the last are remembered."""
    body = sample.body().lstrip()
    if body[:1] not in {b"{", b"["}:
        return None
    lines = sample.lines()[:_LOOK]
    first = _load(lines[0].strip()) if lines else None
    key = _wrapper_key(body)
    if key or isinstance(first, list) or (first is None and not _is_one_line(sample)):
        return _document(sample, key)
    values = [_load(line) for line in lines]
    objects = [value for value in values if isinstance(value, dict)]
    if _is_one_line(sample):
        return Shape(LINES, "", [], 0)
    return Shape(LINES, "", objects, len(values) - len(objects)) if objects else None


def _is_one_line(sample: Sample) -> bool:
    """Whether no line ends within the sample: a first object too long to be seen whole."""
    return not sample.complete and sample.head[:1] == b"{" and b"\n" not in sample.head


def _document(sample: Sample, key: str) -> Shape | None:
    found = scan_sample(sample.body(), key, complete=sample.complete)[:_LOOK]
    values = [_load(payload) for payload in found if not is_wrapper(payload)]
    objects = [value for value in values if isinstance(value, dict)]
    if not objects and (sample.complete or not _looks_json(sample.body().lstrip())):
        return None
    return Shape(DOCUMENT, key, objects, len(values) - len(objects))


def _looks_json(body: bytes) -> bool:
    rest = body[1:].lstrip()
    return rest[:1] in {b"{", b'"'} if body[:1] == b"[" else rest[:1] == b'"'


def _wrapper_key(body: bytes) -> str:
    if body[:1] != b"{":
        return ""
    key, before = find_wrapper(body)
    if key not in WRAPPERS:
        return ""
    whole = _load(body)
    if isinstance(whole, dict):
        names = set(whole) - {key}
    else:
        partial = _load(b"{" + before.rstrip().rstrip(b",") + b"}") if before else {}
        names = set(partial) if isinstance(partial, dict) else set()
    return "" if names & _OWN else key


def _load(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if text[:1] != b"{" or text[-1:] != b"}":
            return None
    # An object all the same, with NaN or a number beyond any of ours in it: reading it says what is wrong.
    try:
        return json.loads(text, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return None


class _Replayed:
    """A stream of which the beginning was already read."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """What was read before, then what comes."""
        if self._head:
            out, self._head = self._head, b""
            return out
        return self._stream.read(size)


def split_json(
    stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
) -> Iterator[list[Record]]:
    """Cut by the layout the context states, line by line where it states none.

    Without any context (a request's body, which is never resumed) by what the stream begins with.

    Raises:
        InputError: whatever the stream raised, after every readable record was yielded.
    """
    if context is not None:
        layout, wrapper = context.hint("layout"), context.hint("wrapper")
    else:
        sample = take_sample("", stream)
        shape = shape_of(sample)
        layout, wrapper = (LINES, "") if shape is None else (shape.layout, shape.wrapper)
        stream = cast("BinaryIO", _Replayed(sample.head, stream))
    if layout == DOCUMENT:
        return split_document(stream, start=start, number=number, wrapper=wrapper)
    return split_lines(stream, start=start, number=number)

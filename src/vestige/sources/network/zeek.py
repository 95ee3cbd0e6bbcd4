r"""Zeek's own tab-separated logs (``conn.log``, ``dns.log``, ...), all types of logs.

A file begins, and begins again after each rotation, with a block of header lines::

    #separator \x09         the character between columns, as an escape
    #set_separator  ,       between the elements of a set or vector
    #empty_field    (empty) an empty set or text
    #unset_field    -       no value
    #path   dns             the log's name
    #fields ts  uid ...     the columns
    #types  time  string    their types

A block is one record, which is skipped; what it states is the context of the rows that follow it. A block that states
something else than the one before (files put one behind the other) is a :class:`~vestige.sources.contract.Turn`.

Attributes hold the columns as Zeek's JSON has them: unset ones are left out, numbers, truth values and lists by their
type, escapes (``\x2c``, ``\\``) resolved. Times are counts of seconds and exact.

References: docs.zeek.org, "Log Formats and Inspection"; ``base/frameworks/logging/writers/ascii``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import Context, Detection, Turn
from vestige.sources.network.zeek_event import zeek_event
from vestige.sources.network.zeek_logs import LOGS, path_by_fields
from vestige.sources.reading.kinds import read_line
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.timefield import NO_STAMP, clock_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

    Convert = Callable[[str], object]

_MOST_COLUMNS = 1000
_FIELDS = "#fields"
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|\\\\")
_CONTROL = re.compile(r"[\x00-\x07\x0b\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
_NAMES = {"#set_separator": "set_separator", "#empty_field": "empty", "#unset_field": "unset", "#path": "path"}
_USUAL = {"set_separator": ",", "empty": "(empty)", "unset": "-"}


class Header(NamedTuple):
    """What a block of header lines states."""

    columns: tuple[str, ...]
    delimiter: str
    extra: tuple[tuple[str, str], ...]


def header_of(block: str) -> Header | None:
    """What a block states, or none if it names no columns (``#close`` alone)."""
    delimiter = "\t"
    columns: tuple[str, ...] = ()
    found: dict[str, str] = {}
    for raw in block.split("\n"):
        line = raw.rstrip("\r")
        if line.startswith("#separator "):
            delimiter = _unescape(line[len("#separator ") :].strip(" ")) or "\t"
            continue
        name, _, rest = line.partition(delimiter)
        if name in _NAMES:
            found[_NAMES[name]] = rest
        elif name == _FIELDS:
            columns = tuple(rest.split(delimiter))
        elif name == "#types":
            found["types"] = " ".join(rest.split(delimiter))
    if not columns or len(columns) > _MOST_COLUMNS:
        return None
    return Header(columns, delimiter, tuple(sorted(found.items())))


def _unescape(text: str) -> str:
    """Zeek's escapes resolved; bytes that are no UTF-8 and control characters stay escaped, as in its JSON."""
    return _ESCAPES.sub(_resolve, text) if "\\" in text else text


def _resolve(found: re.Match[str]) -> str:
    run = found[0]
    if run == "\\\\":
        return "\\"
    try:
        text = bytes.fromhex(run.replace("\\x", "")).decode()
    except UnicodeDecodeError:
        return run
    return text if text.isprintable() else _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _whole(text: str) -> object:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 20 else text


def _decimal(text: str) -> object:
    """A number of at most as many digits as a float keeps; others stay text."""
    return float(text) if _NUMBER.fullmatch(text) else text


def _truth(text: str) -> object:
    return True if text == "T" else False if text == "F" else text


_BY_TYPE: dict[str, Convert] = {
    **dict.fromkeys(("count", "int", "port"), _whole),
    **dict.fromkeys(("time", "interval", "double"), _decimal),
    "bool": _truth,
}


class _Columns:
    """How a row's cells become a record, under one context."""

    def __init__(self, context: Context) -> None:
        given = {**_USUAL, **dict(context.extra)}
        self.header = context.header
        self.unset, self.empty = given["unset"], given["empty"]
        self._between = given["set_separator"] or ","
        self.path = given.get("path", "") or path_by_fields(context.header)
        kinds = given.get("types", "").split(" ")
        pairs = zip_longest(self.header, kinds[: len(self.header)], fillvalue="string")
        self.converts = [self._convert(kind) for _, kind in pairs]
        self.when = self.header.index("ts") if "ts" in self.header else -1

    def _convert(self, kind: str) -> Convert:
        outer, bracket, inner = kind.partition("[")
        if bracket and outer in {"set", "vector", "table"}:
            one = _BY_TYPE.get(inner.rstrip("]"), _unescape)
            return lambda text: self._list(text, one)
        one = _BY_TYPE.get(kind, _unescape)
        return lambda text: "" if text == self.empty else one(text)

    def _list(self, text: str, one: Convert) -> object:
        if text == self.empty:
            return []
        return [None if item == self.unset else one(item) for item in text.split(self._between)]


@lru_cache(maxsize=32)
def _columns(context: Context) -> _Columns:
    return _Columns(context)


class ZeekFormat:
    """See the module."""

    name = "zeek"
    version = "1"
    media_type = "text/plain"
    source_name: str | None = None
    rendered = False

    def detect(self, sample: Sample) -> Detection | None:
        """Header lines that only Zeek writes, in the first lines."""
        lines = []
        for raw in sample.lines()[:40]:
            if not raw.startswith(b"#"):
                break
            lines.append(raw.decode("utf-8", "replace"))
        header = header_of("\n".join(lines))
        if header is None or not any(line.startswith("#separator ") for line in lines):
            return None
        path = dict(header.extra).get("path", "")
        why = f"a Zeek log: header of {path or 'no named log'}, {len(header.columns)} columns"
        sure = 0.98 if path in LOGS or "#types" in "\n".join(lines) else 0.9
        return Detection(sure, why, header=header.columns, delimiter=header.delimiter, extra=header.extra)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record] | Turn]:
        """Line by line, header lines that follow each other as one record; a header that states other things turns."""
        now = context if context is not None else Context(received_at=0)
        for batch in split_lines(stream, start=start, number=number, belongs=_Blocks()):
            begin = 0
            for place, record in enumerate(batch):
                if not record.payload.startswith(b"#"):
                    continue
                header = header_of(record.payload.decode("utf-8", "replace"))
                if header is None:
                    continue
                turned = replace(now, header=header.columns, delimiter=header.delimiter, extra=header.extra)
                if turned != now:
                    if place > begin:
                        yield batch[begin:place]
                    begin, now = place, turned
                    yield Turn(now)
            yield batch[begin:]

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row; header lines are skipped."""
        clock, columns, delimiter = clock_for(context), _columns(context), context.delimiter
        header, converts, unset, path, when = (
            columns.header, columns.converts, columns.unset, columns.path, columns.when,
        )  # fmt: skip

        def read_row(text: str, clock: Clock) -> Reading:
            if text[0] == "#":
                return Skipped("header lines of a Zeek log")
            if not header:
                return Unparsed("no #fields line before it names the columns")
            cells = text.split(delimiter)
            if len(cells) != len(header):
                return Unparsed(f"expected {len(header)} columns as in the #fields line, got {len(cells)}")
            record = {
                name: convert(cell)
                for name, cell, convert in zip(header, cells, converts, strict=True)
                if cell != unset
            }
            stamp = clock.read_text(cells[when]) if when >= 0 and cells[when] != unset else NO_STAMP
            return zeek_event(path, record, orjson.dumps(record).decode(), stamp)

        return [read_line(payload, clock, read_row) for payload in payloads]


class _Blocks:
    """Whether a line belongs to the one before: header lines do to header lines."""

    def __init__(self) -> None:
        self._header = False

    def __call__(self, line: bytes) -> bool:
        before, self._header = self._header, line[:1] == b"#"
        return before and self._header


FORMAT = ZeekFormat()

"""Cutting delimited text into records and records into cells (RFC 4180), quoted line feeds inside a record.

A quote opens a quoted cell only where a cell begins; anywhere else it is a character like others. A quoted cell that
does not close within :data:`QUOTED_BYTES` of its record's start (or before the end) is taken to be no quoted cell:
the record ends at its first line feed, so one stray quote cannot swallow the rest of a file. Everything else is as in
:mod:`vestige.sources.reading.records`.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

from vestige.sources.contract import MAX_RECORD
from vestige.sources.reading.records import Batcher, Chunks, Pending, cut, whole_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.model.event import Record

QUOTED_BYTES = 1 << 20
_PLAIN = 2048
"""Bytes without a quote from which on lines are cut all at once."""


@lru_cache(maxsize=16)
def _record(delimiter: str) -> re.Pattern[bytes]:
    mark = re.escape(delimiter.encode())
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"[^%b\n]*+|[^"%b\n][^%b\n]*+)?' % (mark, mark, mark)
    return re.compile(cell + rb"(?:" + mark + cell + rb")*+")


class _Scanner:
    """The state between reads: what is not used up yet, or one open line too long to look at again."""

    def __init__(self, offset: int, delimiter: str, bound: int, quoted: int) -> None:
        self._record = _record(delimiter)
        self._offset = offset
        self._bound = bound
        self._quoted = quoted
        self._rest = b""
        self._long = False
        self._pending = Pending(bound)
        self._payloads: list[bytes] = []
        self._offsets: list[int] = []

    def drain(self) -> tuple[list[bytes], list[int]]:
        """The records found since the last call."""
        out = self._payloads, self._offsets
        self._payloads, self._offsets = [], []
        return out

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Take bytes in; ``final`` closes what is open."""
        if self._long:
            end = chunk.find(b"\n")
            self._take(self._pending.push(chunk if end < 0 else chunk[:end]))
            if end < 0 and not final:
                return
            self._long = False
            if self._pending.size:
                self._take([self._pending.take()])
            if end < 0:
                return
            self._offset += 1
            chunk = chunk[end + 1 :]
        data = self._rest + chunk
        used = self._scan(data, final=final)
        self._rest = b"" if self._long else data[used:]
        if not self._long:
            self._offset += used
            return
        self._offset += used
        self._take(self._pending.push(data[used:]))
        if final:
            self._long = False
            self._take([self._pending.take()])

    def _take(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self._payloads.append(payload)
            self._offsets.append(self._offset)
            self._offset += len(payload)

    def _emit(self, payload: bytes, at: int) -> None:
        if payload in {b"", b"\r"}:
            return
        if len(payload) <= self._bound:
            self._payloads.append(payload)
            self._offsets.append(self._offset + at)
            return
        for piece in cut(payload, self._bound):
            self._payloads.append(piece)
            self._offsets.append(self._offset + at)
            at += len(piece)

    def _scan(self, data: bytes, *, final: bool) -> int:
        """Find records; the place up to which the data is used up, or from which a long line is open."""
        at = 0
        size = len(data)
        while at < size:
            quote = data.find(b'"', at)
            plain = data.rfind(b"\n", at, size if quote < 0 else quote) if quote < 0 or quote - at > _PLAIN else -1
            if plain >= 0:
                payloads, offsets = whole_lines(data[at:plain], self._offset + at, self._bound)
                self._payloads += payloads
                self._offsets += offsets
                at = plain + 1
                continue
            limit = min(size, at + self._quoted)
            found = self._record.match(data, at, limit)
            end = at if found is None else found.end()
            if end < limit and data[end] == 0x0A:
                self._emit(data[at:end], at)
                at = end + 1
            elif final and end == limit == size:
                self._emit(data[at:end], at)
                at = end
            elif not final and size - at < self._quoted:
                break
            else:
                end = data.find(b"\n", at)
                if end < 0:
                    self._long = True
                    break
                self._emit(data[at:end], at)
                at = end + 1
        return at


def split_table(
    stream: BinaryIO,
    *,
    start: int = 0,
    number: int = 0,
    delimiter: str = ",",
    bound: int = MAX_RECORD,
    quoted: int = QUOTED_BYTES,
) -> Iterator[list[Record]]:
    """Cut a stream of delimited rows into batches of records.

    Args:
        stream: stands at byte ``start``.
        start: 0, or where a record ended.
        number: of the next record.
        delimiter: one character.
        bound: the longest record that is one record.
        quoted: how far a quoted cell may reach.

    Raises:
        InputError: whatever the stream raised, after every readable record was yielded.
    """
    chunks = Chunks(stream, start)
    batcher = Batcher(number)
    scanner = _Scanner(chunks.offset, delimiter, bound, quoted)
    for chunk in chunks:
        scanner.feed(chunk)
        yield from batcher.add(*scanner.drain())
    scanner.feed(b"", final=True)
    yield from batcher.add(*scanner.drain())
    yield from batcher.rest()
    chunks.finish()


@lru_cache(maxsize=8)
def scan_rows(head: bytes, delimiter: str, *, complete: bool) -> tuple[bytes, ...]:
    """The whole rows at the beginning of a table, for looking at; remembered, as many formats look at one sample."""
    scanner = _Scanner(0, delimiter, MAX_RECORD, QUOTED_BYTES)
    scanner.feed(head)
    if complete:
        scanner.feed(b"", final=True)
    return tuple(scanner.drain()[0])


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of one row.

    Raises:
        ValueError: the quoting is broken; the message says how.
    """
    if text[-1:] == "\r":
        text = text[:-1]
    if '"' not in text:
        return text.split(delimiter)
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "field larger" not in str(error):
            raise ValueError(str(error)) from None
        return _large_cells(text, delimiter)
    return rows[0] if len(rows) == 1 else []


def _large_cells(text: str, delimiter: str) -> list[str]:
    """Cells above the size the csv module takes, by the same rules."""
    cells: list[str] = []
    cell = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{re.escape(delimiter)}][^{re.escape(delimiter)}]*)?)', re.DOTALL)
    at = 0
    while True:
        found = cell.match(text, at)
        if found is None or (found.end() < len(text) and text[found.end()] != delimiter):
            raise ValueError("quotes inside a cell that is not quoted whole")
        cells.append(found[1].replace('""', '"') if found[1] is not None else found[2] or "")
        at = found.end() + 1
        if at > len(text):
            return cells

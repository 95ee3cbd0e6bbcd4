"""Cutting streams of lines into records: exact bytes, exact offsets, bounded memory.

The separator is one line feed and nothing else: a carriage return before it stays the payload's last byte, so
payloads joined by line feeds give back the input. Empty lines (no byte, or a lone carriage return) are separators
too, as is a byte order mark at offset 0. Everything else is a record, whatever its bytes.

With ``continued``, a line that begins with a space or tab belongs to the record before it, line feed included, as
long as that record stays within :data:`CONTINUED_BYTES` and no empty line stands between. A format whose records span
lines in another way says itself which line belongs to the one before (``belongs``), within the same limits.
The rule for records above the bound is the contract's (:mod:`vestige.sources.contract`).
"""

from __future__ import annotations

from itertools import accumulate, chain
from operator import add
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.errors import InputError
from vestige.model.event import Record
from vestige.sources.contract import BATCH_BYTES, BATCH_RECORDS, MAX_RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READ_BYTES = 256 << 10
CONTINUED_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"


class Chunks:
    """Reads of a stream, with its error held back until everything readable was used.

    ``offset`` is where the first chunk begins: ``start``, or behind the byte order mark.
    """

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._fault: InputError | None = None
        self.offset = start
        self._first = b""
        if start == 0:
            while len(self._first) < len(BOM) and (more := self._read()):
                self._first += more
            if self._first.startswith(BOM):
                self._first = self._first[len(BOM) :]
                self.offset = len(BOM)

    def __iter__(self) -> Iterator[bytes]:
        if self._first:
            yield self._first
            self._first = b""
        while chunk := self._read():
            yield chunk

    def _read(self) -> bytes:
        if self._fault is not None:
            return b""
        try:
            return self._stream.read(READ_BYTES)
        except InputError as error:
            self._fault = error
            return b""

    def finish(self) -> None:
        """Let the stream's error through, if there was one."""
        if self._fault is not None:
            raise self._fault


class Batcher:
    """Collects payloads and offsets into numbered batches of the contract's size."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._batch: list[Record] = []
        self._bytes = 0

    def add(self, payloads: list[bytes], offsets: list[int]) -> Iterator[list[Record]]:
        """Take records in; yield each batch that became full."""
        at = 0
        while at < len(payloads):
            take = payloads[at : at + BATCH_RECORDS - len(self._batch)]
            size = sum(map(len, take))
            if self._bytes + size > BATCH_BYTES:
                take, size = self._fit(take)
            count = len(take)
            numbers = range(self._number, self._number + count)
            rows = zip(take, offsets[at : at + count], numbers, strict=True)
            self._batch += map(Record._make, rows)
            self._number += count
            self._bytes += size
            at += count
            if at < len(payloads) or len(self._batch) >= BATCH_RECORDS or self._bytes >= BATCH_BYTES:
                yield from self.rest()

    def _fit(self, payloads: list[bytes]) -> tuple[list[bytes], int]:
        size = 0
        for index, payload in enumerate(payloads):
            if self._bytes + size + len(payload) > BATCH_BYTES and (index or self._batch):
                return payloads[:index], size
            size += len(payload)
        return payloads, size

    def rest(self) -> Iterator[list[Record]]:
        """What is collected, if anything, as one batch."""
        if self._batch:
            yield self._batch
            self._batch, self._bytes = [], 0


class Pending:
    """The open record at the end of what was read, kept in parts so that a long one is joined once."""

    def __init__(self, bound: int) -> None:
        self._parts: list[bytes] = []
        self._piece = bound + 1
        self.size = 0

    def push(self, part: bytes) -> list[bytes]:
        """Add bytes to the open record; returns the pieces that had to be cut off its front."""
        if part:
            self._parts.append(part)
            self.size += len(part)
        if self.size < 2 * self._piece:
            return []
        cuts = cut(self.take(), self._piece - 1)
        self._parts = [cuts.pop()]
        self.size = len(self._parts[0])
        return cuts

    def take(self) -> bytes:
        """Close the open record and hand it out."""
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self.size = 0
        return whole


def cut(payload: bytes, bound: int) -> list[bytes]:
    """A record as pieces by the contract's rule: each longer than ``bound``; a record below twice that, whole."""
    piece = bound + 1
    if len(payload) < 2 * piece:
        return [payload]
    view = memoryview(payload)
    at = 0
    pieces = []
    while len(payload) - at >= 2 * piece:
        pieces.append(bytes(view[at : at + piece]))
        at += piece
    pieces.append(bytes(view[at:]))
    return pieces


def split_lines(
    stream: BinaryIO,
    *,
    start: int = 0,
    number: int = 0,
    bound: int = MAX_RECORD,
    continued: bool = False,
    belongs: Callable[[bytes], bool] | None = None,
) -> Iterator[list[Record]]:
    """Cut a stream of lines into batches of records.

    Args:
        stream: stands at byte ``start``.
        start: 0, or where a record ended.
        number: of the next record.
        bound: the longest record that is one record.
        continued: whether a line that begins with a space or tab continues the record before it.
        belongs: asked once for each line in order, whether it belongs to the line before; it may remember that line.

    Raises:
        InputError: whatever the stream raised, after every readable record was yielded.
    """
    chunks = Chunks(stream, start)
    batcher = Batcher(number)
    lines = _lines(chunks, bound)
    if belongs is None and continued:
        belongs = _indented
    for payloads, offsets in lines if belongs is None else _join(lines, belongs):
        yield from batcher.add(payloads, offsets)
    yield from batcher.rest()
    chunks.finish()


def _lines(chunks: Chunks, bound: int) -> Iterator[tuple[list[bytes], list[int]]]:
    """Physical lines and their offsets, a read at a time."""
    pending = Pending(bound)
    offset = chunks.offset
    for part in chunks:
        chunk = part
        end = chunk.rfind(b"\n")
        if end >= 0:
            if pending.size:
                end += pending.size
                chunk = pending.take() + chunk
            yield whole_lines(chunk[:end], offset, bound)
            offset += end + 1
            chunk = chunk[end + 1 :]
        pieces = pending.push(chunk)
        if pieces:
            yield pieces, _offsets(pieces, offset, 0)
            offset += sum(map(len, pieces))
    if pending.size:
        yield whole_lines(pending.take(), offset, bound)


def whole_lines(text: bytes, offset: int, bound: int) -> tuple[list[bytes], list[int]]:
    """The records of whole lines, and their offsets, by the rules of this module."""
    lines = text.split(b"\n")
    offsets = _offsets(lines, offset, 1)
    if not all(lines) or (b"\r" in text and b"\r" in lines):
        kept = [(line, at) for line, at in zip(lines, offsets, strict=True) if line not in {b"", b"\r"}]
        lines = [line for line, _ in kept]
        offsets = [at for _, at in kept]
    if len(text) > bound and any(len(line) > bound for line in lines):
        cuts = [(cut(line, bound), at) for line, at in zip(lines, offsets, strict=True)]
        lines = [piece for pieces, _ in cuts for piece in pieces]
        offsets = [place for pieces, at in cuts for place in _offsets(pieces, at, 0)]
    return lines, offsets


def _offsets(payloads: list[bytes], offset: int, gap: int) -> list[int]:
    """Where each of a run of payloads begins, with ``gap`` (0 or 1) bytes of separator after each."""
    sums = accumulate(chain((offset,), map(len, payloads)))
    if gap:
        return list(map(add, sums, range(len(payloads))))
    return list(sums)[: len(payloads)]


_BLANKS = frozenset({b" ", b"\t"})


def _indented(line: bytes) -> bool:
    return line[:1] in _BLANKS


def _join(
    lines: Iterator[tuple[list[bytes], list[int]]], belongs: Callable[[bytes], bool]
) -> Iterator[tuple[list[bytes], list[int]]]:
    """Put continuation lines behind the record they continue; the last record waits for what follows it."""
    parts: list[bytes] = []
    begun = end = size = 0
    for payloads, offsets in lines:
        if payloads and belongs is _indented and {payload[:1] for payload in payloads}.isdisjoint(_BLANKS):
            # Nothing of this is a continuation: all but the last are whole, as is what waited.
            if parts:
                yield [b"\n".join(parts)], [begun]
            yield payloads[:-1], offsets[:-1]
            parts, begun, size = [payloads[-1]], offsets[-1], len(payloads[-1])
            end = begun + size
            continue
        joined: list[bytes] = []
        places: list[int] = []
        for payload, offset in zip(payloads, offsets, strict=True):
            long = len(payload)
            if belongs(payload) and parts and offset == end + 1 and size + 1 + long <= CONTINUED_BYTES:
                parts.append(payload)
                size += 1 + long
            else:
                if parts:
                    joined.append(parts[0] if len(parts) == 1 else b"\n".join(parts))
                    places.append(begun)
                parts = [payload]
                begun, size = offset, long
            end = offset + long
        yield joined, places
    if parts:
        yield [b"\n".join(parts)], [begun]

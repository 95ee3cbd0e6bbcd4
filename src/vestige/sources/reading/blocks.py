"""Cutting records that take several lines: one begins where its format says so, other lines continue it.

Empty lines inside a record belong to it (a statement may hold some); at its end they are separators, as everywhere.
A record grows by further lines as long as it stays within :data:`~vestige.sources.reading.records.CONTINUED_BYTES`;
a line beyond that begins a record of its own, as does the first line that is read, whatever it holds.
The rule for records above the bound is the contract's (:mod:`vestige.sources.contract`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from vestige.sources.contract import MAX_RECORD, Context, Detection
from vestige.sources.reading.kinds import LOOK, LineRecords
from vestige.sources.reading.records import CONTINUED_BYTES, Batcher, Chunks, Pending, cut
from vestige.sources.reading.timefield import missing_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.model.event import Record
    from vestige.sources.contract import Sample

_EMPTY = frozenset({b"", b"\r"})


_FEWEST = 25
"""Of a sample's lines, one in so many must begin a record."""


@dataclass(frozen=True, kw_only=True)
class BlockRecords(LineRecords):
    """Records of several lines.

    ``begins`` tells from a line, and the one before it, whether a record begins; ``read`` gets a whole record.
    """

    begins: Callable[[bytes, bytes], object]

    def detect(self, sample: Sample) -> Detection | None:
        """Sure where most records are of this format; less so where the sample begins within one."""
        lines = sample.lines()[:LOOK]
        before = [b"", *lines]
        begun = [
            line.decode("utf-8", "replace")
            for line, last in zip(lines, before, strict=False)
            if self.begins(line, last)
        ]
        mine = [text for text in begun if self.mine(text)]
        if not mine or len(mine) * 2 <= len(begun) or len(mine) * _FEWEST < len(lines):
            return None
        sure = self.confidence if self.begins(lines[0], b"") else self.confidence - 0.2
        extra = missing_parts(filter(None, map(self.quality, mine)))
        return Detection(sure, f"{len(mine)} of {len(lines)} lines begin {self.seen}", extra=extra)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """By the lines that begin a record."""
        del context
        return split_blocks(stream, begins=self.begins, start=start, number=number)


class _Open:
    """The record that further lines may continue."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._blank: list[bytes] = []
        self._size = self._blanks = self._begun = 0

    def take(self, line: bytes, at: int, *, begins: bool) -> tuple[bytes, int] | None:
        """Take a line in; the record it ended, if it did."""
        if self._parts and not begins and self._size + self._blanks + 1 + len(line) <= CONTINUED_BYTES:
            self._parts += self._blank
            self._parts.append(line)
            self._size += self._blanks + 1 + len(line)
            self._blank, self._blanks = [], 0
            return None
        ended = self.close()
        self._parts, self._begun, self._size = [line], at, len(line)
        return ended

    def empty(self, line: bytes) -> tuple[bytes, int] | None:
        """Take an empty line in; the record it ended, where too many stand behind it."""
        if not self._parts:
            return None
        self._blank.append(line)
        self._blanks += 1 + len(line)
        return self.close() if self._size + self._blanks > CONTINUED_BYTES else None

    def close(self) -> tuple[bytes, int] | None:
        """End the record, without the empty lines behind it."""
        ended = (b"\n".join(self._parts), self._begun) if self._parts else None
        self._parts, self._blank, self._blanks = [], [], 0
        return ended


def split_blocks(
    stream: BinaryIO,
    *,
    begins: Callable[[bytes, bytes], object],
    start: int = 0,
    number: int = 0,
    bound: int = MAX_RECORD,
) -> Iterator[list[Record]]:
    """Cut a stream into batches of records.

    Args:
        stream: stands at byte ``start``.
        begins: whether a line begins a record, told from it and the line before it (empty at the start).
        start: 0, or where a record ended.
        number: of the next record.
        bound: the longest record that is one record.

    Raises:
        InputError: whatever the stream raised, after every readable record was yielded.
    """
    chunks = Chunks(stream, start)
    batcher = Batcher(number)
    for ended in _blocks(chunks, begins, bound):
        yield from batcher.add([payload for payload, _ in ended], [at for _, at in ended])
    yield from batcher.rest()
    chunks.finish()


def _blocks(chunks: Chunks, begins: Callable[[bytes, bytes], object], bound: int) -> Iterator[list[tuple[bytes, int]]]:
    record = _Open()
    before = b""
    for lines, offset in _lines(chunks, bound):
        ended: list[tuple[bytes, int] | None] = []
        at = offset
        for line in lines:
            if line in _EMPTY:
                ended.append(record.empty(line))
            elif len(line) > bound:
                ended.append(record.close())
                place = at
                for piece in cut(line, bound):
                    ended.append((piece, place))
                    place += len(piece)
            else:
                ended.append(record.take(line, at, begins=bool(begins(line, before))))
                before = line
            at += len(line) + 1
        yield [one for one in ended if one is not None]
    last = record.close()
    if last is not None:
        yield [last]


def _lines(chunks: Chunks, bound: int) -> Iterator[tuple[list[bytes], int]]:
    """Lines as they stand in the stream, empty ones too, a read at a time; of one above the bound its pieces."""
    pending = Pending(bound)
    offset = chunks.offset
    for chunk in chunks:
        end = chunk.rfind(b"\n")
        rest = chunk
        if end >= 0:
            whole = pending.take() + chunk[:end] if pending.size else chunk[:end]
            yield whole.split(b"\n"), offset
            offset += len(whole) + 1
            rest = chunk[end + 1 :]
        for piece in pending.push(rest):
            yield [piece], offset
            offset += len(piece)
    if pending.size:
        yield [pending.take()], offset

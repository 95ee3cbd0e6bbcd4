"""Frames of syslog on one connection: RFC 6587 octet counting and lines, also mixed; pure, whatever the chunks.

A frame that begins with a count, one space and ``<`` (``MSG-LEN SP SYSLOG-MSG``, section 3.4.1; every message begins
with its priority) is counted; any other ends at the next line feed (section 3.4.2). A count before anything but ``<``
is part of a line: ``5 packets lost`` is no frame of five bytes. Bytes are exact: a carriage return before the line
feed stays, as does whatever a counted frame ends in. Empty lines are separators and mean nothing.

The bound. A longer frame is handed out in pieces of ``bound`` bytes, the last one shorter, each marked: its tail must
not be read as a record of its own, or whoever writes a long enough line could forge one. What a connection breaks off
in the middle of is kept too, and marked likewise.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_COUNT = re.compile(rb"([1-9][0-9]{0,9}) <")
_COUNT_BEGINS = re.compile(rb"[1-9][0-9]{0,9} ?")
LONGEST_COUNT = 12
"""Bytes that tell whether a frame is counted: ten digits, the space, the bracket."""
_LF = 10


class Part(StrEnum):
    """What a frame is of what was sent. The value stands in the ledger (``normalisation``, ``extra.frame``)."""

    WHOLE = ""
    PIECE = "piece"
    """Of a frame above the bound."""
    TORN = "torn"
    """The connection ended within it."""


class Frame(NamedTuple):
    """One frame, and where its first byte stood among all bytes of the connection."""

    payload: bytes
    offset: int
    part: Part = Part.WHOLE


class Decoder:
    """Cuts one connection's bytes into frames, holding at most one frame's worth of them.

    Args:
        bound: bytes of the longest frame that is handed out whole; 1 or more.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._buffer = bytearray()
        self._offset = 0
        self._scanned = 0
        self._counted = 0
        """Bytes still missing of a counted frame above the bound."""
        self._in_line = False
        """Whether the buffer begins within a line above the bound."""

    @property
    def held(self) -> int:
        """Bytes of frames that are not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take in the next bytes, and hand out every frame they complete."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while (end := self._next(at, frames)) >= 0:
            at = end
        if at:
            del self._buffer[:at]
            self._offset += at
            self._scanned = max(0, self._scanned - at)
        return frames

    def end(self, *, clean: bool) -> list[Frame]:
        """The connection is over: what is left of it, if anything.

        Args:
            clean: whether the other side closed it. A last line without its line feed is then taken as meant;
                otherwise, and always within a counted frame, what came is marked as torn.
        """
        buffer, at = self._buffer, 0
        part = Part.WHOLE if clean else Part.TORN
        if self._counted or self._in_line:
            part = Part.PIECE
        elif (found := _COUNT.match(buffer)) is not None:
            part, at = Part.TORN, found.end() - 1
        payload = bytes(buffer[at:])
        offset = self._offset + at
        self._buffer, self._offset = bytearray(), self._offset + len(buffer)
        self._scanned, self._counted, self._in_line = 0, 0, False
        return [Frame(payload, offset, part)] if payload not in {b"", b"\r"} else []

    def _next(self, at: int, frames: list[Frame]) -> int:
        """Cut one frame or piece that begins at ``at``; where it ends, or -1 if more bytes are needed."""
        if self._counted:
            return self._piece_of_counted(at, frames)
        if not self._in_line:
            found = _COUNT.match(self._buffer, at)
            if found is not None:
                return self._begin_counted(found, frames)
            rest = len(self._buffer) - at
            if rest < LONGEST_COUNT and _COUNT_BEGINS.fullmatch(self._buffer, at) is not None:
                return -1
        return self._line(at, frames)

    def _begin_counted(self, found: re.Match[bytes], frames: list[Frame]) -> int:
        size, begin = int(found[1]), found.end() - 1
        if size > self._bound:
            self._counted = size
            return begin
        if len(self._buffer) < begin + size:
            return -1
        frames.append(Frame(bytes(self._buffer[begin : begin + size]), self._offset + begin))
        return begin + size

    def _piece_of_counted(self, at: int, frames: list[Frame]) -> int:
        size = min(self._counted, self._bound)
        if len(self._buffer) < at + size:
            return -1
        frames.append(Frame(bytes(self._buffer[at : at + size]), self._offset + at, Part.PIECE))
        self._counted -= size
        return at + size

    def _line(self, at: int, frames: list[Frame]) -> int:
        buffer, bound = self._buffer, self._bound
        end = buffer.find(_LF, max(at, self._scanned), at + bound + 1)
        if end >= 0:
            payload = bytes(buffer[at:end])
            if self._in_line or payload not in {b"", b"\r"}:
                frames.append(Frame(payload, self._offset + at, Part.PIECE if self._in_line else Part.WHOLE))
            self._in_line = False
            self._scanned = 0
            return end + 1
        if len(buffer) - at > bound:
            frames.append(Frame(bytes(buffer[at : at + bound]), self._offset + at, Part.PIECE))
            self._in_line = True
            self._scanned = 0
            return at + bound
        self._scanned = len(buffer)
        return -1


def cut(payload: bytes, bound: int) -> list[Frame]:
    """A datagram as frames: itself, or pieces by the rule above. Its own offset is 0."""
    if len(payload) <= bound:
        return [Frame(payload, 0)]
    return [Frame(payload[at : at + bound], at, Part.PIECE) for at in range(0, len(payload), bound)]

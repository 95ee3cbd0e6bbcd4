"""Records that arrived and are not committed yet: held in memory, within a bound, until the committer takes them.

The bound is on what waits and what is being committed together. Nothing is refused here: whoever puts looks at ``full``
and stops reading where it reads from, so that the sender, or the kernel in front of us, does the waiting.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestige.ingest.arrivals import Arrived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.ingest.arrivals import Stream

LINGER = 0.05
"""Seconds the first record waits for others to share its commit."""
BATCH_RECORDS = 10_000
BATCH_BYTES = 8 << 20
"""A commit has about this much at most, whatever waits."""
CROWD_BYTES = 4 << 20
"""About a commit of usual lines: more would not make it quicker."""
RECORD_BYTES = 250
"""What a record costs in memory beside its payload, roughly."""


@dataclass(slots=True)
class Counts:
    """What became of a listener's records."""

    received: int = 0
    received_bytes: int = 0
    committed: int = 0
    refused: int = 0
    """Datagrams and connections turned away: not from an allowed network, too many connections, a bad handshake."""
    cut: int = 0
    """Records that are pieces of a frame above the bound."""
    torn: int = 0
    """Records that a connection broke off in."""


@dataclass(eq=False, slots=True)
class Line:
    """One stream's records that wait."""

    stream: Stream
    counts: Counts
    payloads: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """What one commit is to append."""

    arrived: list[Arrived] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """Of each, whose it is."""
    records: int = 0
    bytes: int = 0


class Waiting:
    """Put from one thread, take from another.

    Args:
        most: bytes of all records that wait or are being committed, from where on it is full.
        on_room: called, by the thread that takes, when it was full or crowded and is not any more.
    """

    def __init__(self, most: int, on_room: Callable[[], None]) -> None:
        self._most = most
        self._on_room = on_room
        self._condition = threading.Condition()
        self._lines: dict[Line, None] = {}
        self._bytes = 0
        self._ready_records = 0
        self._ready_bytes = 0
        self._since = 0.0
        self._closing = False

    @property
    def full(self) -> bool:
        """Whether no more should be read."""
        return self._bytes >= self._most

    @property
    def crowded(self) -> bool:
        """Whether no more should be read from senders that can be made to wait: what waits here a crash would lose."""
        return self._bytes >= min(CROWD_BYTES, self._most)

    def put(self, line: Line, payloads: Sequence[bytes], offsets: Sequence[int], numbers: Sequence[int]) -> None:
        """Add records of one stream."""
        size = sum(map(len, payloads))
        with self._condition:
            line.payloads += payloads
            line.offsets += offsets
            line.numbers += numbers
            line.counts.received += len(payloads)
            line.counts.received_bytes += size
            size += RECORD_BYTES * len(payloads)
            if not self._ready_records:
                self._since = time.monotonic()
                self._condition.notify()
            self._lines[line] = None
            self._ready_records += len(payloads)
            self._ready_bytes += size
            self._bytes += size
            if self._enough():
                self._condition.notify()

    def take(self) -> Taken | None:
        """Wait for records that are worth a commit, and take them; ``None`` once it is closed and empty."""
        with self._condition:
            while not self._ready_records:
                if self._closing:
                    return None
                self._condition.wait()
            while not (self._closing or self._enough()):
                left = self._since + LINGER - time.monotonic()
                if left <= 0:
                    break
                self._condition.wait(left)
            taken = Taken()
            while self._lines and taken.records < BATCH_RECORDS and taken.bytes < BATCH_BYTES:
                line = next(iter(self._lines))
                if not self._move(line, taken):
                    break
                if not line.payloads:
                    del self._lines[line]
            self._ready_records -= taken.records
            self._ready_bytes -= taken.bytes
            return taken

    def done(self, taken: Taken) -> None:
        """What was taken is committed."""
        with self._condition:
            for arrived, line in zip(taken.arrived, taken.lines, strict=True):
                line.counts.committed += len(arrived.payloads)
            before = (self.full, self.crowded)
            self._bytes -= taken.bytes
            room = before != (self.full, self.crowded)
        if room:
            self._on_room()

    def close(self) -> None:
        """Nothing more will be put."""
        with self._condition:
            self._closing = True
            self._condition.notify()

    def _enough(self) -> bool:
        return self._ready_records >= BATCH_RECORDS or self._ready_bytes >= BATCH_BYTES or self.full

    @staticmethod
    def _move(line: Line, taken: Taken) -> int:
        """As many of a line's records as still fit, at least one into an empty commit; how many."""
        count = min(len(line.payloads), BATCH_RECORDS - taken.records)
        size = sum(map(len, line.payloads[:count])) + RECORD_BYTES * count
        if taken.bytes + size > BATCH_BYTES:
            size = count = 0
            for payload in line.payloads:
                if (count or taken.records) and taken.bytes + size + len(payload) + RECORD_BYTES > BATCH_BYTES:
                    break
                size += len(payload) + RECORD_BYTES
                count += 1
            if count == 0:
                return 0
        taken.arrived.append(Arrived(line.stream, line.payloads[:count], line.offsets[:count], line.numbers[:count]))
        taken.lines.append(line)
        taken.records += count
        taken.bytes += size
        del line.payloads[:count], line.offsets[:count], line.numbers[:count]
        return count

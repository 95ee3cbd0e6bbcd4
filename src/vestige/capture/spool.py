"""What waits to be sent: durable, bounded, and sent at most once into the ledger.

A spool is a folder per repository; in it a segment is a file of records of one stream, named by a ULID and the stream.
A segment is a request: it is closed before it is sent, has the same bytes each time, and its name is the request's
idempotency key; it is removed when it was answered. So a crash at any point sends a segment again whole, and the server
adds nothing for the second time.

A line is the CRC-32 of its rest in eight hexadecimal digits, the event's id, and the record; what a crash tore off has
no right sum and is passed over, as it never was acknowledged. Who appends holds the program's lock: one a user.

Bounds: bytes of a segment, bytes and age of a spool. What is over goes, the oldest first, and a record says how much.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.capture.places import sync_folder
from vestige.model.ids import decode_ulid, new_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEGMENT_BYTES: Final = 2 << 20
"""Bytes after which a segment is closed; one record may exceed it."""
SPOOL_BYTES: Final = 256 << 20
"""Bytes of a user's spool."""
SPOOL_AGE: Final = 30 * 86_400
"""Seconds after which what could not be sent goes."""
_SUFFIX: Final = ".jsonl"


class Segment(NamedTuple):
    """A closed part of a spool."""

    path: Path
    repository: str
    """The folder's name."""
    stream: str

    @property
    def key(self) -> str:
        """What it is called wherever it is sent to."""
        return self.path.name.split(".", 1)[0]

    @property
    def made_at(self) -> float:
        """Seconds since 1970."""
        return (decode_ulid(self.key) >> 80) / 1000

    def records(self) -> list[bytes]:
        """Its records, without what was torn off."""
        return [record for _, record in lines(self.path.read_bytes())]


def lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Id and record of each line that is whole."""
    for line in data.split(b"\n"):
        checksum, _, rest = line.partition(b" ")
        identity, _, record = rest.partition(b" ")
        if record and checksum == b"%08x" % zlib.crc32(rest):
            yield identity.decode("ascii", "replace"), record


@dataclass(slots=True)
class _Open:
    """A segment that is being written."""

    path: Path
    descriptor: int
    size: int = 0
    events: int = 0


class _Closed(NamedTuple):
    """What is known of a closed segment without reading it."""

    size: int
    events: int


class Waiting(NamedTuple):
    """What waits of one repository."""

    events: int
    size: int
    since: float
    """Seconds since 1970 when the oldest of it was begun."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What went because of a bound."""

    repository: str
    records: int
    size: int
    first_at: float
    """Seconds since 1970 when the oldest of it was begun."""
    last_at: float
    """The same of when something was last added to it."""


class Spool:
    """All spools of a user. Safe to use from many threads.

    Args:
        folder: where; it is there.
        most_bytes: of all spools together.
        most_age: seconds.
    """

    def __init__(self, folder: Path, *, most_bytes: int = SPOOL_BYTES, most_age: float = SPOOL_AGE) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_age = most_age
        self._lock = threading.RLock()
        self._open: dict[tuple[str, str], _Open] = {}
        self._closed: dict[Path, _Closed] = {}
        self._made = 0
        """Milliseconds that name the segment made last: no two of one moment, so that names are in their order."""
        self.ids: set[str] = set()
        """Ids of the events that wait: what is handed over twice is kept once."""
        for path in folder.glob(f"*/*{_SUFFIX}"):
            data = path.read_bytes()
            found = [identity for identity, _ in lines(data)]
            self._closed[path] = _Closed(len(data), len(found))
            self.ids.update(found)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        with self._lock:
            return sum(one.size for one in self._closed.values()) + sum(one.size for one in self._open.values())

    def append(self, repository: str, stream: str, records: list[tuple[str, bytes]]) -> None:
        """Keep records; they are on the disk when this returns.

        Args:
            repository: the folder's name.
            stream: how they are sent.
            records: of each the event's id and its bytes, without a line feed.

        Raises:
            OSError: they cannot be kept, and none of them is.
        """
        data = b"".join(_line(identity, record) for identity, record in records)
        with self._lock:
            segment = self._segment(repository, stream)
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(segment.descriptor, rest) :]
                os.fsync(segment.descriptor)
            except OSError:
                self._undo(repository, stream, segment)
                raise
            segment.size += len(data)
            segment.events += len(records)
            self.ids.update(identity for identity, _ in records)
            if segment.size >= SEGMENT_BYTES:
                self._close(repository, stream)

    def waiting(self) -> dict[str, Waiting]:
        """What waits, by repository."""
        found: dict[str, Waiting] = {}
        with self._lock:
            parts = [(path, one.size, one.events) for path, one in self._closed.items()]
            parts += [(one.path, one.size, one.events) for one in self._open.values()]
        for path, size, events in parts:
            before = found.get(path.parent.name, Waiting(0, 0, _made_at(path)))
            since = min(before.since, _made_at(path))
            found[path.parent.name] = Waiting(before.events + events, before.size + size, since)
        return found

    def closed(self, repository: str | None = None) -> list[Segment]:
        """Close what is open, and list the segments of a repository, or of all; the oldest first."""
        with self._lock:
            for name, stream in list(self._open):
                if repository in {None, name}:
                    self._close(name, stream)
            found = [
                Segment(path, path.parent.name, path.name.split(".", 1)[1].removesuffix(_SUFFIX))
                for path in self._closed
                if repository in {None, path.parent.name}
            ]
        return sorted(found, key=lambda segment: segment.key)

    def done(self, segment: Segment) -> None:
        """It was answered.

        Raises:
            OSError: it cannot be removed.
        """
        self.ids.difference_update(identity for identity, _ in lines(segment.path.read_bytes()))
        segment.path.unlink()
        with self._lock:
            self._closed.pop(segment.path, None)

    def trim(self, now: float) -> list[Dropped]:
        """Remove what is beyond the bounds, the oldest first; what that was.

        Args:
            now: seconds since 1970.
        """
        gone: list[Dropped] = []
        over = self.size - self._most_bytes
        if over <= 0 and not any(now - _made_at(path) > self._most_age for path in list(self._closed)):
            return gone
        for segment in self.closed():
            size, events = self._closed[segment.path]
            if over <= 0 and now - segment.made_at <= self._most_age:
                break
            last = segment.path.stat().st_mtime
            gone.append(Dropped(segment.repository, events, size, segment.made_at, max(last, segment.made_at)))
            self.done(segment)
            over -= size
        return gone

    def _segment(self, repository: str, stream: str) -> _Open:
        found = self._open.get((repository, stream))
        if found is None:
            folder = self._folder / repository
            if not folder.exists():
                folder.mkdir(mode=0o700)
                sync_folder(self._folder)
            self._made = max(_millis(), self._made + 1)
            path = folder / f"{new_ulid(self._made)}.{stream}{_SUFFIX}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            found = _Open(path, os.open(path, flags, 0o600))
            sync_folder(folder)
            self._open[repository, stream] = found
        return found

    def _undo(self, repository: str, stream: str, segment: _Open) -> None:
        """Take back what was written in part; where even that fails, nothing is written behind it."""
        try:
            os.ftruncate(segment.descriptor, segment.size)
        except OSError:
            self._close(repository, stream)

    def _close(self, repository: str, stream: str) -> None:
        segment = self._open.pop((repository, stream))
        os.close(segment.descriptor)
        if segment.size:
            self._closed[segment.path] = _Closed(segment.size, segment.events)
        else:
            segment.path.unlink()


def _line(identity: str, record: bytes) -> bytes:
    rest = b"%s %s" % (identity.encode(), record)
    return b"%08x %s\n" % (zlib.crc32(rest), rest)


def _made_at(path: Path) -> float:
    return (decode_ulid(path.name.split(".", 1)[0]) >> 80) / 1000


def _millis() -> int:
    return time.time_ns() // 1_000_000

"""What is watched: files held open, what waits to be looked at when it is silent, and where new ones may appear."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass, field
from glob import glob, has_magic
from typing import TYPE_CHECKING

from vestige.sources.members.member import ZIP, compression_of, is_tar
from vestige.sources.members.walk import is_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.ingest.tail import Tail

REGION = 8 << 20
"""Bytes read at once; a longer line is taken in pieces."""

QUIET = 2.0
"""Seconds of silence before a compressed file is imported, or one without lines, or a copy is compared."""
LATEST = 30.0
"""Seconds after which a file without lines that is never silent is imported all the same."""

Identity = tuple[int, int]


@dataclass(eq=False, slots=True)
class File:
    """A file that is followed, held open."""

    home: str
    """Its path when it was first seen."""
    descriptor: int
    identity: Identity
    tail: Tail
    path: str = ""
    """Where it is now; empty: nowhere that is looked at."""
    seen: tuple[int, int] = (-1, -1)
    """Its size and time of modification at the last look."""
    changed: float = 0.0
    """When that was another last, by the monotonic clock."""
    settled: bool = False
    """Whether all was done that could be until it changes."""
    gone: float = 0.0
    """Since when it has had no name; 0 while it has one."""
    refused: bool = False
    beside: bool = False
    """Whether only what continues something known is to be taken of it."""
    checked: int = 0
    """How often anybody had taken something when it was found out last how much of this the ledger has."""
    begun: bool = False
    """Whether anything of it was taken since it was taken up."""

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of it; fewer at its end."""
        parts = []
        while size > 0 and (data := os.pread(self.descriptor, min(size, REGION), offset)):
            parts.append(data)
            offset += len(data)
            size -= len(data)
        return b"".join(parts)

    def unchanged(self) -> bool:
        """Whether it still has what was taken of it; asked after reading, so what was read is of that file."""
        tail = self.tail
        begin = max(0, tail.size - len(tail.anchor))
        return (
            os.fstat(self.descriptor).st_size >= tail.size
            and self.read(begin, len(tail.anchor)) == tail.anchor
            and self.read(0, len(tail.head)) == tail.head
        )


@dataclass(slots=True)
class Whole:
    """A file that is imported as a whole when it is silent; one that ``grows`` also when it has not been for long."""

    path: str
    state: tuple[int, int] = (-1, -1)
    since: float = 0.0
    before: bool = False
    """Whether it was there before anything was followed: what is newer then waits for it."""
    grows: bool = False
    """Whether it is one that records are added to, and no compressed file or archive."""
    begun: float = field(default_factory=time.monotonic)
    """When it began to wait."""


@dataclass(slots=True)
class Waiting:
    """A file that may be a copy of one that is followed, until it is silent."""

    path: str
    of: File
    state: tuple[int, int] = (-1, -1)
    since: float = 0.0


@dataclass(slots=True)
class Watch:
    """What was asked for: a file, a pattern, or a folder; nothing below the folders ``besides``, or of an installation.

    The former are known by device and inode, whatever name or link leads into them.
    """

    path: str
    besides: frozenset[Identity] = frozenset()
    pattern: bool = field(init=False)

    def __post_init__(self) -> None:
        self.pattern = has_magic(self.path) and not os.path.lexists(self.path)

    def files(self) -> Iterator[tuple[str, bool]]:
        """Paths that are followed, and those beside them (``True``) that matter only if they continue something."""
        below: dict[str, bool] = {}
        for path, beside in self._paths():
            # Only what was named itself is followed through a link of its own.
            folder = os.path.dirname(os.path.realpath(path) if path == self.path else path)  # noqa: PTH120 - names are bytes of the system's
            if folder not in below:
                below[folder] = self._is_below(folder)
            if not below[folder]:
                yield path, beside

    @property
    def own(self) -> bool:
        """Whether all that was asked for lies below a folder that is left out."""
        return not self.pattern and self._is_below(self.path)

    def _paths(self) -> Iterator[tuple[str, bool]]:
        if self.pattern:
            for path in sorted(glob(self.path, recursive=True)):  # noqa: PTH207 - as above
                if os.path.isfile(path):  # noqa: PTH113 - as above
                    yield path, False
        elif os.path.isdir(self.path):  # noqa: PTH112 - as above
            for folder, folders, names in os.walk(self.path):
                folders[:] = sorted(name for name in folders if not self._is_besides(os.path.join(folder, name)))  # noqa: PTH118 - as above
                for name in sorted(names):
                    yield os.path.join(folder, name), False  # noqa: PTH118 - as above
        else:
            yield self.path, False
            folder = os.path.dirname(self.path) or "."  # noqa: PTH120 - as above
            with contextlib.suppress(OSError):
                for name in sorted(os.listdir(folder)):  # noqa: PTH208 - as above
                    path = os.path.join(folder, name)  # noqa: PTH118 - as above
                    if path != self.path and related(path, self.path):
                        yield path, True

    def _is_below(self, path: str) -> bool:
        """Whether a path is one of the folders that are left out, or lies below one."""
        path = os.path.realpath(path)
        while not self._is_besides(path):
            above = os.path.dirname(path)  # noqa: PTH120 - as above
            if above == path:
                return False
            path = above
        return True

    def _is_besides(self, folder: str) -> bool:
        with contextlib.suppress(OSError):
            status = os.lstat(folder)
            return (status.st_dev, status.st_ino) in self.besides or is_installation(folder)
        return False


_ROTATED = re.compile(r"(?:[-._]\d[-\d._T]*|\.old)?(?:\.(?:gz|bz2|xz))?")


def related(path: str, home: str) -> bool:
    """Whether a name is one that a rotated log gets: ``app.log.1``, ``app.log-20261122.gz``, ``app.log.old``."""
    name, original = os.path.basename(path), os.path.basename(home)  # noqa: PTH119 - as above
    return name.startswith(original) and name != original and _ROTATED.fullmatch(name[len(original) :]) is not None


def state_of(status: os.stat_result) -> tuple[int, int]:
    """Size and time of modification: while these are the same, nothing was written."""
    return (status.st_size, status.st_mtime_ns)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins like this is compressed, or an archive."""
    return compression_of(head) is not None or head.startswith(ZIP) or is_tar(head)

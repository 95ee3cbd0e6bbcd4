"""What a walk answers with, and the files it reads them from."""

from __future__ import annotations

import io
import os
import tempfile
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.errors import InputError
from vestige.sources.members.streams import (
    BZIP2,
    GZIP,
    READ_BYTES,
    XZ,
    Account,
    Readable,
    Stream,
    binary,
    decompress,
    window,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 512
"""A tar's block: what is looked at to tell what a file is."""
ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that can be read from its first byte to its last."""

    name: str
    """Of the member itself: a file's path as walked, or the name inside its archive."""
    container: str
    """The archive it lies in, or empty."""
    mtime: int | None
    """When it was last changed, nanoseconds, as file system or archive tell it; a hint for years, never evidence."""
    size: int | None
    """Decompressed bytes, where that is known before reading."""
    opener: Callable[[], Stream] = field(repr=False, compare=False)
    path: str = ""
    """The file on disk, or the archive's, as the operating system knows it (``os.fsdecode``); empty for standard input.
    Differs from the shown names where those are not UTF-8."""

    @property
    def label(self) -> str:
        """The name to show: ``archive.zip!inner/name.log`` for a member of an archive."""
        return f"{self.container}!{self.name}" if self.container else self.name

    def open(self) -> BinaryIO:
        """A new stream of the decompressed bytes, from the first one on.

        The stream raises FormatError or TooLargeError, with the offset, once no readable byte is left before the
        damage or bound.

        Raises:
            InputError: it cannot be opened any more.
        """
        return binary(self.opener())


@dataclass(frozen=True, slots=True)
class Refused:
    """Something met on a walk that is not read, and why."""

    name: str
    reason: str
    own: bool = False
    """Whether it is this installation's own, so that leaving it out is no failure."""


def shown(name: str) -> str:
    """A name as text that every store takes: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class RandomFile(io.RawIOBase):
    """A seekable file over a descriptor it owns, closed with the last reference to it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor
        self._at = 0
        weakref.finalize(self, os.close, descriptor)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As every file's."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = max(0, offset + (os.fstat(self.descriptor).st_size if base is None else base))
        return self._at

    def tell(self) -> int:
        """As every file's."""
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer from where the file stands."""
        data = os.pread(self.descriptor, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def window(self, offset: int, size: int, name: str) -> Stream:
        """A stream over part of the file."""
        return window(self.descriptor, offset, size, name)


def spool(source: Readable) -> tuple[RandomFile, InputError | None]:
    """Everything a stream gives, in a file without a name, and the stream's error if it ended in one."""
    fault = None
    with tempfile.TemporaryFile(prefix="vestige-", buffering=0) as file:
        try:
            while data := source.read(READ_BYTES):
                file.write(data)
        except InputError as error:
            fault = error
        return RandomFile(os.dup(file.fileno())), fault


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was opened: what it is called, its bytes at random, and how to read it from the start."""

    name: str
    path: str
    file: RandomFile
    size: int
    mtime: int | None
    opener: Callable[[], Stream]


def head_of(stream: Readable) -> tuple[bytes, InputError | None]:
    """The first block, as far as it is readable."""
    out = b""
    try:
        while len(out) < BLOCK and (more := stream.read(BLOCK - len(out))):
            out += more
    except InputError as error:
        return out, error
    return out, None


def compression_of(head: bytes) -> bytes | None:
    """The magic of the compression some first bytes show, if any."""
    return next((magic for magic in (GZIP, BZIP2, XZ) if head.startswith(magic)), None)


def is_tar(head: bytes) -> bool:
    """Whether a first block is a tar's: its magic and its checksum."""
    if len(head) < BLOCK or head[257:262] != b"ustar":
        return False
    try:
        return int(head[148:156].split(b"\0")[0].strip() or b"x", 8) == sum(head[:148]) + 256 + sum(head[156:512])
    except ValueError:
        return False


def inflate(opener: Callable[[], Stream], magic: bytes, account: Account, name: str) -> Stream:
    """A new stream of what another stream holds compressed."""
    raw = opener()
    return decompress(raw, raw.close, magic, account, name)

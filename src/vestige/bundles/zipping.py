"""A zip made as a stream, in memory that does not grow with the number of its files.

Python's own writer remembers every file until the end; here the directory that stands at a zip's end waits in a
temporary file. Sizes are known before a file's header is written, so any reader can take the stream from its front.
Times and rights are the same in every zip: what it holds decides its bytes. APPNOTE.TXT 6.3.9, sections 4.3 and 4.5.3.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.bundles.layout import MAX_RATIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEVEL: Final = 6
_STORED, _DEFLATED = 0, 8
_DATE: Final = 0x21  # 1980-01-01, the least a zip can say
_UNIX_FILE: Final = 0o100644 << 16
_LARGE: Final = 0xFFFFFFFF
_MANY: Final = 0xFFFF
_CHUNK: Final = 1 << 16
_KEPT: Final = 1 << 18
"""Bytes of one file that wait in memory; more wait on disk."""


class Written(NamedTuple):
    """What became of one file."""

    digest: bytes
    """SHA-256 of its content."""
    size: int


class ZipStream:
    """Makes a zip: for each file its bytes, at the end the directory's. Use as a context manager."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._directory = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._offset = 0
        self._count = 0

    def close(self) -> None:
        """Give the temporary file back."""
        self._directory.close()

    def small(self, name: str, data: bytes) -> tuple[bytes, Written]:
        """A file that is at hand whole."""
        packed = zlib.compress(data, _LEVEL, -15)
        method = _DEFLATED
        if not _worth(len(data), len(packed)):
            packed, method = data, _STORED
        header = self._header(name, method, zlib.crc32(data), len(packed), len(data))
        return header + packed, Written(sha256(data).digest(), len(data))

    def large(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes | Written]:
        """A file of any length, which is read once; the last thing given is what became of it."""
        digest, crc, size = sha256(), 0, 0
        with tempfile.SpooledTemporaryFile(_KEPT) as plain, tempfile.SpooledTemporaryFile(_KEPT) as packed:
            squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
            for chunk in chunks:
                digest.update(chunk)
                crc = zlib.crc32(chunk, crc)
                size += len(chunk)
                plain.write(chunk)
                packed.write(squeeze.compress(chunk))
            packed.write(squeeze.flush())
            length, method, source = packed.tell(), _DEFLATED, packed
            if not _worth(size, length):
                length, method, source = size, _STORED, plain
            yield self._header(name, method, crc, length, size)
            source.seek(0)
            while chunk := source.read(_CHUNK):
                yield chunk
        yield Written(digest.digest(), size)

    def end(self) -> Iterator[bytes]:
        """The directory; nothing may follow."""
        start, length = self._offset, self._directory.tell()
        self._directory.seek(0)
        while chunk := self._directory.read(_CHUNK):
            yield chunk
        if self._count >= _MANY or start >= _LARGE or length >= _LARGE:
            record = (44, 45, 45, 0, 0, self._count, self._count, length, start)
            yield b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", *record)
            yield b"PK\x06\x07" + struct.pack("<IQI", 0, start + length, 1)
        count = min(self._count, _MANY)
        yield b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, min(length, _LARGE), min(start, _LARGE), 0)

    def _header(self, name: str, method: int, crc: int, packed: int, size: int) -> bytes:
        """A file's local header; its line of the directory is put aside."""
        path = f"{self._folder}/{name}".encode("ascii")
        here = self._offset
        wide = max(packed, size) >= _LARGE
        needed = 45 if wide or here >= _LARGE else 20
        own = struct.pack("<HHQQ", 1, 16, size, packed) if wide else b""
        sizes = (_LARGE, _LARGE) if wide else (packed, size)
        header = b"PK\x03\x04" + struct.pack(
            "<HHHHHIIIHH", needed, 0, method, 0, _DATE, crc, *sizes, len(path), len(own)
        )
        fields = [*((size, packed) if wide else ()), *((here,) if here >= _LARGE else ())]
        extra = struct.pack(f"<HH{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
        self._directory.write(
            b"PK\x01\x02"
            + struct.pack("<BBHHHHHIII", needed, 3, needed, 0, method, 0, _DATE, crc, *sizes)
            + struct.pack("<HHHHHII", len(path), len(extra), 0, 0, 0, _UNIX_FILE, min(here, _LARGE))
            + path
            + extra
        )
        self._count += 1
        self._offset += len(header) + len(path) + len(own) + packed
        return header + path + own


def _worth(size: int, packed: int) -> bool:
    """Whether to compress: not what gets no shorter, and not so far that a careful reader takes it for a bomb."""
    return packed < size <= packed * (MAX_RATIO // 3)

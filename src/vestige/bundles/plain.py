"""A zip packed in the plainest way, as our packer does, read without the library's objects and calls for each file.

A bundle is two small files a record, and what the library does to list and open them takes longer than to unpack them.
Here the zip's own list stays as it lies, and a short file is taken at once, under all that the library holds it to:
header, name, length, checksum. Nothing is refused here. A zip that is not so plain, or is no bundle's, is left to
:mod:`vestige.bundles.zipped`, which says what is wrong with it; a file that is not, to the library, with a zip of its
own.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from vestige.bundles import layout
from vestige.model.errors import ProofError

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.bundles.bounds import Bounds

PIECE: Final = 1 << 20
"""Bytes of a file that are read at a time."""
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_WIDE_END: Final = struct.Struct("<4sQ2H2L4Q")
_LISTED: Final = struct.Struct("<4s4B4H3L5H2L")
_FIELDS: Final = struct.Struct("<10xH4xLLLH12xL")
"""Of a line of the list: method, checksum, length packed, length, length of the name, place."""
_LENGTHS: Final = 28
"""Where in a line of the list, as at the end of a header, the lengths of name and further fields stand."""
_MAGIC: Final = b"PK\x03\x04"
_OFFSET: Final = 42
"""Where in a line of the list a file's place stands."""
_LARGE: Final = 0xFFFFFFFF
_NEWEST: Final = 45
_BEFORE: Final = 1 << 15
_AFTER: Final = 1 << 17
_WORTH: Final = 16
"""Files that must have been taken since bytes were last read ahead, for that to pay."""
_KINDS: Final = frozenset({0, stat.S_IFREG})


class PlainZip:
    """The files of a zip, in its one folder; made by :func:`plain_zip`."""

    def __init__(
        self, file: IO[bytes], bounds: Bounds, listing: _Listing, directory: bytes, places: dict[str, int]
    ) -> None:
        self._file = file
        self._bounds = bounds
        self._end = listing.offset
        self._list = directory
        self._places = places
        self._ahead = b""
        self._ahead_at = 0
        self._hits = 0
        """How many files were taken since bytes were last read ahead."""
        self.names = frozenset(places)

    def whole(self, name: str) -> bytes | None:
        """All of a short file; None if it is long, or must be opened for the library to say what is wrong with it."""
        self._bounds.check_time()
        at = self._places[name]
        method, crc, packed, size, length, offset = _FIELDS.unpack_from(self._list, at)
        if size > PIECE or packed > PIECE:
            return None
        start = layout.LOCAL_HEADER + length
        data = self._at(offset, start + packed)
        # Lengths and name as the list has them. Further fields would be some it did not count: without, the file ends
        # before the next one begins.
        if (
            len(data) < start + packed
            or not data.startswith(_MAGIC)
            or data[layout.LOCAL_HEADER - 4 : layout.LOCAL_HEADER] != self._list[at + _LENGTHS : at + _LENGTHS + 4]
            or data[layout.LOCAL_HEADER : start] != self._list[at + _LISTED.size : at + _LISTED.size + length]
        ):
            return None
        found = _inflated(data[start:], size) if method == zipfile.ZIP_DEFLATED else data[start:]
        return found if found is not None and len(found) == size and zlib.crc32(found) == crc else None

    def _at(self, offset: int, length: int) -> bytes:
        """Bytes of the zip. Files are mostly asked for in about the order they lie in, so those around are read too."""
        begin = offset - self._ahead_at
        if begin >= 0 and begin + length <= len(self._ahead):
            self._hits += 1
            return self._ahead[begin : begin + length]
        if self._hits < _WORTH:  # not in that order
            self._hits += 1
            return os.pread(self._file.fileno(), length, offset)
        self._hits = 0
        self._ahead_at = max(offset - _BEFORE, 0)
        self._ahead = os.pread(self._file.fileno(), _BEFORE + _AFTER, self._ahead_at)
        begin = offset - self._ahead_at
        if begin + length <= len(self._ahead):
            return self._ahead[begin : begin + length]
        return os.pread(self._file.fileno(), length, offset)

    def open(self, name: str) -> IO[bytes]:
        """A file as the library reads it."""
        self._bounds.check_time()
        at = self._places[name]
        listed = _LISTED.unpack_from(self._list, at)
        line = self._list[at : at + _LISTED.size + listed[12]]
        after = at + len(line)
        end = _LISTED.unpack_from(self._list, after)[18] if after < len(self._list) else self._end
        alone = line[:_OFFSET] + bytes(4) + line[_LISTED.size :]
        view = _Excerpt(self._file.fileno(), listed[18], end - listed[18], alone)
        opened = zipfile.ZipFile(io.BufferedReader(view))
        return opened.open(opened.infolist()[0])

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


class _Excerpt(io.RawIOBase):
    """One file of a zip, with a list that has only that file.

    Args:
        descriptor: of the zip.
        start: where the file's header lies.
        length: of all there is up to the next one.
        line: the file's line of the list, where its place is 0.
    """

    def __init__(self, descriptor: int, start: int, length: int, line: bytes) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._start = start
        self._length = length
        self._tail = line + _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(line), length, 0)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length + len(self._tail)}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        left = self._length - self._at
        if left > 0:
            found = os.pread(self._descriptor, min(len(buffer), left), self._start + self._at)
        else:
            found = self._tail[-left : -left + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


class _Listing(NamedTuple):
    """Where a zip's list lies, and how many files it has."""

    offset: int
    length: int
    files: int


def plain_zip(path: Path, bounds: Bounds) -> PlainZip | None:
    """The zip at a path, if it is plain and within bounds, and holds nothing that no bundle holds."""
    try:
        file = path.open("rb")
    except OSError:
        return None
    opened = None
    try:
        size = os.fstat(file.fileno()).st_size
        where = _end(file, size)
        small = where is not None and where.offset < _LARGE  # so is all that lies between two files
        if where is not None and small and where.files <= bounds.files and where.length <= bounds.listed:
            file.seek(where.offset)
            directory = file.read(where.length)
            taken = _places(directory, where, size * layout.MAX_RATIO + layout.SLACK, bounds.unpacked)
            if taken is not None:
                opened = PlainZip(file, bounds, where, directory, taken)
    except (OSError, ProofError):
        return None
    finally:
        if opened is None:
            file.close()
    return opened


def _end(file: IO[bytes], size: int) -> _Listing | None:
    """What the end of a zip says; its list must end where that begins."""
    file.seek(max(size - _END.size - _LOCATOR.size - _WIDE_END.size, 0))
    tail = file.read(_END.size + _LOCATOR.size + _WIDE_END.size)
    if len(tail) < _END.size:
        return None
    magic, *disks, here, count, length, offset, comment = _END.unpack(tail[-_END.size :])
    end = size - _END.size
    wide = tail[: -_END.size]
    if len(wide) == _LOCATOR.size + _WIDE_END.size and wide[_WIDE_END.size :].startswith(b"PK\x06\x07"):
        _, disk, place, number = _LOCATOR.unpack(wide[_WIDE_END.size :])
        end -= len(wide)
        if (disk, place, number) != (0, end, 1):
            return None
        magic_wide, own, _, _, *more, here, count, length, offset = _WIDE_END.unpack(wide[: _WIDE_END.size])
        disks += more
        if magic_wide != b"PK\x06\x06" or own != _WIDE_END.size - 12:
            return None
    good = magic == b"PK\x05\x06" and not comment and not any(disks) and here == count > 0 and offset + length == end
    return _Listing(offset, length, count) if good else None


def _places(directory: bytes, where: _Listing, explained: int, most: int | None) -> dict[str, int] | None:
    """Where the list speaks of each file, by its name in the one folder.

    Args:
        directory: the list.
        where: where it lies.
        explained: how many bytes the zip's length explains.
        most: how many the caller allows.

    Raises:
        ProofError: a name is none of a bundle's.
    """
    names: list[str] = []
    at: list[int] = []
    place = end = total = 0
    unpack, line, limit = _LISTED.unpack_from, _LISTED.size, where.length - _LISTED.size
    while place <= limit:
        (magic, _, _, needed, _, flags, method, _, _, _, packed, size, path, more, comment, disk, _, mode, offset) = (
            unpack(directory, place)
        )
        if (
            magic != b"PK\x01\x02"
            or needed > _NEWEST
            or (method not in {0, 8})
            or (flags or more or comment or disk)
            or stat.S_IFMT(mode >> 16) not in _KINDS
            or _LARGE in {packed, size, offset}
            or offset < end
        ):
            return None
        names.append(directory[place + line : place + line + path].decode("ascii", "replace"))
        at.append(place)
        place += line + path
        total += size
        end = offset + layout.LOCAL_HEADER + path + packed
    folder = names[0].partition("/")[0] if names else ""
    skip = len(folder) + 1
    if (
        place != where.length
        or len(names) != where.files
        or end > where.offset
        or total > min(explained, explained if most is None else most)
        or not all(name.startswith(f"{folder}/") for name in names)
    ):
        return None
    layout.check_names(names)
    return {name[skip:]: place for name, place in zip(names, at, strict=True)}


def _inflated(packed: bytes, size: int) -> bytes | None:
    """What these bytes unpack to, if they are one whole stream that ends with them and gives no more than it says."""
    squeezed = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = squeezed.decompress(packed, size + 1)
    except zlib.error:
        return None
    return found if squeezed.eof and not squeezed.unused_data else None

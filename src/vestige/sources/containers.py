"""From a path to members: folders, archives and compressed files opened in memory, nothing ever written beside them.

``walk`` answers with :class:`Member` s (a name and a way to open its decompressed bytes, as often as wanted) and
:class:`Refused` items (a name and the reason), in a fixed order; nothing met on the way ends the walk.
What a thing is goes by its first bytes, never by its name. Read: plain files, gzip, bzip2, xz; zip and tar, the latter
also compressed; inside these, one level of gzip, bzip2 or xz; folders; standard input.

Names inside archives are only names: ``../../etc/passwd`` is shown and never resolved. Symbolic links in a folder are
not followed (what lies inside the folder is read where it lies), so links cannot loop or lead out.
A compressed tar and standard input are kept in an unnamed temporary file for as long as one of their members lives.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from vestige.model.errors import FormatError, InputError
from vestige.model.instant import from_parts
from vestige.sources.streams import (
    BZIP2,
    GZIP,
    READ_BYTES,
    XZ,
    Account,
    Budget,
    Limits,
    Readable,
    Stream,
    binary,
    decompress,
    window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STDIN = "-"
_NANOS = 1_000_000_000
_TAR_BLOCK = 512
_ENCRYPTED = 0x1
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


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


def walk(path: Path | str, limits: Limits | None = None, *, stdin: BinaryIO | None = None) -> Iterator[Member | Refused]:
    """Everything that can be read under a path, in a fixed order.

    Args:
        path: a file or folder; ``-`` is standard input.
        limits: bounds against decompression bombs.
        stdin: what ``-`` reads, for callers that have their own.
    """
    budget = Budget(limits or Limits())
    if str(path) == STDIN:
        yield from _standard_input(stdin if stdin is not None else sys.stdin.buffer, budget)
        return
    root = str(path)
    try:
        mode = os.stat(root).st_mode  # noqa: PTH116 - a path a person gave is taken as text, byte for byte
    except (OSError, ValueError) as error:
        yield Refused(_shown(root), _said(error))
        return
    if stat.S_ISDIR(mode):
        yield from _folder(root, budget)
    else:
        yield from _file(root, mode, budget)


def _folder(root: str, budget: Budget) -> Iterator[Member | Refused]:
    """Files of a folder before its folders, each sorted by name."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Refused(_shown(folder), _said(error))
            continue
        below: list[str] = []
        for entry in entries:
            try:
                mode = entry.stat(follow_symlinks=False).st_mode
            except OSError as error:
                yield Refused(_shown(entry.path), _said(error))
                continue
            if stat.S_ISDIR(mode):
                below.append(entry.path)
            else:
                yield from _file(entry.path, mode, budget)
        folders += reversed(below)


def _said(error: Exception) -> str:
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


_KINDS = (
    (stat.S_ISLNK, "a symbolic link, which is not followed; what it points to is read where it lies"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISFIFO, "a named pipe; import it as standard input"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
)


def _file(path: str, mode: int, budget: Budget) -> Iterator[Member | Refused]:
    name = _shown(path)
    if not stat.S_ISREG(mode):
        yield Refused(name, next((word for test, word in _KINDS if test(mode)), "not a regular file"))
        return
    try:
        file = _File(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        status = os.fstat(file.descriptor)
    except OSError as error:
        yield Refused(name, _said(error))
        return

    def opener() -> Stream:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"{name} {_said(error)}") from None
        try:
            return window(descriptor, 0, None, name)
        finally:
            os.close(descriptor)

    yield from _contents(_Source(name, file, status.st_size, status.st_mtime_ns, opener), budget)


def _standard_input(stdin: BinaryIO, budget: Budget) -> Iterator[Member | Refused]:
    try:
        spool, _ = _spool(stdin)
    except OSError as error:
        yield Refused(STDIN, _said(error))
        return
    size = spool.seek(0, os.SEEK_END)
    yield from _contents(_Source(STDIN, spool, size, None, lambda: spool.window(0, size, STDIN)), budget)


def _shown(name: str) -> str:
    """A name as text that every store takes: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _File(io.RawIOBase):
    """A seekable file over a descriptor it owns, closed with the last reference to it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor
        self._at = 0
        weakref.finalize(self, os.close, descriptor)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = max(0, offset + (os.fstat(self.descriptor).st_size if base is None else base))
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = os.pread(self.descriptor, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def window(self, offset: int, size: int, name: str) -> Stream:
        """A stream over part of the file."""
        return window(self.descriptor, offset, size, name)


def _spool(source: Readable) -> tuple[_File, InputError | None]:
    """Everything a stream gives, in a file without a name, and the stream's error if it ended in one."""
    fault = None
    with tempfile.TemporaryFile(prefix="vestige-", buffering=0) as file:
        try:
            while data := source.read(READ_BYTES):
                file.write(data)
        except InputError as error:
            fault = error
        return _File(os.dup(file.fileno())), fault


@dataclass(frozen=True, slots=True)
class _Source:
    """One file that was opened: what it is called, its bytes at random, and how to read it from the start."""

    name: str
    file: _File
    size: int
    mtime: int | None
    opener: Callable[[], Stream]


def _contents(source: _Source, budget: Budget) -> Iterator[Member | Refused]:
    """The members of one file: itself, what it holds compressed, or what it archives."""
    try:
        head = os.pread(source.file.descriptor, _TAR_BLOCK, 0)
    except OSError as error:
        yield Refused(source.name, _said(error))
        return
    if head.startswith(_ZIP):
        yield from _zip(source, budget)
    elif _is_tar(head):
        yield from _tar(source, budget, None)
    elif (magic := _compressed(head)) is not None:
        yield from _unpacked(source, magic, budget.account(), budget)
    else:
        yield Member(source.name, "", source.mtime, source.size, source.opener)


def _compressed(head: bytes) -> bytes | None:
    return next((magic for magic in (GZIP, BZIP2, XZ) if head.startswith(magic)), None)


def _is_tar(head: bytes) -> bool:
    if len(head) < _TAR_BLOCK or head[257:262] != b"ustar":
        return False
    try:
        return int(head[148:156].split(b"\0")[0].strip() or b"x", 8) == sum(head[:148]) + 256 + sum(head[156:512])
    except ValueError:
        return False


def _inflate(opener: Callable[[], Stream], magic: bytes, account: Account, name: str) -> Stream:
    raw = opener()
    return decompress(raw, raw.close, magic, account, name)


def _unpacked(source: _Source, magic: bytes, account: Account, budget: Budget) -> Iterator[Member | Refused]:
    """A compressed file: one member, or a compressed tar."""

    def opener() -> Stream:
        return _inflate(source.opener, magic, account, source.name)

    with opener() as stream:
        head = _head(stream)[0]
    if not _is_tar(head):
        yield Member(source.name, "", source.mtime, None, opener)
        return
    with opener() as stream:
        spool, fault = _spool(stream)
    size = spool.seek(0, os.SEEK_END)
    yield from _tar(_Source(source.name, spool, size, source.mtime, opener), budget, fault)


def _head(stream: Readable) -> tuple[bytes, InputError | None]:
    """The first block, as far as it is readable."""
    out = b""
    try:
        while len(out) < _TAR_BLOCK and (more := stream.read(_TAR_BLOCK - len(out))):
            out += more
    except InputError as error:
        return out, error
    return out, None


def _tar(source: _Source, budget: Budget, fault: InputError | None) -> Iterator[Member | Refused]:
    """The members of a tar, up to where it is readable; ``fault`` is why its own bytes ended early."""
    count = 0
    source.file.seek(0)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source.file), mode="r:", errorlevel=0) as archive:
            for info in archive:
                count += 1
                if count > budget.limits.max_members:
                    yield _too_many(source.name, budget)
                    return
                yield from _tar_member(source, info, budget, fault)
                archive.members.clear()
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        yield Refused(source.name, f"the archive is damaged after {count} members: {error}")
        return
    if fault is not None:
        yield Refused(source.name, f"the archive ends early after {count} members: {fault}")


def _too_many(name: str, budget: Budget) -> Refused:
    return Refused(name, f"holds more than {budget.limits.max_members} members; the rest is not read")


def _tar_member(
    source: _Source, info: tarfile.TarInfo, budget: Budget, fault: InputError | None
) -> Iterator[Member | Refused]:
    name = _shown(info.name)
    label = f"{source.name}!{name}"
    if info.isdir():
        return
    if info.issym() or info.islnk():
        yield Refused(label, f"a link to {_shown(info.linkname)}, which is read under its own name")
        return
    if not info.isfile() or info.issparse():
        yield Refused(label, "a sparse file" if info.issparse() else "neither file nor folder")
        return
    offset, size = info.offset_data, info.size
    room = max(0, min(size, source.size - offset))

    def raw() -> Stream:
        if room == size:
            return source.file.window(offset, size, label)
        return _cut_short(source.file.window(offset, room, label), label, size, room, fault)

    mtime = int(info.mtime * 1000) * (_NANOS // 1000) if info.mtime else None
    yield from _inner(name, source.name, mtime, size, raw, budget)


def _cut_short(inner: Stream, label: str, size: int, room: int, fault: InputError | None) -> Stream:
    """The readable part of a member whose archive ends inside it, then the reason."""

    def pull() -> bytes:
        data = inner.read(READ_BYTES)
        if not data:
            raise FormatError(
                f"{label} is cut short",
                expected=f"{size} bytes",
                got=f"{room}",
                hint=str(fault) if fault is not None else "the archive ends inside this member; get it again",
                offset=room,
            )
        return data

    return Stream(pull, inner.close)


def _zip(source: _Source, budget: Budget) -> Iterator[Member | Refused]:
    source.file.seek(0)
    try:
        archive = zipfile.ZipFile(cast("IO[bytes]", source.file))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield Refused(source.name, f"the zip's directory cannot be read: {error}")
        return
    for count, info in enumerate(archive.infolist()):
        if count == budget.limits.max_members:
            yield _too_many(source.name, budget)
            return
        if not info.is_dir():
            yield from _zip_member(source, archive, info, budget)


def _zip_member(
    source: _Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget
) -> Iterator[Member | Refused]:
    name = _shown(info.filename)
    label = f"{source.name}!{name}"
    if info.flag_bits & _ENCRYPTED:
        yield Refused(label, "encrypted; unpack it with its password and import the files")
        return
    if stat.S_ISLNK(info.external_attr >> 16):
        yield Refused(label, "a symbolic link, which is not followed")
        return
    account = budget.account()

    def raw() -> Stream:
        return _unzip(archive, info, label, account)

    yield from _inner(name, source.name, _dos_time(info), info.file_size, raw, budget)


def _dos_time(info: zipfile.ZipInfo) -> int | None:
    """A zip's local time without zone read as UTC: good enough to tell a year, which is all it is used for."""
    year, month, day, hour, minute, second = info.date_time
    try:
        return from_parts(year, month, day, hour, minute, min(second, 59), 0, 0)
    except ValueError:
        return None


def _unzip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str, account: Account) -> Stream:
    made = 0
    try:
        inner = archive.open(info)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"{label} cannot be opened: {error}", offset=0) from None

    def pull() -> bytes:
        nonlocal made
        try:
            data = inner.read1(READ_BYTES)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, zlib.error) as error:
            raise FormatError(
                f"{label}: the zip data is damaged ({error}) at byte {made} of the decompressed data",
                hint="get the file again; what could be read was taken in",
                offset=made,
            ) from None
        made += len(data)
        account.check(made, info.compress_size)
        if not data and made < info.file_size:
            raise FormatError(f"{label} is cut short", expected=f"{info.file_size} bytes", got=f"{made}", offset=made)
        return data

    return Stream(pull, inner.close)


def _inner(
    name: str, container: str, mtime: int | None, size: int, raw: Callable[[], Stream], budget: Budget
) -> Iterator[Member | Refused]:
    """A member of an archive: itself, or what it holds compressed, one level deep."""
    label = f"{container}!{name}"
    try:
        with raw() as stream:
            head, fault = _head(stream)
    except InputError as error:
        yield Refused(label, str(error))
        return
    if fault is not None and not head:
        yield Refused(label, str(fault))
        return
    magic = _compressed(head)
    if magic is not None:
        account = budget.account()
        yield Member(name, container, mtime, None, lambda: _inflate(raw, magic, account, label))
    elif head.startswith(_ZIP) or _is_tar(head):
        yield Refused(label, "an archive inside an archive; unpack the outer one and import this one by itself")
    else:
        yield Member(name, container, mtime, size, raw)

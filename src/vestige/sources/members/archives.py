"""The members of zip and tar archives, read in place.

A zip is read by its directory, each member from where it lies; a damaged directory refuses the archive, a damaged
member gives what is readable. A tar is read from its first header on, as far as it goes.
"""

from __future__ import annotations

import re
import stat
import struct
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, cast

from vestige.model.errors import FormatError, InputError
from vestige.model.instant import from_parts
from vestige.sources.members.member import ZIP, Member, Refused, Source, compression_of, head_of, inflate, is_tar, shown
from vestige.sources.members.streams import BZIP2, DEFLATE, READ_BYTES, Account, Budget, Stream, decompress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BAG, ABOUT = "bagit.txt", "data/bundle.json"
"""The files by which an evidence bundle is known."""
BUNDLE = (
    "an evidence bundle of Vestige: its proofs and manifests are about records, and are none. Check it with "
    "`vestige bundle verify`; to take its records in, unpack it and import the folders raw in data/<epoch>"
)
_NANOS = 1_000_000_000
_DECIMAL = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9})[0-9]*)?")
_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<4s22xHH")
_METHODS: dict[int, bytes | None] = {
    zipfile.ZIP_STORED: None,
    zipfile.ZIP_DEFLATED: DEFLATE,
    zipfile.ZIP_BZIP2: BZIP2,
}


def tar_members(source: Source, budget: Budget, fault: InputError | None) -> Iterator[Member | Refused]:
    """The members of a tar, up to where it is readable; ``fault`` is why its own bytes ended early."""
    count = 0
    source.file.seek(0)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source.file), mode="r:", errorlevel=0) as archive:
            while (info := archive.next()) is not None:
                count += 1
                if count > budget.limits.max_members:
                    yield _too_many(source.name, budget)
                    return
                yield from _tar_member(source, info, budget, fault)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        yield Refused(source.name, f"the archive is damaged after {count} members: {fault or error}")
        return
    if fault is not None:
        yield Refused(source.name, f"the archive ends early after {count} members: {fault}")


def _too_many(name: str, budget: Budget) -> Refused:
    return Refused(name, f"holds more than {budget.limits.max_members} members; the rest is not read")


def _tar_member(
    source: Source, info: tarfile.TarInfo, budget: Budget, fault: InputError | None
) -> Iterator[Member | Refused]:
    name = shown(info.name)
    label = f"{source.name}!{name}"
    if info.isdir():
        return
    if info.issym() or info.islnk():
        yield Refused(
            label,
            f"a link to {shown(info.linkname)}, which is not followed; what the archive holds is read by itself",
        )
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

    yield from _inner(name, source, _modified(info), size, raw, budget)


def _modified(info: tarfile.TarInfo) -> int | None:
    """When a member was last modified, nanoseconds: a PAX header says it in decimals, the old header in seconds."""
    stated = info.pax_headers.get("mtime")
    if stated is None:
        return int(info.mtime) * _NANOS if info.mtime else None
    found = _DECIMAL.fullmatch(stated)
    if found is None:
        return None
    nanos = int(found[2]) * _NANOS + int((found[3] or "0").ljust(9, "0"))
    return -nanos if found[1] else nanos


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


def zip_members(source: Source, budget: Budget) -> Iterator[Member | Refused]:
    """The members of a zip, in its directory's order."""
    source.file.seek(0)
    try:
        with zipfile.ZipFile(cast("IO[bytes]", source.file)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield Refused(source.name, f"the zip's directory cannot be read: {error}")
        return
    if _is_bundle([info.filename for info in infos[: budget.limits.max_members]]):
        yield Refused(source.name, BUNDLE)
        return
    for count, info in enumerate(infos):
        if count == budget.limits.max_members:
            yield _too_many(source.name, budget)
            return
        if not info.is_dir():
            yield from _zip_member(source, info, budget)


def _is_bundle(names: Sequence[str]) -> bool:
    """Whether an archive with members of these names is an evidence bundle, in a folder of any name or in none."""
    known = set(names)
    return any(name.endswith(ABOUT) and f"{name.removesuffix(ABOUT)}{BAG}" in known for name in known)


def _zip_member(source: Source, info: zipfile.ZipInfo, budget: Budget) -> Iterator[Member | Refused]:
    name = shown(info.filename)
    label = f"{source.name}!{name}"
    if info.flag_bits & _ENCRYPTED:
        yield Refused(label, "encrypted; unpack it with its password and import the files")
        return
    if stat.S_ISLNK(info.external_attr >> 16):
        yield Refused(label, "a symbolic link, which is not followed")
        return
    if info.compress_type not in _METHODS:
        yield Refused(label, f"compressed by method {info.compress_type}, which is not read; unpack it first")
        return
    account = budget.account()

    def raw() -> Stream:
        return _unzip(source, info, label, account)

    yield from _inner(name, source, _dos_time(info), info.file_size, raw, budget)


def _dos_time(info: zipfile.ZipInfo) -> int | None:
    """A zip's local time without zone read as UTC: good enough to tell a year, which is all it is used for."""
    year, month, day, hour, minute, second = info.date_time
    try:
        return from_parts(year, month, day, hour, minute, min(second, 59), 0, 0)
    except ValueError:
        return None


def _unzip(source: Source, info: zipfile.ZipInfo, label: str, account: Account) -> Stream:
    """A member's bytes from where they lie, then its size and CRC-32 against what the directory says of them."""
    with source.file.window(info.header_offset, _LOCAL.size, label) as header:
        head = header.read(_LOCAL.size)
    signature, name_size, extra_size = _LOCAL.unpack(head) if len(head) == _LOCAL.size else (b"", 0, 0)
    if signature != ZIP[0]:
        raise FormatError(f"{label}: the zip's directory points to no member", offset=0)
    place = info.header_offset + _LOCAL.size + name_size + extra_size
    packed = source.file.window(place, info.compress_size, label)
    magic = _METHODS[info.compress_type]
    inner = packed if magic is None else decompress(packed, packed.close, magic, account, label)
    made = crc = 0

    def pull() -> bytes:
        nonlocal made, crc
        data = inner.read(READ_BYTES)
        made += len(data)
        crc = zlib.crc32(data, crc)
        if not data and (made != info.file_size or crc != info.CRC):
            raise FormatError(
                f"{label} is not what the zip's directory says it is",
                expected=f"{info.file_size} bytes with CRC-32 {info.CRC:08x}",
                got=f"{made} bytes with CRC-32 {crc:08x}",
                hint="get the archive again; what could be read was taken in",
                offset=made,
            )
        return data

    return Stream(pull, inner.close)


def _inner(
    name: str, source: Source, mtime: int | None, size: int, raw: Callable[[], Stream], budget: Budget
) -> Iterator[Member | Refused]:
    """A member of an archive: itself, or what it holds compressed, one level deep."""
    label = f"{source.name}!{name}"
    try:
        with raw() as stream:
            head, fault = head_of(stream)
    except InputError as error:
        yield Refused(label, str(error))
        return
    if fault is not None and not head:
        yield Refused(label, str(fault))
        return
    magic = compression_of(head)
    if magic is not None:
        account = budget.account()
        yield Member(name, source.name, mtime, None, lambda: inflate(raw, magic, account, label), source.path)
    elif head.startswith(ZIP) or is_tar(head):
        yield Refused(label, "an archive inside an archive; unpack the outer one and import this one by itself")
    else:
        yield Member(name, source.name, mtime, size, raw, source.path)

"""From a path to members: folders, archives and compressed files opened in memory, nothing ever written beside them.

``walk`` answers with :class:`Member` s (a name and a way to open its decompressed bytes, as often as wanted) and
:class:`Refused` items (a name and the reason), in a fixed order; nothing met on the way ends the walk.
What a thing is goes by its first bytes, never by its name. Read: plain files, gzip, bzip2, xz; zip and tar, the latter
also compressed; inside these, one level of gzip, bzip2 or xz; folders; standard input.

Names inside archives are only names: ``../../etc/passwd`` is shown and never resolved. Symbolic links in a folder are
not followed (what lies inside the folder is read where it lies), so links cannot loop or lead out. Folders that are
:attr:`~vestige.sources.members.streams.Limits.besides` (this installation's own), or another installation's data
directory, are named and not entered.
A compressed tar and standard input are kept in an unnamed temporary file for as long as one of their members lives.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.errors import InputError
from vestige.sources.members.archives import ABOUT, BAG, BUNDLE, tar_members, zip_members
from vestige.sources.members.member import (
    BLOCK,
    ZIP,
    Member,
    RandomFile,
    Refused,
    Source,
    compression_of,
    head_of,
    inflate,
    is_tar,
    shown,
    spool,
)
from vestige.sources.members.streams import Account, Budget, Limits, Stream, window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

STDIN = "-"
OWN = "this installation's own directory, which is no evidence"
ANOTHERS = "the data directory of a Vestige installation, which is no evidence"
LOCK = "vestige.lock"
BESIDE_LOCK = ("vestige.sqlite", "signer")
"""What tells the data directory of an installation: its lock, and its database or its signer's memory beside it."""


def walk(
    path: Path | str, limits: Limits | None = None, *, stdin: BinaryIO | None = None
) -> Iterator[Member | Refused]:
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
        status = os.stat(root)  # noqa: PTH116 - a path a person gave is taken as text, byte for byte
    except (OSError, ValueError) as error:
        yield Refused(shown(root), _said(error))
        return
    if not stat.S_ISDIR(status.st_mode):
        yield from _file(root, status.st_mode, budget)
    elif _is_own(status, budget):
        yield Refused(shown(root), OWN, own=True)
    else:
        yield from _folder(root, budget)


def _folder(root: str, budget: Budget) -> Iterator[Member | Refused]:
    """Files of a folder before its folders, each sorted by name."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Refused(shown(folder), _said(error))
            continue
        if is_installation(folder):
            yield Refused(shown(folder), ANOTHERS, own=True)
            continue
        if is_bundle([entry.name for entry in entries], folder):
            yield Refused(shown(folder), BUNDLE)
            continue
        below: list[str] = []
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield Refused(shown(entry.path), _said(error))
                continue
            if not stat.S_ISDIR(status.st_mode):
                yield from _file(entry.path, status.st_mode, budget)
            elif _is_own(status, budget):
                yield Refused(shown(entry.path), OWN, own=True)
            else:
                below.append(entry.path)
        folders += reversed(below)


def is_bundle(names: Sequence[str], folder: str) -> bool:
    """Whether a folder with these names is an evidence bundle that was unpacked."""
    return BAG in names and os.path.lexists(os.path.join(folder, *ABOUT.split("/")))  # noqa: PTH118 - as below


def is_installation(folder: str) -> bool:
    """Whether a folder is the data directory of an installation: its blobs and index hold evidence a second time."""
    return os.path.lexists(os.path.join(folder, LOCK)) and any(  # noqa: PTH118 - bytes of the system's
        os.path.lexists(os.path.join(folder, name))  # noqa: PTH118 - as above
        for name in BESIDE_LOCK
    )


def _is_own(status: os.stat_result, budget: Budget) -> bool:
    return (status.st_dev, status.st_ino) in budget.limits.besides


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
    name = shown(path)
    if not stat.S_ISREG(mode):
        yield Refused(name, next((word for test, word in _KINDS if test(mode)), "not a regular file"))
        return
    try:
        file = RandomFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
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

    yield from _contents(Source(name, path, file, status.st_size, status.st_mtime_ns, opener), budget)


def _standard_input(stdin: BinaryIO, budget: Budget) -> Iterator[Member | Refused]:
    try:
        spooled, _ = spool(stdin)
    except OSError as error:
        yield Refused(STDIN, _said(error))
        return
    size = spooled.seek(0, os.SEEK_END)
    yield from _contents(Source(STDIN, "", spooled, size, None, lambda: spooled.window(0, size, STDIN)), budget)


def _contents(source: Source, budget: Budget) -> Iterator[Member | Refused]:
    """The members of one file: itself, what it holds compressed, or what it archives."""
    try:
        head = os.pread(source.file.descriptor, BLOCK, 0)
    except OSError as error:
        yield Refused(source.name, _said(error))
        return
    if head.startswith(ZIP):
        yield from zip_members(source, budget)
    elif is_tar(head):
        yield from tar_members(source, budget, None)
    elif (magic := compression_of(head)) is not None:
        yield from _unpacked(source, magic, budget.account(), budget)
    else:
        yield Member(source.name, "", source.mtime, source.size, source.opener, source.path)


def _unpacked(source: Source, magic: bytes, account: Account, budget: Budget) -> Iterator[Member | Refused]:
    """A compressed file: one member, or a compressed tar."""

    def opener() -> Stream:
        return inflate(source.opener, magic, account, source.name)

    with opener() as stream:
        head = head_of(stream)[0]
    if not is_tar(head):
        yield Member(source.name, "", source.mtime, None, opener, source.path)
        return
    with opener() as stream:
        spooled, fault = spool(stream)
    size = spooled.seek(0, os.SEEK_END)
    yield from tar_members(Source(source.name, source.path, spooled, size, source.mtime, opener), budget, fault)

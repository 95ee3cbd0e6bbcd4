"""Where payloads above 64 KiB and acquired files lie: a port, and the driver that keeps them in a local directory.

The other driver keeps them in a bucket (:mod:`vestige.ledger.objectblobs`).

A blob is written whole before its name is given to anyone: temporary file, fsync, rename, fsync of the directory.
Only then may an entry name it, so a leaf whose blob is missing is impossible, and an orphan is harmless (ledger.md
section 3). Names are random, never content addresses: equal evidence of two tenants must not meet, and a name must
not tell what it holds.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import shutil
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

from vestige.model.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"s?[0-9a-f]{32}")
_CHUNK = 1 << 20


class BlobStore(Protocol):
    """Blobs: immutable byte strings under random names."""

    def put(self, data: bytes) -> str:
        """Store bytes durably and give their name."""

    def put_stream(self, stream: BinaryIO, name: str = "") -> tuple[str, int]:
        """Store everything the stream still has, under this name or a new one; its name and its length."""

    def put_back(self, name: str, data: bytes) -> None:
        """Store bytes durably under the name a row gives them, where they were lost."""

    def open(self, name: str) -> IO[bytes]:
        """Read a blob from its beginning.

        Raises:
            NotFoundError: there is none of this name.
        """

    def get(self, name: str) -> bytes:
        """A whole blob.

        Raises:
            NotFoundError: there is none of this name.
        """

    def remove(self, name: str) -> None:
        """Remove a blob for good; one that is not there is removed already."""

    def check(self) -> None:
        """See that the store answers.

        Raises:
            StorageError: it does not.
        """


def new_name() -> str:
    """A name nobody has."""
    return secrets.token_hex(16)


def place_of(name: str) -> str:
    """Where a blob lies below the root.

    Raises:
        NotFoundError: the name is none. It comes from a row that may have been tampered with; it must not lead outside.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError(
            "not a blob's name", expected="32 hexadecimal digits, after an s where it is sealed", got=repr(name[:40])
        )
    return f"{name[-32:][:2]}/{name}"


class DirectoryBlobs:
    """Blobs as files of a directory, in 256 folders by the first two digits of their names."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._temporary.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageError("the blob directory cannot be made", got=str(error)) from error

    def put(self, data: bytes) -> str:
        """Store bytes durably and give their name."""
        return self.put_stream(io.BytesIO(data))[0]

    def put_stream(self, stream: BinaryIO, name: str = "") -> tuple[str, int]:
        """Store everything the stream still has, under this name or a new one; its name and its length.

        Raises:
            StorageError: the directory refused; nothing of it stays.
        """
        name = name or new_name()
        temporary = self._temporary / new_name()
        final = self._path(name)
        try:
            with only_owner(temporary, os.O_EXCL) as file:
                shutil.copyfileobj(stream, file, _CHUNK)
                length = file.tell()
                file.flush()
                os.fsync(file.fileno())
            if not final.parent.is_dir():
                final.parent.mkdir(mode=0o700, exist_ok=True)
                sync_directory(self._root)
            temporary.rename(final)
            sync_directory(final.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise StorageError(
                "a blob cannot be stored; nothing was acknowledged",
                got=str(error)[:200],
                hint="look at the space and the rights of the blob directory",
            ) from error
        except BaseException:  # of the stream: what it had given so far is no blob
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        return name, length

    def open(self, name: str) -> IO[bytes]:
        """Read a blob from its beginning.

        Raises:
            NotFoundError: there is none of this name.
        """
        try:
            return self._path(name).open("rb")
        except FileNotFoundError as error:
            raise NotFoundError("there is no such blob", got=name[:40]) from error

    def get(self, name: str) -> bytes:
        """A whole blob.

        Raises:
            NotFoundError: there is none of this name.
        """
        with self.open(name) as file:
            return file.read()

    def put_back(self, name: str, data: bytes) -> None:
        """Store bytes durably under the name a row gives them, where they were lost."""
        self.put_stream(io.BytesIO(data), name)

    def remove(self, name: str) -> None:
        """Remove a blob for good; one that is not there is removed already.

        Raises:
            StorageError: the directory refused.
        """
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_directory(path.parent)
        except OSError as error:
            raise StorageError("a blob cannot be removed", got=str(error)[:200]) from error

    def check(self) -> None:
        """See that the directory is there: that it has room is the file system's to say, when something is stored.

        Raises:
            StorageError: it is not.
        """
        if not self._temporary.is_dir():
            raise StorageError("the blob directory is gone", expected=str(self._temporary), got="nothing there")

    def _path(self, name: str) -> Path:
        return self._root / place_of(name)


def only_owner(path: Path, flag: int) -> BinaryIO:
    """A new file to write that nobody but its owner may read; ``flag`` is what is done if there is one already."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flag, 0o600), "wb")


def sync_directory(path: Path) -> None:
    """Make what was created, renamed or removed in a directory survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Files of a backup: written durably, and read while they are held against their digest."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from vestige.model.errors import IntegrityError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK: Final = 1 << 20
FILE_SYSTEMS_OWN: Final = "lost+found"
"""What an empty disk has at its top, and nobody but root may look into."""


def write(path: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write a new file that nobody but its owner may read, durably: its SHA-256 in hex, and its length."""
    hashing, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        for chunk in chunks:
            hashing.update(chunk)
            file.write(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return hashing.hexdigest(), size


def private(folder: Path) -> None:
    """Make a folder, and those above that are not there, for nobody but its owner."""
    if not folder.is_dir():
        private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def said(error: OSError) -> str:
    """What the system refused, and of which file."""
    reason = error.strerror or str(error)[:200]
    return f"{str(error.filename)[:200]}: {reason}" if error.filename else reason


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def digest_of(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file in hex, and its length."""
    hashing, size = hashlib.sha256(), 0
    for chunk in chunks_of(path):
        hashing.update(chunk)
        size += len(chunk)
    return hashing.hexdigest(), size


def checked(path: Path, name: str, expected: str) -> Iterator[bytes]:
    """The bytes of a file that must have this SHA-256.

    Raises:
        IntegrityError: it is not there, or another; that is known at its end, so nothing of it may be used before.
        StorageError: it cannot be read.
    """
    hashing = hashlib.sha256()
    try:
        for chunk in chunks_of(path):
            hashing.update(chunk)
            yield chunk
    except FileNotFoundError:
        raise _altered(name, expected, "no such file") from None
    except OSError as error:
        raise StorageError("a file of the backup cannot be read", got=f"{name}: {error.strerror}") from error
    if hashing.hexdigest() != expected:
        raise _altered(name, expected, f"SHA-256 {hashing.hexdigest()}")


def sync_tree(root: Path) -> None:
    """Make what was created in a folder and all below it survive a power cut; its files are durable already."""
    below = (path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())
    for folder in (root, *(path for path in below if path.name != FILE_SYSTEMS_OWN)):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _altered(name: str, expected: str, got: str) -> IntegrityError:
    return IntegrityError(
        f"the backup's file {name} is not what was written", expected=f"SHA-256 {expected}", got=got,
        hint="use another backup, or another copy of this one",
    )  # fmt: skip

"""Bytes on their way in over HTTP, and archives in the making: in the data directory, private, until that is over.

What a process that was killed leaves here goes at the next start: it may hold what is erased by then.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from typing import TYPE_CHECKING

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


class Spool:
    """One request body on disk."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        self.path = directory / secrets.token_hex(16)
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            StorageError: the disk takes no more.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._handle, left) :]
            except OSError as error:
                raise StorageError(
                    "the request body cannot be kept", got=error.strerror or str(error), hint="free some disk space"
                ) from None
        self._size += len(data)

    def finish(self) -> int:
        """No more bytes come; the number there were."""
        os.close(self._handle)
        self._handle = -1
        return self._size

    def discard(self) -> None:
        """Remove it, finished or not."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def folder(directory: Path) -> AbstractContextManager[str]:
    """A folder of its own for as long as it is worked in, which nobody else may look into."""
    directory.mkdir(mode=0o700, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="folder-", dir=directory)


def clear(directory: Path) -> None:
    """Remove what an earlier process left: nobody waits for it any more."""
    for left in directory.glob("*") if directory.is_dir() else ():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)

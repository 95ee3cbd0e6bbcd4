"""A data directory has one holder: the process whose embedded index it is.

The holder keeps an exclusive ``flock`` on ``vestige.lock`` and answers on ``vestige.sock``; every other command on the
same directory is a client of that socket. The lock goes with the process, however it ends; a socket file without a
live holder is debris and is removed by the next one.
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from vestige.model.errors import BusyError, StorageError
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "vestige.lock"
SOCKET = "vestige.sock"


class DataDirLock:
    """The exclusive hold on a data directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._handle: int | None = None

    @property
    def socket(self) -> Path:
        """Where the holder answers."""
        return self.directory / SOCKET

    def acquire(self, command: str) -> bool:
        """Try to become the holder; ``False`` if another process is.

        Raises:
            StorageError: the directory cannot be made or written.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(
                f"the data directory {self.directory} cannot be used",
                expected="a directory this user may write",
                got=error.strerror or str(error),
                hint="choose another with --data DIR or VESTIGE_DATA",
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        holder = {"command": command, "pid": os.getpid(), "since": to_text(now() // 1_000_000_000 * 1_000_000_000)}
        os.write(handle, json.dumps(holder).encode())
        self.socket.unlink(missing_ok=True)
        self._handle = handle
        return True

    def release(self) -> None:
        """Let the directory go."""
        if self._handle is not None:
            self.socket.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def holder(self) -> str:
        """Who holds the directory, for a person."""
        try:
            body = json.loads((self.directory / LOCK).read_text())
            return f"`vestige {body['command']}` (process {body['pid']}, since {body['since']})"
        except (OSError, ValueError, KeyError):
            return "another process"

    def busy(self) -> BusyError:
        """The error that names the holder."""
        return BusyError(
            f"the data directory {self.directory} is held by {self.holder()}, which does not answer",
            expected="an answer on its socket within 10 seconds",
            hint="wait for it, or stop it, then try again",
        )

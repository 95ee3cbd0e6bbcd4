"""A data directory has one holder: the process whose embedded index it is.

It is made by what serves or takes evidence in, and by nothing else: a mistyped name must not become a ledger, nor a
folder of somebody's files an installation. Only its owner may look into it.

The holder keeps an exclusive ``flock`` on ``vestige.lock`` and answers on ``vestige.sock``; every other command on the
same directory is a client of that socket. The lock goes with the process, however it ends; a socket file without a
live holder is debris and is removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from vestige.model.errors import BusyError, ConflictError, NotFoundError, StorageError
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.settings import Settings

LOCK = "vestige.lock"
SOCKET = "vestige.sock"
DATABASE = "vestige.sqlite"
RESTORING = "vestige.restoring"
"""Is there while a backup is put back: what the directory holds is no installation until that is over."""
OURS = ("vestige.*", "blobs", "index", "index-*", "signer", "spool", "uploads")
"""What an installation keeps at the top of its directory."""
_STAYS = ("vestige.toml", "signer", "vestige.lock", "lost+found")
"""What may lie in a directory that a backup is put back into."""
_HARMLESS = ("lost+found",)
"""What an empty file system holds of itself."""
_OTHERS = 0o077


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket path that fits the 108 bytes of ``sockaddr_un``, however deep the directory lies."""
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)


def is_installation(settings: Settings) -> bool:
    """Whether the data directory is one: it has been opened before, whole, as one.

    Raises:
        StorageError: a backup was being put back into it, and that was broken off.
    """
    if (settings.data / RESTORING).exists():
        raise StorageError(
            f"a backup was being put back into {settings.data}, and that was broken off",
            expected="a directory that is whole", hint="run `vestige restore` again: it begins anew",
        )  # fmt: skip
    if settings.database_url:
        return (settings.data / LOCK).exists()
    file = settings.data / DATABASE
    return file.exists() and file.stat().st_size > 0


def require_installation(settings: Settings) -> None:
    """Refuse to go on where there is nothing to read.

    Raises:
        NotFoundError: the directory is no installation.
    """
    if not is_installation(settings):
        raise NotFoundError(
            f"no Vestige data at {settings.data}",
            expected="a directory that `vestige import` or `vestige up` has made",
            hint="name it with --data DIR or VESTIGE_DATA; `vestige import` or `vestige up` makes one",
        )


def refuse_foreign(settings: Settings) -> None:
    """Refuse to make an installation among somebody's files.

    Raises:
        StorageError: the directory is no installation and holds something else.
    """
    if not settings.data.is_dir() or is_installation(settings):
        return
    names = sorted(path.name for path in settings.data.iterdir())
    foreign = [name for name in names if not any(fnmatchcase(name, ours) for ours in (*OURS, *_HARMLESS))]
    if foreign:
        raise StorageError(
            f"the directory {settings.data} holds something else",
            expected="an empty directory, or one that Vestige has made",
            got=f"{foreign[0][:60]!r}" + (f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""),
            hint="name another with --data DIR or VESTIGE_DATA",
        )


def require_empty(settings: Settings) -> None:
    """Refuse to put a backup back where something is that it would stand beside.

    The signer's directory may be there, and should be; so may the settings' file, and what an earlier putting back
    left when it was broken off.

    Raises:
        ConflictError: the directory holds something else.
    """
    if not settings.data.is_dir() or (settings.data / RESTORING).exists():
        return
    there = sorted(path.name for path in settings.data.iterdir() if path.name not in _STAYS)
    if there:
        raise ConflictError(
            f"the directory {settings.data} is not empty",
            expected="an empty directory, but for signer/ and vestige.toml",
            got=", ".join(there)[:200],
            hint="move what is there away, all but signer/, or name another directory with --data DIR",
        )


def close_to_others(directory: Path) -> None:
    """Take from everybody else the right to the directory and to what Vestige keeps at its top.

    What another user owns cannot be changed and stays as it is; ``vestige doctor`` says so of the directory.
    """
    for path in (directory, *(found for pattern in OURS for found in directory.glob(pattern))):
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(mode & 0o7777 & ~_OTHERS)


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may look into it."""
    return path.stat().st_mode & _OTHERS == 0


class DataDirLock:
    """The exclusive hold on a data directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._handle: int | None = None

    @property
    def socket(self) -> Path:
        """Where the holder answers."""
        return self.directory / SOCKET

    def is_there(self) -> bool:
        """Whether somebody holds the directory, or has held it."""
        return (self.directory / LOCK).exists()

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

"""Where capture keeps what it needs: all of it the user's own, none of it in a repository."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a user."""

    state: Path
    """What changes: the socket, the lock, the key of markers, the spool."""
    share: Path
    """What ``init`` puts there: the hook program, and what starts it."""

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> Places:
        """As the environment has them (``XDG_STATE_HOME``, ``XDG_DATA_HOME``, ``HOME``)."""
        env = os.environ if environment is None else environment
        home = Path(env.get("HOME") or Path.home())
        state = Path(env.get("XDG_STATE_HOME") or home / ".local/state")
        share = Path(env.get("XDG_DATA_HOME") or home / ".local/share")
        return cls(state / "vestige/agent", share / "vestige/agent")

    @property
    def socket(self) -> Path:
        """Where the program listens."""
        return self.state / "socket"

    @property
    def lock(self) -> Path:
        """Held by the program as long as it runs."""
        return self.state / "lock"

    @property
    def spool(self) -> Path:
        """What waits to be sent."""
        return self.state / "spool"

    @property
    def refused(self) -> Path:
        """Why the program does not start, for a person; not there while all is well."""
        return self.state / "refused"

    @property
    def lost(self) -> Path:
        """A line for each event that could be handed to nobody: when."""
        return self.state / "lost"

    @property
    def launcher(self) -> Path:
        """What settings and Git hooks call."""
        return self.share / "hook"

    def make(self) -> None:
        """Make them, for the user alone.

        Raises:
            StorageError: they cannot be made.
        """
        try:
            for folder in (self.state, self.spool, self.share):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise StorageError(
                "capture has no place to keep anything",
                expected=f"a folder {self.state} of your own",
                got=error.strerror or type(error).__name__,
                hint="set XDG_STATE_HOME and XDG_DATA_HOME",
            ) from None

    def key(self) -> bytes:
        """The user's key of markers and digests, made at the first call.

        Raises:
            StorageError: it cannot be kept, or is none.
        """
        path = self.state / "key"
        try:
            if not path.exists():
                write_whole(path, secrets.token_bytes(_KEY_BYTES))
            found = path.read_bytes()
        except OSError as error:
            raise StorageError("the key of markers cannot be kept", got=error.strerror or "") from None
        if len(found) != _KEY_BYTES:
            raise StorageError(f"{path} is no key", expected=f"{_KEY_BYTES} bytes", got=f"{len(found)}")
        return found


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put a file in place whole and durable, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was made, renamed or removed in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

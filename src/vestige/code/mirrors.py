"""A tenant's repositories: each a bare one in the data directory, that is added to and never pruned.

``<id>.git`` is Git's own, ``<id>.json`` beside it what is known of it besides. Nothing is written into a repository
but what :mod:`~vestige.code.arriving` has looked at before: the objects of a push, or of a fetch. Objects that no ref
names any more stay: a commit that was amended away is evidence.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import orjson

from vestige.code import program
from vestige.code.browsing import Browsing
from vestige.code.keys import host_keys
from vestige.model.errors import BusyError, ConflictError, InputError, NotFoundError, StorageError
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER: Final = "code"
NAME_LENGTH: Final = 300
_NAME: Final = re.compile(r"[^\s\x00-\x20\x7f:/.-][^\s\x00-\x1f\x7f\\]*")
_FORMATS: Final = ("sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is known of a repository besides what Git knows of it."""

    id: str
    name: str
    """``host/owner/name``, ``root:`` and its first commit, or ``folder:`` and a digest: as capture calls it."""
    created_at: int
    by: str
    url: str = ""
    """Where it is fetched from; empty: it is pushed here."""
    sealed_key: str = ""
    """The private key it is fetched with, encrypted; empty: none."""
    key: str = ""
    """That key's public half, as a fingerprint."""
    hosts: str = ""
    """The host's keys, as they were found the first time (known_hosts, sshd(8))."""
    received_at: int | None = None
    """When something last came."""
    asked_at: int | None = None
    """When it was last fetched, whatever came of it."""
    failure: str = ""
    """Why the last fetch failed."""

    def to_json(self) -> dict[str, object]:
        """What is told of it: everything but the key."""
        told: dict[str, object] = {"id": self.id, "name": self.name, "by": self.by, "url": self.url}
        told |= {"created_at": to_text(self.created_at), "deploy_key": self.key, "host_keys": host_keys(self.hosts)}
        times = {"received_at": self.received_at, "asked_at": self.asked_at}
        told |= {name: None if at is None else to_text(at) for name, at in times.items()}
        return told | {"failure": self.failure}


def check_name(name: str) -> str:
    """The name of a repository.

    Raises:
        InputError: it cannot be one.
    """
    if len(name) > NAME_LENGTH or not _NAME.fullmatch(name) or not name.isprintable() or "//" in name:
        raise InputError(
            "no name of a repository", expected="host/owner/name, or root: and a commit, without spaces",
            got=repr(name[:80]), hint="`vestige agent status` says what a working copy is called", field="name",
        )  # fmt: skip
    return name


class Mirrors:
    """The repositories of one tenant. Safe to share between threads.

    Args:
        folder: where they are kept; made when the first one comes.
        most: how many there may be.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        self.folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def all(self) -> list[Mirror]:
        """Every repository, by name."""
        found = [self._read(path.stem) for path in self.folder.glob("*.json") if is_ulid(path.stem)]
        return sorted((one for one in found if one is not None), key=lambda one: one.name)

    def get(self, identity: str) -> Mirror:
        """One repository by id.

        Raises:
            NotFoundError: there is none.
        """
        found = self._read(identity) if is_ulid(identity) else None
        if found is None:
            raise NotFoundError(
                "there is no such repository", got=identity[:80], hint="`vestige code list` shows what there is"
            )
        return found

    def named(self, name: str) -> Mirror | None:
        """The repository of a name."""
        return next((one for one in self.all() if one.name == name), None)

    def add(self, name: str, by: str, object_format: str = "sha1") -> Mirror:
        """A new one, empty.

        Raises:
            ConflictError: there is one of that name.
            BusyError: there are too many.
            InputError: it cannot be called so, or Git has no such form of objects.
        """
        if object_format not in _FORMATS:
            raise InputError("no form of objects", expected=" or ".join(_FORMATS), got=object_format[:40])
        made = Mirror(new_ulid(now() // 1_000_000), check_name(name), now(), by)
        with self._lock:
            known = self.all()
            if any(one.name == name for one in known):
                raise ConflictError("there is a repository of that name", got=name[:80])
            if len(known) >= self._most:
                raise BusyError(
                    "there are too many repositories", expected=f"at most {self._most}", got=str(len(known)),
                    hint="remove some, or raise VESTIGE_LIMIT_CODE_REPOSITORIES",
                )  # fmt: skip
            with _kept():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                draft = self.folder / f"{made.id}.new"
                draft.mkdir(mode=0o700)
            done = program.run(
                draft, ("init", "--quiet", "--bare", "--template=", f"--object-format={object_format}"),
                config=("init.defaultBranch=main",),
            )  # fmt: skip
            done.sure("init", draft)
            with _kept():
                draft.rename(self.path(made.id))
            self.keep(made)
        return made

    def keep(self, mirror: Mirror) -> None:
        """Keep what is known of one, in place of what was, so that a crash leaves the old or the new."""
        path = self.folder / f"{mirror.id}.json"
        with _kept():
            handle = os.open(path.with_suffix(".fresh"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, orjson.dumps(asdict(mirror)))
                os.fsync(handle)
            finally:
                os.close(handle)
            path.with_suffix(".fresh").replace(path)

    def told(self, identity: str, **said: object) -> Mirror:
        """Keep of one what became of it, beside whatever else was changed meanwhile."""
        with self._lock:
            changed = replace(self.get(identity), **said)  # type: ignore[arg-type]
            self.keep(changed)
        return changed

    def remove(self, identity: str) -> None:
        """Let one be no more, with all that was kept of it.

        Raises:
            ConflictError: something comes into it just now.
        """
        with self.alone(identity) as found, _kept():
            gone = self.folder / f"{found.id}.gone"
            (self.folder / f"{found.id}.json").unlink()
            self.path(found.id).rename(gone)
            shutil.rmtree(gone)

    def path(self, identity: str) -> Path:
        """Where one is."""
        return self.folder / f"{identity}.git"

    def browse(self, identity: str) -> Browsing:
        """One to look through.

        Raises:
            NotFoundError: there is none.
        """
        return Browsing(self.path(self.get(identity).id))

    @contextlib.contextmanager
    def alone(self, identity: str) -> Iterator[Mirror]:
        """Nothing else comes into a repository, and nobody removes it, meanwhile.

        Raises:
            ConflictError: something does.
        """
        with self._lock:
            found = self.get(identity)
            if found.id in self._busy:
                raise ConflictError("something comes into the repository just now", hint="try again in a moment")
            self._busy.add(found.id)
        try:
            yield found
        finally:
            with self._lock:
                self._busy.discard(found.id)

    def sweep(self) -> None:
        """Remove what a crash left half made or half removed."""
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir() and path.suffix in {".new", ".gone", ".quarantine"}:
                shutil.rmtree(path)

    def bytes_of(self, identity: str) -> int:
        """How large one is on the disk."""
        return sum(
            (
                file.stat().st_size
                for file in self.path(identity).rglob("*")
                if file.is_file() and not file.is_symlink()
            ),
        )

    def _read(self, identity: str) -> Mirror | None:
        try:
            return Mirror(**orjson.loads((self.folder / f"{identity}.json").read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                "what is known of a repository cannot be read", got=type(error).__name__,
                hint=f"see {self.folder.name}/{identity}.json in the data directory",
            ) from None  # fmt: skip


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            "the repository cannot be kept", got=error.strerror or str(error), hint="free some disk space"
        ) from None

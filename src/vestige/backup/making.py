"""Making a backup: see the room's own words for the order, and why it is this one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from vestige.backup.files import CHUNK, FILE_SYSTEMS_OWN, chunks_of, digest_of, private, said, sync_tree, write
from vestige.backup.manifest import BLOBS, DATA, DATABASE, LIST, NAME, Backup, Manifest, listed
from vestige.backup.restoring import BESIDE
from vestige.ledger.whole import Whole, erasures, heads, payload_blobs, whole
from vestige.model.errors import BusyError, ConflictError, NotFoundError, StorageError, UsageError
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import sqlalchemy as sa

    from vestige.db import Copied, Database
    from vestige.ledger import BlobStore
    from vestige.ledger.whole import LogHead

    Tell = Callable[[str, int, int], None]

TRIES: Final = 3
"""How often the database is copied anew because something was erased meanwhile."""
LOCK: Final = ".lock"


class Parts(NamedTuple):
    """What a backup is made of."""

    db: Database
    blobs: BlobStore
    """As they lie there, sealed or not."""
    data: Path
    """The data directory."""
    kept: Callable[[Sequence[LogHead]], Iterable[str]]
    """The blobs of acquired files that logs of these sizes name and that were not dropped."""
    version: str
    settings: list[str]


def make(parts: Parts, target: Path, tell: Tell, stop: threading.Event) -> Manifest:
    """Make a backup in a folder: an empty one, or one with an earlier backup of the same installation.

    Blobs that the earlier one has are not copied again, and what is no longer part of it goes, when the new one is in
    place and not before.

    Args:
        parts: of the installation.
        target: the folder; made if there is none.
        tell: told what is copied, and how much of how much.
        stop: set when it should end early.

    Raises:
        UsageError: the folder lies within the data directory, or the other way about.
        ConflictError: it holds something else.
        BusyError: somebody makes a backup there just now; or there was no end of erasures.
        StorageError: a file cannot be read or written. In each case an earlier backup is what it was.
    """
    refuse(parts.data, target)
    try:
        private(target)
        with _alone(target):
            return _Making(parts, target, tell, stop).run()
    except OSError as error:
        raise StorageError(
            "the backup cannot be made", got=said(error),
            hint="look at the space and the rights of its folder; what was begun is removed",
        ) from error  # fmt: skip


def refuse(data: Path, target: Path) -> None:
    """Refuse a folder that would be part of what it is a copy of.

    Raises:
        UsageError: it is one.
    """
    try:
        own, other = data.resolve(), target.resolve()
    except (OSError, RuntimeError):  # links that lead to themselves, which Python tells as the one or the other
        raise UsageError(
            "the folder's path leads nowhere", expected="a folder", got=str(target)[:200], field="folder"
        ) from None
    if other.is_relative_to(own) or own.is_relative_to(other):
        raise UsageError(
            "a backup lies outside the data directory", expected="a folder elsewhere, best on another disk",
            got=str(target)[:200], field="folder",
        )  # fmt: skip


class _Making:
    """One run."""

    def __init__(self, parts: Parts, target: Path, tell: Tell, stop: threading.Event) -> None:
        self._parts = parts
        self._target = target
        self._tell = tell
        self._stop = stop
        self._installation = parts.db.installation()
        self._before = self._earlier()
        self._part = target / new_ulid(now() // 1_000_000)
        self._digests: dict[str, str] = {}
        self._bytes = 0
        self._fresh: list[Path] = []
        """The blobs that were not there before."""
        self._in_place = False
        """Whether the manifest is: from then on this is the backup, and nothing of it goes."""

    def run(self) -> Manifest:
        try:
            self._refuse_loss()
            manifest = self._made()
        except BaseException:
            if not self._in_place:
                shutil.rmtree(self._part, ignore_errors=True)
                for path in self._fresh:
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)
            raise
        try:
            self._tidy()
        except OSError as error:
            raise StorageError(
                "the backup is made, but what is no longer part of it is still in its folder", got=said(error),
                hint="some of it may have been erased since: see to the folder's rights, and make the backup again",
            ) from error  # fmt: skip
        return manifest

    def _refuse_loss(self) -> None:
        """Refuse to replace an earlier backup that has what this installation has no longer.

        Logs only grow. One that is shorter was put back from an older backup, and then the newer one has the only copy
        of what was lost by that.

        Raises:
            ConflictError: it has.
        """
        if self._before is None:
            return
        with self._parts.db.read() as connection:
            sizes = {(log.tenant, log.epoch): log.size for log in heads(connection)}
        for log in self._before.manifest.logs:
            size = sizes.get((log.tenant, log.epoch), 0)
            if size < log.size:
                raise ConflictError(
                    f"the folder {self._target} holds a backup with entries that are not here any more",
                    expected=f"{log.origin} with {log.size} entries or more", got=f"{size} entries",
                    hint="keep it, it may be the only copy of them, and name another folder",
                )  # fmt: skip

    def _made(self) -> Manifest:
        at = to_text(now())
        for left in reversed(range(TRIES)):
            copied, seen, named = self._database()
            missing = self._blobs(named)
            with self._parts.db.read() as connection:
                if erasures(connection) == seen.erasures:
                    break
            if not left:
                raise BusyError(
                    "something was erased each time while the backup was made", expected="a while without erasures",
                    hint="make it again when they are over",
                )  # fmt: skip
        self._beside()
        self._check()
        for path in sorted((self._part / DATABASE).iterdir()):
            self._note(f"{self._part.name}/{DATABASE}/{path.name}", *digest_of(path))
        list_sha256, _ = write(self._part / LIST, [listed(self._digests)])
        manifest = Manifest(
            made_at=at, version=self._parts.version, installation=self._installation, dialect=self._parts.db.dialect,
            revision=copied.revision, columns=copied.columns, logs=seen.logs, wrapped_under=seen.wrapped_under,
            settings=self._parts.settings, part=self._part.name, files=len(self._digests), size=self._bytes,
            list_sha256=list_sha256, missing=missing,
        )  # fmt: skip
        sync_tree(self._target)
        fresh = self._target / f"{NAME}.new"
        fresh.unlink(missing_ok=True)
        write(fresh, [orjson.dumps(manifest.to_json(), option=orjson.OPT_INDENT_2)])
        fresh.replace(self._target / NAME)
        self._in_place = True
        sync_tree(self._target)
        return manifest

    def _database(self) -> tuple[Copied, Whole, list[str]]:
        """Copy the database: what its ledgers hold altogether, and the blobs that they name."""
        shutil.rmtree(self._part, ignore_errors=True)
        private(self._part / DATABASE)
        found: list[Whole] = []
        named: list[str] = []

        def look(connection: sa.Connection) -> None:
            found.append(whole(connection))
            named.extend(payload_blobs(connection))

        def tell(done: int, of: int) -> None:
            self._check()
            self._tell("database", done, of)

        copied = self._parts.db.copy_out(self._part / DATABASE, look, tell)
        (seen,) = found
        for path in (self._part / DATABASE).iterdir():
            path.chmod(0o600)
            with path.open("rb") as file:
                os.fsync(file.fileno())
        return copied, seen, sorted({*named, *self._parts.kept(seen.logs)})

    def _blobs(self, named: list[str]) -> list[str]:
        """Copy the blobs that are not there already; those that are to be had nowhere."""
        self._digests, self._bytes, missing = {}, 0, []
        before = self._before
        there = {} if before is None else {name: before.digests[file] for name, file in before.blobs().items()}
        for done, name in enumerate(named, 1):
            self._check()
            relative = f"{BLOBS}/{name[-32:][:2]}/{name}"
            path = self._target / relative
            if name in there and path.is_file():
                self._note(relative, there[name], path.stat().st_size)
            else:
                try:
                    with self._parts.blobs.open(name) as file:
                        private(path.parent)
                        path.unlink(missing_ok=True)  # of a run that was broken off
                        self._fresh.append(path)
                        self._note(relative, *write(path, iter(lambda: file.read(CHUNK), b"")))
                except NotFoundError:
                    missing.append(name)
            self._tell("files", done, len(named))
        return missing

    def _beside(self) -> None:
        """Copy what lies beside, into this backup's own part: it may change under its name."""
        for name in BESIDE:
            root = self._parts.data / name
            for path in _refs_first(root):
                self._check()
                relative = f"{DATA}/{path.relative_to(self._parts.data).as_posix()}"
                copy = self._part / relative
                private(copy.parent)
                try:
                    self._note(f"{self._part.name}/{relative}", *write(copy, chunks_of(path)))
                except FileNotFoundError:
                    continue  # it was removed, with all of its repository; or was being made, and nothing names it yet
            self._tell("beside", 1, 1)

    def _earlier(self) -> Backup | None:
        """The backup that is there.

        Raises:
            ConflictError: something else is.
        """
        names = {path.name for path in self._target.iterdir()} - {LOCK, FILE_SYSTEMS_OWN}
        if NAME in names:
            found = Backup.open(self._target)
            if found.manifest.installation != self._installation:
                raise ConflictError(
                    f"the folder {self._target} holds a backup of another installation", expected=self._installation,
                    got=found.manifest.installation[:200], hint="name another folder",
                )  # fmt: skip
            return found
        foreign = sorted(name for name in names - {BLOBS, f"{NAME}.new"} if not is_ulid(name))
        if foreign:
            raise ConflictError(
                f"the folder {self._target} holds something else", expected="an empty folder, or a backup",
                got=repr(foreign[0][:60]), hint="name another folder",
            )  # fmt: skip
        return None

    def _tidy(self) -> None:
        """Remove what is no part of the backup: earlier ones, what was erased since, what was broken off."""
        for path in self._target.iterdir():
            if is_ulid(path.name) and path != self._part:
                shutil.rmtree(path)
        for path in (self._target / BLOBS).rglob("*"):
            if path.is_file() and path.relative_to(self._target).as_posix() not in self._digests:
                path.unlink()

    def _note(self, name: str, digest: str, size: int) -> None:
        self._digests[name] = digest
        self._bytes += size

    def _check(self) -> None:
        if self._stop.is_set():
            raise BusyError("the backup was given up", hint="an earlier one in that folder is what it was")


def _refs_first(root: Path) -> Iterator[Path]:
    """The files of a folder, or the file itself; of repositories what is no object first.

    Git makes objects durable before a ref names them, so what the refs named when they were copied is there afterwards.
    """
    if root.is_file():
        yield root
        return

    def regular(path: Path) -> bool:
        return path.is_file() and not path.is_symlink()

    def is_object(path: Path) -> bool:
        return "objects" in path.relative_to(root).parts

    yield from [path for path in sorted(root.rglob("*")) if regular(path) and not is_object(path)]
    yield from [path for path in sorted(root.rglob("*")) if regular(path) and is_object(path)]


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    handle = os.open(target / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError("somebody makes a backup in that folder just now", hint="wait for it to end") from None
        yield
    finally:
        os.close(handle)

"""Putting a backup back, into an empty place."""

from __future__ import annotations

import contextlib
import io
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from vestige.backup.files import private, said, sync_tree, write
from vestige.backup.manifest import BLOBS, DATA, DATABASE
from vestige.db import FILE, Database, head
from vestige.model.errors import ConflictError, FormatError, NotFoundError, SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from vestige.backup.manifest import Backup
    from vestige.ledger import BlobStore

BESIDE: Final = ("code", "stories", "refused.jsonl")
"""What else is kept at the top of a data directory: repositories, models of tenants, refusals of who is nobody."""
MADE: Final = (BLOBS, *BESIDE)


class Place(NamedTuple):
    """Where a backup is put back."""

    data: Path
    blobs: Callable[[], BlobStore]
    """Asked for when the first blob comes: it may make its own folder."""
    url: str
    owner_url: str
    file: Path | None
    """SQLite's; none where it is PostgreSQL."""


def put_back(backup: Backup, place: Place, tell: Callable[[str, int, int], None]) -> None:
    """Put everything back: blobs, what lies beside, and the database last. Where it fails, nothing of it stays.

    Raises:
        SettingsError: the backup is of the other kind of database.
        FormatError: its schema is one this version does not know.
        ConflictError: the database is not empty.
        IntegrityError: a file of the backup is not what was written.
        StorageError: something cannot be written.
    """
    check(backup, place)
    fresh: list[str] = []
    try:
        _put_back(backup, place, tell, fresh)
    except BaseException as error:
        for name in fresh:
            with contextlib.suppress(Exception):
                place.blobs().remove(name)
        clear(place.data)
        if isinstance(error, OSError):
            raise StorageError(
                "the backup cannot be put back", got=said(error),
                hint="look at the space and the rights of the data directory; what was put there is removed",
            ) from error  # fmt: skip
        raise


def check(backup: Backup, place: Place) -> None:
    """Refuse what cannot be, before anything is done. Raises as :func:`put_back` does."""
    manifest = backup.manifest
    kind = "postgresql" if place.file is None else "sqlite"
    if manifest.dialect != kind:
        raise SettingsError(
            "the backup is of another kind of database", expected=manifest.dialect, got=kind,
            hint="set VESTIGE_DATABASE_URL to an empty database of that kind", field="database_url",
        )  # fmt: skip
    if manifest.revision > head():
        raise FormatError(
            "the backup was made by a newer version", expected=f"a schema up to revision {head()}",
            got=f"revision {manifest.revision[:20]}, of version {manifest.version[:40]}", hint="use that version",
        )  # fmt: skip
    wanted = {FILE} if kind == "sqlite" else {f"{table}.copy" for table in manifest.columns}
    if set(backup.below(DATABASE)) != wanted or any(name.split("/")[0] not in BESIDE for name in backup.below(DATA)):
        raise FormatError("the backup does not hold what its manifest says", hint="use another backup")


def clear(data: Path) -> None:
    """Remove from a data directory what was put there, and what an earlier putting back left."""
    for name in MADE:
        path = data / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _put_back(backup: Backup, place: Place, tell: Callable[[str, int, int], None], fresh: list[str]) -> None:
    """Put everything back; ``fresh`` is told the blobs that were not there before.

    The store may have outlived the machine, and then it has the only other copy of what is put back: what was in it
    stays there, whatever becomes of this.
    """
    part, blobs = backup.manifest.part, backup.blobs()
    for done, (name, file) in enumerate(blobs.items(), 1):
        store = place.blobs()
        if not _has(store, name):
            fresh.append(name)
        store.put_stream(cast("BinaryIO", io.BufferedReader(_Chunks(backup.read(file)), 1 << 20)), name)
        tell("files", done, len(blobs))
    names = backup.below(DATA)
    for done, name in enumerate(names, 1):
        path = place.data / name
        private(path.parent)
        write(path, backup.read(f"{part}/{DATA}/{name}"))
        if path.name == "HEAD" and path.parent.suffix == ".git":
            for folder in ("refs", "objects"):  # without these, empty or not, Git takes it for no repository
                (path.parent / folder).mkdir(mode=0o700, exist_ok=True)
        tell("beside", done, len(names))
    for name in BESIDE:
        if (place.data / name).is_dir():
            sync_tree(place.data / name)
    if place.file is not None:
        _put_file(backup, place.file, f"{part}/{DATABASE}/{FILE}")
    else:
        with Database.open(place.url, owner_url=place.owner_url) as db:
            db.copy_in(
                backup.manifest.columns, backup.manifest.revision, lambda name: backup.read(f"{part}/{DATABASE}/{name}")
            )
    tell("database", 1, 1)


def _has(store: BlobStore, name: str) -> bool:
    try:
        store.open(name).close()
    except NotFoundError:
        return False
    return True


def _put_file(backup: Backup, path: Path, name: str) -> None:
    if path.exists():
        raise ConflictError("the database is not empty", expected="no such file", got=str(path)[:200])
    fresh = path.with_name(f"{path.name}.restoring")
    fresh.unlink(missing_ok=True)
    try:
        write(fresh, backup.read(name))
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_tree(path.parent)


class _Chunks(io.RawIOBase):
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with what comes next."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

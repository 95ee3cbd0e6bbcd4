"""Files on their way in from a browser, piece by piece: what was acknowledged is on the disk, whatever happens next.

Each is two files of the data directory, private to this user: the bytes, and beside them what was said of the file
with the offset up to which it is acknowledged. A piece is written and synced before that offset is, and the offset
before the answer leaves; what a crash left beyond the offset is cut off again. An upload is no evidence yet: it goes
when it was taken in, when somebody lets it go, or a day after its last piece.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict

import orjson

from vestige.model.errors import BusyError, ConflictError, InputError, NotFoundError, StorageError, TooLargeError
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.settings import Settings

FOLDER: Final = "uploads"
PIECE_BYTES: Final = 8 << 20
"""Most bytes of one piece: it is held in memory until it is on the disk."""
_ID: Final = re.compile(r"[0-9a-f]{32}")
_READ: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is coming, and how far it has come."""

    id: str
    name: str
    """As its sender calls it, with the folders it was found in."""
    size: int
    sha256: str
    """Hex; empty where it was not told beforehand."""
    by: str
    created_at: int
    touched_at: int
    offset: int = 0
    modified_at: int | None = None
    """When its sender says it was last written: what a stamp without a year is read by."""
    source: str | None = None
    format: str = "auto"
    zone: str | None = None
    year: int | None = None

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return self.offset == self.size

    def to_json(self) -> dict[str, Any]:
        """What its sender is told of it."""
        told = asdict(self)
        times = {name: to_text(told.pop(name)) for name in ("created_at", "touched_at")}
        if told["modified_at"] is not None:
            told["modified_at"] = to_text(told["modified_at"])
        del told["by"]
        return told | times | {"complete": self.complete}


class Bounds(TypedDict):
    """What :class:`Uploads` is held to."""

    most_bytes: int
    most: int
    seconds: int


def bounds(settings: Settings) -> Bounds:
    """As the settings have them."""
    return Bounds(
        most_bytes=settings.limit_upload_bytes,
        most=settings.limit_upload_count,
        seconds=settings.limit_upload_seconds,
    )


def clear_old(directory: Path, *, most_bytes: int, most: int, seconds: int) -> None:
    """Remove what is too old of every tenant, also of those that nobody comes by."""
    for folder in directory.iterdir() if directory.is_dir() else ():
        if folder.is_dir():
            Uploads(folder, most_bytes=most_bytes, most=most, seconds=seconds).close()


class Uploads:
    """The uploads of one tenant. Safe to share between threads.

    Args:
        directory: where they are kept; made when the first one comes.
        most_bytes: of all that wait together, as they will be once they are whole.
        most: how many wait at most.
        seconds: after its last piece, one that nobody goes on with is removed.
    """

    def __init__(self, directory: Path, *, most_bytes: int, most: int, seconds: int) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._most = most
        self._nanos = seconds * NANOS
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._timer: threading.Timer | None = None
        self._closed = False
        with self._lock:
            self._sweep()

    def close(self) -> None:
        """Look for what is old no more; what waits stays for the next start."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    def begin(self, wanted: Upload) -> tuple[Upload, bool]:
        """Begin an upload, or find the one that was begun for the same file by the same sender and not ended.

        Returns:
            The upload, and whether it is new.

        Raises:
            TooLargeError: it is larger than what may wait, with what waits already.
            BusyError: too many wait.
        """
        with self._lock:
            self._sweep()
            waiting = list(self._all())
            for one in waiting:
                same = (one.by, one.name, one.size, one.sha256) == (wanted.by, wanted.name, wanted.size, wanted.sha256)
                if same and wanted.sha256 and one.id not in self._busy:
                    said = {name: getattr(wanted, name) for name in ("modified_at", "source", "format", "zone", "year")}
                    again = replace(one, touched_at=now(), **said)
                    self._write(again)
                    return again, False
            if wanted.size > self._most_bytes:
                raise TooLargeError(
                    "the file is too large", expected=f"at most {self._most_bytes} bytes", got=f"{wanted.size}",
                    hint="import it on the server's own machine, or raise VESTIGE_LIMIT_UPLOAD_BYTES", field="size",
                )  # fmt: skip
            if len(waiting) >= self._most or sum(one.size for one in waiting) + wanted.size > self._most_bytes:
                raise BusyError(
                    "too much waits to be taken in already",
                    expected=f"at most {self._most} uploads of {self._most_bytes} bytes together",
                    got=f"{len(waiting)} of {sum(one.size for one in waiting)} bytes",
                    hint="let those that wait be taken in, or let them go; VESTIGE_LIMIT_UPLOAD_* sets both",
                )
            made = replace(wanted, id=secrets.token_hex(16), created_at=now(), touched_at=now(), offset=0)
            with self._kept():
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._bytes(made.id), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._write(made)
            self._wake()
            return made, True

    def of(self, by: str) -> list[Upload]:
        """What a sender has begun and not ended, the oldest first."""
        with self._lock:
            self._sweep()
            return sorted((one for one in self._all() if one.by == by), key=lambda one: (one.created_at, one.id))

    def get(self, upload: str) -> Upload:
        """One upload.

        Raises:
            NotFoundError: there is none of that id; it may have been taken in, or be too old.
        """
        found = self._read(upload) if _ID.fullmatch(upload) else None
        if found is None or now() - found.touched_at > self._nanos:
            raise NotFoundError(
                "there is no such upload", got=upload[:40], hint="it may have been taken in, or be over a day old"
            )
        return found

    def write(self, upload: str, offset: int, data: bytes) -> Upload:
        """Add a piece; it is on the disk when this returns.

        Raises:
            ConflictError: it does not go on where the last one ended, or the upload is in other hands just now.
            TooLargeError: there would be more than was said.
            StorageError: the disk takes no more.
        """
        with self.alone(upload) as found:
            if offset != found.offset:
                raise ConflictError(
                    "the piece does not go on where the last one ended", expected=f"Upload-Offset: {found.offset}",
                    got=str(offset), hint="HEAD tells the offset", field="Upload-Offset",
                )  # fmt: skip
            if offset + len(data) > found.size:
                raise TooLargeError(
                    "there is more of the file than was said", expected=f"{found.size} bytes",
                    got=f"{offset + len(data)} or more", hint="begin it anew if it has grown", field="size",
                )  # fmt: skip
            with self._kept():
                handle = os.open(self._bytes(upload), os.O_WRONLY | os.O_CLOEXEC)
                try:
                    os.ftruncate(handle, offset)  # what a crash left behind the last acknowledged byte
                    os.lseek(handle, offset, os.SEEK_SET)
                    left = memoryview(data)
                    while left:
                        left = left[os.write(handle, left) :]
                    os.fsync(handle)
                finally:
                    os.close(handle)
            told = replace(found, offset=offset + len(data), touched_at=now())
            self._write(told)
            return told

    @contextlib.contextmanager
    def alone(self, upload: str) -> Iterator[Upload]:
        """Nobody else writes, takes in or removes an upload meanwhile.

        Raises:
            ConflictError: somebody does.
        """
        with self._lock:
            if upload in self._busy:
                raise ConflictError("the upload is in use", hint="wait until that is over, then ask for its offset")
            found = self.get(upload)
            self._busy.add(upload)
        try:
            yield found
        finally:
            with self._lock:
                self._busy.discard(upload)

    def whole(self, found: Upload) -> Path:
        """Where the bytes of an upload lie, once all of them are here and are those that were announced.

        Raises:
            ConflictError: some are missing.
            InputError: they are others.
            StorageError: the disk has lost some.
        """
        if not found.complete:
            raise ConflictError(
                "the file is not all here yet", expected=f"{found.size} bytes", got=str(found.offset),
                hint="send the rest first",
            )  # fmt: skip
        path = self._bytes(found.id)
        with self._kept():
            if path.stat().st_size < found.size:
                raise StorageError(
                    "bytes that were acknowledged are gone from the disk", expected=f"{found.size} bytes",
                    got=str(path.stat().st_size), hint="see the disk; let the upload go, and send the file again",
                )  # fmt: skip
            # A crash may have left more than was acknowledged, and no piece came since that would have cut it off.
            os.truncate(path, found.size)
            if found.sha256:
                digest = hashlib.sha256()
                with path.open("rb") as stream:
                    while chunk := stream.read(_READ):
                        digest.update(chunk)
                if digest.hexdigest() != found.sha256:
                    raise InputError(
                        "the bytes that came are not those that were announced", expected=found.sha256,
                        got=digest.hexdigest(), hint="the file changed while it was read: send it again",
                        field="sha256",
                    )  # fmt: skip
            if found.modified_at is not None:
                os.utime(path, ns=(found.modified_at, found.modified_at))
        return path

    def remove(self, upload: str) -> None:
        """Let an upload be no more; called within :meth:`alone`."""
        self._fact(upload).unlink(missing_ok=True)
        self._bytes(upload).unlink(missing_ok=True)

    def _all(self) -> Iterator[Upload]:
        for path in self._directory.glob("*.json") if self._directory.is_dir() else ():
            found = self._read(path.stem)
            if found is not None:
                yield found

    def _sweep(self) -> None:
        """Remove what nobody has gone on with for too long, and what a crash left in halves. The lock is held."""
        kept = set()
        for one in self._all():
            if one.id not in self._busy and now() - one.touched_at > self._nanos:
                self.remove(one.id)
            else:
                kept.add(one.id)
        for path in self._directory.iterdir() if self._directory.is_dir() else ():
            if path.name.partition(".")[0] not in kept:
                path.unlink(missing_ok=True)
        if kept:
            self._wake()

    def _wake(self) -> None:
        """See to it that what waits is looked at again when it may be too old. The lock is held."""
        if self._closed or (self._timer is not None and self._timer.is_alive()):
            return
        self._timer = threading.Timer(self._nanos / NANOS + 1, self._again)
        self._timer.daemon = True
        self._timer.start()

    def _again(self) -> None:
        with self._lock:
            self._timer = None
            self._sweep()

    def _fact(self, upload: str) -> Path:
        return self._directory / f"{upload}.json"

    def _bytes(self, upload: str) -> Path:
        return self._directory / f"{upload}.bytes"

    def _read(self, upload: str) -> Upload | None:
        try:
            return Upload(**orjson.loads(self._fact(upload).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                "what is known of an upload cannot be read", got=type(error).__name__, hint=f"see {self._fact(upload)}"
            ) from None

    def _write(self, upload: Upload) -> None:
        """Replace what is known of an upload, so that a crash leaves the old or the new."""
        path = self._fact(upload.id)
        beside = path.with_suffix(".new")
        with self._kept():
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, orjson.dumps(asdict(upload)))
                os.fsync(handle)
            finally:
                os.close(handle)
            beside.replace(path)
            folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                "the upload cannot be kept", got=error.strerror or str(error),
                hint="free some disk space; what was acknowledged is safe",
            ) from None  # fmt: skip

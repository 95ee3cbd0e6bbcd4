r"""Payloads under keys of their own, kept apart from them: who destroys a key has erased what a backup still holds.

A tenant may ask for it. Each payload is then stored as AES-256-GCM of it, under a key that nothing else is under. Keys
lie in one flat file outside the database (in the signer's directory, which no backup of evidence has): 32 bytes at the
place ``32 * number``. A destroyed key is 32 zero bytes, written over what stood there.

The row of a sealed payload holds the key's number, eight bytes, where others hold their salt of 32; the salt is

    SHA-256("vestige/sealed-salt/v1\n" || key)

so without the key neither payload nor salt is to be had, and the commitment tells nothing. What the leaf commits to is
the payload itself, as ever: sealing changes no leaf, no proof and no bundle.

Nonces are zero, and of blobs a counter: a key encrypts one payload, once. The key's number is authenticated with it, so
that no row can pass for another. Keys are durable before anything under them can be.
"""

from __future__ import annotations

import fcntl
import io
import os
import secrets
import threading
from contextlib import suppress
from hashlib import sha256
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestige.ledger.blobs import new_name, sync_directory
from vestige.ledger.ranges import ranges_of
from vestige.model.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import sqlalchemy as sa

    from vestige.ledger.blobs import BlobStore

    PayloadRow = tuple[int, bytes, bytes | None, str | None]
    Asked = Callable[[sa.Connection, str], bool]
    """Whether a tenant asks to have its payloads sealed, as the connection's transaction sees it."""

KEY_BYTES: Final = 32
NUMBER_BYTES: Final = 8
SALT_DOMAIN: Final = b"vestige/sealed-salt/v1\n"
SEALED_BLOB: Final = "s"
"""What the name of a sealed blob begins with."""
FRAME: Final = 1 << 20
"""Bytes of a blob that are encrypted together."""
_TAG: Final = 16
_GONE: Final = bytes(KEY_BYTES)
_AHEAD: Final = 512
"""Keys made at least at a time, so that few small appends wait for the disk."""
_NONCE: Final = bytes(12)
_MOST: Final = 1 << 40


class KeyStore:
    """The file of keys. Safe to share between threads; several processes take turns by a lock on it."""

    def __init__(self, directory: Path, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._directory = directory
        self._path = directory / "keys"
        self._entropy = entropy
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._spare: list[tuple[int, bytes]] = []

    @property
    def used(self) -> bool:
        """Whether any key was ever made."""
        return self._handle is not None or self._path.exists()

    def take(self, count: int) -> tuple[list[int], list[bytes]]:
        """New keys and their numbers, durable.

        Raises:
            StorageError: the file cannot be written; no key was given.
        """
        with self._lock:
            if len(self._spare) < count:
                self._spare += self._make(max(count - len(self._spare), _AHEAD))
            taken, self._spare = self._spare[:count], self._spare[count:]
        return [number for number, _ in taken], [key for _, key in taken]

    def get(self, numbers: Sequence[int]) -> list[bytes | None]:
        """The keys of these numbers; None for one that was destroyed, or never was."""
        if not self.used:
            return [None] * len(numbers)
        handle, found = self._open(), dict[int, bytes]()
        for lo, hi in ranges_of(number for number in numbers if 0 <= number < _MOST):
            data = os.pread(handle, (hi - lo) * KEY_BYTES, lo * KEY_BYTES)
            for at in range(len(data) // KEY_BYTES):
                found[lo + at] = data[at * KEY_BYTES : (at + 1) * KEY_BYTES]
        return [None if (key := found.get(number, _GONE)) == _GONE else key for number in numbers]

    def destroy(self, numbers: Iterable[int]) -> None:
        """Write zeros over keys, and make that durable; one that is gone stays so.

        Raises:
            StorageError: the file cannot be written.
        """
        wanted = sorted({number for number in numbers if 0 <= number < _MOST})
        if not wanted or not self.used:
            return
        handle = self._open()
        try:
            end = os.fstat(handle).st_size // KEY_BYTES
            for lo, hi in ranges_of(number for number in wanted if number < end):
                os.pwrite(handle, bytes((hi - lo) * KEY_BYTES), lo * KEY_BYTES)
            os.fsync(handle)
        except OSError as error:
            raise _refused(error) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._spare = []
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _make(self, count: int) -> list[tuple[int, bytes]]:
        handle = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                first = -(-os.fstat(handle).st_size // KEY_BYTES)  # a torn key at the end was given to nobody
                data = self._entropy(count * KEY_BYTES)
                os.pwrite(handle, data, first * KEY_BYTES)
                os.fsync(handle)
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)
        except OSError as error:
            raise _refused(error) from error
        return [(first + at, data[at * KEY_BYTES : (at + 1) * KEY_BYTES]) for at in range(count)]

    def _open(self) -> int:
        if self._handle is None:
            try:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                sync_directory(self._directory)
            except OSError as error:
                raise _refused(error) from error
        return self._handle


class Sealing:
    """Seals payloads of the tenants that ask for it, and opens those of all.

    Args:
        keys: what they are sealed under.
        asked: whether a tenant asks for it. Whoever takes something in asks anew, so that what was set through another
            server is heeded from the next batch on; what lies in clear stays as it is.
    """

    def __init__(self, keys: KeyStore, asked: Asked) -> None:
        self.keys = keys
        self.asked = asked

    def take(self, count: int) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Keys for so many payloads: their numbers as rows hold them, the salts, and the keys."""
        numbers, keys = self.keys.take(count)
        salts = [sha256(SALT_DOMAIN + key).digest() for key in keys]
        return [number.to_bytes(NUMBER_BYTES, "big") for number in numbers], salts, keys

    def opened(self, rows: Sequence[PayloadRow]) -> list[PayloadRow]:
        """Rows of payloads as they would lie in clear. One whose key was destroyed is not among them.

        One that does not open is answered as it is stored: whoever holds it against its leaf finds it altered.
        """
        numbers = [int.from_bytes(row[1], "big") for row in rows if len(row[1]) == NUMBER_BYTES]
        if not numbers:
            return list(rows)
        keys = iter(self.keys.get(numbers))
        found: list[PayloadRow] = []
        for row in rows:
            if len(row[1]) != NUMBER_BYTES:
                found.append(row)
                continue
            key = next(keys)
            if key is not None:
                seq, number, payload, blob = row
                clear = None if payload is None else unsealed(key, number, payload)
                found.append((seq, sha256(SALT_DOMAIN + key).digest(), clear, blob))
        return found


def sealed(key: bytes, number: bytes, payload: bytes) -> bytes:
    """A payload under its key."""
    return AESGCM(key).encrypt(_NONCE, payload, number)


def unsealed(key: bytes, number: bytes, data: bytes) -> bytes:
    """The inverse; the data themselves where they are not what was sealed."""
    try:
        return AESGCM(key).decrypt(_NONCE, data, number)
    except InvalidTag:
        return data


class SealedBlobs:
    """Blobs of which some are sealed. What is stored through it is sealed where that is asked for; all are read.

    A sealed blob is its key's number, then frames of a MiB, each AES-256-GCM under the key with the frame's number as
    nonce, of which the first byte is 1 in the last one: none can be cut off, moved or added.
    """

    def __init__(self, inner: BlobStore, sealing: Sealing, wanted: Callable[[], bool] = lambda: False) -> None:
        self._inner = inner
        self._sealing = sealing
        self._wanted = wanted

    @property
    def stored(self) -> BlobStore:
        """The blobs as they lie there, sealed or not: what a backup keeps of them."""
        return self._inner

    def when(self, wanted: Callable[[], bool]) -> SealedBlobs:
        """The same, which seals what is stored through it when that is wanted at the time."""
        return SealedBlobs(self._inner, self._sealing, wanted)

    def put(self, data: bytes) -> str:
        """Store bytes durably and give their name."""
        return self.put_stream(io.BytesIO(data))[0]

    def put_stream(self, stream: BinaryIO, name: str = "") -> tuple[str, int]:
        """Store everything the stream still has, under this name or a new one; its name and its length in clear."""
        if not self._wanted():
            return self._inner.put_stream(stream, name)
        (number,), _, (key,) = self._sealing.take(1)
        sealing = _SealingStream(stream, key, number)
        name, _ = self._inner.put_stream(cast("BinaryIO", sealing), SEALED_BLOB + (name or new_name()))
        return name, sealing.length

    def put_back(self, name: str, data: bytes) -> None:
        """Store bytes durably under the name a row gives them.

        Args:
            name: of the blob; a sealed one is sealed again.
            data: what it held, as the leaf commits to it: so a key that it lay under still encrypts these bytes only.
                It is taken again where what is there of the blob opens under it, so that destroying it also closes
                what a backup holds. Otherwise nothing says which it was, and the blob gets a new one.
        """
        if name.startswith(SEALED_BLOB):
            known = self._key(name)
            if known is None:
                (number,), _, (key,) = self._sealing.take(1)
                known = number, key
            data = _SealingStream(io.BytesIO(data), known[1], known[0]).read()
        self._inner.put_back(name, data)

    def _key(self, name: str) -> tuple[bytes, bytes] | None:
        """The number and the key under which any frame of a damaged blob opens; ``None`` where none does."""
        try:
            file = self._inner.open(name)
        except NotFoundError:
            return None
        with file:
            number = file.read(NUMBER_BYTES)
            (key,) = self._sealing.keys.get([int.from_bytes(number, "big")])
            if key is None:
                return None
            following, at = file.read(FRAME + _TAG), 0
            while following:
                frame, following = following, file.read(FRAME + _TAG)
                with suppress(InvalidTag):
                    AESGCM(key).decrypt(_nonce(at, last=not following), frame, number)
                    return number, key
                at += 1
        return None

    def open(self, name: str) -> IO[bytes]:
        """Read a blob from its beginning.

        Raises:
            NotFoundError: there is none of this name, or its key was destroyed.
        """
        file = self._inner.open(name)
        if not name.startswith(SEALED_BLOB):
            return file
        number = file.read(NUMBER_BYTES)
        (key,) = self._sealing.keys.get([int.from_bytes(number, "big")])
        if key is None:
            file.close()
            raise NotFoundError("there is no such blob any more: its key was destroyed", got=name[:40])
        return cast("IO[bytes]", io.BufferedReader(_OpenedStream(file, key, number), FRAME))

    def get(self, name: str) -> bytes:
        """A whole blob. Raises as :meth:`open` does."""
        with self.open(name) as file:
            return file.read()

    def remove(self, name: str) -> None:
        """Destroy the key of a blob and remove it for good; one that is not there is removed already."""
        if name.startswith(SEALED_BLOB):
            try:
                with self._inner.open(name) as file:
                    number = file.read(NUMBER_BYTES)
            except NotFoundError:
                return
            self._sealing.keys.destroy([int.from_bytes(number, "big")])
        self._inner.remove(name)

    def check(self) -> None:
        """See that the store answers."""
        self._inner.check()


class _SealingStream:
    """Reads a stream as its sealed form."""

    def __init__(self, stream: BinaryIO, key: bytes, number: bytes) -> None:
        self._stream = stream
        self._cipher = AESGCM(key)
        self._number = number
        self._waiting: bytes | None = stream.read(FRAME)
        self._ready = bytearray(number)
        self._frame = 0
        self.length = 0

    def read(self, size: int = -1) -> bytes:
        """So many bytes of it, or all."""
        while self._waiting is not None and (size < 0 or len(self._ready) < size):
            frame, following = self._waiting, self._stream.read(FRAME)
            self.length += len(frame)
            self._ready += self._cipher.encrypt(_nonce(self._frame, last=not following), frame, self._number)
            self._frame += 1
            self._waiting = following or None
        out = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(out)]
        return out


class _OpenedStream(io.RawIOBase):
    """Reads a sealed blob in clear; one that was altered ends with an error where that begins."""

    def __init__(self, file: IO[bytes], key: bytes, number: bytes) -> None:
        super().__init__()
        self._file = file
        self._cipher = AESGCM(key)
        self._number = number
        self._frame = 0
        self._next: bytes = file.read(FRAME + _TAG)
        self._clear = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with what comes next."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        if not self._clear and self._next:
            data, self._next = self._next, self._file.read(FRAME + _TAG)
            try:
                self._clear = self._cipher.decrypt(_nonce(self._frame, last=not self._next), data, self._number)
            except InvalidTag:
                self._next = b""
                raise NotFoundError(
                    "a sealed blob was altered", expected="what was sealed", got=f"other bytes in frame {self._frame}",
                    hint="run `vestige ledger verify`; restore the blob from a backup",
                ) from None  # fmt: skip
            self._frame += 1
        count = min(len(view), len(self._clear))
        view[:count] = self._clear[:count]
        self._clear = self._clear[count:]
        return count

    def close(self) -> None:
        """Close the file beneath."""
        self._file.close()
        super().close()


def _nonce(frame: int, *, last: bool) -> bytes:
    return bytes([last]) + frame.to_bytes(11, "big")


def _refused(error: OSError) -> StorageError:
    return StorageError(
        "the file of keys that payloads are sealed under cannot be used; nothing was acknowledged",
        got=error.strerror or str(error)[:100],
        hint="look at the space and the rights of VESTIGE_SIGNER_DIR",
    )

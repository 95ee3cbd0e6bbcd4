"""Blobs as objects of a bucket: the driver for installations of several nodes.

An object is there whole or not at all, and a put is answered when it is kept; so what :mod:`vestige.ledger.blobs` asks
for holds as in a directory. Parts of one that a kill broke off have no name; the bucket's lifecycle rules are to remove
them. Names lie as they do there, below two of their digits: a directory that is copied into the bucket as it is can be
gone on with.
"""

from __future__ import annotations

import io
from itertools import chain
from typing import IO, TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError

from vestige.ledger.blobs import new_name, place_of
from vestige.model.errors import NotFoundError, StorageError
from vestige.objects import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from obstore import ReadableFile
    from obstore.store import MemoryStore, S3Store
    from typing_extensions import Buffer

CHUNK: Final = 32 << 20
"""Bytes of one part: what is longer is sent in several, of which S3 takes ten thousand."""
AT_ONCE: Final = 4
"""Parts that are sent, and held in memory, at a time."""
MOST: Final = 10_000 * CHUNK
READ: Final = 1 << 20
_PROBE: Final = "0" * 32
"""A name that is asked for to see whether anything answers; whether it is there does not matter."""


class ObjectBlobs:
    """Blobs in a store of objects. Safe to share between threads."""

    def __init__(self, store: S3Store | MemoryStore, impatient: S3Store | None = None) -> None:
        self._store = store
        self._impatient = impatient or store
        """For whoever only asks whether it is there."""

    def put(self, data: bytes) -> str:
        """Store bytes durably and give their name."""
        return self.put_stream(io.BytesIO(data))[0]

    def put_stream(self, stream: BinaryIO, name: str = "") -> tuple[str, int]:
        """Store everything the stream still has, under this name or a new one; its name and its length.

        Raises:
            StorageError: the store refused, or the stream could be read no further; nothing of it stays.
        """
        name = name or new_name()
        return name, self._put(name, stream)

    def put_back(self, name: str, data: bytes) -> None:
        """Store bytes durably under the name a row gives them, where they were lost."""
        self._put(name, io.BytesIO(data))

    def open(self, name: str) -> IO[bytes]:
        """Read a blob from its beginning.

        Raises:
            NotFoundError: there is none of this name.
        """
        try:
            return io.BufferedReader(_Read(obstore.open_reader(self._store, place_of(name), buffer_size=READ)), READ)
        except FileNotFoundError:
            raise NotFoundError("there is no such blob", got=name[:40]) from None
        except (BaseError, OSError) as error:
            raise refused("a blob cannot be read", error) from error

    def get(self, name: str) -> bytes:
        """A whole blob.

        Raises:
            NotFoundError: there is none of this name.
        """
        try:
            return bytes(obstore.get(self._store, place_of(name)).bytes())
        except FileNotFoundError:
            raise NotFoundError("there is no such blob", got=name[:40]) from None
        except (BaseError, OSError) as error:
            raise refused("a blob cannot be read", error) from error

    def remove(self, name: str) -> None:
        """Remove a blob for good; one that is not there is removed already.

        A bucket that keeps versions keeps this one: such a bucket is not one for blobs, and :meth:`check` says so.

        Raises:
            StorageError: the store refused.
        """
        try:
            obstore.delete(self._store, place_of(name))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise refused("a blob cannot be removed", error) from error

    def check(self) -> None:
        """See that the store answers.

        Raises:
            StorageError: it does not, or it keeps what is removed.
        """
        try:
            name = place_of(_PROBE)
            kept = obstore.put(self._impatient, name, b"").get("version")
            obstore.delete(self._impatient, name)
        except (BaseError, OSError) as error:
            raise refused("the store of blobs does not answer", error) from error
        if kept:
            raise StorageError("the store of blobs keeps what is removed from it", expected="a bucket without versions",
                               got=f"version {kept}"[:100], hint="what is to be erased would stay")  # fmt: skip

    def _put(self, name: str, stream: BinaryIO) -> int:
        sent = _Sent(stream)
        try:
            first = sent.read(CHUNK)
            if len(first) < CHUNK:  # in one request, not in the three that parts take
                obstore.put(self._store, place_of(name), first)
            else:
                obstore.put(self._store, place_of(name), chain([first], sent.chunks()), chunk_size=CHUNK,
                            max_concurrency=AT_ONCE)  # fmt: skip
        except (BaseError, OSError) as error:
            raise StorageError(
                "a blob cannot be stored; nothing was acknowledged",
                got=str(error).partition("\n")[0][:200],
                hint="look at the store of blobs, VESTIGE_BLOBS_URL",
            ) from error
        return sent.length


class _Sent:
    """A stream cut into parts, and counted."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.length = 0

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        found = bytearray()
        while len(found) < size and (chunk := self._stream.read(size - len(found))):
            found += chunk
        self.length += len(found)
        if self.length > MOST:
            raise StorageError(
                "a blob is too long for a bucket; nothing was acknowledged", expected=f"at most {MOST} bytes",
                got="more", hint="VESTIGE_BLOBS_URL=file:///path takes what the file system takes",
            )  # fmt: skip
        return bytes(found)

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.read(READ):
            yield chunk


class _Read(io.RawIOBase):
    """An object that is read as a file is."""

    def __init__(self, reader: ReadableFile) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._reader.read(len(view))
        except FileNotFoundError:
            raise NotFoundError("there is no such blob any more") from None
        except (BaseError, OSError) as error:
            raise refused("a blob cannot be read on", error) from error
        view[: len(data)] = data
        return len(data)

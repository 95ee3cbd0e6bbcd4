"""Where archives lie: a directory or a bucket (:mod:`vestige.objects`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from vestige.archive.objectlock import UNKNOWN, Credentials, ObjectLock
from vestige.model.errors import NotFoundError, SettingsError, StorageError
from vestige.objects import Folder, named, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import S3Store

CHUNK: Final = 8 << 20


class Store:
    """Objects by name below one prefix. Everything is whole or not there.

    ``bucket`` speaks of versions and locks, where there is a bucket and keys to sign that with; ``days``: each object
    put is locked for so long.
    """

    def __init__(
        self, store: LocalStore | S3Store, url: str, prefix: str, bucket: ObjectLock | None, days: int
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._bucket = bucket
        self._days = days
        self.url = url

    def put(self, name: str, source: Path) -> None:
        """Put a file under a name, in parts if it is large, and lock it if that is asked for.

        Raises:
            StorageError: the store did not take it.
        """
        try:
            with source.open("rb") as file:
                obstore.put(self._store, name, file, chunk_size=CHUNK)
        except (BaseError, OSError) as error:
            raise _failed("cannot take an object", error) from error
        if self._bucket is not None and self._days:
            self._bucket.lock(self._prefix + name, datetime.now(UTC) + timedelta(days=self._days))

    def get(self, name: str, target: Path) -> None:
        """Fetch an object into a file.

        Raises:
            NotFoundError: there is none.
            StorageError: the store failed.
        """
        try:
            with target.open("wb") as file:
                for chunk in obstore.get(self._store, name).stream(min_chunk_size=CHUNK):
                    file.write(chunk)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise NotFoundError("the store of archives has no such object", got=name[:200]) from None
        except (BaseError, OSError) as error:
            raise _failed("cannot give an object", error) from error

    def read(self, name: str) -> bytes:
        """A small object, whole. Raises as :meth:`get` does."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            raise NotFoundError("the store of archives has no such object", got=name[:200]) from None
        except (BaseError, OSError) as error:
            raise _failed("cannot give an object", error) from error

    def names(self, below: str) -> Iterator[str]:
        """The names of all objects below a folder, sorted."""
        try:
            found = [meta["path"] for page in obstore.list(self._store, prefix=below) for meta in page]
        except (BaseError, OSError) as error:
            raise _failed("cannot be listed", error) from error
        return iter(sorted(found))

    def remains(self, below: str) -> list[str]:
        """The names of all objects below a folder of which any version is there, hidden ones too; sorted."""
        begin = f"{self._prefix}{below}/"
        versions = None if self._bucket is None else self._bucket.versions(begin)
        if versions is None:
            return list(self.names(below))
        return sorted({key.removeprefix(self._prefix) for key, _ in versions})

    def remove(self, name: str) -> str:
        """Remove an object in all its versions.

        Returns:
            Until when a version of it stays: locked, or ``unknown`` where the store keeps versions and does not say or
            let us remove them; empty if nothing stays.

        Raises:
            StorageError: the store failed.
        """
        key = self._prefix + name
        versions = None if self._bucket is None else self._bucket.versions(key)
        if self._bucket is not None and versions is not None:
            return max((self._bucket.remove(key, version) for found, version in versions if found == key), default="")
        try:
            kept = obstore.head(self._store, name).get("version")
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return ""
        except (BaseError, OSError) as error:
            raise _failed("cannot remove an object", error) from error
        return UNKNOWN if kept else ""


def open_store(url: str, lock_days: int = 0) -> Store:
    """The store a URL names; a directory is made if it is not there.

    Raises:
        SettingsError: no such kind of store, or objects are to be locked where nothing can be.
        StorageError: the directory cannot be made, or the bucket not be asked whether it locks objects.
    """
    place = named(url, "archive_url")
    if isinstance(place, Folder):
        if lock_days:
            raise SettingsError(
                "a directory cannot lock what is in it",
                expected="VESTIGE_ARCHIVE_LOCK_DAYS=0, or s3://",
                got=url[:100],
                field="archive_lock_days",
            )  # fmt: skip
        try:
            place.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _failed("cannot be made", error) from error
        return Store(LocalStore(str(place.path), automatic_cleanup=True), url, "", None, 0)
    keys = os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")
    bucket = ObjectLock(place.name, Credentials.of()) if keys or lock_days else None
    if lock_days and bucket is not None and not bucket.enabled():
        raise SettingsError(
            "the bucket does not lock objects", expected="one made with Object Lock",
            got=f"s3://{place.name}",
            hint="make a bucket with Object Lock, or set VESTIGE_ARCHIVE_LOCK_DAYS=0",
            field="archive_lock_days",
        )  # fmt: skip
    return Store(place.open(), url, place.prefix, bucket, lock_days)


def _failed(what: str, error: Exception) -> StorageError:
    return refused(f"the store of archives {what}", error)

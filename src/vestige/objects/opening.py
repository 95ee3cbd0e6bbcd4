"""What a URL names, and a bucket opened. See the package's words."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from vestige.model.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from obstore.store import S3Store

RETRIES: Final = 3
SECONDS: Final = 120


class Folder(NamedTuple):
    """A directory."""

    path: Path


class Bucket(NamedTuple):
    """A bucket, and what stands before every name in it: empty, or ended by a slash."""

    name: str
    prefix: str

    def open(self, *, seconds: int = SECONDS, retries: int = RETRIES) -> S3Store:
        """The store itself; whether anything answers shows at the first request.

        Args:
            seconds: what one request may take, and all tries of it together.
            retries: how often a request that failed is tried again.
        """
        from obstore.store import S3Store  # noqa: PLC0415 - only who has a bucket pays for it

        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        return S3Store(
            self.name,
            prefix=self.prefix.rstrip("/") or None,
            client_options={"allow_http": endpoint.startswith("http:"), "timeout": f"{seconds}s"},
            retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=seconds)},
        )


def named(url: str, setting: str) -> Folder | Bucket:
    """What a URL names.

    Args:
        url: as it is set.
        setting: the field it is set by.

    Raises:
        SettingsError: no such kind of store.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username:
        pass  # nothing of a place is told by these
    elif parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Folder(Path(unquote(parts.path)))
    elif parts.scheme == "s3" and parts.netloc:
        prefix = parts.path.strip("/")
        return Bucket(parts.netloc, f"{prefix}/" if prefix else "")
    raise SettingsError(
        "no such kind of store", expected="file:///path or s3://bucket/prefix", got=url[:100], field=setting
    )


def refused(what: str, error: Exception) -> StorageError:
    """A store's own error as one of ours: its first line, since the others quote its insides.

    Args:
        what: did not work: "the store of archives cannot be listed".
        error: the store's.
    """
    said = next((line for line in str(error).splitlines() if line), "")[:200]
    return StorageError(what, got=f"{type(error).__name__}: {said}")

"""Whether the files that were acquired are still kept as they were acquired.

A record is proven by its leaf, whatever becomes of the file it was read from. The file itself is named in its
``acquisition`` entry by name, size and SHA-256, and lies among the blobs; here it is held against that.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from vestige.ledger import Kind
from vestige.model.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.ledger import BlobStore, Ledger, StoredEntry

READ = 1 << 20


class Kept(NamedTuple):
    """How many files were looked at, their bytes, and what is wrong with any, in words."""

    files: int
    size: int
    faults: list[str]


def check_kept(ledger: Ledger, blobs: BlobStore, tenant: str) -> Kept:
    """Read every file a tenant's acquisitions name, but those that went with an erasure of records in them."""
    seen: dict[str, bool] = {}
    size = 0
    faults: list[str] = []
    for entry, body in _kept(ledger, tenant):
        blob = body["blob"]
        if blob["name"] in seen:
            continue
        found = _digest(blobs, blob["name"])
        seen[blob["name"]] = found is not None
        if found is None:
            faults.append(f"{body['name']} (acquisition {entry.id}) is not there: blob {blob['name']}")
            continue
        size += found[1]
        if found != (blob["sha256"], blob["size"]):
            faults.append(
                f"{body['name']} (acquisition {entry.id}) was altered: SHA-256 {found[0]} of {found[1]} bytes, "
                f"acquired as {blob['sha256']} of {blob['size']}"
            )
    return Kept(len(seen), size, faults)


def kept_files(ledger: Ledger, tenant: str, below: int) -> set[str]:
    """The blobs of the files that acquisitions below a position name, but those that erasures dropped."""
    return {body["blob"]["name"] for entry, body in _kept(ledger, tenant) if entry.position < below}


def _kept(ledger: Ledger, tenant: str) -> Iterator[tuple[StoredEntry, dict[str, Any]]]:
    dropped = dropped_files(ledger, tenant)
    for entry in ledger.entries_of(tenant, [Kind.ACQUISITION]):
        if entry.payload is None:
            continue
        body = orjson.loads(entry.payload)
        if isinstance(body.get("blob"), dict) and body["blob"]["name"] not in dropped:
            yield entry, body


def dropped_files(ledger: Ledger, tenant: str) -> set[str]:
    """The blobs of acquired files that erasures dropped whole."""
    entries = ledger.entries_of(tenant, [Kind.ERASURE, Kind.PURGE])
    return {name for entry in entries for name in orjson.loads(ledger.opened(entry)).get("files", [])}


def _digest(blobs: BlobStore, name: str) -> tuple[str, int] | None:
    hashing, size = hashlib.sha256(), 0
    try:
        with blobs.open(name) as file:
            while data := file.read(READ):
                hashing.update(data)
                size += len(data)
    except NotFoundError:
        return None
    return hashing.hexdigest(), size

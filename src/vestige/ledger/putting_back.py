"""Putting payloads back that were lost, and never those that were erased.

A payload may be lost with its row, or with the blob that held it. Whoever has a copy, such as an archive, may put it
back if it is what the leaf commits to: then nothing about the log changes but that it is whole again. Under the head's
lock it is looked at once more whether an erasure covers it, so that none that was erased meanwhile comes back.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.ledger.leaves import is_opening
from vestige.ledger.models import BLOB_BYTES
from vestige.ledger.ranges import RangeSet
from vestige.ledger.sealing import NUMBER_BYTES
from vestige.model.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import sqlalchemy as sa

    from vestige.db import Database
    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.history import History
    from vestige.ledger.models import LogInfo
    from vestige.ledger.store import Store

PRESENT, RESTORED, ERASED, ALTERED, FOREIGN = "present", "restored", "erased", "altered", "foreign"
KEYLESS: Final = "keyless"
"""The row is there, under a key that is lost: rows are never changed, so it stays as it is."""


class Copy(NamedTuple):
    """A copy of an entry: its leaf, and what opens it."""

    seq: int
    leaf: bytes
    salt: bytes
    payload: bytes


def put_back(
    db: Database,
    store: Store,
    blobs: BlobStore,
    log: LogInfo,
    replayed: Callable[[sa.Connection], History],
    copies: Iterable[Copy],
) -> Counter[str]:
    """Put back what of these is lost, in one transaction.

    Args:
        db: the database.
        store: its driver.
        blobs: where large payloads lie.
        log: the current log.
        replayed: holds and erasures, as a connection that holds the lock sees them.
        copies: of entries of the log.

    Returns:
        How many were there, put back, erased, altered in place (which only their owner can mend), sealed
        under a key that is lost (the same), or not of this log.
    """
    erased = RangeSet()
    counts: Counter[str] = Counter()
    with db.write(log.tenant) as connection:
        store.lock_head(connection, log.number)
        for lo, hi, _ in replayed(connection).erasures:
            erased.add(lo, hi)
        for copy in copies:
            counts[_one(connection, store, blobs, log, erased, copy)] += 1
    return counts


def _one(connection: sa.Connection, store: Store, blobs: BlobStore, log: LogInfo, erased: RangeSet, copy: Copy) -> str:
    mine = store.leaves(connection, log.number, copy.seq, copy.seq + 1) == [copy.leaf]
    if not mine or not is_opening(copy.leaf, copy.salt, copy.payload):
        return FOREIGN
    if copy.seq in erased:
        return ERASED
    rows = store.payloads(connection, log.number, copy.seq, copy.seq + 1)
    if len(rows[0][1] if rows else b"") == NUMBER_BYTES or (
        not rows and store.sealed(connection, log.number, copy.seq, copy.seq + 1)
    ):
        return KEYLESS
    if not rows:
        large = len(copy.payload) > BLOB_BYTES
        blob = blobs.put(copy.payload) if large else None
        store.put_payload(connection, log.number, copy.seq, copy.salt, None if large else copy.payload, blob)
        return RESTORED
    _, salt, payload, blob = rows[0]
    if blob is not None:
        try:
            payload = blobs.get(blob)
        except NotFoundError:
            if salt == copy.salt:
                blobs.put_back(blob, copy.payload)
            return RESTORED if salt == copy.salt else ALTERED
    return PRESENT if (salt, payload or b"") == (copy.salt, copy.payload) else ALTERED

"""What is done to evidence before any lock is taken: salts, digests, commitments, and blobs on disk."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

from vestige.ledger.leaves import SALT_BYTES, commitments
from vestige.ledger.models import BLOB_BYTES, EvidenceBatch, PreparedBatch
from vestige.ledger.sealing import sealed
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.sealing import Sealing


def prepare(
    batch: EvidenceBatch,
    blobs: BlobStore,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    sealing: Sealing | None = None,
) -> PreparedBatch:
    """Salt, digest and commit to every payload; payloads above 64 KiB are in the blob store when this returns.

    With ``sealing`` each payload goes under a key of its own, which gives its salt, too.

    Raises:
        InputError: the batch's lists differ in length.
        StorageError: a blob could not be stored.
    """
    payloads = batch.payloads
    count = len(payloads)
    columns = {"offsets": batch.offsets, "numbers": batch.numbers, "dedup": batch.dedup, "senders": batch.senders}
    for name, column in columns.items():
        if column is not None and len(column) != count:
            raise InputError(
                "the columns of a batch differ in length", expected=f"{count} {name}", got=str(len(column))
            )
    lengths = list(map(len, payloads))
    numbers: list[bytes] | None = None
    if sealing is None:
        chance = entropy(SALT_BYTES * count)
        salts = [chance[i : i + SALT_BYTES] for i in range(0, SALT_BYTES * count, SALT_BYTES)]
    else:
        numbers, salts, keys = sealing.take(count)
    hashed = sha256
    digests = [hashed(payload).digest() for payload in payloads]
    inline: list[bytes | None] = list(payloads)
    names: list[str | None] | None = None
    if count and max(lengths) > BLOB_BYTES:
        names = [None] * count
        for i, length in enumerate(lengths):
            if length > BLOB_BYTES:
                names[i] = blobs.put(payloads[i])
                inline[i] = None
    if numbers is not None:
        inline = [
            None if payload is None else sealed(key, number, payload)
            for key, number, payload in zip(keys, numbers, inline, strict=True)
        ]
    return PreparedBatch(
        source=batch.source,
        acquisition=batch.acquisition,
        media_type=batch.media_type,
        offsets=batch.offsets,
        numbers=batch.numbers,
        dedup=batch.dedup,
        lengths=lengths,
        salts=salts,
        digests=digests,
        commitments=commitments(salts, digests),
        payloads=inline,
        blobs=names,
        content_keys=batch.content_keys,
        senders=batch.senders,
        sealed=numbers,
    )

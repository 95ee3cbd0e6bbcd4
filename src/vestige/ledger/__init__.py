r"""The ledger: the only writer of evidence. An append-only, signed log per tenant, and its verification.

The life of a leaf
==================

1. **Prepared.** Records of one member come as an :class:`EvidenceBatch`; :meth:`Ledger.prepare` takes each payload's
   SHA-256, draws it a salt, and commits: ``c = SHA-256("vestige/payload/v1\n" || salt || SHA-256(payload))``. A payload
   above 64 KiB becomes a blob, durable under its random name before anything can refer to it
   (:mod:`~vestige.ledger.blobs`). No lock is held (:mod:`~vestige.ledger.prepare`).
2. **Queued.** :meth:`Ledger.transact` takes a function. Callers of one log queue in its lane; whoever finds nobody
   leading leads, and runs what is waiting in one write transaction (:mod:`~vestige.ledger.sequencer`).
3. **Sequenced.** Under the head's lock each caller's function runs and returns what it offers: a :class:`Draft` for an
   act, a prepared batch for evidence. Known idempotency keys are answered with their originals. What is new gets the
   next seqs, rising ids and one receipt time, and with these its leaf: canonical JSON, at most 4 KiB, whose bytes are
   what the log commits to (:mod:`~vestige.ledger.leaves`). A caller that touches tables of its own does so in a
   savepoint, and its entries go with it; a caller that fails leaves no trace, not even a gap
   (:mod:`~vestige.ledger.append`).
4. **Hashed.** ``leaf_hash = SHA-256(0x00 || leaf)``. The leaf hashes of the whole group extend the tree's right edge;
   tiles that became full are written once and never again; the head row takes size, root, compact range, and the
   partial tiles above level 0 (:mod:`~vestige.ledger.tree`).
5. **Committed.** Entries, payloads, tiles, dedup rows and head in one commit, through the driver of the engine
   (:mod:`~vestige.ledger.sqlite`, :mod:`~vestige.ledger.postgres`). Only now is the caller told, per record: accepted,
   duplicate or conflict, with id, seq and leaf hash. What was told is durable.
6. **Signed.** Outside every transaction, and about once a second, the publisher reads the committed head and asks the
   signer (:mod:`~vestige.ledger.checkpoints`). The signer holds the head against what it signed before, which it keeps
   outside the database; it writes down what it is about to sign, makes that durable, and signs
   (:mod:`~vestige.ledger.signer`). From then on the leaf cannot be altered, moved or dropped without either that
   signature or the signer's memory standing against it.
7. **Proved.** Inclusion and consistency proofs, C2SP tiles and tlog-proof files are read from tiles in O(log n), never
   beyond the last published checkpoint. Anyone checks them with :mod:`vestige.proof` and the log's public key.
8. **Verified.** :meth:`Ledger.verify` believes nothing that is stored: it hashes every leaf and payload again, grows
   the tree anew and holds tiles, head, checkpoints, keys, holds, erasures and the signer's memory against it, and says
   where the first disagreement is (:mod:`~vestige.ledger.verify`).
9. **Erased, perhaps.** An erasure takes payload and salt, never the leaf. The row may be deleted only when an
   ``erasure`` or ``purge`` entry names it, which triggers in the database enforce; what is left is a commitment that
   tells nothing, and a tree in which not one hash has changed.

10. **Left behind, perhaps.** Where the database was put back or the signer's memory is lost, the log can be signed no
   more. :meth:`Ledger.new_epoch` closes it as it stands and lets the tenant's log go on in a new one, whose first entry
   says what is known lost (:mod:`~vestige.ledger.epochs`). What was appended stays: a *position* counts through all
   epochs, and every view is keyed by it.

Crashes. Before 5: nothing was appended, nothing was told; a blob may be orphaned, which is harmless. Between 5 and 6:
the entries are there; the next publisher signs them. Inside 6: the signer's state is ahead of any signature in the
world, and signing the same head again gives the same bytes.

Rules. Nothing signs inside a transaction. Nothing updates or deletes an entry, a tile or a checkpoint. A seq is never
skipped and never used twice; a size is never signed with two roots. ``ledger.md`` sections 1 to 5 and 7 are normative.
"""

from vestige.ledger.acts import act_entry
from vestige.ledger.append import Transaction
from vestige.ledger.blobs import BlobStore, DirectoryBlobs
from vestige.ledger.erasing import Erased, Taking
from vestige.ledger.keys import KeyEncryptionKey, brought_seed
from vestige.ledger.leaves import is_opening
from vestige.ledger.models import (
    Appended,
    Check,
    Committed,
    Draft,
    EvidenceBatch,
    KeyRange,
    Kind,
    LogInfo,
    PreparedBatch,
    PublishedCheckpoint,
    Sender,
    Status,
    StoredEntry,
    VerifyReport,
)
from vestige.ledger.prepare import prepare
from vestige.ledger.service import Ledger, NewEpoch

__all__ = [
    "Appended",
    "BlobStore",
    "Check",
    "Committed",
    "DirectoryBlobs",
    "Draft",
    "Erased",
    "EvidenceBatch",
    "KeyEncryptionKey",
    "KeyRange",
    "Kind",
    "Ledger",
    "LogInfo",
    "NewEpoch",
    "PreparedBatch",
    "PublishedCheckpoint",
    "Sender",
    "Status",
    "StoredEntry",
    "Taking",
    "Transaction",
    "VerifyReport",
    "act_entry",
    "brought_seed",
    "is_opening",
    "prepare",
]

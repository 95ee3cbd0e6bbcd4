"""The nouns of the ledger: what is offered, what is stored, what is answered.

Sizes are bytes, times are int64 nanoseconds since 1970 UTC, hashes are 32 bytes. A range of entries is always half
open: ``lo`` is in it, ``hi`` is not.

An entry has two numbers. Its **seq** is its leaf's index in its own log: what is signed, proved and shown. Its
**position** counts through all epochs of the tenant: the sizes of the earlier ones, as they stand, plus the seq. Views
are keyed by position, so that a new epoch takes nothing from them. In epoch 0 the two are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOB_BYTES = 65536
"""A payload above this goes to the blob store; its row holds the blob's name."""

MAX_LEAF = 4096
MAX_REFS = 16


class Kind(StrEnum):
    """What an entry says (ledger.md section 2)."""

    EVIDENCE = "evidence"
    ACQUISITION = "acquisition"
    NORMALISATION = "normalisation"
    SEAL = "seal"
    AMENDMENT = "amendment"
    REDACTION = "redaction"
    ERASURE = "erasure"
    ERASURE_DONE = "erasure_done"
    PURGE = "purge"
    HOLD = "hold"
    HOLD_SCOPE = "hold_scope"
    RELEASE = "release"
    KEY = "key"
    ANCHOR = "anchor"
    RESTORE = "restore"
    AUDIT = "audit"


ERASABLE = frozenset({Kind.EVIDENCE, Kind.AUDIT})
"""The kinds whose payload an erasure may take away; all others hold ids, codes, digests and ranges only."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry to be. The payload of our own kinds is canonical JSON.

    ``acquisition`` is the id of the acquisition entry, ``offset`` the place in the decompressed member, ``number`` the
    record's number in it. ``sender_seq`` and ``sender_epoch`` only where the sender numbers its records. ``dedup`` is
    what :meth:`vestige.ledger.Ledger.dedup_key` made of the client's idempotency key; None: no deduplication.
    """

    kind: Kind
    payload: bytes
    media_type: str = "application/json"
    source: str = ""
    acquisition: str = ""
    offset: int | None = None
    number: int | None = None
    refs: tuple[str, ...] = ()
    sender_seq: int | None = None
    sender_epoch: str = ""
    dedup: bytes | None = None


class Sender(NamedTuple):
    """A record's number where its sender numbers them, and which numbering of that sender's it is."""

    number: int
    epoch: str


@dataclass(slots=True)
class EvidenceBatch:
    """Many evidence records of one member. The lists have one length; ``dedup`` is None where none is asked for.

    ``content_keys``: the dedup keys are made of all that makes a record the one it is. Whatever bears a known key is a
    duplicate then, even if its payload differs in what does not count, such as its place in the file.
    """

    source: str
    acquisition: str
    media_type: str
    payloads: list[bytes]
    offsets: list[int]
    numbers: list[int]
    dedup: list[bytes] | None = None
    content_keys: bool = False
    senders: list[Sender | None] | None = None


@dataclass(slots=True)
class PreparedBatch:
    """An evidence batch with everything done that needs no lock: salts, digests, commitments, blobs on disk.

    ``payloads[i]`` is None where ``blobs[i]`` names the blob that holds it; ``blobs`` is None where there is none.
    """

    source: str
    acquisition: str
    media_type: str
    offsets: list[int]
    numbers: list[int]
    dedup: list[bytes] | None
    lengths: list[int]
    salts: list[bytes]
    digests: list[bytes]
    commitments: list[str]
    payloads: Sequence[bytes | None]
    blobs: list[str | None] | None
    content_keys: bool = False
    senders: list[Sender | None] | None = None
    sealed: list[bytes] | None = None
    """Where the payloads are sealed, the numbers of their keys, which are stored in place of the salts."""

    def __len__(self) -> int:
        return len(self.lengths)


class Status(StrEnum):
    """What became of one offered record."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer for one draft or batch, per record and in the order offered.

    A duplicate is answered with the **original's** id, place and leaf hash, and so is a conflict (same idempotency key,
    other payload), of which nothing but one ``audit`` entry was appended. ``first_seq`` is the first seq this item
    appended, or would have; ``at`` is the receipt time written into its leaves. An original may lie in an earlier
    epoch, so places are told as ``positions``.
    """

    first_seq: int
    ids: list[str]
    positions: Sequence[int]
    leaf_hashes: list[bytes]
    at: int
    statuses: list[Status]

    @property
    def duplicates(self) -> list[bool]:
        """Per record: whether it was in the log already."""
        return [status is Status.DUPLICATE for status in self.statuses]


@dataclass(frozen=True, slots=True)
class Committed:
    """What one call of ``transact`` did; it is durable.

    ``size`` is the log's own size behind this caller's entries; the commit it shared may have added others' behind it.
    """

    items: list[Appended]
    size: int


class LogInfo(NamedTuple):
    """A tenant's log. ``number`` is small and local to this database; ``origin`` is the log's name to the world.

    ``base`` is the position of its entry 0: what the earlier epochs hold together, and it stays so, since they are
    closed. ``earlier`` are those epochs, the oldest first.
    """

    number: int
    tenant: str
    epoch: int
    origin: str
    base: int = 0
    earlier: tuple[LogInfo, ...] = ()

    @property
    def first(self) -> int:
        """The number of the tenant's first log: what everything that spans epochs is keyed by."""
        return self.earlier[0].number if self.earlier else self.number

    @property
    def epochs(self) -> tuple[LogInfo, ...]:
        """All epochs up to this one, the oldest first."""
        return (*self.earlier, self)

    def spans(self, lo: int, hi: int) -> Iterator[tuple[LogInfo, int, int]]:
        """A range of positions as ranges of seqs, epoch by epoch."""
        end = hi
        parts = []
        for log in reversed(self.epochs):
            if log.base < end and lo < end:
                parts.append((log, max(lo, log.base) - log.base, end - log.base))
                end = log.base
        return reversed(parts)

    def locate(self, position: int) -> tuple[LogInfo, int]:
        """The epoch that holds a position, and its seq there."""
        log = next(log for log in reversed(self.epochs) if log.base <= position)
        return log, position - log.base


class StoredEntry(NamedTuple):
    """An entry as stored.

    ``payload`` is None if it lies in the blob that ``blob`` names, or if it was erased; then ``salt`` is None too.
    ``seq`` is its leaf's, ``position`` counts through the epochs.
    """

    seq: int
    id: str
    kind: Kind
    source: str
    leaf: bytes
    leaf_hash: bytes
    payload: bytes | None
    salt: bytes | None
    blob: str | None
    position: int


class Opening(NamedTuple):
    """What holds a payload against the log: the leaf's exact bytes, the salt, and the payload's SHA-256."""

    leaf: bytes
    salt: bytes
    digest: bytes


class Head(NamedTuple):
    """A log's head as stored: its size, root, compact range, partial tiles of level 1 and up, and last id.

    ``closed`` is 1 once a later epoch follows: then nothing is appended to the log and nothing signed for it.
    """

    size: int
    root: bytes
    frontier: bytes
    edge: bytes
    last_id: str
    closed: int = 0


class PublishedCheckpoint(NamedTuple):
    """A signed checkpoint: ``note`` is the C2SP text, ``at`` when it was signed."""

    size: int
    root: bytes
    at: int
    note: str


class KeyRange(NamedTuple):
    """A verifier key of a log and the sizes its signature counts for; ``to_size`` is None while it is in force.

    ``last_good_size`` is given where the key was compromised: above it, what the key signed alone does not count.
    """

    vkey: str
    from_size: int
    to_size: int | None
    epoch: int
    origin: str
    last_good_size: int | None = None
    second: str = ""
    """The ML-DSA-44 key that signs beside it at present, if there is one."""


class Check(NamedTuple):
    """One line of a verification report. A ``note`` tells something that is neither good nor bad, and is always ok."""

    name: str
    ok: bool
    detail: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What ``ledger verify`` found.

    ``first_bad_seq`` where stored hashes disagree; ``interval`` (last good size, first bad size] where only
    checkpoints do. Both are None on a good log. Of several epochs, ``size`` and ``root`` are the last one's; a fault is
    told of the earliest that has one, which ``reason`` then names.
    """

    ok: bool
    size: int
    root: str
    first_bad_seq: int | None
    interval: tuple[int, int] | None
    reason: str
    checks: list[Check]

"""What becomes of the offered drafts and batches inside the write transaction: ids, seqs, leaves, dedup, the head.

A :class:`Group` is one transaction on one log, under its head lock. Each caller's work is a :class:`Slice` of it:
computed beside the group, and taken into it only when the caller's function and its rows have succeeded, so that one
caller's failure leaves no trace in the others' entries: seqs stay dense, ids stay rising.

Rows of callers that touched no table of their own are collected and inserted together. A caller that asks for the
connection gets a savepoint, and its entries are inserted inside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from vestige.ledger.entries import controls
from vestige.ledger.keys import payload_mac
from vestige.ledger.leaves import SALT_BYTES, Template, commitment, leaf, leaf_hashes
from vestige.ledger.models import BLOB_BYTES, ERASABLE, MAX_REFS, Appended, Draft, Head, Kind, PreparedBatch, Status
from vestige.ledger.ranges import ranges_of
from vestige.ledger.sealing import sealed
from vestige.ledger.store import Chunk
from vestige.ledger.tree import head_edge
from vestige.model.errors import InputError, ProofError, StorageError
from vestige.model.ids import decode_ulid, encode_ulid, ulid_run
from vestige.model.instant import to_micro_text
from vestige.proof.canonical import canonical, parse_canonical
from vestige.proof.tiles import extend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import sqlalchemy as sa

    from vestige.ledger.models import LogInfo, StoredEntry
    from vestige.ledger.sealing import SealedBlobs, Sealing
    from vestige.ledger.store import Store
    from vestige.proof.tiles import TileState

_MICRO = 1000
_MILLI = 1_000_000
_NAMED = 100
"""How many originals a conflict's audit entry names."""


@dataclass(frozen=True, slots=True)
class Means:
    """What appending needs beside the transaction: injected, so that a log can be made again byte for byte."""

    store: Store
    blobs: SealedBlobs
    """Where large payloads lie."""
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    dedup_secret: Callable[[], bytes]
    sealing: Sealing
    """What seals the log's payloads, while its tenant asks for that."""


@dataclass(slots=True)
class Slice:
    """One caller's share of a group."""

    size: int
    last_id: int
    chunks: list[Chunk] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    dedup: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)


class Group:
    """One transaction on one log. The caller holds the head's lock and commits."""

    def __init__(self, means: Means, connection: sa.Connection, log: LogInfo, head: Head) -> None:
        self.connection = connection
        self.at = means.clock() // _MICRO * _MICRO
        self.size = head.size
        self.broken = False
        """Whether a caller's failure could not be undone, so that nothing of the group may be committed."""
        self._means = means
        self._log = log
        self._last_id = decode_ulid(head.last_id) if head.last_id else 0
        self._hashes: list[bytes] = []
        self._chunks: list[Chunk] = []
        self._dedup: dict[bytes, tuple[bytes, int]] = {}
        self._unsaved_dedup: dict[bytes, tuple[bytes, int]] = {}
        self._sealed: bool | None = None
        """Whether the tenant asks for sealing, once the present caller had it looked up."""

    def check_whole(self) -> None:
        """Refuse to go on where the engine has ended the transaction by itself, or a failure was not undone.

        SQLite rolls the whole transaction back when the disk is full, reading or writing fails, or memory ends
        (https://www.sqlite.org/lang_transaction.html, section 3). What is executed after that commits by itself.

        Raises:
            StorageError: nothing of the group may be acknowledged.
        """
        if self.broken or not self._means.store.in_transaction(self.connection):
            raise StorageError(
                "the database ended the transaction by itself; nothing was acknowledged",
                expected="a transaction that lasts until its commit",
                got="none",
                hint="look at the space and the health of the disk, then try again",
            )

    def slice(self) -> Slice:
        """A new caller's share. Each asks anew about sealing: what the one before set may have been undone with it."""
        self._sealed = None
        return Slice(self.size, self._last_id)

    def add(self, share: Slice, offered: Draft | PreparedBatch) -> Appended:
        """Turn one offered item into entries of the caller's share.

        Raises:
            InputError: a field is outside its bounds, or the payload of a kind of our own is not canonical JSON.
            TooLargeError: a leaf would exceed 4 KiB.
        """
        batch = self._batch_of_one(offered) if isinstance(offered, Draft) else offered
        draft = offered if isinstance(offered, Draft) else None
        if draft is not None and draft.kind is not Kind.EVIDENCE:
            _check_own(draft)
        if batch.dedup is None:
            return self._append(share, batch, draft, None)
        return self._deduplicate(share, batch, draft, batch.dedup)

    def save(self, share: Slice) -> None:
        """Insert a share's rows now; the caller's savepoint is around it."""
        self._insert(share.chunks, share.dedup)

    def take(self, share: Slice, *, saved: bool) -> None:
        """Make a share part of the group."""
        self.size, self._last_id = share.size, share.last_id
        self._hashes += share.hashes
        self._dedup |= share.dedup
        if not saved:
            self._chunks += share.chunks
            self._unsaved_dedup |= share.dedup

    def flush(self) -> None:
        """Insert the rows that were collected."""
        self._insert(self._chunks, self._unsaved_dedup)
        self._chunks, self._unsaved_dedup = [], {}

    def finish(self, state: TileState) -> TileState:
        """Write what is left: rows, tiles, head. The tree's new right edge."""
        self.flush()
        if not self._hashes:
            return state
        completed, state = extend(state, self._hashes)
        store = self._means.store
        if completed:
            store.insert_tiles(self.connection, self._log.number, completed)
        head = Head(state.size, state.root(), state.frontier.to_bytes(), head_edge(state), encode_ulid(self._last_id))
        store.put_head(self.connection, self._log.number, head)
        return state

    def controls(self, kinds: Sequence[Kind]) -> Iterator[StoredEntry]:
        """The entries of some kinds other than evidence, of every epoch, that are inserted by now."""
        for log, at, until in self._log.spans(0, self._log.base + self.size):
            following: int | None = at
            while following is not None:
                page, following = controls(self._means.store, self.connection, log, kinds, following, until)
                yield from page

    def _insert(self, chunks: Sequence[Chunk], dedup: dict[bytes, tuple[bytes, int]]) -> None:
        if chunks:
            self._means.store.insert(self.connection, self._log.number, chunks)
        if dedup:
            self._means.store.insert_dedup(self.connection, self._log.first, dedup)

    def _batch_of_one(self, draft: Draft) -> PreparedBatch:
        # Of our own kinds only what may be erased is sealed: a verifier reads the others without any key.
        numbers: list[bytes] | None = None
        payload = draft.payload
        if not self._seals(draft.kind):
            salt = self._means.entropy(SALT_BYTES)
        else:
            numbers, (salt,), (key,) = self._means.sealing.take(1)
            payload = sealed(key, numbers[0], payload) if len(payload) <= BLOB_BYTES else payload
        digest = sha256(draft.payload).digest()
        return PreparedBatch(
            source=draft.source,
            acquisition=draft.acquisition,
            media_type=draft.media_type,
            offsets=[],
            numbers=[],
            dedup=None if draft.dedup is None else [draft.dedup],
            lengths=[len(draft.payload)],
            salts=[salt],
            digests=[digest],
            commitments=[commitment(salt, digest).hex()],
            payloads=[payload],
            blobs=None,
            sealed=numbers,
        )

    def _seals(self, kind: Kind) -> bool:
        if kind not in ERASABLE:
            return False
        if self._sealed is None:
            self._sealed = self._means.sealing.asked(self.connection, self._log.tenant)
        return self._sealed

    def _append(
        self, share: Slice, batch: PreparedBatch, draft: Draft | None, wanted: Sequence[int] | None
    ) -> Appended:
        """Append a batch, or those of its records whose places are wanted."""
        if wanted is not None:
            batch = _choose(batch, wanted)
        count = len(batch)
        first = share.size
        if count == 0:
            return Appended(first, [], [], [], self.at, [])
        seqs = range(first, first + count)
        begin = self._log.base + first
        ids, share.last_id = ulid_run(share.last_id, self.at // _MILLI, count, self._means.entropy)
        at, origin = to_micro_text(self.at), self._log.origin
        kind = Kind.EVIDENCE
        if draft is not None:
            kind = draft.kind
            leaves = [
                leaf(
                    draft,
                    at=at,
                    commitment_hex=batch.commitments[0],
                    length=batch.lengths[0],
                    entry_id=ids[0],
                    origin=origin,
                    seq=first,
                )
            ]
            if len(draft.payload) > BLOB_BYTES:
                # As in _batch_of_one: what may not be erased is read without any key.
                blobs = self._means.blobs.when(lambda: self._seals(kind))
                batch.blobs, batch.payloads = [blobs.put(draft.payload)], [None]
        else:
            template = Template(
                source=batch.source, acquisition=batch.acquisition, media_type=batch.media_type, origin=origin, at=at
            )
            leaves = template.leaves(
                batch.commitments, ids, batch.lengths, batch.numbers, batch.offsets, seqs, batch.senders
            )
        hashes = leaf_hashes(leaves)
        share.chunks.append(
            Chunk(
                first,
                kind.value,
                batch.source,
                ids,
                leaves,
                hashes,
                batch.sealed or batch.salts,
                batch.payloads,
                batch.blobs,
            )
        )
        share.hashes += hashes
        share.size += count
        return Appended(first, ids, range(begin, begin + count), hashes, self.at, [Status.ACCEPTED] * count)

    def _deduplicate(self, share: Slice, batch: PreparedBatch, draft: Draft | None, keys: Sequence[bytes]) -> Appended:
        """Append the records whose idempotency keys are new, and answer the others with their originals."""
        secret = self._means.dedup_secret()
        known = self._means.store.dedup(self.connection, self._log.first, keys)
        known |= {key: row for key in keys if (row := share.dedup.get(key) or self._dedup.get(key)) is not None}
        macs = [payload_mac(secret, digest) for digest in batch.digests]
        statuses: list[Status] = []
        wanted: list[int] = []
        positions: list[int] = []
        for place, (key, mac) in enumerate(zip(keys, macs, strict=True)):
            row = known.get(key)
            if row is None:
                position = self._log.base + share.size + len(wanted)
                known[key] = share.dedup[key] = (mac, position)
                wanted.append(place)
                statuses.append(Status.ACCEPTED)
                positions.append(position)
            else:
                same = batch.content_keys or row[0] == mac
                statuses.append(Status.DUPLICATE if same else Status.CONFLICT)
                positions.append(row[1])
        made = self._append(share, batch, draft, wanted)
        found = self._originals(share, set(positions))
        ids, hashes = [found[at][0] for at in positions], [found[at][1] for at in positions]
        conflicts = [ids[place] for place, status in enumerate(statuses) if status is Status.CONFLICT]
        if conflicts:
            self._audit(share, batch, conflicts)
        return Appended(made.first_seq, ids, positions, hashes, self.at, statuses)

    def _originals(self, share: Slice, positions: set[int]) -> dict[int, tuple[str, bytes]]:
        """Id and leaf hash of entries of any epoch, some of which are not inserted yet."""
        found: dict[int, tuple[str, bytes]] = {}
        for chunk in (*self._chunks, *share.chunks):
            first = self._log.base + chunk.first_seq
            span = range(first, first + len(chunk.ids))
            if len(span) > len(positions):
                places = [at - first for at in positions if at in span]
            else:
                places = [at - first for at in span if at in positions]
            found |= {first + i: (chunk.ids[i], chunk.leaf_hashes[i]) for i in places}
        for begin, end in ranges_of(positions - found.keys()):
            for log, lo, hi in self._log.spans(begin, end):
                rows = self._means.store.entries(self.connection, log.number, lo, hi)
                found |= {log.base + row[0]: (row[1], row[5]) for row in rows}
        return found

    def _audit(self, share: Slice, batch: PreparedBatch, conflicts: Sequence[str]) -> None:
        """The one entry that a conflict leaves: which originals were met, never what was offered."""
        named = list(dict.fromkeys(conflicts))
        payload = canonical({"act": "ledger.conflict", "count": len(conflicts), "originals": named[:_NAMED]})
        draft = Draft(Kind.AUDIT, payload, source=batch.source, refs=tuple(named[:MAX_REFS]))
        self._append(share, self._batch_of_one(draft), draft, None)


class Transaction:
    """What a function given to ``transact`` may do inside the transaction."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._savepoint: sa.NestedTransaction | None = None
        self._after: list[Callable[[Sequence[Appended]], None]] = []

    @property
    def connection(self) -> sa.Connection:
        """The transaction's connection, in a savepoint of this caller's own."""
        if self._savepoint is None:
            self._group.flush()
            self._savepoint = self._group.connection.begin_nested()
        return self._group.connection

    def controls(self, kinds: Sequence[Kind]) -> Iterator[StoredEntry]:
        """The entries of some kinds other than evidence, in order, those of earlier callers of the same group too.

        Any other connection does not see these before the commit. Payloads in blobs are not fetched.
        """
        _ = self.connection  # what was collected is inserted first
        return self._group.controls(kinds)

    @property
    def head_size(self) -> int:
        """The log's size before this caller's entries: the seq the first of them will have."""
        return self._group.size

    @property
    def at(self) -> int:
        """The receipt time of this transaction's entries: nanoseconds, whole microseconds."""
        return self._group.at

    def after(self, hook: Callable[[Sequence[Appended]], None]) -> None:
        """Run a function when this caller's entries are inserted: same savepoint, told what was appended."""
        self._after.append(hook)

    def run(self, fn: Callable[[Transaction], Sequence[Draft | PreparedBatch]]) -> list[Appended]:
        """Do one caller's work; if it fails nothing of it stays in the transaction.

        Raises:
            Exception: what ``fn``, a hook or the engine raised.
        """
        group = self._group
        try:
            offered = fn(self)
            share = group.slice()
            items = [group.add(share, one) for one in offered]
            if self._after:
                _ = self.connection
            if self._savepoint is not None:
                group.save(share)
                for hook in self._after:
                    hook(items)
                self._savepoint.commit()
            group.take(share, saved=self._savepoint is not None)
        except BaseException:
            if self._savepoint is not None and self._savepoint.is_active:
                group.broken = True
                self._savepoint.rollback()
                group.broken = False
            raise
        return items


def _check_own(draft: Draft) -> None:
    """A verifier replays these payloads, so they must have one spelling."""
    try:
        parse_canonical(draft.payload)
    except ProofError as error:
        raise InputError(
            f"the payload of a {draft.kind.value} entry is not canonical JSON",
            expected="an object as vestige.proof.canonical writes it",
            got=str(error)[:200],
            field="payload",
        ) from error


def _choose(batch: PreparedBatch, places: Sequence[int]) -> PreparedBatch:
    """The records of a batch at these places."""
    if len(places) == len(batch):
        return batch
    return PreparedBatch(
        source=batch.source,
        acquisition=batch.acquisition,
        media_type=batch.media_type,
        offsets=[batch.offsets[i] for i in places] if batch.offsets else [],
        numbers=[batch.numbers[i] for i in places] if batch.numbers else [],
        dedup=None,
        lengths=[batch.lengths[i] for i in places],
        salts=[batch.salts[i] for i in places],
        digests=[batch.digests[i] for i in places],
        commitments=[batch.commitments[i] for i in places],
        payloads=[batch.payloads[i] for i in places],
        blobs=None if batch.blobs is None else [batch.blobs[i] for i in places],
        senders=None if batch.senders is None else [batch.senders[i] for i in places],
        sealed=None if batch.sealed is None else [batch.sealed[i] for i in places],
    )

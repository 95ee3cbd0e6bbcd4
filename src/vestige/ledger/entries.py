"""Reading what was appended: entries by place and by id, payloads wherever they lie, checked against their leaves."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from vestige.ledger.leaves import is_opening, stated_length
from vestige.ledger.logs import Logs
from vestige.ledger.models import Kind, Opening, StoredEntry
from vestige.ledger.ranges import ranges_of
from vestige.model.errors import IntegrityError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import sqlalchemy as sa

    from vestige.ledger.models import LogInfo
    from vestige.ledger.store import Store

_KINDS = {kind.value: kind for kind in Kind}
_PAGE = 1000
_CHUNK = 1 << 20


class Entries(Logs):
    """The entries of every tenant. Places are positions, which count through all epochs of a tenant."""

    def head(self, tenant: str) -> int:
        """How many entries the tenant has: the position the next one will have."""
        log = self.log(tenant)
        with self._db.read(tenant) as connection:
            return log.base + self._store.head(connection, log.number).size

    def read(self, tenant: str, lo: int, hi: int, most: int | None = None) -> list[StoredEntry]:
        """The entries in a range of positions, as stored. Payloads in blobs are not fetched; see :meth:`payload`.

        Args:
            tenant: whose log.
            lo: the first position.
            hi: the position after the last.
            most: bytes that the payloads, blobs included, may come to; what lies behind the entry that reaches it is
                left out. At least one entry is answered.
        """
        log = self.log(tenant)
        with self._db.read(tenant) as connection:
            if most is not None:
                hi = self._within(connection, log, lo, hi, most)
            return self._stored(connection, log, lo, hi)

    def at(self, tenant: str, positions: Collection[int]) -> list[StoredEntry]:
        """The entries at some positions that may lie anywhere, as stored, in order; of those that are there.

        A portion of them at a time, so that payloads which lie beside their entries fit into memory.
        """
        log = self.log(tenant)
        by_log: dict[int, list[int]] = {}
        for position in positions:
            if position >= 0:
                one, seq = log.locate(position)
                by_log.setdefault(one.epoch, []).append(seq)
        with self._db.read(tenant) as connection:
            return [
                entry
                for one in log.epochs
                if one.epoch in by_log
                for entry in _joined(
                    one.base,
                    self._store.entries_at(connection, one.number, by_log[one.epoch]),
                    self._store.payloads_at(connection, one.number, by_log[one.epoch]),
                )
            ]

    def leaves(self, tenant: str, lo: int, hi: int) -> list[bytes]:
        """The leaves in a range of positions, as stored, without their payloads."""
        log = self.log(tenant)
        with self._db.read(tenant) as connection:
            return [
                leaf
                for one, begin, end in log.spans(lo, hi)
                for leaf in self._store.leaves(connection, one.number, begin, end)
            ]

    def _within(self, connection: sa.Connection, log: LogInfo, lo: int, hi: int, most: int) -> int:
        """The end of the stretch from ``lo`` whose payloads reach ``most`` bytes, as the leaves state their lengths."""
        at, left = lo, most
        for one, begin, end in log.spans(lo, hi):
            for seq in range(begin, end, _PAGE):
                for leaf in self._store.leaves(connection, one.number, seq, min(seq + _PAGE, end)):
                    at += 1
                    left -= stated_length(leaf)
                    if left <= 0:
                        return at
        return hi

    def entry(self, tenant: str, entry_id: str) -> StoredEntry:
        """The entry of this id.

        Raises:
            NotFoundError: there is none in this tenant's log.
        """
        with self._db.read(tenant) as connection:
            log, seq = self._find(connection, tenant, entry_id)
            return self._stored(connection, log, log.base + seq, log.base + seq + 1)[0]

    def known(self, tenant: str, ids: Collection[str]) -> set[str]:
        """Of these ids, those that are an entry's of this tenant."""
        found: set[str] = set()
        if ids:
            with self._db.read(tenant) as connection:
                for log in self.log(tenant).epochs:
                    found |= self._store.known(connection, log.number, ids)
        return found

    def _find(self, connection: sa.Connection, tenant: str, entry_id: str) -> tuple[LogInfo, int]:
        """The log that holds the entry of this id, and its seq there."""
        for log in reversed(self.log(tenant).epochs):
            seq = self._store.find(connection, log.number, entry_id)
            if seq is not None:
                return log, seq
        raise NotFoundError("there is no such entry", expected="an id of this tenant's log", got=entry_id[:40])

    def payload(self, tenant: str, position: int) -> bytes:
        """The exact bytes of an entry's payload, wherever they lie.

        Raises:
            NotFoundError: there is no such entry, or its payload was erased.
            IntegrityError: what is stored is not what the entry's leaf commits to.
        """
        found = self.read(tenant, position, position + 1)
        if not found:
            below = f"a position below {self.head(tenant)}"
            raise NotFoundError("there is no such entry", expected=below, got=str(position))
        return self.opened(found[0])

    def opened(self, entry: StoredEntry) -> bytes:
        """The exact bytes of a stored entry's payload. Raises as :meth:`payload` does."""
        if entry.salt is None:
            raise NotFoundError("the payload was erased", expected="a payload", got=f"entry {entry.id} without one")
        payload = self.beginning(entry)
        if not is_opening(entry.leaf, entry.salt, payload):
            raise IntegrityError(
                f"the payload of entry {entry.id} was altered",
                expected="the bytes its leaf commits to",
                got=f"{len(payload)} other bytes",
                hint="run `vestige ledger verify`; restore the payload from a backup",
            )
        return payload

    def opening(self, entry: StoredEntry) -> Opening:
        """What the commitment in an entry's leaf is opened with. Raises as :meth:`payload` does."""
        digest = sha256(self.opened(entry)).digest()
        return Opening(entry.leaf, entry.salt or b"", digest)

    def beginning(self, entry: StoredEntry, most: int = -1) -> bytes:
        """The first bytes of a payload as it is stored, unchecked, with no more of a blob read than asked for.

        Raises:
            NotFoundError: the blob is not there.
        """
        if entry.payload is not None or entry.blob is None:
            return entry.payload or b""
        with self._blobs.open(entry.blob) as file:
            return file.read(most)

    def chunks(self, entry: StoredEntry) -> Iterator[bytes]:
        """A payload as it is stored, unchecked, a piece at a time: of any length in little memory.

        Raises:
            NotFoundError: the blob is not there.
        """
        if entry.payload is not None or entry.blob is None:
            yield entry.payload or b""
            return
        with self._blobs.open(entry.blob) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def leaf_hashes(self, tenant: str, positions: Collection[int]) -> dict[int, bytes]:
        """The stored leaf hashes of the entries at some positions; of those that are there."""
        log = self.log(tenant)
        found: dict[int, bytes] = {}
        with self._db.read(tenant) as connection:
            for lo, hi in ranges_of(positions):
                at = lo
                for one, begin, end in log.spans(lo, hi):
                    hashes = self._store.leaf_hashes(connection, one.number, begin, end)
                    # Where one is gone the others cannot be told apart, and none is answered.
                    found.update(enumerate(hashes, at) if len(hashes) == end - begin else ())
                    at += end - begin
        return found

    def entries_of(
        self, tenant: str, kinds: Sequence[Kind], lo: int = 0, hi: int | None = None
    ) -> Iterator[StoredEntry]:
        """The entries of some kinds other than evidence in a range of positions, in order.

        Raises:
            UsageError: evidence is asked for; it is read by range.
        """
        if Kind.EVIDENCE in kinds:
            raise UsageError("evidence is read by range", expected="other kinds", got="evidence", hint="Ledger.read")
        end = self.head(tenant) if hi is None else hi
        for log, at, until in self.log(tenant).spans(lo, end):
            following: int | None = at
            while following is not None:
                with self._db.read(tenant) as connection:
                    page, following = controls(self._store, connection, log, kinds, following, until)
                yield from page

    def _stored(self, connection: sa.Connection, log: LogInfo, lo: int, hi: int) -> list[StoredEntry]:
        """The entries in a range of positions."""
        return [entry for one, a, b in log.spans(lo, hi) for entry in rows(self._store, connection, one, a, b)]


def controls(
    store: Store, connection: sa.Connection, log: LogInfo, kinds: Sequence[Kind], lo: int, hi: int
) -> tuple[list[StoredEntry], int | None]:
    """The first entries of some kinds in a range of one log's seqs, as a connection sees them.

    Returns:
        Them, and the seq to go on from; ``None``: these are all.
    """
    seqs = store.controls(connection, log.number, [kind.value for kind in kinds], lo, hi, _PAGE)
    found = [entry for a, b in ranges_of(seqs) for entry in rows(store, connection, log, a, b)]
    return found, seqs[-1] + 1 if len(seqs) == _PAGE else None


def rows(store: Store, connection: sa.Connection, log: LogInfo, lo: int, hi: int) -> list[StoredEntry]:
    """The entries in a range of one log's seqs, as a connection sees them."""
    return _joined(
        log.base, store.entries(connection, log.number, lo, hi), store.payloads(connection, log.number, lo, hi)
    )


def _joined(
    base: int,
    entries: Sequence[tuple[int, str, str, str, bytes, bytes]],
    payloads: Sequence[tuple[int, bytes, bytes | None, str | None]],
) -> list[StoredEntry]:
    """Entries with their payloads, both in order of seq; of an entry whose payload is gone there is none."""
    if len(payloads) == len(entries):
        return [
            StoredEntry(seq, i, _KINDS[kind], src, leaf, leaf_hash, payload, salt, blob, base + seq)
            for (seq, i, kind, src, leaf, leaf_hash), (_, salt, payload, blob) in zip(entries, payloads, strict=True)
        ]
    held = {row[0]: row for row in payloads}
    out = []
    for seq, i, kind, src, leaf, leaf_hash in entries:
        _, salt, payload, blob = held.get(seq, (seq, None, None, None))
        out.append(StoredEntry(seq, i, _KINDS[kind], src, leaf, leaf_hash, payload, salt, blob, base + seq))
    return out

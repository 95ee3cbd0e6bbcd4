"""Erasing: payloads and salts taken for good, under the head's lock, unless a hold speaks against it.

The ``erasure`` entry, the rows that name its ranges and the deletion are one transaction (ledger.md
section 6). Before that the holds are replayed on the transaction's own connection, which sees what callers before this
one in the same group appended: a hold that is set is there before the erasure or waits for the lock, and then it is
evaluated without what is erased.

Blobs lie outside the database, so their names stand in the entry: whoever finishes an erasure, also after a crash,
knows from it what has to go.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from vestige.ledger import tables
from vestige.ledger.history import History
from vestige.ledger.models import ERASABLE, Draft, Kind
from vestige.ledger.putting_back import put_back
from vestige.ledger.ranges import ranges_of
from vestige.ledger.register import LEAF, Erasure
from vestige.model.errors import ConflictError, HeldError, UnlookedError, UsageError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from vestige.db import Database
    from vestige.ledger.append import Transaction
    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.models import Appended, Committed, LogInfo
    from vestige.ledger.putting_back import Copy
    from vestige.ledger.register import Register
    from vestige.ledger.store import Store
    from vestige.proof.canonical import Encodable

    Around = Callable[[Sequence[str]], tuple[list[Draft], list[Draft]]]

HOLDING = (Kind.HOLD, Kind.HOLD_SCOPE, Kind.RELEASE)
ERASING = (Kind.ERASURE, Kind.PURGE)
_PAGE = 1000
_SHOWN = 3
_END = 1 << 40
_KINDS = {kind.value: kind for kind in (*HOLDING, *ERASING)}


class Taking(NamedTuple):
    """What an erasure takes: whole ranges of seqs, how many entries, the blobs and the keys that hold some of them."""

    ranges: list[tuple[int, int]]
    entries: int
    blobs: list[str]
    keys: Sequence[tuple[int, int]] = ()
    """Ranges of numbers of the keys they were sealed under (:mod:`vestige.ledger.sealing`)."""


class Erased(NamedTuple):
    """The entry that says what was erased, its position, and what was taken."""

    entry: str
    position: int
    taken: Taking


class Erasures:
    """Holds and erasures in the current log of each tenant."""

    def __init__(
        self,
        store: Store,
        blobs: BlobStore,
        db: Database,
        log: Callable[[str], LogInfo],
        transact: Callable[[str, Callable[[Transaction], Sequence[Draft]]], Committed],
        register: Register,
    ) -> None:
        self._register = register
        self._store = store
        self._blobs = blobs
        self._db = db
        self._log = log
        self._transact = transact

    def holding(self, tenant: str) -> History:
        """Holds, releases and erasures of the current log, replayed; in seqs of that log.

        Raises:
            ProofError: an entry does not say what its kind requires.
        """
        with self._db.read(tenant) as connection:
            return self._replayed(connection, self._log(tenant))

    def put_back(self, tenant: str, copies: Iterable[Copy]) -> Counter[str]:
        """Put lost payloads of the current log back, and none that was erased: :mod:`vestige.ledger.putting_back`."""
        log = self._log(tenant)
        replayed = partial(self._replayed, log=log)
        return put_back(self._db, self._store, self._blobs, log, replayed, copies)

    def decide(self, tenant: str, act: Callable[[History], Sequence[Draft]]) -> Committed:
        """Append what is said of holds, decided under the head's lock by what holds there are then."""
        log = self._log(tenant)
        return self._transact(tenant, lambda tx: act(self._replayed(tx.connection, log)))

    def permit(self, tenant: str, ranges: Sequence[tuple[int, int]]) -> None:
        """Refuse what :meth:`erase` would refuse as things stand. Raises as it does."""
        log = self._log(tenant)
        with self._db.read(tenant) as connection:
            found = self._taking(connection, log, ranges)
            if not found.entries:
                raise nothing_left()
            _permit(self._replayed(connection, log), found)

    def erase(
        self,
        tenant: str,
        ranges: Sequence[tuple[int, int]],
        said: Callable[[Taking], tuple[Mapping[str, Encodable], Sequence[Draft]]],
        kind: Kind = Kind.ERASURE,
        around: Around | None = None,
        fenced: Callable[[sa.Connection], None] = lambda _: None,
    ) -> Erased:
        """Take the payloads and salts of entries of the current log for good; their leaves stay.

        Blobs are left to the caller, who finds their names in the entry: they go when the transaction is durable.

        Args:
            tenant: whose log.
            ranges: of seqs; control entries and payloads that are gone already are passed over.
            said: given what is taken, the further fields of the entry's payload, and entries to append behind it.
            kind: of the entry: ``erasure``, or ``purge`` where it is retention that asks.
            around: where holds forbid it and it must be all the same: given the holds in force, the entries that
                release them before it, and those that set them again behind it, all in the same transaction.
            fenced: called first within the transaction; raises where it is another process's to erase by now.

        Raises:
            HeldError: a hold protects one of the entries.
            UnlookedError: a hold was not looked for that far.
            ConflictError: there is nothing left to take.
            UsageError: the ranges are not of this log.
        """
        log = self._log(tenant)
        taken: list[Taking] = []
        before: list[Draft] = []

        def act(tx: Transaction) -> list[Draft]:
            connection = tx.connection
            fenced(connection)
            _check(ranges, tx.head_size)
            found = self._taking(connection, log, ranges)
            if not found.entries:
                raise nothing_left()
            history, behind = self._replayed(connection, log), list[Draft]()
            try:
                _permit(history, found)
                before.clear()
            except (HeldError, UnlookedError):
                if around is None:
                    raise
                before[:], behind = around(history.holds)
            fields, also = said(found)
            taken[:] = [found]

            def take(items: Sequence[Appended]) -> None:
                tables.insert_erasures(connection, log.number, found.ranges, items[len(before)].first_seq)
                for lo, hi in found.ranges:
                    self._store.erase(connection, log.number, lo, hi)

            tx.after(take)
            payload = {**fields, "blobs": list(found.blobs), "ranges": [[lo, hi] for lo, hi in found.ranges]}
            if found.keys:
                payload["keys"] = [[lo, hi] for lo, hi in found.keys]
            return [*before, Draft(kind, canonical(payload)), *also, *behind]

        entry = self._transact(tenant, act).items[len(before)]
        self.remember(tenant, entry.ids[0])
        return Erased(entry.ids[0], entry.positions[0], taken[0])

    def remember(self, tenant: str, entry: str) -> None:
        """Write an erasure of the current log into the register, if that does not have it.

        Raises:
            StorageError: the register cannot be written.
        """
        log = self._log(tenant)
        with self._db.read(tenant) as connection:
            seq = self._store.find(connection, log.number, entry)
            if seq is None:
                return
            ((_, _, payload, blob),) = self._store.payloads(connection, log.number, seq, seq + 1)
            body = orjson.loads(self._blobs.get(blob) if blob else payload or b"{}")
            ranges = [(lo, hi) for lo, hi in body["ranges"]]
            leaves = b"".join(
                leaf_hash[:LEAF]
                for lo, hi in ranges
                for leaf_hash in self._store.leaf_hashes(connection, log.number, lo, hi)
            )
        names = ("blobs", "files", "keys")
        lists: dict[str, Any] = {name: body.get(name, []) for name in names}
        self._register.note(Erasure(log.origin, entry, ranges, leaves, **lists, reason=str(body.get("reason", ""))))

    def undone(self, tenant: str) -> list[tuple[Erasure, list[tuple[int, int]]]]:
        """Erasures of the current log that its entries do not know of, since it was put back to an earlier state.

        With each, the ranges of what it took that is there again.

        Raises:
            StorageError: the register cannot be read.
        """
        log = self._log(tenant)
        found = []
        kinds = sorted(kind.value for kind in ERASABLE)
        for one in self._register.of([log.origin]):
            with self._db.read(tenant) as connection:
                if self._store.find(connection, log.number, one.entry) is not None:
                    continue
                again = [
                    seq
                    for lo, hi in one.ranges
                    for seq, _ in self._store.erasable(connection, log.number, kinds, lo, hi)
                ]
                hashes = (
                    (seq, leaf_hash)
                    for lo, hi in ranges_of(again)
                    for seq, leaf_hash in zip(
                        range(lo, hi), self._store.leaf_hashes(connection, log.number, lo, hi), strict=False
                    )
                )
                there = ranges_of(one.still(hashes))
            if there:
                found.append((one, there))
        return found

    def _replayed(self, connection: sa.Connection, log: LogInfo) -> History:
        """Holds, releases and erasures as the connection sees them."""
        history = History(log.origin)
        kinds, at = list(_KINDS), 0
        while True:
            seqs = self._store.controls(connection, log.number, kinds, at, _END, _PAGE)
            for lo, hi in ranges_of(seqs):
                entries = self._store.entries(connection, log.number, lo, hi)
                rows = self._store.payloads(connection, log.number, lo, hi)
                for (seq, entry_id, kind, *_), (_, _, payload, blob) in zip(entries, rows, strict=True):
                    history.take(seq, entry_id, _KINDS[kind], self._blobs.get(blob) if blob else payload or b"")
            if len(seqs) < _PAGE:
                return history
            at = seqs[-1] + 1

    def _taking(self, connection: sa.Connection, log: LogInfo, ranges: Sequence[tuple[int, int]]) -> Taking:
        """What there is to take: payloads that are still there and of a kind that may be erased."""
        kinds = sorted(kind.value for kind in ERASABLE)
        rows = [row for lo, hi in ranges for row in self._store.erasable(connection, log.number, kinds, lo, hi)]
        taken = ranges_of(seq for seq, _ in rows)
        keys = [number for lo, hi in taken for number in self._store.sealed(connection, log.number, lo, hi)]
        return Taking(taken, len(rows), [blob for _, blob in rows if blob is not None], ranges_of(keys))


def nothing_left() -> ConflictError:
    """The error for an erasure of what was erased."""
    return ConflictError("nothing of that is left to erase", expected="payloads", got="none")


def _permit(history: History, found: Taking) -> None:
    """Refuse to take what a hold protects, or what nobody has held against it."""
    faults = history.forbids(found.ranges)
    held = [why for protected, why in faults if protected]
    if held:
        more = f", and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
        raise HeldError(
            "a hold forbids the erasure; nothing was erased",
            expected="entries that no hold protects",
            got="seqs " + "; seqs ".join(held[:_SHOWN]) + more,
            hint="`vestige hold list` says who set it and why; whoever may, releases it",
        )
    if faults:
        raise UnlookedError("a hold was set meanwhile; nothing was erased", got=faults[0][1], hint="try again")


def _check(ranges: Sequence[tuple[int, int]], size: int) -> None:
    if not ranges or any(not 0 <= lo < hi <= size for lo, hi in ranges):
        raise UsageError("those are no entries of the log", expected=f"ranges below {size}", got=str(list(ranges)[:3]))

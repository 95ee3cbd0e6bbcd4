"""The ledger as its users see it: make a log, append, read, prove, publish.

A :class:`Ledger` is cheap, safe to share between threads, and holds no lock while nobody appends. Whoever appends must
see to it that what was appended is signed: :meth:`Ledger.publish_due` about once a second while it runs,
:meth:`Ledger.close` before it exits.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from vestige.ledger import tables
from vestige.ledger.append import Group, Means
from vestige.ledger.checkpoints import Publisher
from vestige.ledger.epochs import describe
from vestige.ledger.erasing import Erasures
from vestige.ledger.history import compromised
from vestige.ledger.keyring import SECOND, SIGN, Keyring
from vestige.ledger.keys import dedup_key
from vestige.ledger.models import Draft, KeyRange, Kind
from vestige.ledger.prepare import prepare
from vestige.ledger.published import Published
from vestige.ledger.recalled import recall
from vestige.ledger.register import Register
from vestige.ledger.sealing import KeyStore, Sealing
from vestige.ledger.sequencer import Lane
from vestige.ledger.signer import Signer, Standing
from vestige.ledger.verify import verify_epochs
from vestige.model import instant
from vestige.model.errors import ConflictError, InputError, SignerError, UsageError, VestigeError
from vestige.model.ids import is_ulid
from vestige.proof.canonical import canonical
from vestige.proof.dsse import encoding, envelope
from vestige.proof.merkle import EMPTY_FRONTIER
from vestige.proof.note import sign_note
from vestige.proof.tiles import EMPTY_STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import sqlalchemy as sa

    from vestige.db import Database
    from vestige.ledger.append import Transaction
    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.epochs import Restore
    from vestige.ledger.keys import KeyEncryptionKey, SigningKey
    from vestige.ledger.models import (
        Committed,
        EvidenceBatch,
        LogInfo,
        PreparedBatch,
        PublishedCheckpoint,
        VerifyReport,
    )
    from vestige.ledger.recalled import Recalled
    from vestige.ledger.sealing import Asked

STATEMENT = "vestige-statement/v1"
"""The first line of what a log's key signs beside checkpoints."""
_SIGNING_SECONDS = 2.0
"""How long a verification waits for the checkpoint of what the signer remembers last."""
_POLL_SECONDS = 0.05


class NewEpoch(NamedTuple):
    """How a tenant's log goes on: the new log, and what its first entry says of the old one."""

    log: LogInfo
    restore: Restore


class Ledger(Published):
    """The ledger of one installation. Make it with :meth:`open`.

    Places of entries are given as *positions*, which count through all epochs of a tenant; sizes of trees, and all that
    proofs and tiles speak of, belong to one log, by default the current one.
    """

    def __init__(
        self,
        db: Database,
        blobs: BlobStore,
        signer: Signer,
        kek: KeyEncryptionKey,
        clock: Callable[[], int],
        entropy: Callable[[int], bytes],
        sealing: Sealing,
        register: Register,
    ) -> None:
        super().__init__(db, blobs, sealing)
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._keyring = Keyring(kek, entropy)
        self._publisher = Publisher(db, self._store, signer, self._keyring, clock)
        self.erasures = Erasures(self._store, self._blobs, db, self.log, self.transact, register)
        self._lanes: dict[int, Lane] = {}
        self._appended: set[str] = set()

    @classmethod
    def open(
        cls,
        db: Database,
        blobs: BlobStore,
        signer_dir: Path,
        kek: KeyEncryptionKey,
        *,
        clock: Callable[[], int] = instant.now,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        asked: Asked = lambda *_: False,
    ) -> Ledger:
        """The ledger in a migrated database.

        What a process that was killed left unsigned is due for publishing, as if this one had appended it.

        Args:
            db: where entries lie.
            blobs: where payloads above 64 KiB lie.
            signer_dir: where the signer remembers what it signed; not inside the database.
            kek: wraps every private key.
            clock: nanoseconds since 1970 (a fixed one makes a log that can be made again).
            entropy: gives n random bytes (as above).
            asked: whether a tenant asks to have its payloads sealed.
        """
        sealing = Sealing(KeyStore(signer_dir / "sealing", entropy), asked)
        ledger = cls(db, blobs, Signer(signer_dir), kek, clock, entropy, sealing, Register(signer_dir))
        with db.read() as connection:
            ledger._appended.update(tables.unsigned(connection))
        return ledger

    # -- logs ---------------------------------------------------------------------------------------------------

    def create_log(self, tenant: str, server_name: str, seed: bytes | None = None, *, again: bool = False) -> LogInfo:
        """Make the tenant's log: its keys, its signer state, and its first entry, which names its key.

        ``seed`` is the private half of a signing key that is brought (:func:`~vestige.ledger.keys.brought_seed`).
        ``again``: one that the signer remembers, of a database put back to before it was made, is made all the same;
        the signer refuses it, and its new epoch says what was lost.

        Raises:
            InputError: the tenant is not a ULID.
            ConflictError: it has a log.
            SignerError: something was already signed for this log, and it is not to be made ``again``.
        """
        if not is_ulid(tenant):
            raise InputError("a tenant is named by a ULID", expected="26 characters", got=tenant[:40], field="tenant")
        origin = f"{server_name}/t/{tenant}/0"
        with self._db.write() as connection:
            if tables.find_log(connection, tenant) is not None:
                raise ConflictError("the tenant has a log already", expected="a new tenant", got=tenant)
            log = tables.insert_log(connection, tenant, 0, origin, self._clock())
            tables.insert_head(connection, log.number, EMPTY_FRONTIER.root(), EMPTY_FRONTIER.to_bytes())
            vkey = self._keyring.create(connection, log, seed)
            self._begin(connection, log, vkey, None, again=again)
        with self._mutex:
            self._appended.add(tenant)
        return log

    def new_epoch(self, tenant: str, also: Callable[[], Sequence[Draft]] = tuple) -> NewEpoch:
        """Close a log that the signer can sign no more, and let it go on as the next epoch (ledger.md section 1).

        The new log begins with a ``restore`` entry, which says how the old one stands and what is known lost of it, and
        the ``key`` entry of a signing key of its own: the name of a key is its log's origin, and the old private key is
        destroyed, so that nobody signs for the closed log again.

        Args:
            tenant: whose log.
            also: asked once nothing can be appended to the old log any more, which entries to append behind these two
                in the same transaction.

        Raises:
            ConflictError: the log can go on as it is.
            SettingsError: the tenant's keys are wrapped under another key-encryption key.
        """
        with self._db.read() as connection:
            old = self._current(connection, tenant)
        with self._signer.turn(old) as turn, self._db.write() as connection:
            head = self._store.lock_head(connection, old.number)
            if head.closed:
                raise tables.closed(old)
            restore = describe(turn, self._store, connection, old, head)
            if restore.signer is Standing.CONTENT:
                raise ConflictError(
                    f"the log {old.origin} can go on as it is: a new epoch is not needed",
                    expected="a signer that refuses it",
                    got=f"a log that extends the signed size {restore.signed.size if restore.signed else 0}",
                )
            self._keyring.secret(connection, old)  # whoever cannot open the tenant's keys must not close its log
            epoch = turn.next_epoch()
            tables.close_head(connection, old.number)
            self._keyring.close(connection, old)
            origin = f"{old.origin.rpartition('/')[0]}/{epoch}"
            made = tables.insert_log(connection, tenant, epoch, origin, self._clock())
            log = made._replace(base=old.base + head.size, earlier=old.epochs)
            # Ids go on rising: an event's id tells its place among all epochs.
            frontier = EMPTY_FRONTIER.to_bytes()
            tables.insert_head(connection, log.number, EMPTY_FRONTIER.root(), frontier, head.last_id)
            vkey = str(self._keyring.add_signing_key(connection, log, 0).verifier)
            self._begin(connection, log, vkey, Draft(Kind.RESTORE, restore.to_payload()), also())
        with self._mutex:
            self._logs[tenant] = log
            self._appended.add(tenant)
        return NewEpoch(log, restore)

    def _begin(
        self, connection: sa.Connection, log: LogInfo, vkey: str, opening: Draft | None, also: Sequence[Draft] = (), *,
        again: bool = False,
    ) -> None:  # fmt: skip
        """Append a log's first entries and the signer's first state of it."""
        group = Group(self._means(log), connection, log, self._store.lock_head(connection, log.number))
        first = group.slice()
        key = Draft(Kind.KEY, canonical({"from_size": 0, "vkey": vkey}))
        for draft in (key, *also) if opening is None else (opening, key, *also):
            group.add(first, draft)
        group.take(first, saved=False)
        group.finish(EMPTY_STATE)
        try:
            self._signer.begin(log, vkey)
        except SignerError:
            if not again:
                raise

    # -- keys ---------------------------------------------------------------------------------------------------

    def keys(self, tenant: str) -> list[KeyRange]:
        """The verifier keys of every epoch, the oldest first, and the sizes of its log each must sign."""
        found = []
        bad = dict(map(compromised, map(self.opened, self.entries_of(tenant, [Kind.KEY]))))
        with self._db.read() as connection:
            for log in self.log(tenant).epochs:
                rows = tables.keys(connection, log.number, SIGN)
                ends = [row.from_size for row in rows[1:]] + [None]
                seconds = tables.keys(connection, log.number, SECOND)
                found += [
                    KeyRange(row.name, row.from_size, end, log.epoch, log.origin, bad.get(row.name))
                    for row, end in zip(rows, ends, strict=True)
                ]
                if seconds:
                    found[-1] = found[-1]._replace(second=seconds[-1].name)
        return found

    def add_second_key(self, tenant: str, also: Sequence[Draft] = ()) -> Committed:
        """Let an ML-DSA-44 key sign checkpoints beside the log's own, from now on; again: a new one in its place."""
        log = self.log(tenant)

        def act(tx: Transaction) -> list[Draft]:
            return [Draft(Kind.KEY, self._keyring.add_second(tx.connection, log, tx.head_size)), *also]

        return self.transact(tenant, act)

    def rotate(
        self, tenant: str, last_good_size: int | None = None, also: Sequence[Draft] = (), seed: bytes | None = None
    ) -> Committed:
        """Give the log a new signing key, by a ``key`` entry that the old and the new one sign.

        Args:
            tenant: whose log.
            last_good_size: where the old key is compromised: up to which size its signature alone still counts.
            also: entries to append behind it in the same transaction.
            seed: the private half of a key that is brought (:func:`~vestige.ledger.keys.brought_seed`).

        Raises:
            UsageError: ``last_good_size`` is no size the log has had.
            ConflictError: the key that is brought was the log's before.
        """
        log = self.log(tenant)

        def act(tx: Transaction) -> list[Draft]:
            if last_good_size is not None and not 0 <= last_good_size <= tx.head_size:
                raise UsageError(
                    "the log has never had that size", expected=f"0 to {tx.head_size}", got=str(last_good_size)
                )
            payload = self._keyring.rotate(tx.connection, log, tx.head_size, last_good_size, seed)
            return [Draft(Kind.KEY, payload), *also]

        return self.transact(tenant, act)

    def rewrap(self, kek: KeyEncryptionKey) -> None:
        """Wrap every log's keys under another key-encryption key; afterwards only that one opens them.

        This process goes on with the new one. Another that has the database open must be started again with it.
        """
        with self._db.write() as connection:
            for log in tables.all_logs(connection):
                self._keyring.rewrap(connection, log, kek)
        self._keyring.use(kek)

    # -- appending ----------------------------------------------------------------------------------------------

    def prepare(self, batch: EvidenceBatch, tenant: str = "") -> PreparedBatch:
        """Do everything to a batch that needs no lock; its large payloads are in the blob store afterwards.

        Payloads of a ``tenant`` that asks for it are sealed (:mod:`vestige.ledger.sealing`).
        """
        sealed = bool(tenant) and self.is_sealed(tenant)
        blobs = self.blobs.when(lambda: sealed)
        return prepare(batch, blobs, self._entropy, self.sealing if sealed else None)

    def transact(self, tenant: str, fn: Callable[[Transaction], Sequence[Draft | PreparedBatch]]) -> Committed:
        """Run a function in the log's next write transaction and append what it returns.

        Several callers share a transaction, each in a savepoint: one caller's failure is its own. What this answers
        is durable.

        Raises:
            NotFoundError: the tenant has no log.
            LedgerError: another process has begun a new epoch of the log.
            BusyError: another writer held the lock for the whole waiting time.
            StorageError: the commit failed; nothing was acknowledged.
            Exception: what the function itself raised.
        """
        log = self.log(tenant)
        with self._mutex:
            lane = self._lanes.get(log.number)
            if lane is None:
                lane = self._lanes[log.number] = Lane(self._db, self._means(log), log)
        committed = lane.transact(fn)
        with self._mutex:
            self._appended.add(tenant)
        return committed

    def written(self) -> tuple[int, int]:
        """How many transactions this process has committed, and how many entries they appended."""
        with self._mutex:
            lanes = list(self._lanes.values())
        return sum(lane.commits for lane in lanes), sum(lane.entries for lane in lanes)

    def _means(self, log: LogInfo) -> Means:
        return Means(self._store, self.blobs, self._clock, self._entropy, lambda: self._secret(log), self.sealing)

    def dedup_key(self, tenant: str, *parts: bytes) -> bytes:
        """HMAC-SHA256 of the parts under the tenant's key: 32 bytes that tell nothing about them."""
        return dedup_key(self._secret(self.log(tenant)), parts)

    def _secret(self, log: LogInfo) -> bytes:
        secret = self._keyring.cached_secret(log)
        if secret is None:
            with self._db.read() as connection:
                secret = self._keyring.secret(connection, log)
        return secret

    # -- proving ------------------------------------------------------------------------------------------------

    def checkpoint(self, tenant: str) -> PublishedCheckpoint:
        """Sign and publish the log's head now.

        Raises:
            SignerError: the head is not consistent with what was signed before.
            BusyError: another process is signing and does not end.
        """
        with self._mutex:
            waiting = tenant in self._appended
            self._appended.discard(tenant)
        try:
            return self._publisher.publish(self.log(tenant))
        except BaseException:
            if waiting:
                with self._mutex:
                    self._appended.add(tenant)
            raise

    def attest(self, tenant: str, lines: Sequence[str]) -> bytes:
        """Sign a statement about the log that is no checkpoint, with the key in force: a signed note.

        Its text is :data:`STATEMENT`, the log's origin, and the lines. A checkpoint's second line is a number and an
        origin is none, so neither can pass for the other, and the signer's memory has nothing to say about it.

        Raises:
            LedgerError: no private key is left that may sign.
        """
        text = "".join(f"{line}\n" for line in (STATEMENT, self.log(tenant).origin, *lines))
        return sign_note(text, [self._in_force(tenant).note_signer()])

    def endorse(self, tenant: str, kind: str, body: bytes) -> bytes:
        """A body of a media type in a DSSE envelope, signed with the key in force (:mod:`vestige.proof.dsse`).

        Raises:
            LedgerError: no private key is left that may sign.
        """
        key = self._in_force(tenant)
        return envelope(kind, body, [(key.verifier, key.sign(encoding(kind, body)))])

    def _in_force(self, tenant: str) -> SigningKey:
        log = self.log(tenant)
        with self._db.read(tenant) as connection:
            size = self._store.head(connection, log.number).size
            return self._keyring.signers(connection, log, size)[-1]

    def publish_due(self) -> list[PublishedCheckpoint]:
        """Publish every log that has unsigned entries of this process or an earlier one, at most once a second.

        Raises:
            SignerError: a log was refused; all others were published.
        """
        with self._mutex:
            waiting = sorted(self._appended)
        return self._publish(tenant for tenant in waiting if self._publisher.due(self.log(tenant)))

    def close(self) -> None:
        """Publish what is unsigned. The ledger may not be used after.

        Raises:
            SignerError: a log was refused; all others were published.
        """
        with self._mutex:
            waiting = sorted(self._appended)
        self._publish(waiting)
        self.sealing.keys.close()

    def _publish(self, tenants: Iterable[str]) -> list[PublishedCheckpoint]:
        made: list[PublishedCheckpoint] = []
        refused: list[VestigeError] = []
        for tenant in tenants:
            try:
                made.append(self.checkpoint(tenant))
            except VestigeError as error:
                refused.append(error)
        if refused:
            raise refused[0]
        return made

    def verify(self, tenant: str, progress: Callable[[int, int], None] | None = None) -> VerifyReport:
        """Recompute everything about the log, in all its epochs, from stored bytes (ledger.md section 7).

        Args:
            tenant: whose log.
            progress: told from time to time how many entries of how many were checked.

        Raises:
            NotFoundError: the tenant has no log.
            StorageError: the database failed; that is no verdict.
        """
        while True:
            # What was signed is asked first: a head that grows meanwhile then only has more than that.
            with self._db.read() as connection:
                log = self._current(connection, tenant)
            signed = recall(self._signer, log)
            self._await_checkpoint(log, signed)
            with self._db.read() as connection:
                if self._current(connection, tenant) == log:
                    return verify_epochs(self._store, self._blobs, signed, log, connection, progress)

    def _await_checkpoint(self, log: LogInfo, signed: Recalled) -> None:
        """Wait a moment for a checkpoint that is signed and about to be stored."""
        deadline = time.monotonic() + _SIGNING_SECONDS
        while True:
            with self._db.read() as connection:
                latest = tables.latest_checkpoint(connection, log.number)
            if signed.size_of(log) <= (latest.size if latest else 0) or time.monotonic() > deadline:
                return
            time.sleep(_POLL_SECONDS)

"""Publishing: the head of a log becomes a signed checkpoint that anyone may hold against it.

Never inside the transaction that appends: a rollback after a signature would be a fork. The entries, tiles and head
that a checkpoint speaks of are committed, hence durable, before the signer is asked; the signer's own state is durable
before a signature leaves; the checkpoint's row comes last. A crash between any two of these leaves a log that the next
call publishes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vestige.ledger import tables
from vestige.ledger.models import PublishedCheckpoint
from vestige.ledger.tree import nodes
from vestige.model.errors import SignerError
from vestige.proof.merkle import consistency_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.db import Database
    from vestige.ledger.keyring import Keyring
    from vestige.ledger.models import LogInfo
    from vestige.ledger.signer import Signer
    from vestige.ledger.store import Store

INTERVAL = 1_000_000_000
"""Nanoseconds between two checkpoints of one log, unless one is asked for at once."""


class Publisher:
    """Signs and stores checkpoints for one installation."""

    def __init__(self, db: Database, store: Store, signer: Signer, keyring: Keyring, clock: Callable[[], int]) -> None:
        self._db = db
        self._store = store
        self._signer = signer
        self._keyring = keyring
        self._clock = clock
        self._mutex = threading.Lock()
        self._signed: dict[int, int] = {}

    def due(self, log: LogInfo) -> bool:
        """Whether a second has passed since this process last signed for the log (or it never did)."""
        with self._mutex:
            last = self._signed.get(log.number)
        return last is None or not 0 <= self._clock() - last < INTERVAL

    def publish(self, log: LogInfo) -> PublishedCheckpoint:
        """Sign the committed head, unless the latest checkpoint already says it.

        Raises:
            SignerError: the head is not consistent with what was signed before, or a later epoch follows the log.
            BusyError: another process is signing and does not end.
        """
        with self._signer.turn(log) as turn, self._db.read(log.tenant) as connection:
            head = self._store.head(connection, log.number)
            if head.closed:
                raise SignerError(
                    f"the log {log.origin} is closed: the tenant's log goes on as a later epoch",
                    expected="the tenant's current log",
                    got=f"epoch {log.epoch}",
                    hint="nothing was signed; start this process again",
                )
            latest = tables.latest_checkpoint(connection, log.number)
            keys = self._keyring.signers(connection, log, head.size)
            second = self._keyring.second(connection, log, head.size)
            reader = nodes(self._store, connection, log.number, head, head.size)
            note = turn.sign(
                head.size,
                head.root,
                keys,
                lambda size: consistency_path(size, head.size, reader),
                0 if latest is None else latest.size,
                second,
            )
            # Asked even if nothing is new, so that a database that was rolled back is refused, not answered.
            if latest is not None and (latest.size, latest.root) == (head.size, head.root):
                return latest
        at = self._clock()
        checkpoint = PublishedCheckpoint(head.size, head.root, at, note.decode())
        with self._db.write(log.tenant) as connection:
            tables.insert_checkpoint(connection, log.number, checkpoint)
            self._keyring.retire(connection, log)
        with self._mutex:
            self._signed[log.number] = at
        return checkpoint

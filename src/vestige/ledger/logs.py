"""Which logs there are, one per tenant and epoch, and what all that read them share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vestige.ledger import tables
from vestige.ledger.postgres import PostgresStore
from vestige.ledger.sealing import SealedBlobs
from vestige.ledger.sqlite import SqliteStore
from vestige.model.errors import NotFoundError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from vestige.db import Database
    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.models import LogInfo
    from vestige.ledger.sealing import Sealing
    from vestige.ledger.store import Store


class Logs:
    """The logs of an installation."""

    def __init__(self, db: Database, blobs: BlobStore, sealing: Sealing) -> None:
        self._db = db
        self.blobs = SealedBlobs(blobs, sealing)
        """Where payloads above 64 KiB and acquired files lie, sealed or not."""
        self._blobs = self.blobs
        self.sealing = sealing
        self._store: Store = SqliteStore(sealing) if db.dialect == "sqlite" else PostgresStore(sealing)
        self._mutex = threading.Lock()
        self._logs: dict[str, LogInfo] = {}

    def log(self, tenant: str, epoch: int | None = None) -> LogInfo:
        """The tenant's current log, or that of an epoch.

        Raises:
            NotFoundError: it has none.
        """
        with self._mutex:
            found = self._logs.get(tenant)
        if found is None:
            with self._db.read() as connection:
                found = self._current(connection, tenant)
            with self._mutex:
                self._logs[tenant] = found
        if epoch is None or epoch == found.epoch:
            return found
        for log in found.earlier:
            if log.epoch == epoch:
                return log
        raise NotFoundError("the tenant's log has no such epoch", expected=f"up to {found.epoch}", got=str(epoch))

    @staticmethod
    def _current(connection: sa.Connection, tenant: str) -> LogInfo:
        found = tables.find_log(connection, tenant)
        if found is None:
            raise tables.no_such_log(tenant)
        return found

    def is_sealed(self, tenant: str) -> bool:
        """Whether the tenant's payloads are to be sealed, as it asks for at this moment."""
        with self._db.read(tenant) as connection:
            return self.sealing.asked(connection, tenant)

    def blobs_of(self, tenant: str) -> SealedBlobs:
        """The blobs for what is stored for one tenant, sealed if it asks for that at the time."""
        return self.blobs.when(lambda: self.is_sealed(tenant))

    def logs(self) -> list[LogInfo]:
        """Every log, in the order they were made."""
        with self._db.read() as connection:
            return tables.all_logs(connection)

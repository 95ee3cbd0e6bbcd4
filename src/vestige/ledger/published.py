"""What is published of a log, and proofs under it: checkpoints, inclusion, consistency, tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ledger import tables
from vestige.ledger.entries import Entries
from vestige.ledger.tree import nodes, read_tile
from vestige.model.errors import NotFoundError
from vestige.proof.merkle import HASH_SIZE, consistency_path, inclusion_path
from vestige.proof.tiles import TILE_WIDTH, Tile, encode_entries, tile_width
from vestige.proof.tlog_proof import TlogProof, format_tlog_proof

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from vestige.ledger.models import LogInfo, PublishedCheckpoint
    from vestige.proof.tiles import TileNodes


class Published(Entries):
    """Sizes of trees, and all that proofs and tiles speak of, belong to one log, by default a tenant's current one."""

    def latest_checkpoint(self, tenant: str, epoch: int | None = None) -> PublishedCheckpoint | None:
        """The last published checkpoint of the current log, or of an epoch's."""
        log = self.log(tenant, epoch)
        with self._db.read(tenant) as connection:
            return tables.latest_checkpoint(connection, log.number)

    def checkpoint_covering(self, tenant: str, size: int, epoch: int | None = None) -> PublishedCheckpoint | None:
        """The first published checkpoint of at least a size."""
        log = self.log(tenant, epoch)
        with self._db.read() as connection:
            return tables.checkpoint_after(connection, log.number, size)

    def inclusion(self, tenant: str, seq: int, size: int, epoch: int | None = None) -> list[bytes]:
        """The inclusion path of an entry in the tree of a size.

        Raises:
            NotFoundError: nothing of this size is published, or the closed log never had it.
            ProofError: the tree of this size has no such entry.
        """
        return self._prove(self.log(tenant, epoch), size, lambda read: inclusion_path(seq, size, read))

    def consistency(self, tenant: str, first: int, second: int, epoch: int | None = None) -> list[bytes]:
        """The proof that the tree of one size extends the tree of an earlier one.

        Raises:
            NotFoundError: nothing of this size is published, or the closed log never had it.
            ProofError: the sizes are not in order.
        """
        return self._prove(self.log(tenant, epoch), second, lambda read: consistency_path(first, second, read))

    def tlog_proof(self, tenant: str, entry_id: str) -> str:
        """The C2SP tlog-proof of one entry, under the first checkpoint of its log that holds it.

        Raises:
            NotFoundError: there is no such entry, or no checkpoint holds it; of a closed log none ever will.
        """
        current = self.log(tenant)
        with self._db.read(tenant) as connection:
            log, seq = self._find(connection, tenant, entry_id)
            checkpoint = tables.checkpoint_after(connection, log.number, seq + 1)
            if checkpoint is None and log is not current:
                raise NotFoundError(
                    f"no checkpoint of the closed log {log.origin} holds this entry",
                    expected=f"a checkpoint of at least size {seq + 1}",
                    got="an earlier one, or none",
                    hint="the restore entry of the epoch after it commits to the log's root; `ledger verify` checks it",
                )
            if checkpoint is None:
                raise _unpublished(seq + 1)
            head = self._store.head(connection, log.number)
            path = inclusion_path(
                seq, checkpoint.size, nodes(self._store, connection, log.number, head, checkpoint.size)
            )
        return format_tlog_proof(TlogProof(seq, tuple(path), checkpoint.note.encode())).decode()

    def tile(self, tenant: str, level: int, index: int, width: int = TILE_WIDTH, epoch: int | None = None) -> bytes:
        """A hash tile of the published tree: ``width`` hashes.

        Raises:
            NotFoundError: the published tree has no such tile.
        """
        tile = Tile(level, index, width)
        log = self.log(tenant, epoch)
        with self._db.read(tenant) as connection:
            self._published_tile(connection, log, tile)
            head = self._store.head(connection, log.number)
            return read_tile(self._store, connection, log.number, head, tile)[: width * HASH_SIZE]

    def entries_tile(self, tenant: str, index: int, width: int = TILE_WIDTH, epoch: int | None = None) -> bytes:
        """An entry bundle of the published tree: ``width`` leaves, each after its length.

        Raises:
            NotFoundError: the published tree has no such bundle.
        """
        log = self.log(tenant, epoch)
        lo = index * TILE_WIDTH
        with self._db.read(tenant) as connection:
            self._published_tile(connection, log, Tile(0, index, width))
            return encode_entries(self._store.leaves(connection, log.number, lo, lo + width))

    def _published_tile(self, connection: sa.Connection, log: LogInfo, tile: Tile) -> None:
        latest = tables.latest_checkpoint(connection, log.number)
        size = 0 if latest is None else latest.size
        there = tile_width(tile.level, tile.index, size) if 0 <= tile.level < 64 and tile.index >= 0 else 0
        if not 1 <= tile.width <= there:
            raise NotFoundError(
                "the published log has no such tile", expected=f"a width of 1 to {there}", got=str(tile.width)
            )

    def _prove(self, log: LogInfo, size: int, build: Callable[[TileNodes], list[bytes]]) -> list[bytes]:
        with self._db.read(log.tenant) as connection:
            latest = tables.latest_checkpoint(connection, log.number)
            head = self._store.head(connection, log.number)
            # What of a closed log no checkpoint covers, the entry covers that begins the next epoch.
            closed = log.number != self.log(log.tenant).number
            if size > (head.size if closed else 0 if latest is None else latest.size):
                raise _unpublished(size)
            return build(nodes(self._store, connection, log.number, head, size))


def _unpublished(size: int) -> NotFoundError:
    return NotFoundError(
        "no published checkpoint holds this yet",
        expected=f"a checkpoint of at least size {size}",
        got="an earlier one, or none",
        hint="ask for a checkpoint, then again",
    )

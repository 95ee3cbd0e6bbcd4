"""The ledger of one tenant as the outside sees it: texts, tiles and proofs, nothing beyond the last checkpoint."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from vestige.ingest.kept import check_kept
from vestige.model.errors import NotFoundError, ProofError, UsageError
from vestige.model.instant import to_text
from vestige.proof import ENTRIES, parse_tile_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.ledger import BlobStore, Ledger, PublishedCheckpoint, StoredEntry


FAULTS = 20
"""Acquired files that are told by name where they are not as they were."""
TELL_SECONDS = 0.2
"""A verification tells how far it is this often at most."""


class LedgerView:
    """Reads of, and signatures over, one tenant's log: the current one, or that of an epoch."""

    def __init__(self, ledger: Ledger, blobs: BlobStore, tenant: str, epoch: int | None = None) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._tenant = tenant
        self._epoch = epoch

    def of_epoch(self, epoch: int | None) -> LedgerView:
        """The view of one epoch's log.

        Raises:
            NotFoundError: there is no such epoch.
        """
        self._ledger.log(self._tenant, epoch)
        return LedgerView(self._ledger, self._blobs, self._tenant, epoch)

    def sign_checkpoint(self) -> str:
        """Sign the head now, and give the note."""
        return self._ledger.checkpoint(self._tenant).note

    def published(self) -> str:
        """The last published checkpoint's note."""
        return self._published().note

    def published_with_time(self) -> tuple[str, str]:
        """The same, and when it was signed by the server's clock; the note itself states no time."""
        found = self._published()
        return found.note, to_text(found.at)

    def _published(self) -> PublishedCheckpoint:
        checkpoint = self._ledger.latest_checkpoint(self._tenant, self._epoch)
        if checkpoint is None:
            raise NotFoundError(
                "no checkpoint has been published yet",
                hint="`vestige ledger checkpoint` signs one, as POST /v1/ledger/checkpoint does",
            )
        return checkpoint

    def tile(self, path: str) -> bytes:
        """A hash tile or entry bundle by its tlog-tiles path.

        Raises:
            NotFoundError: not a tile path, or beyond the last published checkpoint.
        """
        try:
            tile = parse_tile_path(path)
        except ProofError as error:
            raise NotFoundError(f"no tile is called {path[:80]!r}", expected=error.expected, got=error.got) from None
        if tile.level == ENTRIES:
            return self._ledger.entries_tile(self._tenant, tile.index, tile.width, self._epoch)
        return self._ledger.tile(self._tenant, tile.level, tile.index, tile.width, self._epoch)

    def inclusion(self, seq: int, size: int | None) -> dict[str, Any]:
        """The inclusion proof of an entry, hashes in base64 as the text formats have them."""
        checkpoint = self._published()
        size = self._bounded(size or checkpoint.size, checkpoint)
        if seq >= size:
            raise NotFoundError("no such entry in a tree of that size", expected=f"seq below {size}", got=str(seq))
        path = self._ledger.inclusion(self._tenant, seq, size, self._epoch)
        return {"seq": seq, "size": size, "path": [base64.b64encode(node).decode() for node in path]}

    def consistency(self, first: int, second: int | None) -> dict[str, Any]:
        """The consistency proof between two sizes."""
        checkpoint = self._published()
        second = self._bounded(second or checkpoint.size, checkpoint)
        if first > second:
            raise UsageError("sizes are the wrong way round", expected=f"from at most {second}", got=str(first))
        path = self._ledger.consistency(self._tenant, first, second, self._epoch)
        return {"from": first, "to": second, "path": [base64.b64encode(node).decode() for node in path]}

    def receipt(self, entry: str) -> str:
        """A tlog-proof of one entry; if no checkpoint of the current log covers it yet, one is signed now.

        Raises:
            NotFoundError: no such entry, or it is of a closed epoch and no checkpoint of that covers it.
        """
        log, seq = self._ledger.log(self._tenant).locate(self._ledger.entry(self._tenant, entry).position)
        published = self._ledger.latest_checkpoint(self._tenant, log.epoch)
        if log.number == self._ledger.log(self._tenant).number and (published is None or published.size <= seq):
            self._ledger.checkpoint(self._tenant)
        return self._ledger.tlog_proof(self._tenant, entry)

    def opening(self, entry: StoredEntry) -> dict[str, Any]:
        """What opens an entry's commitment: leaf in base64, salt and the payload's SHA-256 in hex.

        Raises:
            NotFoundError: its payload was erased, and with it the salt.
            IntegrityError: what is stored is not what the leaf commits to.
        """
        opening = self._ledger.opening(entry)
        return {
            "id": entry.id,
            "leaf": base64.b64encode(opening.leaf).decode(),
            "payload_sha256": opening.digest.hex(),
            "salt": opening.salt.hex(),
        }

    def keys(self) -> list[dict[str, Any]]:
        """Verifier keys of every epoch, the oldest first, and the sizes of its log they are valid for."""
        return [
            {"vkey": key.vkey, "epoch": key.epoch, "origin": key.origin, "from_size": key.from_size}
            | ({} if key.to_size is None else {"to_size": key.to_size})
            | ({} if key.last_good_size is None else {"last_good_size": key.last_good_size})
            | ({"second": key.second} if key.second else {})
            for key in self._ledger.keys(self._tenant)
        ]

    def verify(self, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
        """The report of a full verification, in the shape `docs/commands.md` gives; of the acquired files too.

        Args:
            progress: told now and then how many entries of how many were checked.
        """
        report = self._ledger.verify(self._tenant, None if progress is None else _seldom(progress))
        kept = check_kept(self._ledger, self._blobs, self._tenant)
        said = f"{kept.files} files of {kept.size} bytes are as they were acquired"
        acquired = {"name": "acquired", "ok": not kept.faults, "detail": "; ".join(kept.faults[:FAULTS]) or said}
        return {
            "ok": report.ok and not kept.faults,
            "size": report.size,
            "root": report.root,
            "first_bad_seq": report.first_bad_seq,
            "interval": None if report.interval is None else list(report.interval),
            "reason": report.reason or next(iter(kept.faults), ""),
            "checks": [*(check._asdict() for check in report.checks), acquired | {"note": ""}],
        }

    @staticmethod
    def _bounded(size: int, checkpoint: PublishedCheckpoint) -> int:
        if size > checkpoint.size:
            raise NotFoundError(
                "nothing beyond the last published checkpoint is served",
                expected=f"a size up to {checkpoint.size}",
                got=str(size),
            )
        return size


def _seldom(progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    told = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told
        at = time.monotonic()
        if at - told >= TELL_SECONDS:
            told = at
            progress(done, total)

    return tell

"""What a follower knows: the files it holds open, those it waits for, those it leaves alone, and its account."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from vestige.ingest.tail import Tail
from vestige.receivers.watched import File, Identity, Waiting, Whole, related, state_of
from vestige.sources.members.member import shown

if TYPE_CHECKING:
    import threading
    from collections import Counter
    from collections.abc import Callable, Collection

    from vestige.ingest.claims import Claims
    from vestige.ingest.importer import Importer, ImportOptions
    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ingest.report import ImportReport


class Following:
    """What one request follows, and what is known of each file."""

    def __init__(
        self,
        stores: Stores,
        projector: Projector,
        options: ImportOptions,
        importer: Callable[[], Importer],
        *,
        claims: Claims,
        most: int,
        stop: threading.Event,
    ) -> None:
        self.stores = stores
        self.projector = projector
        self.options = options
        self.importer = importer
        self.claims = claims
        self.most = most
        self.stop = stop
        self.files: dict[Identity, File] = {}
        self.whole: dict[Identity, Whole] = {}
        self.copies: dict[Identity, Waiting] = {}
        self.ignored: dict[Identity, tuple[int, int]] = {}
        """What is left alone, and its size and time then: another file may get its inode."""
        self.grown: dict[Identity, int] = {}
        """Files imported whole that may grow, and the bytes they had."""
        self.told: set[str] = set()
        self.qualities: dict[str, Counter[str]] = {}
        self.cut: list[File] = []
        """Files as they were before they were truncated, the latest last."""
        self.homes: list[str] = []
        self.hand = importer()
        self.report: ImportReport = self.hand.report

    def new_tail(self, path: str) -> Tail:
        """A file's tail of which nothing is known yet."""
        return Tail(self.stores, self.projector, self.options.by, shown(path))

    def find(self, file: File) -> bool:
        """Find out what the ledger has of a file; whether it is to be followed."""
        file.checked = self.claims.count
        size = os.fstat(file.descriptor).st_size
        status = os.fstat(file.descriptor)
        shorter = file.tail.find(file.read, size, self.options.source)
        if shorter and any(related(file.home, watch) for watch in self.homes):
            self.refuse(file.home, status, "not taken: a shorter copy of a log that is taken in already")
            return False
        if file.beside and not file.tail.known:
            self.ignored[file.identity] = state_of(status)
            return False
        if not file.tail.in_lines:
            self.whole[file.identity] = Whole(file.home, grows=True)
            return False
        known = file.tail.number
        self.report.files += 1
        self.report.records += known
        self.report.duplicates += known
        self.report.bytes += file.tail.size
        return True

    def refuse(self, path: str, status: os.stat_result, reason: str) -> None:
        """Leave a file alone until it changes, and say so once."""
        self.ignored[status.st_dev, status.st_ino] = state_of(status)
        if path not in self.told:
            self.told.add(path)
            self.report.skipped_files += 1
            self.report.fail(shown(path), 0, reason)

    def keep(self, present: Collection[Identity]) -> None:
        """Forget what waited, was left alone or was imported, and is gone."""
        known: tuple[dict[Identity, Any], ...] = (self.ignored, self.whole, self.grown, self.copies)
        for one in known:
            for gone in [identity for identity in one if identity not in present]:
                del one[gone]

    def release(self, file: File) -> None:
        """Follow a file no more."""
        self.files.pop(file.identity, None)
        with contextlib.suppress(OSError):
            os.close(file.descriptor)

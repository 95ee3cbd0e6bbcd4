"""Files of this machine that grow: their new lines are taken in within a second, across every way of rotating them.

A file is what its inode is: it is held open, so a rename, a removal or the compression of a rotated log loses nothing
that was written to it. What happens, and what is done:

* rename and create: the old file is read on until it is silent, the new one begun.
* copy and truncate: bytes that were not taken before the truncation are in the copy only. It is looked for beside the
  file and what the ledger lacks is taken from it; a copy that lacks lines that were taken in time adds nothing.
* compression: an import of the result adds nothing, unless the file was gone before it had been read to its end.

What is committed is the offset (:mod:`vestige.ingest.tail`). A truncation is told by the bytes before the offset, which
are looked at after every reading, so a file that has grown past its old size in the meantime is not mistaken.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vestige.receivers.copies import Copies
from vestige.receivers.finding import Finder
from vestige.receivers.following import Following
from vestige.receivers.taking import Taker
from vestige.receivers.watched import Watch
from vestige.receivers.wholes import Wholes
from vestige.sources.members.member import shown
from vestige.sources.members.walk import OWN

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vestige.ingest.claims import Claims
    from vestige.ingest.importer import Importer, ImportOptions
    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ingest.report import ImportReport

POLL = 0.2
"""Seconds between two looks at the files."""
SCAN = 0.4
"""Seconds between two looks for new files."""
TELL = 1.0


class Follower:
    """Follows files until it is asked to stop. Make one per request; :meth:`run` returns the account.

    Args:
        stores: where records go.
        projector: what indexes them.
        options: what a person said about them.
        importer: reads what is not lines, and knows how members are read.
        claims: held on a file while something of it is appended, so that nobody else takes the same bytes.
        most: files held open at once.
        stop: set when it is to end.
        tell: told once a second how far it is.
    """

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
        tell: Callable[[dict[str, object]], None],
    ) -> None:
        self._stop = stop
        self._tell = tell
        self._state = Following(stores, projector, options, importer, claims=claims, most=most, stop=stop)
        copies = Copies(self._state)
        wholes = Wholes(self._state, copies)
        self._finder = Finder(self._state, copies, wholes)
        self._taker = Taker(self._state, copies)

    def run(self, paths: Sequence[Path]) -> ImportReport:
        """Follow until asked to stop; what has been committed by then is the account."""
        besides = self._state.hand.limits.besides
        watches = [Watch(str(path), besides) for path in paths]
        self._state.homes = [watch.path for watch in watches]
        for watch in watches:
            if watch.own:
                self._state.report.skipped_files += 1
                self._state.report.fail(shown(watch.path), 0, f"not followed: {OWN}")
        begun = told = time.monotonic()
        scanned = 0.0
        try:
            while not self._stop.is_set():
                at = time.monotonic()
                if at - scanned >= SCAN:
                    self._finder.scan(watches)
                    scanned = time.monotonic()
                busy = self._taker.look()
                if time.monotonic() - told >= TELL:
                    told = time.monotonic()
                    self._tell(self._progress(told - begun))
                if not busy:
                    self._stop.wait(POLL)
        finally:
            for file in list(self._state.files.values()):
                self._state.release(file)
        for label, counts in self._state.qualities.items():
            self._state.report.assume(label, counts)
        self._state.report.seconds = time.monotonic() - begun
        if self._state.report.records > self._state.report.duplicates:
            self._state.hand.record_import()
        return self._state.report

    def _progress(self, seconds: float) -> dict[str, object]:
        behind = sum(max(0, file.seen[0] - file.tail.size) for file in self._state.files.values())
        return {
            "followed": len(self._state.files),
            "records": self._state.report.records,
            "behind": behind,
            "share": 1.0,
            "seconds": round(seconds, 2),
        }

"""Files that are imported as a whole once they are silent: compressed ones, archives, and formats without lines.

A file of a format without lines is imported again when it has grown, which adds what is new of it. One that is never
silent, such as the failed logins of a machine that is attacked, is imported twice a minute.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.receivers.watched import LATEST, QUIET, Identity, Whole, related, state_of

if TYPE_CHECKING:
    from vestige.ingest.report import ImportReport
    from vestige.receivers.copies import Copies
    from vestige.receivers.following import Following


class Wholes:
    """Imports what is silent."""

    def __init__(self, state: Following, copies: Copies) -> None:
        self._state = state
        self._copies = copies

    def import_silent(self, fresh: list[tuple[str, os.stat_result, bool]]) -> None:
        """Import what is silent, the oldest first: a search at the next start ends at the newest that are known."""
        at = time.monotonic()
        for path, status, beside in sorted(fresh, key=lambda one: one[1].st_mtime_ns):
            whole = self._state.whole.get((status.st_dev, status.st_ino))
            if whole is None:
                continue
            if state_of(status) != whole.state:
                whole.state, whole.since = state_of(status), at
            behind = any(
                file.begun and related(path, file.home) and file.tail.size < os.fstat(file.descriptor).st_size
                for file in self._state.files.values()
            )
            ready = at - whole.since >= QUIET or (whole.grows and at - whole.begun >= LATEST)
            if ready and not behind:
                self._import_whole((status.st_dev, status.st_ino), whole)
            elif beside:
                return

    def _import_whole(self, identity: Identity, whole: Whole) -> None:
        # Left alone until it changes: then it may be another file in its place.
        del self._state.whole[identity]
        self._state.ignored[identity] = whole.state
        if self._copies.had_packed(whole.path):
            return
        report = self._state.importer().run([Path(whole.path)])
        if whole.grows:
            self._only_new(identity, report)
        total = self._state.report
        for name in (
            "files",
            "skipped_files",
            "records",
            "parsed",
            "unparsed",
            "duplicates",
            "skipped",
            "events",
            "bytes",
        ):
            setattr(total, name, getattr(total, name) + getattr(report, name))
        for name, count in report.formats.items():
            total.formats[name] = total.formats.get(name, 0) + count
        for failure in report.failures:
            total.fail(failure.file, failure.offset, failure.reason, failure.id)

    def _only_new(self, identity: Identity, report: ImportReport) -> None:
        """Leave out of a report what an earlier one told of the same file."""
        before = self._state.grown.get(identity)
        self._state.grown[identity] = report.bytes
        if before is None or not report.files:
            return
        report.files, report.formats = 0, {}
        report.bytes = max(0, report.bytes - before)
        report.records -= report.duplicates
        report.duplicates = 0

"""What is new of each followed file: in which order it is taken, how it is read, and what a truncation is."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from vestige.ingest.claims import names_of
from vestige.ingest.reader import RecordReader
from vestige.ingest.survey import HEAD, stem_of
from vestige.model.instant import now
from vestige.model.vocabulary import file_source
from vestige.receivers.watched import QUIET, REGION, File, Whole, related, state_of
from vestige.sources import Sample, in_lines, is_agent_shape
from vestige.sources.contract import SAMPLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.ingest.claims import Names
    from vestige.receivers.copies import Copies
    from vestige.receivers.following import Following

HOLD = 0.3
"""Seconds a last record may still be continued by the next line."""
TORN = 30.0
"""Seconds a line may stay without its end; then it is taken as it is."""
GONE = 60.0
"""Seconds a file that lost its name is still listened to."""
ENOUGH = 4096
"""Bytes that suffice to tell a format at once."""
FORGET = 10.0
"""Seconds of silence after which a copy of a file cannot be one that was made while it was written."""
CUTS = 20
"""Truncated files remembered."""
DAY = 86_400_000_000_000


class Taker:
    """Takes what is new."""

    def __init__(self, state: Following, copies: Copies) -> None:
        self._state = state
        self._copies = copies
        self._seen = state.claims.count

    def look(self) -> bool:
        """Take what is new of every file; whether there is more at once."""
        busy = False
        others = self._state.claims.count != self._seen
        self._seen = self._state.claims.count
        for file in self._in_order():
            if self._state.stop.is_set():
                return False
            if self._idle(file) and not (others and self._behind(file, self._names(file))):
                continue
            names = self._names(file)
            # Who waits here waits for all files: what somebody else is taking in is looked at again soon.
            with self._state.claims.hold(names) as mine:
                if mine:
                    busy |= self._take_claimed(file, names)
        return busy

    @staticmethod
    def _names(file: File) -> Names:
        return names_of(file.tail.label, file.read(0, HEAD), os.fstat(file.descriptor))

    def _behind(self, file: File, names: Names) -> bool:
        return self._state.claims.taken_since(names, file.checked, self)

    def _take_claimed(self, file: File, names: Names) -> bool:
        """Take what is new of a file that is claimed, from where the ledger has it to; whether there is more."""
        count = self._state.claims.count
        if self._behind(file, names) and file.tail.overtaken(file.read):
            self._again(file)
            if not file.tail.in_lines:
                return self._leave_whole(file)
        file.checked = count
        before = (file.tail, file.tail.size)
        try:
            return self._take(file)
        finally:
            if (file.tail, file.tail.size) != before:
                self._state.claims.took(names, self)

    def _in_order(self) -> list[File]:
        """The files to look at.

        Of one log and its rotated files the older come first, and a newer one is not begun before they are taken in:
        at the next start the search among them ends at those that are known.
        """
        ready = []
        for home in self._state.homes:
            waiting = any(whole.before and related(whole.path, home) for whole in self._state.whole.values())
            family = [file for file in self._state.files.values() if file.home == home or related(file.home, home)]
            for file in sorted(family, key=lambda file: os.fstat(file.descriptor).st_mtime_ns):
                if not waiting or file.begun:
                    ready.append(file)
                waiting = waiting or not (file.settled or file.tail.size >= os.fstat(file.descriptor).st_size)
        return ready + [file for file in self._state.files.values() if file not in ready and not self._in_family(file)]

    def _in_family(self, file: File) -> bool:
        return any(file.home == home or related(file.home, home) for home in self._state.homes)

    @staticmethod
    def _idle(file: File) -> bool:
        """Whether there is nothing to do about a file: it is as it was, and no time has run out."""
        at = time.monotonic()
        status = os.fstat(file.descriptor)
        if state_of(status) != file.seen:
            file.seen, file.changed, file.settled = state_of(status), at, False
            return False
        quiet = at - file.changed
        if quiet > FORGET:
            file.tail.forget()
        if file.gone and min(quiet, at - file.gone) > GONE:
            return False
        return file.settled and (file.tail.size == status.st_size or quiet <= TORN or file.refused)

    def _again(self, file: File) -> None:
        """Somebody else has taken in more of a file: find out anew what is there."""
        tail = self._state.new_tail(file.home)
        tail.find(file.read, os.fstat(file.descriptor).st_size, self._state.options.source)
        if tail.size > file.tail.size:
            file.tail = tail

    def _take(self, file: File) -> bool:
        """Take what is new of one file; whether there is more at once."""
        tail = file.tail
        status = os.fstat(file.descriptor)
        at = time.monotonic()
        quiet = at - file.changed
        if tail.torn and file.read(tail.size, 1) not in {b"", b"\n", b"\r"}:
            tail.mend_torn()
        region = file.read(tail.size, REGION)
        if not file.unchanged():
            self._truncated(file)
            return True
        if not tail.known and not tail.size and region and self._copies.is_copy(file):
            self._state.release(file)
            return False
        last = tail.size + len(region) >= status.st_size
        over = bool(file.gone) and min(quiet, at - file.gone) > GONE and last
        before = tail.size
        if region and self._understood(file, region, status, quiet, over=over):
            self._append(file, region, quiet, over=over)
        file.settled = quiet >= QUIET and last
        file.begun |= tail.size != before
        if over and file.identity in self._state.files:
            tail.finish()
            self._state.release(file)
        return tail.size != before and not last

    def _append(self, file: File, region: bytes, quiet: float, *, over: bool) -> None:
        tail, before = file.tail, file.tail.size
        cut = region.rfind(b"\n") + 1
        full = len(region) == REGION
        torn = region[cut:] if over or quiet > TORN or (full and not cut) else b""
        if not cut and not torn:
            return
        with RecordReader(self._state.projector) as reader:
            self._count(tail.take(region[:cut], reader, hold=quiet < HOLD and not torn))
            if full and cut and tail.size == before:  # one record as long as what is read at once
                self._count(tail.take(region[:cut], reader, hold=False))
            if torn and tail.size == before + cut:
                self._count(tail.take_torn(torn, reader))
                self._state.report.fail(tail.label, before + cut, "a line without an end, taken as it is")
        reader.settle(self._state.report, self._state.qualities)
        self._state.report.bytes += tail.size - before

    def _count(self, commits: Iterator[int]) -> None:
        for records in commits:
            self._state.report.records += records

    def _understood(self, file: File, region: bytes, status: os.stat_result, quiet: float, *, over: bool) -> bool:
        """Whether it is known how the file is read; found out from its beginning, once there is enough of it."""
        tail = file.tail
        fresh = abs(now() - status.st_mtime_ns) < DAY
        if tail.form is not None and tail.context is not None:
            if fresh and not tail.context.year_at_receipt:
                tail.read_by(tail.form, replace(tail.context, year_at_receipt=True), tail.source)
            return True
        whole_line = b"\n" in region or quiet > TORN or len(region) == REGION
        enough = len(region) >= ENOUGH or quiet >= HOLD
        # What is not lines may have no line feed: that is seen once it is silent.
        if file.refused or not (over or ((whole_line or quiet >= QUIET) and enough)):
            return False
        choice = self._state.hand.choose(
            Sample(tail.label, region[:SAMPLE_BYTES], complete=len(region) <= SAMPLE_BYTES)
        )
        form, found = choice.format, choice.detection
        # A secret may come in pieces, over several lines: an agent's session is searched whole.
        if is_agent_shape(region[:SAMPLE_BYTES]) or (form and found and not in_lines(form, found)):
            return self._leave_whole(file)
        if not (over or whole_line):
            return False
        if choice.format is None or choice.detection is None:
            if quiet > QUIET or len(region) >= SAMPLE_BYTES or over:
                file.refused = True
                self._state.report.skipped_files += 1
                self._state.report.fail(tail.label, 0, f"{choice.why}; --format NAME reads it all the same")
            return False
        self._state.report.formats[choice.format.name] = self._state.report.formats.get(choice.format.name, 0) + 1
        context = replace(self._state.hand.context(status.st_mtime_ns, choice.detection), year_at_receipt=fresh)
        source = self._state.options.source or file_source(choice.format.source_name or stem_of(tail.label))
        self._state.hand.note_reading(tail.label, source, choice.format, context)
        tail.read_by(choice.format, context, source)
        return True

    def _leave_whole(self, file: File) -> bool:
        """It is no file of lines: it is imported as a whole, once it is silent."""
        self._state.whole[file.identity] = Whole(file.path or file.home, grows=True)
        self._state.release(file)
        self._state.report.files -= 1
        return False

    def _truncated(self, file: File) -> None:
        """The file begins anew. What it lost may be in a copy, which is known by the state the tail was left in."""
        lost = replace(file, descriptor=-1)
        if file.tail.size:
            self._state.cut = [*self._state.cut[1 - CUTS :], lost]
        for identity, waiting in self._state.copies.items():
            if waiting.of is file:
                self._state.copies[identity] = replace(waiting, of=lost)
        file.tail = self._state.new_tail(file.home)
        file.seen, file.changed, file.refused = (-1, -1), time.monotonic(), False
        file.checked = 0  # somebody else may have taken of it what was written since
        self._state.report.files += 1

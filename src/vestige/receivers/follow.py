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

import contextlib
import os
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.ingest.claims import names_of
from vestige.ingest.reader import RecordReader
from vestige.ingest.survey import HEAD, head_of, stem_of
from vestige.ingest.tail import Tail
from vestige.model.errors import InputError
from vestige.model.instant import now
from vestige.receivers.watched import (
    REGION,
    File,
    Identity,
    Waiting,
    Watch,
    Whole,
    is_packed,
    related,
    state_of,
)
from vestige.sources import Member, Sample, walk
from vestige.sources.contract import SAMPLE_BYTES
from vestige.sources.members.member import BLOCK, RandomFile, shown, spool

if TYPE_CHECKING:
    import threading
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from vestige.ingest.claims import Claims, Names
    from vestige.ingest.importer import Importer, ImportOptions
    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ingest.report import ImportReport

POLL = 0.2
"""Seconds between two looks at the files."""
SCAN = 0.4
"""Seconds between two looks for new files."""
TELL = 1.0
HOLD = 0.3
"""Seconds a last record may still be continued by the next line."""
TORN = 30.0
"""Seconds a line may stay without its end; then it is taken as it is."""
QUIET = 2.0
"""Seconds of silence before a compressed file is imported, or one without lines, or a copy is compared."""
GONE = 60.0
"""Seconds a file that lost its name is still listened to."""
ENOUGH = 4096
"""Bytes that suffice to tell a format at once."""
KNOWN = 2
KNOWN_NANOS = 600 * 1_000_000_000
"""Rotated files beside a followed one that are looked at again at a start, of those the ledger knows: so many of the
newest, and all that were written at most so long before the newest of them. What a crash left to be taken is there."""
FORGET = 10.0
"""Seconds of silence after which a copy of a file cannot be one that was made while it was written."""
CUTS = 20
"""Truncated files remembered."""
DAY = 86_400_000_000_000


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
        self._stores = stores
        self._projector = projector
        self._options = options
        self._importer = importer
        self._claims = claims
        self._seen = claims.count
        self._most = most
        self._stop = stop
        self._tell = tell
        self._files: dict[Identity, File] = {}
        self._whole: dict[Identity, Whole] = {}
        self._copies: dict[Identity, Waiting] = {}
        self._ignored: dict[Identity, tuple[int, int]] = {}
        """What is left alone, and its size and time then: another file may get its inode."""
        self._told: set[str] = set()
        self._qualities: dict[str, Counter[str]] = {}
        self._cut: list[File] = []
        """Files as they were before they were truncated, the latest last."""
        self._first = True
        self._homes: list[str] = []
        self._hand = importer()
        self.report: ImportReport = self._hand.report

    def run(self, paths: Sequence[Path]) -> ImportReport:
        """Follow until asked to stop; what has been committed by then is the account."""
        watches = [Watch(str(path)) for path in paths]
        self._homes = [watch.path for watch in watches]
        begun = told = time.monotonic()
        scanned = 0.0
        try:
            while not self._stop.is_set():
                at = time.monotonic()
                if at - scanned >= SCAN:
                    self._scan(watches)
                    scanned = time.monotonic()
                busy = self._look()
                if time.monotonic() - told >= TELL:
                    told = time.monotonic()
                    self._tell(self._progress(told - begun))
                if not busy:
                    self._stop.wait(POLL)
        finally:
            for file in list(self._files.values()):
                self._release(file)
        for label, counts in self._qualities.items():
            self.report.assume(label, counts)
        self.report.seconds = time.monotonic() - begun
        if self.report.records > self.report.duplicates:
            self._hand.record_import()
        return self.report

    def _progress(self, seconds: float) -> dict[str, object]:
        behind = sum(max(0, file.seen[0] - file.tail.size) for file in self._files.values())
        return {
            "followed": len(self._files),
            "records": self.report.records,
            "behind": behind,
            "share": 1.0,
            "seconds": round(seconds, 2),
        }

    # -- which files there are ------------------------------------------------------------------------------------

    def _scan(self, watches: list[Watch]) -> None:
        present: dict[Identity, str] = {}
        fresh: list[tuple[str, os.stat_result, bool]] = []
        for watch in watches:
            for path, beside in watch.files():
                try:
                    status = os.stat(path) if path == watch.path else os.lstat(path)  # noqa: PTH116 - as above
                except OSError:
                    continue
                identity = (status.st_dev, status.st_ino)
                if not stat.S_ISREG(status.st_mode) or identity in present:
                    continue
                present[identity] = path
                if identity in self._files or self._ignored.get(identity) == state_of(status):
                    continue
                fresh.append((path, status, beside))
        at = time.monotonic()
        for identity, file in self._files.items():
            file.path = present.get(identity, "")
            file.gone = 0.0 if file.path else file.gone or at
        for gone in self._ignored.keys() - present.keys():
            del self._ignored[gone]
        for gone in self._whole.keys() - present.keys():
            del self._whole[gone]
        for gone in self._copies.keys() - present.keys():
            del self._copies[gone]
        # What stands beside a followed file comes the newest first: the search ends at the first that is known.
        fresh.sort(key=lambda one: (one[2], -one[1].st_mtime_ns if one[2] else 0))
        self._begin_all(fresh)
        self._first = False

    def _begin_all(self, fresh: list[tuple[str, os.stat_result, bool]]) -> None:
        unknown: list[tuple[str, os.stat_result]] = []
        found = newest = 0
        for path, status, beside in fresh:
            identity = (status.st_dev, status.st_ino)
            if identity in self._whole:
                self._whole[identity].path = path  # it may have been rotated on
            elif identity in self._copies:
                self._copies[identity].path = path
                self._settle_copy(identity, self._copies[identity], status)
            elif not (beside and self._first):
                # A file that gets such a name while we follow is the log that was rotated, or a copy of it.
                self._begin(path, status, beside=False)
            elif found >= KNOWN and status.st_mtime_ns < newest - KNOWN_NANOS:
                self._ignored[identity] = state_of(status)
            elif self._begin(path, status, beside=True):
                found += 1
                newest = max(newest, status.st_mtime_ns)
                for missed, its in unknown:  # written and rotated while nobody followed
                    self._ignored.pop((its.st_dev, its.st_ino), None)
                    self._begin(missed, its, beside=False)
                unknown.clear()
            else:
                unknown.append((path, status))
        self._import_silent(fresh)

    def _begin(self, path: str, status: os.stat_result, *, beside: bool) -> bool:
        """Take up a file; whether the ledger knows any of it."""
        identity = (status.st_dev, status.st_ino)
        if len(self._files) >= self._most:
            self._refuse(path, status, f"not followed: {self._most} files are (VESTIGE_LIMIT_FOLLOWED_FILES)")
            return False
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._refuse(path, status, f"cannot be read: {error.strerror}")
            return False
        file = File(path, descriptor, identity, self._new_tail(path), path, beside=beside)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, descriptor)
            opened = os.fstat(descriptor)
            if (opened.st_dev, opened.st_ino) != identity:
                return False  # replaced meanwhile: it comes again
            if is_packed(file.read(0, BLOCK)):
                return self._begin_packed(path, status, beside=beside)
            if self._is_copy(file) or not self._find(file):
                return False
            stack.pop_all()
        self._files[identity] = file
        return file.tail.known

    def _begin_packed(self, path: str, status: os.stat_result, *, beside: bool) -> bool:
        """Take up a compressed file or an archive; one beside a followed file only if it begins as a known one."""
        identity = (status.st_dev, status.st_ino)
        if beside:
            member = next((one for one in walk(path) if isinstance(one, Member)), None)
            head = b""
            with contextlib.suppress(InputError):
                if member is not None:
                    with member.open() as stream:
                        head = head_of(stream, HEAD)
            if not self._new_tail(path).begins_known(head):
                self._ignored[identity] = state_of(status)
                return False
        self._whole[identity] = Whole(path, before=self._first)
        return True

    def _new_tail(self, path: str) -> Tail:
        return Tail(self._stores, self._projector, self._options.by, shown(path))

    def _is_copy(self, file: File) -> bool:
        """Whether a file of which nothing was taken yet may be a copy of another; it is then looked at when silent."""
        original = self._original(file.home, file.read(0, HEAD))
        if original is None:
            return False
        self._copies[file.identity] = Waiting(file.home, original)
        return True

    def _find(self, file: File) -> bool:
        """Find out what the ledger has of a file; whether it is to be followed."""
        file.checked = self._claims.count
        size = os.fstat(file.descriptor).st_size
        status = os.fstat(file.descriptor)
        shorter = file.tail.find(file.read, size, self._options.source)
        if shorter and any(related(file.home, watch) for watch in self._homes):
            self._refuse(file.home, status, "not taken: a shorter copy of a log that is taken in already")
            return False
        if file.beside and not file.tail.known:
            self._ignored[file.identity] = state_of(status)
            return False
        if file.tail.form is not None and file.tail.form.rendered:
            self._whole[file.identity] = Whole(file.home)
            return False
        known = file.tail.number
        self.report.files += 1
        self.report.records += known
        self.report.duplicates += known
        self.report.bytes += file.tail.size
        return True

    def _refuse(self, path: str, status: os.stat_result, reason: str) -> None:
        self._ignored[status.st_dev, status.st_ino] = state_of(status)
        if path not in self._told:
            self._told.add(path)
            self.report.skipped_files += 1
            self.report.fail(shown(path), 0, reason)

    def _release(self, file: File) -> None:
        self._files.pop(file.identity, None)
        with contextlib.suppress(OSError):
            os.close(file.descriptor)

    # -- copies ---------------------------------------------------------------------------------------------------

    def _original(self, path: str, head: bytes) -> File | None:
        """The file that this one may be a copy of: one with such a name, whose first KiB it shares."""
        lost = self._cut[::-1]
        live = [file for file in self._files.values() if file.path == file.home]
        for file in [*lost, *live]:
            size = min(len(head), len(file.tail.head))
            if size and related(path, file.home) and head[:size] == file.tail.head[:size]:
                return file
        return None

    def _settle_copy(self, identity: Identity, waiting: Waiting, status: os.stat_result) -> None:
        """Once it is silent: leave a copy alone if all of it was taken, else take what the ledger lacks of it."""
        at = time.monotonic()
        if state_of(status) != waiting.state:
            waiting.state, waiting.since = state_of(status), at
            return
        original, size = waiting.of, status.st_size
        live = self._files.get(original.identity) is original
        if at - waiting.since < QUIET or (live and (size > original.tail.size or not self._same(original))):
            return
        del self._copies[identity]
        try:
            descriptor = os.open(waiting.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._refuse(waiting.path, status, f"cannot be read: {error.strerror}")
            return
        file = File(waiting.path, descriptor, identity, self._new_tail(waiting.path), waiting.path)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, descriptor)
            opened = os.fstat(descriptor)
            if (opened.st_dev, opened.st_ino) != identity:
                self._copies[identity] = waiting  # it has another name by now
            elif size <= original.tail.size and self._had(original, file.read, size, live=live):
                self._ignored[identity] = state_of(status)
            elif self._find(file):
                self._files[identity] = file
                stack.pop_all()

    @staticmethod
    def _had(original: File, read: Callable[[int, int], bytes], size: int, *, live: bool) -> bool:
        """Whether a file of this size is how another began. Where that is remembered no more, its first KiB tells."""
        same = original.tail.has(read, size)
        if same is None and live:
            step = 1 << 20
            same = all(
                read(at, min(step, size - at)) == original.read(at, min(step, size - at)) for at in range(0, size, step)
            )
        return len(original.tail.head) >= HEAD if same is None else same

    # -- what is imported as a whole ------------------------------------------------------------------------------

    def _import_silent(self, fresh: list[tuple[str, os.stat_result, bool]]) -> None:
        """Import what is silent, the oldest first: a search at the next start ends at the newest that are known."""
        at = time.monotonic()
        for path, status, beside in sorted(fresh, key=lambda one: one[1].st_mtime_ns):
            whole = self._whole.get((status.st_dev, status.st_ino))
            if whole is None:
                continue
            if state_of(status) != whole.state:
                whole.state, whole.since = state_of(status), at
            behind = any(
                file.begun and related(path, file.home) and file.tail.size < os.fstat(file.descriptor).st_size
                for file in self._files.values()
            )
            if at - whole.since >= QUIET and not behind:
                self._import_whole((status.st_dev, status.st_ino), whole)
            elif beside:
                return

    def _import_whole(self, identity: Identity, whole: Whole) -> None:
        # Left alone until it changes: then it may be another file in its place.
        del self._whole[identity]
        self._ignored[identity] = whole.state
        if self._had_packed(whole.path):
            return
        report = self._importer().run([Path(whole.path)])
        total = self.report
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
            total.fail(failure.file, failure.offset, failure.reason)

    def _had_packed(self, path: str) -> bool:
        """Whether a compressed file is a copy of which all was taken before the original was truncated."""
        for member in walk(path) if any(related(path, file.home) for file in self._cut) else ():
            if isinstance(member, Member) and not member.container:
                with contextlib.suppress(InputError), member.open() as stream:
                    content, fault = spool(stream)

                    def read(offset: int, size: int, content: RandomFile = content) -> bytes:
                        return os.pread(content.descriptor, size, offset)

                    original = self._original(path, read(0, HEAD))
                    size = content.seek(0, os.SEEK_END)
                    if fault is None and original is not None and size <= original.tail.size:
                        return self._had(original, read, size, live=False)
        return False

    # -- new bytes ------------------------------------------------------------------------------------------------

    def _look(self) -> bool:
        """Take what is new of every file; whether there is more at once."""
        busy = False
        others = self._claims.count != self._seen
        self._seen = self._claims.count
        for file in self._in_order():
            if self._stop.is_set():
                return False
            if self._idle(file) and not (others and self._behind(file, self._names(file))):
                continue
            names = self._names(file)
            # Who waits here waits for all files: what somebody else is taking in is looked at again soon.
            with self._claims.hold(names) as mine:
                if mine:
                    busy |= self._take_claimed(file, names)
        return busy

    @staticmethod
    def _names(file: File) -> Names:
        return names_of(file.tail.label, file.read(0, HEAD), os.fstat(file.descriptor))

    def _behind(self, file: File, names: Names) -> bool:
        return self._claims.taken_since(names, file.checked, self)

    def _take_claimed(self, file: File, names: Names) -> bool:
        """Take what is new of a file that is claimed, from where the ledger has it to; whether there is more."""
        count = self._claims.count
        if self._behind(file, names) and file.tail.overtaken(file.read):
            self._again(file)
        file.checked = count
        before = (file.tail, file.tail.size)
        try:
            return self._take(file)
        finally:
            if (file.tail, file.tail.size) != before:
                self._claims.took(names, self)

    def _in_order(self) -> list[File]:
        """The files to look at.

        Of one log and its rotated files the older come first, and a newer one is not begun before they are taken in:
        at the next start the search among them ends at those that are known.
        """
        ready = []
        for home in self._homes:
            waiting = any(whole.before and related(whole.path, home) for whole in self._whole.values())
            family = [file for file in self._files.values() if file.home == home or related(file.home, home)]
            for file in sorted(family, key=lambda file: os.fstat(file.descriptor).st_mtime_ns):
                if not waiting or file.begun:
                    ready.append(file)
                waiting = waiting or not (file.settled or file.tail.size >= os.fstat(file.descriptor).st_size)
        return ready + [file for file in self._files.values() if file not in ready and not self._in_family(file)]

    def _in_family(self, file: File) -> bool:
        return any(file.home == home or related(file.home, home) for home in self._homes)

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
        tail = self._new_tail(file.home)
        tail.find(file.read, os.fstat(file.descriptor).st_size, self._options.source)
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
        if not self._same(file):
            self._truncated(file)
            return True
        if not tail.known and not tail.size and region and self._is_copy(file):
            self._release(file)
            return False
        last = tail.size + len(region) >= status.st_size
        over = bool(file.gone) and min(quiet, at - file.gone) > GONE and last
        before = tail.size
        if region and self._understood(file, region, status, quiet, over=over):
            self._append(file, region, quiet, over=over)
        file.settled = quiet >= QUIET and last
        file.begun |= tail.size != before
        if over:
            tail.finish()
            self._release(file)
        return tail.size != before and not last

    def _append(self, file: File, region: bytes, quiet: float, *, over: bool) -> None:
        tail, before = file.tail, file.tail.size
        cut = region.rfind(b"\n") + 1
        full = len(region) == REGION
        torn = region[cut:] if over or quiet > TORN or (full and not cut) else b""
        if not cut and not torn:
            return
        with RecordReader(self._projector) as reader:
            self._count(tail.take(region[:cut], reader, hold=quiet < HOLD and not torn))
            if full and cut and tail.size == before:  # one record as long as what is read at once
                self._count(tail.take(region[:cut], reader, hold=False))
            if torn and tail.size == before + cut:
                self._count(tail.take_torn(torn, reader))
                self.report.fail(tail.label, before + cut, "a line without an end, taken as it is")
        reader.settle(self.report, self._qualities)
        self.report.bytes += tail.size - before

    def _count(self, commits: Iterator[int]) -> None:
        for records in commits:
            self.report.records += records

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
        if file.refused or not (over or (whole_line and enough)):
            return False
        choice = self._hand.choose(Sample(tail.label, region[:SAMPLE_BYTES], complete=len(region) <= SAMPLE_BYTES))
        if choice.format is None or choice.detection is None:
            if quiet > QUIET or len(region) >= SAMPLE_BYTES or over:
                file.refused = True
                self.report.skipped_files += 1
                self.report.fail(tail.label, 0, f"{choice.why}; --format NAME reads it all the same")
            return False
        self.report.formats[choice.format.name] = self.report.formats.get(choice.format.name, 0) + 1
        if choice.format.rendered:
            self._whole[file.identity] = Whole(file.path or file.home)
            self._release(file)
            return False
        context = replace(self._hand.context(status.st_mtime_ns, choice.detection), year_at_receipt=fresh)
        source = self._options.source or choice.format.source_name or stem_of(tail.label)
        self._hand.note_reading(tail.label, source, choice.format, context)
        tail.read_by(choice.format, context, source)
        return True

    @staticmethod
    def _same(file: File) -> bool:
        """Whether the file still has what was taken of it; asked after reading, so what was read is of that file."""
        tail = file.tail
        begin = max(0, tail.size - len(tail.anchor))
        return (
            os.fstat(file.descriptor).st_size >= tail.size
            and file.read(begin, len(tail.anchor)) == tail.anchor
            and file.read(0, len(tail.head)) == tail.head
        )

    def _truncated(self, file: File) -> None:
        """The file begins anew. What it lost may be in a copy, which is known by the state the tail was left in."""
        lost = replace(file, descriptor=-1)
        if file.tail.size:
            self._cut = [*self._cut[1 - CUTS :], lost]
        for identity, waiting in self._copies.items():
            if waiting.of is file:
                self._copies[identity] = replace(waiting, of=lost)
        file.tail = self._new_tail(file.home)
        file.seen, file.changed, file.refused = (-1, -1), time.monotonic(), False
        file.checked = 0  # somebody else may have taken of it what was written since
        self.report.files += 1

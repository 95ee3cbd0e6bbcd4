"""The one writer of a log's rows in the index: blocks in order, none lost, none counted twice.

The index records the bounds of a block before it is written and again when every table has it
(:mod:`vestige.index.writer`). After a crash the torn block is built again with the same bounds, and each table skips
what it already has. Each block carries the leaf hash of its last entry. An index that is empty, further than the
ledger it stands beside, whose leaf hashes are not the ledger's (a ledger put back to an older state, and grown
otherwise since), or which does not have the rows it says it has, is filled from entry zero.

Chunks an import has just read are handed over in memory (:meth:`Projector.offer`); whatever was not handed over is
read back from the ledger. One thread builds the next block while another writes the last one.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from vestige.index import DamagedIndexError
from vestige.ingest.contexts import Contexts
from vestige.ingest.reading import Columns, add_control, add_run
from vestige.ingest.runs import Control, runs_of
from vestige.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.db import Database
    from vestige.index import Block, Differences, Index, TableDigest
    from vestige.ledger import Ledger

BLOCK = 50_000
"""Rows a block aims at: large blocks cost the engine least."""
BLOCK_BYTES = 48 << 20
"""Characters of the rows' large texts at which a block is cut: the engine holds a block several times over while it
takes it, and a text of another script needs three bytes a character."""
READ = 10_000
READ_BYTES = 8 << 20
"""Bytes of payload read back from the ledger at a time: as much as a batch of an import may hold."""
LINGER = 0.25
"""Seconds a block may wait for more rows while nobody is waiting for it: a commit of the index has a floor."""
OFFERED_BYTES = 192 << 20
RETRY = 5.0
"""Seconds after a failure before the projector tries again."""
COUNT_SECONDS = 60.0
"""Seconds for which a count of the index's rows is remembered for those who ask often."""
POLL = 0.5
"""Seconds between looks at the head, for entries another process appended."""


class Chunk(NamedTuple):
    """Rows of the dense stretch [lo, hi), already read."""

    lo: int
    hi: int
    columns: Columns
    size: int


class Rebuilt(NamedTuple):
    """What a rebuild did."""

    entries: int
    """The size of the log that is in the new rows."""
    before: dict[str, TableDigest]
    after: dict[str, TableDigest]
    differences: Differences | None
    """What changed in the events, by field; ``None`` if nothing did."""


class Projector:
    """Keeps the index of one log up with its ledger. Start it once; read its ``watermark``; close it.

    ``may_write`` is asked before the index is changed, and raises where another has become the one that writes.
    """

    def __init__(
        self,
        ledger: Ledger,
        index: Index,
        db: Database,
        tenant: str,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._index = index
        self._db = db
        self._tenant = tenant
        self._may_write = may_write
        self._log = ledger.log(tenant).first
        self.contexts = Contexts(ledger, db, tenant)
        lock = threading.RLock()
        self._condition = threading.Condition(lock)
        self._passed = threading.Condition(lock)
        """Of those who wait for the index: an entry that was only appended wakes none of them."""
        self._offered: dict[int, Chunk] = {}
        self._offered_bytes = 0
        self._expected = 0
        self._handed = 0
        self._waiting = 0
        self._closing = False
        self._paused = False
        self._long = False
        self._building = False
        self._rebuilding = threading.Lock()
        self._error: Exception | None = None
        self._anew = False
        self._counted: tuple[float, str] | None = None
        self._stop = threading.Event()
        self.written: Callable[[int, int], None] = lambda _lo, _hi: None
        """Told of each block that is in the index: the position of its first entry, and that after its last."""
        self.around: Callable[[int, int], contextlib.AbstractContextManager[object]] = lambda *_: (
            contextlib.nullcontext()
        )
        """Entered while a block, of these bounds, is written."""
        self._watermark = 0
        try:
            self._align()
        except DamagedIndexError:
            self._align()  # which now looks for the damage first
        self._watermark = index.watermark(self._log)
        self._read_to = index.read_to(self._log)
        self.contexts.catch_up(ledger.head(tenant))
        self._thread = threading.Thread(target=self._run, name=f"projector-{self._log}", daemon=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"index-{self._log}")

    @property
    def watermark(self) -> int:
        """Entries below it are in the index."""
        return self._watermark

    @property
    def error(self) -> Exception | None:
        """What stopped the projector, if something did; None once the index has caught up again."""
        return self._error

    def missing(self, max_age: float = 0.0) -> str:
        """What the index lacks of the entries it says it has, in words; empty if nothing.

        Args:
            max_age: seconds an earlier answer may be old.
        """
        if self._counted is not None and time.monotonic() - self._counted[0] < max_age:
            return self._counted[1]
        end, generation = self._watermark, self._index.generation(self._log)
        found = self._lacking(end)
        if end != self._watermark or generation != self._index.generation(self._log) or self._paused:
            return ""  # replaced while it was counted
        self._counted = time.monotonic(), found
        return found

    def _lacking(self, end: int) -> str:
        counts = self._index.counts(self._log, end)
        if counts.whole(end):
            return ""
        return (
            f"of {end} entries {counts.entries} are in the index, with {counts.events} events at {counts.places} places"
        )

    def start(self) -> None:
        """Begin to follow the head."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the block in flight; what is left is caught up at the next start."""
        self._stop.set()
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._writer.shutdown()

    def expect(self, chunks: int = 1) -> None:
        """Announce chunks about to be appended and offered, or take announcements back with a negative number.

        While any are on their way the projector goes no further than what was handed to it, or it would read
        back from the ledger, and parse again, what is about to arrive.
        """
        with self._condition:
            self._expected += chunks
            self._condition.notify_all()

    def offer(self, chunk: Chunk) -> None:
        """Hand over rows just read, so that they need not be read back. Waits while too much is held."""
        with self._condition:
            while (
                self._offered_bytes > OFFERED_BYTES
                and not self._closing
                and self._error is None
                and chunk.lo > self._watermark
            ):
                self._condition.wait(1.0)
                # Of two who append side by side, one may be read back before it is handed over: nobody asks for that.
                self._drop(self._watermark)
            if self._error is None and not self._closing:
                self._offered[chunk.lo] = chunk
                self._handed = max(self._handed, chunk.hi)
                self._offered_bytes += chunk.size
            self._condition.notify_all()

    def nudge(self) -> None:
        """Say that this process has just appended something."""
        with self._condition:
            self._condition.notify_all()

    def wait(self, seq: int, timeout: float | None) -> int:
        """Wait until every entry below ``seq`` is in the index, or the next block cannot be written: see ``error``.

        Args:
            seq: a size of the log.
            timeout: seconds; ``None`` waits until one of the two. While every row is computed again, it is none.

        Returns:
            How many entries the index still lags behind ``seq``; 0 when it has them all.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._condition:
            if self._watermark >= seq and not self._stale:
                return 0
            self._waiting += 1
            if self._waiting == 1:
                self._condition.notify_all()
            try:
                while self._watermark < seq or self._stale:
                    left = None if deadline is None else deadline - time.monotonic()
                    if self._error is not None or (left is not None and (left <= 0 or self._long)):
                        return max(seq - self._watermark, 1)
                    self._passed.wait(left)
            finally:
                self._waiting -= 1
        return 0

    def rebuild(self, progress: Callable[[int, int], None], stop: threading.Event) -> Rebuilt:
        """Compute every row again from the ledger, beside the present ones, and swap.

        Args:
            progress: told (entries done, entries in all) after each block.
            stop: set when the rebuild should be given up; the present rows then stay.

        Raises:
            BusyError: a rebuild is under way, or this one was given up.
        """
        with self._computing():
            if self._index.is_damaged(self._log):  # and cannot be compared with
                self._empty()
            return self._rebuild(progress, stop)

    def compare(self, progress: Callable[[int, int], None], stop: threading.Event) -> Rebuilt:
        """Compute every row again as :meth:`rebuild` does, say what differs, and leave the present rows as they are.

        What is appended meanwhile comes to the index afterwards.

        Raises:
            BusyError: a rebuild is under way, or this one was given up.
        """
        with self._computing():
            return self._rebuild(progress, stop, swap=False)

    def reread(self, say: Callable[[], None], progress: Callable[[int, int], None]) -> Rebuilt:
        """Let something be said of a source, and compute every row again by it before anything else is indexed.

        Args:
            say: appends the statement.
            progress: as of :meth:`rebuild`.

        Raises:
            BusyError: a rebuild is under way; nothing was said then.
        """
        with self._computing():
            say()
            return self._rebuild(progress, self._stop)

    @contextlib.contextmanager
    def _computing(self) -> Iterator[None]:
        """Hold still for as long as it takes to compute every row: nobody who reads waits for that."""
        with self._still():
            with self._condition:
                self._long = True
                self._passed.notify_all()
            try:
                yield
            finally:
                self._long = False

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        """Hold still while the log goes on as a new epoch; then follow that, with an index that fits it.

        Raises:
            BusyError: a rebuild is under way.
        """
        with self._still():
            yield
            # Even if the next steps fail: the thread then takes them again.
            self._anew = True
            self.contexts = Contexts(self._ledger, self._db, self._tenant)
            with self._condition:
                self._offered.clear()
                self._offered_bytes = self._handed = 0
            self._align()
            self._watermark = self._index.watermark(self._log)

    @contextlib.contextmanager
    def _still(self, *, patient: bool = False) -> Iterator[None]:
        """Keep the thread from building and writing.

        Raises:
            BusyError: somebody has it still already, and this caller is not patient.
        """
        if not self._rebuilding.acquire(blocking=patient):
            raise BusyError("the index is being rebuilt already", hint="wait for it to end")
        try:
            with self._condition:
                self._paused = True
                while self._building:
                    self._condition.wait()
            self._writer.submit(lambda: None).result()  # what is being written ends first
            yield
        finally:
            with self._condition:
                self._paused = False
                self._condition.notify_all()
            self._rebuilding.release()

    def _rebuild(self, progress: Callable[[int, int], None], stop: threading.Event, *, swap: bool = True) -> Rebuilt:
        def check() -> None:
            if stop.is_set():
                raise BusyError("the rebuild was given up; the index is as it was", hint="run it again")

        before = self._index.digests(self._log)
        head = self._ledger.head(self._tenant) if swap else self._watermark
        if swap:
            # What is said last of a source holds for its first record too.
            contexts = Contexts(self._ledger, self._db, self._tenant)
            contexts.catch_up(head)
            self.contexts = contexts
        with self._index.rebuild(self._log) as target:
            lo = 0
            while lo < head:
                check()
                block = self._build(lo, head, offered=False)
                target.write(block)
                lo = block.hi
                progress(lo, head)
            after = target.digests()
            differences = target.differences(check) if after["events"] != before["events"] else None
            if swap:
                self._may_write()
                target.swap(head)
        if swap:
            with self._condition:
                self._watermark = self._index.watermark(self._log)
                self._error = None
                self._read_to = head
                self._tell()
        return Rebuilt(head, before, after, differences)

    def _run(self) -> None:
        """Follow the ledger; after a failure say so to every waiter, and try again a little later."""
        failed = False
        while not self._closing:
            try:
                if failed:
                    self._index.refresh(self._log)
                self._follow()
                self._heed()
            except Exception as error:  # noqa: BLE001 - whatever stops the projector is kept and told to every waiter
                failed = True
                self._fail(error)

    @property
    def _stale(self) -> bool:
        """Whether something was said of a source that its rows do not know of yet."""
        return self.contexts.ruled > self._read_to

    def _take_stock(self, built: int) -> None:
        """Learn what is said of sources, and whether the rows know of it; an index without rows soon will."""
        head = self._ledger.head(self._tenant)
        self.contexts.catch_up(head)
        if built == 0:
            self._may_write()
            self._index.mark_read(self._log, head)
        with self._condition:
            self._read_to = self._index.read_to(self._log)
            self._tell()

    def _heed(self) -> None:
        """See to what was said of sources and not seen to: by another process, or before this one was killed."""
        if not self._stale or self._anew or self._closing:
            return
        with self._still(patient=True):
            if self._stale:
                with contextlib.suppress(BusyError):  # given up because this is closing: the next start sees to it
                    self._rebuild(lambda *_: None, self._stop)

    def _fail(self, error: Exception) -> None:
        with self._condition:
            self._error = error
            self._building = False
            self._offered.clear()
            self._offered_bytes = 0
            self._tell()
            self._condition.wait_for(lambda: self._closing, RETRY)

    def _align(self) -> None:
        """Empty the log's rows if they are damaged, not all there, or of another history than the ledger's."""
        if self._index.suspects(self._log) and self._index.is_damaged(self._log):
            self._empty()
            return
        marks = self._index.marks(self._log)  # before the head: another's may grow meanwhile, and the ledger first
        head = self._ledger.head(self._tenant)
        other = any(end > head or tip != self._tip(end) for end, tip in marks)
        if other or self._lacking(self._index.watermark(self._log)):
            self._empty()

    def _empty(self) -> None:
        """Drop the log's rows. First of all they are said to be none: nobody takes what is left of them for all."""
        self._may_write()
        with self._condition:
            self._watermark = 0
        self._index.drop(self._log)

    def _tip(self, end: int) -> str:
        """The leaf hash of the last entry below ``end``, in hex."""
        return self._ledger.read(self._tenant, end - 1, end)[0].leaf_hash.hex()

    def _follow(self) -> None:
        writing: Future[None] | None = None
        self._begin_building()
        self._anew = False
        self._align()
        for lo, hi in self._index.torn(self._log):
            self._write(self._build(lo, hi, offered=False, exact=True))
        built = self._watermark = self._index.watermark(self._log)
        self._end_building()
        self._take_stock(built)
        while self._await_work(built, writing):
            built = max(built, self._watermark)
            block = self._build(built, self._reach(), offered=True)
            if writing is not None:
                writing.result()
            writing = self._writer.submit(self._write, block)
            built = block.hi
            self._done_building(writing)
        if writing is not None:
            writing.result()

    def _done_building(self, writing: Future[None]) -> None:
        """Let a rebuild in only between blocks, when nothing is being written."""
        if self._paused:
            writing.result()
        self._end_building()

    def _begin_building(self) -> None:
        with self._condition:
            self._condition.wait_for(lambda: not self._paused)
            self._building = True

    def _end_building(self) -> None:
        """Let whoever wants the thread still have it, and wait for that to end."""
        with self._condition:
            self._building = False
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._paused)

    def _await_work(self, built: int, writing: Future[None] | None) -> bool:
        """Block until there is something to build; ``False`` when closing, or when all is to begin anew."""
        started = time.monotonic()
        with self._condition:
            while True:
                if writing is not None and writing.done():
                    writing.result()
                anew = self._anew or self._stale or self._index.suspects(self._log)
                if self._closing or (anew and not self._paused):
                    return False
                if not self._paused:
                    ready = self._reach() - max(built, self._watermark)
                    lingered = time.monotonic() - started >= LINGER
                    idle = writing is None or writing.done()
                    full = ready >= BLOCK or self._offered_bytes > OFFERED_BYTES
                    if ready > 0 and (full or (idle and (self._waiting > 0 or lingered))):
                        self._building = True
                        return True
                    if ready <= 0 and idle:
                        self._error = None  # the index has all there is, whatever was wrong before
                self._condition.wait(POLL if self._waiting == 0 else 0.01)

    def _reach(self) -> int:
        """How far blocks may be built now."""
        with self._condition:
            head = self._ledger.head(self._tenant)
            return head if self._expected <= 0 else min(head, self._handed)

    def _build(self, lo: int, head: int, *, offered: bool, exact: bool = False) -> Block:
        """The next block from ``lo``: cut once it has BLOCK rows or BLOCK_BYTES, never past ``head``.

        All of [lo, head) if ``exact``: a torn block's bounds, which were cut like this when it was begun.
        """
        columns = Columns()
        at = lo
        while at < head and (exact or (len(columns.seqs) < BLOCK and columns.size < BLOCK_BYTES)):
            chunk, following = self._take(at) if offered else (None, None)
            if chunk is not None:
                columns.extend(chunk.columns)
                at = chunk.hi
                continue
            entries = self._ledger.read(self._tenant, at, min(head, at + READ, following or head), READ_BYTES)
            self.contexts.catch_up(entries[-1].position + 1)
            for run in runs_of(entries, self._ledger.beginning):
                if isinstance(run, Control):
                    add_control(columns, run, self.contexts.remarks)
                else:
                    add_run(columns, run, self.contexts, self.digest_token, self.contexts.remarks)
            at = entries[-1].position + 1
        return columns.block(self._log, lo, at, self._tip(at))

    def _drop(self, below: int) -> None:
        """Let go of chunks that begin below what has been built: they came too late."""
        for stale in [lo for lo in self._offered if lo < below]:
            self._offered_bytes -= self._offered.pop(stale).size

    def _take(self, at: int) -> tuple[Chunk | None, int | None]:
        """The chunk offered at ``at``, or where the next one begins."""
        with self._condition:
            self._drop(at)
            chunk = self._offered.pop(at, None)
            if chunk is not None:
                self._offered_bytes -= chunk.size
                self._condition.notify_all()
            return chunk, min(self._offered, default=None)

    def _write(self, block: Block) -> None:
        self._may_write()
        with self.around(block.lo, block.hi):
            self._index.write(block)
        with self._condition:
            self._watermark = self._index.watermark(self._log)
            self._error = None
            self._tell()
        self.written(block.lo, block.hi)

    def _tell(self) -> None:
        """Wake everybody who waits for anything, with the lock held: the index has moved, or cannot."""
        self._condition.notify_all()
        self._passed.notify_all()

    def digest_token(self, text: str) -> str:
        """The keyed digest a token is known by: comparable within the tenant, useless outside it."""
        return self._ledger.dedup_key(self._tenant, b"token", text.encode("utf-8", "replace")).hex()[:32]

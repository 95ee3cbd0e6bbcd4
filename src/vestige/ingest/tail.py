"""The committed part of a file that grows, and the commits that make it longer at the cost of the new bytes alone.

How far a file has been taken in is the ledger's own member progress, as after an import (:mod:`vestige.ingest.store`):
a row under the keyed digest of the file's first ``size`` bytes. The digest's state is kept between commits, so a commit
hashes only what is new; it moves the row in the transaction that appends the records. After a crash the row is the
offset, found again by content (:meth:`Tail.find`), and that costs one reading of the file.

A row of an earlier acquisition stays: only the rows of this one make place for each other.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from vestige.ingest import store
from vestige.ingest.acquire import Acquired, amendment, begin, followed_payload, normalisation
from vestige.ingest.runs import Run, to_micros
from vestige.ingest.survey import HEAD, stem_of
from vestige.ledger import EvidenceBatch
from vestige.model.errors import UsageError
from vestige.model.vocabulary import file_source
from vestige.sources import Turn, format_named, in_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ingest.reader import RecordReader
    from vestige.ledger import Draft, PreparedBatch, Transaction
    from vestige.model.event import Record
    from vestige.model.principal import Principal
    from vestige.sources import Context, Format

READ = 1 << 20
ANCHOR = 256
"""Bytes before the end of what was taken that tell whether the file is still the one it was."""
RECENT_BYTES = 1 << 20
"""How much of what was taken last is remembered, to know a shorter copy of the file by."""


class Point(NamedTuple):
    """The digest of a file's beginning, up to a length."""

    size: int
    sha: hashlib._Hash


class Tail:
    """One file. ``size`` is where the next record begins, all before it is committed."""

    def __init__(self, stores: Stores, projector: Projector, by: Principal, label: str) -> None:
        self._stores = stores
        self._projector = projector
        self._by = by
        self.label = label
        self.size = 0
        self.number = 0
        self.head = b""
        self.anchor = b""
        self.form: Format | None = None
        self.context: Context | None = None
        self.source = ""
        self._sha = hashlib.sha256()
        self._row: store.MemberRow | None = None
        self._acquired: Acquired | None = None
        self._opened = False
        self._before_torn: tuple[int, int, hashlib._Hash] | None = None
        self._recent: deque[tuple[Point, bytes]] = deque()

    @property
    def known(self) -> bool:
        """Whether any of it is in the ledger."""
        return self._row is not None

    @property
    def torn(self) -> bool:
        """Whether the last record taken was a line that had no end yet."""
        return self._before_torn is not None

    @property
    def in_lines(self) -> bool:
        """Whether it may be taken line by line, as far as is known yet."""
        return self.form is None or self.context is None or in_lines(self.form, self.context)

    # -- finding where the ledger left off ------------------------------------------------------------------------

    def find(self, read: Callable[[int, int], bytes], size: int, source: str | None) -> bool:
        """Read the file's first ``size`` bytes, and go on where the longest member it begins with ended.

        Args:
            read: gives bytes from an offset, at most as many as asked for.
            size: how far to read.
            source: only members of this source (its name) count, if given.

        Returns:
            Whether there is a longer member that begins alike in its first KiB: this may be a shorter copy of it.
        """
        self.head = read(0, min(HEAD, size))
        rows = self._rows(source)
        longer = any(row.size > size and row.head != self._stem_key() for row in rows)
        sha, at, found = hashlib.sha256(), 0, None
        for row in sorted(rows, key=lambda row: row.size):
            if not 0 < row.size <= size:
                continue
            while at < row.size and (data := read(at, min(READ, row.size - at))):
                sha.update(data)
                at += len(data)
            if at == row.size and self._keyed(b"member", sha.digest()) == row.key:
                found = (row, sha.copy())
        if found is not None:
            self._resume(*found, read)
        return longer and found is None

    def _rows(self, source: str | None) -> list[store.MemberRow]:
        stores = self._stores
        with stores.db.read() as connection:
            wanted = None if source is None else store.source_id(connection, stores.log, source) or ""
            rows = store.members_with_head(connection, stores.log, [self._head_key(), self._stem_key()])
        return [row for row in rows if wanted in {None, row.source}]

    def _resume(self, row: store.MemberRow, sha: hashlib._Hash, read: Callable[[int, int], bytes]) -> None:
        self._row, self._sha = row, sha
        self.size, self.number = row.size, row.records
        following = read(row.size, 1)
        if row.end < row.size and read(row.end, row.size - row.end).strip(b"\r\n"):
            self._back_to(row.end, row.records, read)  # an import that was cut short
        elif row.end == row.size and row.records and following not in {b"", b"\n", b"\r"}:
            # It ended within a line that goes on now: that is taken again, whole.
            self._back_to(row.last, row.records - 1, read)
        self.anchor = read(max(0, self.size - ANCHOR), min(ANCHOR, self.size))
        with self._stores.db.read() as connection:
            self.source = file_source(store.source_names(connection, self._stores.log).get(row.source, ""))
        contexts = self._projector.contexts
        contexts.catch_up(self._stores.ledger.head(self._stores.tenant))
        reader = contexts.reader(row.acquisition)
        self.form, self.context = format_named(reader.format.name), reader.context

    def _back_to(self, size: int, number: int, read: Callable[[int, int], bytes]) -> None:
        self._sha = hashlib.sha256()
        at = 0
        while at < size and (data := read(at, min(READ, size - at))):
            self._sha.update(data)
            at += len(data)
        self.size, self.number = size, number

    def begins_known(self, head: bytes) -> bool:
        """Whether some member begins with these bytes, a KiB of them at least."""
        self.head = head[:HEAD]
        return len(head) >= HEAD and any(row.head == self._head_key() for row in self._rows(None))

    def overtaken(self, read: Callable[[int, int], bytes]) -> bool:
        """Whether another import has taken in more of what may be this file."""
        if self.size < HEAD:  # it may have been shorter when it was found
            self.head = read(0, HEAD)
        # What was taken while the file had no KiB yet stands under its name.
        return any(row.size > self.size for row in self._rows(None))

    # -- taking ---------------------------------------------------------------------------------------------------

    def read_by(self, form: Format, context: Context, source: str) -> None:
        """From here on its records are read this way; what was taken before stays as it is."""
        self.form, self.context = form, context
        self.source = self.source or source
        self._acquired, self._opened = None, False

    def take(self, region: bytes, reader: RecordReader, *, hold: bool) -> Iterator[int]:
        """Append the records of whole lines that begin at ``size``, commit by commit.

        Args:
            region: the lines.
            reader: is handed what was committed.
            hold: whether the last record may go on in what follows, and is to wait.

        Yields:
            After each commit, how many records it had.
        """
        form, context, base = self.form, self.context, self.size
        if form is None:
            raise UsageError("nobody said how the file is read", hint="call read_by first")
        if not self.in_lines:
            raise UsageError(f"a file of the format {form.name} is not cut at line feeds", hint="import it whole")
        last: list[Record] = []
        for item in form.split(io.BytesIO(region), start=base, number=self.number, context=context):
            if last:
                end = last[-1].offset + len(last[-1].payload)
                yield self._commit(last, region[self.size - base : end - base], reader)
                last = []
            if isinstance(item, Turn):
                self.read_by(form, item.context, self.source)
            else:
                last = item
        end = base + len(region)
        if hold and last:
            end = last[-1].offset
            last = last[:-1]
        rest = region[self.size - base : end - base]
        if last:
            yield self._commit(last, rest, reader)
        elif rest:
            self._advance(rest)

    def take_torn(self, line: bytes, reader: RecordReader) -> Iterator[int]:
        """Append a line that has no end yet, as it is. If it goes on, :meth:`mend_torn` lets it be taken whole."""
        before = (self.size, self.number, self._sha.copy())
        yield from self.take(line, reader, hold=False)
        self._before_torn = before

    def mend_torn(self) -> None:
        """The line that was taken without its end goes on: begin it again, to take it whole."""
        if self._before_torn is not None:
            self.size, self.number, self._sha = self._before_torn
            self._before_torn = None
            while self._recent and self._recent[-1][0].size >= self.size:
                self._recent.pop()

    def finish(self) -> None:
        """The file grows no more: an amendment of its acquisition says its size and digest."""
        if self._acquired is None or not self._opened:
            return
        entry = amendment(self._acquired, {"sha256": self._sha.hexdigest(), "size": self.size})

        def act(_: Transaction) -> list[Draft]:
            return [entry]

        self._stores.ledger.transact(self._stores.tenant, act)

    def forget(self) -> None:
        """Let go of what only a file that was just written needs."""
        self._recent.clear()

    def has(self, read: Callable[[int, int], bytes], size: int) -> bool | None:
        """Whether a file of at most this one's size is how this one began; ``None`` if that is not remembered."""
        points = [(point, index) for index, (point, _) in enumerate(self._recent) if point.size <= size]
        if size == self.size:
            return _digest(read, size) == self._sha.digest()
        if not points or size > self.size:
            return None
        point, index = points[-1]
        remembered = b"".join(data for _, data in list(self._recent)[index:])[: size - point.size]
        if len(remembered) < size - point.size or _digest(read, point.size) != point.sha.digest():
            return False
        return read(point.size, size - point.size) == remembered

    def _commit(self, records: list[Record], consumed: bytes, reader: RecordReader) -> int:
        stores = self._stores
        acquired, opening, media_type = self._acquisition()
        payloads, offsets, numbers = (list(column) for column in zip(*records, strict=True))
        prepared = stores.ledger.prepare(
            EvidenceBatch(acquired.source, acquired.acquisition, media_type, payloads, offsets, numbers),
            stores.tenant,
        )
        sha = self._sha.copy()
        sha.update(consumed)
        if self.size < HEAD:
            self.head = (self.head[: self.size] + consumed)[:HEAD]
        row = store.MemberRow(
            key=self._keyed(b"member", sha.digest()),
            head=self._head_key(),
            source=acquired.source,
            size=self.size + len(consumed),
            end=offsets[-1] + len(payloads[-1]),
            last=offsets[-1],
            records=numbers[-1] + 1,
            acquisition=acquired.acquisition,
        )

        def act(transaction: Transaction) -> list[Draft | PreparedBatch]:
            connection = transaction.connection
            if self._row is not None:
                store.drop_member(connection, stores.log, self._row.key, self._row.source, acquired.acquisition)
            store.put_member(connection, stores.log, row)
            return [*opening, prepared]

        reader.expect()
        try:
            done = stores.ledger.transact(stores.tenant, act).items[-1]
        except BaseException:
            reader.nothing()
            raise
        self._opened, self._row, self.number = True, row, row.records
        self._before_torn = None
        self._advance(consumed)
        run = Run(done.positions, done.ids, to_micros(done.at), acquired.source, acquired.acquisition, payloads)
        reader.submit(run, self.label, offsets)
        return len(records)

    def _acquisition(self) -> tuple[Acquired, list[Draft], str]:
        """Where records belong, what must stand before them, and their media type."""
        if self.form is None or self.context is None:
            raise UsageError("nobody said how the file is read", hint="call read_by first")
        if self._acquired is None:
            continues = self._row.acquisition if self._row is not None else ""
            payload = followed_payload(self.label, self._by, self.size, continues)
            self._acquired = begin(self._stores.ledger, self._stores.tenant, self.source, payload)
        opening = [] if self._opened else [normalisation(self._acquired, self.form, self.context)]
        return self._acquired, opening, self.form.media_type

    def _advance(self, consumed: bytes) -> None:
        if self.size < HEAD:
            self.head = (self.head[: self.size] + consumed)[:HEAD]
        for at in range(0, len(consumed), RECENT_BYTES):
            part = consumed[at : at + RECENT_BYTES]
            self._recent.append((Point(self.size, self._sha.copy()), part))
            self._sha.update(part)
            self.size += len(part)
        self.anchor = (self.anchor + consumed[-ANCHOR:])[-ANCHOR:]
        while len(self._recent) > 1 and sum(len(data) for _, data in self._recent) > RECENT_BYTES:
            self._recent.popleft()

    def _keyed(self, use: bytes, text: bytes) -> bytes:
        return self._stores.ledger.dedup_key(self._stores.tenant, use, text)

    def _stem_key(self) -> bytes:
        return self._keyed(b"stem", stem_of(self.label).encode("utf-8", "surrogateescape"))

    def _head_key(self) -> bytes:
        return self._keyed(b"head", self.head[:HEAD]) if len(self.head) >= HEAD else self._stem_key()


def _digest(read: Callable[[int, int], bytes], size: int) -> bytes:
    sha, at = hashlib.sha256(), 0
    while at < size and (data := read(at, min(READ, size - at))):
        sha.update(data)
        at += len(data)
    return sha.digest()

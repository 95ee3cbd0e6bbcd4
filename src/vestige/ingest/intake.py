"""One member into the log: its acquisition entry, then its records, from where the log left off."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from vestige.ingest import store
from vestige.ingest.acquire import Acquired, FileFacts, amendment, begin, normalisation
from vestige.ingest.runs import Run, to_micros
from vestige.ingest.senders import Senders
from vestige.ledger import EvidenceBatch, Status
from vestige.model.errors import InputError
from vestige.sources import Numbered, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.db import Database
    from vestige.ingest.redacting import Redacted, Redaction
    from vestige.ingest.survey import Survey
    from vestige.ledger import BlobStore, Draft, Ledger, PreparedBatch, Transaction
    from vestige.model.event import Record
    from vestige.model.principal import Principal
    from vestige.sources import Context, Format, Member

READ = 1 << 20
UNKEPT = "it could hold secrets: an agent's session, or an archive with one in it"


class Stores(NamedTuple):
    """What an import writes to. ``log`` is the tenant's first log's number: what it has taken in spans all epochs."""

    ledger: Ledger
    db: Database
    blobs: BlobStore
    tenant: str
    log: int
    redaction: Redaction


class Batch(NamedTuple):
    """What one committed batch was: the run to read (none if all of it was there already), and its counts."""

    run: Run | None
    offsets: list[int]
    duplicates: int


class Intake:
    """Appends what is new of one surveyed member."""

    def __init__(
        self,
        stores: Stores,
        member: Member,
        facts: Survey,
        form: Format,
        context: Context,
        *,
        label: str,
        source: str,
        by: Principal,
        keep: Callable[[Member], tuple[str, int, str]],
        expect: Callable[[], None],
        redacted: Redacted | None = None,
    ) -> None:
        self._stores = stores
        self._member = member
        self._redacted = redacted
        self._facts = facts
        self._form = form
        self._context = context
        self._label = label
        self._source = source
        self._by = by
        self._keep = keep
        self._expect = expect
        self._senders = Senders(stores.ledger, stores.tenant)
        self._acquired: Acquired | None = None
        self._opening: list[Draft] = []
        self._opening_done = False
        self._turned = ""
        self._kept: tuple[str, int, str] | None = None
        if facts.known is not None and facts.known.row.key == facts.key:
            self._acquired = Acquired(facts.known.row.source, facts.known.row.acquisition)
        self.changed = False
        """Whether the member's bytes were other ones at the second reading."""
        self._again = _last_of(facts, form)
        self._same = False

    @property
    def empty(self) -> bool:
        """Whether no record was found, now or at an earlier import."""
        return self._acquired is None and not self._turned and not self._same

    def run(self) -> Iterator[Batch]:
        """Append batch by batch; each is committed when it is yielded.

        Raises:
            InputError: the member could be read no further.
        """
        known = self._facts.known
        start, number = (known.start, known.number) if known else (0, 0)
        with self._member.open() as stream:
            checked = _Checked(stream, self._facts.size)
            if not self._form.rendered:
                checked.skip(start)
            for item in self._form.split(checked.binary(), start=start, number=number, context=self._context):
                if isinstance(item, Turn):
                    self._turn(item.context)
                    continue
                self._expect()
                if self._is_again(item[0]):
                    yield Batch(None, [], 1)
                    del item[0]
                    if not item:
                        continue
                    self._expect()
                yield self._append(item)
            checked.skip(self._facts.size)
            if checked.sha256 != self._facts.sha256 and (self._acquired is not None or self._turned):
                self.changed = True
                self._amend(checked.sha256)

    def _is_again(self, record: Record) -> bool:
        """Whether the first record, cut again where the log left off, is the one that it has: nothing was torn."""
        again, self._again = self._again, None
        same = (record.offset, record.offset + len(record.payload)) == again
        self._same = self._same or same
        return same

    def _append(self, records: list[Record]) -> Batch:
        acquired, opening = self._acquisition()
        payloads, offsets, numbers = (list(column) for column in zip(*records, strict=True))
        batch = EvidenceBatch(
            acquired.source, acquired.acquisition, self._form.media_type, payloads, offsets, numbers, content_keys=True
        )
        if isinstance(self._form, Numbered):
            named = self._senders.named(acquired.source, self._facts.key, self._form.identify(payloads), offsets)
            batch.dedup, batch.senders = named
        prepared = self._stores.ledger.prepare(batch, self._stores.tenant)
        row = store.MemberRow(
            key=self._facts.key,
            head=self._facts.head_key,
            source=acquired.source,
            size=self._facts.size,
            end=offsets[-1] + (1 if self._form.rendered else len(payloads[-1])),
            last=offsets[-1],
            records=numbers[-1] + 1,
            acquisition=acquired.acquisition,
        )
        overtaken: list[store.MemberRow] = []

        def act(transaction: Transaction) -> list[Draft | PreparedBatch]:
            present = store.member(transaction.connection, self._stores.log, row.key, row.source)
            overtaken[:] = [present] if present is not None and present.end > offsets[0] else []
            if overtaken:
                return []
            store.put_member(transaction.connection, self._stores.log, row)
            return [*opening, prepared]

        committed = self._stores.ledger.transact(self._stores.tenant, act)
        if overtaken:
            return self._behind(records, overtaken[0])
        self._opening_done = True
        done = committed.items[-1]
        new = [place for place, status in enumerate(done.statuses) if status is Status.ACCEPTED]
        seqs, ids = done.positions, done.ids
        if len(new) < len(records):
            if not new:
                return Batch(None, [], len(records))
            seqs, ids = [seqs[i] for i in new], [ids[i] for i in new]
            payloads, offsets = [payloads[i] for i in new], [offsets[i] for i in new]
        run = Run(seqs, ids, to_micros(done.at), acquired.source, acquired.acquisition, payloads)
        return Batch(run, offsets, len(records) - len(new))

    def _turn(self, context: Context) -> None:
        """What follows is read by another context: a further acquisition of the same member, with its own reading."""
        if self._acquired is not None:
            self._turned = self._acquired.acquisition
        self._context = context
        self._acquired, self._opening, self._opening_done = None, [], False

    def _behind(self, records: list[Record], present: store.MemberRow) -> Batch:
        """Another process is importing the same file: keep what it has, append what lies behind, under its name."""
        self._acquired = Acquired(present.source, present.acquisition)
        self._opening_done = True
        rest = [record for record in records if record.offset >= present.end]
        if not rest:
            return Batch(None, [], len(records))
        batch = self._append(rest)
        return batch._replace(duplicates=batch.duplicates + len(records) - len(rest))

    def _acquisition(self) -> tuple[Acquired, list[Draft]]:
        if self._acquired is None:
            if self._kept is None:
                self._kept = self._keep(self._member)
            blob, stored_size, stored_sha256 = self._kept
            taken = self._redacted.taken if self._redacted is not None else None
            known = self._facts.known
            facts = FileFacts(
                name=self._label,
                size=self._facts.size,
                sha256=self._facts.sha256,
                blake3=self._facts.blake3,
                stored_size=stored_size,
                stored_sha256=stored_sha256,
                modified=self._member.mtime,
                damage=self._facts.damage,
                continues=self._turned or (known.row.acquisition if known else ""),
                blob=blob,
                unkept="" if blob else UNKEPT,
                redacted=taken.told() if taken is not None else None,
            )
            payload = facts.to_payload(self._by)
            self._acquired = begin(self._stores.ledger, self._stores.tenant, self._source, payload)
            self._opening = [normalisation(self._acquired, self._form, self._context)]
        return self._acquired, [] if self._opening_done else self._opening

    def _amend(self, sha256: str) -> None:
        acquired = self._acquired or Acquired("", self._turned)
        entry = amendment(acquired, {"changed_while_read": True, "sha256": sha256})

        def act(_: Transaction) -> list[Draft]:
            return [entry]

        self._stores.ledger.transact(self._stores.tenant, act)


def _last_of(facts: Survey, form: Format) -> tuple[int, int] | None:
    """Begin and end of the record at which a grown member is cut again, if it is. A rendering's end is not known."""
    known = facts.known
    if known is None or form.rendered or known.row.key == facts.key or known.start != known.row.last:
        return None
    return known.row.last, known.row.end


def keep_original(blobs: BlobStore, member: Member) -> tuple[str, int, str]:
    """Keep the file a member lies in as it was found.

    Returns:
        The blob's name, the file's size, and its SHA-256 in hex.

    Raises:
        InputError: it cannot be opened any more.
    """
    try:
        handle = os.open(member.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{member.name} cannot be opened again", got=error.strerror or str(error)) from None
    with os.fdopen(handle, "rb") as file:
        hashing = _Checked(file, 1 << 62)
        name, size = blobs.put_stream(hashing.binary())
    return name, size, hashing.sha256


def keep_tail(blobs: BlobStore, member: Member, start: int, size: int) -> tuple[str, int, str]:
    """Keep only what a member has beyond an earlier acquisition of it, decompressed."""
    with member.open() as stream:
        _Checked(stream, size).skip(start)
        hashing = _Checked(stream, size - start)
        name, stored = blobs.put_stream(hashing.binary())
    return name, stored, hashing.sha256


class _Checked:
    """A stream's first ``size`` bytes, hashed as they are read."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The digest of what was read so far, in hex."""
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes.

        Raises:
            InputError: the source cannot be read on.
        """
        if self._left == 0:
            return b""
        try:
            data = self._stream.read(self._left if size < 0 else min(size, self._left))
        except OSError as error:
            raise InputError("the file cannot be read on", got=error.strerror or str(error)) from None
        self._left -= len(data)
        self._hash.update(data)
        return data

    def skip(self, count: int) -> None:
        """Read past the first ``count`` bytes."""
        while count > 0 and (data := self.read(min(count, READ))):
            count -= len(data)

    def binary(self) -> BinaryIO:
        """This, as what a splitter takes: it only ever reads."""
        return cast("BinaryIO", self)

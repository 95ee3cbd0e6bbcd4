"""``ledger verify``: everything about a log that can be recomputed from stored bytes (ledger.md section 7).

Nothing is believed because it is stored. Leaves are read strictly, hashed, and grown into a tree; that tree is what
tiles, head, checkpoints and the signer's memory are held against. Payloads are hashed and held against the leaves'
commitments. One pass, in blocks, in one snapshot; memory does not grow with the log.

Two roads read a block. The fast one writes what the leaves of a run of evidence must be, from the rows' payloads and
from the run's first leaf, and compares bytes: a leaf that equals canonical bytes is canonical. Whatever differs, and
all that is not evidence, takes the strict road one entry at a time, which finds out what is wrong.

A tenant's log is all its epochs. An earlier one is closed, and its signer may remember more than it holds if, and only
if, the entry that begins the next one says so; that entry's words are held against the log as it was recomputed.

What this cannot see: a rollback of database and signer state together. Only a witness, a time stamp or a client that
remembers can, and the report says which of these it had.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from vestige.ledger import tables
from vestige.ledger.epochs import first_entry
from vestige.ledger.findings import Findings, combine
from vestige.ledger.heads import Closing, HeadChecks
from vestige.ledger.history import History, erased_ranges
from vestige.ledger.leaves import PAYLOAD_DOMAIN, leaf_hashes
from vestige.ledger.models import ERASABLE, Kind
from vestige.ledger.ranges import RangeSet, ranges_of
from vestige.ledger.strict import read_leaf
from vestige.ledger.swift import Block
from vestige.model.errors import NotFoundError, ProofError
from vestige.proof.tiles import TILE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import sqlalchemy as sa

    from vestige.ledger.blobs import BlobStore
    from vestige.ledger.models import LogInfo, VerifyReport
    from vestige.ledger.recalled import Recalled
    from vestige.ledger.store import Store
    from vestige.ledger.strict import Fields

    EntryTuple = tuple[int, str, str, str, bytes, bytes]
    PayloadTuple = tuple[int, bytes, bytes | None, str | None]

BLOCK = 4 * TILE_WIDTH
"""Entries read at a time."""

_CHUNK = 1 << 20
_CONTROL_BYTES = 64 << 20
"""No control entry's payload is longer: a million ranges come to half of it."""
_FAULTS = {Kind.KEY: "keys", Kind.ERASURE: "erasures", Kind.PURGE: "erasures", Kind.ANCHOR: "anchors"}
_KINDS = {kind.value: kind for kind in Kind}


def verify_epochs(
    store: Store,
    blobs: BlobStore,
    signer: Recalled,
    log: LogInfo,
    connection: sa.Connection,
    progress: Callable[[int, int], None] | None,
) -> VerifyReport:
    """Verify a tenant's log: every epoch up to this one, the current. ``signer`` was recalled before the snapshot."""
    reports: list[tuple[int, VerifyReport]] = []
    before: tuple[LogInfo, VerifyReport] | None = None
    for one, following in zip(log.epochs, (*log.epochs[1:], None), strict=True):
        closing = None if following is None else _closing(store, connection, following)
        verification = Verification(store, blobs, signer, one, connection, closing)
        verification.check_beginning(before)
        report = verification.run(None if progress is None else _offset(progress, one.base))
        reports.append((one.epoch, report))
        before = one, report
    return combine(reports)


def _closing(store: Store, connection: sa.Connection, log: LogInfo) -> Closing:
    """What a later epoch's first entry says of the one before; if it says nothing, that epoch's own turn finds it."""
    try:
        return Closing(first_entry(store, connection, log))
    except ProofError:
        return Closing(None)


def _offset(progress: Callable[[int, int], None], base: int) -> Callable[[int, int], None]:
    return lambda done, total: progress(base + done, base + total)


class Verification:
    """One verification of one log; ``closing`` is given for one that a later epoch follows."""

    def __init__(
        self,
        store: Store,
        blobs: BlobStore,
        signer: Recalled,
        log: LogInfo,
        connection: sa.Connection,
        closing: Closing | None = None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._log = log
        self._connection = connection
        self._findings = Findings()
        self._history = History(log.origin)
        self._erased = RangeSet()
        self._senders: dict[tuple[str, str], RangeSet] = {}
        self._last_id = ""
        self._counts = {"entries": 0, "payloads": 0, "blobs": 0, "erased": 0}
        self._complete = True
        self._heads = HeadChecks(store, signer, log, connection, self._findings, self._history, closing)

    def check_beginning(self, before: tuple[LogInfo, VerifyReport] | None) -> None:
        """Hold a later epoch's first entry against the epoch before it, as the report on that says it is."""
        if self._log.epoch == 0:
            self._findings.details["epochs"] = "the first epoch"
            return
        try:
            restore = first_entry(self._store, self._connection, self._log)
        except ProofError as error:
            self._findings.bad_seq("epochs", 0, f"entry 0: {error}")
            return
        if before is None:
            self._findings.bad_seq("epochs", 0, f"entry 0 goes on from {restore.origin}, which is gone")
            return
        log, report = before
        checkpoint = tables.latest_checkpoint(self._connection, log.number)
        agreed = checkpoint.size if checkpoint is not None and checkpoint.size <= report.size else 0
        for fault in restore.faults(log, report.size, bytes.fromhex(report.root), agreed):
            self._findings.bad_seq("epochs", 0, f"entry 0: {fault}")
        gone = ", ".join(lost.origin for lost in restore.lost_logs)
        self._findings.details["epochs"] = (
            f"goes on from {restore.origin} at size {restore.size}, root {restore.root.hex()}"
            f"{f'; KNOWN LOSS: the whole of {gone}' if gone else ''}"
        )

    def run(self, progress: Callable[[int, int], None] | None) -> VerifyReport:
        """Check everything and report."""
        size = self._heads.claimed
        total = max(size, self._store.last(self._connection, self._log.number) + 1)
        self._foresee_erasures(total)
        lo = 0
        while lo < total:
            hi = min(lo + BLOCK, total)
            rows = self._store.entries(self._connection, self._log.number, lo, hi)
            held = self._store.payloads(self._connection, self._log.number, lo, hi)
            if not rows and not held:
                # A head or a row that lies about where the log ends must not make us walk all the way there.
                hi = self._store.following(self._connection, self._log.number, lo) or total
            hashes = self._block(lo, hi, rows, held)
            self._counts["entries"] += len(rows)
            self._counts["payloads"] += len(held)
            self._complete = self._complete and len(rows) == hi - lo
            # Past a hole the tree is unknown: no root, tile or checkpoint above it can be recomputed.
            if self._complete:
                self._heads.grow(hashes)
            if progress is not None:
                progress(hi, total)
            lo = hi
        if self._counts["entries"] > size:
            self._findings.bad_seq("head", size, f"seq {size} is stored but the log's head says size {size}")
        self._findings.details["entries"] = f"{self._counts['entries']} entries, dense from 0"
        self._findings.details["payloads"] = (
            f"{self._counts['payloads']} payloads, {self._counts['blobs']} of them blobs;"
            f" {self._counts['erased']} erased"
        )
        self._check_history(total)
        self._report_senders()
        self._heads.finish(self._last_id, complete=self._complete)
        return self._findings.report(self._heads.size, self._heads.root())

    # -- entries ------------------------------------------------------------------------------------------------

    def _block(self, lo: int, hi: int, rows: Sequence[EntryTuple], held: Sequence[PayloadTuple]) -> list[bytes]:
        """Check one block; the leaf hashes recomputed from the leaves that are there."""
        findings = self._findings
        if not rows:
            findings.bad_seq("entries", lo, f"entry {lo} is missing, and all up to {hi - 1}")
            self._align(rows, held)
            return []
        if len(rows) != hi - lo:
            for seq in sorted(set(range(lo, hi)).difference(row[0] for row in rows)):
                findings.bad_seq("entries", seq, f"entry {seq} is missing")
        block = Block(rows)
        hashes = leaf_hashes(block.leaves)
        for seq, stored, computed in (
            zip(block.seqs, block.stored, hashes, strict=True) if block.stored != tuple(hashes) else ()
        ):
            if stored != computed:
                findings.bad_seq("leaf_hashes", seq, f"the leaf of entry {seq} is not the one that was hashed")
        if self._erased.meets(lo, hi) or not block.join(held):
            self._strictly(rows, self._align(rows, held), range(len(rows)))
            return hashes
        start, count = 0, len(rows)
        while start < count:
            end = block.run(start, self._log.origin)
            if end > start and self._last_id < block.ids[start]:
                self._last_id = block.ids[end - 1]
            else:
                end = max(end, start + 1)
                self._strictly(rows, held, range(start, end))
            start = end
        for sender, numbers in block.senders.items():
            self._numbered(sender, numbers)
        return hashes

    def _align(self, rows: Sequence[EntryTuple], held: Sequence[PayloadTuple]) -> Sequence[PayloadTuple | None]:
        """For each entry its payload row, or None."""
        payloads = {row[0]: row for row in held}
        aligned = [payloads.pop(row[0], None) for row in rows]
        for seq in payloads:
            self._findings.bad_seq("payloads", seq, f"payload {seq} has no entry")
        return aligned

    def _strictly(self, rows: Sequence[EntryTuple], held: Sequence[PayloadTuple | None], places: range) -> None:
        """The strict road: one entry at a time, saying what is wrong with it."""
        for place in places:
            seq, entry_id, kind, src, leaf, _ = rows[place]
            try:
                fields = read_leaf(leaf)
            except ProofError as error:
                self._findings.bad_seq("leaves", seq, f"entry {seq}: {error}")
                continue
            if fields["seq"] != seq:
                self._findings.bad_seq("leaves", seq, f"entry {seq} says it is {fields['seq']}")
            if fields["log"] != self._log.origin:
                self._findings.bad_seq("leaves", seq, f"entry {seq} is of another log: {fields['log']}")
            if str(fields["id"]) <= self._last_id:
                self._findings.bad_seq("leaves", seq, f"entry {seq}: its id does not rise")
            self._last_id = str(fields["id"])
            if (entry_id, kind, src) != (fields["id"], fields["kind"], fields.get("src", "")):
                self._findings.bad_seq("rows", seq, f"row {seq} says other than its leaf about id, kind or source")
            self._sender(fields)
            self._payload(seq, fields, held[place])

    def _payload(self, seq: int, fields: Fields, row: PayloadTuple | None) -> None:
        covered = seq in self._erased
        kind = _KINDS[str(fields["kind"])]
        if row is None:
            if not covered:
                self._findings.bad_seq(
                    "payloads", seq, f"the payload of entry {seq} is missing and no erasure covers it"
                )
            elif kind not in ERASABLE:
                self._findings.bad_seq(
                    "erasures", seq, f"the payload of entry {seq} is missing, and one of kind {kind} is never erased"
                )
            self._counts["erased"] += 1
            return
        if covered:
            self._findings.bad_seq("erasures", seq, f"erasure incomplete: the payload of entry {seq} is still there")
        _, salt, payload, blob = row
        try:
            digest, length = self._digest(payload, blob)
        except NotFoundError:
            self._findings.bad_seq("payloads", seq, f"the blob of entry {seq} is missing: {blob}")
            return
        if (payload is None) == (blob is None):
            self._findings.bad_seq("rows", seq, f"row {seq} has both payload and blob, or neither")
        if sha256(PAYLOAD_DOMAIN + salt + digest).hexdigest() != fields["c"]:
            self._findings.bad_seq("payloads", seq, f"the payload of entry {seq} is not the one committed to")
        elif length != fields["len"]:
            self._findings.bad_seq("payloads", seq, f"the payload of entry {seq} has another length than its leaf says")
        elif self._history.wants(kind) or kind is Kind.ANCHOR:
            self._replay(seq, str(fields["id"]), kind, self._control(payload, blob))

    def _control(self, payload: bytes | None, blob: str | None) -> bytes:
        """The payload of a control entry, wherever it lies; nothing if its blob is gone.

        Read no further than a control entry's payload may reach: the row may name any blob.
        """
        if payload is not None or blob is None:
            return payload or b""
        try:
            with self._blobs.open(blob) as file:
                return file.read(_CONTROL_BYTES)
        except NotFoundError:
            return b""

    def _digest(self, payload: bytes | None, blob: str | None) -> tuple[bytes, int]:
        if payload is not None or blob is None:
            return sha256(payload or b"").digest(), len(payload or b"")
        self._counts["blobs"] += 1
        digest, length = sha256(), 0
        with self._blobs.open(blob) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                length += len(chunk)
        return digest.digest(), length

    # -- what entries say together ------------------------------------------------------------------------------

    def _foresee_erasures(self, total: int) -> None:
        """Which payloads must be gone. Read ahead, because an erasure stands above what it erases."""
        lo = 0
        kinds = [Kind.ERASURE.value, Kind.PURGE.value]
        while seqs := self._store.controls(self._connection, self._log.number, kinds, lo, total, BLOCK):
            for seq in seqs:
                for _, _, payload, blob in self._store.payloads(self._connection, self._log.number, seq, seq + 1):
                    try:
                        ranges = erased_ranges(self._control(payload, blob), seq)
                    except ProofError:
                        continue  # the entry itself is refused when its turn comes
                    for a, b in ranges:
                        self._erased.add(a, b)
            lo = seqs[-1] + 1

    def _replay(self, seq: int, entry_id: str, kind: Kind, payload: bytes) -> None:
        try:
            if kind is Kind.ANCHOR:
                self._heads.check_anchor(seq, payload)
            else:
                self._history.take(seq, entry_id, kind, payload)
        except ProofError as error:
            check = _FAULTS.get(kind, "holds")
            self._findings.bad_seq(check, seq, f"entry {seq}: {error}")

    def _check_history(self, total: int) -> None:
        history, findings = self._history, self._findings
        for seq, reason in history.hold_faults:
            findings.bad_seq("holds", seq, reason)
        table = set(tables.erasures(self._connection, self._log.number))
        for lo, hi, by_seq in sorted(table ^ history.erasures):
            findings.bad_seq(
                "erasures",
                min(by_seq, total),
                f"ledger_erasures and entry {by_seq} disagree about seqs {lo} to {hi - 1}",
            )
        if not history.keys:
            findings.bad_seq("keys", 0, "the log names no key: its first entry should be a key entry")
        findings.details["erasures"] = f"{len(history.erasures)} ranges erased, each by an entry"
        findings.details["holds"] = f"{len(history.holds)} in force, and no erasure went against one"
        findings.details["keys"] = f"{len(history.keys)} keys, each following from the one before"

    def _sender(self, fields: Fields) -> None:
        number = fields.get("sseq")
        if isinstance(number, int):
            self._numbered((str(fields.get("src", "")), str(fields.get("sep", ""))), [number])

    def _numbered(self, sender: tuple[str, str], numbers: list[int]) -> None:
        known = self._senders.setdefault(sender, RangeSet())
        for lo, hi in ranges_of(numbers):
            known.add(lo, hi)

    def _report_senders(self) -> None:
        """Holes in senders' numbering are told, not failed: the loss lies before the ledger."""
        holes = [
            f"{source or 'no source'} {epoch}".strip() + ": " + ", ".join(f"{a}-{b - 1}" for a, b in found[:5])
            for (source, epoch), numbers in sorted(self._senders.items())
            if (found := numbers.holes())
        ]
        self._findings.details["sender_gaps"] = f"{len(self._senders)} numbered senders; " + (
            "holes: " + "; ".join(holes[:20]) if holes else "no holes"
        )

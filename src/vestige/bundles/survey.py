"""Before a bundle is packed: everything that is to go in is read once and held against the signed tree.

A row that was altered in the database is found here, and said by the number of its entry, before a byte has left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.bundles.paths import Paths
from vestige.bundles.scope import Chosen, Scope, erasures, later_erasures, redactions
from vestige.bundles.vouched import Vouched
from vestige.ledger.leaves import commitment
from vestige.ledger.ranges import RangeSet
from vestige.model.errors import ConflictError, IntegrityError, NotFoundError, ProofError, UsageError
from vestige.proof import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vestige.ledger import Ledger, LogInfo, PublishedCheckpoint, StoredEntry
    from vestige.proof.canonical import Encodable

_PAGE: Final = 1000
_BYTES: Final = 8 << 20
"""Bytes of payloads read at a time."""


class Annotation(NamedTuple):
    """What a person noted about an entry."""

    entry: str
    """Its id; of a note about no record, of the entry that says it."""
    author: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to go into a bundle.

    Args:
        positions: of the records; rising, each once.
        said: how they were chosen, in words of the interface: a query and its bounds, or a case.
        sources: names of sources, by id.
        also: positions of entries of ours that belong to it by other reasons, such as a case's own; rising.
        annotations: what people noted.
        shown: the events of a record that is redacted, by its position, as every view shows them.
    """

    positions: Sequence[int]
    said: Mapping[str, Encodable]
    sources: Mapping[str, str]
    also: Sequence[int] = ()
    annotations: Iterable[Annotation] = ()
    shown: Callable[[int], Sequence[Mapping[str, Any]]] = lambda _: ()


@dataclass(slots=True)
class Part:
    """What a bundle takes of one log."""

    log: LogInfo
    checkpoint: PublishedCheckpoint
    paths: Paths
    records: list[tuple[int, int]]
    control: list[tuple[int, int]] = field(default_factory=list)
    withheld: dict[int, str] = field(default_factory=dict)
    """Seqs of records that are redacted, with the id of the redaction."""
    erased: RangeSet = field(default_factory=RangeSet)
    chosen: RangeSet = field(default_factory=RangeSet)
    vouched: Vouched = field(default_factory=Vouched)


@dataclass(slots=True)
class Survey:
    """The parts, oldest log first, and how many records are in which state."""

    parts: list[Part]
    present: int = 0
    withheld: int = 0
    erased: int = 0
    payload: int = 0
    """Bytes of the records that are present."""

    @property
    def records(self) -> int:
        """Records in all."""
        return self.present + self.withheld + self.erased


def survey(ledger: Ledger, tenant: str, selection: Selection, as_of: int | None) -> Survey:
    """Look through all that is to be packed.

    Args:
        ledger: where it lies.
        tenant: whose.
        selection: which records.
        as_of: the size of the current log at which; a checkpoint of it must have been published. ``None``: as it is.

    Raises:
        UsageError: no checkpoint has that size.
        ConflictError: the log's key has been changed since that size; or records of a closed log are covered by none of
            its checkpoints; or one was redacted since.
        IntegrityError: an entry is not what was signed, or not what its leaf commits to; the message says which.
    """
    current = ledger.log(tenant)
    head = _checkpoint(ledger, tenant, as_of)
    found = Survey([])
    for log in current.epochs:
        beyond = log.base + head.size if log is current else _base_after(current, log)
        records = _ranges(selection.positions, log.base, beyond)
        also = _ranges(selection.also, log.base, beyond)
        if records or also or log is current:
            end = max(ranges[-1][1] for ranges in (records, also, [(0, 0)]) if ranges)
            checkpoint = head if log is current else _last(ledger, tenant, log, end)
            found.parts.append(_part(ledger, tenant, log, checkpoint, records))
    for part in found.parts:
        _look(ledger, tenant, part, selection, found)
    return found


def entries(ledger: Ledger, tenant: str, log: LogInfo, ranges: Iterable[tuple[int, int]]) -> Iterator[StoredEntry]:
    """The entries at some seqs of a log, a bounded number of bytes at a time.

    Raises:
        IntegrityError: one is not there.
    """
    for lo, hi in ranges:
        at = lo
        while at < hi:
            stored = ledger.read(tenant, log.base + at, log.base + min(at + _PAGE, hi), _BYTES)
            if not stored or stored[0].seq != at:
                raise IntegrityError(
                    f"entry {at} of {log.origin} is missing", expected="every entry up to the log's size", got="none",
                    hint="run `vestige ledger verify`",
                )  # fmt: skip
            for entry in stored:
                if entry.seq != at:
                    break  # a hole: the next page begins with it and says so
                yield entry
                at += 1


def _checkpoint(ledger: Ledger, tenant: str, as_of: int | None) -> PublishedCheckpoint:
    if as_of is None:
        return ledger.checkpoint(tenant)
    found = ledger.checkpoint_covering(tenant, as_of)
    if found is None or found.size != as_of:
        raise UsageError(
            "no checkpoint of that size was published",
            expected="the size of a published checkpoint",
            got=str(as_of),
            hint="`vestige ledger checkpoint` signs one and prints its size",
            field="as_of",
        )
    keys = [key for key in ledger.keys(tenant) if key.origin == ledger.log(tenant).origin]
    if keys[-1].from_size > as_of:
        raise ConflictError(
            "the log's key has been changed since",
            expected=f"a size from {keys[-1].from_size} on, which the key in force may speak of",
            got=str(as_of),
        )
    return found


def _base_after(current: LogInfo, log: LogInfo) -> int:
    following = [one for one in current.epochs if one.epoch > log.epoch]
    return following[0].base


def _last(ledger: Ledger, tenant: str, log: LogInfo, end: int) -> PublishedCheckpoint:
    found = ledger.latest_checkpoint(tenant, log.epoch)
    if found is None or found.size < end:
        raise ConflictError(
            f"no checkpoint of the closed log {log.origin} covers entry {end - 1}",
            expected=f"records below seq {0 if found is None else found.size} of that log",
            got=f"one at {end - 1}",
            hint="narrow the query; the later epoch's restore entry is all that commits to such records",
        )
    return found


def _ranges(positions: Sequence[int], lo: int, hi: int) -> list[tuple[int, int]]:
    """The positions within bounds as half-open ranges of seqs."""
    out: list[tuple[int, int]] = []
    for position in positions:
        if lo <= position < hi:
            seq = position - lo
            if out and out[-1][1] == seq:
                out[-1] = (out[-1][0], seq + 1)
            else:
                out.append((seq, seq + 1))
    return out


def _part(
    ledger: Ledger, tenant: str, log: LogInfo, checkpoint: PublishedCheckpoint, records: list[tuple[int, int]]
) -> Part:
    paths = Paths(checkpoint.size, lambda tile: ledger.tile(tenant, tile.level, tile.index, tile.width, log.epoch))
    part = Part(log, checkpoint, paths, records)
    for lo, hi in records:
        part.chosen.add(lo, hi)
    part.erased = erasures(ledger, tenant, log, checkpoint.size)
    part.withheld = redactions(ledger, tenant, log, checkpoint.size, part.chosen.__contains__)
    return part


def _look(ledger: Ledger, tenant: str, part: Part, selection: Selection, found: Survey) -> None:
    chosen = Chosen(part.chosen, hidden=lambda seq: seq in part.withheld or seq in part.erased)
    for entry in entries(ledger, tenant, part.log, part.records):
        leaf = orjson.loads(entry.leaf)
        chosen.acquisitions.add(leaf.get("acq", ""))
        chosen.sources.add(leaf.get("src", ""))
        _check(ledger, tenant, part, entry)
        if entry.salt is None:
            found.erased += 1
        elif entry.seq in part.withheld:
            found.withheld += 1
        else:
            found.present += 1
            found.payload += leaf["len"]
    scope = Scope(ledger, tenant, part.log, part.checkpoint.size, chosen)
    beyond = part.log.base + part.checkpoint.size
    scope.walk(at - part.log.base for at in selection.also if part.log.base <= at < beyond)
    part.control = scope.seqs()
    for entry in entries(ledger, tenant, part.log, part.control):
        if entry.seq not in part.chosen:
            _check(ledger, tenant, part, entry)


def _check(ledger: Ledger, tenant: str, part: Part, entry: StoredEntry) -> None:
    """Hold one entry against the signed tree, and its payload against its leaf."""
    checkpoint = part.checkpoint
    try:
        path = part.paths.inclusion(entry.seq)
        verify_inclusion(leaf_hash(entry.leaf), entry.seq, checkpoint.size, path, checkpoint.root)
    except ProofError as error:
        raise IntegrityError(
            f"entry {entry.seq} of {part.log.origin} is not the one that was signed",
            expected=error.expected, got=error.got, hint="run `vestige ledger verify`",
        ) from error  # fmt: skip
    if entry.salt is None:
        if entry.seq not in part.erased:
            _refuse_later(ledger, tenant, part, entry)
            raise IntegrityError(
                f"the payload of entry {entry.seq} of {part.log.origin} is missing",
                expected="a payload, or an entry below the bundle's size that erased it",
                got="neither",
                hint="if it was erased since, make the bundle as of a later size; else `vestige ledger verify`",
            )
        return
    digest, length = sha256(), 0
    try:
        for chunk in ledger.chunks(entry):
            digest.update(chunk)
            length += len(chunk)
    except NotFoundError as error:
        raise IntegrityError(
            f"the blob of entry {entry.seq} of {part.log.origin} is missing", expected="its payload", got="none"
        ) from error
    check_opening(part.log.origin, entry, digest.digest(), length)


def _refuse_later(ledger: Ledger, tenant: str, part: Part, entry: StoredEntry) -> None:
    """Say of a record that is gone that it was erased, by an entry which the bundle's checkpoint does not cover.

    So it is where a backup was put back: what was erased since is erased again by entries that close the old log, and
    no checkpoint of that is signed any more.

    Raises:
        ConflictError: it was.
    """
    for erasure, ranges in later_erasures(ledger, tenant, part.log, part.checkpoint.size):
        if any(lo <= entry.seq < hi for lo, hi in ranges):
            raise ConflictError(
                f"entry {entry.seq} of {part.log.origin} was erased, by an entry no checkpoint of the bundle covers",
                expected=f"an erasure below size {part.checkpoint.size}", got=f"entry {erasure.seq}",
                hint="make the bundle as of a later size, or without that record: NOT type:record.erased",
            )  # fmt: skip


def check_opening(origin: str, entry: StoredEntry, digest: bytes, length: int) -> None:
    """Hold a payload's digest and length against its leaf.

    Raises:
        IntegrityError: it is another payload.
    """
    fields = orjson.loads(entry.leaf)
    if commitment(entry.salt or b"", digest).hex() != fields["c"] or length != fields["len"]:
        raise IntegrityError(
            f"the payload of entry {entry.seq} of {origin} was altered",
            expected=f"the {fields['len']} bytes its leaf commits to",
            got=f"{length} bytes with SHA-256 {digest.hex()}",
            hint="run `vestige ledger verify`; restore the payload from a backup",
        )

"""Verifying what was appended since the last good verification, in time that does not grow with the log.

A verification leaves a mark: size, root, and the frontier of the tree of that size (RFC 6962: the roots of its complete
subtrees). The frontier gives the root, so it needs no trust of its own. From it the tree is grown with the leaves read
back, and must come to the root of a checkpoint signed now. A change below the mark is the full verification's to find;
a change at or above it, of a leaf, a payload or the tree, is found here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.ledger.models import ERASABLE, Kind
from vestige.ledger.ranges import RangeSet
from vestige.ledger.strict import read_leaf
from vestige.model.errors import IntegrityError, NotFoundError, ProofError, SignerError
from vestige.proof.checkpoint import open_checkpoint
from vestige.proof.merkle import EMPTY_FRONTIER, Frontier
from vestige.proof.note import VerifierKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.ledger import Ledger, LogInfo, StoredEntry

PAGE: Final = 1000
PAGE_BYTES: Final = 16 << 20
HASHES: Final = 20_000


class Mark(NamedTuple):
    """Up to where a log was verified."""

    epoch: int
    frontier: Frontier

    def to_json(self) -> dict[str, Any]:
        """As the entry of a verification states it."""
        return {"epoch": self.epoch, "frontier": self.frontier.to_bytes().hex(), "size": self.frontier.size,
                "root": self.frontier.root().hex()}  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Mark:
        """The inverse.

        Raises:
            ProofError: the frontier is none, or does not give the root it stands beside.
        """
        try:
            frontier = Frontier.from_bytes(bytes.fromhex(str(said.get("frontier", ""))))
        except ValueError:
            raise ProofError("no frontier", expected="hexadecimal", got=repr(said.get("frontier"))[:80]) from None
        if frontier.root().hex() != said.get("root") or frontier.size != said.get("size"):
            raise ProofError(
                "a mark whose frontier is not of its root",
                expected=str(said.get("root"))[:64],
                got=frontier.root().hex(),
            )
        return cls(int(said.get("epoch", 0)), frontier)


def mark_of(ledger: Ledger, tenant: str, size: int) -> Mark:
    """The mark of the current log at a size, computed from its stored leaf hashes."""
    log = ledger.log(tenant)
    frontier = EMPTY_FRONTIER
    for lo in range(0, size, HASHES):
        hi = min(lo + HASHES, size)
        found = ledger.leaf_hashes(tenant, range(log.base + lo, log.base + hi))
        frontier = frontier.extend([found[log.base + seq] for seq in range(lo, hi)])
    return Mark(log.epoch, frontier)


def advance(
    ledger: Ledger, tenant: str, mark: Mark, progress: Callable[[int, int], None] = lambda *_: None
) -> tuple[dict[str, Any], Mark]:
    """Verify the current log from a mark of it up to a checkpoint signed now.

    Args:
        ledger: of the installation.
        tenant: whose log.
        mark: where the last good verification ended.
        progress: told entries done of how many; may raise to give up.

    Returns:
        The report, in the shape of a full verification's without ``checks``, and how far it is good by now.
    """
    log = ledger.log(tenant)
    frontier = mark.frontier
    size, root, refused = ledger.head(tenant) - log.base, b"", ""
    try:
        checkpoint = ledger.checkpoint(tenant)
        keys = [VerifierKey.parse(key.vkey) for key in ledger.keys(tenant) if key.epoch == log.epoch]
        open_checkpoint(checkpoint.note.encode(), keys, log.origin)
        size, root = checkpoint.size, checkpoint.root
    except (SignerError, IntegrityError) as error:
        # What stands in the way is looked for first: an entry is a better place than a size.
        refused = f"no checkpoint over size {size}: {error}"
    if size < frontier.size:
        said = f"the log has size {size}, and had {frontier.size} when it was last verified"
        return _bad(frontier, 0, None, said, [0, frontier.size]), mark
    erased = RangeSet()
    for lo, hi, _ in ledger.erasures.holding(tenant).erasures:
        erased.add(lo, hi)
    while frontier.size < size:
        lo = frontier.size
        entries = ledger.read(tenant, log.base + lo, log.base + min(lo + PAGE, size), PAGE_BYTES)
        fault = _page(ledger, log, lo, entries, erased)
        if fault is not None:
            return _bad(frontier, lo - mark.frontier.size, *fault, None), mark
        frontier = frontier.extend([sha256(b"\x00" + entry.leaf).digest() for entry in entries])
        progress(frontier.size - mark.frontier.size, size - mark.frontier.size)
    if refused or frontier.root() != root:
        said = refused or f"the entries give root {frontier.root().hex()} at size {size}, signed is {root.hex()}"
        return _bad(mark.frontier, size - mark.frontier.size, None, said, [mark.frontier.size, size]), mark
    report = {"ok": True, "size": size, "root": frontier.root().hex(), "entries": size - mark.frontier.size,
              "from_size": mark.frontier.size, "first_bad_seq": None, "interval": None, "reason": ""}  # fmt: skip
    return report, Mark(log.epoch, frontier)


def _page(
    ledger: Ledger, log: LogInfo, lo: int, entries: list[StoredEntry], erased: RangeSet
) -> tuple[int, str] | None:
    """The first thing wrong with entries that must begin at a seq: which seq, and what."""
    if not entries:
        return lo, f"entry {lo} is missing"
    for seq, entry in enumerate(entries, lo):
        fault = f"entry {seq} is missing" if entry.seq != seq else _entry(ledger, log, entry, erased)
        if fault:
            return seq, fault
    return None


def _entry(ledger: Ledger, log: LogInfo, entry: StoredEntry, erased: RangeSet) -> str:
    """What is wrong with an entry; empty if nothing."""
    try:
        fields = read_leaf(entry.leaf)
    except ProofError as error:
        return f"entry {entry.seq}: {error}"
    said = (fields["id"], fields["kind"], fields.get("src", ""))
    if sha256(b"\x00" + entry.leaf).digest() != entry.leaf_hash:
        return f"the leaf of entry {entry.seq} is not the one that was hashed"
    if (fields["seq"], fields["log"]) != (entry.seq, log.origin):
        return f"entry {entry.seq} says it is {fields['seq']} of {fields['log']}"
    if said != (entry.id, entry.kind.value, entry.source):
        return f"row {entry.seq} says other than its leaf about id, kind or source"
    return _payload(ledger, entry, erased=entry.seq in erased and Kind(entry.kind) in ERASABLE)


def _payload(ledger: Ledger, entry: StoredEntry, *, erased: bool) -> str:
    if entry.salt is None:
        return "" if erased else f"the payload of entry {entry.seq} is missing and no erasure covers it"
    if erased:
        return f"erasure incomplete: the payload of entry {entry.seq} is still there"
    try:
        ledger.opened(entry)
    except IntegrityError:
        return f"the payload of entry {entry.seq} is not the one committed to"
    except NotFoundError:
        return f"the blob of entry {entry.seq} is missing"
    return ""


def _bad(frontier: Frontier, entries: int, seq: int | None, reason: str, interval: list[int] | None) -> dict[str, Any]:
    return {"ok": False, "size": frontier.size, "root": frontier.root().hex(), "entries": entries,
            "from_size": frontier.size, "first_bad_seq": seq, "interval": interval, "reason": reason}  # fmt: skip

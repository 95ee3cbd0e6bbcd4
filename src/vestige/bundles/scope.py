"""Which of our own entries belong to a choice of records: what a stranger needs to judge how they came and stayed.

* the log's keys, all of them, and the entry an epoch begins with
* acquisitions the records came in by, how those and their sources are read, the mappings that names, amendments of them
* redactions and amendments that name a record, seals that do
* erasures that touch a record, or an entry of ours that is taken along, and what says that they were carried out
* holds whose scope meets the records, with all their scopes and releases
* audit entries the above refer to, those that say whose act a hold or an erasure was and why, and each by which
  somebody was given a record's exact bytes

Others' holds and erasures are left out: a bundle tells nothing of matters it is not about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from vestige.ledger import Kind
from vestige.ledger.history import erased_ranges
from vestige.ledger.ranges import RangeSet, ranges_of
from vestige.ledger.remarks import AMENDED, LIFTED, REDACTED
from vestige.model.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vestige.ledger import Ledger, LogInfo, StoredEntry

REVEALED = "evidence.revealed"
"""The act by which a record's exact bytes were given to somebody."""
ACTS = frozenset({"hold.set", "hold.released", "evidence.erased", "evidence.erased_again", REDACTED, LIFTED, AMENDED})
"""Acts of which an entry of another kind stands before the act's own, in the same transaction."""
_ABOUT_EVENT = "event:"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ERASURES = frozenset({Kind.ERASURE, Kind.PURGE})
_NAMING = frozenset({Kind.REDACTION, Kind.AMENDMENT, Kind.SEAL})
_OURS = [kind for kind in Kind if kind not in {Kind.EVIDENCE, Kind.ANCHOR}]


@dataclass(slots=True)
class Chosen:
    """The records of one log, and what their leaves say of where they came from."""

    ranges: RangeSet
    acquisitions: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    hidden: Callable[[int], bool] = lambda _: False
    """Whether a record's bytes are withheld or erased: then what amendments say of it is left out, too."""


@dataclass(slots=True)
class _Hold:
    seqs: list[int]
    meets: bool = False


class Scope:
    """Walks the entries of ours of one log once and keeps those in scope; ask :meth:`seqs` at the end."""

    def __init__(self, ledger: Ledger, tenant: str, log: LogInfo, size: int, chosen: Chosen) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._log = log
        self._size = size
        self._chosen = chosen
        self._kept: set[int] = set()
        self._ids: set[str] = set()
        """Ids of kept entries that later ones may refer to."""
        self._referred: set[str] = set()
        self._acted: set[int] = set()
        """Seqs of kept holds, their scopes and releases, and erasures: somebody's acts."""
        self._digests: set[str] = set()
        self._mappings: list[tuple[str, int]] = []
        self._erasures: list[tuple[StoredEntry, list[tuple[int, int]]]] = []
        self._done: list[StoredEntry] = []
        self._holds: dict[str, _Hold] = {}

    def walk(self, also: Iterable[int] = ()) -> None:
        """Read everything of ours below the size; ``also`` are seqs that are in scope by other reasons."""
        self._kept.update(also)
        lo, hi = self._log.base, self._log.base + self._size
        for entry in self._ledger.entries_of(self._tenant, _OURS, lo, hi):
            self._take(entry)
        self._kept.update(seq for digest, seq in self._mappings if digest in self._digests)
        for hold in self._holds.values():
            if hold.meets:
                self._kept.update(hold.seqs)
                self._acted.update(hold.seqs)
        self._take_erasures()
        self._follow()
        self._take_erasures()  # those of what was taken along, too

    def seqs(self) -> list[tuple[int, int]]:
        """The seqs in scope, as rising half-open ranges."""
        return ranges_of(self._kept)

    def _take(self, entry: StoredEntry) -> None:
        leaf = orjson.loads(entry.leaf)
        refs: list[str] = leaf["refs"]
        kind = entry.kind
        if kind is Kind.KEY or (kind is Kind.RESTORE and entry.seq == 0):
            self._keep(entry, refs)
        elif kind is Kind.ACQUISITION:
            if entry.id in self._chosen.acquisitions:
                self._keep(entry, refs)
        elif kind is Kind.NORMALISATION:
            self._take_normalisation(entry, refs)
        elif kind in _NAMING:
            if any(ref in self._ids or self._is_chosen(ref) for ref in refs):
                self._keep(entry, refs)
                if kind is not Kind.AMENDMENT or not any(map(self._is_hidden, refs)):
                    self._acted.add(entry.seq)
        elif kind is Kind.AUDIT:
            if entry.salt is not None and self._reveals(entry):
                self._keep(entry, refs)
        else:
            self._put_aside(entry)

    def _put_aside(self, entry: StoredEntry) -> None:
        """Keep what is only known to be in scope when everything was read."""
        if entry.kind in _ERASURES:
            self._erasures.append((entry, erased_ranges(self._ledger.opened(entry), entry.seq)))
        elif entry.kind is Kind.ERASURE_DONE:
            self._done.append(entry)
        elif entry.kind is Kind.HOLD:
            self._holds[entry.id] = _Hold([entry.seq])
        elif entry.kind in {Kind.HOLD_SCOPE, Kind.RELEASE}:
            self._take_hold(entry)

    def _keep(self, entry: StoredEntry, refs: Iterable[str]) -> None:
        self._kept.add(entry.seq)
        self._ids.add(entry.id)
        self._referred.update(refs)

    def _take_normalisation(self, entry: StoredEntry, refs: list[str]) -> None:
        body = self._body(entry)
        if not refs and not entry.source:
            self._mappings.append((str(body.get("sha256", "")), entry.seq))
        elif refs[0] in self._chosen.acquisitions if refs else entry.source in self._chosen.sources:
            self._keep(entry, ())
            self._digests.update(_DIGEST.findall(orjson.dumps(body).decode()))

    def _take_hold(self, entry: StoredEntry) -> None:
        body = self._body(entry)
        hold = self._holds.get(str(body.get("hold")))
        if hold is None:
            return
        hold.seqs.append(entry.seq)
        for lo, hi in body.get("ranges", []):
            hold.meets = hold.meets or self._chosen.ranges.meets(lo, hi)

    def _reveals(self, entry: StoredEntry) -> bool:
        body = self._body(entry)
        about = str(body.get("resource", ""))
        return (
            body.get("act") == REVEALED
            and about.startswith(_ABOUT_EVENT)
            and self._is_chosen(about.removeprefix(_ABOUT_EVENT).partition(".")[0])
        )

    def _follow(self) -> None:
        """Take along the audit entries that are referred to, and those that say whose act a hold or an erasure was.

        What else is referred to is in by its own reasons. An act's audit entry is appended behind it in the same
        transaction, so it has the next seq and the same time.
        """
        for seq in sorted(self._acted):
            leaf = self._leaf(seq)
            self._referred.update(leaf["refs"])
            following = self._leaf(seq + 1) if seq + 1 < self._size else leaf
            if (following["kind"], following["at"]) == (Kind.AUDIT.value, leaf["at"]) and self._says_who(seq + 1):
                self._kept.add(seq + 1)
        for ref in sorted(self._referred - self._ids):
            place = self._seq_of(ref)
            if place is not None and self._leaf(place)["kind"] == Kind.AUDIT.value:
                self._kept.add(place)

    def _take_erasures(self) -> None:
        touched = RangeSet()
        for lo, hi in ranges_of(self._kept):
            touched.add(lo, hi)
        taken = set()
        for entry, ranges in self._erasures:
            if any(self._chosen.ranges.meets(lo, hi) or touched.meets(lo, hi) for lo, hi in ranges):
                self._kept.add(entry.seq)
                self._acted.add(entry.seq)
                taken.add(entry.id)
        self._kept.update(entry.seq for entry in self._done if taken.intersection(orjson.loads(entry.leaf)["refs"]))

    def _says_who(self, seq: int) -> bool:
        """Whether an audit entry is one of a hold or an erasure."""
        position = self._log.base + seq
        entry = self._ledger.read(self._tenant, position, position + 1)[0]
        return entry.salt is not None and str(self._body(entry).get("act")) in ACTS

    def _is_hidden(self, entry_id: str) -> bool:
        seq = self._seq_of(entry_id)
        return seq is not None and self._chosen.hidden(seq)

    def _is_chosen(self, entry_id: str) -> bool:
        seq = self._seq_of(entry_id)
        return seq is not None and seq in self._chosen.ranges

    def _seq_of(self, entry_id: str) -> int | None:
        """The seq of an id in this log, below the size."""
        try:
            position = self._ledger.entry(self._tenant, entry_id).position
        except NotFoundError:
            return None
        seq = position - self._log.base
        return seq if 0 <= seq < self._size else None

    def _leaf(self, seq: int) -> dict[str, Any]:
        position = self._log.base + seq
        leaf: dict[str, Any] = orjson.loads(self._ledger.read(self._tenant, position, position + 1)[0].leaf)
        return leaf

    def _body(self, entry: StoredEntry) -> dict[str, Any]:
        """The payload of an entry of ours, checked against its leaf."""
        body = orjson.loads(self._ledger.opened(entry))
        return body if isinstance(body, dict) else {}


def redactions(ledger: Ledger, tenant: str, log: LogInfo, size: int, has: Callable[[int], bool]) -> dict[int, str]:
    """Seqs among the records that a redaction in force names, and its id; that of the first, if several do.

    Raises:
        ConflictError: a redaction that is not in this log below the size names one: the bundle would show its bytes.
    """
    found: dict[int, str] = {}
    named = list(ledger.entries_of(tenant, [Kind.REDACTION], log.base))
    lifted = {str(orjson.loads(ledger.opened(entry)).get("lifts", "")) for entry in named}
    for entry in named:
        if entry.id in lifted:
            continue
        for ref in orjson.loads(entry.leaf)["refs"]:
            try:
                seq = ledger.entry(tenant, ref).position - log.base
            except NotFoundError:
                continue
            if not has(seq):
                continue
            if entry.position >= log.base + size:
                raise ConflictError(
                    f"entry {seq} of {log.origin} was redacted since, which this bundle could not prove",
                    expected=f"redactions below size {size} of the same log", got=entry.id,
                    hint="make the bundle as of a later size, or without that entry",
                )  # fmt: skip
            found.setdefault(seq, entry.id)
    return found


def erasures(ledger: Ledger, tenant: str, log: LogInfo, size: int) -> RangeSet:
    """Every seq whose payload an entry below the size has erased."""
    found = RangeSet()
    for entry in ledger.entries_of(tenant, sorted(_ERASURES), log.base, log.base + size):
        for lo, hi in erased_ranges(ledger.opened(entry), entry.seq):
            found.add(lo, hi)
    return found


def later_erasures(
    ledger: Ledger, tenant: str, log: LogInfo, size: int
) -> Iterator[tuple[StoredEntry, list[tuple[int, int]]]]:
    """The erasures of a log from a size on, and the ranges each took."""
    for entry in ledger.entries_of(tenant, sorted(_ERASURES), log.base + size):
        if orjson.loads(entry.leaf)["log"] == log.origin:
            yield entry, erased_ranges(ledger.opened(entry), entry.seq)

"""What a verification found, and where: collected while it runs, turned into a report at its end.

**Located** (ledger.md section 7): the first bad seq where stored hashes disagree; where only checkpoints disagree (a
rollback, a rewrite without the key) the interval (last good size, first bad size].
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vestige.ledger.models import Check, VerifyReport

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKS = (
    "entries",
    "leaves",
    "rows",
    "leaf_hashes",
    "payloads",
    "erasures",
    "tiles",
    "head",
    "checkpoints",
    "signatures",
    "signed",
    "keys",
    "signer",
    "epochs",
    "holds",
    "sender_gaps",
    "anchors",
)
"""The checks in the order they are reported."""

NOTES = frozenset({"signed", "sender_gaps", "anchors"})
"""Those that only tell something: no verdict hangs on them."""


@dataclass(slots=True)
class _Fault:
    at: int
    """The first bad seq, or the first bad size for faults of sizes."""
    reason: str
    after: int = 0
    """For faults of sizes: the last good size below."""
    count: int = 1


@dataclass(slots=True)
class Findings:
    """Faults by check, and what to say of the checks that are good."""

    details: dict[str, str] = field(default_factory=dict)
    _seqs: dict[str, _Fault] = field(default_factory=dict)
    _sizes: dict[str, _Fault] = field(default_factory=dict)
    _unreached: dict[str, str] = field(default_factory=dict)
    _good: tuple[int, ...] = (0,)
    """The last two good sizes, which is enough: faults are told in rising order too."""

    def bad_seq(self, check: str, seq: int, reason: str) -> None:
        """An entry that disagrees with what is stored about it."""
        self._note(self._seqs, check, seq, reason)

    def bad_size(self, check: str, size: int, reason: str, *, after: int | None = None) -> None:
        """A size of the log at which only checkpoints disagree; ``after`` is the last good size, if it is known."""
        if after is None:
            after = max(good for good in self._good if good < size)
        self._note(self._sizes, check, size, reason, after)

    def good_size(self, size: int) -> None:
        """A size whose checkpoint is good. Told in rising order."""
        self._good = (0, self._good[-1], size)

    def unreached(self, check: str, reason: str) -> None:
        """A check that could not be made because of another one's fault."""
        self._unreached.setdefault(check, reason)

    @staticmethod
    def _note(faults: dict[str, _Fault], check: str, at: int, reason: str, after: int = 0) -> None:
        found = faults.get(check)
        if found is None:
            faults[check] = _Fault(at, reason, after)
            return
        found.count += 1
        if at < found.at:
            found.at, found.reason, found.after = at, reason, after

    def report(self, size: int, root: bytes) -> VerifyReport:
        """The report on a log of this size, as computed."""
        checks = [self._check(name) for name in CHECKS]
        first = min(self._seqs.values(), key=lambda fault: fault.at, default=None)
        least = min(self._sizes.values(), key=lambda fault: fault.at, default=None)
        interval = None
        reason = ""
        if first is not None:
            reason = first.reason
        elif least is not None:
            reason = least.reason
            # A fault at the same size may know of an earlier last good size; the wider interval is the true one.
            interval = (min(f.after for f in self._sizes.values() if f.at == least.at), least.at)
        return VerifyReport(
            ok=first is None and least is None,
            size=size,
            root=root.hex(),
            first_bad_seq=None if first is None else first.at,
            interval=interval,
            reason=reason,
            checks=checks,
        )

    def _check(self, name: str) -> Check:
        faults = [fault for faults in (self._seqs, self._sizes) if (fault := faults.get(name)) is not None]
        if not faults:
            unreached = self._unreached.get(name)
            detail = unreached or self.details.get(name, "")
            return Check(name, ok=unreached is None, detail=detail, note=name in NOTES)
        more = sum(fault.count for fault in faults) - len(faults)
        detail = "; ".join(fault.reason for fault in faults)
        return Check(name, ok=False, detail=f"{detail}; and {more} more" if more else detail)


def combine(reports: Sequence[tuple[int, VerifyReport]]) -> VerifyReport:
    """One report on all epochs of a tenant, given by epoch, the oldest first.

    Size and root are the last one's. A fault is located in the earliest epoch that has one, a bad seq before an
    interval, and the reason names the epoch, since a number alone would not.
    """
    if len(reports) == 1:
        return reports[0][1]
    bad = [(epoch, report) for epoch, report in reports if not report.ok]
    checks = [
        Check(
            name,
            ok=all(report.checks[place].ok for _, report in reports),
            detail=_told([(epoch, report.checks[place].detail) for epoch, report in reports]),
            note=name in NOTES,
        )
        for place, name in enumerate(CHECKS)
    ]
    last = replace(reports[-1][1], checks=checks)
    if not bad:
        return last
    epoch, found = next((one for one in bad if one[1].first_bad_seq is not None), bad[0])
    return replace(
        last,
        ok=False,
        first_bad_seq=found.first_bad_seq,
        interval=found.interval,
        reason=f"epoch {epoch}: {found.reason}",
    )


def _told(details: Sequence[tuple[int, str]]) -> str:
    """What is said of each epoch; once, if the same is said of all."""
    texts = {text for _, text in details}
    if len(texts) == 1:
        return texts.pop()
    return "; ".join(f"epoch {epoch}: {text}" for epoch, text in details if text)

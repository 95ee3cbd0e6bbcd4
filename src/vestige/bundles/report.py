"""What a verification of a bundle found: checks in their order, faults with their place, one verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from vestige.model.errors import VestigeError

CHECKS: Final = (
    "container", "notes", "keys", "witnesses", "time", "leaves", "inclusion", "consistency", "openings", "records",
    "holds", "history", "complete", "statement",
)  # fmt: skip
"""The fourteen checks, in the order of ledger.md section 7."""

FAILED, UNVERIFIED, WITHHELD, NOT_A_BUNDLE, GOOD = 1, 2, 3, 4, 0
VERDICTS: Final = {
    FAILED: "failed",
    UNVERIFIED: "integrity good, origin unverified",
    WITHHELD: "verified, parts withheld or erased",
    NOT_A_BUNDLE: "not a bundle",
    GOOD: "verified",
}
MOST_FAULTS: Final = 100
"""Faults that are told one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, and where: a file, an entry of a log, or both."""

    check: str
    message: str
    file: str = ""
    seq: int | None = None
    expected: str = ""
    got: str = ""

    def to_json(self) -> dict[str, Any]:
        """What is known of it."""
        full = {
            "check": self.check, "message": self.message, "file": self.file, "seq": self.seq,
            "expected": self.expected, "got": self.got,
        }  # fmt: skip
        return {name: value for name, value in full.items() if value not in ("", None)}

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, "" if self.seq is None else f"seq {self.seq}") if part)
        rest = "".join(f"; {word} {value}" for word, value in (("expected", self.expected), ("got", self.got)) if value)
        return f"{place}: {self.message}{rest}" if place else f"{self.message}{rest}"


@dataclass(slots=True)
class Report:
    """One verification. ``is_bundle`` is false where there was nothing to check."""

    is_bundle: bool = True
    trusted: bool = False
    """Whether every log's key is one of those the caller brought, or follows from one."""
    reached: bool = False
    """Whether every check was made; not so where what is there does not even belong together."""
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """How many faults each check has."""
    details: dict[str, str] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=lambda: {"present": 0, "withheld": 0, "erased": 0, "missing": 0})

    def add(
        self, check: str, message: str, *, file: str = "", seq: int | None = None, expected: str = "", got: str = ""
    ) -> None:
        """Note a fault."""
        self.counts[check] = self.counts.get(check, 0) + 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(check, message, file, seq, expected[:200], got[:200]))

    def add_error(self, check: str, error: VestigeError, *, file: str = "", seq: int | None = None) -> None:
        """Note what an error says."""
        self.add(check, error.message, file=file, seq=seq, expected=error.expected, got=error.got)

    @property
    def exit(self) -> int:
        """The exit code; precedence 1, 4, 2, 3, 0."""
        if self.counts:
            return FAILED if self.is_bundle else NOT_A_BUNDLE
        if not self.trusted:
            return UNVERIFIED
        return WITHHELD if self.records["withheld"] or self.records["erased"] else GOOD

    def to_json(self) -> dict[str, Any]:
        """The report as ``--json`` prints it."""
        return {
            "verdict": VERDICTS[self.exit],
            "exit": self.exit,
            "checks": [{"name": name, "ok": self._ok(name), "detail": self._detail(name)} for name in CHECKS],
            "records": self.records,
            "faults": [fault.to_json() for fault in self.faults],
        }

    def _ok(self, name: str) -> bool:
        return self.reached and name not in self.counts

    def _detail(self, name: str) -> str:
        count = self.counts.get(name, 0)
        if not count:
            return self.details.get(name, "") if self.reached else "not reached"
        first = next((str(fault) for fault in self.faults if fault.check == name), "")
        return first if count == 1 else f"{first}; and {count - 1} more"

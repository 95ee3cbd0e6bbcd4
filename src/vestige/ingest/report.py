"""What an import says of itself: every record is exactly one of parsed, unparsed, duplicate, skipped."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_FAILURES = 1000
"""Failures listed one by one; beyond it they are counted, and `vestige search type:record.unparsed` lists them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that could not be taken in or read, and where."""

    file: str
    offset: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """The account of one import. ``records == parsed + unparsed + duplicates + skipped``, always."""

    files: int = 0
    skipped_files: int = 0
    records: int = 0
    parsed: int = 0
    unparsed: int = 0
    duplicates: int = 0
    skipped: int = 0
    events: int = 0
    bytes: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    failures_total: int = 0
    seconds: float = 0.0
    index_error: str = ""

    def fail(self, file: str, offset: int, reason: str) -> None:
        """Note a failure."""
        self.failures_total += 1
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(Failure(file, offset, reason))

    def to_json(self) -> dict[str, object]:
        """The shape of wire.md, ``import``."""
        body: dict[str, object] = {
            "files": self.files,
            "skipped_files": self.skipped_files,
            "records": self.records,
            "parsed": self.parsed,
            "unparsed": self.unparsed,
            "duplicates": self.duplicates,
            "skipped": self.skipped,
            "events": self.events,
            "failures": [{"file": f.file, "offset": f.offset, "reason": f.reason} for f in self.failures],
            "failures_total": self.failures_total,
            "formats": self.formats,
            "assumptions": self.assumptions,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }
        if self.index_error:
            body["index_error"] = self.index_error
        return body

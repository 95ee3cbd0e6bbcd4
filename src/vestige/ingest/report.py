"""What an import says of itself: every record is exactly one of parsed, unparsed, duplicate, skipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestige.model.instant import TimeQuality

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPLETE, STOPPED, FAILED = "complete", "stopped", "failed"
"""How an import ended: all was taken in or accounted for; whoever asked for it went away; a store failed."""
MAX_FAILURES = 1000
"""Failures listed one by one; beyond it they are counted, and `vestige search type:record.unparsed` lists them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that could not be taken in or read, and where."""

    file: str
    offset: int
    reason: str
    id: str = ""
    """The record's entry, where it is one that was taken in and could not be read."""


@dataclass(slots=True)
class ImportReport:
    """The account of one import. ``records == parsed + unparsed + duplicates + skipped``, always."""

    outcome: str = COMPLETE
    files: int = 0
    skipped_files: int = 0
    records: int = 0
    parsed: int = 0
    unparsed: int = 0
    duplicates: int = 0
    skipped: int = 0
    events: int = 0
    redacted: int = 0
    """Secrets that were taken out of agents' sessions before anything was kept."""
    bytes: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    """Events by the format that read them."""
    generic: dict[str, int] = field(default_factory=dict)
    """Of these, how many have a type that says only what kind of source spoke."""
    assumptions: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What was met and is no evidence, and why."""
    failures: list[Failure] = field(default_factory=list)
    failures_total: int = 0
    seconds: float = 0.0
    readings: dict[str, str] = field(default_factory=dict)
    """Per file: how a stamp without a year is read."""
    zones: dict[str, str] = field(default_factory=dict)
    """Per file: in which zone a stamp without an offset is read."""

    index: dict[str, object] = field(default_factory=dict)
    """``index_lag`` and ``index_reason`` where the index could not be brought up to what was taken in."""

    def fail(self, file: str, offset: int, reason: str, record: str = "") -> None:
        """Note a failure, of the record whose entry is named if it is one's.

        The reason need not say again which file it is about, or which archive the file lies in.
        """
        self.failures_total += 1
        if len(self.failures) < MAX_FAILURES:
            for name in filter(None, (file, file.partition("!")[0])):
                reason = reason.removeprefix(f"{name} ").replace(f"{name}: ", "")
            self.failures.append(Failure(file, offset, reason, record))

    def count(self, form: str, events: int, generic: int) -> None:
        """Count events of a format, and how many of them are generic."""
        self.read[form] = self.read.get(form, 0) + events
        self.generic[form] = self.generic.get(form, 0) + generic

    def assume(self, label: str, qualities: Mapping[str, int]) -> None:
        """Say which assumptions the times of a file rest on, and how many events have none."""
        year, zone = qualities.get(TimeQuality.ASSUMED_YEAR, 0), qualities.get(TimeQuality.ASSUMED_ZONE, 0)
        if year:
            how = self.readings.get(label, "")
            self.assumptions.append(f"{label}: {year} stamps state neither year nor offset; read as {how}")
        if zone:
            self.assumptions.append(f"{label}: {zone} stamps state no offset; read as {self.zones.get(label, 'UTC')}")
        if missing := qualities.get(TimeQuality.MISSING, 0):
            self.assumptions.append(f"{label}: {missing} events state no usable time and are undated")

    def to_json(self) -> dict[str, object]:
        """The shape `docs/commands.md` gives."""
        return {
            "outcome": self.outcome,
            "files": self.files,
            "skipped_files": self.skipped_files,
            "records": self.records,
            "parsed": self.parsed,
            "unparsed": self.unparsed,
            "duplicates": self.duplicates,
            "skipped": self.skipped,
            "events": self.events,
            "redacted": self.redacted,
            "failures": [
                {"file": f.file, "offset": f.offset, "reason": f.reason} | ({"id": f.id} if f.id else {})
                for f in self.failures
            ],
            "failures_total": self.failures_total,
            "formats": self.formats,
            "generic": {
                name: {"events": count, "of": self.read[name], "share": round(count / self.read[name], 4)}
                for name, count in self.generic.items()
                if count
            },
            "assumptions": self.assumptions,
            "left_out": self.left_out,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        } | self.index

"""What is true of a generated folder: the schema of ``truth.json``.

It is computed from the plan and written before the first byte of evidence, so nothing that reads evidence can have
had a hand in it. Times are int64 nanoseconds since the Unix epoch; where ``at_text`` stands beside, it is the same in
RFC 3339. Paths are relative to the folder ``truth.json`` is in; all evidence is below ``evidence/``. Records of a file
are numbered from 0: lines of a text file, elements of ``Records`` in a CloudTrail file.

::

    {"schema": "vestige.demo.truth/1", "scenario", "title", "telling", "seed", "starts_at", "ends_at",
     "totals":  {"records", "well_formed", "malformed", "duplicates", "planted", "background"},
     "sources": [{"source", "format", "clock_error_ns", "records", "malformed", "duplicates"}],
     "files":   [{"path", "source", "format", "container", "lines", "records", "malformed", "duplicates"}],
     "steps":   [{"order", "phase", "what", SIGHTING}],          in the order they truly happened
     "near_misses": [{"name", "why", "records": [SIGHTING]}],    innocent, and why
     "late":    [{"file", "number", "at", "arrived_at"}],        stand further down than their time says
     "malformed": [{"file", "number", "damage"}],
     "duplicates": [{"file", "number", "count", "of_file", "of_number"}],   the same bytes in the same order
     "clocks":  [{"source", "error_ns", "evidence"}]}

    SIGHTING = "source", "file", "number", "at", "at_text", "true_at", "true_at_text", "event_type", "outcome",
               "actor", "keys": [[kind, value]]

* ``at`` is what a right reading of the record gives, in the source's resolution and on its own clock; ``true_at`` is
  when it happened. ``error_ns`` is clock minus truth: -420 s is a clock seven minutes behind.
* ``records`` counts everything that stands in a file, malformed and duplicate ones too; each well-formed record is
  one event, but that the end of an agent's edit or command is two. ``lines`` counts line ends in the decompressed
  bytes.
* ``event_type`` ``log.line`` says that a reading need not know more than that it is a line of a log.
* A record that stands twice is told where it stands first.
* Syslog lines bear neither year nor offset: the offset is UTC, the year that of the times here. Files are dated
  (``mtime``) to the end of the story.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from vestige.demo.writing import Keys

SCHEMA = "vestige.demo.truth/1"
FILE_NAME = "truth.json"


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over all files."""

    records: int
    well_formed: int
    malformed: int
    duplicates: int
    planted: int
    background: int


@dataclass(frozen=True, slots=True)
class SourceTruth:
    """One source, over all its files."""

    source: str
    format: str
    clock_error_ns: int
    records: int
    malformed: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class FileTruth:
    """One file."""

    path: str
    source: str
    format: str
    container: str
    """``plain`` or ``gzip``."""
    lines: int
    records: int
    malformed: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record with a part in the story, and what a right reading of it says."""

    source: str
    file: str
    number: int
    at: int
    at_text: str
    true_at: int
    true_at_text: str
    event_type: str
    outcome: str
    actor: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the incident."""

    order: int
    phase: str
    what: str
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Something innocent that looks like part of the incident."""

    name: str
    why: str
    records: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """A record that reached its file after records of later times."""

    file: str
    number: int
    at: int
    arrived_at: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record no reader can make sense of."""

    file: str
    number: int
    damage: str


@dataclass(frozen=True, slots=True)
class Duplicates:
    """A run of records that stand elsewhere already."""

    file: str
    number: int
    count: int
    of_file: str
    of_number: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A source whose clock is wrong, and what in the evidence gives it away."""

    source: str
    error_ns: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known about a generated folder; see the module for each part's meaning."""

    schema: str
    scenario: str
    title: str
    telling: str
    seed: int
    starts_at: int
    ends_at: int
    totals: Totals
    sources: tuple[SourceTruth, ...]
    files: tuple[FileTruth, ...]
    steps: tuple[Step, ...]
    near_misses: tuple[NearMiss, ...]
    late: tuple[Late, ...]
    malformed: tuple[Malformed, ...]
    duplicates: tuple[Duplicates, ...]
    clocks: tuple[Clock, ...]

    def to_json(self) -> bytes:
        """The content of ``truth.json``."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

"""What a report is made of: values that were gathered, each in the voice of whoever says it.

Times are RFC 3339 texts in UTC, digests lower-case hex; a text that is empty was not stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person wrote, in Markdown, with who wrote it last and when: as the ledger has it."""

    text: str
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event, what the case says of it, and what proves its record."""

    id: str
    at: str = ""
    """When it happened; empty: it states no time that could be used."""
    quality: str = ""
    """``exact``, ``assumed_zone``, ``assumed_year``, ``missing``."""
    offset: str = ""
    """What was added to correct the source's clock."""
    received: str = ""
    type: str = ""
    who: str = ""
    says: str = ""
    """What the record says, in the source's own words, cut to a line."""
    source: str = ""
    state: str = ""
    """``intact``, ``erased``, ``altered``, ``missing``; empty: not held against the ledger here."""
    reason: str = ""
    note: Hand = Hand("")
    marked: bool = False
    added_by: str = ""
    added_at: str = ""
    epoch: int = 0
    seq: int = -1
    """The number of its entry in its log; -1: no entry stands there."""
    leaf_hash: str = ""
    record: str = ""
    """SHA-256 of the record's exact bytes; empty: they were erased, or are not what was signed."""
    path: tuple[str, ...] = ()
    """The inclusion proof under the checkpoint of its log, nearest node first, each in hex."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """An event for or against a hypothesis."""

    event: Event
    side: str
    comment: str
    by: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was supposed, and what became of it."""

    title: str
    text: Hand
    verdict: str
    reason: str
    evidence: Sequence[Weighed] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """An entity or an indicator of the case."""

    kind: str
    type: str
    value: str
    text: Hand


@dataclass(frozen=True, slots=True)
class Task:
    """Something that was to be done."""

    title: str
    status: str
    assignee: str
    due: str
    by: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note and the events it names."""

    title: str
    text: Hand
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A lane of the picture: a source, and its events in each stretch of time."""

    name: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Picture:
    """All dated events of the case in stretches of equal length, lane by lane."""

    start: int
    """Nanoseconds since 1970 UTC at which the first stretch begins."""
    width: int
    """Nanoseconds of a stretch."""
    bands: Sequence[Band]
    undated: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """A source of the case and how its times came about."""

    name: str
    events: int
    zone: str = ""
    """The zone its times were read in where they state none."""
    offset: str = ""
    evidence: str = ""
    """What the offset rests on."""
    other: str = ""
    """What else was said of how it is read."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed tree that the proofs of one log lead to."""

    epoch: int
    origin: str
    size: int
    root: str
    note: str
    records: int
    """How many records of the case lie in this log."""
    digest: str
    """SHA-256 of which these are: of the file ``records.txt`` of a bundle of the case."""
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Vouched:
    """What somebody else said of a checkpoint that covers records of the case: told, and not verified here."""

    type: str
    """``rfc3161``, ``cosignature``, ``git``."""
    by: str
    at: str
    """By their own clock."""
    over: str
    """``checkpoint`` or ``super-log``."""
    epoch: int
    size: int
    root: str
    records: int
    """How many records of the case lie below that size,"""
    of: int
    """of so many in that log."""
    seq: int
    """Of the entry that holds it."""


@dataclass(frozen=True, slots=True)
class Custody:
    """An entry of the ledger: who did what to the records, or in the case."""

    at: str
    epoch: int
    seq: int
    what: str
    by: str
    about: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of a list, and how many there are in all."""

    rows: Sequence[Custody] = ()
    total: int = 0
    fault: str = ""
    """Why it could not be told; empty: it is told."""


@dataclass(frozen=True, slots=True)
class Method:
    """How the events came about."""

    program: str
    parsers: Sequence[tuple[str, int]] = ()
    """Parser and version, and how many events of the case it read."""
    rules: Sequence[tuple[str, str, str, int]] = ()
    """Name, version and digest of a rule, and how many of its findings rest on an event of the case."""
    queries: Sequence[tuple[str, str, str, str, int]] = ()
    """When and by whom which query was pinned within which bounds, and how many events matched."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says."""

    case: str
    name: str
    status: str
    owner: str
    members: Sequence[str]
    tags: Sequence[str]
    created_by: str
    created_at: str
    tenant: str
    description: Hand
    made_by: str
    """Who asked for the report: the person or key that was signed in."""
    made_at: str
    pins: int
    """How many events are pinned."""
    states: dict[str, int]
    """How many of all that is pinned and named were found in which state."""
    faults: Sequence[tuple[str, str, str]]
    """Event, state and reason of what is not as it was; the first of them."""
    first: str
    last: str
    """Times of the first and the last dated event."""
    picture: Picture | None
    clocks: Sequence[Clock]
    checkpoints: Sequence[Checkpoint]
    events: Sequence[Event]
    """The first of them in order of time, then those without one."""
    hypotheses: Sequence[Hypothesis]
    notes: Sequence[Note]
    tasks: Sequence[Task]
    named: Sequence[Named]
    left_out: dict[str, int]
    """How many notes, hypotheses and so on are in the case and not in the report, by kind."""
    custody: Listing
    activity: Listing
    method: Method
    zone: str = ""
    """The zone whose clock stands beside UTC, an IANA name; empty: none."""
    vouched: Sequence[Vouched] = ()
    """The best of what each party said."""

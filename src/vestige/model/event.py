"""The forensic event: what every source's records are read into, and what every view shows.

An event is a pure function of (payload, receipt time, context, parser, version, parameters), so it is never
committed to on its own: the record is. Fields a source does not state stay empty; nothing is filled in from elsewhere.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from vestige.model.instant import TimeQuality

MOST_EVENTS = 65_535
"""Events of one record; the index numbers them in 16 bits. A record that gives more is kept whole, and not parsed."""


class Severity(IntEnum):
    """How much an event matters by itself, in the source's own judgement mapped to five steps."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


_LEVELS: Final = {
    Severity.INFO: "info information informational notice debug trace verbose none unknown ok success audit default",
    Severity.LOW: "low minor",
    Severity.MEDIUM: "medium moderate warn warning",
    Severity.HIGH: "high error err major severe",
    Severity.CRITICAL: "critical crit fatal alert emerg emergency panic blocker",
}
SEVERITY_WORDS: Final = {word: int(level) for level, words in _LEVELS.items() for word in words.split()}
"""The step of each word that sources use for a severity, in small letters; queries may use them as well."""


class Outcome(StrEnum):
    """How the act ended. A failed attempt is an event of its own right: never dropped, never told as success."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"
    NONE = ""
    """The event is not an attempt at anything."""


class KeyKind(StrEnum):
    """The kinds of correlation key: what two events of different systems can have in common."""

    IDENTITY = "identity"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a kind; values are keyed digests, never tokens
    IP = "ip"
    DEVICE = "device"
    HOST = "host"
    HASH = "hash"
    COMMIT = "commit"
    CUSTOM = "custom"


class Event(NamedTuple):
    """One thing that happened, flat, so that a block of events transposes into columns without a visit per row.

    Times are int64 nanoseconds (:mod:`vestige.model.instant`); ``None`` means the source states none.
    """

    event_type: str
    """Dotted, from the published vocabulary (:mod:`vestige.model.vocabulary`): ``auth.login_failed``."""
    occurred_at: int | None = None
    time_text: str = ""
    """The time as the source wrote it."""
    time_quality: str = TimeQuality.MISSING
    observed_at: int | None = None
    """When the reporting system noticed, where the source tells it apart from when it happened."""
    action: str = ""
    """The source's own name of the act: ``PutObject``, ``sshd``'s ``Failed password``."""
    outcome: str = ""
    severity: int = 0
    actor_id: str = ""
    actor_name: str = ""
    actor_type: str = ""
    subject_id: str = ""
    subject_name: str = ""
    subject_type: str = ""
    object_id: str = ""
    object_name: str = ""
    object_type: str = ""
    src_ip: str = ""
    """Canonical text of an IP address, or empty: a malformed address stays in ``attributes`` only."""
    dst_ip: str = ""
    src_port: int = 0
    dst_port: int = 0
    protocol: str = ""
    device_id: str = ""
    device_name: str = ""
    device_type: str = ""
    host: str = ""
    """``device.hostname``: the machine the event speaks of."""
    session: str = ""
    trace_id: str = ""
    message: str = ""
    """One line for a person; what full-text search reads."""
    tags: tuple[str, ...] = ()
    attributes: str = "{}"
    """All original fields, names untouched, as the text of one JSON object."""
    keys: tuple[tuple[str, str], ...] = ()
    """Correlation keys the flat fields do not already give: (:class:`KeyKind` value, text). Raw token values are
    allowed only here and only on the way to the index, which stores their keyed digests."""


class Unparsed(NamedTuple):
    """A record that stays evidence though it could not be read; ``reason`` is for a person."""

    reason: str


class Skipped(NamedTuple):
    """A record that is understood and is no event (a column header, a comment); ``reason`` is for a person."""

    reason: str


class Record(NamedTuple):
    """The smallest self-contained unit of a source, as exact bytes.

    ``offset`` is the place of the payload's first byte in the decompressed member, ``number`` counts records
    of the member from 0.
    """

    payload: bytes
    offset: int
    number: int


Reading = Event | tuple[Event, ...] | Unparsed | Skipped
"""What a parser makes of one record: one event, several, or a stated reason why none."""

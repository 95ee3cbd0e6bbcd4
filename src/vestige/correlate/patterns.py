"""A sequence pattern as data: steps, in which order, within which time, and what their events have in common.

What a pattern means is said where it is matched (:mod:`vestige.correlate.matcher`); how it is written, in
``docs/sequences.md``; :mod:`vestige.correlate.pattern_file` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate.detections import Detector

if TYPE_CHECKING:
    from vestige.model.event import KeyKind
    from vestige.query import Field

KIND = "sequence"
"""The kind of detector a pattern is."""


class Aspect(NamedTuple):
    """What of an event is compared: its keys of a kind, or a field of the query language."""

    name: str
    kind: KeyKind | None = None
    field: Field | None = None
    network: bool = False
    """Of an address only its network: the first 16 bits of an IPv4 address, the first 32 of an IPv6 address."""


class Bond(StrEnum):
    """How the events of a step stand to those of an earlier one."""

    SAME = "same"
    """Each shares a value with at least one of them."""
    DIFFERS = "differs"
    """Each states a value and shares none with any of them; each of them states one too."""


class Relation(NamedTuple):
    """A demand on the events of a step by those of an earlier one."""

    bond: Bond
    aspect: int
    """Place in the pattern's :attr:`Pattern.aspects`."""
    step: int
    """Place in the pattern's steps of the earlier one, which is not absent."""


class Distinct(NamedTuple):
    """At least so many different values among the events of a step."""

    aspect: int
    least: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: events that a query finds, so many of them; or, if ``absent``, none."""

    name: str
    where: str
    least: int = 1
    """Of an absent step: so many are not there; fewer may be."""
    most: int | None = None
    """No more than these match ``where`` between the steps beside it."""
    absent: bool = False
    distinct: Distinct | None = None
    gap: int | None = None
    """Nanoseconds at most from the last event of the step before to the first of this one. Of an absent step before
    the first: how far before the first event it looks."""
    relations: tuple[Relation, ...] = ()
    by: tuple[Aspect, ...] | None = None
    """What groups the step's events, where that is not what groups the others'."""

    @property
    def needs(self) -> int:
        """How many events the step takes."""
        return max(self.least, self.distinct.least if self.distinct is not None else 0)


@dataclass(frozen=True)
class Pattern:
    """A pattern, checked: relations lead to earlier steps, and there is one that is not absent."""

    name: str
    version: str
    digest: str
    """SHA-256, in hex, of the file it was read from."""
    title: str
    description: str
    severity: str
    tags: tuple[str, ...]
    by: tuple[Aspect, ...]
    """What all events of a match have in common; nothing: the whole log is one group."""
    within: int
    """Nanoseconds from the first event of a match to its last, at most."""
    strict: bool
    steps: tuple[Step, ...]
    aspects: tuple[Aspect, ...]
    """What events are compared by, beside what groups them."""
    enabled: bool = True
    """Whether it is scanned for where nobody said anything."""

    @cached_property
    def taken(self) -> tuple[int, ...]:
        """Places of the steps that take events, in order."""
        return tuple(place for place, step in enumerate(self.steps) if not step.absent)

    @cached_property
    def waits(self) -> bool:
        """Whether a match is decided only when the window after its last event has passed."""
        return self.strict and self.steps[-1].absent

    @cached_property
    def reach(self) -> int:
        """Nanoseconds before the first event of a match that have a say in it, beyond what ``within`` covers."""
        return max((step.gap or 0 for step in self.steps[: self.taken[0]]), default=0)

    @property
    def detector(self) -> Detector:
        """Who its findings are by."""
        return Detector(self.name, self.version, self.digest, KIND, self.title, self.severity, self.tags)

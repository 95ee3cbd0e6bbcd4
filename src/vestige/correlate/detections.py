"""What a pattern or rule found: which one, in which version, and the events that show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestige.correlate.store import Key, Spot


@dataclass(frozen=True, slots=True)
class Detector:
    """What found it, as data that a person wrote: a sequence pattern or a detection rule."""

    name: str
    """Short and stable: a pattern's name, a rule's id."""
    version: str
    digest: str
    """SHA-256, in hex, of the file it was read from."""
    kind: str
    """``sequence`` or ``sigma``."""
    title: str
    severity: str
    """One of ``info``, ``low``, ``medium``, ``high``, ``critical``."""
    tags: tuple[str, ...] = ()
    """ATT&CK tags and others: ``attack.t1078``."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One finding. The same detector and onset are the same finding, however often they are met."""

    detector: Detector
    evidence: tuple[Spot, ...]
    """The events that show it, oldest first."""
    keys: tuple[Key, ...] = ()
    """What the events have in common, where the detector goes by it."""
    first: int = 0
    """Of an act that went on: how many of its events, the oldest, made the finding when its condition was first met; 0
    where it did not go on."""
    times: int = 1
    """How often the condition was met in the course of it."""
    around: tuple[Spot, ...] = field(default=(), compare=False, repr=False)
    """Of an act all events of its group that fit any step and lie no further from it than the pattern's time: another
    choice among them is the same act."""

    @property
    def onset(self) -> tuple[Spot, ...]:
        """The events by which it is known, however long it becomes."""
        return self.evidence[: self.first] if self.first else self.evidence

"""What the searches of both orders have in common: the events by step, what is asked of events, and the bounds.

What a match is, is said in :mod:`vestige.correlate.matcher`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate.patterns import Bond

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.correlate.patterns import Pattern, Relation
    from vestige.correlate.store import Spot


class StepEvent(NamedTuple):
    """An event that matches steps of a pattern."""

    spot: Spot
    steps: frozenset[int]
    """Places of the steps it matches."""
    values: tuple[tuple[str, ...], ...] = ()
    """What it states of each of the pattern's aspects."""


class SpentError(Exception):
    """The search has had its share."""


class Demand(NamedTuple):
    """What a step that is yet to be taken must have: an event, or each of its events, that stands so to values."""

    step: int
    aspect: int
    values: tuple[str, ...]
    share: bool
    """Whether to share a value with these is asked for, or to share none."""
    unstated: bool
    """Whether an event that states nothing will do."""

    def met_by(self, event: StepEvent) -> bool:
        """Whether one event stands so. To share is asked of one event of the step, to share nothing of each."""
        own = event.values[self.aspect]
        return self.unstated if not own else self.share != set(own).isdisjoint(self.values)


def demanded(relation: Relation, values: tuple[str, ...], *, negated: bool = False) -> Demand:
    """That a relation to an event with these values holds, or (``negated``) does not."""
    share = (relation.bond is Bond.SAME) != negated
    return Demand(relation.step, relation.aspect, values, share, unstated=negated)


class Search(ABC):
    """What both orders have in common: the events by step, and the bounds of one search."""

    def __init__(self, pattern: Pattern, events: Sequence[StepEvent], tries: int) -> None:
        self.chosen: list[tuple[int, int]] = []
        """Events taken, the last first: place and step."""
        self._pattern = pattern
        self._events = events
        self._times = [event.spot.occurred_at for event in events]
        self._of = [[at for at, event in enumerate(events) if one in event.steps] for one in range(len(pattern.steps))]
        self._tries = tries
        self._begins = self._first = 0
        self._failed: set[object] = set()

    @property
    def ends(self) -> tuple[int, ...]:
        """The steps whose events can complete an occurrence."""
        return self._pattern.taken

    def completes(self, end: int, after: int) -> bool:
        """Whether an event completes an occurrence of events from ``after`` on; ``chosen`` is the tightest then."""
        self._begins = bisect_left(self._times, self._times[end] - self._pattern.within)
        self._first = max(after, self._begins)
        self.chosen, self._failed = [], set()
        # Most events complete nothing because too few stand before them, which is quick to see.
        enough = (self._count(one, self._first, end + 1) >= self._pattern.steps[one].needs for one in self.ends)
        return all(enough) and self._complete(end)

    @abstractmethod
    def _complete(self, end: int) -> bool:
        """Whether an event completes an occurrence, where enough stand before it."""

    def _inside(self, step: int, start: int, end: int) -> list[int]:
        """Places from ``start`` to before ``end`` of events that match a step."""
        own = self._of[step]
        return own[bisect_left(own, start) : bisect_left(own, end)]

    def _count(self, step: int, start: int, end: int) -> int:
        own = self._of[step]
        return bisect_left(own, end) - bisect_left(own, start)

    def _look(self) -> None:
        self._tries -= 1
        if self._tries < 0:
            raise SpentError

    def _value(self, step: int, at: int) -> tuple[str, ...]:
        """What an event counts as for a step's ``distinct``; nothing if it states nothing or that is not asked."""
        distinct = self._pattern.steps[step].distinct
        return () if distinct is None else self._events[at].values[distinct.aspect][:1]

    def _varied(self, step: int, seen: int, left: int) -> bool:
        """Whether enough different values can still come together."""
        distinct = self._pattern.steps[step].distinct
        return distinct is None or seen + left >= distinct.least

"""The search for an occurrence whose steps come in any order.

What a match is, is said in :mod:`vestige.correlate.matcher`.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate.search import Search, demanded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.correlate.patterns import Pattern
    from vestige.correlate.search import Demand, StepEvent


class _Share(NamedTuple):
    """Any order: one way of sharing the events that were taken out among the steps."""

    left: tuple[int, ...]
    """How many events each step lacks."""
    seen: frozenset[tuple[int, str]]
    """Values taken for steps with ``distinct``."""
    chosen: tuple[tuple[int, int], ...]
    """Place and step of each event taken."""


class AnyOrder(Search):
    """Steps in any order. Events are taken first and shared out in every way at once, as the tightest comes first."""

    def __init__(self, pattern: Pattern, events: Sequence[StepEvent], tries: int) -> None:
        super().__init__(pattern, events, tries)
        related = {one for one, step in enumerate(pattern.steps) if step.relations}
        self._related = related | {relation.step for one in related for relation in pattern.steps[one].relations}

    def _complete(self, end: int) -> bool:
        for one, step in enumerate(self._pattern.steps):
            most = step.least - 1 if step.absent else step.most
            if most is not None:
                own = self._of[one]
                inside = bisect_left(own, end + 1)
                if inside > most:
                    self._first = max(self._first, own[inside - most - 1] + 1)
        left = tuple(0 if step.absent else step.needs for step in self._pattern.steps)
        return end >= self._first and self._fill(end + 1, [_Share(left, frozenset(), ())], [end])

    def _fill(self, before: int, shares: list[_Share], places: list[int] | None = None) -> bool:
        """Take the events that are missing, latest first; whether it can be done."""
        if not any(shares[0].left):  # all of them took the same events
            whole = next((one for one in shares if self._holds(one)), None)
            self.chosen = [] if whole is None else list(whole.chosen)
            return whole is not None
        shares = [one for one in shares if all(self._count(k, self._first, before) >= one.left[k] for k in self.ends)]
        # Shares that differ only in what nothing depends on are one.
        ways = {
            (one.left, one.seen, tuple(pair for pair in one.chosen if pair[1] in self._related)): one for one in shares
        }
        key = (before, frozenset(ways))
        if not ways or key in self._failed:
            return False
        for at in range(before - 1, self._first - 1, -1) if places is None else places:
            self._look()
            then = [way for one in ways.values() for way in self._shared(one, at)]
            if then and self._fill(at, then):
                return True
        self._failed.add(key)
        return False

    def _shared(self, share: _Share, at: int) -> Iterator[_Share]:
        """The ways to give an event to a step that lacks one."""
        for one in self.ends:
            left = share.left[one] - 1
            if left < 0 or one not in self._events[at].steps:
                continue
            seen = share.seen | {(one, value) for value in self._value(one, at)}
            if self._varied(one, sum(step == one for step, _ in seen), left):
                lefts = (*share.left[:one], left, *share.left[one + 1 :])
                yield _Share(lefts, seen, (*share.chosen, (at, one)))

    def _holds(self, share: _Share) -> bool:
        """Whether the relations hold between the events that were taken."""
        for at, one in share.chosen:
            for relation in self._pattern.steps[one].relations:
                values = self._events[at].values[relation.aspect]
                others = [self._events[place] for place, step in share.chosen if step == relation.step]
                if not values or not _met(demanded(relation, values), others):
                    return False
        return True


def _met(demand: Demand, events: list[StepEvent]) -> bool:
    return (any if demand.share else all)(map(demand.met_by, events))

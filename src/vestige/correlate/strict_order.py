"""The search for an occurrence whose steps follow one another: filled from the last to the first.

What a match is, is said in :mod:`vestige.correlate.matcher`.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate.search import Demand, Search, demanded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.correlate.patterns import Pattern
    from vestige.correlate.search import StepEvent


class _State(NamedTuple):
    """Strict order: how far the search has come, backwards."""

    step: int
    """Which of the taken steps is filled, by its place among them."""
    left: int
    """How many events it lacks."""
    at: int
    """Only events before this place may be taken."""
    following: int
    """The first event of the taken step after this one."""
    beyond: int
    """The first event of the one after that."""
    seen: frozenset[str] = frozenset()
    """Values taken for ``distinct``."""
    demands: frozenset[Demand] = frozenset()


class Strict(Search):
    """Steps one after another: filled from the last to the first."""

    def __init__(self, pattern: Pattern, events: Sequence[StepEvent], tries: int) -> None:
        super().__init__(pattern, events, tries)
        self._taken = pattern.taken
        self._floors: list[int] = []
        """Where each taken step begins at the earliest, for what the steps before it need."""
        self._latest = 0
        """When (ns) an occurrence begins at the latest, for what must not follow it."""

    @property
    def ends(self) -> tuple[int, ...]:
        """The last step, whose events alone complete an occurrence."""
        return self._pattern.taken[-1:]

    def _complete(self, end: int) -> bool:
        if not self._leaves_room(end):
            return False
        self._latest = self._times[end]
        for one in range(self._taken[-1] + 1, len(self._pattern.steps)):
            own = self._of[one]
            behind = bisect_left(own, end + 1) + self._pattern.steps[one].least - 1
            if behind < len(own):
                self._latest = min(self._latest, self._times[own[behind]] - self._pattern.within - 1)
        step = len(self._taken) - 1
        needs = self._pattern.steps[self._taken[step]].needs
        return self._fill(_State(step, needs, end + 1, end + 1, end + 1), [end])

    def _leaves_room(self, end: int) -> bool:
        """Whether the steps find what they need one after another, whatever else is asked; fills ``_floors``.

        Without this a step of many different values would be tried in every way when a step before it has no place.
        """
        floor, self._floors = self._first, []
        for one in self._taken:
            self._floors.append(floor)
            step, values = self._pattern.steps[one], set[str]()
            for count, at in enumerate(self._inside(one, floor, end + 1), 1):
                values.update(self._value(one, at))
                if count >= step.needs and (step.distinct is None or len(values) >= step.distinct.least):
                    floor = at + 1
                    break
            else:
                return False
        return True

    def _fill(self, state: _State, places: list[int] | None = None) -> bool:
        """Take the events that are missing, latest first; whether it can be done."""
        if state.step < 0:
            return True
        key = self._key(state)
        if key in self._failed:
            return False
        for at in self._earlier(state) if places is None else places:
            self._look()
            then = self._taking(state, at)
            if then is not None:
                self.chosen.append((at, self._taken[state.step]))
                if self._fill(then):
                    return True
                self.chosen.pop()
        self._failed.add(key)
        return False

    def _is_new(self, state: _State) -> bool:
        """Whether the event taken next is the last of its step, with steps behind it."""
        one = self._taken[state.step]
        return state.left == self._pattern.steps[one].needs and state.step + 1 < len(self._taken)

    def _key(self, state: _State) -> object:
        """What of a state decides whether it can be completed."""
        steps = self._pattern.steps
        bounded = steps[self._taken[state.step]].most is not None
        next_bounded = self._is_new(state) and steps[self._taken[state.step + 1]].most is not None
        return state._replace(following=state.following if bounded else -1, beyond=state.beyond if next_bounded else -1)

    def _earlier(self, state: _State) -> Iterator[int]:
        """Places of events that may be taken next as far as the steps behind allow, the latest first."""
        one, is_new = self._taken[state.step], self._is_new(state)
        own = self._of[one]
        for index in range(bisect_left(own, state.at) - 1, -1, -1):
            if own[index] < self._floors[state.step] or (is_new and not self._reaches(state, own[index])):
                return
            yield own[index]

    def _reaches(self, state: _State, at: int) -> bool:
        """Whether the last event of a step may stand so far before the next step; if not, no earlier one may."""
        one, after = self._taken[state.step : state.step + 2]
        step = self._pattern.steps[after]
        if step.gap is not None and self._times[state.following] - self._times[at] > step.gap:
            return False
        if step.most is not None and self._count(after, at + 1, state.beyond) > step.most:
            return False
        between = (place for place in range(one + 1, after) if not self._pattern.steps[place].relations)
        return not any(self._forbids(place, at + 1, state.following) for place in between)

    def _forbids(self, absent: int, start: int, end: int) -> bool:
        """Whether as many events as an absent step forbids lie from one place to before another."""
        return self._count(absent, start, end) >= self._pattern.steps[absent].least

    def _taking(self, state: _State, at: int) -> _State | None:
        """The state when an event was taken; ``None`` if it may not be."""
        one, left = self._taken[state.step], state.left - 1
        seen = state.seen | set(self._value(one, at))
        demands = self._asked(state, at) if self._varied(one, len(seen), left) else None
        if demands is None:
            return None
        if left:
            return state._replace(left=left, at=at, seen=seen, demands=demands)
        if state.step == 0:
            return state._replace(step=-1) if self._may_begin(state, at) else None
        # What is asked of a step that is full now was met.
        ahead = frozenset(demand for demand in demands if demand.step != one)
        needs = self._pattern.steps[self._taken[state.step - 1]].needs
        return _State(state.step - 1, needs, at, at, state.following, demands=ahead)

    def _asked(self, state: _State, at: int) -> frozenset[Demand] | None:
        """What is asked of earlier events when an event was taken; ``None`` if it, or they, cannot do it."""
        one, event = self._taken[state.step], self._events[at]
        demands = set(state.demands)
        if self._is_new(state):
            demands |= self._forbidden(state, at)
        for demand in [demand for demand in demands if demand.step == one]:
            met = demand.met_by(event)
            if met and demand.share:
                demands.remove(demand)
            elif not met and (state.left == 1 or not demand.share):
                return None
        for relation in self._pattern.steps[one].relations:
            values = event.values[relation.aspect]
            if not values:
                return None
            demands.add(demanded(relation, values))
        return frozenset(demands) if all(self._meetable(demand, at) for demand in demands) else None

    def _forbidden(self, state: _State, at: int) -> set[Demand]:
        """What the events of absent steps between this step and the next ask of earlier events, to be no hindrance."""
        asked: set[Demand] = set()
        for one in range(self._taken[state.step] + 1, self._taken[state.step + 1]):
            for relation in self._pattern.steps[one].relations:
                for place in self._inside(one, at + 1, state.following):
                    values = self._events[place].values[relation.aspect]
                    # What states nothing shares nothing and differs from nothing.
                    if values:
                        asked.add(demanded(relation, values, negated=True))
        return asked

    def _meetable(self, demand: Demand, before: int) -> bool:
        """Whether some event before a place does what is asked of one event."""
        return not demand.share or any(
            demand.met_by(self._events[place]) for place in self._inside(demand.step, self._first, before)
        )

    def _may_begin(self, state: _State, at: int) -> bool:
        """Whether an occurrence may begin with an event: for what must not stand before it, nor follow it."""
        if self._times[at] > self._latest:
            return False
        first = self._taken[0]
        most = self._pattern.steps[first].most
        if most is not None and self._count(first, self._begins, state.following) > most:
            return False
        return not any(self._forbids(one, self._looks_back(one, at), at) for one in range(first))

    def _looks_back(self, absent: int, at: int) -> int:
        """The place from which on an absent step before the first looks, where the first event stands at a place."""
        gap = self._pattern.steps[absent].gap
        return self._begins if gap is None else bisect_left(self._times, self._times[at] - gap)

"""The exact matcher of sequence patterns. Pure: events of one group in, matches out.

**What a match is.** The events of a group are ordered by (time, seq, sub): where times are equal, the place in the
ledger decides. Undated events have no part in anything. An *occurrence* takes for each step that is not absent exactly
as many events as the step needs (the greater of ``count`` and ``distinct``), each matching the step's query and none
taken twice, such that

1. in strict order every event of a step comes before every event of the next; in any order nothing of the kind;
2. from the first event to the last no more time passes than ``within``, that much itself included;
3. from the last event of a step to the first of the next no more than the latter's ``gap``, itself included;
4. the events of a step with ``distinct`` have that many different values, an event's value being the first it states;
5. ``same`` and ``differs`` hold (:class:`~vestige.correlate.patterns.Bond`);
6. no event of the group that matches an absent step lies in its stretch, and no more than ``most`` matching the step in
   that of a step with such a bound. The stretch lies strictly between the last event of the step before and the first
   of the step after; before the first step it begins ``within`` before the last event of the occurrence, and behind the
   last step it ends ``within`` after the first event. In any order the stretch is from the first event of the
   occurrence to the last, both included. An absent step with ``same`` or ``differs`` forbids only events for which
   that holds; one with a ``count`` forbids that many events and leaves fewer be; one with a ``gap``, which stands
   before the first step, looks that far back from the first event and no further.

**Which matches are reported.** An occurrence is *completed* by its last event. The first match is completed by the
earliest event that completes any; of the occurrences this event completes, it is the one whose events, compared from
the last backwards, come latest: the tightest. The next match takes only events behind that event, and so on; matches of
a group never overlap. Where the last step is absent, an event completes nothing before ``horizon`` has come ``within``
beyond it, for until then the forbidden event may yet happen.

The search goes backwards from the completing event and remembers what failed, so that its time is bounded by the number
of states; distinct values and relations can make these many. After :data:`TRIES` steps for one group it ends and says
so: what it found before stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.patterns import Bond

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.correlate.patterns import Pattern, Relation
    from vestige.correlate.store import Spot

TRIES: Final = 200_000
"""Looks at an event, over and over, in the search through one group."""


class StepEvent(NamedTuple):
    """An event that matches steps of a pattern."""

    spot: Spot
    steps: frozenset[int]
    """Places of the steps it matches."""
    values: tuple[tuple[str, ...], ...] = ()
    """What it states of each of the pattern's aspects."""


class Match(NamedTuple):
    """A match: its events, the oldest first, and the place of the step that each was taken for."""

    evidence: tuple[Spot, ...]
    steps: tuple[int, ...]


class Outcome(NamedTuple):
    """The matches of a group, and whether the search was ended before it was through."""

    matches: list[Match]
    cut: bool


def find(pattern: Pattern, events: Sequence[StepEvent], horizon: int, tries: int = TRIES) -> Outcome:
    """The matches of a pattern in one group.

    Args:
        pattern: what is looked for.
        events: those of the group that match a step, in order of their spots.
        horizon: up to which instant (ns) everything that happened is known.
        tries: after how many looks at an event the search ends.
    """
    search = (_Strict if pattern.strict else _Any)(pattern, events, tries)
    matches: list[Match] = []
    after = 0
    try:
        for end, event in enumerate(events):
            if pattern.waits and event.spot.occurred_at + pattern.within > horizon:
                break
            if not event.steps.isdisjoint(search.ends) and search.completes(end, after):
                chosen = sorted(search.chosen)
                matches.append(Match(tuple(events[at].spot for at, _ in chosen), tuple(step for _, step in chosen)))
                after = end + 1
    except _SpentError:
        return Outcome(matches, cut=True)
    return Outcome(matches, cut=False)


class _SpentError(Exception):
    """The search has had its share."""


class _Demand(NamedTuple):
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


def _demand(relation: Relation, values: tuple[str, ...], *, negated: bool = False) -> _Demand:
    """That a relation to an event with these values holds, or (``negated``) does not."""
    share = (relation.bond is Bond.SAME) != negated
    return _Demand(relation.step, relation.aspect, values, share, unstated=negated)


class _Search(ABC):
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
            raise _SpentError

    def _value(self, step: int, at: int) -> tuple[str, ...]:
        """What an event counts as for a step's ``distinct``; nothing if it states nothing or that is not asked."""
        distinct = self._pattern.steps[step].distinct
        return () if distinct is None else self._events[at].values[distinct.aspect][:1]

    def _varied(self, step: int, seen: int, left: int) -> bool:
        """Whether enough different values can still come together."""
        distinct = self._pattern.steps[step].distinct
        return distinct is None or seen + left >= distinct.least


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
    demands: frozenset[_Demand] = frozenset()


class _Strict(_Search):
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
        demands = self._demanded(state, at) if self._varied(one, len(seen), left) else None
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

    def _demanded(self, state: _State, at: int) -> frozenset[_Demand] | None:
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
            demands.add(_demand(relation, values))
        return frozenset(demands) if all(self._meetable(demand, at) for demand in demands) else None

    def _forbidden(self, state: _State, at: int) -> set[_Demand]:
        """What the events of absent steps between this step and the next ask of earlier events, to be no hindrance."""
        asked: set[_Demand] = set()
        for one in range(self._taken[state.step] + 1, self._taken[state.step + 1]):
            for relation in self._pattern.steps[one].relations:
                for place in self._inside(one, at + 1, state.following):
                    values = self._events[place].values[relation.aspect]
                    # What states nothing shares nothing and differs from nothing.
                    if values:
                        asked.add(_demand(relation, values, negated=True))
        return asked

    def _meetable(self, demand: _Demand, before: int) -> bool:
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


class _Share(NamedTuple):
    """Any order: one way of sharing the events that were taken out among the steps."""

    left: tuple[int, ...]
    """How many events each step lacks."""
    seen: frozenset[tuple[int, str]]
    """Values taken for steps with ``distinct``."""
    chosen: tuple[tuple[int, int], ...]
    """Place and step of each event taken."""


class _Any(_Search):
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
                if not values or not _met(_demand(relation, values), others):
                    return False
        return True


def _met(demand: _Demand, events: list[StepEvent]) -> bool:
    return (any if demand.share else all)(map(demand.met_by, events))

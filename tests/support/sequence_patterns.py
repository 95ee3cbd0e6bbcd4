"""Patterns and events made by hand, and a matcher that tries everything: what the real one is held against."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from vestige.correlate import Spot
from vestige.correlate.patterns import Aspect, Bond, Pattern, Relation, Step
from vestige.correlate.search import StepEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Occurrence = tuple[tuple[int, ...], ...]
"""Places of the events taken for each step."""


def pattern(*steps: Step, within: int = 10, strict: bool = True) -> Pattern:
    """A pattern of some steps over two aspects."""
    aspects = (Aspect("a"), Aspect("b"))
    return Pattern("p", "1", "0", "t", "", "low", (), (), within, strict, steps, aspects)


def event(number: int, at: int, *steps: int, a: Sequence[str] = (), b: Sequence[str] = ()) -> StepEvent:
    """The event of a number (its seq) at an instant that matches some steps."""
    return StepEvent(Spot(at, number, 0), frozenset(steps), (tuple(a), tuple(b)))


def tried(pattern: Pattern, events: Sequence[StepEvent], horizon: int) -> list[tuple[Spot, ...]]:
    """The evidence of each match, found by trying every choice of events against the definition, word by word."""
    found: list[tuple[Spot, ...]] = []
    after = 0
    for end in range(len(events)):
        if pattern.waits and events[end].spot.occurred_at + pattern.within > horizon:
            break
        best = max((sorted(itertools.chain(*one), reverse=True) for one in _occurrences(pattern, events, after, end)),
                   default=None)  # fmt: skip
        if best is not None:
            found.append(tuple(events[place].spot for place in reversed(best)))
            after = end + 1
    return found


def _occurrences(pattern: Pattern, events: Sequence[StepEvent], after: int, end: int) -> Iterator[Occurrence]:
    choices = [
        [()] if step.absent else itertools.combinations(
            [place for place in range(after, end + 1) if number in events[place].steps], step.needs)
        for number, step in enumerate(pattern.steps)
    ]  # fmt: skip
    for occurrence in itertools.product(*choices):
        places = list(itertools.chain(*occurrence))
        if len(set(places)) == len(places) and max(places) == end and _holds(pattern, events, occurrence):
            yield occurrence


def _holds(  # noqa: PLR0911 - an answer per rule
    pattern: Pattern, events: Sequence[StepEvent], occurrence: Occurrence
) -> bool:
    time = [event.spot.occurred_at for event in events]
    places = sorted(itertools.chain(*occurrence))
    if time[places[-1]] - time[places[0]] > pattern.within:
        return False
    taken = [number for number, step in enumerate(pattern.steps) if not step.absent]
    if pattern.strict:
        for one, other in itertools.pairwise(taken):
            gap = pattern.steps[other].gap
            if occurrence[one][-1] >= occurrence[other][0]:
                return False
            if gap is not None and time[occurrence[other][0]] - time[occurrence[one][-1]] > gap:
                return False
    for number, step in enumerate(pattern.steps):
        if step.distinct is not None:
            values = {events[place].values[step.distinct.aspect][:1] for place in occurrence[number]} - {()}
            if len(values) < step.distinct.least:
                return False
        if not step.absent and not all(
            _related(events, place, relation, occurrence) for relation in step.relations for place in occurrence[number]
        ):
            return False
        most = step.least - 1 if step.absent else step.most
        if most is not None:
            inside = [
                place for place in _stretch(pattern, events, occurrence, number)
                if number in events[place].steps
                and (not step.absent or all(_related(events, place, one, occurrence) for one in step.relations))
            ]  # fmt: skip
            if len(inside) > most:
                return False
    return True


def _related(events: Sequence[StepEvent], place: int, relation: Relation, occurrence: Occurrence) -> bool:
    own = set(events[place].values[relation.aspect])
    others = [set(events[other].values[relation.aspect]) for other in occurrence[relation.step]]
    if relation.bond is Bond.SAME:
        return any(own & other for other in others)
    return bool(own) and all(other and not own & other for other in others)


def _stretch(pattern: Pattern, events: Sequence[StepEvent], occurrence: Occurrence, number: int) -> list[int]:
    places = sorted(itertools.chain(*occurrence))
    if not pattern.strict:
        return list(range(places[0], places[-1] + 1))
    before = [place for one in occurrence[:number] for place in one]
    behind = [place for one in occurrence[number + 1 :] for place in one]
    gap = pattern.steps[number].gap
    start = events[places[-1]].spot.occurred_at - pattern.within
    if pattern.steps[number].absent and gap is not None:
        start = events[places[0]].spot.occurred_at - gap
    end = events[places[0]].spot.occurred_at + pattern.within
    return [
        place for place, event in enumerate(events)
        if (place > max(before) if before else event.spot.occurred_at >= start)
        and (place < min(behind) if behind else event.spot.occurred_at <= end)
        and (before or place < min(behind))
        and (behind or place > max(before))
    ]  # fmt: skip

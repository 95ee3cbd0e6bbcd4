"""The exact matcher: held against trying everything, and against what a person expects of each rule."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from support.sequence_patterns import event, pattern, tried
from vestige.correlate.matcher import StepEvent, find
from vestige.correlate.patterns import Bond, Distinct, Pattern, Relation, Step

FAR = 10**6


def places(pattern: Pattern, events: list[StepEvent], horizon: int = FAR) -> list[list[int]]:
    outcome = find(pattern, events, horizon)
    assert not outcome.cut
    return [[spot.seq for spot in match.evidence] for match in outcome.matches]


def at(*times: int, step: int = 0) -> list[StepEvent]:
    return [event(number, time, step) for number, time in enumerate(times)]


def relations(chance: random.Random, earlier: list[int], most: int) -> tuple[Relation, ...]:
    count = chance.randrange(most + 1) if earlier and chance.random() < 0.5 else 0
    bonds = list(Bond)
    return tuple(Relation(chance.choice(bonds), chance.randrange(2), chance.choice(earlier)) for _ in range(count))


def a_pattern(chance: random.Random) -> Pattern:
    strict, count = chance.random() < 0.7, chance.randint(1, 4)
    absent = [chance.random() < 0.3 for _ in range(count)]
    if all(absent):
        absent[chance.randrange(count)] = False
    taken = [number for number, one in enumerate(absent) if not one]
    steps = []
    for number in range(count):
        earlier = [one for one in taken if one < number]
        if absent[number]:
            own = relations(chance, earlier, 1) if strict and number < taken[-1] else ()
            steps.append(Step(str(number), "", absent=True, relations=own))
            continue
        bounded = (not strict or number != taken[-1]) and chance.random() < 0.4
        distinct = Distinct(chance.randrange(2), chance.randint(1, 2)) if chance.random() < 0.3 else None
        steps.append(
            Step(
                str(number),
                "",
                least=chance.choice((1, 1, 2)),
                most=chance.randint(2, 3) if bounded else None,
                distinct=distinct,
                gap=chance.randint(0, 4) if strict and number != taken[0] and chance.random() < 0.5 else None,
                relations=relations(chance, earlier, 2),
            )
        )
    return pattern(*steps, within=chance.randint(2, 14), strict=strict)


def a_case(chance: random.Random) -> tuple[Pattern, list[StepEvent], int]:
    made = a_pattern(chance)

    def some(letters: str) -> list[str]:
        return chance.sample(letters, chance.choice((0, 1, 1, 1, 2)))

    times = sorted(chance.randint(0, 12) for _ in range(chance.randint(len(made.taken), 11)))
    steps = range(len(made.steps))
    events = [
        event(
            seq, time, *chance.sample(steps, min(len(steps), chance.choice((1, 1, 1, 2)))), a=some("xyz"), b=some("xy")
        )
        for seq, time in enumerate(times)
    ]
    return made, events, chance.randint(0, 40)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64))
def test_it_finds_what_trying_everything_finds(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        agree(*a_case(chance))


def agree(made: Pattern, events: list[StepEvent], horizon: int) -> None:
    outcome = find(made, events, horizon)
    assert not outcome.cut
    assert [match.evidence for match in outcome.matches] == tried(made, events, horizon), (made, events, horizon)
    for match in outcome.matches:
        assert len(match.steps) == len(match.evidence)
        took = dict(zip(match.evidence, match.steps, strict=True))
        assert all(took[one.spot] in one.steps for one in events if one.spot in took)
    for one, other in itertools.pairwise(outcome.matches):
        assert one.evidence[-1] < other.evidence[0]

"""The exact matcher: held against trying everything, and against what a person expects of each rule."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sequence_patterns import event, pattern, tried
from vestige.correlate.matcher import find
from vestige.correlate.patterns import Bond, Distinct, Pattern, Relation, Step

if TYPE_CHECKING:
    from vestige.correlate.search import StepEvent

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
            least = 1 if own else chance.choice((1, 1, 2))
            gap = chance.randint(0, 4) if strict and number < taken[0] and chance.random() < 0.5 else None
            steps.append(Step(str(number), "", least=least, absent=True, gap=gap, relations=own))
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


def test_a_repetition_takes_as_many_events_as_it_needs_and_one_event_serves_once() -> None:
    twice = pattern(Step("a", "", least=2), Step("b", ""))
    assert places(twice, [event(0, 0, 0), event(1, 1, 1)]) == []
    assert places(twice, [event(0, 0, 0), event(1, 1, 0), event(2, 2, 1)]) == [[0, 1, 2]]
    # Of several that would do, the latest are the evidence.
    assert places(twice, [*at(0, 1, 2, 3), event(4, 4, 1)]) == [[2, 3, 4]]
    both = pattern(Step("a", ""), Step("b", ""))
    assert places(both, [event(0, 0, 0, 1)]) == []
    assert places(both, [event(0, 0, 0, 1), event(1, 0, 0, 1)]) == [[0, 1]]


def test_matches_of_a_group_never_overlap() -> None:
    pair = pattern(Step("a", ""), Step("b", ""))
    assert places(pair, [*at(0, 1), event(2, 2, 1), event(3, 3, 1)]) == [[1, 2]]
    assert places(pair, [event(0, 0, 0), event(1, 1, 1), event(2, 2, 0), event(3, 3, 1)]) == [[0, 1], [2, 3]]


def test_the_window_includes_its_end_and_not_a_nanosecond_more() -> None:
    pair = pattern(Step("a", ""), Step("b", ""), within=10)
    assert places(pair, [event(0, 0, 0), event(1, 10, 1)]) == [[0, 1]]
    assert places(pair, [event(0, 0, 0), event(1, 11, 1)]) == []


def test_where_times_are_equal_the_ledger_decides_the_order() -> None:
    pair = pattern(Step("a", ""), Step("b", ""))
    assert places(pair, [event(0, 5, 0), event(1, 5, 1)]) == [[0, 1]]
    assert places(pair, [event(0, 5, 1), event(1, 5, 0)]) == []
    assert places(pattern(Step("a", ""), Step("b", ""), strict=False), [event(0, 5, 1), event(1, 5, 0)]) == [[0, 1]]


def test_a_gap_is_reached_by_an_earlier_event_where_the_latest_is_too_late() -> None:
    gapped = pattern(Step("a", ""), Step("b", "", gap=5), Step("c", ""), within=30)
    assert places(gapped, [event(0, 0, 0), event(1, 5, 1), event(2, 20, 1), event(3, 21, 2)]) == [[0, 1, 3]]
    assert places(gapped, [event(0, 0, 0), event(1, 6, 1), event(2, 20, 1), event(3, 21, 2)]) == []


def test_what_is_absent_is_looked_for_between_its_neighbours_alone() -> None:
    made = pattern(Step("a", ""), Step("no", "", absent=True), Step("b", ""))
    assert places(made, [event(0, 0, 0), event(1, 5, 2)]) == [[0, 1]]
    assert places(made, [event(0, 0, 0), event(1, 3, 1), event(2, 5, 2)]) == []
    assert places(made, [event(0, 0, 1), event(1, 1, 0), event(2, 5, 2), event(3, 6, 1)]) == [[1, 2]]


def test_what_must_not_have_come_before_is_looked_for_in_the_whole_window() -> None:
    made = pattern(Step("no", "", absent=True), Step("a", ""))
    assert places(made, [event(0, 0, 0), event(1, 10, 1)]) == []
    assert places(made, [event(0, 0, 0), event(1, 11, 1)]) == [[1]]


def test_fewer_than_an_absent_step_counts_are_no_hindrance() -> None:
    for absent_first in (True, False):
        no = Step("no", "", least=2, absent=True)
        made = pattern(no, Step("a", "")) if absent_first else pattern(Step("a", ""), no)
        a, b = (1, 0) if absent_first else (0, 1)
        times = (1, 2, 5) if absent_first else (5, 6, 7)
        one, two, own = (times[0], times[1], times[2]) if absent_first else (times[1], times[2], times[0])
        few = sorted([(own, a), (one, b)])
        many = sorted([(own, a), (one, b), (two, b)])
        assert len(places(made, [event(n, at, step) for n, (at, step) in enumerate(few)])) == 1
        assert places(made, [event(n, at, step) for n, (at, step) in enumerate(many)]) == []


def test_what_must_not_have_come_before_is_looked_for_as_far_back_as_the_gap_says() -> None:
    made = pattern(Step("no", "", absent=True, gap=5), Step("a", ""), Step("b", ""), within=10)
    assert places(made, [event(0, 4, 0), event(1, 10, 1), event(2, 12, 2)]) == [[1, 2]]
    assert places(made, [event(0, 5, 0), event(1, 10, 1), event(2, 12, 2)]) == []
    # From the first event, also where the last comes so late that nothing before the first lies within its time.
    assert places(made, [event(0, 5, 0), event(1, 10, 1), event(2, 20, 2)]) == []


def test_what_must_not_follow_is_decided_when_the_window_is_over() -> None:
    made = pattern(Step("a", ""), Step("no", "", absent=True), within=10)
    assert places(made, at(0), horizon=9) == []
    assert places(made, at(0), horizon=10) == [[0]]
    assert places(made, [event(0, 0, 0), event(1, 10, 1)]) == []
    assert places(made, [event(0, 0, 0), event(1, 11, 1)]) == [[0]]


def test_no_more_than_the_most_may_lie_in_the_stretch() -> None:
    made = pattern(Step("a", "", most=2), Step("b", ""))
    assert places(made, [*at(0, 1), event(2, 2, 1)]) == [[1, 2]]
    assert places(made, [*at(0, 1, 2), event(3, 3, 1)]) == []


def test_same_and_differs_speak_of_all_events_of_the_earlier_step() -> None:
    same = pattern(Step("a", "", least=2), Step("b", "", relations=(Relation(Bond.SAME, 0, 0),)))
    assert places(same, [event(0, 0, 0, a="x"), event(1, 1, 0, a="y"), event(2, 2, 1, a="x")]) == [[0, 1, 2]]
    assert places(same, [event(0, 0, 0, a="z"), event(1, 1, 0, a="y"), event(2, 2, 1, a="x")]) == []
    differs = pattern(Step("a", ""), Step("b", "", relations=(Relation(Bond.DIFFERS, 0, 0),)))
    assert places(differs, [event(0, 0, 0, a="x"), event(1, 1, 1, a="y")]) == [[0, 1]]
    assert places(differs, [event(0, 0, 0, a="x"), event(1, 1, 1, a="xy")]) == []
    assert places(differs, [event(0, 0, 0), event(1, 1, 1, a="y")]) == []


@pytest.mark.parametrize("strict", [True, False])
def test_a_search_without_end_is_ended_and_says_so(*, strict: bool) -> None:
    chance = random.Random(7)
    steps = [Step("a", "", distinct=Distinct(0, 6)), Step("b", "", relations=(Relation(Bond.SAME, 1, 0),))]
    made = pattern(*steps, within=1000, strict=strict)
    # Two of the six must share what the others have no two of, so every choice of six is tried.
    events = [event(n, n, 0, a=[str(chance.randrange(40))], b=["p"]) for n in range(60)]
    assert find(made, [*events, event(60, 60, 1, b=["p"])], FAR).cut is False
    cut = find(made, [*events, event(60, 60, 1, b=["p"])], FAR, tries=3)
    assert cut == ([], True)
    whole = find(made, [*events[:6], event(6, 6, 1, b=["p"])], FAR, tries=10_000)
    assert not whole.cut


def test_a_large_group_of_which_nothing_comes_is_looked_through_quickly() -> None:
    made = pattern(Step("a", ""), Step("b", "", distinct=Distinct(0, 5)), within=10**6)
    events = [event(0, 0, 0)] + [event(n, n, 1, a=[str(n % 4)]) for n in range(1, 3000)]
    assert find(made, events, FAR) == ([], False)

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vestige.ledger.ranges import RangeSet, without

pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12)


@given(pairs, st.tuples(st.integers(0, 60), st.integers(1, 10)))
def test_it_is_a_set_of_numbers(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    ranges, model = RangeSet(), set[int]()
    for lo, width in added:
        ranges.add(lo, lo + width)
        model |= set(range(lo, lo + width))
    assert bool(ranges) == bool(model)
    assert {n for n in range(60) if n in ranges} == model & set(range(60))
    got = list(zip(ranges._starts, ranges._ends, strict=True))
    assert {n for lo, hi in got for n in range(lo, hi)} == model
    assert all(a[1] < b[0] for a, b in pairwise(got))
    lo, hi = asked[0], sum(asked)
    assert ranges.meets(lo, hi) == bool(model & set(range(lo, hi)))
    holes = {n for a, b in ranges.holes() for n in range(a, b)}
    assert holes == (set(range(min(model), max(model) + 1)) - model if model else set())


def test_ranges_without_a_set_are_what_is_left_of_them() -> None:
    held = RangeSet()
    for lo, hi in ((2, 4), (6, 7), (9, 20)):
        held.add(lo, hi)
    assert without([(0, 10)], held) == [(0, 2), (4, 6), (7, 9)]
    assert without([(3, 7), (12, 13), (20, 21)], held) == [(4, 6), (20, 21)]
    assert without([(2, 4)], held) == []
    assert without([(0, 2)], RangeSet()) == [(0, 2)]
    assert held.within(3, 10) == [(3, 4), (6, 7), (9, 10)]
    assert held.within(4, 6) == []

from __future__ import annotations

import pytest

from vestige.demo.clock import DEFAULT_END, HOUR, MINUTE, SECOND, Span
from vestige.demo.story import Story
from vestige.demo.writing import Entry, Writing

SPAN = Span.ending(DEFAULT_END, 48)


def story(size: int = 1_000) -> Story:
    return Story(1, SPAN, size, {"slow": -7 * MINUTE})


def writing(source: str = "exact") -> Writing:
    return Writing(source, lambda at: Entry(f"record of {at} and more".encode(), at, "log.line", "", "who", ()))


def test_story_time_is_told_as_on_a_clock() -> None:
    assert story().at("18:00") == DEFAULT_END
    assert story().at("17:59:59.250") == DEFAULT_END - SECOND + 250_000_000
    assert story().at("18:00:00.5", -1) == DEFAULT_END - 24 * HOUR + 500_000_000


def test_a_repeated_act_grows_with_the_story_to_its_bound() -> None:
    assert story(100).amount(5, 60) == 5
    assert story(2_000).amount(5, 60) == 15
    assert story(10**7).amount(5, 60) == 60


def test_instants_of_a_repeated_act_rise_within_their_bounds() -> None:
    first, last = story().at("07:00"), story().at("08:00")
    instants = story().spread(50, first, last)
    assert instants == sorted(set(instants))
    assert first <= instants[0]
    assert instants[-1] < last


def test_a_source_writes_the_time_its_own_clock_shows() -> None:
    one = story()
    one.step("p", 10 * HOUR, "what", writing("slow"))
    one.step("p", 10 * HOUR, "what", writing("exact"))
    slow, exact = one.planted
    assert (slow.entry.at, exact.entry.at) == (10 * HOUR - 7 * MINUTE, 10 * HOUR)
    assert slow.true_at == exact.true_at == slow.arrives_at == 10 * HOUR
    assert not slow.is_late


def test_what_comes_late_is_late_and_a_second_delivery_is_not() -> None:
    one = story()
    one.late(HOUR, 2 * HOUR, writing())
    one.twice(HOUR, 3 * HOUR, writing())
    late, first, again = one.planted
    assert [late.is_late, first.is_late, again.is_late] == [True, False, False]
    assert (again.payload, again.again, again.arrives_at) == (first.payload, first, 3 * HOUR)


@pytest.mark.parametrize("damage", ["cut", "garbage", "zeros", "joined"])
def test_damage_leaves_no_whole_record_and_no_line_end(damage: str) -> None:
    one = story()
    one.damaged(HOUR, damage, writing())
    [bad] = one.planted
    assert bad.payload != bad.entry.payload
    assert bad.entry.payload not in bad.payload
    assert b"\n" not in bad.payload
    assert bad.payload

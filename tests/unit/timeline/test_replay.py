"""Replay: every event once, in order, as long after the one before as the pace has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.engine import START, block, fresh_log, made_up, opened
from vestige.model.errors import UsageError
from vestige.timeline import Pace, Place, Player, Timeline, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 10**9
ROWS = 700
"""More than are read at a time."""


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with opened(tmp_path_factory.mktemp("replay")) as index:
        log = fresh_log()
        index.write(block(log, 0, made_up(5, 0, ROWS), hi=ROWS))
        yield Timeline(index, log)


def told(player: Player) -> list[str]:
    return [one.event["id"] for one in iter(player.next, None)]


def listed(timeline: Timeline, query: str = "", start: int | None = None, end: int | None = None) -> list[str]:
    page = timeline.page(query, Window(start, end, descending=False), limit=5000)
    return [event["id"] for event in page.events]


@pytest.mark.parametrize("query", ["", "failed", "session:nowhere"])
@pytest.mark.parametrize(("start", "end"), [(None, None), (START + 3600 * SECOND, START + 7200 * SECOND)])
def test_what_is_told_is_the_timeline(timeline: Timeline, query: str, start: int | None, end: int | None) -> None:
    player = timeline.replay(query, Window(start, end), Pace())
    assert told(player) == listed(timeline, query, start, end)
    assert player.next() is None


def test_it_goes_on_behind_any_event(timeline: Timeline) -> None:
    whole = listed(timeline)
    player = timeline.replay("", Window(), Pace())
    for count in (1, 199, 1, 200, 3):
        for _ in range(count):
            last = player.next()
        assert last is not None
        assert told(timeline.replay("", Window(), Pace(), last.place)) == whole[player.told :]


def test_it_can_be_moved_both_ways_within_its_bounds(timeline: Timeline) -> None:
    start, end = START + 3600 * SECOND, START + 40 * 3600 * SECOND
    player = timeline.replay("", Window(start, end), Pace())
    for _ in range(5):
        player.next()
    for at in (start + 9 * 3600 * SECOND, start, START, end - 3600 * SECOND, start + 1):
        player.seek(at)
        assert told(player) == listed(timeline, "", max(at, start), end)
    player.seek(end)
    assert player.next() is None


def test_the_first_event_is_not_waited_for_and_each_other_as_long_as_it_was(timeline: Timeline) -> None:
    player = timeline.replay("", Window(START, None), Pace(speed=60, max_gap=0))
    first = player.next()
    assert first is not None
    assert (first.wait, first.cut) == (0, 0)
    before: Place = first.place
    for one in iter(player.next, None):
        assert one.wait == pytest.approx((one.place.occurred_at - before.occurred_at) / SECOND / 60)
        assert one.cut == 0
        before = one.place


@given(
    nanos=st.integers(-(10**18), 10**18),
    speed=st.sampled_from([0, 0.5, 1, 60, 86_400, 1e9]),
    gap=st.sampled_from([0, 0.5, 5, 3600]),
)
def test_what_is_not_waited_is_told_as_cut(nanos: int, speed: float, gap: float) -> None:
    wait, cut = Pace(speed, gap).wait(nanos)
    assert wait >= 0
    assert not gap or wait <= gap
    if speed and nanos > 0:
        assert wait * speed * SECOND + cut == pytest.approx(nanos, abs=2, rel=1e-9)
        assert cut == 0 or wait == gap
    else:
        assert (wait, cut) == (0, 0)


@pytest.mark.parametrize(("speed", "gap"), [(-1, 5), (2e9, 5), (float("nan"), 5), (1, -0.1), (1, 3601)])
def test_a_pace_that_is_none_is_refused(speed: float, gap: float) -> None:
    with pytest.raises(UsageError):
        Pace(speed, gap)
    assert Pace(0, 0).wait(10**18) == (0, 0)

"""What is known by kept counts is what counting every event gives, whatever the bounds leave out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import block as block_of
from support.engine import fresh_log, made_up, opened
from vestige.model.event import Event
from vestige.timeline import Timeline
from vestige.timeline.facets import DEFAULT_FACETS
from vestige.timeline.store import HOURLY, Common, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

HOUR = 3_600_000_000_000
EVERYTHING = "-type:no.such"
"""Finds all that an empty query does, event by event."""
FIELDS = tuple(dict.fromkeys((*DEFAULT_FACETS, *HOURLY)))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("kept")) as index:
        yield index


@pytest.fixture(scope="module")
def timeline(index: Index) -> Timeline:
    log = fresh_log()
    index.write(block_of(log, 0, made_up(31, 0, 500), hi=500))
    chance = random.Random(32)
    rows = []
    for seq in range(500, 800):
        # Days around 1970, so that hours are negative too; a tenth undated, names there that no dated event has.
        at = None if chance.random() < 0.1 else chance.randint(-30 * HOUR, 30 * HOUR)
        name = chance.choice(["alice", "ALICE", "Bob", ""] if at is not None else ["alice", "nobody", "Zoë"])
        same = name.swapcase() if chance.random() < 0.5 else chance.choice(["", "carol"])
        event = Event("auth.login", at, actor_id=name, actor_name=same, host=name or "h", src_ip="10.0.0.1")
        rows.append((seq, 0, event, 0))
    index.write(block_of(log, 500, rows, hi=800))
    return Timeline(index, log)


def _spans(timeline: Timeline) -> list[tuple[int | None, int | None]]:
    whole = timeline.density(buckets=1)
    first, end = whole.start, whole.end
    return [
        (first, end), (first - 1, None), (None, end + HOUR), (first - 9 * HOUR, end + 9 * HOUR),
        (first + 1, end), (first, end - 1), (None, end - 1), (first + 1, None),
        (-3 * HOUR, 5 * HOUR), (-3 * HOUR - 1, 5 * HOUR + 1), (-100, 100), (HOUR, HOUR), (None, first), (end, None),
        (first + 7 * HOUR + 11, end - 13), (-(2**62), 2**62),
    ]  # fmt: skip


def test_facets_by_kept_counts_are_those_of_every_event(timeline: Timeline) -> None:
    for start, end in _spans(timeline):
        kept = timeline.facets(FIELDS, "", start, end, limit=1000)
        assert kept == timeline.facets(FIELDS, EVERYTHING, start, end, limit=1000), (start, end)
    assert any(value.value == "nobody" for value in timeline.facets(["host"], limit=1000)[0].values)
    assert not any(value.value == "nobody" for value in timeline.facets(["host"], "", -(2**62), limit=1000)[0].values)


def test_counts_by_the_minute_are_those_of_every_event(timeline: Timeline) -> None:
    assert timeline.count().undated > 0
    for start, end in [*_spans(timeline), (None, None)]:
        assert timeline.count("", start, end) == timeline.count(EVERYTHING, start, end), (start, end)


@pytest.mark.parametrize("most", [2, 60])
@pytest.mark.parametrize("lane", ["actor", "ip"])
def test_lanes_named_by_kept_counts_are_the_fullest(
    timeline: Timeline, lane: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestige.timeline.density.MAX_LANES", most)
    first, *_, cut, beyond = _spans(timeline)
    for start, end in [first, cut, beyond, (None, None)]:
        kept = timeline.density("", start, end, lane=lane, buckets=9)
        assert kept == timeline.density(EVERYTHING, start, end, lane=lane, buckets=9), (start, end)
    assert kept.total == timeline.count().dated
    assert bool(kept.other) is (len(timeline.density(lane=lane).lanes) == most)


def test_of_a_log_without_undated_events_facets_of_all_of_it_are_kept(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = fresh_log()
    rows = [(seq, 0, Event("a.b", seq * HOUR, actor_id=f"n{seq % 7}", host="h"), 0) for seq in range(50)]
    index.write(block_of(log, 0, rows, hi=50))
    timeline = Timeline(index, log)
    counted = timeline.facets(["actor", "host"], EVERYTHING, 0, 50 * HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "values", lambda *_: pytest.fail("every event was read"))
        assert timeline.facets(["actor", "host"], "", 0, 50 * HOUR) == counted
    # One more arrives while they are answered, and lies beyond the bounds: they hold everything no more.
    more = block_of(log, 50, [(50, 0, Event("a.b", 99 * HOUR, actor_id="late", host="h"), 0)], hi=51)
    kept = Store.counted_values

    def meanwhile(self: Store, *given: Any) -> list[Common]:
        index.write(more)
        return kept(self, *given)

    monkeypatch.setattr(Store, "counted_values", meanwhile)
    assert timeline.facets(["actor", "host"], "", 0, 50 * HOUR) == counted

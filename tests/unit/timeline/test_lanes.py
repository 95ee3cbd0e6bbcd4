"""Density by any field: every lane is that of its facet's term, and what is not told apart is not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import block as block_of
from support.engine import fresh_log, made_up, opened
from vestige.model.errors import UsageError
from vestige.timeline import Timeline, density

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = (
    *("source", "actor", "actor.name", "host", "ip", "network.src_ip", "tag", "port", "session", "action", "user"),
    *("object.type", "status", "time_quality", "attributes.n", "attributes.user.name", "parser", "severity"),
)


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with opened(tmp_path_factory.mktemp("lanes")) as index:
        log, other = fresh_log(), fresh_log()
        index.write(block_of(log, 0, made_up(21, 0, 600), hi=600))
        index.write(block_of(other, 0, made_up(22, 0, 300), hi=300))
        yield Timeline(index, log)


@pytest.mark.parametrize("query", ["", "failed", "in:ledger", "actor:alice OR severity:>=medium"])
@pytest.mark.parametrize("lane", FIELDS)
def test_a_lane_counts_the_events_of_its_term(timeline: Timeline, lane: str, query: str) -> None:
    found = timeline.density(query, buckets=7, lane=lane)
    assert found.total == timeline.count(query).dated
    assert found.other == []
    (facet,) = timeline.facets([lane], query, found.start, found.end, limit=1000)
    assert {name: sum(counts) for name, counts in found.lanes.items() if name} == {
        value.value: value.count for value in facet.values
    }
    assert [sum(counts) for counts in found.lanes.values()] == sorted(map(sum, found.lanes.values()), reverse=True)
    for bucket in range(found.buckets):
        start = max(found.start, found.origin + bucket * found.width)
        end = min(found.end, found.origin + (bucket + 1) * found.width)
        (facet,) = timeline.facets([lane], query, start, end, limit=1000)
        assert {name: counts[bucket] for name, counts in found.lanes.items() if name and counts[bucket]} == {
            value.value: value.count for value in facet.values
        }


@pytest.mark.parametrize("lane", ["actor", "host", "tag", "ip"])
def test_lanes_beyond_the_most_are_counted_as_one(
    timeline: Timeline, lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = timeline.density(lane=lane, buckets=9)
    assert len(whole.lanes) > 2
    monkeypatch.setattr(density, "MAX_LANES", 2)
    few = timeline.density(lane=lane, buckets=9)
    assert list(few.lanes.items()) == list(whole.lanes.items())[:2]
    rest = list(whole.lanes.values())[2:]
    assert few.other == [sum(column) for column in zip(*rest, strict=True)]
    assert few.total == whole.total


@pytest.mark.parametrize("lane", ["nothing", "message", "occurred_at", "attributes..x", "attributes.a b"])
def test_what_is_no_lane_is_refused(timeline: Timeline, lane: str) -> None:
    with pytest.raises(UsageError) as refused:
        timeline.density(lane=lane)
    assert refused.value.field == "lane"
    assert timeline.density(lane="host").total > 0

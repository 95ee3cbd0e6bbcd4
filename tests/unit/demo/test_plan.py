from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.evidence import minutes
from vestige.demo.generate import plan

if TYPE_CHECKING:
    from vestige.demo.plan import ChannelPlan


def channel(source: str, scenario: str, events: int) -> ChannelPlan:
    return next(one for one in plan(scenario=scenario, events=events, seed=1)[0] if one.channel.source == source)


def test_a_busy_trail_is_cut_into_more_files_of_bounded_size() -> None:
    quiet, busy = channel("cloudtrail", "breach", 1_000), channel("cloudtrail", "breach", 10_000_000)
    assert len(quiet.files) == 72 * 60 // 360
    assert len(busy.files) == 72 * 60 // 15
    assert max(file.records for file in busy.files) <= 20_400
    for one in (quiet, busy):
        assert len({file.path for file in one.files}) == len(one.files)
        assert [file.first for file in one.files[1:]] == [file.last for file in one.files[:-1]]
        assert sum(file.records for file in one.files) == sum(one.counts) + sum(map(len, one.planted.values()))


def test_a_stretch_of_a_plan_can_be_written_alone() -> None:
    auth = channel("auth", "breach", 5_000)
    whole = [record for records in minutes(auth, 0, auth.span.minutes) for record in records]
    middle = auth.span.minutes // 2
    parts = [minutes(auth, 0, middle), minutes(auth, middle, auth.span.minutes)]
    assert [record for part in parts for records in part for record in records] == whole
    assert len(whole) == sum(auth.counts) + sum(map(len, auth.planted.values()))


def test_places_are_where_the_records_come_to_stand() -> None:
    for one in plan(scenario="fraud", events=30_000, seed=2)[0]:
        [file] = one.files
        records = [record for records in minutes(one, 0, one.span.minutes) for record in records]
        places = one.places()
        assert places
        assert [records[place.number] for place in places] == [place.planted.payload for place in places]
        assert file.records == len(records)

"""Coverage: every event of an acquisition lies in a band, and between bands lies none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.engine import START, block, fresh_log, made_up, opened
from vestige.model.errors import UsageError
from vestige.timeline import Timeline
from vestige.timeline.coverage import MAX_JOIN, Stretch, bands

if TYPE_CHECKING:
    from pathlib import Path

_STRETCHES = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 60), st.integers(0, 12), st.integers(1, 5)), max_size=12
).map(lambda rows: [Stretch(name, str(at), low, low + more, n) for at, (name, low, more, n) in enumerate(rows)])


@given(stretches=_STRETCHES, join=st.integers(0, 9))
def test_bands_are_what_the_stretches_reach(stretches: list[Stretch], join: int) -> None:
    made = bands(stretches, join)
    assert set(made) == {one.source for one in stretches}
    for source, found in made.items():
        mine = [one for one in stretches if one.source == source]
        reached = {at for one in mine for at in range(one.first, one.last + join + 1)}
        covered = {at for band in found for at in range(band.first, band.last + join + 1)}
        assert covered == reached
        assert all(later.first - before.last > join for before, later in pairwise(found))
        assert sum(band.events for band in found) == sum(one.events for one in mine)
        assert sorted(name for band in found for name in band.acquisitions) == sorted(one.acquisition for one in mine)


def test_it_is_read_from_the_index_of_one_log(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        log, other = fresh_log(), fresh_log()
        made = block(log, 0, made_up(3, 0, 400), hi=400)
        came = ["" if seq % 7 == 0 else f"A{seq // 100}" for seq in made.seqs]
        index.write(made._replace(acquisitions=came))
        index.write(block(other, 0, made_up(4, 0, 50), hi=50)._replace(acquisitions=[]))
        timeline = Timeline(index, log)
        found = timeline.coverage(join=0)
        assert len(found) == 3
        for source, known in found.items():
            for band in known:
                term = " OR ".join(f"acquisition:{one}" for one in band.acquisitions)
                count = timeline.count(f'source:"{source}" ({term})', band.first, band.last + 1)
                assert count.dated == band.events > 0
        total = timeline.count("acquisition:*").dated
        assert sum(band.events for known in found.values() for band in known) == total > 0
        assert sum(band.events for known in timeline.coverage("", START).values() for band in known) <= total
        assert Timeline(index, other).coverage() == {}
        assert timeline.coverage("session:nowhere") == {}
        for join in (-1, MAX_JOIN + 1):
            with pytest.raises(UsageError, match="join"):
                timeline.coverage(join=join)

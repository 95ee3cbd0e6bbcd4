"""Sessions that are summed up are read some at a time: all of them, in order, and never too many events together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vestige.agents.store import Placed
from vestige.app.sessions import BATCH, _parts


@given(st.lists(st.integers(1, 400), min_size=1, max_size=200), st.sampled_from([0, 100, 1_000, 20_000]))
def test_parts_are_all_of_them_in_order_and_small(sizes: list[int], events: int) -> None:
    places = [Placed(f"s-{number}", 0, 0, size, 0) for number, size in enumerate(sizes)]
    parts = list(_parts(places, events))
    assert [place for part in parts for place in part] == places
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        held = sum(place.events for place in part)
        assert len(part) <= BATCH or held <= events
        # None is smaller than it need be: what comes next would not have fitted.
        assert after is None or (len(part) >= BATCH and held + after[0].events > events)

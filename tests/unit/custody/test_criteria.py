"""What a hold may be about, as people say it and as it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.custody import Criteria
from vestige.model.errors import VestigeError

SAID = st.one_of(
    st.fixed_dictionaries({"q": st.sampled_from(["actor:ann", "failed password", "type:auth.login AND host:web-1"])}),
    st.fixed_dictionaries({"entity": st.sampled_from(["identity:Ann", "ip:203.0.113.7", "host:WEB-1", "custom:a:b"])}),
    st.builds(
        lambda lo, width: {"start": f"{lo}-01-01", "end": f"{lo + width}-01-01"},
        st.integers(1990, 2100),
        st.integers(1, 9),
    ),
    st.just({"everything": True}),
)


@given(SAID)
def test_what_is_kept_reads_as_what_was_said(said: dict[str, Any]) -> None:
    criteria = Criteria.of(said)
    kept = criteria.to_json()
    assert Criteria.of(kept) == criteria
    assert Criteria.of(kept).digest == criteria.digest
    assert set(kept) == set(said)


def test_an_entity_is_one_however_it_is_spelled() -> None:
    assert Criteria.of({"entity": "identity:ANN"}) == Criteria.of({"entity": "identity:ann"})
    assert Criteria.of({"entity": "custom:A"}) != Criteria.of({"entity": "custom:a"})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "about one thing"),
        ({"q": "a", "entity": "ip:10.0.0.1"}, "about one thing"),
        ({"everything": True, "start": "2026-01-01", "end": "2026-01-02"}, "about one thing"),
        ({"q": "("}, "(?i)query|term|expected"),
        ({"entity": "nobody"}, "no entity"),
        ({"entity": "shoe:size"}, "no entity"),
        ({"entity": "identity:"}, "no entity"),
        ({"start": "2026-01-01"}, "two ends"),
        ({"start": "2026-01-02", "end": "2026-01-02"}, "ends after it starts"),
        ({"start": "soon", "end": "2026-01-02"}, "time"),
    ],
)
def test_what_it_cannot_be_about_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(VestigeError, match=why):
        Criteria.of(said)

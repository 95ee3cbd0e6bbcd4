from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import UsageError
from vestige.model.instant import MAX_INSTANT, NANOS
from vestige.model.offset import MAX_OFFSET, offset_text, parse_offset, shifted


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("+5m", 300 * NANOS),
        ("-2h", -7200 * NANOS),
        ("1h30m", 5400 * NANOS),
        ("+93.25s", 93_250_000_000),
        ("250ms", 250_000_000),
        ("0s", 0),
        ("-1d", -86_400 * NANOS),
        ("3ns", 3),
    ],
)
def test_spans_people_write(text: str, ns: int) -> None:
    assert parse_offset(text) == ns


@pytest.mark.parametrize("text", ["", "+", "5", "5 m", "m", "1e3s", "+5m-2s", "five", "99999999999s", "9999999999d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_offset(text)


@given(st.integers(-MAX_OFFSET, MAX_OFFSET))
def test_text_reads_back_as_what_it_was(ns: int) -> None:
    assert parse_offset(offset_text(ns)) == ns


def test_beyond_int64_there_is_no_instant() -> None:
    assert shifted(MAX_INSTANT - 5, 5) == MAX_INSTANT
    assert shifted(MAX_INSTANT - 5, 6) is None

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import UsageError
from vestige.model.instant import MAX_INSTANT, NANOS
from vestige.model.offset import MAX_OFFSET, offset_text, parse_offset, relative_to, shifted


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


@pytest.mark.parametrize(
    ("text", "away"),
    [("now", 0), ("now-1h30m", -5400), ("now+5m", 300), ("-24h", -86_400), (" now-2d ", -172_800), ("now-0s", 0)],
)
def test_a_time_may_be_relative(text: str, away: int) -> None:
    now = 1_764_000_000 * NANOS
    assert relative_to(text, now) == now + away * NANOS


@pytest.mark.parametrize("text", ["", "2026-11-22", "nowadays", "now-", "now-5", "+5m", "-", "-x", "now 5m"])
def test_other_texts_are_not_relative(text: str) -> None:
    assert relative_to(text, 0) is None


def test_a_relative_time_that_no_instant_holds_is_refused() -> None:
    with pytest.raises(UsageError):
        relative_to("now+30000d", MAX_INSTANT - 1)
    with pytest.raises(UsageError):
        relative_to("-40000d", 0)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import UsageError
from vestige.model.instant import (
    MAX_INSTANT,
    MIN_INSTANT,
    NANOS,
    from_parts,
    parse_bound,
    parse_rfc3339,
    to_micro_text,
    to_text,
)


@pytest.mark.parametrize(
    ("text", "nanos", "stated"),
    [
        ("1970-01-01T00:00:00Z", 0, True),
        ("1970-01-01T00:00:00.000000001Z", 1, True),
        ("1969-12-31T23:59:59.999999999Z", -1, True),
        ("2026-11-22T16:00:00.123456Z", 1_795_363_200_123_456_000, True),
        ("2026-11-22 16:00:00,5+01:00", 1_795_359_600_500_000_000, True),
        ("2026-11-22T16:00-0130", 1_795_368_600_000_000_000, True),
        ("2026-11-22t16:00:00z", 1_795_363_200_000_000_000, True),
        ("2026-11-22T16:00:00", 1_795_363_200_000_000_000, False),
        ("2026-11-22", 1_795_305_600_000_000_000, False),
        ("2026-11-22T16:00:00.1234567891Z", 1_795_363_200_123_456_789, True),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000, True),
    ],
)
def test_known_times(text: str, nanos: int, stated: bool) -> None:
    assert parse_rfc3339(text) == (nanos, stated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T16:60:00Z",
        "2026-11-22T16:00:61Z",
        "2026-11-22T16:00:00.Z",
        "2026-11-22T16:00:00+25:00",
        "2026-11-22T16:00:00 Europe/Berlin",
        "1601-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "２０２６-11-22T16:00:00Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_rfc3339(text)


@given(st.integers(MIN_INSTANT, MAX_INSTANT))
def test_text_of_an_instant_reads_back(instant: int) -> None:
    assert parse_rfc3339(to_text(instant)) == (instant, True)


@given(st.integers(MIN_INSTANT + 1000, MAX_INSTANT))
def test_a_leafs_time_has_whole_microseconds(instant: int) -> None:
    assert parse_rfc3339(to_micro_text(instant)) == (instant // 1000 * 1000, True)


@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_agrees_with_the_standard_library(moment: datetime, minutes: int) -> None:
    zone = timedelta(minutes=minutes)
    aware = (moment - zone).replace(tzinfo=UTC)
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    text = f"{moment.isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    expected = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert parse_rfc3339(text) == (expected, True)


def test_range_ends_are_the_ends_of_int64() -> None:
    assert to_text(MIN_INSTANT).startswith("1677-09-21T00:12:43.")
    assert to_text(MAX_INSTANT) == "2262-04-11T23:47:16.854775807Z"
    with pytest.raises(ValueError, match="int64"):
        from_parts(2262, 4, 11, 23, 47, 17, 0, 0)
    assert from_parts(2262, 4, 11, 23, 47, 16, 0, 0) == MAX_INSTANT // NANOS * NANOS


def test_a_bound_says_what_was_expected() -> None:
    assert parse_bound("2026-11-22", field="from") == 1_795_305_600_000_000_000
    with pytest.raises(UsageError) as caught:
        parse_bound("last week", field="from")
    assert caught.value.field == "from"
    assert "ISO 8601" in caught.value.expected
    assert "last week" in caught.value.got

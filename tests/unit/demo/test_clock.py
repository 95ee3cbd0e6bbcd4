from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from vestige.demo.chance import stream
from vestige.demo.clock import (
    DAY,
    DEFAULT_END,
    HOUR,
    MILLIS,
    MINUTE,
    SECOND,
    Span,
    offsets,
    rfc3339_millis,
    rfc3339_minute,
    rfc3339_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MIDNIGHT = DEFAULT_END - 18 * HOUR


@given(total=st.integers(0, 50_000), hours=st.integers(1, 80), end=st.integers(80 * HOUR, 2**62))
def test_shares_of_a_total_add_up_to_it(total: int, hours: int, end: int) -> None:
    span = Span.ending(end, hours)
    shares = span.allot(total)
    assert sum(shares) == total
    assert len(shares) == span.minutes == hours * 60
    assert min(shares) >= 0


def test_a_span_ends_at_the_whole_minute_before_its_end() -> None:
    span = Span.ending(DEFAULT_END + 59 * SECOND + 999, 2)
    assert (span.start, span.end) == (DEFAULT_END - 2 * HOUR, DEFAULT_END)
    assert span.minute_of(span.start) == 0
    assert span.minute_of(span.end - 1) == 119


def test_days_are_busier_than_nights_and_weekends_quieter_than_weekdays() -> None:
    shares = Span(MIDNIGHT - 6 * DAY, 7 * 24 * 60).allot(1_000_000)

    def days() -> Iterator[tuple[str, list[int]]]:
        for day in range(7):
            name = datetime.fromtimestamp((MIDNIGHT - (6 - day) * DAY) // SECOND, UTC).strftime("%a")
            yield name, shares[day * 1440 : (day + 1) * 1440]

    for _, minutes in days():
        assert sum(minutes[9 * 60 : 17 * 60]) > 10 * sum(minutes[: 4 * 60])
    whole = {name: sum(minutes) for name, minutes in days()}
    assert max(whole["Sat"], whole["Sun"]) * 2 < min(whole[name] for name in ("Mon", "Tue", "Wed", "Thu", "Fri"))


def test_times_within_a_minute_rise_and_stay_within() -> None:
    times = offsets(stream(1, "x"), 5_000)
    assert times == sorted(times)
    assert len(times) == 5_000
    assert 0 <= times[0] < 100
    assert 59_900 < times[-1] < 60_000


@given(st.integers(0, 2**62))
def test_texts_of_an_instant_agree_with_the_calendar(at: int) -> None:
    civil = datetime.fromtimestamp(at // SECOND, UTC)
    assert rfc3339_seconds(at) == civil.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert rfc3339_millis(at) == civil.strftime("%Y-%m-%dT%H:%M:%S") + f".{at // 10**6 % 1000:03}Z"
    into = at % MINUTE // 10**6
    assert (rfc3339_minute(at - at % MINUTE) + MILLIS[into]).decode() == rfc3339_millis(at)

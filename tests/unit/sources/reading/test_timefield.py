from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import InputError
from vestige.model.instant import parse_rfc3339, to_text
from vestige.sources import Context
from vestige.sources.reading.exact_times import exact_utc
from vestige.sources.reading.timefield import (
    AMBIGUOUS,
    DATE_ONLY,
    LEAP_SECOND,
    NEVER,
    OUT_OF_RANGE,
    TRUNCATED,
    TWICE,
    UNREADABLE,
    assumed,
    clock_for,
    zone_named,
)


def ns(text: str) -> int:
    return parse_rfc3339(text)[0]


def clock(**more: Any) -> Any:
    return clock_for(Context(received_at=ns("2026-11-23T12:00:00Z"), **more))


READ = [
    ("2026-11-22T16:00:00Z", "2026-11-22T16:00:00Z", "exact"),
    ("2026-11-22T16:00:00.123456789Z", "2026-11-22T16:00:00.123456789Z", "exact"),
    ("2026-11-22T16:00:00.1+00:00", "2026-11-22T16:00:00.100Z", "exact"),
    ("2026-11-22T16:00:00.5+05:30", "2026-11-22T10:30:00.500Z", "exact"),
    ("2026-11-22 16:00:00,250-0800", "2026-11-23T00:00:00.250Z", "exact"),
    ("2026-11-22T16:00:00", "2026-11-22T16:00:00Z", "assumed_zone"),
    (1711544816, "2024-03-27T13:06:56Z", "exact"),
    (1711544816.123456, "2024-03-27T13:06:56.123456Z", "exact"),
    (1711544816123, "2024-03-27T13:06:56.123Z", "exact"),
    ("1711544816123456", "2024-03-27T13:06:56.123456Z", "exact"),
    (1711544816123456789, "2024-03-27T13:06:56.123456789Z", "exact"),
    (-1000000000, "1938-04-24T22:13:20Z", "exact"),
    ("Tue, 15 Nov 1994 08:12:31 GMT", "1994-11-15T08:12:31Z", "exact"),
    ("Sun, 06 Nov 1994 08:49:37 +0200 (CEST)", "1994-11-06T06:49:37Z", "exact"),
    ("Sunday, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "exact"),
    ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z", "assumed_zone"),
    ("Mon Jan 2 15:04:05 -0700 2006", "2006-01-02T22:04:05Z", "exact"),
    ("Nov 5, 2020 9:21:45 PM", "2020-11-05T21:21:45Z", "assumed_zone"),
    ("2024/01/02 03:04:05.5", "2024-01-02T03:04:05.500Z", "assumed_zone"),
    ("2024/01/02 03:04:05 +0100", "2024-01-02T02:04:05Z", "exact"),
    ("22/Nov/2026:16:00:00 +0100", "2026-11-22T15:00:00Z", "exact"),
    ("25/12/2026 10:00:01", "2026-12-25T10:00:01Z", "assumed_zone"),
    ("12/25/2026 12:00:01 AM", "2026-12-25T00:00:01Z", "assumed_zone"),
    ("07/07/2026 10:00", "2026-07-07T10:00:00Z", "assumed_zone"),
    ({"SystemTime": "2020-01-01T00:00:00Z"}, "2020-01-01T00:00:00Z", "exact"),
]


@pytest.mark.parametrize(("given_", "instant", "quality"), READ, ids=[str(row[0]) for row in READ])
def test_times_are_read_in_every_form(given_: Any, instant: str, quality: str) -> None:
    stamp = clock().read(given_)
    assert stamp.at == ns(instant)
    assert stamp.quality == quality
    assert stamp.tag == ""
    if isinstance(given_, str):
        assert stamp.text == given_


TAGGED = [
    ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z", "exact", LEAP_SECOND),
    ("2026-07-01T01:59:60.5+02:00", "2026-07-01T00:00:00.500Z", "exact", LEAP_SECOND),
    ("31/Dec/2016:23:59:60 +0000", "2017-01-01T00:00:00Z", "exact", LEAP_SECOND),
    ("2016-12-31T23:59:60", "2017-01-01T00:00:00Z", "assumed_zone", LEAP_SECOND),
    ("2026-11-22", "2026-11-22T00:00:00Z", "assumed_zone", DATE_ONLY),
    ("2024/01/02", "2024-01-02T00:00:00Z", "assumed_zone", DATE_ONLY),
    ("25/12/2026", "2026-12-25T00:00:00Z", "assumed_zone", DATE_ONLY),
    ("2026-11-22T16:00:00.1234567891Z", "2026-11-22T16:00:00.123456789Z", "exact", TRUNCATED),
    ("2026-11-22T16:00:00.1234567890Z", "2026-11-22T16:00:00.123456789Z", "exact", ""),
    ("1711544816.0000000001", "2024-03-27T13:06:56Z", "exact", TRUNCATED),
]


@pytest.mark.parametrize(("given_", "instant", "quality", "tag"), TAGGED, ids=[str(row[0]) for row in TAGGED])
def test_a_tag_says_how_the_instant_differs_from_the_text(given_: Any, instant: str, quality: str, tag: str) -> None:
    assert clock().read(given_) == (ns(instant), given_, quality, tag)


BERLIN = [
    ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z", TWICE),
    ("2026-10-25 01:59:59", "2026-10-24T23:59:59Z", ""),
    ("2026-10-25 03:00:00", "2026-10-25T02:00:00Z", ""),
    ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z", NEVER),
    ("2026-03-29 03:00:00", "2026-03-29T01:00:00Z", ""),
    ("2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z", ""),
]


@pytest.mark.parametrize(("given_", "instant", "tag"), BERLIN)
def test_a_local_time_that_came_twice_or_never_is_said_to(given_: str, instant: str, tag: str) -> None:
    berlin = clock(zone="Europe/Berlin")
    stamp = berlin.read(given_)
    assert (stamp.at, stamp.tag) == (ns(instant), tag)
    short = clock(zone="Europe/Berlin", year=2026).short("Oct 25 02:30:00")
    assert (short.at, short.tag) == (ns("2026-10-25T00:30:00Z"), TWICE)


@pytest.mark.parametrize(
    ("given_", "zone", "at"),
    [
        ("2262-04-11T23:47:16.854775807Z", "UTC", 2**63 - 1),
        ("2262-04-11T23:47:16.854775808Z", "UTC", None),
        ("2262-04-11T23:47:17Z", "UTC", None),
        ("2262-04-11T23:47:17+00:00", "UTC", None),
        ("2262-04-11T23:30:00", "-05:00", None),
        ("2262-04-11T23:30:00", "America/New_York", None),
        ("2262/04/11 23:30:00", "-05:00", None),
        ("1677-09-21T00:12:43.145224193Z", "UTC", -(2**63) + 1),
        ("1677-09-21T00:12:43.145224192Z", "UTC", None),
        ("1677-09-21T00:20:00", "+05:00", None),
        (2**63 - 1, "UTC", 2**63 - 1),
        (2**63, "UTC", None),
        (-(2**63), "UTC", None),
    ],
)
def test_nothing_is_read_past_the_ends_of_time(given_: Any, zone: str, at: int | None) -> None:
    stamp = clock(zone=zone).read(given_)
    assert (stamp.at, stamp.tag) == (at, OUT_OF_RANGE if at is None else "")
    if isinstance(given_, str):
        assert exact_utc(given_) in {None, at}


UNREAD = [
    ("2026-11-22T16:00:60Z", UNREADABLE),
    ("2026-12-31T23:59:60+01:00", UNREADABLE),
    ("2026-12-31T23:59:61Z", UNREADABLE),
    ("03/04/2026 10:00", AMBIGUOUS),
    ("1601-01-01T00:00:00Z", OUT_OF_RANGE),
    ("9999-12-31T23:59:59Z", OUT_OF_RANGE),
    ("9999/12/31 23:59:59", OUT_OF_RANGE),
    (253402300799, OUT_OF_RANGE),
    (253402300799999, OUT_OF_RANGE),
    (-11644473600, OUT_OF_RANGE),
    (20_000_000_000, OUT_OF_RANGE),
    (133_000_000_000_000_000, UNREADABLE),
    (123456, UNREADABLE),
    (0, UNREADABLE),
    ("2026-02-30T00:00:00Z", UNREADABLE),
    ("2026-11-22T25:00:00Z", UNREADABLE),
    ("Mon Jan 2 15:04:05 MST 2006", UNREADABLE),
    ("yesterday", UNREADABLE),
    ("٢٠٢٦-11-22T16:00:00Z", UNREADABLE),
    ("x" * 500, UNREADABLE),
    (float("nan"), UNREADABLE),
    (float("inf"), UNREADABLE),
]


@pytest.mark.parametrize(("given_", "tag"), UNREAD, ids=[str(row[0])[:30] for row in UNREAD])
def test_what_cannot_be_read_is_undated_with_its_text_and_a_reason(given_: Any, tag: str) -> None:
    stamp = clock().read(given_)
    assert (stamp.at, stamp.quality, stamp.tag) == (None, "missing", tag)
    assert stamp.text == (given_ if isinstance(given_, str) else repr(given_))


@pytest.mark.parametrize("nothing", ["", "  ", None, True, [], {}])
def test_nothing_is_no_time_and_no_complaint(nothing: Any) -> None:
    assert clock().read(nothing) == (None, "", "missing", "")


def test_a_stated_order_settles_an_ambiguous_date() -> None:
    for order, month in (("dmy", "04"), ("mdy", "03")):
        stamp = clock(extra=(("date_order", order),)).read("03/04/2026 10:00")
        assert to_text(stamp.at)[5:7] == month


@given(moment=st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), digits=st.integers(0, 9), data=st.data())
def test_exact_times_come_back_as_they_were_written(moment: datetime, digits: int, data: st.DataObject) -> None:
    fraction = data.draw(st.integers(0, 10**digits - 1)) if digits else 0
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + (f".{fraction:0{digits}}" if digits else "")
    expected = (
        int((moment.replace(tzinfo=UTC, microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**9
    )
    expected += fraction * 10 ** (9 - digits)
    assert exact_utc(text + "Z") == expected
    assert exact_utc(text + "+00:00") == expected
    assert clock().read(text + "Z") == (expected, text + "Z", "exact", "")
    assert clock(zone="+02:30").read(text).at == expected - 9000 * 10**9


@given(text=st.text(st.sampled_from("0123456789-:TZ.+ "), max_size=32) | st.text(max_size=40))
def test_no_text_is_more_than_unreadable(text: str) -> None:
    stamp = clock().read(text)
    assert stamp.at is None or isinstance(stamp.at, int)
    fast = exact_utc(text)
    assert fast is None or fast == stamp.at == parse_rfc3339(text)[0]


def test_zones_are_applied_where_none_is_stated_and_nowhere_else() -> None:
    berlin = clock(zone="Europe/Berlin")
    assert to_text(berlin.read("2026-07-01 12:00:00").at) == "2026-07-01T10:00:00Z"
    assert to_text(berlin.read("2026-01-01 12:00:00").at) == "2026-01-01T11:00:00Z"
    assert to_text(berlin.read("2026-10-25 02:30:00").at) == "2026-10-25T00:30:00Z"  # the repeated hour's first pass
    assert to_text(berlin.read("2026-07-01T12:00:00Z").at) == "2026-07-01T12:00:00Z"
    assert to_text(clock(zone="-03:30").read("2026-07-01 12:00:00").at) == "2026-07-01T15:30:00Z"


@pytest.mark.parametrize("name", ["Mars/Base", "+25:00", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        zone_named(name)
    assert zone_named("+05:45") == timezone(timedelta(hours=5, minutes=45))


SHORT = [
    ("Nov 22 10:00:00", {}, "2026-11-22T10:00:00Z"),
    ("Nov 24 11:59:59", {}, "2026-11-24T11:59:59Z"),  # within a day after receipt: clocks differ
    ("Nov 24 12:00:01", {}, "2025-11-24T12:00:01Z"),
    ("Dec 31 23:59:59.25", {}, "2025-12-31T23:59:59.250Z"),
    ("Jan  1 00:00:00", {}, "2026-01-01T00:00:00Z"),
    ("Feb 29 01:15:43", {}, "2024-02-29T01:15:43Z"),
    ("Feb 29 01:15:43", {"year_before": ns("1904-01-01T00:00:00Z")}, "1896-02-29T01:15:43Z"),
    ("Dec 31 23:00:00", {"year_before": ns("2024-01-01T00:00:00Z")}, "2023-12-31T23:00:00Z"),
    ("Mar  5 10:00:00", {"year": 2012}, "2012-03-05T10:00:00Z"),
    ("Dec 31 22:00:00", {"zone": "-05:00"}, "2026-01-01T03:00:00Z"),
]


@pytest.mark.parametrize(("text", "more", "instant"), SHORT)
def test_stamps_without_a_year_get_the_latest_possible_one(text: str, more: Any, instant: str) -> None:
    stamp = clock(**more).short(text)
    assert (to_text(stamp.at), stamp.quality, stamp.text) == (instant, "assumed_year", text)


def test_a_stamp_that_fits_no_year_or_states_one() -> None:
    assert clock(year=2025).short("Feb 29 01:15:43") == (None, "Feb 29 01:15:43", "missing", UNREADABLE)
    assert clock().short("Foo 12 01:15:43").tag == UNREADABLE
    assert clock().short("Nov 31 01:15:43").tag == UNREADABLE
    stamp = clock().short("Mar  1 2019 10:00:00")
    assert (to_text(stamp.at), stamp.quality) == ("2019-03-01T10:00:00Z", "assumed_zone")


def test_a_record_is_dated_by_its_surest_name_then_by_shape() -> None:
    find = clock().find
    assert find({"time": "2026-01-01T00:00:00Z", "@timestamp": "2026-02-02T00:00:00Z"}).text == "2026-02-02T00:00:00Z"
    assert find({"timestamp": "soon", "created_at": 1711544816}).text == "1711544816"
    assert find({"id": {"time": "2026-01-01T00:00:00Z"}}).quality == "exact"
    assert find({"gatewayTimestamp": "2026-01-01T00:00:00Z"}).quality == "exact"
    assert find({"expires_at": "2026-01-01T00:00:00Z", "note": "2026-01-01T00:00:00Z"}).at is None
    unread = find({"timestamp": "soon"})
    assert (unread.at, unread.text, unread.tag) == (None, "soon", UNREADABLE)


def test_what_a_sample_leaves_out_is_stated() -> None:
    assert assumed([{"time": "2026-01-01T00:00:00Z"}]) == ()
    assert assumed([{"time": "2026-01-01T00:00:00Z"}, {"time": "2026-01-01T00:00:00"}]) == (("zone", "none"),)

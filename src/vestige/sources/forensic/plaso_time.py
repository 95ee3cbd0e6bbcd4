"""The times plaso states: counts of microseconds, and the values of dfdatetime under their own classes.

A ``date_time`` value keeps what the artefact itself held (a FILETIME keeps its 100 ns, where ``timestamp`` was rounded
to microseconds), so it is read first. What the source calls no time (``Not set``, ``Never``, a count of 0 that stands
for nothing) leaves the event undated, its text kept and a tag saying so.

Reference: dfdatetime (one class a kind of value), dfdatetime/serializer.py.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS, from_parts
from vestige.sources.reading.fields import text_of
from vestige.sources.reading.timefield import (
    EXACT,
    MISSING,
    NO_STAMP,
    OUT_OF_RANGE,
    UNREADABLE,
    Clock,
    Stamp,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_A_TIME = "time:not_a_time"
"""The tag of an event whose source says that the value is no time."""
DISAGREES = "time:timestamp_disagrees"
"""The tag of an event whose two statements of its time contradict each other; the finer one was kept."""

_WORDS = frozenset({"not a time", "not set", "never", "invalid", "invalid date time", "infinity", "n/a", "-"})
_NO_TIMES = frozenset({"0", "-9223372036854775808"})


class _Count(NamedTuple):
    """A kind of count: nanoseconds of its unit, and seconds from its beginning to 1970."""

    unit: int
    before: int


_COUNTS = {
    "posixtime": _Count(NANOS, 0),
    "posixtimeinmilliseconds": _Count(1_000_000, 0),
    "posixtimeinmicroseconds": _Count(1_000, 0),
    "posixtimeinnanoseconds": _Count(1, 0),
    "apfstime": _Count(1, 0),
    "javatime": _Count(1_000_000, 0),
    "faketime": _Count(1_000, 0),
    "filetime": _Count(100, 11_644_473_600),
    "uuidtime": _Count(100, 12_219_292_800),
    "webkittime": _Count(1_000, 11_644_473_600),
    "hfstime": _Count(NANOS, 2_082_844_800),
    "dotnetdatetime": _Count(100, 62_135_596_800),
    "fattimestamp": _Count(10_000_000, -315_532_800),
    "cocoatime": _Count(NANOS, -978_307_200),
    "delphidatetime": _Count(86_400 * NANOS, 2_209_161_600),
    "oleautomationdate": _Count(86_400 * NANOS, 2_209_161_600),
}
_FRACTIONS = (("milliseconds", 1_000_000), ("microseconds", 1_000), ("nanoseconds", 1))


def undated(text: str, tag: str = NOT_A_TIME) -> Stamp:
    """No time, the text kept and the reason as a tag."""
    return Stamp(None, text, MISSING, tag)


def is_no_time(text: str) -> bool:
    """Whether a text is one of plaso's for "no time": ``Not a time``, ``0000-00-00T…``."""
    return text.strip().lower() in _WORDS or text.startswith(("0000-00-00", "00/00/0000"))


def _counted(text: str, count: _Count) -> Stamp:
    """A decimal count as an instant, from its digits."""
    try:
        value = Decimal(text) if len(text) <= 40 else Decimal("NaN")
    except InvalidOperation:
        return undated(text, UNREADABLE)
    if not value.is_finite() or value.adjusted() > 30:
        return undated(text, UNREADABLE)
    at = int(value * count.unit) - count.before * NANOS
    return Stamp(at, text, EXACT) if MIN_INSTANT <= at <= MAX_INSTANT else undated(text, OUT_OF_RANGE)


def of_micros(value: object) -> Stamp:
    """The time in a ``timestamp``: microseconds since 1970, as a number or text. 0 and the least int64 mean none."""
    text = (repr(value) if isinstance(value, float) else text_of(value)).strip()
    if not text or isinstance(value, bool):
        return NO_STAMP
    return undated(text) if text.removesuffix(".0") in _NO_TIMES else _counted(text, _COUNTS["faketime"])


def of_values(value: Mapping[str, object], clock: Clock) -> Stamp | None:
    """The time in a ``date_time`` object; none if its class is not known here."""
    name = text_of(value.get("__class_name__")).lower()
    if name in _COUNTS and "timestamp" in value:
        count = value["timestamp"]
        text = repr(count) if isinstance(count, float) else text_of(count)
        stamp = _counted(text, _COUNTS[name])
        return _localised(stamp, clock) if value.get("is_local_time") is True else stamp
    if name in {"semantictime", "notset", "never", "invalidtime"}:
        return undated(text_of(value.get("string")) or text_of(value.get("__class_name__")))
    for key, read in (("time_elements_tuple", _elements), ("system_time_tuple", _system_time)):
        parts = value.get(key)
        if isinstance(parts, list) and all(type(part) is int for part in parts):
            return read(parts, value, clock)
    return None


def _elements(parts: list[int], value: Mapping[str, object], clock: Clock) -> Stamp:
    nanos = 0
    for name, unit in _FRACTIONS:
        count = value.get(name)
        if type(count) is int and 0 <= count * unit < NANOS:
            nanos = count * unit
    fraction = text_of(value.get("fraction_of_second"))
    if fraction.startswith("0.") and fraction[2:].isdecimal() and fraction.isascii():
        nanos = int(fraction[2:11].ljust(9, "0"))
    return _civil([*parts, 0, 0, 0][:6] if len(parts) >= 3 else [], nanos, value, clock)


def _system_time(parts: list[int], value: Mapping[str, object], clock: Clock) -> Stamp:
    """Year, month, day of the week, day, hour, minute, second, millisecond."""
    if len(parts) != 8 or not 0 <= parts[7] < 1000:
        return undated(str(parts)[:60], UNREADABLE)
    return _civil([*parts[:2], *parts[3:7]], parts[7] * 1_000_000, value, clock)


def _civil(parts: list[int], nanos: int, value: Mapping[str, object], clock: Clock) -> Stamp:
    away = value.get("time_zone_offset")
    minutes = away if type(away) is int and abs(away) < 24 * 60 else 0
    if len(parts) != 6:
        return undated(str(parts)[:60], UNREADABLE)
    year, month, day, hour, minute, second = parts
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    text += f".{nanos:09}" if nanos else ""
    try:
        at = from_parts(year, month, day, hour, minute, second, nanos, minutes * 60)
    except (ValueError, OverflowError):
        return undated(text[:60], OUT_OF_RANGE if 1 <= month <= 12 and 1 <= day <= 31 else UNREADABLE)
    stamp = Stamp(at, text, EXACT)
    return _localised(stamp, clock) if value.get("is_local_time") is True else stamp


def _localised(stamp: Stamp, clock: Clock) -> Stamp:
    """A civil time of an unknown zone, read in the zone that was assumed."""
    if stamp.at is None:
        return stamp
    return clock.assume(stamp.text, stamp.at)

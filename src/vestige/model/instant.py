"""Time as it is evidenced: int64 nanoseconds since 1970-01-01T00:00:00Z, beside the text it was read from.

An :data:`Instant` is never a float and never borrowed: an event whose source gives no time has none
(:data:`UNDATED` in stores, absent in JSON), and how far a time may be trusted is its :class:`TimeQuality`.
int64 nanoseconds reach from 1677-09-21 to 2262-04-11; a time outside is kept as text and the event is undated.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from vestige.model.errors import UsageError

Instant = NewType("Instant", int)
"""Nanoseconds since the Unix epoch, UTC."""

NANOS = 1_000_000_000
MIN_INSTANT = Instant(-(2**63) + 1)
MAX_INSTANT = Instant(2**63 - 1)
FIRST_YEAR, LAST_YEAR = 1678, 2261
"""The years of which every instant can be said."""
UNDATED = -(2**63)
"""How a store that has no null spells "no time": the one int64 that is not an instant."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAYS = _EPOCH.toordinal()


class TimeQuality(StrEnum):
    """How far an event's time may be trusted."""

    EXACT = "exact"
    """The source states date, time and offset (or a count since an epoch)."""
    ASSUMED_ZONE = "assumed_zone"
    """The source states no offset; the zone is an assumption recorded in the normalisation entry."""
    ASSUMED_YEAR = "assumed_year"
    """The source states neither year nor zone (RFC 3164); both are recorded assumptions."""
    MISSING = "missing"
    """The source states no usable time; the event is undated."""


_BEGUN: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)[Tt ](?P<hour>\d\d)(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?)?",
    re.ASCII,
)
"""A time that says less than a day's date, or an hour without minutes."""


def now() -> Instant:
    """This machine's clock."""
    return Instant(time.time_ns())


def from_parts(
    year: int, month: int, day: int, hour: int, minute: int, second: int, nanos: int, offset: int
) -> Instant:
    """Build an instant from a civil time and its offset from UTC in seconds.

    A leap second (``second == 60``) is the first instant of the next minute, as POSIX counts. It comes at the end of
    June and of December, in UTC, and nowhere else.

    Raises:
        ValueError: no such civil time, or outside int64 nanoseconds.
    """
    days = datetime(year, month, day).toordinal() - _EPOCH_DAYS  # noqa: DTZ001 - a calendar date, no clock involved
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second <= 60 and 0 <= nanos < NANOS):
        raise ValueError(f"no such time of day: {hour:02}:{minute:02}:{second:02}.{nanos:09}")
    value = (((days * 24 + hour) * 60 + minute) * 60 + second - offset) * NANOS + nanos
    if second == 60 and not is_leap_end(value):
        raise ValueError(f"no leap second then: {hour:02}:{minute:02}:{second:02}")
    if not MIN_INSTANT <= value <= MAX_INSTANT:
        raise ValueError("outside the range of int64 nanoseconds (1677-09-21 to 2262-04-11)")
    return Instant(value)


def is_leap_end(instant: int) -> bool:
    """Whether an instant is within the first second of a July or January in UTC, as POSIX counts a leap second."""
    seconds = instant // NANOS
    if seconds % 86_400:
        return False
    day = _EPOCH + timedelta(seconds=seconds)
    return day.day == 1 and day.month in {1, 7}


def to_text(instant: int) -> str:
    """RFC 3339 in UTC with as many fractional digits as the instant has (0, 3, 6 or 9)."""
    seconds, nanos = divmod(instant, NANOS)
    text = (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    if nanos == 0:
        return text + "Z"
    digits = f"{nanos:09}"
    if digits.endswith("000000"):
        return f"{text}.{digits[:3]}Z"
    if digits.endswith("000"):
        return f"{text}.{digits[:6]}Z"
    return f"{text}.{digits}Z"


def to_micro_text(instant: int) -> str:
    """RFC 3339 in UTC with exactly six fractional digits: the form of a leaf's ``at`` (ledger.md section 2)."""
    seconds, nanos = divmod(instant, NANOS)
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]}.{nanos // 1000:06}Z"


def parse_rfc3339(text: str) -> tuple[Instant, bool]:
    """Read an ISO 8601 / RFC 3339 date-time with up to nine fractional digits.

    Accepts ``T``, ``t`` or one space between date and time, a comma or point before the fraction, ``Z``, ``+hh:mm``,
    ``+hhmm`` or ``+hh`` or no offset, seconds left out, and a bare date (midnight).

    Returns:
        The instant, and whether the text states its offset. Without one the time is read as UTC and the caller
        must apply, and record, its assumption. A bare date states none.

    Raises:
        ValueError: not such a text, no such time, or outside int64 nanoseconds.
    """
    text = text.strip()
    if len(text) < 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        raise ValueError(f"not an ISO 8601 date-time: {text[:40]!r}")
    year, month, day = _digits(text, 0, 4), _digits(text, 5, 7), _digits(text, 8, 10)
    if len(text) == 10:
        return from_parts(year, month, day, 0, 0, 0, 0, 0), False
    if text[10] not in "Tt " or len(text) < 16 or text[13] != ":":
        raise ValueError(f"not an ISO 8601 date-time: {text[:40]!r}")
    hour, minute = _digits(text, 11, 13), _digits(text, 14, 16)
    second = nanos = 0
    at = 16
    if at < len(text) and text[at] == ":":
        second = _digits(text, 17, 19)
        at = 19
        if at < len(text) and text[at] in ".,":
            end = at + 1
            while end < len(text) and text[end].isdigit():
                end += 1
            fraction = text[at + 1 : end]
            if not fraction:
                raise ValueError(f"empty fraction of a second: {text[:40]!r}")
            nanos = int(fraction[:9].ljust(9, "0"))
            at = end
    offset, stated = _offset(text[at:].lstrip(" "))
    return from_parts(year, month, day, hour, minute, second, nanos, offset), stated


def _digits(text: str, start: int, end: int) -> int:
    part = text[start:end]
    if len(part) != end - start or not part.isdigit():
        raise ValueError(f"not an ISO 8601 date-time: {text[:40]!r}")
    return int(part)


def _offset(text: str) -> tuple[int, bool]:
    if text == "":
        return 0, False
    if text in {"Z", "z", "UTC", "GMT"}:
        return 0, True
    sign = {"+": 1, "-": -1}.get(text[0])
    digits = text[1:].replace(":", "")
    if sign is None or not digits.isdigit() or len(digits) not in {2, 4}:
        raise ValueError(f"not an offset from UTC: {text[:12]!r}")
    hours, minutes = int(digits[:2]), int(digits[2:] or "0")
    if hours > 23 or minutes > 59:
        raise ValueError(f"not an offset from UTC: {text[:12]!r}")
    return sign * (hours * 3600 + minutes * 60), True


def parse_bound(text: str, *, field: str) -> Instant:
    """Read a time a person gave as a bound (``--from``, ``end=``): ISO 8601, UTC where no offset is stated.

    As in a query, a year, a month or an hour may stand for when it begins: ``2027``, ``2026-11``, ``2026-11-22T16``.

    Raises:
        UsageError: not such a time.
    """
    begun = _BEGUN.fullmatch(text.strip())
    if begun is not None:
        day = f"{begun['year']}-{begun['month'] or '01'}-{begun['day'] or '01'}"
        text = f"{day}T{begun['hour']}:00{begun['zone'] or ''}" if begun["hour"] else day
    try:
        return parse_rfc3339(text)[0]
    except ValueError as error:
        raise UsageError(
            f"{field} is not a time: {error}",
            expected="ISO 8601, such as 2026-11-22T16:00:00Z, 2026-11-22 or 2026-11",
            got=text[:60],
            field=field,
        ) from None

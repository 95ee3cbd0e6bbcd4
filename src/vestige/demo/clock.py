"""The stretch of time a story fills, minute by minute, and how busy each minute is.

Times are int64 nanoseconds since 1970-01-01T00:00:00Z. A span begins and ends on whole minutes. How many records
a minute holds follows a working day (and a quiet weekend) by integer arithmetic alone, so a total is met exactly.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

MILLI = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

STORY_END = datetime(2026, 11, 20, 18, tzinfo=UTC)
DEFAULT_END = int(STORY_END.timestamp()) * SECOND
"""Friday 2026-11-20T18:00:00Z: where a story ends unless another instant is given."""

# How busy each hour of a working day is; between two hours it moves in a straight line.
_HOURS = (6, 5, 4, 4, 5, 8, 16, 34, 62, 84, 92, 90, 74, 82, 92, 90, 82, 64, 44, 30, 22, 16, 11, 8)
_WEEKDAYS = (10, 10, 10, 10, 9, 3, 2)

SECONDS = tuple(f"{second:02}".encode() for second in range(60))
"""The seconds of a minute as text."""

MILLIS = tuple(f"{ms // 1000:02}.{ms % 1000:03}Z".encode() for ms in range(60_000))
"""Seconds, milliseconds and ``Z`` of each millisecond of a minute: the tail of an RFC 3339 time."""


def moment(at: int) -> datetime:
    """The UTC civil time of an instant, to the second below it."""
    return datetime.fromtimestamp(at // SECOND, UTC)


def rfc3339_millis(at: int) -> str:
    """RFC 3339 in UTC with three fractional digits."""
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}.{at // MILLI % 1000:03}Z"


def rfc3339_seconds(at: int) -> str:
    """RFC 3339 in UTC without a fraction."""
    return f"{moment(at):%Y-%m-%dT%H:%M:%SZ}"


def rfc3339_minute(minute_start: int) -> bytes:
    """RFC 3339 up to the seconds: what all times of one minute begin with."""
    return f"{moment(minute_start):%Y-%m-%dT%H:%M:}".encode()


def offsets(rng: Random, count: int) -> list[int]:
    """When ``count`` records of one minute happen: milliseconds into it, rising."""
    return sorted(draw % 60_000 for draw in struct.unpack(f"<{count}I", rng.randbytes(4 * count)))


@dataclass(frozen=True, slots=True)
class Span:
    """Whole minutes from ``start`` (ns) on."""

    start: int
    minutes: int

    @classmethod
    def ending(cls, end: int, hours: int) -> Span:
        """The span of so many hours that ends at the whole minute at or before ``end``."""
        return cls(start=end // MINUTE * MINUTE - hours * HOUR, minutes=hours * 60)

    @property
    def end(self) -> int:
        """The first instant after the span."""
        return self.start + self.minutes * MINUTE

    def minute_of(self, at: int) -> int:
        """The minute of the span an instant lies in, from 0."""
        return (at - self.start) // MINUTE

    def weights(self) -> list[int]:
        """How busy each minute is, in no particular unit."""
        out: list[int] = []
        for minute in range(self.minutes):
            past, of_hour = divmod((self.start // MINUTE + minute), 60)
            hour = past % 24
            # 1970-01-01 was a Thursday.
            factor = _WEEKDAYS[(past // 24 + 3) % 7]
            out.append(factor * (_HOURS[hour] * (60 - of_hour) + _HOURS[(hour + 1) % 24] * of_hour))
        return out

    def allot(self, total: int) -> list[int]:
        """Share ``total`` records over the minutes; the shares add up to ``total``."""
        weights = self.weights()
        whole = sum(weights)
        out: list[int] = []
        reached = given = 0
        for weight in weights:
            reached += weight
            upto = total * reached // whole
            out.append(upto - given)
            given = upto
        return out

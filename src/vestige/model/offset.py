"""Clock offsets: what is added to a source's times to bring them to true time, in nanoseconds, and as text.

Written ``+300s``, ``-7200s``, ``+93.25s``; read in that form and as ``+5m``, ``-2h``, ``1h30m``, ``250ms``.
"""

from __future__ import annotations

import re

from vestige.model.errors import UsageError
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS

MAX_OFFSET = 100 * 366 * 86_400 * NANOS
"""A clock that lost its battery counts from 1970 or 2000 again."""
_UNITS = {"d": 86_400 * NANOS, "h": 3600 * NANOS, "m": 60 * NANOS, "s": NANOS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_PART = re.compile(r"(\d{1,10})(?:\.(\d{1,9}))?(d|h|ms|us|ns|m|s)")
_WHOLE = re.compile(rf"([+-]?)((?:{_PART.pattern})+)")


def offset_text(ns: int) -> str:
    """The offset in seconds, with a sign and no more digits than it has."""
    whole, rest = divmod(abs(ns), NANOS)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{'-' if ns < 0 else '+'}{whole}{fraction}s"


def parse_offset(text: str, *, field: str = "clock_offset") -> int:
    """Nanoseconds of an offset a person wrote.

    Raises:
        UsageError: not such a text, or above :data:`MAX_OFFSET`.
    """
    found = _WHOLE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            "that is no clock offset", expected="such as +5m, -2h, +93.25s or 1h30m", got=text[:40], field=field
        )
    total = 0
    for whole, fraction, unit in _PART.findall(found[2]):
        nanos = int(whole) * _UNITS[unit] * 10**9 + int(fraction.ljust(9, "0") or "0") * _UNITS[unit]
        total += nanos // 10**9
    if total > MAX_OFFSET:
        raise UsageError(
            "the clock offset is too large", expected=f"at most {offset_text(MAX_OFFSET)}", got=text[:40], field=field
        )
    return -total if found[1] == "-" else total


def shifted(at: int, offset: int) -> int | None:
    """An instant by a corrected clock; ``None`` where int64 nanoseconds cannot hold it."""
    moved = at + offset
    return moved if MIN_INSTANT <= moved <= MAX_INSTANT else None


def relative_to(text: str, now: int) -> int | None:
    """The instant of ``now``, ``now-1h30m``, ``now+5m`` or ``-24h``; ``None`` for a text of no such form.

    Raises:
        UsageError: it lies outside what an instant can hold.
    """
    word = text.strip()
    span = word.removeprefix("now")
    if span == word and not word.startswith("-"):
        return None
    if span and _WHOLE.fullmatch(span) is None:
        return None
    at = shifted(now, parse_offset(span, field="time") if span else 0)
    if at is None:
        raise UsageError("the time is out of range", expected="a time that an instant can hold", got=text[:40])
    return at

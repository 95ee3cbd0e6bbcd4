"""How a mapping's times are read: named ways, and patterns of ``%`` letters.

``iso`` is everything :mod:`vestige.sources.reading.timefield` reads; ``epoch_s``, ``epoch_ms``, ``epoch_us`` and
``epoch_ns`` are counts since 1970, with a fraction or without, from their digits. A pattern holds ``%Y %y %m %d %b %B
%H %I %p %M %S %f %z %%`` and literal text; ``%f`` is 1 to 9 digits, ``%z`` is ``Z`` or an offset. Without ``%z`` the
zone is the import's if a person gave one, else the mapping's; without a year the year is assumed as for syslog.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from vestige.model.instant import MAX_INSTANT, NANOS, from_parts
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
    from collections.abc import Callable

    Reader = Callable[[object, Clock], Stamp]

_UNITS = {"epoch_s": NANOS, "epoch_ms": 1_000_000, "epoch_us": 1_000, "epoch_ns": 1}
_COUNT = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d\d)", "m": r"(?P<m>\d{1,2})", "d": r" ?(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]{3})[a-z]{0,6}", "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?", "M": r"(?P<M>\d\d)", "S": r"(?P<S>\d\d)", "f": r"(?P<f>\d{1,9})",
    "z": r" ?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d)", "%": "%",
}  # fmt: skip
_LONGEST = 80


def reader_of(form: str) -> Reader:
    """The reader of one way of writing times.

    Raises:
        ValueError: no such way.
    """
    if form == "iso":
        return lambda value, clock: clock.read(value)
    if form in _UNITS:
        unit = _UNITS[form]
        return lambda value, _: _counted(value, unit)
    if "%" not in form:
        raise ValueError(
            f"expected iso, {', '.join(_UNITS)}, or a pattern such as %d.%m.%Y %H:%M:%S, got {form[:60]!r}"
        )
    pattern = _compiled(form)
    return lambda value, clock: _read(pattern, value, clock)


def _compiled(form: str) -> re.Pattern[str]:
    pieces = re.split(r"%(.?)", form)
    out = [re.escape(pieces[0])]
    for letter, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        if letter not in _PARTS:
            raise ValueError(f"%{letter} is not known: expected %Y %y %m %d %b %B %H %I %p %M %S %f %z")
        out += (_PARTS[letter], re.escape(literal))
    try:
        pattern = re.compile("".join(out))
    except re.error:
        raise ValueError(f"a letter comes twice in {form[:60]!r}") from None
    names = set(pattern.groupindex)
    if "d" not in names or not names & {"m", "b"} or not names & {"H", "I"}:
        raise ValueError("a pattern needs a day, a month and an hour at least: %d %m %H")
    return pattern


def _counted(value: object, unit: int) -> Stamp:
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if value is None or isinstance(value, bool) or not text:
        return NO_STAMP
    if _COUNT.fullmatch(text) is None or not text.isascii():
        return Stamp(None, text[:_LONGEST], MISSING, UNREADABLE)
    at = int(Decimal(text) * unit)
    return Stamp(at, text, EXACT) if abs(at) <= MAX_INSTANT else Stamp(None, text, MISSING, OUT_OF_RANGE)


def _read(pattern: re.Pattern[str], value: object, clock: Clock) -> Stamp:
    if not isinstance(value, str) or not value.strip():
        return NO_STAMP
    text = value.strip()
    found = pattern.fullmatch(text) if len(text) <= _LONGEST and text.isascii() else None
    if found is None:
        return Stamp(None, value[:_LONGEST], MISSING, UNREADABLE)
    part = found.groupdict()
    if part.get("b") and part["b"].lower() not in _MONTHS:
        return Stamp(None, value, MISSING, UNREADABLE)
    month = _MONTHS.index(part["b"].lower()) + 1 if part.get("b") else int(part["m"])
    hour = int(part.get("H") or part.get("I") or 0)
    if part.get("p"):
        hour = hour % 12 + (12 if part["p"] in "pP" else 0)
    clock_time = (hour, int(part.get("M") or 0), int(part.get("S") or 0), int((part.get("f") or "0").ljust(9, "0")))
    if not part.get("Y") and not part.get("y"):
        return _without_year(value, month, int(part["d"]), clock_time, clock)
    return _civil(value, _year(part), month, int(part["d"]), clock_time, part.get("z"), clock)


def _year(part: dict[str, str | None]) -> int:
    """The year; of two digits by POSIX' rule: 69 to 99 are of the last century."""
    if part.get("Y"):
        return int(part["Y"] or 0)
    short = int(part["y"] or 0)
    return short + (1900 if short >= 69 else 2000)


def _without_year(text: str, month: int, day: int, time: tuple[int, int, int, int], clock: Clock) -> Stamp:
    if not 1 <= month <= 12:
        return Stamp(None, text, MISSING, UNREADABLE)
    hour, minute, second, nanos = time
    name = _MONTHS[month - 1].capitalize()
    stamp = clock.short(f"{name} {day} {hour:02}:{minute:02}:{second:02}.{nanos:09}")
    return stamp._replace(text=text)


def _civil(
    text: str, year: int, month: int, day: int, time: tuple[int, int, int, int], zone: str | None, clock: Clock
) -> Stamp:
    away = 0
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        away = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if zone[0] == "-" else 1)
    try:
        at = from_parts(year, month, day, *time, away)
    except (ValueError, OverflowError):
        far = not 1678 <= year <= 2261
        return Stamp(None, text, MISSING, OUT_OF_RANGE if far else UNREADABLE)
    return Stamp(at, text, EXACT) if zone else clock.assume(text, at)

"""The commonest form of a time, RFC 3339 in UTC, read fast: one at a time, or a column of them at once.

What is read here is exact and needs no assumption; any other text is left to :mod:`vestige.sources.reading.timefield`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS, parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

Instants = np.ndarray[Any, np.dtype[np.int64]]

_CACHE: Final = 20_000
_UNIT = {20: 0, **{21 + digits: 10 ** (9 - digits) for digits in range(1, 10)}}
"""Of an RFC 3339 text ending in Z, by its length: nanoseconds per unit of its fraction, 0 where it has none."""
_DAY: Final = 86_400 * NANOS
_SAFE_MIN, _SAFE_MAX = MIN_INSTANT + _DAY, MAX_INSTANT - _DAY
"""Minutes or days to whose start any time of day may be added."""
_SECONDS = {f"{second:02}": second * NANOS for second in range(60)}
_minutes: dict[str, int] = {}
_seconds: dict[str, int] = {}


def exact_utc(text: str) -> int | None:
    """The instant of the commonest form, RFC 3339 in UTC (``Z`` or ``+00:00``); none for any other text."""
    base = _seconds.get(text[:19])
    if base is None:
        base = _second(text[:19])
        if base is None:
            return None
    unit = _UNIT.get(len(text))
    if unit is None or text[-1] != "Z":
        return exact_utc(text[:-6] + "Z") if text[19:].endswith("+00:00") else None
    if not unit:
        return base
    digits = text[20:-1]
    return base + int(digits) * unit if digits.isdecimal() and text[19] == "." else None


def _second(head: str) -> int | None:
    """Nanoseconds of ``YYYY-MM-DDTHH:MM:SS`` read as UTC, remembered: neighbouring records share it."""
    minute = head[:16]
    base = _minutes.get(minute)
    second = _SECONDS.get(head[17:19])
    if second is None or head[16] != ":":
        return None
    if base is None:
        if head[10] not in "T ":
            return None
        try:
            base = parse_rfc3339(minute)[0]
        except ValueError:
            return None
        if not _SAFE_MIN <= base <= _SAFE_MAX:
            return None
        _remember(_minutes, minute, base)
    _remember(_seconds, head, base + second)
    return base + second


def _remember(cache: dict[str, int], text: str, value: int) -> None:
    if len(cache) >= _CACHE:
        cache.clear()
    cache[text] = value


def exact_utc_column(texts: pa.StringArray) -> Instants | None:
    """What :func:`exact_utc` says of each text, none of which is null; nothing if it has no answer for one of them."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(offsets)
    length = int(lengths[0]) if len(texts) else 0
    unit = _UNIT.get(length)
    if unit is not None and (lengths == length).all():
        letters = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        instants = _of_one_form(letters.reshape(len(texts), length), unit)
        if instants is not None:
            return instants
    found = [exact_utc(text) for text in texts.to_pylist()]
    return None if None in found else np.array(found, np.int64)


_WRITTEN: Final = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
_DIGITS: Final = np.flatnonzero(ord("0") == _WRITTEN)
_MARKS: Final = np.flatnonzero(ord("0") != _WRITTEN)


def _of_one_form(letters: np.ndarray[Any, np.dtype[np.uint8]], unit: int) -> Instants | None:
    """The instants of texts of one length, a row of letters each, all of which must end in ``Z``."""
    digits = letters - ord("0")
    fraction = range(20, letters.shape[1] - 1)
    if not (
        (letters[:, _MARKS] == _WRITTEN[_MARKS]).all()
        and (letters[:, -1] == ord("Z")).all()
        and (digits[:, [*_DIGITS, *fraction]] <= 9).all()
        and (not unit or (letters[:, 19] == ord(".")).all())
    ):
        return None
    number = digits.astype(np.int64)
    date = _number(number, range(4)) * 10_000 + _number(number, (5, 6)) * 100 + _number(number, (8, 9))
    hour, minute, second = (_number(number, (at, at + 1)) for at in (11, 14, 17))
    dates, of_date = np.unique(date, return_inverse=True)
    days = [_day(one) for one in dates.tolist()]
    if None in days or hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    starts = np.array(days, np.int64)[of_date]
    return starts + ((hour * 60 + minute) * 60 + second) * NANOS + _number(number, fraction) * unit


def _number(digits: Instants, places: Sequence[int]) -> Instants:
    total = np.zeros(len(digits), np.int64)
    for place in places:
        total = total * 10 + digits[:, place]
    return total


def _day(date: int) -> int | None:
    """The first instant of a day written as one number; none if there is no such day, or no instants for all of it."""
    try:
        at = parse_rfc3339(f"{date // 10_000:04}-{date // 100 % 100:02}-{date % 100:02}T00:00")[0]
    except ValueError:
        return None
    return at if _SAFE_MIN <= at <= _SAFE_MAX else None

"""FILETIME: 100-nanosecond ticks since 1601, as text with all seven digits.

The parser writes times with six digits; the seventh is put back from the record's own bytes.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from functools import lru_cache

from vestige.sources.reading.exact_times import exact_utc

TICKS = 10_000_000
EPOCH = 116_444_736_000_000_000
"""1970 in FILETIME."""
_FAR = 2_650_467_744_000_000_000
"""The year 10000 in FILETIME."""
_BEFORE = '"TimeCreated":{"#attributes":{"SystemTime":"'
_SIX = 27
"""Characters of a time with six digits of a second."""
_TOLD = len('"written":"')
_PACK = struct.Struct("<Q").pack


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (datetime(1601, 1, 1) + timedelta(seconds=seconds)).isoformat()  # noqa: DTZ001 - counted in UTC


def filetime_text(value: int) -> str:
    """``"written"`` with its time, as a member of a JSON object; the bare count where it is no time of this era."""
    if value >= _FAR:
        return f'"filetime":{value}'
    seconds, ticks = divmod(value, TICKS)
    return f'"written":"{_second(seconds)}.{ticks:07}Z"'


def refine(text: str, data: bytes, place: tuple[int, int], written: int, told: str) -> str:
    """A rendered record with the seventh digit of its SystemTime, where the record's bytes hold that time.

    Args:
        text: the rendering.
        data: what the record stands in.
        place: where its binary XML begins there and ends.
        written: the time in its header, which most often is the same.
        told: that time as :func:`filetime_text` tells it.
    """
    at = text.find(_BEFORE)
    stop = at + len(_BEFORE) + _SIX
    if at < 0 or text[stop - 1 : stop + 1] != 'Z"':
        return text
    stamp = text[stop - _SIX : stop]
    if told.startswith(stamp[:-1], _TOLD) and data.find(_PACK(written), *place) >= 0:
        return f"{text[: stop - 1]}{written % 10}{text[stop - 1 :]}"
    micros = exact_utc(stamp)
    if micros is None:
        return text
    first = micros // 100 + EPOCH
    for ticks in range(first, first + 10):
        if data.find(_PACK(ticks), *place) >= 0:
            return f"{text[: stop - 1]}{ticks % 10}{text[stop - 1 :]}"
    return text

"""FILETIME: 100-nanosecond ticks since 1601, as text with all seven digits.

The parser writes times with six digits; the seventh is put back from the record's own bytes.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from functools import lru_cache

from vestige.sources.reading.timefield import exact_utc

TICKS = 10_000_000
EPOCH = 116_444_736_000_000_000
"""1970 in FILETIME."""
_FAR = 2_650_467_744_000_000_000
"""The year 10000 in FILETIME."""
_BEFORE = '"TimeCreated":{"#attributes":{"SystemTime":"'
_SIX = 27
"""Characters of a time with six digits of a second."""
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


def refine(text: str, record: bytes, written: int) -> str:
    """A rendered record with the seventh digit of its SystemTime, where the record's bytes hold that time."""
    at = text.find(_BEFORE)
    stop = at + len(_BEFORE) + _SIX
    stamp = text[stop - _SIX : stop]
    micros = exact_utc(stamp) if at >= 0 and stamp.endswith("Z") and text[stop : stop + 1] == '"' else None
    if micros is None:
        return text
    first = micros // 100 + EPOCH
    near = (written, *range(first, first + 10)) if first <= written < first + 10 else range(first, first + 10)
    for ticks in near:
        if _PACK(ticks) in record[24:]:
            return f"{text[: stop - 1]}{ticks % 10}{text[stop - 1 :]}"
    return text

"""The zone a reader thinks in, beside UTC: the same instant by the clocks of a place, with its offset then.

UTC stays what counts: it stands first everywhere, and this stands beside it. Which offset a place had at which time is
as the zone database of this machine has it (IANA tz, RFC 6557).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?Z")


def local(at: str, zone: str) -> str:
    """A time of a report by a zone's clocks, to the same fraction of a second: ``2026-03-01 13:00:00.5 +01:00``.

    Args:
        at: RFC 3339 in UTC; what is none stays as it is.
        zone: an IANA name; empty: none was asked for.

    Returns:
        Empty where no zone was asked for, or ``at`` states no time, or one that no calendar has there.
    """
    found = _TIME.fullmatch(at)
    if not zone or found is None:
        return ""
    try:
        there = datetime.fromisoformat(f"{found[1]}+00:00").astimezone(ZoneInfo(zone))
    except OverflowError:
        return ""
    offset = there.utcoffset() or timedelta()
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    # Before standard time places had offsets with seconds.
    odd = f":{seconds:02}" if seconds else ""
    sign = "-" if offset < timedelta() else "+"
    shown = there.strftime("%Y-%m-%d %H:%M:%S").zfill(19)
    return f"{shown}{found[2] or ''} {sign}{minutes // 60:02}:{minutes % 60:02}{odd}"

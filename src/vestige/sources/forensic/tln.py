"""TLN, the five fields of timeline analysis, and L2TTLN, plaso's seven: one event a line.

Fields, joined by ``|``::

    Time|Source|Host|User|Description            Time|Source|Host|User|Description|TZ|Notes

``Time`` is seconds since 1970, so a ``TZ`` only says how the tool was asked to show it; 0 means that none is set. A
description may hold the separator. What plaso puts before its text (``2012-06-27T18:17:01.5+00:00; Content Modification
Time; …``) gives the time with its fraction, where both agree to the second, and the action; the letters mactime puts
there (``M.C. [22] /path``) say which of a file's times it is. Records of event logs (``provider/id;value,value``) are
understood as such. ``-`` stands for nothing.

References: Harlan Carvey, "TimeLine Analysis" parts 1-3; plaso/output/tln.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.model.instant import NANOS
from vestige.sources.forensic.plaso_event import plaso_event
from vestige.sources.forensic.plaso_time import undated
from vestige.sources.forensic.plaso_types import data_type_of, kind_of_macb
from vestige.sources.forensic.psort_rows import windows_fields
from vestige.sources.reading.exact_times import exact_utc
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import EXACT, UNREADABLE, Stamp

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_NAMES = ("Time", "Source", "Host", "User", "Description", "TZ", "Notes")
_TIME = re.compile(r"-?\d{1,10}")
_SOURCE = re.compile(r"[A-Za-z][A-Za-z0-9 _/.-]{0,30}")
_ZONE = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]+){1,2}|[A-Z]{3}\d?[A-Z]{0,3}|[+-]\d\d:?\d\d")
_MACB = re.compile(r"([M.][A.][C.][B.]) (?:\[[^\]|]{0,40}\] )?(.*)", re.DOTALL)
_RECORD = re.compile(r"([A-Za-z][\w .-]{1,80})/(\d{1,5});(.*)", re.DOTALL)
_SOURCES = {"EVTX": "EVT", "PREF": "PREFETCH", "RECYCLE": "RECBIN", "JOB": "JOB", "URL": "WEBHIST"}


def _fields(text: str) -> list[str] | None:
    """Time, source, host, user, description, and zone and notes where a line has them; none if it has fewer."""
    parts = text.split("|")
    if len(parts) < 5:
        return None
    if len(parts) >= 7 and _ZONE.fullmatch(parts[-2]):
        return [*parts[:4], "|".join(parts[4:-2]), *parts[-2:]]
    return [*parts[:4], "|".join(parts[4:])]


def _is_line(text: str) -> bool:
    fields = _fields(text)
    if fields is None:
        return False
    if fields[:4] == list(_NAMES[:4]):
        return True
    seconds, source = fields[0], fields[1]
    return bool(_TIME.fullmatch(seconds)) and (len(seconds) > 8 or seconds == "0") and bool(_SOURCE.fullmatch(source))


def _given(text: str) -> str:
    bare = text.strip()
    return "" if bare == "-" else bare


def _finer(stamp: Stamp, text: str) -> Stamp | None:
    """The time a description begins with, if it is the same second."""
    at = exact_utc(text)
    if at is None or stamp.at is None or at // NANOS != stamp.at // NANOS:
        return None
    return Stamp(at, text, EXACT)


def _read(text: str, clock: Clock) -> Reading:
    fields = _fields(text)
    if fields is None:
        return Unparsed(f"no TLN line: expected at least 5 fields joined by |, got {text.count('|') + 1}")
    if fields[:4] == list(_NAMES[:4]):
        return Skipped("the field names")
    seconds, source, host, user, told, *_ = map(_given, fields)
    found = _TIME.fullmatch(seconds)
    if found is None:
        stamp = undated(seconds, UNREADABLE)
    else:
        stamp = Stamp(int(seconds) * NANOS, seconds, EXACT) if int(seconds) else undated(seconds)
    data_type = data_type_of("", _SOURCES.get(source.upper(), source))
    described = ""
    first, mark, rest = told.partition("; ")
    if mark and (first[4:5] == "-" and first[10:11] == "T"):
        stamp = _finer(stamp, first) or stamp
        described, _, told = rest.partition("; ")
    record: dict[str, object] = {"hostname": host, "username": user, "message": told}
    letters = _MACB.fullmatch(told)
    if letters is not None:
        described, record["filename"] = letters[1], letters[2]
    if data_type.startswith("windows:evt"):
        record.update(_of_record(told))
    attributes = orjson.dumps(dict(zip(_NAMES, fields, strict=False))).decode()
    event = plaso_event(record, attributes, stamp, clock, data_type=data_type, description=described)
    if letters is not None and event.event_type.startswith("file."):
        return event._replace(event_type=kind_of_macb(letters[1]) or event.event_type)
    return event


def _of_record(told: str) -> dict[str, object]:
    found = _RECORD.fullmatch(told)
    if found is None:
        return windows_fields(told)
    return {"source_name": found[1], "event_identifier": found[2], "strings": [*found[3].split(",")]}


FORMAT = LineRecords(
    name="tln",
    version="2",
    source_name=None,
    mine=_is_line,
    seen="TLN lines",
    read=_read,
    confidence=0.9,
)

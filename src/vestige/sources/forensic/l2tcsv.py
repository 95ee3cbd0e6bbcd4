"""log2timeline's CSV of 17 columns, of the tool's first days and of psort: one event, or one file's times, a row.

Fields::

    date,time,timezone   MM/DD/YYYY, HH:MM:SS, and the zone both stand in: an IANA name, UTC, or +hh:mm
    MACB                 which of a file's times this is: modified, accessed, changed, born; dots for the others
    source,sourcetype    FILE, EVT, REG, …; the kind of artefact in words
    type                 plaso's name of the time (several, joined by ``; ``, where they are one instant); the action
    user,host            who and where, if known
    short,desc           one line for a person, cut and whole
    version              of the format: 2
    filename,inode       where it was found
    notes,format,extra   labels, the parser, further attributes as ``name: value; …``

``-`` stands for nothing. The zone column is honoured: a time in it is exact but for the hour a clock passes twice;
where it names no zone this system knows, the assumed zone stands in. ``00/00/0000`` is no time.

References: plaso/output/l2t_csv.py; log2timeline 0.x, output/csv.pm.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.errors import InputError
from vestige.model.instant import NANOS
from vestige.sources.contract import Context
from vestige.sources.forensic.plaso_event import plaso_event
from vestige.sources.forensic.plaso_time import is_no_time, undated
from vestige.sources.forensic.plaso_types import data_type_of, kind_of_macb
from vestige.sources.forensic.psort_rows import PsortRows, given, windows_fields
from vestige.sources.reading.timefield import (
    ASSUMED_ZONE,
    EXACT,
    NO_STAMP,
    UNREADABLE,
    Clock,
    Stamp,
    clock_for,
    zone_named,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.model.event import Event

_OWN = frozenset({"date", "time", "timezone", "MACB", "source", "sourcetype", "type", "desc", "format", "extra"})
_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_UTC = clock_for(Context(received_at=0))


def _is_header(names: Collection[str]) -> bool:
    return frozenset(names) >= _OWN


@lru_cache(maxsize=256)
def _clock_of(zone: str) -> Clock | None:
    """The clock of a zone as the column names it, or none."""
    try:
        return clock_for(Context(received_at=0, zone=zone))
    except InputError:
        return None


@lru_cache(maxsize=256)
def _twice(zone: str, quarter: int) -> bool:
    """Whether a clock of this zone shows this quarter of an hour twice."""
    moment = datetime(1970, 1, 1, tzinfo=zone_named(zone)) + timedelta(minutes=15 * quarter)
    return moment.utcoffset() != moment.replace(fold=1).utcoffset()


def _when(record: dict[str, object], assumed: Clock) -> Stamp:
    date, time, zone = given(record, "date"), given(record, "time"), given(record, "timezone")
    text = " ".join(part for part in (date, time, zone) if part)
    found = _DATE.fullmatch(date.strip())
    if found is None or is_no_time(date):
        return NO_STAMP if not text else undated(text) if is_no_time(date) else undated(text, UNREADABLE)
    civil = _UTC.local(f"{found[3]}-{found[1]}-{found[2]}T{time.strip()}")
    clock = _clock_of(zone.strip()) if zone else None
    if civil.at is None or civil.quality == EXACT:
        return civil._replace(text=text)
    at = civil.at - (clock or assumed).offset(civil.at)
    exact = clock is not None and not _twice(zone.strip(), civil.at // (900 * NANOS))
    return Stamp(at, text, EXACT if exact else ASSUMED_ZONE)


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    letters = given(record, "MACB")
    data_type = data_type_of(given(record, "format"), given(record, "source"))
    described = given(record, "type") or letters
    message = given(record, "desc") or given(record, "short")
    fields: dict[str, object] = {
        "filename": given(record, "filename"),
        "hostname": given(record, "host"),
        "username": given(record, "user"),
        "message": message,
    }
    if data_type.startswith("windows:evt"):
        fields.update(windows_fields(message))
    event = plaso_event(
        fields,
        text,
        _when(record, clock),
        clock,
        data_type=data_type,
        description=described,
        labels=tuple(given(record, "notes").split()) if given(record, "version") == "2" else (),
    )
    if event.event_type.startswith("file.") and len(letters.replace(".", "")) > 1:
        return event._replace(event_type=kind_of_macb(letters) or event.event_type)
    return event


def _quality(record: dict[str, object]) -> str:
    return "" if _clock_of(given(record, "timezone").strip()) else ASSUMED_ZONE


FORMAT = PsortRows(
    name="l2tcsv",
    version="2",
    source_name="plaso",
    mine=_is_header,
    seen="date, time, timezone, MACB, source, sourcetype, type, …",
    read=_read,
    quality=_quality,
)

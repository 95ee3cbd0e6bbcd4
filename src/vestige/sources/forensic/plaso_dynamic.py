"""plaso's dynamic output, the default of psort: one event a row.

Fields::

    datetime        ISO 8601 with offset; ``Not a time`` and ``0000-00-00T…`` where the artefact holds none
    timestamp_desc  plaso's name of the time; the action
    source          FILE, EVT, REG, WEBHIST, LOG, LNK, …
    source_long     the kind of artefact in words
    message         one line for a person
    parser          parser and plugin: ``winreg/userassist``; leads to the event type (``plaso_types``)
    display_name    where it was found: ``OS:/home/…``
    tag             labels, by blanks

Other columns a user asked for (``hostname``, ``username``, …) are read by their names; ``-`` stands for nothing.

References: plaso/output/dynamic.py, plaso/output/formatting_helper.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.contract import Context
from vestige.sources.forensic.plaso_event import plaso_event
from vestige.sources.forensic.plaso_time import is_no_time, undated
from vestige.sources.forensic.plaso_types import data_type_of
from vestige.sources.forensic.psort_rows import PsortRows, given, windows_fields
from vestige.sources.reading.timefield import NO_STAMP, clock_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

_OWN = frozenset({"datetime", "timestamp_desc", "source", "source_long", "message"})
_UTC = clock_for(Context(received_at=0))


def _is_header(names: Collection[str]) -> bool:
    return frozenset(names) >= _OWN


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    stated = given(record, "datetime")
    description = given(record, "timestamp_desc")
    if not stated:
        stamp = NO_STAMP
    elif is_no_time(stated) or description == "Not a time":
        stamp = undated(stated)
    else:
        stamp = clock.read_text(stated)
    fields: dict[str, object] = {name: value for name, value in record.items() if value != "-"}
    data_type = given(record, "data_type") or data_type_of(given(record, "parser"), given(record, "source"))
    if data_type in {"windows:evtx:record", "windows:evt:record"}:
        fields = {**windows_fields(given(record, "message")), **fields}
    return plaso_event(
        fields,
        text,
        stamp,
        clock,
        data_type=data_type,
        description=description,
        labels=tuple(given(record, "tag").split()),
    )


def _quality(record: dict[str, object]) -> str:
    return _UTC.read_text(given(record, "datetime")).quality


FORMAT = PsortRows(
    name="plaso_dynamic",
    version="2",
    source_name="plaso",
    mine=_is_header,
    seen="datetime, timestamp_desc, source, source_long and message",
    read=_read,
    quality=_quality,
)

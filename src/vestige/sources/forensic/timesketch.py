"""Timesketch's exchange form, as CSV or JSON lines: what plaso, Velociraptor and Timesketch itself export.

Fields::

    message         one line for a person
    datetime        ISO 8601 with offset; the time of the event (a count of microseconds there is read as such)
    timestamp       microseconds since 1970; refines ``datetime`` where that states whole seconds and both agree,
                    stands in for it where it is missing, and is reported by a tag where it contradicts it
    timestamp_desc  what happened then: ``Content Modification Time``; becomes the action
    tag             labels, as a list or text
    data_type       plaso's name of the artefact, which leads to the event type (``plaso_types``)

All other columns are free, however many, and read by their names. A ``datetime`` that is no time, or outside what an
instant holds (1601), leaves the event undated with its text kept: ``timestamp`` is not put in its place, and a
``timestamp`` of 0 alone means that none was set.

References: timesketch/docs/guides/user/import-from-json-csv.md, plaso/output/shared_opensearch.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.model.instant import NANOS
from vestige.sources.forensic.plaso_event import plaso_event
from vestige.sources.forensic.plaso_time import DISAGREES, is_no_time, of_micros, undated
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import text_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock, Stamp

_LABEL = re.compile(r"[^\[\],'\"]+")


def _is_row(names: Collection[str]) -> bool:
    return "message" in names and "timestamp_desc" in names and ("datetime" in names or "timestamp" in names)


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    stamp, disagrees = _when(record, clock)
    described = text_of(record.get("timestamp_desc"))
    event = plaso_event(
        record,
        text,
        stamp,
        clock,
        data_type=text_of(record.get("data_type")).strip(),
        description=described,
        labels=labels_of(record.get("tag")),
    )
    return event._replace(tags=(*event.tags, DISAGREES)) if disagrees else event


def _when(record: dict[str, object], clock: Clock) -> tuple[Stamp, bool]:
    """The time of a row, and whether its two statements contradict each other."""
    stated = record.get("datetime")
    counted = of_micros(record.get("timestamp"))
    text = text_of(stated).strip()
    if text_of(record.get("timestamp_desc")) == "Not a time":
        return undated(text or counted.text), False
    if not text:
        return counted, False
    stamp = clock.read(stated)
    if stamp.at is None:
        return (undated(stamp.text) if is_no_time(text) else stamp), False
    if counted.at is None:
        return stamp, False
    if counted.at // NANOS != stamp.at // NANOS:
        return stamp, True
    return (stamp._replace(at=counted.at), False) if stamp.at % NANOS == 0 else (stamp, False)


def labels_of(value: object) -> tuple[str, ...]:
    """Labels, from a list or from the text of one (``['a', 'b']``)."""
    found = [text_of(item) for item in value] if isinstance(value, list) else _LABEL.findall(text_of(value))
    return tuple(label for part in found if (label := part.strip()) and label != "-")


FORMAT = RowRecords(
    name="timesketch",
    version="3",
    source_name=None,
    mine=_is_row,
    seen="message, datetime and timestamp_desc",
    read=_read,
    times=("datetime",),
    confidence=0.93,
)

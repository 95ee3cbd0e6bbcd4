"""plaso's JSON outputs (``json_line``; ``json`` as one document): one object an event, with every attribute.

Fields::

    __type__, __container_type__   EventObject (old), AttributeContainer of type ``event``
    data_type        plaso's name of the artefact; leads to the event type (``plaso_types``)
    timestamp        microseconds since 1970, rounded from what the artefact held; 0 where it holds none
    date_time        what the artefact held, as a value of dfdatetime: finer than ``timestamp``, and read first
    timestamp_desc   plaso's name of the time; the action
    message, parser, display_name, filename, hostname, username, tag, pathspec; the artefact's own attributes

A civil time of no known zone (``is_local_time``) is read in the assumed zone. ``NotSet``, ``Never`` and other semantic
times leave the event undated. ``json`` writes one object whose members are the events (``event_0``, …): that whole
document is one record of the generic format, and ``json_line`` is the one to ask psort for.

References: plaso/output/shared_json.py, plaso/serializer/json_serializer.py, dfdatetime/serializer.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.instant import NANOS
from vestige.sources.forensic.plaso_event import plaso_event
from vestige.sources.forensic.plaso_time import DISAGREES, of_micros, of_values, undated
from vestige.sources.forensic.timesketch import labels_of
from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock, Stamp


def _is_event(record: Mapping[str, object]) -> bool:
    if record.get("__type__") == "EventObject":
        return "timestamp" in record
    container = record.get("__container_type__") == "event" and "data_type" in record
    return container and ("timestamp" in record or "date_time" in record)


def _when(record: Mapping[str, object], clock: Clock) -> tuple[Stamp, bool]:
    """The time, and whether the value and the count contradict each other by more than rounding."""
    counted = of_micros(record.get("timestamp"))
    held = record.get("date_time")
    stamp = of_values(held, clock) if isinstance(held, dict) else None
    if record.get("timestamp_desc") == "Not a time":
        return undated(stamp.text if stamp is not None else counted.text), False
    if stamp is None:
        return counted, False
    if stamp.at is None or counted.at is None or stamp.quality != "exact":
        return stamp, False
    return stamp, abs(stamp.at - counted.at) >= NANOS


def _labels(value: object) -> tuple[str, ...]:
    """The labels of a tag: an event tag with ``labels``, a list, or text."""
    held = mapping(value)
    return labels_of(held.get("labels")) if held else labels_of(value)


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    stamp, disagrees = _when(record, clock)
    event = plaso_event(
        record,
        text,
        stamp,
        clock,
        data_type=text_of(record.get("data_type")),
        description=text_of(record.get("timestamp_desc")),
        labels=_labels(record.get("tag")),
    )
    return event._replace(tags=(*event.tags, DISAGREES)) if disagrees else event


def _begins(head: bytes) -> bool:
    return b'"__container_type__": "event"' in head and b'"data_type"' in head


FORMAT = JsonRecords(
    name="plaso_json",
    version="2",
    source_name="plaso",
    mine=_is_event,
    seen="plaso event containers",
    read=_read,
    confidence=0.98,
    begins=_begins,
)

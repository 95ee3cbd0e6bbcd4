"""Events as sent to Splunk's HTTP Event Collector: JSON objects one behind the other, on lines or not.

::

    {"time": 1764000000.123, "host": "web-1", "source": "/var/log/x", "sourcetype": "syslog", "index": "main",
     "event": "..." or {...}, "fields": {...}}

``time`` counts seconds, as number or text, to whatever digits it states. An ``event`` that is an object is read by the
format that knows its shape, else by its fields' names; a text as JSON, CEF, LEEF, syslog, by the format of text whose
lines it looks like (the one ``sourcetype`` names first), or as a line of a log. The inner event's own exact time is
when it happened, ``time`` then when it was observed. ``host`` is the machine where the event names none.
Metric events (``"event": "metric"``) are measurements.

Reference: docs.splunk.com, "Format events for HTTP Event Collector".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.timefield import NO_STAMP
from vestige.sources.telemetry.carried import known_object, said_events, text_events, under
from vestige.sources.telemetry.flat import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_OWN = frozenset(("time", "host", "source", "sourcetype", "index", "event", "fields"))


def is_hec(record: Mapping[str, object]) -> bool:
    """Whether an object is an event for the collector: it has one, and nothing beside the collector's own names."""
    if "event" not in record or not _OWN.issuperset(record):
        return False
    return len(record) > 1 and (
        not isinstance(record["event"], dict) or bool(record.keys() & {"sourcetype", "index", "time"})
    )


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if "event" not in record:
        return Unparsed("no event for Splunk's collector: event is missing")
    stamp = clock.read(record["time"]) if record.get("time") not in (None, "") else NO_STAMP
    inner, host = record["event"], text_of(record.get("host"))
    fields = mapping(record.get("fields"))
    if inner == "metric" or any(name.startswith("metric_name:") for name in fields):
        return under(_metric(fields), stamp, text, host=host)
    if isinstance(inner, dict):
        said = json_text(inner)
        # Some services' own records are such envelopes.
        known = known_object(inner, said, clock) or known_object(record, text, clock)
        events = known or (generic_event(roles_of(inner), said, clock.find(inner), clock),)
    elif isinstance(inner, str):
        events = text_events(inner, text_of(record.get("sourcetype")), clock) or said_events(inner, record, clock)
    else:
        events = (Event("log.line", message=json_text(inner)),)
    found = tuple(_named(under(event, stamp, text, host=host), record) for event in events)
    return found[0] if len(found) == 1 else found


def _named(event: Event, record: Mapping[str, object]) -> Event:
    if event.message:
        return event
    return event._replace(
        message=text_of(record.get("sourcetype")) or text_of(record.get("source")) or "an empty event"
    )


def _metric(fields: Mapping[str, object]) -> Event:
    told = [
        f"{name.partition(':')[2]}={text_of(value)}"
        for name, value in fields.items()
        if name.startswith("metric_name:")
    ]
    name = text_of(fields.get("metric_name"))
    if name:
        told.append(f"{name}={text_of(fields.get('_value'))}")
    action = told[0].partition("=")[0] if told else ""
    return Event("metric.recorded", action=action, message=" ".join(told[:20]) or "a measurement")


FORMAT = JsonRecords(
    name="splunk_hec",
    version="3",
    source_name=None,
    mine=is_hec,
    seen="events for Splunk's HTTP Event Collector",
    read=_read,
    confidence=0.9,
)

"""What a wrapper carries, read further: an object of a known shape, a line of a known format, a line of any program.

Wrappers (CloudEvents, Splunk's collector, OTLP log records, Elastic documents) hold events of other programs. What they
hold is read as it would be on its own; the wrapper then adds what it knows: :func:`under` puts the wrapper's time,
host, keys and attributes around the event inside.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.contract import Context
from vestige.sources.general.json_lines import declared_event, is_declared
from vestige.sources.general.syslog import headed_event
from vestige.sources.linux.auditd import AuditdFormat
from vestige.sources.linux.container_line import container_event
from vestige.sources.network.cef import cef_event
from vestige.sources.network.leef import leef_event
from vestige.sources.reading.fields import keys_of
from vestige.sources.reading.kinds import JsonRecords, LineRecords
from vestige.sources.reading.timefield import EXACT, NO_STAMP, Clock, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.model.event import Reading

SURE = 0.9
"""Formats less sure than this are not asked what a wrapper carries."""
_HEADED = 0.95
"""How sure syslog is of a line with its whole header: a format that is surer is asked first, as of a file."""
_AUDIT = re.compile(r"(?:node=\S{1,256} )?type=\S{1,64} msg=audit\(")
AUDITD = AuditdFormat()
_NOBODY = Context(received_at=0)
"""Audit lines state their time whole."""
SOURCETYPES = {
    "access_combined": "web_access",
    "access_combined_wcookie": "web_access",
    "access_common": "web_access",
    "apache:access": "web_access",
    "nginx:plus:access": "web_access",
    "apache_error": "apache_error",
    "apache:error": "apache_error",
    "nginx:plus:error": "nginx_error",
    "haproxy:http": "haproxy",
    "haproxy:tcp": "haproxy",
    "linux_audit": "auditd",
    "linux:audit": "auditd",
    "mysqld": "mysql_error",
    "mysql:errorLog": "mysql_error",
    "mysql:slowQueryLog": "mysql_slow",
    "linux_secure": "syslog",
    "linux_messages_syslog": "syslog",
    "syslog": "syslog",
}
"""Formats by Splunk's names for them (docs.splunk.com, "List of pretrained source types", and the vendors' add-ons)."""
_WRAPPERS = frozenset(("splunk_hec", "cloudevents", "otlp_json"))


@cache
def _shapes() -> tuple[JsonRecords, ...]:
    """The formats of JSON objects whose fields are unmistakable, in the registry's order.

    Wrappers are not among them: what is wrapped again and again stays as it is.
    """
    from vestige.sources.registry import built_in  # noqa: PLC0415 - the registry lists this family too

    return tuple(
        form
        for form in built_in()
        if isinstance(form, JsonRecords) and form.confidence >= SURE and form.name not in _WRAPPERS
    )


@cache
def _texts() -> dict[str, LineRecords]:
    """The formats of lines and blocks that are as sure, by name, the surest first."""
    from vestige.sources.registry import built_in  # noqa: PLC0415 - as above

    found = [form for form in built_in() if isinstance(form, LineRecords) and form.confidence >= SURE]
    return {form.name: form for form in sorted(found, key=lambda form: -form.confidence)}


def known_object(record: dict[str, object], text: str, clock: Clock) -> tuple[Event, ...]:
    """The events of an object of a known shape; none if no format knows it.

    Args:
        record: the object.
        text: its JSON text.
        clock: reads its times.
    """
    if is_declared(record):
        return (declared_event(record, text, clock),)
    for form in _shapes():
        if form.mine(record):
            return _events(form.read(record, text, clock))
    return ()


def _events(reading: Reading) -> tuple[Event, ...]:
    if isinstance(reading, Event):
        return (reading,)
    return () if isinstance(reading, Unparsed | Skipped) else reading


def line_event(line: str, clock: Clock) -> Event | None:
    """The event of a line of CEF, LEEF or syslog; none for any other."""
    if "CEF:" in line[:400]:
        found = cef_event(line, clock)
    elif "LEEF:" in line[:400]:
        found = leef_event(line, clock)
    else:
        return headed_event(line, clock)
    return found if isinstance(found, Event) else headed_event(line, clock)


def text_events(said: str, sourcetype: str, clock: Clock) -> tuple[Event, ...]:
    """The events of a text that a format of lines or blocks knows; none where it is JSON, syslog's, or nobody does.

    Args:
        said: the text.
        sourcetype: what Splunk's senders call it: that format is asked first, and before syslog.
        clock: reads its times.
    """
    if said.startswith("{"):
        return ()
    forms = _texts()
    hinted = forms.get(SOURCETYPES.get(sourcetype, sourcetype))
    if hinted is not None and hinted.mine(said) and (events := _events(hinted.read(said, clock))):
        return events
    if _AUDIT.match(said):
        return tuple(event for reading in AUDITD.parse([said.encode()], _NOBODY) for event in _events(reading))
    surer = [form for form in forms.values() if form.confidence > _HEADED]
    events = _first(surer, said, clock)
    if events or line_event(said, clock) is not None:
        return events
    return _first([form for form in forms.values() if form.confidence <= _HEADED], said, clock)


def _first(forms: Iterable[LineRecords], said: str, clock: Clock) -> tuple[Event, ...]:
    """The events of the first format that claims a text and can read it."""
    readings = (_events(form.read(said, clock)) for form in forms if form.mine(said))
    return next((events for events in readings if events), ())


def said_events(said: str, attributes: dict[str, object], clock: Clock) -> tuple[Event, ...]:
    """The events of what a program wrote: JSON, a line of a known format, or any line."""
    if said.startswith("{"):
        try:
            inner = orjson.loads(said)
        except ValueError:
            inner = None
        if isinstance(inner, dict):
            known = known_object(inner, said, clock)
            if known:
                return known
    else:
        event = line_event(said, clock)
        if event is not None:
            return (event,)
    return (container_event(said, "", NO_STAMP, attributes, clock),)


def under(
    event: Event,
    stamp: Stamp,
    attributes: str,
    *,
    host: str = "",
    trace: str = "",
    keys: tuple[tuple[str, str], ...] = (),
) -> Event:
    """An event as its wrapper knows it: the inner exact time before the wrapper's, the wrapper's before an assumed one.

    Where both are exact, the wrapper's is when the event was observed.
    """
    at, text, quality, observed = event.occurred_at, event.time_text, event.time_quality, event.observed_at
    if at is None or (quality != EXACT and stamp.at is not None):
        at, text, quality = stamp.at, stamp.text, stamp.quality
    elif stamp.at is not None and stamp.at != at and observed is None:
        observed = stamp.at
    return event._replace(
        occurred_at=at,
        time_text=text,
        time_quality=quality,
        observed_at=observed,
        host=event.host or host,
        trace_id=event.trace_id or trace,
        tags=(*event.tags, stamp.tag) if stamp.tag and at is None else event.tags,
        attributes=attributes,
        keys=keys_of((*event.keys, *keys)) if keys else event.keys,
    )

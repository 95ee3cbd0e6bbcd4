"""Timesketch's exchange form, as CSV or JSON lines: what plaso, Hayabusa, Chainsaw and Timesketch itself export.

Fields::

    message         one line for a person
    datetime        ISO 8601 with offset; the time of the event (a count of microseconds there is read as such)
    timestamp       microseconds since 1970; refines ``datetime`` where that states whole seconds and both agree,
                    stands in for it where it is missing, and is reported by a tag where it contradicts it
    timestamp_desc  what happened then: ``Content Modification Time``; becomes the action
    tag             labels, as a list or text
    data_type       plaso's name of the artefact; a few lead to an event type, as do Windows' audit event ids

All other columns are free and read by their names. References: timesketch/docs/guides/user/import-from-json-csv.md,
plaso's formatters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.model.instant import NANOS
from vestige.sources.contract import Detection
from vestige.sources.reading.csv_split import split_table
from vestige.sources.reading.fields import REPLACED, text_of
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.json_read import read_object
from vestige.sources.reading.json_shape import shape_of, split_json
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.table import read_row, table_of
from vestige.sources.reading.timefield import Clock, Stamp, assumed, clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Event, Reading, Record
    from vestige.sources.contract import Context, Sample

DISAGREES = "time:timestamp_disagrees"
_TYPES = {
    "syslog:cron:task_run": "schedule.ran",
    "syslog:ssh:login": "auth.login",
    "syslog:ssh:failed_connection": "auth.login_failed",
    "syslog:ssh:opened_connection": "network.connection",
    "syslog:line": "log.line",
    "apache:access": "service.request",
    "apache:access_log:entry": "service.request",
    "iis:log:line": "service.request",
    "aws:cloudtrail:entry": "cloud.call",
    "gcp:log:entry": "cloud.call",
    "azure:activitylog:entry": "cloud.call",
    "bash:history:entry": "process.started",
    "windows:prefetch:execution": "process.started",
    "linux:utmp:event": "session.opened",
}
_AUDIT_EVENTS = {
    "auth.login": "4624",
    "auth.login_failed": "4625 4771",
    "auth.logout": "4634 4647",
    "auth.privilege_used": "4648 4672",
    "process.started": "4688",
    "process.stopped": "4689",
    "resource.created": "4697 4698",
    "resource.deleted": "4699",
    "logging.changed": "4719",
    "account.created": "4720",
    "account.changed": "4722 4725 4738 4740",
    "account.credential_changed": "4723 4724",
    "account.deleted": "4726",
    "access.granted": "4728 4732 4756",
    "access.revoked": "4729 4733 4757",
    "auth.token_issued": "4768 4769",
    "logging.disabled": "1102",
}
"""Event types of Windows' security audit, by event id."""
_AUDIT = {number: kind for kind, numbers in _AUDIT_EVENTS.items() for number in numbers.split()}
_AUDITORS = frozenset({"Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Eventlog"})
_LABEL = re.compile(r"[^\[\],'\"]+")


class TimesketchFormat:
    """See the module."""

    name = "timesketch"
    version = "1"
    media_type = "text/csv"
    rendered = False
    source_name: str | None = None

    def detect(self, sample: Sample) -> Detection | None:
        """A header or objects with message, timestamp_desc, and datetime or timestamp."""
        shape = shape_of(sample)
        if shape is not None:
            mine = sum(1 for record in shape.objects if _is_row(set(record)))
            if mine and mine * 2 > len(shape.objects) + shape.bad:
                return Detection(0.93, f"{mine} objects with message, datetime and timestamp_desc", extra=shape.extra())
            return None
        table = table_of(sample)
        if table is None or not table.named or not _is_row(set(table.header)):
            return None
        return Detection(
            0.95,
            "a header with message, datetime and timestamp_desc",
            header=table.header,
            delimiter=table.delimiter,
            extra=assumed({"datetime": record.get("datetime")} for record in table.records),
        )

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Rows or objects, as found at detection."""
        if context is not None and context.header:
            return split_table(stream, start=start, number=number, delimiter=context.delimiter)
        return split_json(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per row."""
        clock = clock_for(context)
        out: list[Reading] = []
        for payload in payloads:
            read = read_row(payload, context) if context.header else read_object(payload)
            if isinstance(read, Unparsed | Skipped):
                out.append(read)
                continue
            record, text, changed = read
            event = _event(record, text, clock)
            out.append(event._replace(tags=(*event.tags, REPLACED)) if changed else event)
        return out


def _is_row(names: set[str]) -> bool:
    return "message" in names and "timestamp_desc" in names and ("datetime" in names or "timestamp" in names)


def _event(record: dict[str, object], text: str, clock: Clock) -> Event:
    stamp, disagrees = _when(record, clock)
    roles = roles_of(record)
    described = text_of(record.get("timestamp_desc"))
    if described:
        roles["action"] = described
    labels = _labels(record.get("tag"))
    if labels:
        roles["tags"] = labels
    event = generic_event(roles, text, stamp, clock, _type_of(record))
    return event._replace(tags=(*event.tags, DISAGREES)) if disagrees else event


def _when(record: dict[str, object], clock: Clock) -> tuple[Stamp, bool]:
    """The time of a row, and whether its two statements contradict each other."""
    micros = text_of(record.get("timestamp")).strip()
    counted = int(micros) * 1000 if micros.isascii() and micros.isdigit() and len(micros) < 17 else None
    stated = record.get("datetime")
    stamp = clock.read(stated)
    if stamp.at is None:
        if not stamp.text and counted:
            return Stamp(counted, micros, "exact"), False
        return stamp, False
    if counted is None:
        return stamp, False
    if counted // NANOS != stamp.at // NANOS:
        return stamp, True
    return (stamp._replace(at=counted), False) if stamp.at % NANOS == 0 else (stamp, False)


def _type_of(record: dict[str, object]) -> str:
    kind = text_of(record.get("data_type"))
    if kind == "windows:evtx:record" and record.get("source_name") in _AUDITORS:
        return _AUDIT.get(text_of(record.get("event_identifier")).partition(".")[0], "event.generic")
    return _TYPES.get(kind, "event.generic")


def _labels(value: object) -> list[str]:
    if isinstance(value, list):
        return [text_of(item) for item in value]
    return [label for part in _LABEL.findall(text_of(value)) if (label := part.strip())]


FORMAT = TimesketchFormat()

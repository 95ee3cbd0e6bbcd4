"""Windows events as JSON objects, as collectors and tools write them.

Shapes (told apart object by object)::

    NXLog        flat: EventID, Channel, SourceName, Hostname, EventTime, Keywords, EventType, the event's own fields;
                 also without NXLog's receipt fields, with TimeCreated in place of EventTime
    Winlogbeat   winlog.{channel, provider_name, event_id, computer_name, event_data, user_data, keywords, user} and
                 @timestamp; before version 7 at the top: log_name, source_name, event_id, computer_name, event_data
    rendered     {"Event": {"System", "EventData" | "UserData"}} by evtx_dump and others; {"System", "EventData"} by
                 Velociraptor; attributes in any of the usual ways

Times: ``EventTime`` and ``TimeCreated`` without an offset are read in the assumed zone; where a Sysmon event states its
``UtcTime``, that is taken instead, since it is exact. A collector's ``@timestamp`` beside the event's own time is when
it was noticed. ``event_data`` as text in Python's notation is read too.

References: docs.nxlog.co "im_msvistalog"; Elastic "Winlogbeat exported fields"; Velociraptor ``parse_evtx``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import EMPTY, mapping, severity_of, text_of
from vestige.sources.reading.json_shape import shape_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import EXACT, NO_STAMP, Clock, Stamp, missing_parts
from vestige.sources.windows.events import Facts, audit_of, event_of, severity_of_level
from vestige.sources.windows.rendered import data_of, facts_of
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.contract import Detection, Sample

_LITERAL_BYTES = 1 << 20
_EVENT_TYPES = {"AUDIT_SUCCESS": "success", "AUDIT_FAILURE": "failure"}
_NXLOG_SEVERITIES = {"5": 4, "4": 3, "3": 2}


def _is_record(record: Mapping[str, object]) -> bool:
    if "winlog" in record:
        winlog = mapping(record["winlog"])
        return "event_id" in winlog or "channel" in winlog
    if "Event" in record or "System" in record:
        event = mapping(record.get("Event")) or record
        return "EventID" in mapping(event.get("System"))
    if "EventID" in record:
        return "Channel" in record and ("SourceName" in record or "ProviderGuid" in record or "Provider" in record)
    return "event_id" in record and "log_name" in record and ("source_name" in record or "computer_name" in record)


def _read(record: Mapping[str, object], text: str, clock: Clock) -> Reading:
    facts = _facts(record, text, clock)
    if facts is None:
        return Unparsed("no Windows event: no event number where a shape of this format has one")
    return event_of(facts)


def _facts(record: Mapping[str, object], text: str, clock: Clock) -> Facts | None:
    winlog = record.get("winlog")
    if isinstance(winlog, dict):
        return _beat(winlog, record, text, clock)
    event = mapping(record.get("Event")) or record
    if "System" in event:
        said = text_of(record.get("Message")) or text_of(mapping(event.get("RenderingInfo")).get("Message"))
        return facts_of(event, text, clock, said)
    if "EventID" in record:
        return _flat(record, text, clock)
    return _beat(record, record, text, clock)


def _flat(record: Mapping[str, object], text: str, clock: Clock) -> Facts | None:
    get = record.get
    number = _number(get("EventID"))
    if number is None:
        return None
    kind = get("EventTypeOrignal") or get("EventType")
    audit = _EVENT_TYPES.get(kind, "") if isinstance(kind, str) else ""
    stated = get("EventTime") or get("TimeCreated") or get("SystemTime")
    received = get("@timestamp")
    stamp = _stamp(stated or received or get("EventReceivedTime"), get("UtcTime"), clock)
    level = text_of(get("Level"))
    domain, account = text_of(get("Domain")), text_of(get("AccountName"))
    user = text_of(get("UserID"))
    return Facts(
        provider=text_of(get("SourceName")) or text_of(get("Provider")),
        channel=text_of(get("Channel")),
        number=number,
        task=_number(get("Task")) or 0,
        severity=severity_of_level(level) if level else _severity(audit, get("SeverityValue")),
        audit=audit or audit_of(get("Keywords")),
        computer=text_of(get("Hostname")) or text_of(get("Computer")),
        user=user,
        user_name=f"{domain}\\{account}" if user and domain and account else "",
        activity=text_of(get("ActivityID")).strip("{}").lower(),
        stamp=stamp,
        observed=_later(stamp, received if stated else None, clock),
        data=record,
        message=text_of(get("Message")),
        text=text,
        record=text_of(get("RecordNumber")) or text_of(get("EventRecordID")),
    )


def _severity(audit: str, value: object) -> int:
    """NXLog's five steps; a failed audit is an error to it, whatever it is about."""
    return 0 if audit else _NXLOG_SEVERITIES.get(text_of(value), 0)


def _beat(winlog: Mapping[str, object], record: Mapping[str, object], text: str, clock: Clock) -> Facts | None:
    get = winlog.get
    event = mapping(record.get("event"))
    number = _number(get("event_id"))
    if number is None:
        number = _number(event.get("code"))
    if number is None:
        return None
    user = mapping(get("user"))
    name, domain = text_of(user.get("name")), text_of(user.get("domain"))
    data = _data(get("event_data")) or data_of({"UserData": _data(get("user_data"))})
    level = text_of(record.get("level")) or text_of(mapping(record.get("log")).get("level"))
    stamp = _stamp(record.get("@timestamp") or get("time_created"), data.get("UtcTime"), clock)
    return Facts(
        provider=text_of(get("provider_name")) or text_of(get("source_name")) or text_of(event.get("provider")),
        channel=text_of(get("channel")) or text_of(get("log_name")),
        number=number,
        task=0,
        severity=severity_of(level),
        audit=audit_of(get("keywords")) or _outcome(text_of(event.get("outcome"))),
        computer=text_of(get("computer_name")),
        user=text_of(user.get("identifier")),
        user_name=f"{domain}\\{name}" if domain and name else name,
        activity=text_of(get("activity_id")).strip("{}").lower(),
        stamp=stamp,
        observed=_later(stamp, event.get("created"), clock),
        data=data,
        message=text_of(record.get("message")) or text_of(get("message")),
        text=text,
        record=text_of(get("record_id")) or text_of(get("record_number")),
    )


def _outcome(word: str) -> str:
    return word if word in {"success", "failure"} else ""


def _data(value: object) -> Mapping[str, object]:
    """An event's own fields, also where a pipeline wrote them as text in Python's notation."""
    if isinstance(value, str) and value.startswith("{"):
        return _literal(value) if len(value) <= _LITERAL_BYTES else EMPTY
    return mapping(value)


def _literal(text: str) -> Mapping[str, object]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return EMPTY
    if not isinstance(value, dict):
        return EMPTY
    return {name: item for name, item in value.items() if isinstance(name, str)}


def _number(value: object) -> int | None:
    if type(value) is int:
        return value
    text = text_of(value)
    return number_in(text) if text else None


def _stamp(stated: object, utc: object, clock: Clock) -> Stamp:
    """The event's time: as stated with an offset, else Sysmon's own in UTC, else as stated in the assumed zone."""
    stamp = clock.local(stated) if type(stated) is str else clock.read(stated)
    if stamp.quality != EXACT and isinstance(utc, str):
        own = _utc(utc)
        if own.at is not None:
            return own
    return stamp


@lru_cache(maxsize=4096)
def _utc(text: str) -> Stamp:
    clock = _UTC.read_text(f"{text.strip()}Z") if len(text) < 40 else NO_STAMP
    return clock._replace(text=text)


_UTC = Clock("UTC", None, 1 << 62, "")


def _later(stamp: Stamp, stated: object, clock: Clock) -> int | None:
    """When the collector noticed, where it says so exactly and it is another time than the event's."""
    if not isinstance(stated, str):
        return None
    noticed = clock.local(stated)
    return noticed.at if noticed.quality == EXACT and noticed.at != stamp.at else None


def _begins(head: bytes) -> bool:
    if b'"winlog"' in head and b'"event_id"' in head:
        return True
    return b'"EventID"' in head and (b'"Channel"' in head and (b'"SourceName"' in head or b'"System"' in head))


@dataclass(frozen=True, kw_only=True)
class WindowsJson(JsonRecords):
    """JSON records, of which it is found out whether the times that count state an offset."""

    def detect(self, sample: Sample) -> Detection | None:
        """By the shape of more than half of the objects."""
        found, shape = super().detect(sample), shape_of(sample)
        if found is None or shape is None:
            return found
        facts = filter(None, (_facts(record, "", _UTC) for record in shape.objects if _is_record(record)))
        extra = (*found.extra, *missing_parts(one.stamp.quality for one in facts))
        return replace(found, extra=tuple(dict.fromkeys(extra)))


FORMAT = WindowsJson(
    name="windows_json",
    version="2",
    source_name="windows.eventlog",
    mine=_is_record,
    seen="Windows events: EventID with Channel and source, winlog, or Event.System",
    read=_read,
    confidence=0.96,
    begins=_begins,
)

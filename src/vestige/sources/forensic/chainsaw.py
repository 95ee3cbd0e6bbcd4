"""Chainsaw's hunts: JSON (one array), JSONL, and the CSV files it writes per group of rules.

Fields of an object::

    name, id, level, status, authors, tags, references, logsource     the rule; source: sigma or chainsaw
    group                 the group of the mapping the rule belongs to
    timestamp             the record's time, RFC 3339
    kind                  ``individual`` with ``document``, ``aggregate`` with ``documents``
    document.path         the file; .kind: evtx, mft, json, …; .data: the record (``Event.System``, ``.EventData``)

Columns of a table::

    timestamp, detections (rule names joined by ``;``), path, count, and the group's own: Event ID, Record ID, Computer,
    Event.System.Provider, User, IP Address, Logon Type, Event Data, …

A table states no level, so its alerts have severity info. What ``search`` and ``dump`` write are the records themselves
and no hunt.

References: chainsaw/src/cli.rs (print_json, print_csv), chainsaw/mappings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.forensic.detections import Alert, alert_event
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import mapping, text_of
from vestige.sources.reading.timefield import NO_STAMP
from vestige.sources.windows.events import channel_of
from vestige.sources.windows.rendered import data_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

_COLUMNS = {
    "Target User": "TargetUserName", "Username": "User", "IP Address": "IpAddress",
    "User SID": "TargetUserSid", "Member SID": "MemberSid", "Command Line": "CommandLine",
    "Process": "Image;NewProcessName", "Service Name": "ServiceName", "Task Name": "TaskName",
    "Subject User": "SubjectUserName",
}  # fmt: skip
_MARK = "‣"
_SHOWN = 40


def _is_row(names: Collection[str]) -> bool:
    if "detections" in names:
        return "timestamp" in names and bool({"path", "Event ID", "data", "Computer"} & set(names))
    return {"name", "timestamp", "group", "level"} <= set(names) and ("document" in names or "documents" in names)


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    stated = record.get("timestamp")
    stamp = clock.read(stated) if isinstance(stated, str) and stated.strip() else NO_STAMP
    return alert_event(_from_table(record) if "detections" in record else _from_object(record), text, stamp)


def _from_table(record: Mapping[str, object]) -> Alert:
    rules = text_of(record.get("detections")).replace(_MARK, "").replace("\n", ";").split(";")
    data = {"TargetUserName": record.get("User")}
    data |= {full: value for name, value in record.items() for full in _COLUMNS.get(name, name).split(";")}
    provider = text_of(record.get("Event.System.Provider")) or text_of(record.get("Provider"))
    details = record.get("Event Data") or record.get("data") or ""
    return Alert(
        rule="; ".join(rule.strip() for rule in rules if rule.strip()),
        computer=text_of(record.get("Computer")),
        channel=text_of(record.get("Channel")) or channel_of(provider),
        provider=provider,
        user=text_of(record.get("User")) or text_of(record.get("Target User")),
        event_id=text_of(record.get("Event ID")),
        record_id=text_of(record.get("Record ID")),
        data=data,
        details=text_of(details),
    )


def _from_object(record: Mapping[str, object]) -> Alert:
    documents = record.get("documents")
    many = documents if isinstance(documents, list) else []
    document = mapping(record.get("document")) or mapping(many[0] if many else None)
    event = mapping(mapping(document.get("data")).get("Event"))
    system = mapping(event.get("System"))
    data = data_of(event)
    number = system.get("EventID")
    tags = record.get("tags")
    labels = [text_of(tag) for tag in tags] if isinstance(tags, list) else []
    said = [f"{name}: {text_of(value)}" for name, value in data.items() if text_of(value)][:_SHOWN]
    count = [f"{len(many)} records"] if many else []
    return Alert(
        rule=text_of(record.get("name")),
        rule_id=text_of(record.get("id")),
        level=text_of(record.get("level")),
        computer=text_of(system.get("Computer")),
        channel=text_of(system.get("Channel")),
        provider=text_of(mapping(mapping(system.get("Provider")).get("#attributes")).get("Name"))
        or text_of(mapping(system.get("Provider_attributes")).get("Name")),
        event_id=text_of(number) or text_of(mapping(number).get("#text")),
        record_id=text_of(system.get("EventRecordID")),
        data=data,
        details="; ".join(count + said) or text_of(document.get("path")),
        tags=tuple(filter(None, (text_of(record.get("group")), *labels))),
    )


FORMAT = RowRecords(
    name="chainsaw",
    version="2",
    source_name="chainsaw",
    mine=_is_row,
    seen="rule names, a timestamp and the record they fired on",
    read=_read,
    times=("timestamp",),
    confidence=0.96,
    media_type="application/json",
)

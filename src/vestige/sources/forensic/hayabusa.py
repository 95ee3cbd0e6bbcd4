"""Hayabusa's timelines (``dfir-timeline``, ``csv-timeline``, ``json-timeline``), every profile, as CSV, JSON, JSONL.

Fields::

    Timestamp (datetime)      the record's time, by default local with its offset; see below
    RuleTitle (message)       the rule that fired; RuleID, RuleFile, RuleAuthor name it further
    Level                     emer, crit, high, med, low, info
    Computer, Channel, EventID, RecordID     the record it fired on; channels are abbreviated (Sec, Sys, PwSh)
    Details, ExtraFieldInfo, AllFieldInfo    its fields: an object in JSON, ``name: value ¦ name: value`` in CSV
    MitreTactics, MitreTags, OtherTags       labels: a list in JSON, joined by ``¦`` in CSV
    EvtxFile, Provider, Status, …            kept in the attributes

Names in brackets are those of the ``timesketch-*`` profiles. Times come as ``2026-01-01 10:00:00.000 +09:00``, as
ISO 8601 (``-O``), RFC 3339 or RFC 2822, or as US and European ones, whose order of day and month the sample's rows
tell; where none does, the day is ambiguous and the event undated. A time without offset is read in the assumed zone.

References: hayabusa/website/docs/output, hayabusa/config/profiles.yaml, hayabusa-rules/config/channel_abbreviations.txt
and details_abbreviations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.sources.forensic.detections import Alert, alert_event
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import text_of
from vestige.sources.reading.timefield import NO_STAMP

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

CHANNELS = {
    "App": "Application",
    "AppLocker": "Microsoft-Windows-AppLocker/EXE and DLL",
    "BitsCli": "Microsoft-Windows-Bits-Client/Operational",
    "CodeInteg": "Microsoft-Windows-CodeIntegrity/Operational",
    "Defender": "Microsoft-Windows-Windows Defender/Operational",
    "DNS-Svr": "DNS Server",
    "DNS-Cli": "Microsoft-Windows-DNS-Client/Operational",
    "DvrFmwk": "Microsoft-Windows-DriverFrameworks-UserMode/Operational",
    "Exchange": "MSExchange Management",
    "Firewall": "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
    "KeyMgtSvc": "Key Management Service",
    "NTLM": "Microsoft-Windows-NTLM/Operational",
    "PrintAdm": "Microsoft-Windows-PrintService/Admin",
    "PrintOp": "Microsoft-Windows-PrintService/Operational",
    "PwSh": "Microsoft-Windows-PowerShell/Operational",
    "PwShClassic": "Windows PowerShell",
    "RDP-Client": "Microsoft-Windows-TerminalServices-RDPClient/Operational",
    "Sec": "Security",
    "SecMitig": "Microsoft-Windows-Security-Mitigations/KernelMode",
    "SmbCliSec": "Microsoft-Windows-SmbClient/Security",
    "SvcBusCli": "Microsoft-ServiceBus-Client",
    "Sys": "System",
    "Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "TaskSch": "Microsoft-Windows-TaskScheduler/Operational",
    "WinRM": "Microsoft-Windows-WinRM/Operational",
    "WMI": "Microsoft-Windows-WMI-Activity/Operational",
}
"""Channels by their abbreviation; one that is not abbreviated, or not known here, stands for itself."""
_NAMES = {
    "SrcUser": "SubjectUserName", "TgtUser": "TargetUserName", "SrcDomain": "SubjectDomainName",
    "TgtDomain": "TargetDomainName", "SrcSID": "SubjectUserSid", "TgtSID": "TargetUserSid", "SID": "SubjectUserSid",
    "SrcIP": "IpAddress SourceIp", "SrcPort": "IpPort SourcePort", "TgtIP": "DestinationIp",
    "TgtPort": "DestinationPort", "LID": "TargetLogonId SubjectLogonId LogonId", "Proc": "Image NewProcessName",
    "Cmdline": "CommandLine", "Svc": "ServiceName param1", "Task": "TaskName", "Name": "TaskName",
    "TgtObj": "TargetObject", "Share": "ShareName", "Query": "QueryName", "PGUID": "ProcessGuid",
    "ParentPGUID": "ParentProcessGuid", "Pipe": "PipeName", "TgtFile": "TargetFilename",
}  # fmt: skip
"""Hayabusa's abbreviations of field names, which stand for another field in another event."""
_HALF = re.compile(r"\d [AP]M\b")
_DAY = re.compile(r"(\d\d)-(\d\d)-\d{4}")
_KEPT = 400


def _is_row(names: Collection[str]) -> bool:
    if "RuleTitle" in names:
        return "Timestamp" in names and ("EventID" in names or "Channel" in names or "Level" in names)
    return "datetime" in names and {"message", "timestamp_desc", "Computer", "Channel", "EventID", "Level"} <= set(
        names
    )


def fields_of(value: object) -> dict[str, object]:
    """The fields in an object, or in ``name: value ¦ name: value`` (one a line in multi-line output)."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    parts = value.replace("\r", "").replace("\n", " ¦ ").split(" ¦ ", _KEPT)
    pairs = (part.partition(": ") for part in parts)
    return {name.strip(): text.strip() for name, mark, text in pairs if mark}


def _full(found: dict[str, object]) -> dict[str, object]:
    """The fields under every name they may have in the record; one the tool itself spells out is that."""
    named = {full: value for name, value in found.items() for full in _NAMES.get(name, "").split()}
    return {**named, **{name: value for name, value in found.items() if name not in _NAMES}}


def _words(value: object) -> tuple[str, ...]:
    parts = [text_of(item) for item in value] if isinstance(value, list) else text_of(value).split("¦")
    return tuple(word for part in parts if (word := part.strip()) and word != "-")


def _said(value: object) -> str:
    if isinstance(value, dict):
        return " ¦ ".join(f"{name}: {text_of(item)}" for name, item in value.items() if text_of(item))
    return text_of(value)


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    get = record.get
    stated = text_of(get("Timestamp")) or text_of(get("datetime"))
    details = get("Details") or get("AllFieldInfo")
    found = {**fields_of(get("AllFieldInfo")), **fields_of(get("ExtraFieldInfo")), **fields_of(get("Details"))}
    channel = text_of(get("Channel")).strip()
    alert = Alert(
        rule=text_of(get("RuleTitle")) or text_of(get("message")),
        rule_id=text_of(get("RuleID")),
        level=text_of(get("Level")),
        computer="" if text_of(get("Computer")) == "-" else text_of(get("Computer")),
        channel="" if channel == "-" else CHANNELS.get(channel, channel),
        provider=text_of(get("Provider")).strip("-"),
        event_id=text_of(get("EventID")).strip("-"),
        record_id=text_of(get("RecordID")).strip("-"),
        data=_full(found),
        details=_said(details),
        tags=(*_words(get("MitreTactics")), *_words(get("MitreTags")), *_words(get("OtherTags"))),
    )
    return alert_event(alert, text, clock.read_text(stated) if stated else NO_STAMP)


def _order(records: list[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    """Whether days come before months, from rows that allow only one answer."""
    for record in records:
        stated = text_of(record.get("Timestamp")) or text_of(record.get("datetime"))
        found = _DAY.match(stated)
        if found is None:
            continue
        if _HALF.search(stated) or int(found[2]) > 12:
            return (("date_order", "mdy"),)
        if int(found[1]) > 12:
            return (("date_order", "dmy"),)
    return ()


FORMAT = RowRecords(
    name="hayabusa",
    version="2",
    source_name="hayabusa",
    mine=_is_row,
    seen="Timestamp, RuleTitle, Level, Channel and EventID",
    read=_read,
    times=("Timestamp", "datetime"),
    confidence=0.97,
    learn=_order,
)

"""Tables of Azure Monitor (Log Analytics, Sentinel) as CSV: exports of the portal, of notebooks, of the API.

Tables, told row by row by the names of the columns::

    SecurityEvent            TimeGenerated, EventID, Computer, Account, and the event's own fields (TargetUserName, …)
    Event                    TimeGenerated, EventID, EventLog, Source, Computer
    Syslog                   TimeGenerated, Facility, SeverityLevel, SyslogMessage, HostName, ProcessName, ProcessID
    SigninLogs and kin, AuditLogs, AADRiskyUsers …   as Entra ID's (:mod:`~vestige.sources.cloud.entra`)
    AzureActivity            OperationNameValue, ActivityStatusValue, Caller, CallerIpAddress, ResourceId
    AzureNetworkAnalytics    FlowStartTime, VMIPAddress, SrcIP, DestIP, DestPort, FlowDirection, AllowedOutFlows, …

Times are UTC, as Azure Monitor defines them: the portal writes `` [UTC]`` behind a column's name, others nothing.
Numeric dates are read in the order that one of the sample's shows, and are undated where none does. ``EventTime`` is
when a line was written, ``TimeGenerated`` then when it was noticed. Attributes: the row's cells under the columns' own
names.

A row of flows is many connections of one interval: two endpoints, and how many were let through or refused.

References: learn.microsoft.com, Azure Monitor table reference; "Standard columns in Azure Monitor Logs"; "Traffic
analytics schema".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.audit import in_utc, tags_with
from vestige.sources.cloud.azure_activity import azure_event
from vestige.sources.cloud.entra import entra_event
from vestige.sources.general.syslog import stored_event
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import canonical_ip, port_of_text, text_of
from vestige.sources.reading.timefield import NO_STAMP, order_shown
from vestige.sources.windows.events import Facts, audit_of, event_of, severity_of_level
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_UTC = " [UTC]"
_AUDITING = "Microsoft-Windows-Security-Auditing"
_NOTHING = frozenset({"", "null", "none", "nan"})
_SUDO = re.compile(r" {2,}(?=(?:TTY|PWD|USER|GROUP|ENV|TSID|COMMAND)=)")
_LIST = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_PROTOCOLS = {"T": "tcp", "U": "udp"}
_LEVELS = {"error": 3, "warning": 2, "critical": 4}
_TIMES = ("TimeGenerated", "EventTime", "FlowStartTime")
_COUNTS = ("AllowedOutFlows", "AllowedInFlows", "DeniedOutFlows", "DeniedInFlows")
_SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("security", frozenset({"TimeGenerated", "EventID", "Computer", "Account"})),
    ("security", frozenset({"TimeGenerated", "EventID", "Computer", "Channel"})),
    ("event", frozenset({"TimeGenerated", "EventID", "Computer", "EventLog", "Source"})),
    ("syslog", frozenset({"TimeGenerated", "SyslogMessage", "Facility"})),
    ("sign-in", frozenset({"TimeGenerated", "UserPrincipalName", "ResultType", "AppDisplayName"})),
    ("sign-in", frozenset({"TimeGenerated", "ServicePrincipalId", "ResultType", "AppId"})),
    ("audit", frozenset({"TimeGenerated", "OperationName", "InitiatedBy", "TargetResources"})),
    ("activity", frozenset({"TimeGenerated", "OperationNameValue", "ActivityStatusValue"})),
    ("activity", frozenset({"TimeGenerated", "OperationName", "ActivityStatus", "Caller"})),
    ("flow", frozenset({"FlowStartTime", "VMIPAddress", "FlowDirection"})),
    ("flow", frozenset({"FlowStartTime", "SrcIP", "DestIP", "FlowDirection"})),
)
_BY_NAME = {"signinlogs": "sign-in", "auditlogs": "audit", "azureactivity": "activity", "securityevent": "security"}


@lru_cache(maxsize=256)
def _kind_of(names: frozenset[str]) -> str:
    return next((kind for kind, needed in _SHAPES if needed <= names), "")


def _kind(names: Collection[str]) -> str:
    return _kind_of(frozenset(name.removesuffix(_UTC) for name in names))


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    row = {
        name.removesuffix(_UTC): value
        for name, value in record.items()
        if text_of(value).strip().lower() not in _NOTHING or isinstance(value, dict | list)
    }
    kind = _BY_NAME.get(text_of(row.get("Type")).lower(), "") or _kind(record.keys())
    if kind in {"security", "event"}:
        return _windows(row, kind, text, clock)
    if kind == "syslog":
        return _syslog(row, text, clock)
    if kind == "flow":
        return _flow(row, text, clock)
    folded: dict[str, object] = {name.lower(): value for name, value in row.items()}
    for name in ("timegenerated", "createddatetime", "activitydatetime"):
        stated = folded.get(name)
        if isinstance(stated, str):
            folded[name] = _stated(stated)
    if kind == "activity":
        folded["time"] = folded.get("timegenerated")
        folded["resourceid"] = row.get("ResourceId") or row.get("_ResourceId")
        event = azure_event(folded, text, clock)
        stamp = _when(row, ("TimeGenerated",), clock)
        return event._replace(time_text=stamp.text) if isinstance(event, Event) else event
    if kind not in {"sign-in", "audit"}:
        return Unparsed("no row of a table that is known here: its columns name none")
    folded["type"] = "SigninLogs" if kind == "sign-in" else "AuditLogs"
    return entra_event(folded, text, clock)


def _stated(text: str) -> str:
    """A time of Azure Monitor, with the zone it always has."""
    bare = text.strip()
    return bare if bare.endswith("Z") or bare[-6:-5] in {"+", "-"} else f"{bare} (UTC)"


def _when(row: Mapping[str, object], names: tuple[str, ...], clock: Clock) -> Stamp:
    unread = NO_STAMP
    for name in names:
        text = text_of(row.get(name))
        stamp = NO_STAMP if not text else clock.read(text) if text.endswith("Z") else in_utc(text, clock)
        if stamp.at is not None:
            return stamp
        unread = unread if unread.text else stamp
    return unread


def _windows(row: Mapping[str, object], kind: str, text: str, clock: Clock) -> Reading:
    number = number_in(text_of(row.get("EventID")))
    if number is None:
        return Unparsed("no Windows event: EventID is no number")
    level = text_of(row.get("Level") or row.get("EventLevel"))
    word = text_of(row.get("EventLevelName") or row.get("LevelDisplayName")).lower()
    stamp = _when(row, ("TimeGenerated", "TimeCollected"), clock)
    data = {name: value for name, value in row.items() if value != "-"}
    return event_of(
        Facts(
            provider=text_of(row.get("EventSourceName") or row.get("Source")) or _AUDITING,
            channel=text_of(row.get("Channel") or row.get("EventLog")) or ("Security" if kind == "security" else ""),
            number=number,
            task=number_in(text_of(row.get("Task"))) or 0,
            severity=severity_of_level(level) or _LEVELS.get(word, 0),
            audit=audit_of(text_of(row.get("Keywords"))),
            computer=text_of(row.get("Computer")),
            user="",
            user_name="",
            activity="",
            stamp=stamp,
            observed=None,
            data=data,
            message=text_of(row.get("Activity") or row.get("RenderedDescription")),
            text=text,
            tags=tags_with(stamp),
        )
    )


def _syslog(row: Mapping[str, object], text: str, clock: Clock) -> Event:
    program = text_of(row.get("ProcessName"))
    message = text_of(row.get("SyslogMessage"))
    said = _SUDO.sub(" ; ", message) if program == "sudo" and " ; " not in message else message
    host = text_of(row.get("HostName") or row.get("Computer"))
    severity = text_of(row.get("SeverityLevel"))
    event = stored_event("", host, program, text_of(row.get("ProcessID")), said, severity, clock)
    stamp = _when(row, ("EventTime", "TimeGenerated"), clock)
    noticed = _when(row, ("TimeGenerated",), clock)
    return event._replace(
        occurred_at=stamp.at,
        time_text=stamp.text,
        time_quality=stamp.quality,
        observed_at=noticed.at if noticed.at != stamp.at else None,
        tags=(*event.tags, *tags_with(stamp)),
        attributes=text,
        message=f"{program}: {message}" if program else message,
    )


def _flow(row: Mapping[str, object], text: str, clock: Clock) -> Event:
    counts = {name: _count(row.get(name)) for name in _COUNTS}
    allowed, denied = (sum(counts[name] for name in _COUNTS if name.startswith(word)) for word in ("Allowed", "Denied"))
    outbound = text_of(row.get("FlowDirection")).upper() != "I"
    own = canonical_ip(text_of(row.get("VMIPAddress") or row.get("VMIP")))
    others = _LIST.findall(text_of(row.get("PublicIPs") or row.get("AllExtIPs")))
    other = next((found for each in others if (found := canonical_ip(each))), "")
    src = canonical_ip(text_of(row.get("SrcIP"))) or (own if outbound else other)
    dst = canonical_ip(text_of(row.get("DestIP"))) or (other if outbound else own)
    port = port_of_text(text_of(row.get("DestPort")).partition(".")[0])
    refused = denied > 0 and not allowed
    stamp = _when(row, ("FlowStartTime", "FlowIntervalStartTime", "TimeGenerated"), clock)
    told = ", ".join(f"{count} {word}" for count, word in ((allowed, "allowed"), (denied, "denied")) if count)
    ends = f"{src or 'somewhere'} to {dst or 'somewhere'}{f' port {port}' if port else ''}"
    return Event(
        "network.denied" if refused else "network.connection",
        *stamp[:3],
        observed_at=_when(row, ("TimeGenerated",), clock).at,
        action=text_of(row.get("FlowType")),
        outcome="failure" if refused else "success" if allowed else "unknown",
        object_id=text_of(row.get("NSGRule") or row.get("NSGRules")),
        object_type="rule" if row.get("NSGRule") or row.get("NSGRules") else "",
        src_ip=src,
        dst_ip=dst,
        dst_port=port,
        protocol=_PROTOCOLS.get(text_of(row.get("L4Protocol")), text_of(row.get("L7Protocol")).lower()),
        host=text_of(row.get("VMName") or row.get("VM")),
        message=f"flows from {ends}{f': {told}' if told else ''}",
        tags=tags_with(stamp),
        attributes=text,
    )


def _count(value: object) -> int:
    text = text_of(value).partition(".")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _order(records: list[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    stated = (record.get(name) or record.get(name + _UTC) for record in records for name in _TIMES)
    return order_shown(map(text_of, stated))


FORMAT = RowRecords(
    name="log_analytics",
    version="1",
    source_name="azure.monitor",
    mine=lambda names: bool(_kind(names)),
    seen="of a table of Azure Monitor",
    read=_read,
    times=(),
    confidence=0.93,
    learn=_order,
)

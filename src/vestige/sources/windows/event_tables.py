"""Windows events as tables: what Windows' own tools and EvtxECmd write as CSV.

Told apart by their columns::

    EvtxECmd          RecordNumber, EventRecordId, TimeCreated, EventId, Level, Provider, Channel, Computer, UserId,
                      Keywords, MapDescription, PayloadData1 …, Payload (the event's own fields as JSON)
    Get-WinEvent      Id, ProviderName, LogName, MachineName, TimeCreated, LevelDisplayName, UserId, RecordId, Message
    Get-EventLog      EventID, Source, MachineName, EntryType, TimeGenerated, UserName, Message, …
    Event Viewer      Level, Date and Time, Source, Event ID, Task Category, and the message in a column without a name

EvtxECmd's times are UTC; those of the others are in the zone, and in the form, of whoever exported them. Numeric dates
are read in the order that one of the sample's shows, and are undated where none does. Only EvtxECmd keeps the event's
own fields: of the others it is known what happened, seldom to whom. A first line ``#TYPE …`` of PowerShell is skipped.
Attributes: the row's cells under the columns' own names.

References: EvtxECmd (ericzimmerman.github.io); System.Diagnostics.Eventing.Reader.EventLogRecord; Export-Csv.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection, Sample
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import EMPTY, severity_of, text_of
from vestige.sources.reading.timefield import NO_STAMP, order_shown
from vestige.sources.windows.events import Facts, audit_of, event_of
from vestige.sources.windows.rendered import data_of
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vestige.model.event import Reading
    from vestige.sources.contract import Context
    from vestige.sources.reading.timefield import Clock, Stamp

_VIEWER = ("Level", "Date and Time", "Source", "Event ID", "Task Category")
_MESSAGE = "Message"
_SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("ecmd", frozenset({"EventId", "Provider", "Channel", "Computer", "Payload", "TimeCreated"})),
    ("winevent", frozenset({"Id", "ProviderName", "LogName", "MachineName", "TimeCreated"})),
    ("eventlog", frozenset({"EventID", "Source", "MachineName", "EntryType", "TimeGenerated"})),
    ("viewer", frozenset(_VIEWER)),
)
_NAMES = {
    "ecmd": ("Provider", "Channel", "EventId", "Computer", "Level"),
    "winevent": ("ProviderName", "LogName", "Id", "MachineName", "LevelDisplayName"),
    "eventlog": ("Source", "", "EventID", "MachineName", "EntryType"),
    "viewer": ("Source", "", "Event ID", "", "Level"),
}
"""Of each shape the columns of provider, channel, number, machine and level."""
_AUDITS = {"successaudit": "success", "failureaudit": "failure"}
_TIMES = ("TimeCreated", "TimeGenerated", "Date and Time")
_LONGEST = 1 << 20
_ZONED = re.compile(r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)\s*$")
"""A time that ends with its offset."""


@lru_cache(maxsize=256)
def _kind_of(names: frozenset[str]) -> str:
    return next((kind for kind, needed in _SHAPES if needed <= names), "")


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind = _kind_of(frozenset(record))
    if not kind:
        return Unparsed("no row of Windows events: its columns are none of a tool known here")
    provider, channel, number, computer, level = (text_of(record.get(name)) for name in _NAMES[kind])
    found = number_in(number)
    if found is None:
        return Unparsed(f"no Windows event: its number is {number[:40] or 'missing'}")
    user = text_of(record.get("UserId"))
    words = level.replace(" ", "").lower()
    return event_of(
        Facts(
            provider=provider,
            channel=channel or ("Security" if provider == "Microsoft-Windows-Security-Auditing" else ""),
            number=found,
            task=number_in(text_of(record.get("Task"))) or 0,
            severity=severity_of(words),
            audit=_AUDITS.get(words, "") or audit_of(_keywords(record)),
            computer=computer,
            user=user if user.startswith("S-1-") else "",
            user_name=text_of(record.get("UserName")) if kind == "eventlog" else "",
            activity=text_of(record.get("ActivityId")).strip("{}").lower(),
            stamp=_when(record, kind, clock),
            observed=None,
            data=_data(record.get("Payload")) if kind == "ecmd" else EMPTY,
            message=text_of(record.get(_MESSAGE)) or text_of(record.get("MapDescription")),
            text=text,
        )
    )


def _keywords(record: Mapping[str, object]) -> str:
    return text_of(record.get("KeywordsDisplayNames")) or text_of(record.get("Keywords"))


def _when(record: Mapping[str, object], kind: str, clock: Clock) -> Stamp:
    text = next((stated for name in _TIMES if (stated := text_of(record.get(name)).strip())), "")
    if kind == "ecmd" and text[10:11] in {" ", "T"} and _ZONED.search(text) is None:
        return clock.read_text(f"{text}Z")._replace(text=text)
    return clock.read_text(text) if text else NO_STAMP


def _data(value: object) -> Mapping[str, object]:
    """The event's own fields, from the JSON EvtxECmd puts into a cell."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            value = orjson.loads(value)
        except ValueError:
            return EMPTY
    return data_of(value) if isinstance(value, dict) else EMPTY


class _Events(RowRecords):
    """Rows under the names of a known tool."""

    def detect(self, sample: Sample) -> Detection | None:
        """By the names; behind PowerShell's line of the type, and with a name for Event Viewer's last column."""
        head = sample.body()
        if head.startswith(b"#TYPE ") and b"\n" in head:
            head = head.partition(b"\n")[2]
        found = super().detect(Sample(sample.name, head, sample.complete))
        if found is not None and found.header == _VIEWER:
            return replace(found, header=(*_VIEWER, _MESSAGE))
        return found

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per row; the lines above the rows are skipped."""
        first = b",".join(name.encode() for name in _VIEWER)
        out = super().parse(payloads, context)
        for place, payload in enumerate(payloads):
            above = payload.startswith(b"#TYPE ") or payload.rstrip(b"\r") == first
            if above and len(payload) <= MAX_RECORD:
                out[place] = Skipped("the line above the rows")
        return out


def _mine(names: Collection[str]) -> bool:
    return bool(_kind_of(frozenset(names)))


def _order(records: list[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    return order_shown(text_of(record.get(name)) for record in records for name in _TIMES)


FORMAT = _Events(
    name="windows_tables",
    version="2",
    source_name="windows.eventlog",
    mine=_mine,
    seen="of Windows events as a tool writes them",
    read=_read,
    times=_TIMES,
    confidence=0.94,
    learn=_order,
)

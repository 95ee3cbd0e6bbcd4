"""PostgreSQL's log as it writes it to stderr, with the usual prefixes.

A record is ``<prefix>LEVEL:  message`` and the lines after it up to the next one (PostgreSQL indents them with a tab).
The prefix begins with the time (``%t`` or ``%m``); of the rest these are understood, in any order: ``[pid]``,
``[pid-line]``, ``[line-1]``, ``user@database``, ``user=..,db=..,app=..,client=..``, ``address(port)`` (``%r``).
``DETAIL``, ``HINT``, ``CONTEXT`` and ``STATEMENT`` are records of their own that speak of the one before.

Times state a zone by its abbreviation. Those that the tz database uses for one offset only are read as it; others
(CST, IST, PST) are not: the zone is then assumed, and the abbreviation stays in the text.

Attributes: ``timestamp``, ``level``, ``pid``, ``session_line_number``, ``user``, ``database``, ``application_name``,
``client``, ``message``, and what the message says (``duration`` in milliseconds, ``query``, ``query_name``, ...).

Reference: PostgreSQL documentation, "Error Reporting and Logging", log_line_prefix.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.event import Unparsed
from vestige.sources.databases.postgresql_messages import LEVELS, Entry, event_of
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, port_of_text
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_TIME = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?))?"
_BEGIN = rf"{_TIME}([^\n]{{0,500}}?)(?<![A-Za-z])({LEVELS}): "
_BEGINS = re.compile(_BEGIN.encode())
_LINE = re.compile(rf"{_BEGIN} ?(.*)", re.DOTALL)
_MINE = re.compile(rf"{_BEGIN} ")
"""PostgreSQL puts two spaces behind the level; programs that log the same words put one."""
_BRACKET = re.compile(r"\[(\d{1,10})(?:-(\d{1,10}))?\]")
_AT = re.compile(r"(\[unknown\]|[^\s@:,\[\]]+)@(\[unknown\]|[^\s:,\[\]]+)")
_GIVEN = re.compile(r"\b(user|db|database|app|client|host)=([^,\s]*)")
_REMOTE = re.compile(r"([0-9A-Fa-f.:]{2,45}|[\w.-]{1,255})\((\d{1,5})\)")
_HOURS = {
    **dict.fromkeys(("UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "WEST", "BST", "WAT"), 1),
    **dict.fromkeys(("CEST", "EET", "CAT", "SAST"), 2),
    **dict.fromkeys(("EEST", "MSK", "EAT"), 3),
    **dict.fromkeys(("HKT", "AWST"), 8),
    **dict.fromkeys(("JST", "KST"), 9),
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "EDT": -4, "EST": -5, "MDT": -6, "MST": -7, "PDT": -7, "AKDT": -8, "AKST": -9, "HST": -10,
}  # fmt: skip
"""Abbreviations the tz database (2024) uses for one offset only, in hours ahead of UTC."""


class _Prefix(NamedTuple):
    pid: int | None
    line: int | None
    user: str
    database: str
    application: str
    client: str
    port: str


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no PostgreSQL log entry: expected a time, a prefix and a level such as `LOG:`")
    time, zone, before, level, message = found.groups()
    prefix = _prefix(before)
    fields: dict[str, object] = {"timestamp": f"{time} {zone}" if zone else time, "level": level}
    parts = {
        "pid": prefix.pid,
        "session_line_number": prefix.line,
        "application_name": prefix.application,
        "client": prefix.client,
    }
    fields |= {name: value for name, value in parts.items() if value}
    fields["message"] = message
    return event_of(
        Entry(
            when(time, zone or "", clock),
            level,
            message,
            prefix.user,
            prefix.database,
            canonical_ip(prefix.client),
            port_of_text(prefix.port),
            "",
            "",
            fields,
        )
    )


def when(time: str, zone: str, clock: Clock) -> Stamp:
    """A time with its zone's abbreviation or offset; with neither, or one of several meanings, the zone is assumed."""
    hours = _HOURS.get(zone)
    if hours is not None:
        sign = "-" if hours < 0 else "+"
        stamp = clock.local(f"{time}{sign}{abs(hours):02}:00")
    else:
        stamp = clock.local(time if zone.isalpha() else time + zone)
    return stamp._replace(text=f"{time} {zone}" if zone else time)


@lru_cache(4096)
def _prefix(text: str) -> _Prefix:
    """What stands between time and level."""
    pid = line = None
    for bracket in _BRACKET.finditer(text):
        first, second = int(bracket[1]), bracket[2]
        if pid is None and not (second == "1" and _BRACKET.search(text, bracket.end())):
            pid, line = first, int(second) if second else line
        elif second:
            line = first
    given = {match[1]: match[2] for match in _GIVEN.finditer(text)}
    at = None if given else _AT.search(text)
    remote = _REMOTE.search(text)
    client = given.get("client") or given.get("host") or ""
    port = ""
    if remote is not None:
        client, port = remote.groups()
        client = client if canonical_ip(client) else client.lstrip(":")
    return _Prefix(
        pid,
        line,
        given.get("user", "") if at is None else at[1],
        (given.get("db") or given.get("database") or "") if at is None else at[2],
        given.get("app", ""),
        client,
        port,
    )


def _quality(text: str) -> str:
    found = _LINE.match(text)
    zone = "" if found is None else found[2] or ""
    return "" if zone in _HOURS or (zone and not zone.isalpha()) else ASSUMED_ZONE


FORMAT = BlockRecords(
    name="postgresql",
    version="1",
    source_name=None,
    mine=lambda text: _MINE.match(text) is not None,
    seen="a PostgreSQL log entry",
    read=_read,
    quality=_quality,
    confidence=0.95,
    begins=lambda line, _: _BEGINS.match(line),
)

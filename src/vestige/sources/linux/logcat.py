"""Android's log as ``logcat`` prints it.

Formats (``-v``), each also with year, zone, user id and microseconds as its modifiers add them::

    threadtime    01-02 03:04:05.678  1234  5678 I Tag: message
    time          01-02 03:04:05.678 I/Tag( 1234): message
    brief         I/Tag( 1234): message                       (no time: undated)

and times as seconds since 1970 (``-v epoch``). A line ``--------- beginning of main`` says which buffer follows and is
skipped. Stamps mostly state neither year nor zone. Attributes: ``time``, ``zone``, ``uid``, ``pid``, ``tid``,
``priority``, ``tag``, ``message``, and what the message was understood to say.

Of the system's own tags the messages that tell an act are understood (programs started and ended, packages, SELinux
denials, wireless networks); others say how a program is doing, or that it has an error (priorities E, F and A).

Reference: developer.android.com "Logcat command-line tool"; AOSP liblog logprint.cpp, ActivityManagerService.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.reading.fields import make_event
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.said import Meaning, meaning_of, rules_of
from vestige.sources.reading.timefield import ASSUMED_YEAR, ASSUMED_ZONE, NO_STAMP

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_TIME = (
    r"(?P<time>(?:(?P<year>\d{4})-)?(?P<month>\d\d)-(?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d\.\d{3,9})"
    r"|(?P<epoch>\d{9,11}\.\d{3,9}))(?: (?P<zone>[+-]\d{4}))?"
)
_LINE = re.compile(
    rf"(?:{_TIME}(?: +(?P<uid>\d{{1,7}}|[a-z]\w{{0,30}}))? +(?P<pid>\d{{1,7}}) +(?P<tid>\d{{1,7}})"
    r" (?P<priority>[VDIWEFA]) (?P<tag>[^:\n]{0,100}?) *: ?"
    r"|(?:" + _TIME.replace("P<", "P<t_") + r" )?(?P<t_priority>[VDIWEFA])/(?P<t_tag>[^(\n]{0,100}?) *"
    r"\( *(?:(?P<t_uid>\d{1,7}): *)??(?P<t_pid>\d{1,7})(?:: *(?P<t_tid>\d{1,7}))?\): ?)(?P<message>.*)",
    re.DOTALL,
)
_BUFFER = re.compile(r"-{9} (?:beginning of|switch to) \S+")
_LEVELS = {"V": 0, "D": 0, "I": 0, "W": 2, "E": 3, "F": 4, "A": 4}
_ERROR = 3
_RULES = rules_of(r"""
access.denied | failure | avc denied | type=1400 audit\([^)]*\): avc: +denied
process.started | success | Start proc | Start proc (?:(?P<child>\d+):)?(?P<object>[^/\s]+)
process.started | | START | START u\d+ \{.{0,2000}?cmp=(?P<object>[^\s}]+)
process.stopped | | Killing | Killing (?P<child>\d+):(?P<object>[^/\s]+)
process.stopped | | died | Process (?P<object>\S+) \(pid (?P<child>\d+)\) has died
process.stopped | | Force stopping | Force stopping (?P<object>\S+)
service.error | failure | FATAL EXCEPTION | FATAL EXCEPTION
service.error | failure | ANR | ANR in (?P<object>\S+)
software.installed | success | installed | (?:Package|PackageInstalled:) (?P<object>[\w.]+) (?:codePath|installed)
software.removed | | Removing package | (?:Removing|Uninstalling) package (?P<object>[\w.]+)
network.connection | success | CTRL-EVENT-CONNECTED | (?:\w+: )?CTRL-EVENT-CONNECTED
network.connection | | CTRL-EVENT-DISCONNECTED | (?:\w+: )?CTRL-EVENT-DISCONNECTED
""")
_NAMES = ("time", "zone", "uid", "pid", "tid", "priority", "tag")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _parts(found: re.Match[str]) -> dict[str, str]:
    """The parts of a line, whichever way it is written."""
    groups = found.groupdict()
    parts = {name: groups[name] or groups[f"t_{name}"] for name in (*_NAMES, "year", "month", "day", "clock", "epoch")}
    return {name: value for name, value in parts.items() if value}


def _read(text: str, clock: Clock) -> Reading:
    if _BUFFER.fullmatch(text) is not None:
        return Skipped("which of the log's buffers follows")
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no line of logcat: expected a time, process and thread, priority and tag")
    parts = _parts(found)
    said = found["message"].rstrip()
    level = _LEVELS[parts["priority"]]
    kind, outcome, action, told = meaning_of(said, _RULES) or Meaning(
        "service.error" if level >= _ERROR else "service.status", "", "", {}
    )
    fields: dict[str, object] = {name: parts[name] for name in _NAMES if name in parts}
    fields |= {"message": said, **{name: value for name, value in told.items() if name != "object"}}
    thing = told.get("object", "")
    thing_type = "" if not thing else "package" if kind.startswith("software.") else "process"
    tag_name = parts.get("tag", "")
    at, time_text, quality, tag = _when(parts, clock)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, level,
        "", "", "", "", "", "", thing, "", thing_type,
        "", "", 0, 0, "", "", "", "", "", "", "",
        f"{tag_name}: {said}" if tag_name else said or f"an empty message of priority {parts['priority']}",
        (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _when(parts: dict[str, str], clock: Clock) -> Stamp:
    text = parts.get("time", "")
    if not text:
        return NO_STAMP
    zone = parts.get("zone", "")
    stated = f"{text} {zone}".rstrip()
    if "epoch" in parts:
        return clock.read_text(parts["epoch"])._replace(text=stated)
    if "year" in parts:
        offset = f"{zone[:3]}:{zone[3:]}" if zone else ""
        return clock.local(f"{parts['year']}-{parts['month']}-{parts['day']}T{parts['clock']}{offset}")._replace(
            text=stated
        )
    month = int(parts["month"])
    name = _MONTHS[month - 1] if 1 <= month <= 12 else "???"
    return clock.short(f"{name} {parts['day']} {parts['clock']}")._replace(text=stated)


def _quality(text: str) -> str:
    found = _LINE.match(text)
    parts = {} if found is None else _parts(found)
    if "clock" not in parts:
        return ""
    return ASSUMED_YEAR if "year" not in parts else "" if "zone" in parts else ASSUMED_ZONE


FORMAT = LineRecords(
    name="logcat",
    version="1",
    source_name="android",
    mine=lambda text: _BUFFER.fullmatch(text) is not None or _LINE.fullmatch(text) is not None,
    seen="lines of Android's log",
    read=_read,
    quality=_quality,
    confidence=0.95,
)

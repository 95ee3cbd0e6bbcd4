"""Alerts of Falco as text lines: ``stdout_output``, ``file_output`` without JSON.

::

    2026-01-01T00:00:00.123456789+0000: Warning Sensitive file opened for reading (user=root command=cat /etc/shadow)
    16:31:56.746609046: Error File below a known binary directory opened for writing (user=root command=touch /bin/x)

Without ``time_format_iso_8601`` the stamp is a time of day without a date: such an event is undated, its text is kept.
The name of the rule is not in the line: the action is the text before the parentheses. Fields are those the rule's
author chose to print, as ``name=value``; a value ends where the next name begins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.linux.falco import PRIORITIES
from vestige.sources.reading.fields import canonical_ip
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import MISSING, Clock, Stamp

if TYPE_CHECKING:
    from vestige.model.event import Reading

NO_DATE = "time:no_date"
_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d\.\d{9}): "
    r"(?P<priority>Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug) (?P<text>.*)",
    re.DOTALL,
)
_NEXT = re.compile(r"(?:^| )([A-Za-z][\w.]{0,63})=")


def _named(text: str) -> dict[str, str]:
    """The ``name=value`` pairs of a text, in order."""
    found = list(_NEXT.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return {match[1]: text[match.end() : end].strip() for match, end in zip(found, ends, strict=False)}


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no Falco alert: expected time: Priority text (name=value …)")
    time, said = found["time"], found["text"]
    stamp = clock.local(time) if "T" in time else Stamp(None, time, MISSING, NO_DATE)
    told, bracket, rest = said.partition(" (")
    named = _named(rest.removesuffix(")") if bracket else said.partition(" | ")[2])
    what = told.partition(" | ")[0].strip()

    def get(*names: str) -> str:
        return next((named[name] for name in names if named.get(name) not in {None, "", "<NA>"}), "")

    actor = get("user", "user.name", "ka.user.name")
    command = get("command", "cmdline", "proc.cmdline")
    container = get("container_id", "container.id").partition(")")[0]
    return Event(
        "alert.raised",
        *stamp[:3],
        action=what,
        severity=PRIORITIES[found["priority"].lower()],
        actor_id=actor,
        actor_type="user" if actor else "",
        object_id=command or get("file", "fd.name"),
        object_type="command" if command else "file" if get("file", "fd.name") else "",
        src_ip=canonical_ip(get("connection").partition("->")[0]),
        dst_ip=canonical_ip(get("connection").partition("->")[2]),
        device_id="" if container == "host" else container,
        device_type="container" if container not in {"", "host"} else "",
        message=said,
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps({"time": time, "priority": found["priority"], "output": said, **named}).decode(),
    )


FORMAT = LineRecords(
    name="falco_text",
    version="1",
    source_name="falco",
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="Falco's alert lines (time: Priority text)",
    read=_read,
)

r"""Windows' log of device and driver installations (``setupapi.dev.log``).

A record is a section, or the mark of a boot::

    >>>  [Device Install (Hardware initiated) - USB\VID_0781&PID_5567\20042]
    >>>  Section start 2026/01/01 10:00:00.123
          cmd: C:\Windows\System32\rundll32.exe …
         dvi: {Build Driver List} 10:00:00.176
    <<<  Section end 2026/01/01 10:00:01.123
    <<<  [Exit status: SUCCESS]

    [Boot Session: 2026/01/01 09:58:03.498]

Times are local and state no zone. The act is the text before `` - ``, the object what stands behind it, or the driver
package a section without one names first. Lines that begin with ``!`` warn, with ``!!!`` they tell a failure.
Attributes: ``section``, ``object``, ``start``, ``end``, ``status``, ``command``, ``packages``, ``problems``, ``text``.

Reference: Microsoft, "SetupAPI Text Logs" ("Format of a Text Log Header", "Format of a Text Log Section").
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.contract import Detection
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE, NO_STAMP, missing_parts

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

_TIME = r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3})"
_BEGINS = re.compile(rb">>>  \[|\[Boot Session: |\[Device Install Log\]|\[SetupAPI Log\]")
_HEAD = re.compile(r">>>  \[(.{1,4000}?)\]\r?(?:\n|$)")
_START = re.compile(rf"^>>>  Section start {_TIME}", re.MULTILINE)
_END = re.compile(rf"^<<<  Section end {_TIME}", re.MULTILINE)
_STATUS = re.compile(r"^<<<  \[Exit status: ([^\]\n]{1,200})\]", re.MULTILINE)
_COMMAND = re.compile(r"^ {3,10}cmd: ([^\n]{1,8000})", re.MULTILINE)
_PACKAGE = re.compile(r"\{\w+ Driver Package: (?!exit\()([^}\n]{1,1000})\}")
_PROBLEM = re.compile(r"^!{1,3} {1,4}([^\n]{1,2000})", re.MULTILINE)
_BOOT = re.compile(rf"\[Boot Session: {_TIME}\]")
_KINDS = (
    ("Device Install (Hardware", "host.device_attached"),
    ("Device Install - ", "host.device_attached"),
    ("Device Installation Restrictions", "policy.verdict"),
    ("Delete Device", "host.device_attached"),
    ("Uninstall Device", "host.device_attached"),
    ("Restart Device", "host.device_attached"),
    ("Unstage", "software.removed"),
    ("Uninstall", "software.removed"),
    ("SetupUninstall", "software.removed"),
    ("Delete Driver", "software.removed"),
    ("Delete", "software.removed"),
    ("Device Install (", "software.installed"),
    ("Driver Install", "software.installed"),
    ("Stage", "software.installed"),
    ("Install", "software.installed"),
    ("SetupCopyOEMInf", "software.installed"),
    ("Setup Import", "software.installed"),
    ("Import", "software.installed"),
    ("Publish", "software.installed"),
    ("Enable", "policy.changed"),
    ("Disable", "policy.changed"),
)
"""What a section's name begins with; any other says how setting up a machine is going."""
_MOST = 50
_LOOK = 1_000
_TOP_TEXTS = ("[Device Install Log]", "[SetupAPI Log]")
_TOPS = frozenset(top.encode() for top in _TOP_TEXTS)


def _mine(text: str) -> bool:
    return bool(_HEAD.match(text) or _BOOT.match(text)) or text.partition("\n")[0].rstrip("\r") in _TOP_TEXTS


def _read(text: str, clock: Clock) -> Reading:
    boot = _BOOT.match(text)
    if boot is not None:
        stamp = clock.local(boot[1])
        return Event(
            "host.started", *stamp[:3], action="Boot Session", message="the machine came up",
            tags=(stamp.tag,) if stamp.tag else (), attributes=orjson.dumps({"boot_session": boot[1]}).decode(),
        )  # fmt: skip
    if text.startswith(_TOP_TEXTS):
        return Skipped("the head of the log: which Windows wrote it")
    head = _HEAD.match(text)
    if head is None:
        return Unparsed("no section of a SetupAPI log: expected >>>  [name]")
    return _section(head[1], text, clock)


def _section(named: str, text: str, clock: Clock) -> Event:
    name, _, thing = named.partition(" - ")
    start, end, status, command = (
        "" if found is None else found[1].strip()
        for found in (pattern.search(text) for pattern in (_START, _END, _STATUS, _COMMAND))
    )
    packages = list(dict.fromkeys(_PACKAGE.findall(text)))[:_MOST]
    problems = [problem.strip() for problem in _PROBLEM.findall(text)[:_MOST]]
    kind = next((kind for begin, kind in _KINDS if named.startswith(begin)), "service.status")
    outcome = "" if not status else "success" if status.startswith("SUCCESS") else "failure"
    about = thing or (packages[0] if packages else "")
    stamp = clock.local(start) if start else NO_STAMP
    ended = f" ({status})" if status else ""
    fields = {
        "section": name, "object": thing, "start": start, "end": end, "status": status, "command": command,
        "packages": packages, "problems": problems, "text": text,
    }  # fmt: skip
    return Event(
        kind,
        *stamp[:3],
        action=name,
        outcome=outcome,
        severity=2 if outcome == "failure" else 0,
        object_id=about,
        object_type="" if not about else "device" if kind == "host.device_attached" else "driver",
        message=f"{name}: {about}{ended}" if about else f"{name}{ended}",
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps({key: value for key, value in fields.items() if value}).decode(),
    )


class _Sections(BlockRecords):
    """Blocks of any length, claimed by the head of the log or of a section."""

    def detect(self, sample: Sample) -> Detection | None:
        """By the log's first line, or a section's first two."""
        lines = sample.lines()
        pairs = pairwise(lines[:_LOOK])
        if lines and lines[0] in _TOPS:
            why = "begins as Windows' device installation log"
        elif any(one.startswith(b">>>  [") and two.startswith(b">>>  Section start ") for one, two in pairs):
            why = f"holds {self.seen}"
        else:
            return None
        return Detection(self.confidence, why, extra=missing_parts([ASSUMED_ZONE]))


FORMAT = _Sections(
    name="setupapi",
    version="1",
    source_name="windows.setupapi",
    mine=_mine,
    seen="a section of Windows' device installation log",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.96,
    begins=lambda line, _: _BEGINS.match(line),
)

r"""Transcripts of PowerShell sessions (``Start-Transcript``, or by policy): what was typed and what came of it.

A record is a transcript::

    **********************
    Windows PowerShell transcript start          PowerShell 7: PowerShell transcript start
    Start time: 20260101100000
    Username: CORP\bob
    RunAs User: CORP\bob
    Machine: WS7 (Microsoft Windows NT 10.0.17763.0)
    Host Application: C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe
    Process ID: 6456
    **********************
    PS C:\> whoami
    …
    Windows PowerShell transcript end
    End time: 20260101100100

Times are local and state no zone. Who signed in is the actor; whose rights were used, the subject, where it is somebody
else. The commands are the lines behind the prompt; their own times, which ``-IncludeInvocationHeader`` adds, stay in
the text. Attributes: every line of the head under its name, ``End time``, ``commands``, ``text`` (the transcript).

Recognised in English only: other languages of Windows translate the head.

Reference: Microsoft.PowerShell.Host "Start-Transcript"; PowerShell's MshHostUserInterface.cs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.contract import Detection
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import host_key, keys_of
from vestige.sources.reading.timefield import ASSUMED_ZONE, NO_STAMP, missing_parts

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Clock

_BEGINS = re.compile(rb"(?:Windows )?PowerShell transcript start\r?$")
_STARS = re.compile(r"\*{22}\s*")
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]{1,40}): ?(.{0,8000})")
_PROMPT = re.compile(r"^(?:\[[^\]\n]{1,200}\]: )?PS[^>\n]{0,400}> ?([^\r\n]+)", re.MULTILINE)
_END = re.compile(r"^End time: (\d{14})", re.MULTILINE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_MOST_LINES, _MOST_COMMANDS = 60, 1_000
_FIRST = 3


def _mine(text: str) -> bool:
    return _BEGINS.match(text.partition("\n")[0].encode()) is not None


def _read(text: str, clock: Clock) -> Reading:
    if _STARS.fullmatch(text) is not None:
        return Skipped("the line above a transcript")
    first, _, rest = text.partition("\n")
    if not first.rstrip().endswith("PowerShell transcript start"):
        return Unparsed("no transcript of PowerShell: expected its head first")
    fields = _head(rest)
    commands = [command.strip() for command in _PROMPT.findall(text)[:_MOST_COMMANDS]]
    end = _END.search(text)
    user, used = fields.get("Username", ""), fields.get("RunAs User", "")
    host = fields.get("Machine", "").partition(" (")[0].strip()
    time = fields.get("Start time", "")
    parts = _TIME.fullmatch(time)
    stamp = NO_STAMP._replace(text=time)
    if parts is not None:
        stamp = clock.local("{}-{}-{} {}:{}:{}".format(*parts.groups()))._replace(text=time)
    said = "; ".join(commands[:20]) or "nothing"
    attributes: dict[str, object] = {**fields, "commands": commands, "text": text}
    if end is not None:
        attributes["End time"] = end[1]
    other = used if used.lower() != user.lower() else ""
    return Event(
        "script.executed",
        *stamp[:3],
        action="PowerShell transcript",
        actor_id=user,
        actor_type="user" if user else "",
        subject_id=other,
        subject_type="user" if other else "",
        object_id=fields.get("Host Application", ""),
        object_type="process" if fields.get("Host Application") else "",
        host=host,
        message=f"{user or 'somebody'} ran in PowerShell{f' as {other}' if other else ''}: {said}",
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps(attributes).decode(),
        keys=keys_of(host_key(host)) if host else (),
    )


def _head(text: str) -> dict[str, str]:
    """The lines up to the stars."""
    fields: dict[str, str] = {}
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        if line.startswith("*"):
            break
        found = _FIELD.fullmatch(line.rstrip("\r"))
        if found is not None and found[2].strip():
            fields.setdefault(found[1], found[2].strip())
    return fields


class _Transcripts(BlockRecords):
    """Blocks of any length, claimed by the head of the first."""

    def detect(self, sample: Sample) -> Detection | None:
        """Sure by the first lines."""
        lines = sample.lines()[:20]
        if not any(self.begins(line, b"") for line in lines[:_FIRST]):
            return None
        if not any(line.startswith((b"Start time: ", b"Username: ")) for line in lines):
            return None
        return Detection(self.confidence, f"begins as {self.seen}", extra=missing_parts([ASSUMED_ZONE]))


FORMAT = _Transcripts(
    name="powershell_transcript",
    version="1",
    source_name="windows.powershell",
    mine=_mine,
    seen="a transcript of PowerShell",
    read=_read,
    confidence=0.97,
    begins=lambda line, _: _BEGINS.match(line),
)

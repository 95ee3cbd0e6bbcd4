"""Text logs of any program: records that begin with a time, and whose rest is the program's own.

::

    2026-11-22 16:00:00,123 INFO  [main] com.example.App - started          ISO, brackets around it or not
    2026/11/22 16:00:00 [error] it broke                                    Go, and many servers
    22-Nov-2026 16:00:00.123 SEVERE [main] …                                BIND, Tomcat
    Sun Nov 22 16:00:00 2026 …                                              ctime
    [22/Nov/2026:16:00:00 +0100] …                                          as in access logs

A line that begins otherwise belongs to the record before it (a stack trace). Of the rest no more is read than a level
in words, in capitals, in brackets, or as ``level=``: an error is ``service.error``, every other line a line of a log,
and said to be no more than that. Attributes: ``time``, ``level``, ``message``.

Any format that knows its lines better claims them more surely.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.contract import Detection
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import make_event, severity_of
from vestige.sources.reading.kinds import LOOK
from vestige.sources.reading.timefield import ASSUMED_ZONE, EXACT, MISSING, Clock

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.contract import Sample
    from vestige.sources.reading.timefield import Stamp

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_STAMP = (
    rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
    rf"|\d{{4}}/\d\d/\d\d {_CLOCK}(?: [+-]\d{{4}})?"
    rf"|\d\d-[A-Z][a-z]{{2}}-\d{{4}} {_CLOCK}"
    r"|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?"
    rf"|[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ \d]\d {_CLOCK} (?:[A-Z]{{3,4}} )?\d{{4}}"
)
_BEGINS = re.compile(rf"\[?(?:{_STAMP})(?:\]|:? )".encode())
_RECORD = re.compile(rf"(\[?)({_STAMP})(?:\]|:? ) ?(.*)", re.DOTALL)
_LEVEL = re.compile(
    r"\blevel=\"?(?P<a>[A-Za-z]{2,12})"
    r"|\b(?P<b>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|FATAL|PANIC)\b"
    r"|[\[<](?P<c>trace|debug|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal)[\]>]"
)
_LOOK = 120
"""Characters of a record in which its level is looked for."""
_ERROR = 3
_FEW = 0.2


def _read(text: str, clock: Clock) -> Reading:
    found = _RECORD.fullmatch(text)
    if found is None:
        return Unparsed("no time at the beginning of the record")
    said = found[3].rstrip()
    level = _LEVEL.search(said, 0, _LOOK)
    word = "" if level is None else level["a"] or level["b"] or level["c"]
    severity = severity_of(word)
    fields = {"time": found[2], "level": word, "message": said}
    at, time_text, quality, tag = _when(found[2], clock)
    return make_event((
        "service.error" if severity >= _ERROR else "log.line", at, time_text, quality, None, "", "", severity,
        "", "", "", "", "", "", "", "", "", "", "", 0, 0, "", "", "", "", "", "", "",
        said or "an empty message", (tag,) if tag else (),
        orjson.dumps({name: value for name, value in fields.items() if value}).decode(), (),
    ))  # fmt: skip


def _when(text: str, clock: Clock) -> Stamp:
    plain = text
    if text[4:5] == "-":
        plain = text.replace(" UTC", "Z").replace(" GMT", "Z").replace("UTC", "Z").replace("GMT", "Z")
        head, space, zone = plain.rpartition(" ")
        plain = head + zone if space and zone[0] in "+-Z" else plain
    return clock.local(plain)._replace(text=text)


_UTC = Clock("UTC", None, 1 << 62, "")


def _quality(text: str) -> str:
    found = _RECORD.match(text)
    quality = MISSING if found is None else _when(found[2], _UTC).quality
    return ASSUMED_ZONE if quality == ASSUMED_ZONE else EXACT


@dataclass(frozen=True, kw_only=True)
class PlainLog(BlockRecords):
    """Blocks of lines, claimed only where their beginnings are many."""

    def detect(self, sample: Sample) -> Detection | None:
        """Half of the lines that are not indented, or the first and a fifth of all, begin with a time."""
        lines = sample.lines()[:LOOK]
        begun = [bool(self.begins(line, b"")) for line in lines]
        outer = sum(1 for line in lines if line[:1] not in {b" ", b"\t"})
        if not sum(begun) or not (sum(begun) * 2 > outer or (begun[0] and sum(begun) >= _FEW * len(lines))):
            return None
        found = super().detect(sample)
        if found is None:
            return None
        return Detection(
            self.confidence,
            f"{sum(begun)} of {len(lines)} lines begin with a time, of no format known",
            extra=found.extra,
        )


FORMAT = PlainLog(
    name="plain_log",
    version="1",
    source_name=None,
    mine=lambda text: _RECORD.match(text) is not None,
    seen="with a time",
    read=_read,
    quality=_quality,
    confidence=0.25,
    begins=lambda line, _: _BEGINS.match(line),
)

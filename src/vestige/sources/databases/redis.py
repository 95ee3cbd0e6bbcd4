"""Redis' log (and Valkey's).

Read::

    26571:M 27 Dec 2018 11:19:18.874 * message     since 3.0: pid, role, time, level
    [2932] 31 May 04:32:08 - message               before: no year
    18 Apr 10:03:19 - message                      before 2.0: no pid either

Roles: ``M`` master, ``S`` replica, ``C`` child that saves, ``X`` sentinel. Levels: ``.`` debug, ``-`` verbose,
``*`` notice, ``#`` warning. Times state no zone. Attributes: ``pid``, ``role``, ``time``, ``level``, ``message``,
``client``, ``port``.

Reference: Redis' server.c (serverLogRaw), networking.c, rdb.c, replication.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text
from vestige.sources.reading.said import Meaning, meaning_of, rules_of
from vestige.sources.reading.timefield import ASSUMED_YEAR, ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_HEAD = (
    r"(?:(\d{1,10}):([MSCX]|signal-handler) |\[(\d{1,10})\] )?"
    r"((\d\d) ([A-Z][a-z]{2}) (\d{4} )?(\d\d:\d\d:\d\d(?:\.\d{3})?)) ([.*#-]) "
)
_BEGINS = re.compile(_HEAD.encode())
_LINE = re.compile(rf"{_HEAD}(.*)", re.DOTALL)
_LEVELS = {".": "debug", "-": "verbose", "*": "notice", "#": "warning"}
_ROLES = {"M": "master", "S": "replica", "C": "child", "X": "sentinel"}
_AT = r"(?P<client>\S+):(?P<port>\d{1,5})"
_RULES = rules_of(rf"""
alert.raised | failure | | (?P<action>Possible SECURITY ATTACK detected)
network.connection | | | (?P<action>Accepted) {_AT}
network.connection | | | (?P<action>Client closed connection)
database.maintained | success | | (?P<action>Synchronization with (?:replica|slave)) {_AT} succeeded
database.maintained | | | (?P<action>(?:Replica|Slave) {_AT} asks for synchronization)
service.started | success | | (?P<action>Server (?:started|initialized)|Ready to accept connections
  |The server is now ready)
service.stopped | success | | (?P<action>Redis is now ready to exit|User requested shutdown
  |Received SIG\w+ scheduling shutdown)
database.maintained | | | (?P<action>DB (?:saved|loaded)|Background (?:saving|append only|RDB)|\d+ changes in
  |RDB|AOF|Saving|MASTER <-> |Full resync|Partial resync
  |Connecting to MASTER|Starting BGSAVE|Connection with \w+|Fork CoW|Loading RDB)
service.error | failure | | (?P<action>Failed|Error|Can't|Could not|Open data file|Out of memory|Fatal)
""")


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no Redis log line: expected a pid, a time and one of the levels . - * #")
    pid, role, old_pid, time, *_, mark, said = found.groups()
    message = said.rstrip()
    number = pid or old_pid
    level = _LEVELS[mark]
    parts = {"role": _ROLES.get(role or "", role), "time": time, "level": level, "message": message}
    fields: dict[str, object] = {"pid": int(number)} if number else {}
    fields |= {name: value for name, value in parts.items() if value}
    kind, outcome, action, told = meaning_of(message, _RULES) or Meaning("service.status", "", "", {})
    fields |= told
    severity = 3 if kind == "alert.raised" else 2 if mark == "#" else 0
    at, time_text, quality, tag = _when(found, clock)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        "", "", "", "", "", "", "", "", "",
        canonical_ip(told.get("client", "")), "", port_of_text(told.get("port", "")), 0, "",
        "", "", "", "", "", "",
        message or f"an empty message of level {level}", (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _when(found: re.Match[str], clock: Clock) -> Stamp:
    day, month, year, hour = found[5], found[6], found[7], found[8]
    return clock.short(f"{month} {day} {year or ''}{hour}")._replace(text=found[4])


def _quality(text: str) -> str:
    found = _LINE.match(text)
    return ASSUMED_ZONE if found is not None and found[7] else ASSUMED_YEAR


FORMAT = BlockRecords(
    name="redis",
    version="1",
    source_name=None,
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="a Redis log line",
    read=_read,
    quality=_quality,
    confidence=0.93,
    begins=lambda line, _: _BEGINS.match(line),
)

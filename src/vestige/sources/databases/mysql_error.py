"""Error logs of MySQL, MariaDB and Percona Server.

Read::

    2019-03-24T14:01:47.811234Z 8 [Warning] [MY-010055] [Server] message      MySQL 8
    2016-12-09T12:08:33.335060Z 0 [Note] message                              MySQL 5.7
    2019-03-24 16:03:00 37 [Note] message                                     MySQL 5.6, MariaDB; local time
    161209 14:18:50 [Warning] message        161209 14:18:50 InnoDB: message  before 5.6; year of two digits, local time
    161209 13:08:33 mysqld_safe message

Lines without a time belong to the record before them. Attributes: ``time``, ``thread_id``, ``level``, ``code``,
``subsystem``, ``message``, and what the message says (``user``, ``client``, ``database``).

References: MySQL Reference Manual, "The Error Log"; MariaDB Knowledge Base, "Error Log".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, host_key, make_event
from vestige.sources.reading.said import Meaning, meaning_of, rules_of
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_TIME = r"(\d{4}-\d\d-\d\d(?:T| {1,2})\d{1,2}:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?|\d{6} {1,2}\d{1,2}:\d\d:\d\d)"
_BEGINS = re.compile(rf"{_TIME} ".encode())
_LINE = re.compile(
    rf"{_TIME} {{1,3}}(?:(\d{{1,18}}|0x[0-9a-f]{{1,16}}) )?(?:\[(System|ERROR|Error|Warning|Note|Info)\] ?)?"
    r"(?:\[(MY-\d{6})\] \[(\w+)\] ?)?(.*)",
    re.DOTALL,
)
_MINE = re.compile(
    rf"{_TIME} {{1,3}}(?:\d{{1,18}} \[(?:System|ERROR|Warning|Note)\] |InnoDB: |mysqld_safe )"
    r"|\d{6} {1,2}\d{1,2}:\d\d:\d\d \[(?:ERROR|Warning|Note)\] "
)
_SEVERITIES = {"warning": 2, "error": 3}
_RULES = rules_of(r"""
access.denied | failure | | (?P<action>Access denied) for user '(?P<user>[^']*)'@'(?P<client>[^']*)'
   to database '(?P<database>[^']*)'
auth.login_failed | failure | | (?P<action>Access denied) for user '(?P<user>[^']*)'@'(?P<client>[^']*)'
access.denied | failure | | (?P<action>Host) '(?P<client>[^']*)' is (?:blocked|not allowed)
database.disconnected | failure | | (?P<action>Aborted connection) \S+ to db: '(?P<database>[^']*)'
   user: '(?P<user>[^']*)' host: '(?P<client>[^']*)'
service.started | success | | [^\n]{0,400}?(?P<action>ready for connections)
service.stopped | success | | [^\n]{0,400}?(?P<action>Shutdown complete|mysqld from pid file \S+ ended)
service.status | | | [^\n]{0,400}?(?P<action>Received SHUTDOWN) from user (?P<user>[^.\s]*)
service.status | | | [^\n]{0,400}?(?P<action>Normal shutdown|starting as process|Starting mysqld daemon)
database.maintained | | | InnoDB: .{0,200}?(?P<action>crash recovery|checkpoint|recovery|rollback
  |page_cleaner|buffer pool dump)
database.maintained | | | (?P<action>Slave|Replica|Relay log|Start binlog_dump|Master|Group Replication)
service.error | failure | | (?P<action>ERROR: \d+|Aborting|Got signal \d+|mysqld got signal \d+)
""")


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no MySQL error log entry: expected a time and a message")
    time, thread, level, code, subsystem, said = found.groups()
    message = said.strip()
    parts = {"time": time, "thread_id": thread, "level": level, "code": code, "subsystem": subsystem}
    fields: dict[str, object] = {name: value for name, value in parts.items() if value}
    fields["message"] = message
    severity = _SEVERITIES.get((level or "").lower(), 0)
    meaning = meaning_of(message, _RULES)
    if meaning is None:
        meaning = Meaning("service.error" if severity >= 3 else "service.status", "", code or "", {})
    kind, outcome, action, told = meaning
    user, client, database = told.get("user", ""), told.get("client", ""), told.get("database", "")
    database = "" if database == "unconnected" else database
    user = "" if user == "unauthenticated" else user
    fields |= {name: value for name, value in told.items() if value}
    address = canonical_ip(client)
    at, time_text, quality, tag = _when(time, clock)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        database, "", "database" if database else "",
        address, "", 0, 0, "",
        "", "", "", "", "", "",
        message or "an empty message", (tag,) if tag else (), orjson.dumps(fields).decode(),
        host_key(client),
    ))  # fmt: skip


def _when(time: str, clock: Clock) -> Stamp:
    """A time; one of six digits has a year of this century, as no such server is older."""
    if time[4] == "-":
        day, hour = time[:10], time[11:].lstrip()
        iso = f"{day}T{hour if hour[2] == ':' else '0' + hour}"
    else:
        hour = time[6:].lstrip()
        iso = f"20{time[:2]}-{time[2:4]}-{time[4:6]}T{hour if hour[2] == ':' else '0' + hour}"
    return clock.local(iso)._replace(text=time)


def _quality(text: str) -> str:
    found = _LINE.match(text)
    return "" if found is not None and re.search(r"(?:Z|[+-]\d\d:\d\d)$", found[1]) else ASSUMED_ZONE


FORMAT = BlockRecords(
    name="mysql_error",
    version="1",
    source_name=None,
    mine=lambda text: _MINE.match(text) is not None,
    seen="a MySQL error log entry",
    read=_read,
    quality=_quality,
    confidence=0.93,
    begins=lambda line, _: _BEGINS.match(line),
)

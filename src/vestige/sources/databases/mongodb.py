"""MongoDB's log as text, as versions 3.0 to 4.2 write it.

``2018-02-05T13:44:56.657+0100 I NETWORK  [conn1] message``: time, severity (``F E W I D``), component, context.
Attributes: ``timestamp``, ``level``, ``component``, ``context``, ``message``, and what the message says (``client``,
``port``, ``user``, ``database``, ``duration`` in milliseconds).

References: MongoDB Manual 4.2, "Log Messages".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text
from vestige.sources.reading.said import Meaning, meaning_of, rules_of

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d{4}))"
_BEGINS = re.compile(rf"{_TIME} [FEWID]\d? ".encode())
_LINE = re.compile(rf"{_TIME} ([FEWID]\d?) ([A-Z_-]+) +\[([^\]\n]{{1,200}})\] ?(.*)", re.DOTALL)
SEVERITIES = {"W": 2, "E": 3, "F": 4}
_AT = r"(?P<client>\S+):(?P<port>\d{1,5})"
_RULES = rules_of(rf"""
database.connected | success | | (?P<action>connection accepted) from {_AT}
database.disconnected | | | (?P<action>end connection) {_AT}
database.connected | success | | (?P<action>received client metadata) from {_AT}
auth.login | success | | (?P<action>Successfully authenticated) as principal (?P<user>\S+) on (?P<database>\S+)
  (?: from client {_AT})?
auth.login_failed | failure | | \S{{1,20}} \S{{1,40}} (?P<action>authentication failed) for (?P<user>\S+)
   on (?P<database>\S+) from client {_AT}
auth.login_failed | failure | | (?P<action>Failed to authenticate) (?P<user>\S+)@(?P<database>\S+)
access.denied | failure | | (?P<action>Unauthorized|Checking authorization failed)
network.listening | success | | (?P<action>Listening) on
service.started | success | | (?P<action>waiting for connections)
service.stopped | success | | (?P<action>dbexit|now exiting)
service.status | | | (?P<action>MongoDB starting|shutdown|got signal)
database.maintained | | | (?P<action>WiredTiger (?:recovery|message)|recover|transition to \w+|Replication|index build)
""")
_OPERATION = re.compile(r"(?:\[conn\d+\] )?(\w+) (\S+) (.*)", re.DOTALL)
_TOOK = re.compile(r" (\d+)ms\s*$")
_OPERATIONS = frozenset({"COMMAND", "QUERY", "WRITE"})
_KEEPING = frozenset(
    {"REPL", "REPL_HB", "JOURNAL", "INDEX", "SHARDING", "RECOVERY", "ELECTION", "INITSYNC", "ROLLBACK"}
)


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no MongoDB log line: expected time, severity, component, [context]")
    time, level, component, context, message = found.groups()
    fields: dict[str, object] = {"timestamp": time, "level": level, "component": component, "context": context}
    fields["message"] = message
    severity = SEVERITIES.get(level[0], 0)
    kind, outcome, action, told = _meaning(component, message, severity)
    fields |= told
    client, user, database = told.get("client", ""), told.get("user", ""), told.get("database", "")
    at, time_text, quality, tag = clock.local(time)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        told.get("namespace") or database, "", "collection" if "namespace" in told else "database" if database else "",
        canonical_ip(client), "", port_of_text(told.get("port", "")), 0, "",
        "", "", "", "", "", "",
        message.strip() or f"an empty message of {component}", (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _meaning(component: str, message: str, severity: int) -> Meaning:
    found = meaning_of(message, _RULES)
    if found is not None:
        return found
    if component in _OPERATIONS:
        operation = _OPERATION.fullmatch(message)
        took = _TOOK.search(message, max(0, len(message) - 40))
        if operation is not None and took is not None:
            return Meaning("database.queried", "", operation[1], {"namespace": operation[2], "duration": took[1]})
    if severity >= 3:
        return Meaning("service.error", "failure", component, {})
    return Meaning("database.maintained" if component in _KEEPING else "service.status", "", component, {})


FORMAT = BlockRecords(
    name="mongodb",
    version="1",
    source_name=None,
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="a MongoDB log line",
    read=_read,
    confidence=0.96,
    begins=lambda line, _: _BEGINS.match(line),
)

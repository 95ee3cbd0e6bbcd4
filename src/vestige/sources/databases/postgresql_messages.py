"""What PostgreSQL's messages mean, whichever of its log forms they stand in.

References: PostgreSQL documentation, "Error Reporting and Logging", Appendix A (SQLSTATE); src/backend/libpq/auth.c,
src/backend/utils/init/postinit.c, src/backend/tcop/postgres.c, src/backend/postmaster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.sources.reading.fields import canonical_ip, host_key, make_event
from vestige.sources.reading.said import Meaning, meaning_of, rules_of

if TYPE_CHECKING:
    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp

LEVELS = "DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION"
_SEVERITIES = {"WARNING": 2, "ERROR": 3, "FATAL": 3, "PANIC": 4}
_FAILED = frozenset({"ERROR", "FATAL", "PANIC"})
_UNKNOWN = frozenset({"", "[unknown]"})
_SHOWN = 4000


class Entry(NamedTuple):
    """One log entry, taken apart by its form."""

    stamp: Stamp
    level: str
    message: str
    user: str
    database: str
    address: str
    port: int
    session: str
    state: str
    """SQLSTATE, where the form has it."""
    fields: dict[str, object]
    """The attributes."""


_FAILURES = rules_of(r"""
auth.login_failed | failure | | (?:\S{1,40} )?(?P<action>authentication failed) for user "(?P<user>[^"]*)"
auth.login_failed | failure | | (?P<action>no pg_hba\.conf entry) for (?:replication connection from )?
  host "(?P<host>[^"]*)", user "(?P<user>[^"]*)"(?:, database "(?P<database>[^"]*)")?
auth.login_failed | failure | | (?P<action>pg_hba\.conf rejects) (?:replication )?connection for host "(?P<host>[^"]*)",
   user "(?P<user>[^"]*)"(?:, database "(?P<database>[^"]*)")?
auth.login_failed | failure | role not permitted | role "(?P<user>[^"]*)" is not permitted to log in
access.denied | failure | | (?P<action>permission denied|must be (?:owner|superuser|member))
  (?: (?:for|of) \w+ (?P<object>.*))?
database.connected | failure | | (?P<action>(?:sorry, )?too many (?:clients|connections)
  |remaining connection slots are reserved)
database.connected | failure | | the database system (?P<action>is (?:starting up|shutting down|in recovery mode))
database.disconnected | | | (?P<action>terminating connection)
database.queried | failure | | (?P<action>canceling statement due to .*)
""")
_CONNECTING = rules_of(r"""
auth.login_failed | failure | role does not exist | role "(?P<user>[^"]*)" does not exist
database.connected | failure | database does not exist | database "(?P<database>[^"]*)" does not exist
""")
"""What means a refused connection when it is FATAL, and is a statement's error otherwise."""
_RULES = rules_of(r"""
network.connection | | | (?P<action>connection received): host=(?P<host>\S+)(?: port=(?P<port>\d+))?
auth.login | success | | (?P<action>connection authenticated): identity="(?P<user>[^"]*)" method=(?P<method>\S+)
database.connected | success | | (?P<action>(?:replication )?connection authorized): user=(?P<user>\S+)
  (?: database=(?P<database>\S+))?
database.disconnected | | | (?P<action>disconnection): session time: (?P<session_time>\S+) user=(?P<user>\S*)
   database=(?P<database>\S*)(?: host=(?P<host>\S+))?(?: port=(?P<port>\d+))?
database.queried | success | | duration: (?P<duration>[\d.]+) ms  (?P<action>statement|parse|bind|execute)
  (?: (?P<query_name>[^:\n]{1,200}))?: (?P<query>.*)
database.queried | | | (?P<action>statement|parse|bind|execute)(?: (?P<query_name>[^:\n]{1,200}))?: (?P<query>.*)
database.queried | success | | (?P<action>duration): (?P<duration>[\d.]+) ms
database.queried | | | (?P<action>AUDIT): (?P<query>.*)
auth.probe | failure | | (?P<action>incomplete startup packet|invalid length of startup packet
  |unsupported frontend protocol)
database.disconnected | failure | | (?P<action>could not (?:receive|send) data (?:from|to) client
  |unexpected EOF on client connection)
service.started | success | | database system is (?P<action>ready to accept (?:read.only )?connections)
service.stopped | success | | (?P<action>database system is shut down)
service.status | | | (?P<action>received \w+ shutdown request|shutting down|starting PostgreSQL
  |database system was shut down)
network.listening | success | | (?P<action>listening) on .*
service.changed | success | | (?P<action>parameter "[^"]*" (?:changed to|removed))
database.maintained | | | (?P<action>(?:checkpoint|restartpoint)s? (?:starting|complete|are occurring too frequently))
database.maintained | success | | (?P<action>automatic (?:aggressive )?(?:vacuum|analyze))
database.maintained | | | (?P<action>(?:autovacuum|logical replication) launcher (?:started|shutting down))
database.maintained | | | (?P<action>temporary file|redo (?:starts|done|is not required)|consistent recovery state
  |entering standby mode|started streaming WAL
  |recovery|last completed transaction|MultiXact member wraparound|replication terminated|archive)
service.error | failure | | (?P<action>server process \(PID \d+\) (?:was terminated|exited)
  |database system was (?:interrupted|not properly))
""")


def event_of(entry: Entry) -> Event:
    """The event of one entry."""
    stamp, level, message, user, database, address, port, session, state, fields = entry
    kind, outcome, action, parts = _meaning(level, message, state)
    fields |= {name: value for name, value in parts.items() if name not in fields and name != "object"}
    user = parts.get("user", "") or ("" if user in _UNKNOWN else user)
    database = parts.get("database", "") or ("" if database in _UNKNOWN else database)
    for name, value in (("user", user), ("database", database)):
        if value:
            fields[name] = value
    at, time_text, quality, tag = stamp
    host, target = parts.get("host", ""), parts.get("object", "")
    return make_event((
        kind, at, time_text, quality, None, action, outcome, _SEVERITIES.get(level, 0),
        user, "", "user" if user else "", "", "", "",
        target or database, "", "database_object" if target else "database" if database else "",
        address or canonical_ip(host), "", port or int(parts.get("port", "0")[:5]) % 65536, 0, "",
        "", "", "", "", session, "",
        _told(level, message, user, database), (tag,) if tag else (), orjson.dumps(fields).decode(),
        host_key(host),
    ))  # fmt: skip


def _meaning(level: str, message: str, state: str) -> Meaning:
    if level in _FAILED:
        found = meaning_of(message, _CONNECTING) if level == "FATAL" else None
        found = found or meaning_of(message, _FAILURES) or meaning_of(message, _RULES)
        if found is not None and found.outcome != "success":
            return found
        if state.startswith("28"):
            return Meaning("auth.login_failed", "failure", state, {})
        return Meaning("access.denied" if state == "42501" else "service.error", "failure", state or level, {})
    if level == "STATEMENT":
        return Meaning("database.queried", "", level, {"query": message})
    return meaning_of(message, _RULES) or Meaning("service.status", "", level, {})


def _told(level: str, message: str, user: str, database: str) -> str:
    who = f"{user} on {database}" if user and database else user or database
    said = message if level == "LOG" else f"{level}: {message}"
    return f"{who}: {said}" if who else said or level

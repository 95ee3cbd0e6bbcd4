"""MongoDB's structured log (version 4.4 and later): one object per line.

``t`` (``{"$date": ...}``), ``s`` (severity ``F E W I D1``), ``c`` (component), ``id`` (of the message), ``ctx``
(thread), ``msg``, ``attr`` (what it is about). Meaning comes from the message; the client from ``attr.remote`` or
``attr.client``, the user from ``attr.user`` or ``attr.principalName``. Attributes: the object.

Reference: MongoDB Manual, "Log Messages", section "Structured Logging".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.databases.mongodb import SEVERITIES
from vestige.sources.reading.fields import canonical_ip, make_event, mapping, port_of_text, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

_BY_MESSAGE = {
    "Connection accepted": ("database.connected", "success"),
    "client metadata": ("database.connected", "success"),
    "Connection ended": ("database.disconnected", ""),
    "Authentication succeeded": ("auth.login", "success"),
    "Successfully authenticated": ("auth.login", "success"),
    "Authentication failed": ("auth.login_failed", "failure"),
    "Failed to authenticate": ("auth.login_failed", "failure"),
    "Checking authorization failed": ("access.denied", "failure"),
    "Slow query": ("database.queried", ""),
    "Listening on": ("network.listening", "success"),
    "Waiting for connections": ("service.started", "success"),
    "Now exiting": ("service.stopped", "success"),
    "mongod exiting": ("service.stopped", "success"),
    "Dropping database": ("data.deleted", ""),
}
_KEEPING = frozenset({"REPL", "REPL_HB", "STORAGE", "INDEX", "WTCHKPT", "WTRECOV", "RECOVERY", "ELECTION", "SHARDING"})


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    get = record.get
    about = mapping(get("attr"))
    message, component, level = text_of(get("msg")), text_of(get("c")), text_of(get("s"))
    severity = SEVERITIES.get(level[:1], 0)
    kind, outcome = _BY_MESSAGE.get(message, ("", ""))
    if not kind:
        kind = (
            "service.error" if severity >= 3 else "database.maintained" if component in _KEEPING else "service.status"
        )
        outcome = "failure" if severity >= 3 else ""
    user = text_of(about.get("user")) or text_of(about.get("principalName"))
    remote = text_of(about.get("remote")) or text_of(about.get("client"))
    namespace = text_of(about.get("ns"))
    database = text_of(about.get("db")) or text_of(about.get("authenticationDatabase"))
    at, time_text, quality, tag = clock.read(get("t"))
    return make_event((
        kind, at, time_text, quality, None, message[:200], outcome, severity,
        user, "", "user" if user else "", "", "", "",
        namespace or database, "", "collection" if namespace else "database" if database else "",
        canonical_ip(remote), "", port_of_text(remote.rpartition(":")[2]), 0, "",
        "", "", "", text_of(about.get("host")), "", "",
        _told(message, user, remote, namespace or database, about), (tag,) if tag else (), text, (),
    ))  # fmt: skip


def _told(message: str, user: str, remote: str, target: str, about: Mapping[str, object]) -> str:
    who = f"{user} from {remote}" if user and remote else user or remote
    said = f"{message} on {target}" if target else message
    took = text_of(about.get("durationMillis"))
    reason = text_of(about.get("error"))
    said = f"{said} took {took} ms" if took else f"{said}: {reason}" if reason else said
    return f"{who}: {said}" if who else said or "an empty message"


def _mine(record: Mapping[str, object]) -> bool:
    return "t" in record and {"s", "c", "ctx", "msg"} <= record.keys()


FORMAT = JsonRecords(
    name="mongodb_json",
    version="1",
    source_name=None,
    mine=_mine,
    seen="MongoDB log entries",
    read=_read,
)

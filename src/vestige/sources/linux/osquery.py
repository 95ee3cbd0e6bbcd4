"""Logs of osquery: results of scheduled queries (differential, snapshot, batch) and the agent's own status.

Fields::

    name, hostIdentifier, unixTime, calendarTime, epoch, counter, numerics, decorations {}
    action added | removed, columns {}          one row that came or went (event format)
    action snapshot, snapshot [{}]              all rows as they were
    diffResults {added: [{}], removed: [{}]}    rows that came and went (batch format): an event per row
    severity, filename, line, message, version  status of the agent

The name of a query is its author's; packs put ``pack_<pack>_`` before it. What a row is about goes by the table's name
at the end of the query's, then by its columns. ``added`` and ``removed`` compare two looks at a table, so a row of a
state table came about some time before ``unixTime``; in the first look (``counter`` 0) every row is ``added``, which
says how the host was and no more. Rows of event tables (``process_events``) carry their own time, which is the event's;
``unixTime`` is then when osquery reported it.

References: osquery.readthedocs.io, "Logging", "Aggregating logs"; the schema of its tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.linux.osquery_tables import EVENTED, table_of
from vestige.sources.reading.fields import ip_of, keys_of, mapping, outcome_of, port_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_LEVELS = {"0": 0, "1": 2, "2": 3, "3": 4}
_MOST_ROWS = 10_000
"""Rows of one record that become events; a record with more is one event of all."""
_ERROR = 3
_OBJECTS = (
    ("target_path", "file"), ("cmdline", "command"), ("path", "file"), ("key", "registry key"), ("command", "command"),
    ("label", "device"), ("name", ""), ("identifier", ""), ("package", "package"), ("device", "device"),
)  # fmt: skip
_HASHES = ("sha256", "sha1", "md5")


def _is_osquery(record: Mapping[str, object]) -> bool:
    if "hostIdentifier" not in record:
        return False
    if "name" in record and ("columns" in record or "snapshot" in record or "diffResults" in record):
        return True
    return "severity" in record and "filename" in record and "message" in record


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    stamp = clock.read(record.get("unixTime"))
    if stamp.at is None:
        stamp = clock.read(record.get("calendarTime"))
    if "filename" in record and "severity" in record:
        return _status(record, text, stamp)
    if not text_of(record.get("name")):
        return Unparsed("no osquery result: the query's name is missing")
    batch = record.get("diffResults")
    if isinstance(batch, dict):
        return _batch(record, batch, text, stamp, clock)
    return _row(record, mapping(record.get("columns")), text_of(record.get("action")), text, stamp, clock)


def _batch(record: Mapping[str, object], batch: Mapping[str, object], text: str, stamp: Stamp, clock: Clock) -> Reading:
    """An event per row that came or went; each holds the record's fields with that row alone."""
    rows: list[tuple[str, Mapping[str, object]]] = []
    for action in ("added", "removed"):
        found = batch.get(action)
        rows += [(action, row) for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    if not rows or len(rows) > _MOST_ROWS:
        return _row(record, {}, "batch", text, stamp, clock)
    head = {name: value for name, value in record.items() if name != "diffResults"}
    events = []
    for action, row in rows:
        own = orjson.dumps({**head, "action": action, "columns": row}, option=orjson.OPT_NON_STR_KEYS).decode()
        events.append(_row(record, row, action, own, stamp, clock))
    return tuple(events)


def _row(
    record: Mapping[str, object], row: Mapping[str, object], action: str, text: str, stamp: Stamp, clock: Clock
) -> Event:
    name, host = text_of(record.get("name")), text_of(record.get("hostIdentifier"))
    more = mapping(record.get("decorations"))

    def get(*names: str) -> str:
        return next((found for column in names if (found := text_of(row.get(column)))), "")

    table = table_of(name, row)
    kind = _kind(table.removed if action == "removed" else table.added, table.name, row)
    if table.name not in EVENTED and action != "removed" and (action != "added" or _is_first(record)):
        kind = kind if kind.startswith(_AS_SEEN) else "host.state"
    observed = None
    if table.name in EVENTED:
        own = clock.read(row.get("time"))
        if own.at is not None:
            stamp, observed = own, stamp.at
    thing, thing_type = next(((found, kind) for column, kind in _OBJECTS if (found := get(column))), ("", ""))
    people = table.name in {"users", "groups", "user_groups"}
    actor = "" if people else get("username", "user", "uid")
    outcome = "" if table.name not in EVENTED else outcome_of(row.get("success") or row.get("status"))
    if outcome == "" and text_of(row.get("success")) == "0":
        outcome = "failure"
    snapshot = record.get("snapshot")
    count = f" ({len(snapshot)} rows)" if isinstance(snapshot, list) else ""
    told = ", ".join(f"{column}={text_of(value)}" for column, value in list(row.items())[:6] if text_of(value))
    return Event(
        kind,
        *stamp[:3],
        observed_at=observed,
        action=action,
        outcome=outcome,
        actor_id=actor,
        actor_type="user" if actor else "",
        subject_id=get("username", "groupname") if people else "",
        subject_type="user" if people and get("username") else "group" if people else "",
        object_id=thing,
        object_type=table.thing or thing_type,
        src_ip=ip_of(row.get("local_address")),
        dst_ip=ip_of(row.get("remote_address")),
        src_port=port_of(row.get("local_port")),
        dst_port=port_of(row.get("remote_port")),
        device_id=text_of(more.get("host_uuid")),
        host=text_of(more.get("hostname")) or host,
        message=f"{name} {action}{count}: {told}" if told else f"{name} {action}{count}",
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=text,
        keys=keys_of(
            (
                ("host", host if host != text_of(more.get("hostname")) and more.get("hostname") else ""),
                *(("hash", get(column)) for column in _HASHES),
                ("identity", text_of(more.get("username"))),
            )
        ),
    )


_AS_SEEN = ("process.state", "service.status", "alert.")
"""Types that say what was seen, whenever it came about."""


def _is_first(record: Mapping[str, object]) -> bool:
    return text_of(record.get("counter")) == "0"


def _kind(kind: str, table: str, row: Mapping[str, object]) -> str:
    """What a row of an event table says goes by the act it names."""
    act = text_of(row.get("action")).lower()
    if table == "file_events":
        return {
            "created": "file.created", "deleted": "file.deleted", "moved_to": "file.renamed",
            "moved_from": "file.renamed", "attributes_modified": "file.attributes_changed", "opened": "file.read",
            "accessed": "file.read",
        }.get(act, "file.changed")  # fmt: skip
    if table == "socket_events":
        return "network.listening" if act in {"bind", "listen"} else "network.connection"
    if table == "user_events":
        return "auth.login_failed" if text_of(row.get("type")) == "1112" and _failed(row) else kind
    return kind


def _failed(row: Mapping[str, object]) -> bool:
    return "res=failed" in text_of(row.get("message"))


def _status(record: Mapping[str, object], text: str, stamp: Stamp) -> Event:
    level = _LEVELS.get(text_of(record.get("severity")), 0)
    return Event(
        "service.error" if level >= _ERROR else "service.status",
        *stamp[:3],
        action="status",
        severity=level,
        object_id="osqueryd",
        object_type="service",
        host=text_of(record.get("hostIdentifier")),
        message=text_of(record.get("message")) or "osquery status",
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=text,
    )


FORMAT = JsonRecords(
    name="osquery",
    version="1",
    source_name="osquery",
    mine=_is_osquery,
    seen="osquery results (hostIdentifier, name, columns or snapshot)",
    read=_read,
)

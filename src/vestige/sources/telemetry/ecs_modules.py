"""What an ECS document carries that names no category: its original line, or fields of a Beats module.

Read further: an audit line and any line with a syslog, CEF or LEEF header in ``event.original`` or ``message``, JSON of
a known shape in them, messages of a system's programs (``process.name`` and ``message``), ``system.auth.sudo.*``, and
``osquery.result.*``. The event inside says what happened; the document's time, host and keys stay with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event
from vestige.sources.general.syslog_messages import understand
from vestige.sources.linux.audit_event import audit_event
from vestige.sources.linux.audit_line import read_line
from vestige.sources.linux.osquery import FORMAT as OSQUERY
from vestige.sources.telemetry.carried import known_object, line_event
from vestige.sources.telemetry.flat import first, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.sources.reading.timefield import Clock

    Fields = Mapping[str, object]

_OSQUERY = "osquery.result."
_SUDO = "system.auth.sudo."
_CAPITAL = re.compile(r"_(\w)")


def carried_event(fields: Fields, said: str, clock: Clock) -> Event | None:
    """The event a document carries, or none.

    Args:
        fields: the document, by dotted paths.
        said: its original or message.
        clock: reads times inside.
    """
    if f"{_OSQUERY}name" in fields:
        return _osquery(fields, clock)
    if f"{_SUDO}command" in fields:
        return _sudo(fields)
    original = first(fields, "event.original") or said
    if "msg=audit(" in original[:400]:
        line = read_line(original)
        return None if line is None else audit_event((line,))
    if original.startswith("{"):
        try:
            inner = orjson.loads(original)
        except ValueError:
            return None
        found = known_object(inner, original, clock) if isinstance(inner, dict) else ()
        return found[0] if len(found) == 1 else None
    return line_event(original, clock) or _spoken(fields, said)


def _osquery(fields: Fields, clock: Clock) -> Event | None:
    """The result as osquery wrote it, put together again."""
    record: dict[str, object] = {}
    columns: dict[str, object] = {}
    for path, value in fields.items():
        if path.startswith(_OSQUERY + "columns."):
            columns[path[len(_OSQUERY) + 8 :]] = value
        elif path.startswith(_OSQUERY):
            record[_CAPITAL.sub(lambda found: found[1].upper(), path[len(_OSQUERY) :])] = value
    record["columns"] = columns
    found = OSQUERY.read(record, json_text(record), clock)
    return found if isinstance(found, Event) else None


def _sudo(fields: Fields) -> Event:
    command, error = first(fields, _SUDO + "command"), first(fields, _SUDO + "error")
    who, whom = first(fields, "user.name"), first(fields, "user.effective.name", _SUDO + "user")
    line = f"sudo: {who} ran {command} as {whom}"
    return Event(
        "auth.privilege_refused" if error else "auth.privilege_used",
        action="sudo",
        outcome="failure" if error else "success",
        actor_id=who,
        actor_type="user" if who else "",
        subject_id=whom,
        subject_type="user" if whom else "",
        object_id=command,
        object_type="command",
        message=f"{line}: {error}" if error else line,
    )


def _spoken(fields: Fields, said: str) -> Event | None:
    """What a system's program said, where its name stands apart from its message."""
    program, host = first(fields, "process.name"), first(fields, "host.hostname", "host.name")
    meaning = understand(program, said.strip(), host, first(fields, "process.pid")) if program and said else None
    if meaning is None:
        return None
    return Event(
        meaning.event_type,
        action=meaning.action,
        outcome=meaning.outcome,
        severity=meaning.severity,
        actor_id=meaning.actor,
        actor_type="user" if meaning.actor else "",
        subject_id=meaning.subject,
        subject_type="user" if meaning.subject else "",
        object_id=meaning.object_id,
        object_type=meaning.object_type,
        src_ip=meaning.src_ip,
        src_port=meaning.src_port,
        dst_ip=meaning.dst_ip,
        dst_port=meaning.dst_port,
        protocol=meaning.protocol,
        session=meaning.session,
        message=f"{program}: {said}",
        keys=meaning.keys,
    )

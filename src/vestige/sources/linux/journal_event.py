"""One entry of the systemd journal, whichever way it was exported, as an event.

Fields used (systemd.journal-fields(7))::

    MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, SYSLOG_PID, SYSLOG_FACILITY      what a program said
    _COMM, _PID, _UID, _EXE, _SYSTEMD_UNIT, _AUDIT_LOGINUID, _TRANSPORT                who said it, by the kernel's word
    _HOSTNAME, _MACHINE_ID, _BOOT_ID, __CURSOR                                         where
    _SOURCE_REALTIME_TIMESTAMP, __REALTIME_TIMESTAMP     microseconds: when it was said, when the journal took it in
    UNIT, USER_UNIT, SESSION_ID, USER_ID, LEADER, COREDUMP_*                           of systemd's own messages

A message with a known ``MESSAGE_ID`` is what the id says; else a message is read as syslog's are
(:mod:`vestige.sources.general.syslog_messages`); entries of the audit transport as records of the audit trail are.
The time is ``_SOURCE_REALTIME_TIMESTAMP`` where the sender gave one; the journal's own is then when it was observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.general.syslog_meaning import Meaning
from vestige.sources.general.syslog_messages import understand
from vestige.sources.linux.audit_event import audit_event
from vestige.sources.linux.audit_line import carried_line, line_of
from vestige.sources.linux.audit_names import type_name
from vestige.sources.linux.journal_messages import MESSAGES
from vestige.sources.reading.fields import keys_of, text_of
from vestige.sources.reading.timefield import EXACT, NO_STAMP, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Get = Callable[[str], str]

_LEVELS = {"0": 4, "1": 4, "2": 4, "3": 3, "4": 2, "5": 0, "6": 0, "7": 0}
_ERROR = 3
_NOBODY = frozenset({"", "4294967295", "-1"})
_LONGEST = 18
"""Digits of a count of microseconds that an instant can hold."""
_NO_MEANING = Meaning("log.line", "")
_ERROR_MEANING = Meaning("service.error", "")


def is_entry(record: Mapping[str, object]) -> bool:
    """Whether an object is a journal entry."""
    if "__REALTIME_TIMESTAMP" in record or "__CURSOR" in record:
        return True
    return "_BOOT_ID" in record and ("MESSAGE" in record or "_TRANSPORT" in record)


def value_text(value: object) -> str:
    """A field's value as text: binary values are lists of bytes, repeated fields lists of values (the first counts)."""
    if isinstance(value, list):
        if value and all(type(item) is int and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "replace")
        return value_text(value[0]) if value and not isinstance(value[0], list | dict) else _nested(value)
    return text_of(value)


def _nested(value: list[object]) -> str:
    """The first of several binary values."""
    first = value[0] if value else None
    if isinstance(first, list) and first and all(type(item) is int and 0 <= item < 256 for item in first):
        return bytes(first).decode("utf-8", "replace")
    return ""


def _micros(text: str) -> Stamp:
    """An instant from microseconds since 1970."""
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST:
        return NO_STAMP
    at = int(text) * 1000
    return Stamp(at, text, EXACT) if at < 2**63 else NO_STAMP


def journal_event(record: Mapping[str, object], text: str) -> Event:
    """The event of one entry; ``text`` becomes its attributes."""

    def get(name: str) -> str:
        value = record.get(name)
        return value if type(value) is str else value_text(value)

    taken, said_at = _micros(get("__REALTIME_TIMESTAMP")), _micros(get("_SOURCE_REALTIME_TIMESTAMP"))
    stamp = said_at if said_at.at is not None else taken
    host = get("_HOSTNAME")
    if get("_TRANSPORT") == "audit" and stamp.at is not None:
        return _audit(get, stamp, taken.at, host, text)
    message = get("MESSAGE").strip()
    program = get("SYSLOG_IDENTIFIER") or get("_COMM") or ("kernel" if get("_TRANSPORT") == "kernel" else "")
    carried = carried_line(program, message) if "audit(" in message else None
    if carried is not None:
        return _of_audit(audit_event((carried,), host, taken.at), get, text)
    pid = get("_PID") or get("SYSLOG_PID")
    level = _LEVELS.get(get("PRIORITY"), 0)
    meaning = _meaning(get, program, message, host, pid, level)
    actor = meaning.actor
    login = get("_AUDIT_LOGINUID")
    if not actor and login not in _NOBODY and meaning.event_type != "log.line":
        actor = login
    session = meaning.session or (f"{host}:{get('_SYSTEMD_SESSION')}" if get("_SYSTEMD_SESSION") and host else "")
    return Event(
        meaning.event_type,
        *stamp[:3],
        observed_at=taken.at if said_at.at is not None else None,
        action=meaning.action,
        outcome=meaning.outcome,
        severity=max(level, meaning.severity),
        actor_id=actor,
        actor_type="user" if actor else "",
        subject_id=meaning.subject,
        subject_type="user" if meaning.subject else "",
        object_id=meaning.object_id,
        object_type=meaning.object_type,
        src_ip=meaning.src_ip,
        dst_ip=meaning.dst_ip,
        src_port=meaning.src_port,
        dst_port=meaning.dst_port,
        protocol=meaning.protocol,
        device_id=get("_MACHINE_ID"),
        host=host,
        session=session,
        message=f"{program}: {message}" if program else message,
        attributes=text,
        keys=keys_of((*meaning.keys, *_keys(get))),
    )


def _keys(get: Get) -> list[tuple[str, str]]:
    boot, invocation = get("_BOOT_ID"), get("INVOCATION_ID") or get("_SYSTEMD_INVOCATION_ID")
    return [
        ("custom", f"boot:{boot}" if boot else ""),
        ("custom", f"invocation:{invocation}" if invocation else ""),
    ]


def _meaning(get: Get, program: str, message: str, host: str, pid: str, level: int) -> Meaning:
    told = MESSAGES.get(get("MESSAGE_ID").replace("-", ""))
    meaning = understand(program, message, host, pid) if program else None
    if told is None:
        return meaning or (_ERROR_MEANING if level >= _ERROR else _NO_MEANING)
    unit = get("UNIT") or get("USER_UNIT") or get("COREDUMP_UNIT")
    session = get("SESSION_ID")
    outcome = told.outcome
    if get("JOB_RESULT") and told.event_type in {"service.started", "service.stopped"}:
        outcome = "success" if get("JOB_RESULT") == "done" else "failure"
    kind = told.event_type
    if kind == "process.stopped":
        outcome = (
            "failure" if get("EXIT_STATUS") not in {"", "0"} or get("EXIT_CODE") in {"killed", "dumped"} else "success"
        )
    return Meaning(
        kind,
        told.action,
        outcome,
        actor=get("USER_ID") if kind.startswith("session.") else "",
        object_id=unit or get("COREDUMP_EXE") or get("EXECUTABLE") or get("SEAT_ID") or get("NAME"),
        object_type="service" if unit else "program" if get("COREDUMP_EXE") else "",
        session=f"{host}:{session}" if session and host else session,
    )


def _audit(get: Get, stamp: Stamp, taken: int | None, host: str, text: str) -> Event:
    """An entry that the kernel's audit sent to the journal: its message is the record without the header."""
    said = get("MESSAGE").strip()
    name, _, body = said.partition(" ")
    number = get("_AUDIT_TYPE")
    kind = get("_AUDIT_TYPE_NAME") or (type_name(number) if number else name)
    seconds, micros = divmod((stamp.at or 0) // 1000, 1_000_000)
    line = line_of(kind, "", f"{seconds}.{micros // 1000:03}", get("_AUDIT_ID"), body if name.isupper() else said)
    event = audit_event((line,), host, taken if taken != stamp.at else None)
    return _of_audit(event._replace(occurred_at=stamp.at, time_text=stamp.text), get, text)


def _of_audit(event: Event, get: Get, text: str) -> Event:
    """An audit event with what the journal knows of it."""
    return event._replace(device_id=get("_MACHINE_ID"), attributes=text, keys=keys_of((*event.keys, *_keys(get))))

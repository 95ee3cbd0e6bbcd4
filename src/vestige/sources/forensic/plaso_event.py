"""An event from one of plaso's records, whichever output it stands in: the fields by their names, the meaning by table.

What a record is tells :mod:`vestige.sources.forensic.plaso_types`; the few families whose records tell it themselves
(Windows event logs, syslog lines, logins, packages, firewalls, CloudTrail) are read here. ``filename``,
``display_name`` and ``path_spec`` say where plaso found the record, so they are the object only of records about files.

Of a record whose data type is not known here, or that has none, the name of the time tells what it can.

A super timeline tells one act as often as the artefact holds times: a Windows record comes as its creation and as its
writing. Each stays an event of its own, with plaso's name of the time as its action.
"""

from __future__ import annotations

import re
from html import unescape
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.cloud.cloudtrail_calls import type_of_call
from vestige.sources.forensic.plaso_types import kind_of, kind_of_description
from vestige.sources.general.syslog_messages import understand
from vestige.sources.reading.fields import canonical_ip, keys_of, severity_of, text_of
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.timefield import NO_STAMP
from vestige.sources.windows.events import Facts, audit_of, channel_of, event_of, severity_of_level
from vestige.sources.windows.string_order import named
from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock, Stamp

_FOUND_IN = frozenset({
    "filename", "display_name", "path_spec", "pathspec", "inode", "message", "timestamp_desc", "data_type", "parser",
    "datetime", "timestamp", "date_time", "tag", "type", "status", "name", "xml_string", "strings", "source",
    "source_long", "source_short", "sourcetype", "short", "desc", "extra", "notes", "format", "version", "label",
    "description", "text", "body", "title", "offset",
})  # fmt: skip
"""Names that say where a record was found or how plaso writes it, not what happened."""
_OBJECTS = (
    ("key_path", "registry key"), ("url", "url"), ("executable", "process"), ("full_path", "file"),
    ("program", "process"), ("application", "process"), ("program_name", "process"), ("process_path", "process"),
    ("command", "command"), ("local_path", "file"), ("original_filename", "file"), ("entry_name", "file"),
    ("path", "file"), ("value_name", "value"), ("service_name", "service"), ("task_name", "task"),
    ("package", "package"), ("packages", "package"), ("package_name", "package"), ("device_display_name", "device"),
    ("serial", "device"),
)  # fmt: skip
_SPEC = re.compile(r"[A-Z][A-Z0-9_]{1,20}:")
_DATA = re.compile(r'<Data Name="([^"<>]{1,80})">([^<]*)</Data>')
_ITEM = re.compile(r"""[ ,]*+(?:'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)"|([^ ,'"\[\]]++))""", re.DOTALL)
_OUTCOMES = {"auth.login": "success", "auth.login_failed": "failure", "network.denied": "failure"}
_UTMP = {
    "1": "host.state", "2": "host.started", "3": "host.clock_changed", "4": "host.clock_changed",
    "5": "service.status", "6": "service.status", "7": "session.opened", "8": "session.closed",
}  # fmt: skip
_PACKAGES = (
    ("remove", "software.removed"), ("purge", "software.removed"), ("uninstall", "software.removed"),
    ("not-installed", "software.removed"), ("upgrade", "software.updated"), ("update", "software.updated"),
)  # fmt: skip
_USN = (
    (0x200, "file.deleted"), (0x100, "file.created"), (0x3000, "file.renamed"), (0x77, "file.changed"),
)  # fmt: skip


class _Found(NamedTuple):
    """What a family's reader tells: the event type, and values that outrank those found by name."""

    kind: str
    roles: dict[str, object] = {}  # noqa: RUF012 - never changed
    keys: tuple[tuple[str, str], ...] = ()
    severity: int = 0


def plaso_event(
    record: Mapping[str, object],
    text: str,
    stamp: Stamp,
    clock: Clock,
    *,
    data_type: str,
    description: str,
    labels: tuple[str, ...] = (),
) -> Event:
    """An event of one record.

    Args:
        record: its fields under plaso's names.
        text: the attributes.
        stamp: when.
        clock: for other times in it.
        data_type: plaso's name of the artefact, or empty.
        description: plaso's name of the time; the action.
        labels: what somebody marked the event with; its tags.
    """
    roles = roles_of({name: value for name, value in record.items() if name not in _FOUND_IN} if data_type else record)
    family = kind_of(data_type, description) if data_type else ""
    if data_type:
        found = _FAMILIES[family](record) if family in _FAMILIES else _Found(family)
        if data_type == "fs:ntfs:usn_change":
            found = _usn(record)
    else:
        found = _Found("")
    if description:
        roles["action"] = description
    if labels:
        roles["tags"] = list(labels)
    _name_object(roles, record, found.kind)
    message = text_of(record.get("message")) or text_of(record.get("body"))
    if message or data_type:
        told = (description, text_of(roles.get("object_id")))
        roles["message"] = message or " ".join(part for part in told if part) or data_type
    if found.kind in _OUTCOMES:
        roles.setdefault("outcome", _OUTCOMES[found.kind])
    if found.kind == "service.request":
        _answer(roles, record)
    roles.update(found.roles)
    event = generic_event(roles, text, stamp, clock, found.kind)
    if event.event_type == "event.generic" and family not in _FAMILIES:
        kind = kind_of_description(description, of_file=text_of(record.get("filename")) not in {"", "-"})
        event = event._replace(event_type=kind or event.event_type)
    keys = keys_of((*event.keys, *found.keys, *_keys(record, found.kind)))
    return event._replace(keys=keys, severity=max(event.severity, found.severity))


def _name_object(roles: dict[str, object], record: Mapping[str, object], kind: str) -> None:
    """What the event is about: the file of a file's record, else the first telling field."""
    if kind.startswith("file."):
        path = text_of(record.get("filename")) or text_of(record.get("display_name"))
        found = _SPEC.match(path)
        path = path[found.end() :] if found is not None and len(found[0]) > 2 else path
        if path and path != "-":
            roles["object_id"], roles["object_type"] = path, "file"
    for name, word in () if "object_id" in roles and kind.startswith("file.") else _OBJECTS:
        value = text_of(record.get(name))
        if value and value != "-":
            roles["object_id"], roles["object_type"] = value, word
            return


def _keys(record: Mapping[str, object], kind: str) -> list[tuple[str, str]]:
    pairs = [("identity", text_of(record.get("user_sid")))]
    if kind.startswith(("file.", "artifact.", "process.")):
        pairs += [("hash", text_of(record.get(name))) for name in ("sha256_hash", "sha1_hash", "md5_hash", "sha1")]
    return [(key, value) for key, value in pairs if value not in {"", "-"}]


def _answer(roles: dict[str, object], record: Mapping[str, object]) -> None:
    status = next(
        (
            code
            for name in ("http_response_code", "http_status", "response_code")
            if (code := text_of(record.get(name)))
        ),
        "",
    )
    if len(status) == 3 and status.isdecimal():
        roles["outcome"] = "failure" if status >= "400" else "success"
    address = canonical_ip(text_of(record.get("remote_name")))
    if address:
        roles["src_ip"] = address


def list_of(value: object) -> list[object]:
    """A list, also from the text Python writes for one: ``['a', 'b']``, its commas perhaps replaced by blanks."""
    if isinstance(value, list):
        return value
    out: list[object] = []
    at = 1
    while isinstance(value, str) and value[:1] == "[" and (found := _ITEM.match(value, at)) is not None:
        out.append(found[1] or found[2] or found[3] or "")
        at = found.end()
    return out


def _windows(record: Mapping[str, object]) -> _Found:
    """What the event's own tables say; plaso's record gives its fields by name (XML) or in order (strings)."""
    provider = text_of(record.get("source_name"))
    number = number_in(text_of(record.get("event_identifier")).partition(".")[0]) or 0
    xml = record.get("xml_string")
    system, _, rest = xml.partition("</System>") if isinstance(xml, str) else ("", "", "")
    data = named(provider, number, list_of(record.get("strings")))
    data.update((name, unescape(value)) for name, value in _DATA.findall(rest))
    told = event_of(
        Facts(
            provider=provider,
            channel=_element(system, "Channel") or channel_of(provider),
            number=number,
            task=number_in(_element(system, "Task")) or 0,
            severity=severity_of_level(text_of(record.get("event_level")).partition(".")[0]),
            audit=audit_of(_element(system, "Keywords")),
            computer=text_of(record.get("computer_name")),
            user="",
            user_name="",
            activity="",
            stamp=NO_STAMP,
            observed=None,
            data=data,
            message=text_of(record.get("message")),
            text="{}",
            record=_element(system, "EventRecordID") or text_of(record.get("record_number")).partition(".")[0],
        )
    )
    roles = {role: value for role, value in zip(_ROLES, _roles_in(told), strict=True) if value}
    if not text_of(record.get("message")):
        roles["message"] = told.message
    return _Found(told.event_type, roles, told.keys, told.severity)


_ROLES = (
    "outcome", "actor_id", "actor_name", "actor_type", "subject_id", "subject_name", "subject_type", "object_id",
    "object_name", "object_type", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "host", "session", "trace_id",
)  # fmt: skip
_roles_in = attrgetter(*_ROLES)


def _element(xml: str, name: str) -> str:
    """The text of an element of a record's XML that has no attributes."""
    _, begun, rest = xml.partition(f"<{name}>")
    return unescape(rest.partition("<")[0]).strip() if begun else ""


def _syslog(record: Mapping[str, object]) -> _Found:
    program = text_of(record.get("reporter"))
    body = text_of(record.get("body")).strip()
    host = text_of(record.get("hostname"))
    meaning = understand(program, body, host, text_of(record.get("pid"))) if program and body else None
    if meaning is None:
        return _line(record)
    roles: dict[str, object] = {
        "outcome": meaning.outcome,
        "actor_id": meaning.actor,
        "subject_id": meaning.subject,
        "object_id": meaning.object_id,
        "object_type": meaning.object_type,
        "src_ip": meaning.src_ip,
        "src_port": meaning.src_port,
        "session": meaning.session,
    }
    return _Found(meaning.event_type, {name: value for name, value in roles.items() if value}, meaning.keys)


def _line(record: Mapping[str, object]) -> _Found:
    level = max(severity_of(record.get(name)) for name in ("severity", "level", "log_level"))
    return _Found("service.error" if level >= 3 else "log.line")


def _utmp(record: Mapping[str, object]) -> _Found:
    return _Found(_UTMP.get(text_of(record.get("type")), "host.state"))


def _package(record: Mapping[str, object]) -> _Found:
    said = f"{text_of(record.get('packages'))} {text_of(record.get('body'))}".lower() + " "
    said += text_of(record.get("message")).lower() if not said.strip() else ""
    return _Found(next((kind for word, kind in _PACKAGES if f"{word}:" in said or f"{word} " in said),
                       "software.installed"))  # fmt: skip


def _network(record: Mapping[str, object]) -> _Found:
    act = text_of(record.get("action")).lower()
    return _Found("network.denied" if act.startswith(("drop", "deny", "block")) else "network.connection")


def _cloudtrail(record: Mapping[str, object]) -> _Found:
    name, source = text_of(record.get("event_name")), text_of(record.get("event_source"))
    return _Found(type_of_call(source, name, None), {"action": name} if name else {})


def _usn(record: Mapping[str, object]) -> _Found:
    flags = record.get("update_reason_flags")
    text = text_of(flags)
    bits = int(text) if text.isdecimal() and len(text) < 12 else 0
    return _Found(next((kind for mask, kind in _USN if bits & mask), "file.attributes_changed"))


_FAMILIES: dict[str, Callable[[Mapping[str, object]], _Found]] = {
    "windows": _windows,
    "syslog": _syslog,
    "line": _line,
    "utmp": _utmp,
    "package": _package,
    "network": _network,
    "cloudtrail": _cloudtrail,
}

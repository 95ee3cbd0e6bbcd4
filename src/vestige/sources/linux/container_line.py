"""What an application in a container wrote on its output, read as far as it tells what it is.

Read further: a JSON object (a Falco alert, a declared event, else by its fields' names), a klog line (``I0416
06:21:30.494902       1 server.go:12] text``), a line of a web server's access log, and a level in words
(``level=error``, ``[WARN]``). Everything else is a line of a log, and said to be no more than that.

The time is the application's own where its JSON states an exact one; the runtime's stamp is then when it was observed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event
from vestige.sources.general.json_lines import declared_event, is_declared
from vestige.sources.linux.falco import falco_event, is_alert
from vestige.sources.reading.fields import canonical_ip, port_of_text, severity_of
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.timefield import EXACT, Clock, Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_KLOG = re.compile(r"([IWEF])(\d{4}) (\d\d:\d\d:\d\d\.\d{1,9})\s+(\d+) (\S+?:\d+)\] (.*)", re.DOTALL)
_KLOG_LEVELS = {"I": 0, "W": 2, "E": 3, "F": 4}
_ACCESS = re.compile(
    r"(?P<ip>[\d.]{7,15}|\[?[0-9a-fA-F:]{2,45}\]?)(?::(?P<port>\d{1,5}))? \S+ (?P<user>\S+) \[[^\]]{1,64}\] "
    r'"(?P<method>[A-Z]{2,12}) (?P<path>\S+)(?: (?P<version>HTTP/[\d.]+))?"(?: (?P<status>\d{3})\b)?'
)
_LEVEL = re.compile(
    r"\blevel=\"?(?P<a>[A-Za-z]{2,12})"
    r"|^\S{0,40}? ?\S{0,20} ?\[?(?P<b>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|PANIC)\b"
    r"|\[(?P<c>debug|info|notice|warn|warning|error|crit|alert|emerg|fatal)\]"
)
_LOOK = 200
_ERROR = 3


def container_event(
    said: str, stream: str, stamp: Stamp, attributes: Mapping[str, object], clock: Clock, text: str = ""
) -> Event:
    """The event of one output line.

    Args:
        said: what the application wrote, without its line feed.
        stream: ``stdout`` or ``stderr``.
        stamp: when the container's runtime took it in.
        attributes: the runtime's fields, the line among them.
        clock: for times inside.
        text: the attributes as JSON text, where they came as such.
    """
    said = said.rstrip("\r\n")
    inner = _json(said)
    if inner is not None:
        return _structured(inner, said, stamp, attributes, clock)
    text = text or orjson.dumps(attributes).decode()
    klog = _KLOG.fullmatch(said)
    if klog is not None:
        level = _KLOG_LEVELS[klog[1]]
        return _line(stamp, "service.error" if level >= _ERROR else "log.line", klog[6], text, level, klog[5])
    access = _ACCESS.match(said) if '"' in said[:200] else None
    if access is not None:
        return _request(access, said, stamp, text)
    found = _LEVEL.search(said, 0, _LOOK)
    level = severity_of(found["a"] or found["b"] or found["c"]) if found else 0
    return _line(
        stamp, "service.error" if level >= _ERROR else "log.line", said or f"an empty line on {stream}", text, level
    )


def _line(stamp: Stamp, kind: str, message: str, text: str, level: int, action: str = "") -> Event:
    return Event(
        kind,
        *stamp[:3],
        action=action,
        severity=level,
        message=message,
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=text,
    )


def _json(said: str) -> dict[str, object] | None:
    if not said.startswith("{"):
        return None
    try:
        inner = orjson.loads(said)
    except ValueError:
        return None
    return inner if isinstance(inner, dict) else None


def _structured(
    inner: dict[str, object], said: str, stamp: Stamp, attributes: Mapping[str, object], clock: Clock
) -> Event:
    """An event of the JSON an application wrote; its fields stand among the attributes under ``parsed``."""
    if is_declared(inner):
        event = declared_event(inner, said, clock)
    elif is_alert(inner):
        event = falco_event(inner, said, clock)
    else:
        event = generic_event(roles_of(inner), said, clock.find(inner), clock)
    whole = orjson.dumps({**attributes, "parsed": inner}).decode()
    event = event._replace(attributes=whole, message=event.message or said)
    if event.occurred_at is not None and event.time_quality == EXACT:
        return event._replace(observed_at=event.observed_at or stamp.at)
    return event._replace(occurred_at=stamp.at, time_text=stamp.text, time_quality=stamp.quality)


def _request(found: re.Match[str], said: str, stamp: Stamp, text: str) -> Event:
    status = found["status"]
    user = "" if found["user"] in {"-", '""'} else found["user"]
    return Event(
        "service.request",
        *stamp[:3],
        action=found["method"],
        outcome="" if status is None else "failure" if status >= "400" else "success",
        actor_id=user,
        actor_type="user" if user else "",
        object_id=found["path"],
        object_type="url",
        src_ip=canonical_ip(found["ip"]),
        src_port=port_of_text(found["port"] or ""),
        protocol="http",
        message=said,
        attributes=text,
    )

"""Logs of Santa, the binary authorisation system for macOS: ``/var/db/santa/santa.log``.

::

    [2026-01-01T00:00:00.123Z] I santad: action=EXEC|decision=ALLOW|reason=CERT|sha256=…|path=…|args=…|pid=…|user=root

Fields are ``name=value`` between bars, all kept under their names. Reference: santa.dev, "Logs".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.reading.fields import keys_of
from vestige.sources.reading.kinds import LineRecords

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LINE = re.compile(r"\[(?P<time>[^\]]{10,40})\] (?P<level>[A-Z]) santad: (?P<fields>action=.*)", re.DOTALL)
_TYPES = {
    "EXEC": "process.started",
    "EXIT": "process.stopped",
    "FORK": "process.started",
    "DISKAPPEAR": "host.device_attached",
    "DISKDISAPPEAR": "host.device_attached",
    "WRITE": "file.changed",
    "RENAME": "file.renamed",
    "DELETE": "file.deleted",
    "LINK": "file.created",
    "EXCHANGE": "file.changed",
    "LOGIN": "auth.login",
    "LOGOUT": "auth.logout",
}
_OUTCOMES = {"ALLOW": "success", "ALLOW_COMPILER": "success", "DENY": "failure"}


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no Santa line: expected [time] level santad: action=…")
    fields: dict[str, str] = {}
    for part in found["fields"].split("|"):
        name, equals, value = part.partition("=")
        if equals:
            fields.setdefault(name, value)
    get = fields.get
    stamp = clock.local(found["time"])
    action = get("action", "")
    decision = get("decision", "")
    outcome = _OUTCOMES.get(decision, "")
    kind = _TYPES.get(action, "log.line")
    if outcome == "failure":
        kind = "access.denied"
    user = get("user", "")
    thing = get("args") or get("path") or get("mount") or get("newpath", "")
    return Event(
        kind,
        *stamp[:3],
        action=action,
        outcome=outcome,
        severity=2 if outcome == "failure" else 0,
        actor_id=user or get("uid", ""),
        actor_name=user,
        actor_type="user" if user or get("uid") else "",
        object_id=thing,
        object_name=get("path", "") if get("args") else "",
        object_type="command" if get("args") else "volume" if get("mount") else "file" if thing else "",
        device_id=get("machineid", ""),
        message=" ".join(filter(None, (user, action, decision, thing, f"({get('reason')})" if get("reason") else ""))),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps({"time": found["time"], "level": found["level"], **fields}).decode(),
        keys=keys_of((("hash", get("sha256", "")), ("hash", get("cert_sha256", "")))),
    )


FORMAT = LineRecords(
    name="santa",
    version="1",
    source_name="santa",
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="Santa's lines ([time] level santad: action=)",
    read=_read,
    confidence=0.97,
)

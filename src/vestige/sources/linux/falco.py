"""Alerts of Falco, the runtime-security sensor, as JSON (``json_output: true``); its text lines: ``falco_text``.

Fields::

    time, rule, priority, output, source, tags[], hostname, uuid
    output_fields   what the rule printed: evt.time, evt.type, user.name, user.loginuid, proc.cmdline, proc.exepath,
                    fd.name, fd.sip, fd.sport, fd.cip, fd.cport, container.id, container.name, k8s.ns.name,
                    k8s.pod.name, ka.user.name, ka.verb, ka.target.resource, ct.user, ct.name, ct.srcip

``evt.time`` counts nanoseconds and is the event's time; ``time`` says the same as text and stands in for it. The
client of a connection is its source, the server its destination.

References: falco.org docs, "Alerts output formatting", "Supported fields".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.reading.fields import ip_of, keys_of, mapping, port_of, tags_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

PRIORITIES = {
    "emergency": 4, "alert": 4, "critical": 4, "error": 3, "warning": 2, "notice": 1, "informational": 0, "info": 0,
    "debug": 0,
}  # fmt: skip
_ACTORS = ("user.name", "ka.user.name", "ct.user", "okta.actor.alternateid", "github.user", "user.loginname")
_OBJECTS = (
    ("proc.cmdline", "command"), ("fd.name", "file"), ("ka.target.name", ""), ("ct.request.name", ""),
    ("proc.exepath", "program"), ("proc.name", "program"), ("evt.arg.path", "file"),
)  # fmt: skip


def is_alert(record: Mapping[str, object]) -> bool:
    """Whether an object is a Falco alert."""
    return (
        isinstance(record.get("output_fields"), dict)
        and "rule" in record
        and "priority" in record
        and ("output" in record or "time" in record)
    )


def falco_event(record: Mapping[str, object], text: str, clock: Clock) -> Event:
    """The event of one alert."""
    fields = mapping(record.get("output_fields"))

    def get(name: str) -> str:
        value = text_of(fields.get(name))
        return "" if value in {"<NA>", "N/A", "null"} else value

    stamp = clock.read(fields.get("evt.time"))
    if stamp.at is None:
        stamp = clock.read(record.get("time"))
    actor = next((found for name in _ACTORS if (found := get(name))), "")
    thing, kind = next(((found, kind) for name, kind in _OBJECTS if (found := get(name))), ("", ""))
    container = get("container.id")
    priority = text_of(record.get("priority"))
    user_id = get("user.uid")
    return Event(
        "alert.raised",
        *stamp[:3],
        action=text_of(record.get("rule")),
        severity=PRIORITIES.get(priority.lower(), 0),
        actor_id=actor or user_id,
        actor_name=actor,
        actor_type="user" if actor or user_id else "",
        object_id=thing,
        object_name=get("proc.exepath") if kind == "command" else "",
        object_type=kind,
        src_ip=ip_of(get("fd.cip") or get("ct.srcip") or get("ka.sourceips")),
        dst_ip=ip_of(get("fd.sip") or get("fd.rip")),
        src_port=port_of(get("fd.cport")),
        dst_port=port_of(get("fd.sport") or get("fd.rport")),
        protocol=get("fd.l4proto"),
        device_id="" if container == "host" else container,
        device_name=get("container.name") if container != "host" else "",
        device_type="container" if container not in {"", "host"} else "",
        host=text_of(record.get("hostname")),
        message=text_of(record.get("output")) or text_of(record.get("rule")),
        tags=(*tags_of(record.get("tags")), *((stamp.tag,) if stamp.tag else ())),
        attributes=text,
        keys=keys_of(
            (
                ("identity", get("user.loginname")),
                ("custom", f"pod:{get('k8s.ns.name')}/{get('k8s.pod.name')}" if get("k8s.pod.name") else ""),
                ("hash", get("proc.hash.sha256")),
            )
        ),
    )


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if not text_of(record.get("rule")):
        return Unparsed("no Falco alert: the rule is missing")
    return falco_event(record, text, clock)


FORMAT = JsonRecords(
    name="falco",
    version="1",
    source_name="falco",
    mine=is_alert,
    seen="Falco alerts (rule, priority, output_fields)",
    read=_read,
)

"""Events of the Open Cybersecurity Schema Framework: Amazon Security Lake's renderings, and what tools emit as OCSF.

Fields used::

    class_uid, activity_id, type_uid        what happened (:mod:`vestige.sources.telemetry.ocsf_types`)
    time, time_dt, start_time               when, in milliseconds; metadata.logged_time, when it was recorded
    status_id (1 success, 2 failure), action_id and disposition_id (1 allowed, 2 blocked), rcode_id
    severity_id (1 informational to 5 critical, 6 fatal)
    actor {user, session, process, invoked_by, app_name}, user, group, resources[], resource, privileges
    src_endpoint, dst_endpoint, device, cloud, connection_info, http_request, query, answers
    file, process, job, module, reg_key, api, finding, finding_info, email, observables[]

In Authentication, ``user`` is who signs in; in the other classes whom it is about. Observables are correlation keys by
their type. ``unmapped`` stays in the attributes.

Reference: schema.ocsf.io.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Outcome, Unparsed
from vestige.sources.reading.fields import canonical_ip, ip_of, keys_of, mapping, port_of, text_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import NO_STAMP
from vestige.sources.telemetry.ocsf_types import class_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

    Part = Mapping[str, object]

_SEVERITIES = (0, 0, 1, 2, 3, 4, 4)
_SIGN_IN, _FINDINGS = 3002, 2
_OBSERVED = {
    1: "host", 2: "ip", 3: "device", 4: "identity", 5: "identity", 8: "hash", 10: "custom", 18: "identity",
    21: "identity", 36: "hash", 37: "hash",
}  # fmt: skip
"""Kinds of key by an observable's type."""
_MOST = 50
_USER = ("email_addr", "uid", "uuid", "uid_alt", "name", "credential_uid")


def is_ocsf(record: Part) -> bool:
    """Whether an object is an OCSF event."""
    if not isinstance(record.get("class_uid"), int) or "time" not in record:
        return False
    return "category_uid" in record or "type_uid" in record or isinstance(record.get("metadata"), dict)


def _person(user: Part) -> tuple[str, str]:
    """Id and name of a user."""
    ids = ("uid_alt", "uuid", "email_addr", "uid", "name")
    known = next((text for name in ids if (text := text_of(user.get(name)))), "")
    name = text_of(user.get("name")) or text_of(user.get("full_name"))
    return known, "" if name == known else name


def _endpoint(part: Part) -> tuple[str, int]:
    return ip_of(part.get("ip")), port_of(part.get("port"))


def _outcome(record: Part) -> str:
    status, word = record.get("status_id"), text_of(record.get("status")).lower()
    if status == 1 or word == "success":
        return Outcome.SUCCESS
    if status == 2 or word == "failure":
        return Outcome.FAILURE
    for name in ("action_id", "disposition_id"):
        if record.get(name) in (1, 2):
            return Outcome.SUCCESS if record[name] == 1 else Outcome.FAILURE
    code = record.get("rcode_id")
    if isinstance(code, int) and not isinstance(code, bool):
        return Outcome.SUCCESS if code == 0 else Outcome.FAILURE
    return Outcome.UNKNOWN if status is not None else Outcome.NONE


def _items(value: object) -> list[Part]:
    return [mapping(item) for item in value[:_MOST]] if isinstance(value, list) else []


def _hashes(file: Part) -> Iterator[str]:
    for item in _items(file.get("hashes") or file.get("fingerprints")):
        yield text_of(item.get("value"))


def _keys(record: Part) -> Iterator[tuple[str, str]]:
    actor = mapping(record.get("actor"))
    for user in (mapping(actor.get("user")), mapping(record.get("user"))):
        for name in _USER:
            yield "token" if name == "credential_uid" else "identity", text_of(user.get(name))
    yield "identity", text_of(mapping(actor.get("session")).get("issuer"))
    for part in (mapping(record.get("file")), mapping(mapping(record.get("process")).get("file"))):
        for digest in _hashes(part):
            yield "hash", digest
    for name in ("src_endpoint", "dst_endpoint", "device"):
        part = mapping(record.get(name))
        yield "host", text_of(part.get("instance_uid")).strip("-")
        yield "host", text_of(part.get("hostname"))
        yield "custom", text_of(part.get("interface_uid")).strip("-")
        yield "device", text_of(part.get("mac"))
    for item in _items(record.get("answers")):
        yield "ip", canonical_ip(text_of(item.get("rdata")))
    for item in _items(record.get("resources")):
        yield "custom", text_of(item.get("uid"))
    yield "custom", text_of(mapping(record.get("connection_info")).get("community_uid"))
    yield "custom", text_of(mapping(record.get("metadata")).get("correlation_uid"))
    for item in _items(record.get("observables")):
        number = item.get("type_id")
        kind = _OBSERVED.get(number, "") if isinstance(number, int) else ""
        value = text_of(item.get("value"))
        if kind:
            yield kind, canonical_ip(value) if kind == "ip" else value


def _resource(record: Part) -> tuple[str, str, str]:
    parts = (*_items(record.get("resources"))[:1], mapping(record.get("resource")), mapping(record.get("web_resource")))
    for part in parts:
        known = text_of(part.get("uid")) or text_of(part.get("name"))
        if known:
            return known, text_of(part.get("name")), text_of(part.get("type")) or "resource"
    finding = mapping(record.get("finding_info")) or mapping(record.get("finding"))
    return text_of(finding.get("uid")), text_of(finding.get("title")), "finding"


def _thing(record: Part) -> tuple[str, str, str]:
    for name, kind in (("file", "file"), ("reg_key", "registry key"), ("reg_value", "registry value")):
        part = mapping(record.get(name))
        if part:
            return text_of(part.get("path")) or text_of(part.get("name")), text_of(part.get("name")), kind
    process = mapping(record.get("process"))
    if process:
        path = text_of(mapping(process.get("file")).get("path")) or text_of(process.get("name"))
        return text_of(process.get("cmd_line")) or path, path, "process"
    host = text_of(mapping(record.get("query")).get("hostname"))
    return host.rstrip(".") or host, "", "domain"


def _object(record: Part, number: int) -> tuple[str, str, str]:
    """Id, name and kind of what an event is about; of a finding the resource before what it was seen by."""
    ways = (_resource, _thing) if number // 1000 == _FINDINGS else (_thing, _resource)
    for way in ways:
        found = way(record)
        if found[0] or found[1]:
            return found
    asked = mapping(record.get("http_request")).get("url")
    url = text_of(asked) or text_of(mapping(asked).get("text")) or text_of(mapping(asked).get("url_string"))
    group = mapping(record.get("group"))
    known = text_of(group.get("uid")) or text_of(group.get("name"))
    return (url, "", "url") if url else (known, text_of(group.get("name")), "group" if known else "")


def _when(record: Part, clock: Clock) -> tuple[Stamp, int | None]:
    stamp = clock.read(record.get("time"))
    if stamp.at is None and "time_dt" in record:
        stamp = clock.read(record.get("time_dt"))
    logged = mapping(record.get("metadata")).get("logged_time")
    observed = NO_STAMP if logged is None else clock.read(logged)
    return stamp, observed.at if observed.at != stamp.at else None


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    number = class_of(record)
    if not number:
        return Unparsed("no OCSF event: class_uid is no number")
    stamp, observed = _when(record, clock)
    ended = _outcome(record)
    actor, user = mapping(record.get("actor")), mapping(record.get("user"))
    who, whom = mapping(actor.get("user")), user
    if number == _SIGN_IN and not _person(who)[0]:
        who, whom = user, {}
    actor_id, actor_name = _person(who)
    if not actor_id:
        actor_id = text_of(actor.get("invoked_by")) or text_of(actor.get("app_name"))
    subject_id, subject_name = _person(whom)
    thing, thing_name, thing_type = _object(record, number)
    src_ip, src_port = _endpoint(mapping(record.get("src_endpoint")))
    dst_ip, dst_port = _endpoint(mapping(record.get("dst_endpoint")))
    device = mapping(record.get("device"))
    act = text_of(mapping(record.get("api")).get("operation")) or text_of(record.get("activity_name"))
    severity = record.get("severity_id")
    level = severity if isinstance(severity, int) and not isinstance(severity, bool) and 0 <= severity <= 6 else 0
    connection = mapping(record.get("connection_info"))
    return Event(
        type_of(record, number, ended),
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=observed,
        action=act,
        outcome=ended,
        severity=_SEVERITIES[level],
        actor_id=actor_id,
        actor_name=actor_name,
        actor_type=text_of(who.get("type")) or ("user" if actor_id else ""),
        subject_id=subject_id,
        subject_name=subject_name,
        subject_type="user" if subject_id else "",
        object_id=thing,
        object_name="" if thing_name == thing else thing_name,
        object_type=thing_type if thing or thing_name else "",
        src_ip=src_ip,
        dst_ip=dst_ip,
        src_port=src_port,
        dst_port=dst_port,
        protocol=text_of(connection.get("protocol_name")).lower(),
        device_id=text_of(device.get("uid")),
        device_name=text_of(device.get("name")),
        device_type=text_of(device.get("type")),
        host=text_of(device.get("hostname")),
        session=text_of(mapping(actor.get("session")).get("uid")) or text_of(mapping(record.get("session")).get("uid")),
        trace_id=text_of(mapping(mapping(record.get("api")).get("request")).get("uid")),
        message=_message(record, act, (actor_name or actor_id, subject_name or subject_id, thing_name or thing), ended),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=text,
        keys=keys_of(_keys(record)),
    )


def _message(record: Part, act: str, told: tuple[str, str, str], ended: str) -> str:
    said = text_of(record.get("message"))
    if said:
        return " ".join(said.split())
    finding = mapping(record.get("finding_info")) or mapping(record.get("finding"))
    title = text_of(finding.get("title"))
    who, whom, thing = told
    src, dst = (text_of(mapping(record.get(name)).get("ip")).strip("-") for name in ("src_endpoint", "dst_endpoint"))
    name = text_of(record.get("class_name")) or f"class {record.get('class_uid')}"
    parts = [f"{name}: {act}" if act else name, title]
    parts += [f"by {who}" if who else "", f"for {whom}" if whom and whom != who else ""]
    parts += [
        f"on {thing}" if thing and thing != title else "",
        f"from {src}" if src else "",
        f"to {dst}" if dst else "",
    ]
    response = mapping(mapping(record.get("api")).get("response"))
    blocked = "blocked" if 2 in (record.get("disposition_id"), record.get("action_id")) else ""
    end = text_of(response.get("error")) or blocked or text_of(record.get("rcode")) or ended
    line = " ".join(" ".join(filter(None, parts)).split())
    return f"{line}: {end}" if end else line


FORMAT = JsonRecords(
    name="ocsf",
    version="1",
    source_name=None,
    mine=is_ocsf,
    seen="OCSF events (class_uid, time, category or type)",
    read=_read,
    confidence=0.97,
)

"""Documents in the Elastic Common Schema: Beats, Elastic Agent, Logstash, and hits of an Elasticsearch search.

Keys may be nested (``{"event": {"action": ...}}``), dotted (``{"event.action": ...}``) or mixed; a hit holds the
document in ``_source``; a search response gives an event per hit. Fields used::

    @timestamp, event.created (when first seen), event.{kind,category,type,action,outcome,code,severity,risk_score}
    user.{id,name,full_name,email,domain}, user.target.*, user.effective.*, group.name
    source.*, client.*, destination.*, server.*, network.{transport,protocol,community_id}
    host.{name,hostname,id}, container.*, cloud.instance.id, file.*, process.*, registry.*, url.*, http.*, dns.*, tls.*
    related.{ip,user,hash,hosts}: correlation keys as the document names them
    trace.id, log.level, rule.name, message, error.message, tags

``event.category`` and ``type`` say what happened (:mod:`vestige.sources.telemetry.ecs_types`). A document that says
nothing about it is read by what it carries (:mod:`vestige.sources.telemetry.ecs_modules`), else it is a line of a log.
Documents of Winlogbeat are events of Windows and not claimed here.

Reference: Elastic Common Schema 8.17 field reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Outcome, Unparsed
from vestige.sources.reading.fields import (
    canonical_ip,
    ip_of,
    keys_of,
    mapping,
    outcome_of,
    port_of,
    severity_of,
    tags_of,
    text_of,
)
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.telemetry.carried import under
from vestige.sources.telemetry.ecs_modules import carried_event
from vestige.sources.telemetry.ecs_types import type_of
from vestige.sources.telemetry.flat import first, flat, json_text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

    Fields = Mapping[str, object]

_OBJECTS = (
    ("rule.name", "rule", ("alert",)), ("file.path", "file", ("file",)),
    ("registry.path", "registry key", ("registry",)),
    ("process.executable", "program", ("process", "module", "script")), ("dns.question.name", "domain", ("network",)),
    ("group.name", "group", ("account", "access")), ("package.name", "package", ("software",)),
    ("url.original", "url", ()), ("url.full", "url", ()), ("url.path", "url", ()), ("file.path", "file", ()),
    ("process.executable", "program", ()), ("process.name", "program", ()), ("service.name", "service", ()),
)  # fmt: skip
"""Fields that name what an event is about; those that fit its category before the others."""
_HASHES = tuple(f"{what}.hash.{how}" for what in ("file", "process", "dll") for how in ("sha256", "sha1", "md5"))
_MOST_HITS = 10_000


def is_ecs(record: Fields) -> bool:
    """Whether an object is an ECS document, a hit that holds one, or a search response."""
    source = record.get("_source")
    if isinstance(source, dict):
        return "_index" in record or is_ecs(source)
    hits = mapping(record.get("hits")).get("hits")
    if isinstance(hits, list):
        return bool(hits) and is_ecs(mapping(hits[0]))
    if "winlog" in record or any(name.startswith("winlog.") for name in record):
        return False
    event = mapping(record.get("event"))
    told = _has(record, event, "category") or _has(record, event, "kind") or _has(record, event, "dataset")
    if "@timestamp" not in record:
        return told and _has(record, event, "dataset") and _has(record, event, "module")
    versioned = "ecs.version" in record or "version" in mapping(record.get("ecs"))
    shipped = isinstance(record.get("agent"), dict) and ("message" in record or bool(event))
    return versioned or told or shipped


def _has(record: Fields, event: Fields, name: str) -> bool:
    return name in event or f"event.{name}" in record


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    hits = mapping(record.get("hits")).get("hits")
    if isinstance(hits, list):
        found = [mapping(hit) for hit in hits[:_MOST_HITS]]
        return tuple(
            _event(mapping(hit.get("_source")), json_text(hit), clock) for hit in found if "_source" in hit
        ) or Unparsed("a search response without hits that hold their documents")
    source = record.get("_source")
    return _event(source if isinstance(source, dict) else record, text, clock)


def _level(fields: Fields) -> int:
    """Risk scores by Elastic's own steps, else a word; a bare ``event.severity`` is every source's own scale."""
    score = fields.get("event.risk_score", fields.get("kibana.alert.risk_score"))
    if isinstance(score, int | float) and not isinstance(score, bool):
        return 4 if score >= 74 else 3 if score >= 48 else 2 if score >= 22 else 1
    word = first(fields, "kibana.alert.severity", "log.syslog.severity.name", "log.level")
    return severity_of(word) if not word.isdigit() else 0


def _outcome(fields: Fields) -> str:
    stated = outcome_of(fields.get("event.outcome"))
    if stated:
        return stated
    if "denied" in tuple(texts(fields.get("event.type"))):
        return Outcome.FAILURE
    status = text_of(fields.get("http.response.status_code"))
    if status.isdigit() and len(status) == 3:
        return Outcome.FAILURE if status >= "400" else Outcome.SUCCESS
    return Outcome.NONE


def _keys(fields: Fields) -> Iterator[tuple[str, str]]:
    for kind, name in (("identity", "related.user"), ("hash", "related.hash"), ("host", "related.hosts")):
        for text in texts(fields.get(name)):
            yield kind, text
    for text in texts(fields.get("related.ip")):
        yield "ip", canonical_ip(text)
    for name in ("user.email", "user.name", "client.user.name", "source.user.name", "user.target.email"):
        yield "identity", first(fields, name)
    user, domain = first(fields, "user.name"), first(fields, "user.domain")
    yield "identity", f"{domain}\\{user}" if user and domain else ""
    for name in _HASHES:
        yield "hash", first(fields, name)
    yield "custom", first(fields, "network.community_id")
    for name, prefix in (("tls.client.ja3", "ja3"), ("tls.server.ja3s", "ja3s"), ("tls.client.ja4", "ja4")):
        found = first(fields, name)
        yield "custom", f"{prefix}:{found}" if found else ""
    yield "host", first(fields, "cloud.instance.id")
    yield "device", first(fields, "container.id")


def _object(fields: Fields, category: str) -> tuple[str, str]:
    for fitting in (True, False):
        for name, kind, categories in _OBJECTS:
            if (category in categories) is fitting and (fitting or not categories):
                found = first(fields, name)
                if found:
                    return found, kind
    return "", ""


def _composed(fields: Fields, actor: str, thing: str, src: str, ended: str, kind: str) -> str:
    """A line of what the document says, where it holds no message of its own."""
    method = first(fields, "http.request.method")
    parts = [first(fields, "event.action", "rule.name") or method or kind]
    parts += [f"by {actor}" if actor else "", f"on {thing}" if thing else "", f"from {src}" if src else ""]
    line = " ".join(filter(None, parts))
    status = first(fields, "http.response.status_code")
    return f"{line}: {status or ended}" if status or ended else line


def _event(document: Fields, text: str, clock: Clock) -> Event:
    fields = flat(document)
    stamp = clock.read(fields.get("@timestamp"))
    ended, level = _outcome(fields), _level(fields)
    kind = type_of(fields, ended, level)
    said = first(fields, "message", "event.original")
    src = ip_of(fields.get("source.ip")) or ip_of(fields.get("client.ip")) or ip_of(fields.get("source.address"))
    dst = ip_of(fields.get("destination.ip")) or ip_of(fields.get("server.ip"))
    actor_id, actor_name = first(fields, "user.id", "user.email", "user.name"), first(fields, "user.name")
    thing, thing_type = _object(fields, kind.partition(".")[0])
    created = clock.read(fields.get("event.created")).at
    target = first(fields, "user.target.name", "user.target.id", "user.effective.name")
    event = Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=created if created != stamp.at else None,
        action=first(fields, "event.action", "http.request.method", "event.code"),
        outcome=ended,
        severity=level,
        actor_id=actor_id,
        actor_name=actor_name if actor_name != actor_id else first(fields, "user.full_name"),
        actor_type="user" if actor_id else "",
        subject_id=target,
        subject_type="user" if target else "",
        object_id=thing,
        object_type=thing_type,
        src_ip=src,
        dst_ip=dst,
        src_port=port_of(fields.get("source.port")) or port_of(fields.get("client.port")),
        dst_port=port_of(fields.get("destination.port")) or port_of(fields.get("server.port")),
        protocol=first(fields, "network.transport", "network.protocol"),
        device_id=first(fields, "host.id"),
        device_name=first(fields, "host.name"),
        device_type="host" if first(fields, "host.id", "host.name") else "",
        host=first(fields, "host.hostname", "host.name", "agent.hostname", "agent.name"),
        session=first(fields, "session.id", "user.session.id"),
        trace_id=first(fields, "trace.id", "transaction.id", "http.request.id"),
        message=" ".join(said.split()) or first(fields, "error.message") or _composed(
            fields, actor_name or actor_id, thing, src, ended, kind
        ),
        tags=(*tags_of(fields.get("tags")), *((stamp.tag,) if stamp.tag else ())),
        attributes=text,
        keys=keys_of(_keys(fields)),
    )  # fmt: skip
    if kind not in _UNTOLD:
        return event
    inner = carried_event(fields, said, clock)
    return event if inner is None else _around(inner, event, stamp)


_UNTOLD = frozenset(("log.line", "event.generic", "service.error"))
"""Types of documents that do not say what happened, so that what they carry is asked."""


def _around(inner: Event, event: Event, stamp: Stamp) -> Event:
    """The event a document carries, with what the document itself knows of it."""
    found = under(inner, stamp, event.attributes, host=event.host, trace=event.trace_id, keys=event.keys)
    return found._replace(
        observed_at=found.observed_at or event.observed_at,
        severity=max(found.severity, event.severity),
        device_id=found.device_id or event.device_id,
        device_name=found.device_name or event.device_name,
        device_type=found.device_type or event.device_type,
        message=event.message
        if "\n" not in event.message and len(event.message) > len(found.message)
        else found.message,
        tags=tuple(dict.fromkeys((*event.tags, *found.tags))),
    )


FORMAT = JsonRecords(
    name="ecs",
    version="1",
    source_name=None,
    mine=is_ecs,
    seen="documents in the Elastic Common Schema",
    read=_read,
    confidence=0.92,
)

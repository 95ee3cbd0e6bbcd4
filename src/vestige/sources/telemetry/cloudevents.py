"""CloudEvents 1.0 (and 0.3) in structured JSON mode, single or as a batch (an array).

Attributes::

    specversion, id, source, type       required; (source, id) is unique to an event: the key ``source#id``
    time, subject, datacontenttype, dataschema, data or data_base64, and extensions (traceparent among them)

``data`` of a shape a format here knows is read as that format would; else ``type`` says what happened, as far as it is
a word of the vocabulary or of :mod:`vestige.sources.reading.actions`, or ends in what was done to a thing
(``com.example.order.created``). ``time`` is when it happened; where the data states a time too, that one is.

References: cloudevents.io, "CloudEvents - Version 1.0.2", "JSON Event Format"; W3C Trace Context.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources.reading.actions import type_of_act
from vestige.sources.reading.fields import mapping, outcome_of, text_of
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.timefield import EXACT
from vestige.sources.telemetry.carried import known_object, said_events, under
from vestige.sources.telemetry.flat import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.{0,100}")
_ENDINGS = (
    ("auth.login_failed", r"(?:login|log[_-]?on|sign[_-]?in|authentication)s?[._-]?(?:fail\w*|denied|rejected)"),
    ("auth.logout", r"log[_-]?(?:out|off)|sign[_-]?out"),
    ("auth.login", r"log[_-]?[io]n|sign[_-]?in|logged[_-]?in"),
    ("account.created", r"(?:user|account|group|member)s?[._-](?:creat|add|register|sign\w*up)\w*"),
    ("account.deleted", r"(?:user|account|group|member)s?[._-](?:delet|remov)\w*"),
    ("account.changed", r"(?:user|account|group|member)s?[._-](?:updat|chang|modif)\w*"),
    ("deploy.failed", r"(?:deploy|rollout|release)\w*[._-](?:fail)\w*"),
    ("deploy.rolled_back", r"(?:deploy|rollout|release)\w*[._-](?:roll\w*back)\w*"),
    ("deploy.completed", r"(?:deploy|rollout|release)\w*[._-](?:complet|succe|finish|publish)\w*"),
    ("deploy.started", r"(?:deploy|rollout|release)\w*[._-](?:start|creat|queue)\w*"),
    ("payment.refused", r"(?:payment|charge)s?[._-](?:fail|declin|refus)\w*"),
    ("payment.made", r"(?:payment|charge)s?[._-]\w+"),
    ("alert.raised", r"(?:alert|alarm|finding|detection|threat)\w*"),
    ("ci.run", r"(?:pipeline|build|workflow|job|check_?run|check_?suite|taskrun|pipelinerun)s?[._-]\w+"),
    ("code.pushed", r"(?:git[._-])?push\w*"),
    ("code.reviewed", r"pull_?request\w*|merge_?request\w*|change[._-](?:merg|review)\w*"),
    ("file.created", r"object[._-](?:finaliz|creat)\w*|blob_?created|file[._-]?creat\w*"),
    ("file.deleted", r"object[._-](?:delet|archiv)\w*|blob_?deleted|file[._-]?delet\w*"),
    ("service.error", r"\w*(?:error|crash|exception|fail(?:ed|ure)?)"),
    ("resource.created", r"(?:\w+[._-])?(?:creat(?:ed?|ion)|add(?:ed)?|register(?:ed)?|provision(?:ed)?|opened)"),
    ("resource.deleted", r"(?:\w+[._-])?(?:delet(?:ed?|ion)|remov(?:ed?|al)|destroy(?:ed)?)"),
    ("resource.changed", r"(?:\w+[._-])?(?:updat(?:ed?)|chang(?:ed?)|modif(?:y|ied)|edited|renamed|closed|resolved)"),
    ("resource.read", r"(?:\w+[._-])?(?:read|accessed|viewed|listed|queried)"),
)  # fmt: skip
_BY_ENDING = tuple(
    (kind, re.compile(rf"(?:.{{0,200}}[./:_-])?(?:{rule})(?:[./]v\d+)?", re.IGNORECASE)) for kind, rule in _ENDINGS
)


def is_cloudevent(record: Mapping[str, object]) -> bool:
    """Whether an object is a CloudEvent."""
    return "specversion" in record and all(isinstance(record.get(name), str) for name in ("id", "source", "type"))


def kind_of(name: str, ended: str) -> str:
    """The event type a CloudEvent's type tells, or empty."""
    if name in VOCABULARY:
        return name
    known = type_of_act(name, ended)
    if known or len(name) > 300:
        return known
    return next((kind for kind, rule in _BY_ENDING if rule.fullmatch(name)), "")


def _data(record: Mapping[str, object]) -> tuple[dict[str, object] | None, str]:
    """The data as an object, or as text."""
    data = record.get("data")
    if isinstance(data, dict):
        return data, ""
    if isinstance(data, str):
        return None, data
    packed = record.get("data_base64")
    if isinstance(packed, str) and len(packed) < 1 << 20:
        try:
            return None, base64.b64decode(packed, validate=True).decode()
        except (binascii.Error, ValueError):
            return None, ""
    return None, ""


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    if not is_cloudevent(record):
        return Unparsed("no CloudEvent: specversion, id, source or type is missing")
    stamp = clock.read(record.get("time"))
    source, name = text_of(record["source"]), text_of(record["type"])
    keys = (("custom", f"{source}#{text_of(record['id'])}"),)
    trace = _TRACE.fullmatch(text_of(record.get("traceparent")))
    trace_id = trace[1] if trace is not None else ""
    data, said = _data(record)
    if data is None and said.startswith("{"):
        try:
            inner = orjson.loads(said)
        except ValueError:
            inner = None
        data = inner if isinstance(inner, dict) else None
    if data is not None:
        events = known_object(data, json_text(data), clock)
        if events:
            found = tuple(under(event, stamp, text, trace=trace_id, keys=keys) for event in events)
            return found[0] if len(found) == 1 else found
    event = _of_type(record, data or {}, name, source, text, stamp, clock)
    if event.event_type == "event.generic" and said and data is None:
        (event,) = said_events(said, record, clock)[:1]
        event = event._replace(action=event.action or name)
    return under(event, stamp, text, trace=trace_id, keys=keys)


def _of_type(
    record: Mapping[str, object],
    data: dict[str, object],
    name: str,
    source: str,
    text: str,
    stamp: Stamp,
    clock: Clock,
) -> Event:
    """An event by its CloudEvents type; who and what by the names of the data's fields."""
    roles = roles_of(data)
    ended = outcome_of(roles.get("outcome"))
    kind = kind_of(name, ended)
    if not ended and kind in {"auth.login_failed", "deploy.failed", "payment.refused", "service.error"}:
        ended = "failure"
    inner = clock.find(data)
    event = generic_event(roles, text, inner if inner.at is not None and inner.quality == EXACT else stamp, clock, kind)
    subject = text_of(record.get("subject"))
    about = subject or event.object_id or text_of(mapping(data).get("name"))
    who = event.actor_name or event.actor_id
    told = " ".join(filter(None, (name, about, f"by {who}" if who else "", "from", source)))
    return event._replace(
        event_type=kind or event.event_type,
        action=name,
        outcome=ended or event.outcome,
        object_id=about,
        message=event.message if "message" in roles else told,
    )


FORMAT = JsonRecords(
    name="cloudevents",
    version="1",
    source_name=None,
    mine=is_cloudevent,
    seen="CloudEvents (specversion, id, source, type)",
    read=_read,
    confidence=0.96,
    media_type="application/cloudevents+json",
)

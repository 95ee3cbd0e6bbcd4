"""Okta System Log: what ``/api/v1/logs`` and log streams give, one object an event, also with folded names.

Fields used (LogEvent)::

    published, uuid, eventType, legacyEventType, displayMessage, severity, outcome.{result,reason}
    actor.{id,alternateId,displayName,type}          the id is the actor, the sign-in name its readable name
    target[].{id,alternateId,displayName,type}       the first user or group is the subject, the first other the object
    client.{ipAddress,device,userAgent}, request.ipChain[].ip
    authenticationContext.{externalSessionId,rootSessionId}, transaction.id
    debugContext.debugData.{dtHash,deviceFingerprint,requestId,tunnels,threatSuspected}

A challenge (``outcome.result`` CHALLENGE) is neither success nor failure; ALLOW and DENY are. A user id of ``unknown``
is nobody's. References: developer.okta.com "System Log API" and "Event types".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.acts import kind_by_words, table, with_outcome
from vestige.sources.cloud.audit import (
    aliases,
    dig,
    first,
    first_ip,
    first_time,
    has,
    items,
    paths,
    sentence,
    tags_with,
)
from vestige.sources.reading.acts_okta import OKTA
from vestige.sources.reading.fields import keys_of, mapping, outcome_of, severity_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_KINDS = table(OKTA)
_ENDINGS = {"challenge": "unknown", "skipped": "unknown", "scheduled": "unknown", "unanswered": "failure",
            "abandoned": "failure", "rate_limit": "failure"}  # fmt: skip
_NOBODY = frozenset({"", "unknown", "null"})
_PEOPLE = frozenset({"User", "AppUser", "UserGroup", "Group", "Role", "CUSTOM_ROLE"})

_TYPE = paths("eventType")
_WHEN = paths("published")
_RESULT = paths("outcome.result")
_REASON = paths("outcome.reason")
_IP = paths("client.ipAddress request.ipChain.ip request.ipChain.geographicalContext.ip")
_DEBUG = paths("debugContext.debugData")[0]
_SESSION = paths("authenticationContext.externalSessionId authenticationContext.rootSessionId")
_ROOT = paths("authenticationContext.rootSessionId")
_DEVICE_ID = paths("device.id debugContext.debugData.deviceFingerprint")
_DEVICE_NAME = paths("device.name")
_DEVICE_TYPE = paths("client.device")


def _is_event(record: Mapping[str, object]) -> bool:
    kind = first(record, _TYPE)
    if "." not in kind:
        return False
    said = sum(has(record, name) for name in ("legacyEventType", "displayMessage", "published", "uuid", "outcome"))
    return said >= 2 or (said == 1 and has(mapping(dig(record, ("actor",))), "alternateId"))


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    action = first(record, _TYPE)
    if not action:
        return Unparsed("no Okta event: eventType is missing")
    stamp = first_time(record, _WHEN, clock)
    result = first(record, _RESULT)
    outcome = _ENDINGS.get(result.lower(), "") or outcome_of(result)
    kind = with_outcome(_KINDS.get(action) or kind_by_words(action, "event.generic"), outcome)
    if action == "user.session.start" and outcome == "unknown":
        kind = "auth.mfa"
    actor_id, actor_name, actor_type, others = _party(mapping(dig(record, ("actor",))))
    subject, thing = _targets(dig(record, ("target",)))
    src_ip = first_ip(record, _IP)
    shown = text_of(dig(record, ("displayMessage",))) or action
    reason = first(record, _REASON)
    ending = f"{result.lower()} ({reason})" if result and reason else result.lower()
    debug = mapping(dig(record, _DEBUG))
    keys = [
        *others,
        *subject[3],
        ("session", _session(first(record, _ROOT))),
        ("device", text_of(debug.get("dtHash"))),
        ("custom", text_of(dig(record, ("uuid",)))),
        ("custom", text_of(debug.get("requestId"))),
        ("token", text_of(debug.get("authnRequestId"))),
    ]
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=action,
        outcome=outcome,
        severity=severity_of(dig(record, ("severity",))),
        actor_id=actor_id,
        actor_name=actor_name,
        actor_type=actor_type,
        subject_id=subject[0],
        subject_name=subject[1],
        subject_type=subject[2],
        object_id=thing[0],
        object_name=thing[1],
        object_type=thing[2],
        src_ip=src_ip,
        device_id=first(record, _DEVICE_ID),
        device_name=first(record, _DEVICE_NAME),
        device_type=first(record, _DEVICE_TYPE),
        session=_session(first(record, _SESSION)),
        trace_id=text_of(dig(record, ("transaction", "id"))),
        message=sentence(
            shown, actor_name or actor_id, thing[1] or thing[0] or subject[1] or subject[0], src_ip, ending
        ),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of(keys),
    )


def _session(text: str) -> str:
    """A session's id; Okta writes ``unknown`` where there is none yet, which is no session that events share."""
    return "" if text == "unknown" else text


def _party(party: Mapping[str, object]) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Id, readable name, type, and the other names of an actor or target."""
    who = text_of(dig(party, ("id",)))
    sign_in = text_of(dig(party, ("alternateId",)))
    shown = text_of(dig(party, ("displayName",)))
    who = "" if who in _NOBODY else who
    sign_in = "" if sign_in in _NOBODY else sign_in
    name = sign_in or shown
    return who or name, name, text_of(dig(party, ("type",))), aliases((sign_in,), who or name, name)


_NOTHING: tuple[str, str, str, list[tuple[str, str]]] = ("", "", "", [])


def _targets(
    value: object,
) -> tuple[tuple[str, str, str, list[tuple[str, str]]], tuple[str, str, str, list[tuple[str, str]]]]:
    """The first person or group among the targets, and the first other thing."""
    found = [_party(item) for item in items(value) if isinstance(item, dict)]
    subject = next((each for each in found if each[2] in _PEOPLE), _NOTHING)
    return subject, next((each for each in found if each[2] not in _PEOPLE), _NOTHING)


FORMAT = JsonRecords(
    name="okta",
    version="2",
    source_name="okta",
    mine=_is_event,
    seen="Okta System Log events",
    read=_read,
    begins=lambda head: b'"eventType"' in head and b'"legacyEventType"' in head,
)

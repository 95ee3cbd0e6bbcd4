"""Events of the declared timeline: what ``POST /timeline/events`` takes and ``/timeline/export`` gives.

Fields::

    event_id                a ULID of the producer's own, kept
    timestamp               RFC 3339: when it happened
    category, kind          a group (scanner) and a name (scan.completed); a name may stand in ``category`` alone
    severity, outcome       as in every declared event
    subject, actor          an id, or an object of id, name, type
    trace_id, message, tags
    digests                 a list of ``algorithm:hex``, or an object of hex by algorithm
    supersedes              the event_id this one withdraws (also in ``details``)
    refs                    the event_ids this one is about: an ``ack`` names what it acknowledges (also in ``details``)
    details                 an object of the producer's own

The kind is the event's type. A group that is not the kind's own category is the tag ``category:<group>``. Correlation
keys are the ids (its own, and those it supersedes or refers to), every digest (as bare lower-case hex), ``rekor_uuid``
and the id of a WORM vault, wherever in ``details`` they stand: so two events that name one thing have a key in common.

References: the event model of ``docs/declared-timeline.md``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.model.event import Event
from vestige.model.ids import is_ulid
from vestige.model.vocabulary import category_of, is_reserved
from vestige.sources.reading.fields import keys_of, mapping, outcome_of, severity_of, tags_of, text_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import NO_STAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

NAME: Final = "timeline"
GROUP_TAG: Final = "category:"
"""Before the name of a group in a tag."""
MOST_KEYS: Final = 200
"""Keys of one event."""
DEPTH: Final = 8
"""Objects within ``details`` that are looked into for keys."""
_HEX: Final = re.compile(r"(?:[A-Za-z0-9_-]{1,20}:)?([0-9A-Fa-f]{32,128})")
_DIGEST: Final = re.compile(r"(?:.*(?:digest|sha\d{1,3}|blake3))", re.IGNORECASE)
NAMED: Final = frozenset({"rekoruuid", "wormvaultid", "vaultid"})
"""Fields of ``details`` whose value names a thing that other events name too, without case and underscores."""


def folded(name: str) -> str:
    """A field's name as :data:`NAMED` has it."""
    return name.replace("_", "").replace("-", "").lower()


def bare_digest(value: object) -> str:
    """The hex of a digest, in small letters and without its algorithm; empty if it is none."""
    found = _HEX.fullmatch(value) if isinstance(value, str) else None
    return found[1].lower() if found is not None else ""


def digests_of(record: Mapping[str, object]) -> list[str]:
    """The digests an event states at its top, as ``algorithm:hex`` where the algorithm is told."""
    given = record.get("digests")
    if isinstance(given, dict):
        return [f"{name}:{value}" if ":" not in value else value for name, value in given.items() if type(value) is str]
    if isinstance(given, list):
        return [value for value in given if type(value) is str]
    return [given] if type(given) is str else []


def ids_in(record: Mapping[str, object], name: str) -> list[str]:
    """The event ids under a name, at the top or in ``details``: one, or a list."""
    found: list[str] = []
    for place in (record, mapping(record.get("details"))):
        given = place.get(name)
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, str) and is_ulid(one.upper()) and one.upper() not in found:
                found.append(one.upper())
    return found


def kind_of(record: Mapping[str, object]) -> str:
    """The kind of an event: ``kind``, else what stands in ``category``."""
    return text_of(record.get("kind")).strip() or text_of(record.get("category")).strip()


def is_timeline_event(record: Mapping[str, object]) -> bool:
    """Whether an object is an event of the declared timeline."""
    return (
        all(type(record.get(name)) is str for name in ("timestamp", "category"))
        and type(record.get("details")) is dict
        and ("kind" in record or "event_id" in record)
    )


def named_in(details: Mapping[str, object], depth: int = DEPTH) -> Iterator[tuple[str, str, str]]:
    """What ``details`` names that others may name too: the kind of key, the field, the value."""
    for name, value in details.items():
        if isinstance(value, dict):
            if depth:
                yield from named_in(value, depth - 1)
        elif folded(name) in NAMED and isinstance(value, str) and value:
            yield "custom", name, value
        elif _DIGEST.fullmatch(name) is not None and bare_digest(value):
            yield "hash", name, bare_digest(value)


def _keys(record: Mapping[str, object], subject: str) -> list[tuple[str, str]]:
    own = text_of(record.get("event_id")).upper()
    pairs = [("custom", own)] if is_ulid(own) else []
    pairs += [("custom", one) for name in ("supersedes", "refs") for one in ids_in(record, name)]
    pairs += [("hash", found) for one in [subject, *digests_of(record)] if (found := bare_digest(one))]
    for kind, _, value in named_in(mapping(record.get("details"))):
        if len(pairs) >= MOST_KEYS:
            break
        pairs.append((kind, value))
    return pairs[:MOST_KEYS]


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind = kind_of(record)
    if not kind or is_reserved(kind):
        kind = "event.generic"
    when = record.get("timestamp")
    at, time_text, quality, tag = NO_STAMP if when is None else clock.read(when)
    subject = _party(record.get("subject"))
    actor = _party(record.get("actor"))
    group = text_of(record.get("category")).strip()
    tags = tags_of(record.get("tags")) if record.get("tags") else ()
    if group and group not in {kind, category_of(kind)}:
        tags = (*tags, GROUP_TAG + group)
    severity, outcome = record.get("severity"), record.get("outcome")
    told = text_of(record.get("message")) or " ".join(filter(None, (kind, subject[1] or subject[0])))
    return Event(
        event_type=kind,
        occurred_at=at,
        time_text=time_text,
        time_quality=quality,
        outcome=outcome_of(outcome) if outcome is not None else "",
        severity=severity_of(severity) if severity is not None else 0,
        actor_id=actor[0],
        actor_name=actor[1],
        actor_type=actor[2],
        subject_id=subject[0],
        subject_name=subject[1],
        subject_type=subject[2],
        trace_id=text_of(record.get("trace_id")),
        message=told,
        tags=(*tags, tag) if tag else tags,
        attributes=text,
        keys=keys_of(_keys(record, subject[0])),
    )


def _party(value: object) -> tuple[str, str, str]:
    if isinstance(value, dict):
        return text_of(value.get("id")), text_of(value.get("name")), text_of(value.get("type"))
    return ("", "", "") if value is None else (text_of(value), "", "")


FORMAT = JsonRecords(
    name=NAME,
    version="1",
    source_name=NAME,
    mine=is_timeline_event,
    seen="events of the declared timeline (timestamp, category, details)",
    read=_read,
    confidence=0.94,
)

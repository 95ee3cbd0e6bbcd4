"""What is left of an event whose record is redacted, wholly or in some fields, on its way to the index.

The index, and with it every list, count, facet, key, entity, chain and export, is computed from what is left here. So a
value that is hidden is found by nobody, also where it stands a second time: in the message, among the original fields,
as a key. Hiding a field takes its value out of all of them. The record in the ledger is as it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.event import Event
from vestige.model.instant import TimeQuality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.ledger.remarks import Redaction

HIDDEN: Final = "[redacted]"
"""Stands in texts where a hidden value stood."""
REDACTED_TYPE: Final = "record.redacted"
ATTRIBUTES: Final = "attributes"
_WORD: Final = 4
"""Shorter values are taken out of texts only where they stand as a word: or an "a" would blacken everything."""
_PARTIES: Final = {
    "actor": ("actor_id", "actor_name", "actor_type"),
    "subject": ("subject_id", "subject_name", "subject_type"),
    "object": ("object_id", "object_name", "object_type"),
    "network": ("src_ip", "dst_ip", "src_port", "dst_port", "protocol"),
    "device": ("device_id", "device_name", "device_type", "host"),
}
FIELDS: Final = {
    **_PARTIES,
    **{
        f"{party}.{'hostname' if column == 'host' else column.removeprefix(f'{party}_')}": (column,)
        for party, columns in _PARTIES.items()
        for column in columns
    },
    **{name: (name,) for name in ("action", "outcome", "session", "trace_id", "message", "tags", "keys")},
    "occurred_at": ("occurred_at", "observed_at", "time_text"),
    "observed_at": ("observed_at",),
    "event_type": ("event_type",),
}
"""What can be hidden, as events show it, and its columns; ``attributes`` and ``attributes.<path>`` beside."""
_EMPTY: Final = Event("event.generic")
_TEXTS: Final = tuple(
    name
    for name in Event._fields
    if isinstance(getattr(_EMPTY, name), str) and name not in {"event_type", "time_quality", "outcome", "attributes"}
)
_KINDS: Final = frozenset(
    {"actor_type", "subject_type", "object_type", "device_type", "protocol", "outcome", "event_type"}
)
"""Columns of words that say a kind and identify nobody: they are hidden, and not looked for elsewhere."""


def is_field(name: str) -> bool:
    """Whether something of that name can be hidden."""
    return (
        name in FIELDS or name == ATTRIBUTES or (name.startswith(f"{ATTRIBUTES}.") and len(name) > len(ATTRIBUTES) + 1)
    )


def mask(event: Event, redactions: Sequence[Redaction]) -> Event:
    """The event without what the redactions hide."""
    fields = sorted({name for one in redactions for name in one.fields})
    if any(not one.fields for one in redactions):
        return withheld(event)
    columns = {column for name in fields for column in FIELDS.get(name, ())}
    attributes = _loads(event.attributes)
    secrets: set[str] = set()
    for column in columns - _KINDS:
        secrets |= set(_leaves(getattr(event, column)))
    for name in fields:
        if name == ATTRIBUTES:
            attributes = {}
        elif name.startswith(f"{ATTRIBUTES}."):
            secrets |= set(_cut(attributes, name.removeprefix(f"{ATTRIBUTES}.")))
    event = event._replace(**{column: getattr(_EMPTY, column) for column in columns})
    if "occurred_at" in columns:
        event = event._replace(time_quality=TimeQuality.MISSING)
    return _scrubbed(event, attributes, secrets)


def withheld(event: Event) -> Event:
    """What is left of an event of which everything is hidden: that it is there, and when it happened."""
    return Event(
        REDACTED_TYPE,
        occurred_at=event.occurred_at,
        time_quality=event.time_quality,
        observed_at=event.observed_at,
        message="the record is redacted",
    )


def _loads(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}  # cannot be cut, so nothing of it is shown
    return found if isinstance(found, dict) else {}


def _cut(attributes: dict[str, Any], path: str) -> list[str]:
    """Take out what stands at a path, the field of exactly that name before the nested one; its texts."""
    inner: Any = attributes
    names = [path] if path in attributes else path.split(".")
    for name in names[:-1]:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or names[-1] not in inner:
        return []
    found = list(_leaves(inner[names[-1]]))
    inner[names[-1]] = HIDDEN
    return found


def _leaves(value: object) -> Iterable[str]:
    """The texts a value is made of; numbers as they are written, none of no value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value:
        yield str(value)


def _scrubbed(event: Event, attributes: dict[str, Any], secrets: set[str]) -> Event:
    """The event with hidden values taken out wherever else they stand."""
    wanted = sorted(secrets, key=len, reverse=True)
    if not wanted:
        return event._replace(attributes=orjson.dumps(attributes).decode())
    pattern = re.compile("|".join(map(_pattern, wanted)), re.IGNORECASE)
    whole = {one.casefold() for one in wanted}
    changed: dict[str, Any] = {}
    for column in _TEXTS:
        text = getattr(event, column)
        if text and pattern.search(text):
            # A column holds one value: a part of it would make another.
            changed[column] = pattern.sub(HIDDEN, text) if column == "message" else ""
    for column in ("src_port", "dst_port"):
        if str(getattr(event, column)) in whole:
            changed[column] = 0
    tags = tuple(tag for tag in event.tags if not pattern.search(tag))
    keys = tuple((kind, text) for kind, text in event.keys if not _within(pattern, whole, text))
    walked = _walk(attributes, pattern, whole)
    return event._replace(**changed, tags=tags, keys=keys, attributes=orjson.dumps(walked).decode())


def _pattern(secret: str) -> str:
    escaped = re.escape(secret)
    return escaped if len(secret) >= _WORD else rf"(?<!\w){escaped}(?!\w)"


def _within(pattern: re.Pattern[str], whole: set[str], key: str) -> bool:
    """Whether a key holds a hidden value or is a part of one, as an address is of a name with its domain."""
    folded = key.casefold()
    return bool(pattern.search(key)) or (len(folded) >= _WORD and any(folded in one for one in whole))


def _walk(value: Any, pattern: re.Pattern[str], whole: set[str]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {pattern.sub(HIDDEN, name): _walk(inner, pattern, whole) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, pattern, whole) for inner in value]
    if isinstance(value, str):
        return pattern.sub(HIDDEN, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) in whole:
        return HIDDEN
    return value

"""JSON events of any kind: one object a line, an array, an object around an array, or pretty-printed.

Two readings, told apart per record:

**Declared events**, the shape of ``POST /v1/ingest/events`` (``docs/http.md``): ``event_type`` with
``occurred_at`` or a type of the published vocabulary. Fields map one to one::

    event_type, occurred_at, observed_at, action, outcome, severity, message, tags[], trace_id
    actor|subject|object {id, name, type}, or just the id as text
    network {src_ip, dst_ip, src_port, dst_port, protocol}
    device {id|device_id, name|device_name, type|device_type, hostname}
    session: id, or {id}
    keys {kind: value or [values]}; token, access_token, commit: keys too

A name of the reserved categories ``vestige`` and ``record`` is no type: only this installation speaks in them. A stream
of ``POST /v1/ingest/events`` is one of declared events whatever their type (``declared`` in its context); no field but
``occurred_at`` is then a time of occurrence. A name stated twice is refused there, where the sender is there to be
told; in a file the last value counts and nothing says so, since looking for it would cost an import of declared
events a tenth of its speed. The attributes keep both.

**Any other object**: fields by the names in :mod:`vestige.sources.reading.names`, the time by name, then by shape
(:mod:`vestige.sources.reading.timefield`), the rest by :mod:`vestige.sources.reading.generic`. A name stated twice is
tagged ``json:duplicate_keys``.

References: RFC 8259 (JSON), ndjson.org, the Elastic Common Schema, OpenTelemetry log data model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Event, KeyKind, Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY, is_reserved
from vestige.sources.contract import Detection
from vestige.sources.general.declared_columns import read_declared
from vestige.sources.reading.exact_times import exact_utc
from vestige.sources.reading.fields import (
    REPLACED,
    ip_of,
    keys_of,
    make_event,
    mapping,
    outcome_of,
    port_of,
    severity_of,
    tags_of,
    text_of,
)
from vestige.sources.reading.generic import generic_event
from vestige.sources.reading.json_read import (
    DECLARED,
    LARGE,
    REPEATED,
    numbers_as_written,
    read_object,
    repeats_a_key,
    with_exact_numbers,
)
from vestige.sources.reading.json_shape import DOCUMENT, shape_of, split_json
from vestige.sources.reading.names import roles_of
from vestige.sources.reading.timefield import EXACT, NO_STAMP, Clock, clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample

_KINDS = {str(kind) for kind in KeyKind}
_EXTRA_KEYS = {
    "token": "token",
    "access_token": "token",
    "commit": "commit",
    "sha256": "hash",
    "session_id": "session",
    "keys": "",
}
_NO_EXTRA = frozenset(_EXTRA_KEYS).isdisjoint


class JsonFormat:
    """See the module."""

    name = "json"
    version = "1"
    media_type = "application/json"
    rendered = False
    source_name: str | None = None

    def detect(self, sample: Sample) -> Detection | None:
        """JSON objects, whatever they say; surer where they are declared events."""
        shape = shape_of(sample)
        if shape is None:
            return None
        total = len(shape.objects) + shape.bad
        if total and shape.bad * 2 > total:
            return None
        where = "elements of a JSON document" if shape.layout == DOCUMENT else "JSON lines"
        declared = sum(1 for record in shape.objects if is_declared(record))
        if shape.objects and declared * 2 > len(shape.objects):
            return Detection(0.9, f"{where} with event_type and occurred_at", extra=shape.extra())
        if not shape.objects:
            return Detection(0.3, "begins like JSON", extra=shape.extra())
        return Detection(0.5, where, extra=shape.extra())

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """By the layout found at detection."""
        return split_json(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per object."""
        clock = clock_for(context)
        if context.hint(DECLARED):
            return [_read_declared(payload, clock) for payload in payloads]
        return [_read(payload, clock) for payload in payloads]

    def read_columns(self, payloads: Sequence[bytes], context: Context) -> pa.RecordBatch | None:
        """Declared events of the usual kind."""
        del context  # no time that is read by column needs a zone or a year
        return read_declared(payloads)


def _read_declared(payload: bytes, clock: Clock) -> Reading:
    """An event of a sender who was told what it is: a type of its own, and no time but ``occurred_at``."""
    read = read_object(payload)
    if isinstance(read, Unparsed | Skipped):
        return read
    record, text, changed = read
    if type(record.get("event_type")) is not str:
        event = generic_event(roles_of(record), text, clock.find(record), clock)
    else:
        event = declared_event(record, text, clock, alone=True)
    return event._replace(tags=(*event.tags, REPLACED)) if changed else event


def _read(payload: bytes, clock: Clock) -> Reading:
    if len(payload) < LARGE:
        try:
            record, text = orjson.loads(payload), payload.decode()
        except ValueError:
            return _read_with_care(payload, clock)
        if type(record) is dict:
            kind = record.get("event_type")
            if type(kind) is str and kind and ("occurred_at" in record or kind in VOCABULARY) and not is_reserved(kind):
                return declared_event(record, text if text[-1] == "}" else text.strip(), clock)
            event = _any(payload, with_exact_numbers(payload, record), text.strip(), clock)
            return event._replace(tags=(*event.tags, REPEATED)) if repeats_a_key(payload, record) else event
    return _read_with_care(payload, clock)


def _read_with_care(payload: bytes, clock: Clock) -> Reading:
    """A record that is large, or no object, or not readable as it stands."""
    read = read_object(payload)
    if isinstance(read, Unparsed | Skipped):
        return read
    record, text, changed = read
    event = declared_event(record, text, clock) if is_declared(record) else _any(payload, record, text, clock)
    return event._replace(tags=(*event.tags, REPLACED)) if changed else event


def _any(payload: bytes, record: dict[str, object], text: str, clock: Clock) -> Event:
    """An event of any object; the text of its time as it is written."""
    stamp = clock.find(record)
    if stamp.at is None and "e" in stamp.text:
        stamp = clock.find(numbers_as_written(payload, record))
    return generic_event(roles_of(record), text, stamp, clock)


def is_declared(record: Mapping[str, object]) -> bool:
    """Whether an object is an event of our own shape."""
    kind = record.get("event_type")
    return (
        type(kind) is str and kind != "" and ("occurred_at" in record or kind in VOCABULARY) and not is_reserved(kind)
    )


def declared_event(record: dict[str, object], text: str, clock: Clock, *, alone: bool = False) -> Event:
    """An event of our own shape, field by field.

    Every import of declared events runs through here once per record: what is nearly always text is taken as text
    and looked at once, by joining it all, which fails if anything is not.

    Args:
        record: the object.
        text: its text.
        clock: for its times.
        alone: whether ``occurred_at`` is the only field that may say when it happened.
    """
    get = record.get
    when = get("occurred_at")
    at = exact_utc(when) if type(when) is str else None
    if at is not None:
        time_text, quality, tag = when, EXACT, ""
    else:
        at, time_text, quality, tag = (
            clock.read(when) if when is not None else NO_STAMP if alone else clock.find(record)
        )
    actor_id, actor_name, actor_type = _party(get("actor"))
    subject_id, subject_name, subject_type = _party(get("subject"))
    object_id, object_name, object_type = _party(get("object"))
    src_ip, dst_ip, src_port, dst_port, protocol = _network(get("network"))
    device_id, device_name, device_type, host = _device(get("device"))
    action, trace, message = get("action", ""), get("trace_id", ""), get("message", "")
    session = get("session", "")
    if type(session) is dict:
        session = session.get("id", "")
    texts = (
        action, actor_id, actor_name, actor_type, subject_id, subject_name, subject_type, object_id, object_name,
        object_type, protocol, device_id, device_name, device_type, host, session, trace,
    )  # fmt: skip
    try:
        "".join(texts)  # type: ignore[arg-type]
    except TypeError:
        (
            action, actor_id, actor_name, actor_type, subject_id, subject_name, subject_type, object_id, object_name,
            object_type, protocol, device_id, device_name, device_type, host, session, trace,
        ) = map(text_of, texts)  # fmt: skip
    outcome, severity, seen, tags = get("outcome"), get("severity"), get("observed_at"), get("tags")
    words = tags_of(tags) if tags else ()
    return make_event((
        record["event_type"], at, time_text, quality, None if seen is None else clock.read(seen).at, action,
        outcome_of(outcome) if outcome is not None else "",
        severity_of(severity) if severity is not None else 0,
        actor_id, actor_name, actor_type, subject_id, subject_name, subject_type, object_id, object_name, object_type,
        src_ip, dst_ip, src_port, dst_port, protocol, device_id, device_name, device_type, host, session, trace,
        message if type(message) is str else text_of(message),
        (*words, tag) if tag else words,
        text,
        () if _NO_EXTRA(record) else _declared_keys(record),
    ))  # fmt: skip


_NOBODY = ("", "", "")
_NO_NETWORK = ("", "", 0, 0, "")
_NO_DEVICE = ("", "", "", "")


def _network(value: object) -> tuple[str, str, int, int, object]:
    if type(value) is not dict:
        return _NO_NETWORK
    get = value.get
    src, dst, src_port, dst_port = get("src_ip"), get("dst_ip"), get("src_port"), get("dst_port")
    return (
        "" if src is None else ip_of(src),
        "" if dst is None else ip_of(dst),
        0 if src_port is None else port_of(src_port),
        0 if dst_port is None else port_of(dst_port),
        get("protocol", ""),
    )


def _device(value: object) -> tuple[object, object, object, object]:
    if type(value) is not dict:
        return _NO_DEVICE if value is None else (value, "", "", "")
    get = value.get
    return (
        get("id") or get("device_id", ""),
        get("name") or get("device_name", ""),
        get("type") or get("device_type", ""),
        get("hostname", ""),
    )


def _party(value: object) -> tuple[object, object, object]:
    """Id, name and type of an actor, subject or object; text alone is an id."""
    if type(value) is dict:
        get = value.get
        return get("id", ""), get("name", ""), get("type", "")
    return _NOBODY if value is None else (value, "", "")


def _declared_keys(record: dict[str, object]) -> tuple[tuple[str, str], ...]:
    pairs = [(kind, text_of(record[name])) for name, kind in _EXTRA_KEYS.items() if kind and name in record]
    for kind, value in mapping(record.get("keys")).items():
        known = kind if kind in _KINDS else str(KeyKind.CUSTOM)
        pairs += [(known, text_of(item)) for item in (value if isinstance(value, list) else [value])]
    return keys_of(pairs)


FORMAT = JsonFormat()

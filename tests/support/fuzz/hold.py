"""What must hold of every parser on any input. A breach is an AssertionError that says which."""

from __future__ import annotations

import io
import ipaddress
from collections import Counter
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, KeyKind, Outcome, Record, Severity, Skipped, Unparsed
from vestige.model.instant import TimeQuality
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, Turn, detect

if TYPE_CHECKING:
    from vestige.sources import Format

RECEIVED = 1_764_000_000_000_000_000
_HEADERS = ((), ("message", "datetime", "timestamp_desc", "x"), ("time", 'a "b"', "", "ip"))
_ZONES = ("UTC", "Asia/Kolkata", "-02:00")
_INT64 = range(-(2**63), 2**63)


def hold(form: Format, data: bytes, number: int) -> Counter[str]:
    """Detect, cut and read an input with one format, every eighth by the format that recognises it.

    Returns:
        How many records became what.

    Raises:
        AssertionError: something that must hold does not. Any other exception is a breach as well.
    """
    sample = Sample("member", data[:65536], complete=len(data) <= 65536)
    context = Context(
        received_at=RECEIVED, header=_HEADERS[number % 3], zone=_ZONES[number // 3 % 3],
        year_before=RECEIVED if number % 2 else None,
    )  # fmt: skip
    if number % 8 == 7:
        choice = detect(sample)
        assert choice.why, "a choice without a reason"
        form = choice.format or form
    detection = form.detect(sample)
    if detection is not None:
        assert 0 <= detection.confidence <= 1, f"confidence {detection.confidence}"
        assert detection.why, "recognised without a reason"
        context = detection.apply(context)
    counts: Counter[str] = Counter()
    at = -1 if form.rendered else 0
    seen = 0
    for item in form.split(io.BytesIO(data), context=context):
        if isinstance(item, Turn):
            context = item.context
            continue
        at = _cut(form, data, item, at, seen)
        seen += len(item)
        readings = form.parse([record.payload for record in item], context)
        assert len(readings) == len(item), f"{len(item)} records, {len(readings)} readings"
        for reading in readings:
            counts[_reading(reading, form)] += 1
    return counts


def _cut(form: Format, data: bytes, records: list[Record], at: int, seen: int) -> int:
    """Records are exact slices in order, or renderings with places in rising order; the place reached."""
    for place, record in enumerate(records):
        assert record.number == seen + place, f"record {seen + place} is numbered {record.number}"
        assert record.payload, "an empty record"
        if form.rendered:
            assert at < record.offset <= len(data), f"a record at {record.offset} after one at {at}"
            assert isinstance(orjson.loads(record.payload), dict), "a rendering that is no JSON object"
            at = record.offset
        else:
            assert record.offset >= at, f"a record at {record.offset}, the one before ended at {at}"
            end = record.offset + len(record.payload)
            assert data[record.offset : end] == record.payload, f"a record at {record.offset} that is no slice"
            at = end
    return at


def _reading(reading: object, form: Format) -> str:
    if isinstance(reading, Unparsed | Skipped):
        assert reading.reason, "no reason"
        reading.reason.encode()
        return type(reading).__name__.lower()
    if isinstance(reading, Event):
        _event(reading, form)
        return "parsed"
    assert type(reading) is tuple, f"a {type(reading).__name__} for a reading"
    assert reading, "no event and no reason"
    for event in reading:
        _event(event, form)
    return "parsed"


DECLARING = frozenset({"json", "timeline", "mixed", "cloudevents", "splunk_hec"})
"""Formats that read declared events, or carry them."""


def _event(event: object, form: Format) -> None:
    assert isinstance(event, Event), f"a {type(event).__name__} for an event"
    # A declared event may bring a type of its own (docs/events.md).
    known = event.event_type in VOCABULARY or (form.name in DECLARING and event.event_type)
    assert known, f"type {event.event_type!r}"
    assert type(orjson.loads(event.attributes)) is dict, "attributes are no JSON object"
    assert event.time_quality in set(TimeQuality), f"time quality {event.time_quality!r}"
    assert (event.occurred_at is None) == (event.time_quality == TimeQuality.MISSING), "time and its quality differ"
    for time in (event.occurred_at, event.observed_at):
        assert time is None or (type(time) is int and time in _INT64), f"time {time!r}"
    assert event.outcome in set(Outcome), f"outcome {event.outcome!r}"
    assert type(event.severity) is not bool, "severity is a truth value"
    assert event.severity in set(Severity), f"severity {event.severity!r}"
    for port in (event.src_port, event.dst_port):
        assert type(port) is int, f"port {port!r}"
        assert 0 <= port < 65536, f"port {port!r}"
    for address in (event.src_ip, event.dst_ip):
        assert not address or str(ipaddress.ip_address(address)) == address, f"address {address!r}"
    for name, value in zip(Event._fields, event, strict=True):
        if name in _TEXTS:
            assert type(value) is str, f"{name} is {value!r}"
            value.encode()
    for tag in event.tags:
        tag.encode()
    for kind, value in event.keys:
        assert kind in set(KeyKind), f"key kind {kind!r}"
        assert value, f"an empty key of kind {kind}"
        value.encode()


_TEXTS = frozenset(name for name in Event._fields if name not in {
    "occurred_at", "observed_at", "severity", "src_port", "dst_port", "tags", "keys", "time_quality", "outcome",
})  # fmt: skip

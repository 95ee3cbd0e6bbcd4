from __future__ import annotations

import json
from typing import Any

import pytest

from vestige.ingest.declaration import fault_of

GOOD: dict[str, Any] = {
    "event_type": "acme.paid", "occurred_at": "2026-04-09T12:00:00.5+02:00", "observed_at": "2026-04-09T12:00:01Z",
    "action": "Pay", "outcome": "success", "severity": "High", "message": "a\nb\tc", "trace_id": "t",
    "actor": {"id": 7, "name": "Alice", "type": None}, "subject": "bob", "object": {}, "session": {"id": "s"},
    "network": {"src_ip": "fe80::1%eth0", "dst_ip": None, "src_port": 0, "dst_port": "443", "protocol": "tcp"},
    "device": {"device_id": "d", "hostname": "h"}, "tags": ["a"], "keys": {"commit": "c", "order": ["1", 2]},
    "bogus": {"any": [1, {"thing": None}]},
}  # fmt: skip
WRONG: list[tuple[str, Any]] = [
    ("event_type", "vestige.audit"),
    ("event_type", "Record.skipped"),
    ("event_type", "vestige"),
    ("event_type", "a\0b"),
    ("event_type", " "),
    ("event_type", "x" * 201),
    ("event_type", None),
    ("occurred_at", "2026-04-09"),
    ("occurred_at", "2026-04-09T12:00:00"),
    ("occurred_at", "2026-04-09T12:00Z"),
    ("occurred_at", "2026-02-30T12:00:00Z"),
    ("occurred_at", "2026-04-09T12:00:60Z"),
    ("occurred_at", "9999-12-31T23:59:59Z"),
    ("occurred_at", 1775736000),
    ("observed_at", "yesterday"),
    ("severity", "awful"),
    ("severity", 5),
    ("outcome", "maybe"),
    ("outcome", []),
    ("network.src_ip", "999.1.1.1"),
    ("network.dst_ip", 5),
    ("network.src_port", 99999),
    ("network.dst_port", -1),
    ("network.dst_port", True),
    ("network.protocol", {}),
    ("network", "10.0.0.1"),
    ("actor.id", []),
    ("actor", ["alice"]),
    ("actor.name", "a\0"),
    ("device.hostname", {}),
    ("message", 5),
    ("message", "a\0b"),
    ("action", "a\nb"),
    ("tags", ["a", 5]),
    ("tags", "a,b"),
    ("keys", ["a"]),
    ("keys.commit", [{}]),
]


def test_what_the_model_allows_is_no_fault_and_unknown_fields_are_none() -> None:
    assert fault_of(GOOD, json.dumps(GOOD).encode()) is None
    assert fault_of({"event_type": "z.z"}, b'{"event_type":"z.z"}') is None


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{field}={str(value)[:20]!r}" for field, value in WRONG])
def test_what_a_sender_can_mend_is_named(field: str, value: Any) -> None:
    event = json.loads(json.dumps(GOOD))
    outer, _, inner = field.partition(".")
    if inner:
        event[outer][inner] = value
    else:
        event[outer] = value
    fault = fault_of(event, json.dumps(event).encode())
    assert fault is not None
    assert fault.field == field
    assert len(fault.reason) < 250
    assert "\0" not in fault.reason


def test_a_name_stated_twice_is_a_fault() -> None:
    payload = b'{"event_type":"a.b","actor":{"id":"x","id":"y"}}'
    fault = fault_of(json.loads(payload), payload)
    assert fault is not None
    assert "twice" in fault.reason

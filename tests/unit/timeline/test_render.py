from __future__ import annotations

import orjson
import pytest

from vestige.index import EventRow
from vestige.model.event import Event
from vestige.timeline.render import render

ID = "01KAPX00000000000000000001"


def row(event: Event, *, sub: int = 0, status: str = "parsed") -> EventRow:
    return EventRow(7, sub, ID, 1_764_000_000_123_456_000, "aws.cloudtrail", "cloudtrail/1", status, "auth", event)


def test_a_full_event_has_the_public_shape() -> None:
    event = Event(
        event_type="auth.login_failed",
        occurred_at=1_764_000_000_000_000_001,
        time_text="then",
        time_quality="exact",
        observed_at=1_764_000_001_500_000_000,
        action="ConsoleLogin",
        outcome="failure",
        severity=2,
        actor_id="AIDA",
        actor_name="Alice",
        actor_type="user",
        subject_id="acct",
        object_name="console",
        src_ip="10.0.0.1",
        dst_port=443,
        protocol="tcp",
        device_id="dev",
        host="web-1",
        session="s",
        trace_id="t",
        message="m",
        tags=("vip",),
        attributes='{"a":{"b":[1,null]}}',
        keys=(("commit", "c0ffee"),),
    )
    assert render(row(event)) == {
        "id": ID,
        "seq": 7,
        "occurred_at": "2025-11-24T16:00:00.000000001Z",
        "time_text": "then",
        "time_quality": "exact",
        "observed_at": "2025-11-24T16:00:01.500Z",
        "received_at": "2025-11-24T16:00:00.123456Z",
        "event_type": "auth.login_failed",
        "category": "auth",
        "action": "ConsoleLogin",
        "outcome": "failure",
        "severity": "medium",
        "actor": {"id": "AIDA", "name": "Alice", "type": "user"},
        "subject": {"id": "acct"},
        "object": {"name": "console"},
        "network": {"src_ip": "10.0.0.1", "dst_port": 443, "protocol": "tcp"},
        "device": {"id": "dev", "hostname": "web-1"},
        "session": "s",
        "trace_id": "t",
        "source": "aws.cloudtrail",
        "message": "m",
        "tags": ["vip"],
        "attributes": {"a": {"b": [1, None]}},
        "keys": [
            {"kind": "identity", "value": "aida"},
            {"kind": "identity", "value": "alice"},
            {"kind": "ip", "value": "10.0.0.1"},
            {"kind": "host", "value": "web-1"},
            {"kind": "session", "value": "s"},
            {"kind": "device", "value": "dev"},
            {"kind": "commit", "value": "c0ffee"},
        ],
        "parser": "cloudtrail/1",
    }


def test_what_the_source_did_not_state_is_absent() -> None:
    assert render(row(Event("auth.login"), sub=2, status="unparsed")) == {
        "id": f"{ID}.2",
        "seq": 7,
        "status": "unparsed",
        "time_quality": "missing",
        "received_at": "2025-11-24T16:00:00.123456Z",
        "event_type": "auth.login",
        "category": "auth",
        "severity": "info",
        "source": "aws.cloudtrail",
        "parser": "cloudtrail/1",
    }


def test_attributes_that_are_no_object_are_shown_and_not_lost() -> None:
    assert render(row(Event("x.y", attributes="[1]")))["attributes"] == {"value": [1]}
    assert render(row(Event("x.y", attributes='{"a":NaN}')))["attributes"] == {"unreadable": '{"a":NaN}'}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("9007199254740993", "9007199254740993"),  # beyond 2^53
        ("18446744073709551615", "18446744073709551615"),  # the last of 64 bits
        ("18446744073709551616", '"18446744073709551616"'),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", '"-9223372036854775809"'),
        ("9" * 300, f'"{"9" * 300}"'),
        ('"18446744073709551616"', '"18446744073709551616"'),
        ("1.5", "1.5"),
    ],
)
def test_whole_numbers_come_back_as_they_were_written(written: str, shown: str) -> None:
    attributes = render(row(Event("x.y", attributes=f'{{"n":[{written}]}}')))["attributes"]
    assert orjson.dumps(attributes).decode() == f'{{"n":[{shown}]}}'

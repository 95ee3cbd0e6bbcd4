from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context
from vestige.sources.cloud.slack_events import FORMAT


def delivery(**event: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1764000001, "event": event}


def test_a_message_is_read_field_by_field() -> None:
    event = event_of(
        FORMAT, delivery(type="message", user="U1", channel="C1", text="hello there", event_ts="1764000000.000200")
    )
    assert event == Event(
        "message.sent",
        parse_rfc3339("2025-11-24T16:00:00.0002Z")[0],
        "1764000000.000200",
        "exact",
        action="message",
        actor_id="U1",
        actor_type="user",
        object_id="C1",
        object_type="channel",
        message="hello there",
        attributes=event.attributes,
        keys=(("custom", "Ev1"),),
    )


@pytest.mark.parametrize(
    ("event", "kind", "actor", "subject"),
    [
        ({"type": "team_join", "user": {"id": "U2", "name": "ann"}}, "account.created", "", "U2"),
        ({"type": "user_change", "user": {"id": "U2"}}, "account.changed", "", "U2"),
        ({"type": "member_joined_channel", "user": "U2", "inviter": "U1"}, "access.granted", "U2", "U1"),
        ({"type": "message", "subtype": "message_deleted", "channel": "C1"}, "resource.deleted", "", ""),
        ({"type": "message", "subtype": "bot_message", "bot_id": "B1", "text": "x"}, "message.sent", "B1", ""),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, "auth.token_revoked", "", ""),
        ({"type": "file_deleted", "file_id": "F1"}, "file.deleted", "", ""),
        ({"type": "some_new_event", "user": "U1"}, "event.generic", "U1", ""),
    ],
)  # fmt: skip
def test_kinds(event: dict[str, Any], kind: str, actor: str, subject: str) -> None:
    read = event_of(FORMAT, delivery(**event))
    assert (read.event_type, read.actor_id, read.subject_id) == (kind, actor, subject)
    assert read.occurred_at == parse_rfc3339("2025-11-24T16:00:01Z")[0]


def test_the_bot_is_told_from_a_person() -> None:
    assert event_of(FORMAT, delivery(type="message", bot_id="B1")).actor_type == "bot"
    assert event_of(FORMAT, delivery(type="message", bot_id="B1", user="U1")).actor_type == "user"


@pytest.mark.parametrize("event", [None, [], {}, {"type": 5}, {"type": ""}, {"type": "x", "user": [1], "channel": {}}])
def test_odd_deliveries_are_no_error(event: Any) -> None:
    record = delivery()
    record["event"] = event
    assert len(FORMAT.parse([json.dumps(record).encode()], Context(0))) == 1

"""What is left of an event of which something is hidden: nowhere in it does the hidden value stand any more."""

from __future__ import annotations

import json

import pytest

from vestige.ingest.masking import FIELDS, HIDDEN, REDACTED_TYPE, is_field, mask
from vestige.ledger.remarks import Redaction
from vestige.model.event import Event
from vestige.model.instant import TimeQuality

EVENT = Event(
    event_type="auth.login",
    occurred_at=5,
    time_text="1970-01-01T00:00:00.000000005Z",
    time_quality=TimeQuality.EXACT,
    actor_id="jordan.ember",
    actor_type="user",
    subject_name="Jordan.Ember",
    object_id="/home/jordan.ember/notes",
    src_ip="203.0.113.9",
    src_port=22,
    host="web-2",
    session="s-7",
    message="JORDAN.EMBER came from 203.0.113.9 port 22",
    tags=("vip:jordan.ember", "night"),
    attributes=json.dumps({"who": "jordan.ember", "port": 22, "deep": [{"jordan.ember": 1}], "rest": "kept"}),
    keys=(("identity", "jordan.ember"), ("identity", "jordan"), ("session", "s-7")),
)


def hide(*fields: str) -> Redaction:
    return Redaction("01R", "now", "ann", "privacy", fields)


def test_a_hidden_value_stands_nowhere_any_more() -> None:
    left = mask(EVENT, [hide("actor.id")])
    assert "jordan" not in repr(left).lower()
    assert (left.actor_id, left.subject_name, left.object_id) == ("", "", "")
    assert left.message == f"{HIDDEN} came from 203.0.113.9 port 22"
    assert json.loads(left.attributes) == {"who": HIDDEN, "port": 22, "deep": [{HIDDEN: 1}], "rest": "kept"}
    assert (left.keys, left.tags) == ((("session", "s-7"),), ("night",))
    assert (left.occurred_at, left.src_ip, left.session, left.actor_type) == (5, "203.0.113.9", "s-7", "user")


def test_a_field_of_the_original_hides_what_was_read_of_it() -> None:
    left = mask(EVENT, [hide("attributes.who")])
    assert "jordan" not in repr(left).lower()
    assert mask(EVENT, [hide("attributes.nothing")]).actor_id == "jordan.ember"
    assert mask(EVENT, [hide("attributes")]).attributes == "{}"


def test_numbers_and_short_values_are_found_as_words() -> None:
    left = mask(EVENT, [hide("network.src_port")])
    assert (left.src_port, json.loads(left.attributes)["port"]) == (0, HIDDEN)
    assert left.message.endswith(f"port {HIDDEN}")
    assert left.host == "web-2"
    short = EVENT._replace(session="s", message="so said s")
    assert mask(short, [hide("session")]).message == f"so said {HIDDEN}"


def test_a_whole_record_keeps_its_time_and_nothing_else() -> None:
    left = mask(EVENT, [hide("session"), hide()])
    assert left == Event(REDACTED_TYPE, occurred_at=5, time_quality=TimeQuality.EXACT, message="the record is redacted")


def test_a_hidden_time_is_no_time() -> None:
    left = mask(EVENT, [hide("occurred_at")])
    assert (left.occurred_at, left.observed_at, left.time_text) == (None, None, "")
    assert left.time_quality == TimeQuality.MISSING
    assert left.session == "s-7"


def test_attributes_that_cannot_be_read_are_not_shown() -> None:
    left = mask(EVENT._replace(attributes="{broken jordan.ember"), [hide("actor")])
    assert left.attributes == "{}"


@pytest.mark.parametrize("name", [*FIELDS, "attributes", "attributes.a.b"])
def test_what_can_be_hidden_is(name: str) -> None:
    assert is_field(name)
    assert isinstance(mask(EVENT, [hide(name)]), Event)


@pytest.mark.parametrize("name", ["", "severity", "id", "attributes.", "actor.", "seq", "attributesx"])
def test_what_cannot_be_hidden_is_no_field(name: str) -> None:
    assert not is_field(name)

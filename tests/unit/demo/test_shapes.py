from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.demo import menus
from vestige.demo.cast import INTRUDER_ADDRESS, Cast
from vestige.demo.chance import stream, words
from vestige.demo.clock import DEFAULT_END, offsets
from vestige.demo.shapes.auth import Auth
from vestige.demo.shapes.cloudtrail import CloudTrail, assumed, file_name, user
from vestige.demo.shapes.declared import Declared
from vestige.demo.shapes.host import Host
from vestige.demo.shapes.okta import Okta

if TYPE_CHECKING:
    from vestige.demo.writing import Shape

CAST = Cast.of(5)
VICTIM = CAST.person("jordan.ember")


def background(shape: Shape, count: int = 2_000) -> list[bytes]:
    rng = stream(1, "shape")
    records = shape.minute(DEFAULT_END, offsets(rng, count), words(rng, count), 10)
    assert len(records) == len(set(records)) == count
    return records


def structure(value: object) -> object:
    if isinstance(value, dict):
        return {name: structure(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [structure(inner) for inner in value]
    return None


def test_a_cast_has_many_people_and_all_who_have_a_part() -> None:
    assert len({person.email for person in CAST.people}) == 240
    assert VICTIM in CAST.people
    assert Cast.of(5) == CAST
    assert Cast.of(6).people != CAST.people
    for seed in range(12):
        assert len({person.name for person in Cast.of(seed).people}) == 240


def test_okta_background_has_the_structure_of_planted_records() -> None:
    okta = Okta(CAST)
    planted = okta.sign_in(VICTIM, INTRUDER_ADDRESS, session="s").write(DEFAULT_END)
    expected = structure(orjson.loads(planted.payload))
    events = [orjson.loads(record) for record in background(okta)]
    assert all(structure(event) == expected for event in events)
    assert all(event["published"].startswith("2026-11-20T18:00:") for event in events)
    kinds = {(event["eventType"], event["outcome"]["result"]) for event in events}
    assert ("user.session.start", "FAILURE") in kinds
    assert len(kinds) == 6


def test_okta_tells_refusals_from_successes() -> None:
    okta = Okta(CAST)
    refused = okta.sign_in(VICTIM, INTRUDER_ADDRESS, refused="INVALID_CREDENTIALS").write(DEFAULT_END)
    event = orjson.loads(refused.payload)
    assert event["outcome"] == {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}
    assert event["legacyEventType"] == "core.user_auth.login_failed"
    assert (refused.event_type, refused.outcome) == ("auth.login_failed", "failure")
    allowed = okta.second_factor(VICTIM, INTRUDER_ADDRESS, session="s").write(DEFAULT_END)
    assert orjson.loads(allowed.payload)["outcome"] == {"result": "SUCCESS", "reason": None}
    assert (allowed.event_type, allowed.outcome) == ("auth.mfa", "success")


def test_cloudtrail_background_has_the_fields_of_planted_records() -> None:
    cloud = CloudTrail(CAST)
    planted = cloud.call("StopLogging", assumed("admin", "me", cloud.new_key()), INTRUDER_ADDRESS, given={"name": "x"})
    expected = list(orjson.loads(planted.write(DEFAULT_END).payload))
    events = [orjson.loads(record) for record in background(cloud)]
    assert all(list(event) == expected for event in events)
    assert {event["managementEvent"] for event in events} == {True, False}
    assert len({event["eventID"] for event in events}) == len({event["requestID"] for event in events}) == 2_000


def test_cloudtrail_tells_a_denied_call() -> None:
    cloud = CloudTrail(CAST)
    denied = cloud.call("AssumeRole", user("svc", cloud.new_key()), INTRUDER_ADDRESS, refused="no").write(
        DEFAULT_END + 1
    )
    event = orjson.loads(denied.payload)
    assert (event["errorCode"], event["errorMessage"]) == ("AccessDenied", "no")
    assert (denied.at, denied.outcome, denied.actor) == (DEFAULT_END, "failure", "svc")


def test_cloudtrail_files_are_named_as_delivered() -> None:
    name = file_name(DEFAULT_END, "TAG")
    assert name.startswith("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/20/111122223333_CloudTrail_")
    assert name.endswith("_eu-west-1_20261120T1800Z_TAG.json.gz")


@pytest.mark.parametrize("shape", [Auth(CAST), Host(CAST)], ids=["auth", "syslog"])
def test_syslog_lines_have_stamp_host_and_tag(shape: Auth | Host) -> None:
    line = re.compile(rb"Nov 20 18:00:[0-5]\d [a-z]+-\d [\w-]+(\[\d+\])?: [ -~]+")
    lines = background(shape)
    assert all(line.fullmatch(one) for one in lines)
    assert [one[:15] for one in lines] == sorted(one[:15] for one in lines)


def test_told_lines_of_auth_cannot_be_background_lines() -> None:
    auth = Auth(CAST)
    told = auth.refused("web-1", "root1", INTRUDER_ADDRESS).write(DEFAULT_END).payload
    number = re.search(rb"sshd\[(\d+)\]", told)
    assert number
    assert int(number[1]) >= 4_100_000
    beyond = auth.minute(DEFAULT_END, [0], (0,), 10**9 + 3_999_999)
    other = re.search(rb"\[(\d+)\]", beyond[0])
    assert other
    assert int(other[1]) < 4_100_000


@pytest.mark.parametrize("name", [name for name in dir(menus) if name.isupper()])
def test_every_dish_of_a_menu_is_served_as_json(name: str) -> None:
    menu = getattr(menus, name)
    events = [orjson.loads(record) for record in background(Declared(CAST, "x", menu))]
    assert {event["event_type"] for event in events} == {dish.event_type for dish in menu}
    assert all("{" not in event["message"] and "@" not in event["message"] for event in events)
    for dish in menu:
        own = set(dish.extra.split())
        assert any(event["event_type"] == dish.event_type and own <= set(event) for event in events)
    assert all(event.get("outcome", "") in {"success", "failure", ""} for event in events)


def test_declared_events_name_the_time_and_the_device_as_their_source_does() -> None:
    shop = Declared(CAST, "shop", menus.ACCOUNTS, time_field="timestamp", device="id")
    owners = {person.email: person.device for person in CAST.people}
    for record in background(shop, 50):
        event = orjson.loads(record)
        assert event["timestamp"].startswith("2026-11-20T18:00:")
        assert event["device"] == {"id": owners[event["actor"]["id"]]}
    planted = shop.event("auth.login", "m", by=VICTIM, device="d", host="h").write(DEFAULT_END)
    event = orjson.loads(planted.payload)
    assert event["timestamp"] == "2026-11-20T18:00:00.000Z"
    assert event["device"] == {"id": "d", "hostname": "h"}
    assert dict(planted.keys)["device"] == "d"


def test_declared_events_leave_out_what_they_do_not_say() -> None:
    event = orjson.loads(Declared(CAST, "x", menus.APP).event("a.b", "m", by="svc", outcome="").write(0).payload)
    assert list(event) == ["event_type", "occurred_at", "severity", "actor", "trace_id", "message"]
    assert event["actor"] == {"id": "svc", "name": "svc", "type": "service"}

from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of, events_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample
from vestige.sources.cloud.google_workspace import FORMAT


def activity(*events: dict[str, Any], app: str = "drive", more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity", "ipAddress": "192.0.2.7",
        "id": {"time": "2026-01-02T03:04:05.678Z", "applicationName": app, "uniqueQualifier": "q-1"},
        "actor": {"email": "ann@example.org", "profileId": "117"}, "events": list(events), **(more or {}),
    }  # fmt: skip


SHARED = {
    "type": "acl_change", "name": "change_user_access",
    "parameters": [
        {"name": "doc_id", "value": "D1"}, {"name": "doc_title", "value": "Plan"},
        {"name": "doc_type", "value": "document"}, {"name": "target_user", "value": "eve@evil.example"},
        {"name": "new_value", "multiValue": ["can_edit"]},
    ],
}  # fmt: skip


def test_an_event_is_read_field_by_field_in_both_shapes() -> None:
    event = event_of(FORMAT, activity(SHARED))
    assert event == Event(
        "data.shared",
        parse_rfc3339("2026-01-02T03:04:05.678Z")[0],
        "2026-01-02T03:04:05.678Z",
        "exact",
        action="change_user_access",
        outcome="success",
        actor_id="117", actor_name="ann@example.org",
        subject_id="eve@evil.example", subject_type="user",
        object_id="D1", object_name="Plan", object_type="document",
        src_ip="192.0.2.7",
        message="drive change_user_access by ann@example.org on Plan for eve@evil.example from 192.0.2.7",
        attributes=event.attributes,
        keys=(("custom", "q-1"),),
    )  # fmt: skip
    parameters = {each["name"]: each.get("value") for each in SHARED["parameters"] if isinstance(each, dict)}
    flat = {**activity(), "type": "acl_change", "name": "change_user_access", "parameters": parameters}
    del flat["events"]
    assert event_of(FORMAT, flat)._replace(attributes="") == event._replace(attributes="")


def test_an_activity_of_several_events_becomes_several() -> None:
    data = json.dumps(
        {"kind": "admin#reports#activities", "items": [activity(SHARED, {"name": "edit"}), activity(SHARED)]}
    )
    events = events_of(FORMAT, data.encode())
    assert [event.event_type for event in events] == ["data.shared", "data.written", "data.shared"]
    assert len({event.occurred_at for event in events}) == 1


@pytest.mark.parametrize(
    ("app", "name", "kind", "outcome"),
    [
        ("login", "login_success", "auth.login", "success"),
        ("login", "login_failure", "auth.login_failed", "failure"),
        ("login", "login_challenge", "auth.mfa", ""),
        ("login", "suspicious_login", "alert.raised", ""),
        ("admin", "ASSIGN_ROLE", "access.granted", "success"),
        ("admin", "DELETE_USER", "account.deleted", "success"),
        ("admin", "CHANGE_NEW_FANGLED_SETTING", "policy.changed", "success"),
        ("admin", "FROBNICATE", "resource.changed", "success"),
        ("user_accounts", "2sv_disable", "account.credential_changed", "success"),
        ("token", "authorize", "auth.token_issued", "success"),
        ("token", "revoke", "auth.token_revoked", "success"),
        ("drive", "download", "data.export", "success"),
        ("user_accounts", "email_forwarding_out_of_domain", "email.rule_changed", "success"),
    ],
)
def test_names(app: str, name: str, kind: str, outcome: str) -> None:
    event = event_of(FORMAT, activity({"name": name}, app=app))
    assert (event.event_type, event.outcome) == (kind, outcome)


def test_a_challenge_says_how_it_ended() -> None:
    parameters = [
        {"name": "login_challenge_status", "value": "Challenge Failed."},
        {"name": "login_failure_type", "value": "x"},
    ]
    event = event_of(FORMAT, activity({"name": "login_failure", "parameters": parameters}, app="login"))
    assert event.message == "login login_failure by ann@example.org from 192.0.2.7: x"


def test_no_events_is_no_activity() -> None:
    (reading,) = FORMAT.parse([json.dumps(activity()).encode()], Context(received_at=0))
    assert reading == Unparsed("no activity: its list of events is empty")


@pytest.mark.parametrize("bad", [None, 7, "text", [7], {"a": []}, [[]], True])
@pytest.mark.parametrize("name", ["actor", "ipAddress", "id"])
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    (reading,) = FORMAT.parse([json.dumps(activity(SHARED, more={name: bad})).encode()], Context(received_at=0))
    assert isinstance(reading, Event)
    assert reading.action == "change_user_access"


@pytest.mark.parametrize("bad", [None, 7, "text", "{}", "[7]", [7], {"doc_title": []}, [{"name": 1}], [{"name": "a"}]])
def test_any_parameters(bad: object) -> None:
    assert event_of(FORMAT, activity({"name": "edit", "parameters": bad})).event_type == "data.written"


def test_a_kind_that_is_no_name_is_none_of_its() -> None:
    assert FORMAT.detect(Sample("f", b'{"kind":{"a":[]},"id":{}}', complete=True)) is None

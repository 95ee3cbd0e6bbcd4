from __future__ import annotations

from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample
from vestige.sources.cloud.okta import FORMAT

ANN = {"id": "00u1", "type": "User", "alternateId": "ann@example.org", "displayName": "Ann"}


def record(**more: Any) -> dict[str, Any]:
    base = {
        "uuid": "u-1", "published": "2026-01-02T03:04:05.678Z", "eventType": "user.session.start", "severity": "WARN",
        "legacyEventType": "core.user_auth.login_success", "displayMessage": "User login to Okta", "actor": ANN,
        "client": {"ipAddress": "192.0.2.7", "device": "Computer"},
        "authenticationContext": {"externalSessionId": "s-1", "rootSessionId": "r-1"},
        "transaction": {"id": "t-1"}, "debugContext": {"debugData": {"dtHash": "d-1", "requestId": "q-1"}},
        "outcome": {"result": "SUCCESS"},
    }  # fmt: skip
    return {name: value for name, value in {**base, **more}.items() if value is not ...}


def test_an_event_is_read_field_by_field() -> None:
    app = {"id": "0oa1", "type": "AppInstance", "alternateId": "Salesforce", "displayName": "Salesforce"}
    event = event_of(FORMAT, record(
        eventType="user.authentication.sso", outcome={"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
        target=[app, {"id": "00u2", "type": "User", "alternateId": "eve@example.org"}],
    ))  # fmt: skip
    assert event == Event(
        "auth.login_failed",
        parse_rfc3339("2026-01-02T03:04:05.678Z")[0],
        "2026-01-02T03:04:05.678Z",
        "exact",
        action="user.authentication.sso",
        outcome="failure",
        severity=2,
        actor_id="00u1", actor_name="ann@example.org", actor_type="User",
        subject_id="00u2", subject_name="eve@example.org", subject_type="User",
        object_id="0oa1", object_name="Salesforce", object_type="AppInstance",
        src_ip="192.0.2.7",
        device_type="Computer",
        session="s-1",
        trace_id="t-1",
        message="User login to Okta by ann@example.org on Salesforce from 192.0.2.7: failure (INVALID_CREDENTIALS)",
        attributes=event.attributes,
        keys=(("session", "r-1"), ("device", "d-1"), ("custom", "u-1"), ("custom", "q-1")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "result", "expected", "outcome"),
    [
        ("user.session.start", "SUCCESS", "auth.login", "success"),
        ("user.session.start", "FAILURE", "auth.login_failed", "failure"),
        ("user.session.start", "CHALLENGE", "auth.mfa", "unknown"),
        ("user.session.end", "SUCCESS", "auth.logout", "success"),
        ("user.authentication.auth_via_mfa", "FAILURE", "auth.mfa", "failure"),
        ("policy.evaluate_sign_on", "DENY", "policy.verdict", "failure"),
        ("policy.evaluate_sign_on", "ALLOW", "policy.verdict", "success"),
        ("user.account.lock", "SUCCESS", "account.disabled", "success"),
        ("user.mfa.factor.reset_all", "SUCCESS", "account.credential_changed", "success"),
        ("user.account.privilege.grant", "SUCCESS", "access.granted", "success"),
        ("system.api_token.create", "SUCCESS", "auth.token_issued", "success"),
        ("security.threat.detected", "DENY", "alert.raised", "failure"),
        ("iam.new_thing.role.delete", "SUCCESS", "access.revoked", "success"),
        ("some.unheard.of.act", "SUCCESS", "event.generic", "success"),
        ("user.session.start", "BANANA", "auth.login", ""),
    ],
)
def test_kinds_and_outcomes(kind: str, result: str, expected: str, outcome: str) -> None:
    event = event_of(FORMAT, record(eventType=kind, outcome={"result": result}))
    assert (event.event_type, event.outcome) == (expected, outcome)
    assert expected in VOCABULARY


def test_an_unknown_user_is_known_by_the_name_he_tried() -> None:
    event = event_of(FORMAT, record(actor={"id": "unknown", "type": "User", "alternateId": "admin"}))
    assert (event.actor_id, event.actor_name) == ("admin", "admin")
    nobody = event_of(FORMAT, record(actor={"id": "unknown", "alternateId": "unknown", "displayName": "unknown"}))
    assert nobody.actor_id == "unknown"


def test_names_folded_by_a_collector_are_read_alike() -> None:
    plain = event_of(FORMAT, record())
    folded = event_of(FORMAT, {name.lower(): value for name, value in record().items()})
    assert folded._replace(attributes="") == plain._replace(attributes="")


def test_a_stamp_without_zone_is_assumed_and_the_address_may_stand_in_the_chain() -> None:
    event = event_of(FORMAT, record(
        published="2026-01-02 03:04:05.678", client=..., request={"ipChain": [{"ip": "2001:DB8::1"}]}
    ))  # fmt: skip
    assert event.time_quality == "assumed_zone"
    assert event.src_ip == "2001:db8::1"


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"id": {}}, [[]], {"result": []}, True])
@pytest.mark.parametrize(
    "name", ["actor", "client", "outcome", "target", "published", "debugContext", "transaction", "severity"]
)
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    event = event_of(FORMAT, record(**{name: bad}))
    assert event.action == "user.session.start"
    assert (event.occurred_at is None) == (name == "published")


def test_what_is_no_event_is_refused_with_a_reason() -> None:
    (reading,) = FORMAT.parse([b'{"published":"2026-01-01T00:00:00Z"}'], Context(received_at=0))
    assert reading == Unparsed("no Okta event: eventType is missing")
    for other in (b'{"eventType":"a.b","time":1}', b'{"eventType":"Created","uuid":"1","outcome":{}}'):
        assert FORMAT.detect(Sample("f", other, complete=True)) is None

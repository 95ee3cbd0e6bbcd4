from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of, events_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources import Sample
from vestige.sources.cloud.entra import FORMAT, kind_of_activity

SIGN_IN = {
    "id": "i-1", "createdDateTime": "2026-01-02T03:04:05Z", "userId": "o-1", "userPrincipalName": "ann@example.org",
    "userDisplayName": "Ann", "appId": "a-1", "appDisplayName": "Portal", "resourceDisplayName": "Graph",
    "ipAddress": "192.0.2.7", "correlationId": "c-1", "uniqueTokenIdentifier": "t-1", "sessionId": "s-1",
    "status": {"errorCode": 0}, "clientAppUsed": "Browser", "riskLevelDuringSignIn": "high",
    "deviceDetail": {"deviceId": "d-1", "displayName": "LAPTOP", "operatingSystem": "Windows"},
}  # fmt: skip
AUDIT = {
    "activityDateTime": "2026-01-02T03:04:05Z", "activityDisplayName": "Add member to role", "result": "success",
    "correlationId": "c-2", "loggedByService": "Core Directory", "category": "RoleManagement",
    "initiatedBy": {"user": {"id": "o-1", "userPrincipalName": "ann@example.org", "ipAddress": "192.0.2.7"}},
    "targetResources": [
        {"id": "o-2", "type": "User", "userPrincipalName": "eve@example.org"},
        {"id": "r-1", "type": "Role", "displayName": "Global Administrator"},
    ],
}  # fmt: skip


def diagnostic(category: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "time": "2026-01-02T03:05:00Z", "category": category, "operationName": "Sign-in activity",
        "resourceId": "/tenants/t/providers/Microsoft.aadiam", "properties": properties, **more,
    }  # fmt: skip


def test_a_sign_in_is_read_field_by_field_in_both_shapes() -> None:
    event = event_of(FORMAT, SIGN_IN)
    assert event == Event(
        "auth.login",
        parse_rfc3339("2026-01-02T03:04:05Z")[0],
        "2026-01-02T03:04:05Z",
        "exact",
        action="Sign-in activity",
        outcome="success",
        severity=3,
        actor_id="o-1", actor_name="ann@example.org", actor_type="User",
        object_id="a-1", object_name="Graph", object_type="application",
        src_ip="192.0.2.7",
        device_id="d-1", device_name="LAPTOP", device_type="Windows",
        session="s-1",
        trace_id="c-1",
        message="Sign-in by ann@example.org on Graph from 192.0.2.7",
        attributes=event.attributes,
        keys=(("token", "t-1"), ("custom", "i-1")),
    )  # fmt: skip
    wrapped = event_of(FORMAT, diagnostic("SignInLogs", SIGN_IN))
    assert wrapped._replace(attributes="") == event._replace(attributes="")
    as_text = event_of(FORMAT, {**diagnostic("SignInLogs", {}), "properties": json.dumps(SIGN_IN)})
    assert as_text._replace(attributes="") == event._replace(attributes="")


@pytest.mark.parametrize(
    ("code", "kind", "outcome"),
    [
        (0, "auth.login", "success"),
        ("0", "auth.login", "success"),
        (50126, "auth.login_failed", "failure"),
        (50053, "auth.login_failed", "failure"),
        (53003, "auth.login_failed", "failure"),
        (50074, "auth.mfa", "unknown"),
        (50140, "auth.mfa", "unknown"),
        (None, "auth.login", ""),
        ("--50126", "auth.login", ""),
    ],
)
def test_the_error_code_tells_how_a_sign_in_ended(code: object, kind: str, outcome: str) -> None:
    event = event_of(FORMAT, {**SIGN_IN, "status": {"errorCode": code, "failureReason": "why"}})
    assert (event.event_type, event.outcome) == (kind, outcome)
    assert ("why" in event.message) == (outcome != "success")


def test_a_failed_sign_in_is_never_told_as_one_that_succeeded() -> None:
    """The outer result stands in for a status that is not there."""
    event = event_of(FORMAT, diagnostic("NonInteractiveUserSignInLogs", {"userId": "o-1"}, resultType="50126"))
    assert (event.event_type, event.outcome) == ("auth.login_failed", "failure")


def test_a_service_principal_is_an_actor() -> None:
    event = event_of(FORMAT, diagnostic("ServicePrincipalSignInLogs", {
        "servicePrincipalId": "sp-1", "servicePrincipalName": "robot", "appId": "a", "status": {"errorCode": 7000215},
    }))  # fmt: skip
    assert (event.actor_id, event.actor_name, event.actor_type) == ("sp-1", "robot", "ServicePrincipal")
    assert event.time_text == "2026-01-02T03:05:00Z"


def test_an_audit_record_names_who_whom_and_what() -> None:
    for record in (AUDIT, diagnostic("AuditLogs", AUDIT, operationName="Add member to role")):
        event = event_of(FORMAT, record)
        assert (event.event_type, event.action, event.outcome) == ("access.granted", "Add member to role", "success")
        assert (event.actor_id, event.actor_name) == ("o-1", "ann@example.org")
        assert (event.subject_id, event.subject_name) == ("o-2", "eve@example.org")
        assert (event.object_id, event.object_name, event.object_type) == ("r-1", "Global Administrator", "Role")
        assert event.src_ip == "192.0.2.7"
        assert event.message == (
            "Add member to role by ann@example.org on eve@example.org, Global Administrator from 192.0.2.7"
        )
    failed = event_of(FORMAT, {**AUDIT, "result": "failure", "resultReason": "Forbidden"})
    assert failed.outcome == "failure"
    assert failed.message.endswith(": Forbidden")


def test_an_application_acts_and_details_may_name_the_address() -> None:
    event = event_of(FORMAT, {
        **AUDIT, "initiatedBy": {"app": {"displayName": "Sync", "servicePrincipalId": "sp"}},
        "additionalDetails": [{"key": "ipaddr", "value": "192.0.2.8"}],
    })  # fmt: skip
    assert (event.actor_id, event.actor_name, event.actor_type, event.src_ip) == (
        "sp", "Sync", "Application", "192.0.2.8",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("Remove member from role", "access.revoked"),
        ("Add member to role in PIM requested (permanent)", "access.granted"),
        ("Consent to application", "access.granted"),
        ("Reset user password", "account.credential_changed"),
        ("Add service principal credentials", "account.credential_changed"),
        ("Update conditional access policy", "policy.changed"),
        ("Set federation settings on domain", "policy.changed"),
        ("Disable account", "account.disabled"),
        ("Add user", "account.created"),
        ("Invite external user", "account.created"),
        ("Delete user", "account.deleted"),
        ("Update user", "account.changed"),
        ("Update StsRefreshTokenValidFrom Timestamp", "auth.token_revoked"),
        ("Register device", "resource.created"),
        ("", "event.generic"),
    ],
)
def test_activities(act: str, kind: str) -> None:
    assert kind_of_activity(act, "") == kind


def test_a_risk_detection_is_an_alert_about_its_user() -> None:
    event = event_of(FORMAT, diagnostic("UserRiskEvents", {
        "userId": "o-1", "userPrincipalName": "ann@example.org", "riskEventType": "leakedCredentials",
        "riskLevel": "high", "riskState": "atRisk", "activityDateTime": "2026-01-02T03:04:05Z",
    }))  # fmt: skip
    assert (event.event_type, event.severity, event.subject_id, event.actor_id) == ("alert.raised", 3, "o-1", "")
    dismissed = event_of(FORMAT, diagnostic("RiskyUsers", {"id": "o-1", "riskState": "dismissed"}))
    assert dismissed.event_type == "alert.changed"


def test_a_page_of_graph_is_one_event_an_element() -> None:
    events = events_of(FORMAT, json.dumps({"@odata.context": "c", "value": [SIGN_IN, SIGN_IN]}).encode())
    assert [event.actor_id for event in events] == ["o-1", "o-1"]


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"user": []}, [{"id": 1}], True])
@pytest.mark.parametrize("name", ["status", "deviceDetail", "properties", "createdDateTime", "ipAddress", "userId"])
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, {**SIGN_IN, name: bad}).action == "Sign-in activity"


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"user": []}, [{"id": 1}], [7]])
@pytest.mark.parametrize("name", ["initiatedBy", "targetResources", "additionalDetails", "result"])
def test_any_type_in_any_field_of_an_audit_record(name: str, bad: object) -> None:
    record = diagnostic("AuditLogs", {**AUDIT, name: bad})
    assert event_of(FORMAT, record).action == "Add member to role"


def test_what_other_azure_logs_write_is_not_claimed() -> None:
    other = {"time": "t", "resourceId": "/SUBSCRIPTIONS/x", "operationName": "a/b/WRITE", "category": "Administrative"}
    intune = {"category": "AuditLogs", "operationName": "x", "properties": {"AuditEventId": "1"}}
    for record in (other, intune):
        assert FORMAT.detect(Sample("f", json.dumps(record).encode(), complete=True)) is None

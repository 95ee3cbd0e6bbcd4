from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of, events_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context
from vestige.sources.cloud.kubernetes_audit import FORMAT, kind_of_call


def record(**more: Any) -> dict[str, Any]:
    base = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/n/pods/p/exec", "verb": "create",
        "user": {"username": "ann", "uid": "u-1",
                 "extra": {"arn": ["arn:aws:iam::1:role/r"], "accessKeyId": ["ASIA1"]}},
        "sourceIPs": ["192.0.2.7", "10.0.0.1"],
        "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "n", "name": "p"},
        "responseStatus": {"code": 101}, "requestReceivedTimestamp": "2026-01-02T03:04:05.000001Z",
        "stageTimestamp": "2026-01-02T03:04:06.000001Z",
    }  # fmt: skip
    return {name: value for name, value in {**base, **more}.items() if value is not ...}


def test_an_event_is_read_field_by_field() -> None:
    event = event_of(FORMAT, record())
    assert event == Event(
        "process.executed_remotely",
        parse_rfc3339("2026-01-02T03:04:05.000001Z")[0],
        "2026-01-02T03:04:05.000001Z",
        "exact",
        parse_rfc3339("2026-01-02T03:04:06.000001Z")[0],
        action="create pods/exec",
        outcome="success",
        actor_id="ann", actor_name="ann", actor_type="user",
        object_id="n/pods/exec/p", object_name="p", object_type="pods/exec",
        src_ip="192.0.2.7",
        trace_id="a-1",
        message="create pods/exec by ann on n/p from 192.0.2.7",
        attributes=event.attributes,
        keys=(("identity", "u-1"), ("identity", "arn:aws:iam::1:role/r"), ("token", "ASIA1")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "resource", "sub", "kind"),
    [
        ("get", "secrets", "", "secret.read"),
        ("patch", "secrets", "", "secret.changed"),
        ("create", "pods", "", "container.started"),
        ("get", "pods", "log", "data.read"),
        ("create", "clusterrolebindings", "", "access.granted"),
        ("delete", "rolebindings", "", "access.revoked"),
        ("update", "clusterroles", "", "policy.changed"),
        ("create", "serviceaccounts", "token", "auth.token_issued"),
        ("create", "serviceaccounts", "", "account.created"),
        ("update", "cronjobs", "", "schedule.changed"),
        ("create", "selfsubjectaccessreviews", "", "access.checked"),
        ("create", "services", "", "resource.created"),
        ("patch", "deployments", "status", "resource.changed"),
        ("list", "nodes", "", "resource.read"),
        ("frobnicate", "nodes", "", "cloud.call"),
    ],
)
def test_calls(verb: str, resource: str, sub: str, kind: str) -> None:
    assert kind_of_call(verb, resource, sub) == kind


def test_a_refusal_is_a_failure_and_a_refused_read_access_denied() -> None:
    status = {"code": 403, "reason": "Forbidden"}
    nodes = event_of(FORMAT, record(verb="list", objectRef={"resource": "nodes"}, responseStatus=status))
    assert (nodes.event_type, nodes.outcome) == ("access.denied", "failure")
    assert nodes.message == "list nodes by ann on nodes from 192.0.2.7: Forbidden"
    secrets = event_of(FORMAT, record(verb="get", objectRef={"resource": "secrets"}, responseStatus=status))
    assert (secrets.event_type, secrets.outcome) == ("secret.read", "failure")
    received = event_of(FORMAT, record(stage="RequestReceived", responseStatus=...))
    assert received.outcome == ""


def test_a_binding_names_whom_it_gives_rights_and_an_impersonation_both() -> None:
    bound = event_of(FORMAT, record(objectRef={"resource": "clusterrolebindings", "name": "b"}, requestObject={
        "subjects": [{"kind": "ServiceAccount", "namespace": "n", "name": "sa"}],
    }))  # fmt: skip
    assert bound.subject_id == "system:serviceaccount:n:sa"
    acting = event_of(FORMAT, record(impersonatedUser={"username": "root"}))
    assert (acting.actor_id, acting.subject_id) == ("ann", "root")
    assert "by ann as root" in acting.message


def test_lists_of_events_and_paths_without_a_resource() -> None:
    data = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [record(), record()]}).encode()
    assert [event.actor_id for event in events_of(FORMAT, data)] == ["ann", "ann"]
    probe = event_of(FORMAT, record(objectRef=..., requestURI="/healthz", verb="get"))
    assert (probe.event_type, probe.object_id) == ("service.request", "/healthz")


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"code": []}, [[]], True, [{"subjects": 1}]])
@pytest.mark.parametrize(
    "name", ["user", "objectRef", "responseStatus", "sourceIPs", "requestObject", "stageTimestamp", "impersonatedUser"]
)
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, record(**{name: bad})).action.startswith("create")


def test_an_event_that_names_nothing_is_refused_with_a_reason() -> None:
    (reading,) = FORMAT.parse([b'{"kind":"Event","apiVersion":"audit.k8s.io/v1"}'], Context(received_at=0))
    assert isinstance(reading, Unparsed)
    assert reading.reason.startswith("no audit event")

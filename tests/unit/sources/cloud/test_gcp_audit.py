from __future__ import annotations

from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources.cloud.gcp_audit import FORMAT, kind_of_method


def entry(**more: Any) -> dict[str, Any]:
    proto = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "iam.googleapis.com",
        "methodName": "google.iam.admin.v1.CreateServiceAccountKey", "resourceName": "projects/p/serviceAccounts/1",
        "authenticationInfo": {
            "principalEmail": "ann@example.org", "serviceAccountKeyName": "//iam/keys/k1",
            "serviceAccountDelegationInfo": [
                {"firstPartyPrincipal": {"principalEmail": "robot@p.iam.gserviceaccount.com"}},
            ],
        },
        "requestMetadata": {"callerIp": "192.0.2.7"},
    }  # fmt: skip
    proto.update(more.pop("proto", {}))
    return {
        "insertId": "i-1", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "severity": "NOTICE",
        "timestamp": "2026-01-02T03:04:05.123456789Z", "receiveTimestamp": "2026-01-02T03:04:06Z", "trace": "t-1",
        "resource": {"type": "service_account", "labels": {"project_id": "p"}}, "protoPayload": proto, **more,
    }  # fmt: skip


def test_an_audited_call_is_read_field_by_field() -> None:
    event = event_of(FORMAT, entry())
    assert event == Event(
        "account.credential_changed",
        parse_rfc3339("2026-01-02T03:04:05.123456789Z")[0],
        "2026-01-02T03:04:05.123456789Z",
        "exact",
        parse_rfc3339("2026-01-02T03:04:06Z")[0],
        action="google.iam.admin.v1.CreateServiceAccountKey",
        outcome="success",
        actor_id="ann@example.org", actor_name="ann@example.org", actor_type="user",
        object_id="projects/p/serviceAccounts/1", object_type="service_account",
        src_ip="192.0.2.7",
        trace_id="t-1",
        message="iam google.iam.admin.v1.CreateServiceAccountKey by ann@example.org on projects/p/serviceAccounts/1"
        " from 192.0.2.7",
        attributes=event.attributes,
        keys=(("identity", "robot@p.iam.gserviceaccount.com"), ("token", "//iam/keys/k1"), ("custom", "i-1")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("proto", "outcome", "ending"),
    [
        ({"status": {}}, "success", ""),
        ({"status": {"code": 0}}, "success", ""),
        ({"status": {"code": 7, "message": "no"}}, "failure", "no"),
        ({"status": {"code": 7}}, "failure", "PERMISSION_DENIED"),
        ({"status": {"code": 99}}, "failure", "status 99"),
        ({"authorizationInfo": [{"permission": "a.b", "granted": False}]}, "failure", "not granted: a.b"),
        ({"authorizationInfo": [{"permission": "a.b", "granted": True}]}, "success", ""),
    ],
)
def test_outcomes(proto: dict[str, Any], outcome: str, ending: str) -> None:
    event = event_of(FORMAT, entry(proto=proto))
    assert event.outcome == outcome
    assert event.message.endswith(f"from 192.0.2.7: {ending}" if ending else "from 192.0.2.7")


@pytest.mark.parametrize(
    ("deltas", "kind"),
    [
        ([{"action": "ADD", "role": "r", "member": "user:eve@example.org"}], "access.granted"),
        ([{"action": "REMOVE", "role": "r", "member": "user:eve@example.org"}], "access.revoked"),
        ([{"action": "REMOVE", "member": "user:eve@example.org"}, {"action": "ADD", "member": "b"}], "access.granted"),
    ],
)
def test_a_change_of_bindings_gives_or_takes(deltas: list[dict[str, str]], kind: str) -> None:
    event = event_of(FORMAT, entry(proto={
        "methodName": "SetIamPolicy", "serviceData": {"policyDelta": {"bindingDeltas": deltas}},
    }))  # fmt: skip
    assert (event.event_type, event.subject_id) == (kind, "eve@example.org")


@pytest.mark.parametrize(
    ("service", "method", "kind"),
    [
        ("storage.googleapis.com", "storage.objects.get", "data.read"),
        ("storage.googleapis.com", "storage.buckets.create", "resource.created"),
        ("storage.googleapis.com", "storage.setIamPermissions", "access.granted"),
        ("compute.googleapis.com", "v1.compute.instances.insert", "resource.created"),
        ("compute.googleapis.com", "v1.compute.firewalls.insert", "network.exposed"),
        ("compute.googleapis.com", "v1.compute.instances.setMetadata", "process.executed_remotely"),
        ("logging.googleapis.com", "google.logging.v2.ConfigServiceV2.DeleteSink", "logging.disabled"),
        ("logging.googleapis.com", "google.logging.v2.ConfigServiceV2.DeleteBucket", "logging.disabled"),
        ("firebase.googleapis.com", "x.v1.DeleteBucket", "resource.deleted"),
        ("secretmanager.googleapis.com", "x.v1.SecretManagerService.AccessSecretVersion", "secret.read"),
        ("iamcredentials.googleapis.com", "GenerateAccessToken", "auth.token_issued"),
        ("k8s.io", "io.k8s.core.v1.pods.create", "container.started"),
        ("k8s.io", "io.k8s.core.v1.pods.exec.create", "process.executed_remotely"),
        ("k8s.io", "io.k8s.authorization.rbac.v1.clusterroles.create", "policy.changed"),
        ("ssh-serialport.googleapis.com", "google.ssh-serialport.v1.connect", "session.opened"),
        ("x.googleapis.com", "Frobnicate", "cloud.call"),
    ],
)  # fmt: skip
def test_methods(service: str, method: str, kind: str) -> None:
    assert kind_of_method(service, method) == kind


def test_an_inner_address_is_none_but_stays_to_be_read() -> None:
    event = event_of(FORMAT, entry(proto={"requestMetadata": {"callerIp": "gce-internal-ip"}}))
    assert event.src_ip == ""
    assert event.message.endswith("from gce-internal-ip")


def test_other_payloads() -> None:
    plain = {name: value for name, value in entry().items() if name != "protoPayload"}
    request = event_of(FORMAT, {**plain, "httpRequest": {
        "requestMethod": "GET", "requestUrl": "https://a/", "status": 403, "remoteIp": "192.0.2.7",
        "serverIp": "10.0.0.1",
    }})  # fmt: skip
    assert (request.event_type, request.outcome, request.src_ip, request.dst_ip) == (
        "service.request", "failure", "192.0.2.7", "10.0.0.1",
    )  # fmt: skip
    flow = event_of(FORMAT, {**plain, "jsonPayload": {"disposition": "DENIED", "connection": {
        "src_ip": "192.0.2.7", "src_port": 4444, "dest_ip": "10.0.0.1", "dest_port": 22, "protocol": 6,
    }, "instance": {"vm_name": "vm"}}})  # fmt: skip
    assert (flow.event_type, flow.src_port, flow.dst_port) == ("network.denied", 4444, 22)
    assert (flow.protocol, flow.host) == ("tcp", "vm")
    line = event_of(FORMAT, {**plain, "severity": "ERROR", "textPayload": "it broke"})
    assert (line.event_type, line.message, line.severity) == ("service.error", "it broke", 3)
    quiet = event_of(FORMAT, {**plain, "severity": "INFO", "jsonPayload": {"message": "fine"}})
    assert (quiet.event_type, quiet.message) == ("log.line", "fine")


def test_names_folded_by_a_collector_are_read_alike() -> None:
    folded = {name.lower() if name != "protoPayload" else name: value for name, value in entry().items()}
    assert event_of(FORMAT, folded)._replace(attributes="") == event_of(FORMAT, entry())._replace(attributes="")


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"code": []}, [[]], True, {"a": {"b": 1}}])
@pytest.mark.parametrize("name", ["status", "authenticationInfo", "requestMetadata", "authorizationInfo", "serviceData",
                                  "metadata", "resourceName"])  # fmt: skip
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, entry(proto={name: bad})).action == "google.iam.admin.v1.CreateServiceAccountKey"
    assert event_of(FORMAT, entry(**{name: bad})).occurred_at is not None

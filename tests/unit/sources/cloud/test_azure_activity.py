from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.reading import event_of, events_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources import Sample
from vestige.sources.cloud.azure_activity import FORMAT, kind_of_operation

if TYPE_CHECKING:
    from pathlib import Path

DISK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d1"
CLAIMS = {
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ann@example.org",
    "http://schemas.microsoft.com/identity/claims/objectidentifier": "o-1", "appid": "a-1", "uti": "u-1",
}  # fmt: skip


def record(**more: Any) -> dict[str, Any]:
    return {
        "time": "2026-01-02T03:04:05.6789012Z", "resourceId": DISK, "operationName": "Microsoft.Compute/disks/delete",
        "category": "Administrative", "resultType": "Success", "callerIpAddress": "192.0.2.7", "correlationId": "c-1",
        "identity": {"claims": CLAIMS}, "level": "Warning", **more,
    }  # fmt: skip


def test_a_record_is_read_field_by_field() -> None:
    event = event_of(FORMAT, record())
    assert event == Event(
        "resource.deleted",
        parse_rfc3339("2026-01-02T03:04:05.6789012Z")[0],
        "2026-01-02T03:04:05.6789012Z",
        "exact",
        action="Microsoft.Compute/disks/delete",
        outcome="success",
        severity=2,
        actor_id="o-1", actor_name="ann@example.org", actor_type="user",
        object_id=DISK, object_name="d1", object_type="Microsoft.Compute/disks",
        src_ip="192.0.2.7",
        trace_id="c-1",
        message="Microsoft.Compute/disks/delete by ann@example.org on d1 from 192.0.2.7: success",
        attributes=event.attributes,
        keys=(("identity", "a-1"), ("token", "u-1")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"resultType": "Start"}, ""),
        ({"resultType": "Accepted"}, ""),
        ({"resultType": "Failure", "resultDescription": "no"}, "failure"),
        ({"resultType": "0"}, "success"),
        ({"resultType": None, "resultSignature": "Forbidden"}, "failure"),
        ({"resultType": None, "resultSignature": "Whatever"}, ""),
        ({"resultType": None, "statusCode": 403}, "failure"),
        ({"resultType": None, "statusCode": 200}, "success"),
        ({"resultType": 404}, "failure"),
    ],
)
def test_outcomes(more: dict[str, Any], outcome: str) -> None:
    assert event_of(FORMAT, record(**more)).outcome == outcome


def test_the_management_api_s_shape() -> None:
    event = event_of(FORMAT, {
        "eventTimestamp": "2026-01-02T03:04:05Z", "submissionTimestamp": "2026-01-02T03:05:00Z",
        "caller": "ann@example.org",
        "operationName": {"value": "Microsoft.Authorization/roleAssignments/write"}, "status": {"value": "Failed"},
        "subStatus": {"value": "Forbidden"}, "category": {"value": "Administrative"}, "claims": CLAIMS,
        "httpRequest": {"clientIpAddress": "192.0.2.7"}, "resourceId": "/subscriptions/s", "eventDataId": "e-1",
        "properties": {"statusMessage": "not allowed\nmore"},
    })  # fmt: skip
    assert (event.event_type, event.outcome, event.src_ip) == ("access.granted", "failure", "192.0.2.7")
    assert event.observed_at == parse_rfc3339("2026-01-02T03:05:00Z")[0]
    assert event.message.endswith("from 192.0.2.7: not allowed")
    assert ("custom", "e-1") in event.keys


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/DELETE", "access.revoked"),
        ("Microsoft.Authorization/locks/delete", "policy.changed"),
        ("Microsoft.Insights/diagnosticSettings/delete", "logging.disabled"),
        ("Microsoft.Network/networkSecurityGroups/securityRules/write", "network.exposed"),
        ("Microsoft.Compute/virtualMachines/runCommand/action", "process.executed_remotely"),
        ("Microsoft.KeyVault/vaults/secrets/getSecret/action", "secret.read"),
        ("Microsoft.KeyVault/vaults/secrets/write", "secret.changed"),
        ("Microsoft.Storage/storageAccounts/listKeys/action", "secret.read"),
        ("Microsoft.Storage/storageAccounts/regenerateKey/action", "account.credential_changed"),
        ("Microsoft.Compute/virtualMachines/write", "resource.changed"),
        ("Microsoft.Compute/virtualMachines/read", "resource.read"),
        ("Microsoft.Compute/virtualMachines/deallocate/action", "resource.changed"),
        ("GetBlob", "data.read"),
        ("Frobnicate", "cloud.call"),
    ],
)
def test_operations(act: str, kind: str) -> None:
    assert kind_of_operation(act, "Administrative") == kind


def test_a_shared_access_signature_is_a_token_and_not_in_the_message() -> None:
    event = event_of(FORMAT, {
        "time": "2026-01-02T03:04:05Z", "category": "StorageRead", "operationName": "GetBlob", "statusCode": 403,
        "callerIpAddress": "192.0.2.7:4444", "statusText": "AuthenticationFailed",
        "uri": "https://a.blob.core.windows.net/c/k.txt?sp=r&sig=SECRET", "properties": {"objectKey": "/a/c/k.txt"},
    })  # fmt: skip
    assert (event.event_type, event.outcome, event.src_ip, event.object_id) == (
        "data.read", "failure", "192.0.2.7", "/a/c/k.txt",
    )  # fmt: skip
    assert ("token", "SECRET") in event.keys
    assert "SECRET" not in event.message


def test_kubernetes_audit_inside_is_read_as_the_event_it_holds() -> None:
    inner = {"kind": "Event", "verb": "get", "user": {"username": "eve"}, "sourceIPs": ["192.0.2.8"],
             "objectRef": {"resource": "secrets", "name": "s"}}  # fmt: skip
    event = event_of(FORMAT, record(category="kube-audit", properties={"log": json.dumps(inner)}))
    assert (event.event_type, event.actor_id, event.src_ip) == ("secret.read", "eve", "192.0.2.8")


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"claims": []}, [[]], True])
@pytest.mark.parametrize(
    "name", ["identity", "resultType", "callerIpAddress", "properties", "time", "level", "correlationId"]
)
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, record(**{name: bad})).action == "Microsoft.Compute/disks/delete"


def test_what_is_entra_s_is_not_claimed() -> None:
    other = record(resourceId="/tenants/t/providers/Microsoft.aadiam", operationName="Sign-in activity")
    assert FORMAT.detect(Sample("f", json.dumps(other).encode(), complete=True)) is None


def test_plaso_reads_the_same_of_its_sample(corpus: Path) -> None:
    events = events_of(FORMAT, (corpus / "plaso-test-data" / "jsonl" / "azure_activity_log.jsonl").read_bytes())
    assert len(events) == 4
    first = events[0]
    assert first.occurred_at == parse_rfc3339("2022-02-09T03:04:54.297853Z")[0]
    assert (first.src_ip, first.action, first.trace_id) == (
        "1.2.3.4", "Microsoft.Compute/disks/delete", "c0c54eb6-3a17-42e2-b6f6-37484ac276c4",
    )  # fmt: skip
    assert first.actor_id == "12345678-9abc-defg-hijk-lmnopqrstuvw"
    assert first.object_type == "Microsoft.Compute/disks"
    assert {
        ("custom", "587eda65-125e-48c2-9b04-ab5e8d3a1d8e"),
        ("custom", "80287633-d288-49d7-b25e-7ba8cf6bf1da"),
    } <= set(first.keys)

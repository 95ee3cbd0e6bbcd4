from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from support.reading import event_of, readings_of
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample
from vestige.sources.cloud.m365 import FORMAT


def record(**more: Any) -> dict[str, Any]:
    base = {
        "CreationTime": "2026-01-02T03:04:05", "Id": "e-1", "Operation": "FileDownloaded", "RecordType": 6,
        "Workload": "SharePoint", "UserId": "ann@example.org", "UserKey": "k-1", "UserType": 0,
        "ClientIP": "192.0.2.7", "ObjectId": "https://x/s/a.docx", "SourceFileName": "a.docx", "ItemType": "File",
        "AppAccessContext": {"AADSessionId": "s-1", "UniqueTokenId": "t-1", "CorrelationId": "c-1"},
    }  # fmt: skip
    return {name: value for name, value in {**base, **more}.items() if value is not ...}


def test_a_record_is_read_field_by_field_and_its_time_is_utc_by_the_schema() -> None:
    event = event_of(FORMAT, record())
    assert event == Event(
        "data.export",
        parse_rfc3339("2026-01-02T03:04:05Z")[0],
        "2026-01-02T03:04:05",
        "exact",
        action="FileDownloaded",
        actor_id="ann@example.org", actor_name="ann@example.org", actor_type="Regular",
        object_id="https://x/s/a.docx", object_name="a.docx", object_type="File",
        src_ip="192.0.2.7",
        session="s-1",
        trace_id="c-1",
        message="FileDownloaded by ann@example.org on a.docx from 192.0.2.7",
        attributes=event.attributes,
        keys=(("identity", "k-1"), ("token", "t-1"), ("custom", "e-1")),
    )  # fmt: skip


def test_no_zone_is_assumed_whatever_the_context_says() -> None:
    payload = json.dumps(record()).encode()
    detection = FORMAT.detect(Sample("f", payload, complete=True))
    assert detection is not None
    assert detection.extra == (("layout", "lines"),)
    (event,) = FORMAT.parse([payload], Context(received_at=0, zone="Asia/Kolkata"))
    assert isinstance(event, Event)
    assert event.occurred_at == parse_rfc3339("2026-01-02T03:04:05Z")[0]
    stated = event_of(FORMAT, record(CreationTime="2026-01-02T03:04:05+02:00"))
    assert stated.occurred_at == parse_rfc3339("2026-01-02T01:04:05Z")[0]


def test_a_failed_sign_in_says_success_in_its_result_and_is_a_failure() -> None:
    event = event_of(FORMAT, record(
        Operation="UserLoginFailed", Workload="AzureActiveDirectory", ResultStatus="Success", ObjectId="app-1",
        LogonError="InvalidUserNameOrPassword", AzureActiveDirectoryEventType=1, SourceFileName=...,
        Actor=[{"ID": "o-1", "Type": 0}, {"ID": "ann@example.org", "Type": 5}, {"ID": "User", "Type": 2}],
        DeviceProperties=[{"Name": "OS", "Value": "MacOs"}, {"Name": "SessionId", "Value": "s-2"}],
        AppAccessContext=...,
    ))  # fmt: skip
    assert (event.event_type, event.outcome) == ("auth.login_failed", "failure")
    assert event.message == "UserLoginFailed by ann@example.org on app-1 from 192.0.2.7: InvalidUserNameOrPassword"
    assert [value for kind, value in event.keys if kind == "identity"] == ["k-1", "o-1"]
    assert (event.session, event.device_type) == ("s-2", "MacOs")
    unknown = event_of(FORMAT, record(Operation="UserLoginFailed", UserId="Not Available"))
    assert (unknown.actor_id, unknown.actor_name) == ("k-1", "")


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ([{"Name": "ForwardingSmtpAddress", "Value": "smtp:eve@evil.example"}], "email.rule_changed"),
        ([{"Name": "AuditEnabled", "Value": "False"}], "logging.disabled"),
        ([{"Name": "DisplayName", "Value": "x"}], "account.changed"),
        (None, "account.changed"),
        ("text", "account.changed"),
    ],
)
def test_set_mailbox_is_what_its_parameters_make_it(parameters: object, kind: str) -> None:
    event = event_of(FORMAT, record(Operation="Set-Mailbox", Workload="Exchange", Parameters=parameters))
    assert event.event_type == kind
    assert ("to smtp:eve@evil.example" in event.message) == (kind == "email.rule_changed")


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("MailItemsAccessed", "email.read"),
        ("New-InboxRule", "email.rule_changed"),
        ("Add-MailboxPermission", "access.granted"),
        ("AnonymousLinkCreated", "data.shared"),
        ("HardDelete", "data.deleted"),
        ("Add member to role.", "access.granted"),
        ("Add member to role", "access.granted"),
        ("Consent to application.", "access.granted"),
        ("UserLoggedIn", "auth.login"),
        ("CopilotInteraction", "model.invoked"),
        ("DeletedThatPolicy", "policy.changed"),
        ("Frobnicate", "event.generic"),
    ],
)
def test_operations(operation: str, kind: str) -> None:
    assert event_of(FORMAT, record(Operation=operation)).event_type == kind


@pytest.mark.parametrize(
    ("given", "address", "port"),
    [
        ("192.0.2.7:4444", "192.0.2.7", 4444),
        ("[2001:db8::1]:4444", "2001:db8::1", 4444),
        ("2001:db8::1", "2001:db8::1", 0),
        ("::ffff:192.0.2.7", "192.0.2.7", 0),
        ("", "", 0),
        ("not an address", "", 0),
    ],
)
def test_client_addresses_carry_ports_and_brackets(given: str, address: str, port: int) -> None:
    event = event_of(FORMAT, record(ClientIP=given))
    assert (event.src_ip, event.src_port) == (address, port)


def test_outcomes() -> None:
    said = {"Succeeded": "success", "True": "success", "False": "failure", "PartiallySucceeded": "unknown", "": ""}
    for word, outcome in said.items():
        assert event_of(FORMAT, record(ResultStatus=word)).outcome == outcome


def exported(*records: dict[str, Any]) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["RecordType", "CreationDate", "UserIds", "Operations", "AuditData", "ResultIndex"])
    for number, each in enumerate(records):
        data = json.dumps(each) if each else "{torn"
        rows.writerow(["6", "1/2/2026 3:04:05 AM", "ann@example.org", "FileDownloaded", data, number])
    return out.getvalue().encode()


def test_a_csv_export_reads_like_the_objects_it_holds() -> None:
    header, first, second = readings_of(FORMAT, exported(record(), record(Operation="UserLoggedIn")))
    assert isinstance(header, Skipped)
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    plain = event_of(FORMAT, record())
    assert first._replace(attributes="") == plain._replace(attributes="")
    assert json.loads(json.loads(first.attributes)["AuditData"]) == record()
    assert second.event_type == "auth.login"


def test_a_row_whose_audit_data_is_torn_is_read_by_its_columns() -> None:
    _, event = readings_of(FORMAT, exported({}))
    assert isinstance(event, Event)
    assert (event.action, event.actor_id, event.occurred_at) == ("FileDownloaded", "ann@example.org", None)
    assert event.time_text == "1/2/2026 3:04:05 AM"


def test_names_folded_by_a_collector_are_read_alike() -> None:
    plain, folded = record(), {name.lower(): value for name, value in record().items()}
    assert event_of(FORMAT, folded)._replace(attributes="") == event_of(FORMAT, plain)._replace(attributes="")


@pytest.mark.parametrize("bad", [None, 7, [], "text", {"a": 1}, [{"ID": []}], [[]], True])
@pytest.mark.parametrize("name", ["CreationTime", "UserId", "Actor", "Target", "Parameters", "ClientIP", "ObjectId",
                                  "AppAccessContext", "ResultStatus", "DeviceProperties", "UserType"])  # fmt: skip
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    (reading,) = FORMAT.parse([json.dumps(record(**{name: bad})).encode()], Context(received_at=0))
    assert isinstance(reading, Event)
    assert reading.action == "FileDownloaded"


def test_what_is_no_record_is_refused_with_a_reason() -> None:
    (reading,) = FORMAT.parse([b'{"CreationTime":"x"}'], Context(received_at=0))
    assert reading == Unparsed("no audit record: Operation is missing")
    (reading,) = FORMAT.parse([b'{"AuditData":"{torn"}'], Context(received_at=0))
    assert reading == Unparsed("no audit record: AuditData holds no JSON object")
    assert FORMAT.detect(Sample("f", b'{"CreationTime":"x","Operation":"y"}', complete=True)) is None

"""CSV from the portals of Entra ID and Azure, and tables of Azure Monitor."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim
from support.reading import events_of, readings_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.cloud.azure_portal import FORMAT as PORTAL
from vestige.sources.cloud.log_analytics import FORMAT as TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.sources import Format

SIGN_IN = {
    "Date (UTC)": "2026-01-01T10:00:00Z", "Request ID": "r-1", "User agent": "Mozilla", "Correlation ID": "c-1",
    "User ID": "u-1", "User": "Bob B", "Username": "bob@example.org", "Incoming token type": "none",
    "Application": "Portal",
    "Application ID": "a-1", "Resource": "Graph", "Resource ID": "g-1", "IP address": "192.0.2.7", "Status": "Success",
    "Sign-in error code": "None", "Failure reason": "Other.", "Client app": "Browser", "Device ID": "d-1",
    "Operating System": "Windows10", "Session ID": "s-1",
}  # fmt: skip
AUDIT = {
    "Date (UTC)": "2026-01-01 10:00:00", "CorrelationId": "c-1", "Service": "Core Directory",
    "Category": "RoleManagement",
    "Activity": "Add member to role", "Result": "success", "ResultReason": "", "ActorType": "User",
    "ActorDisplayName": "Amy", "ActorObjectId": "u-2", "ActorUserPrincipalName": "amy@example.org",
    "IPAddress": "192.0.2.8", "Target1Type": "User", "Target1DisplayName": "Bob B", "Target1ObjectId": "u-1",
    "Target1UserPrincipalName": "bob@example.org", "Target2Type": "Role", "Target2DisplayName": "Admins",
    "Target2ObjectId": "r-7", "Target2UserPrincipalName": "",
}  # fmt: skip
ACTIVITY = {
    "Correlation id": "c-1", "Operation name": "Delete Virtual Machine", "Status": "Failed",
    "Event category": "Administrative",
    "Level": "Error", "Time": "2026-01-01T10:00:00.5Z", "Subscription": "s", "Event initiated by": "amy@example.org",
    "Resource type": "Microsoft.Compute/virtualMachines", "Resource group": "rg",
    "Resource": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1",
}  # fmt: skip


def table(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def one(form: Format, row: dict[str, str]) -> Event:
    (event,) = events_of(form, table(row))
    assert attributes(event) == row
    return event


@pytest.mark.parametrize(
    ("more", "kind", "outcome"),
    [
        ({}, "auth.login", "success"),
        ({"Status": "Failure", "Sign-in error code": "50126"}, "auth.login_failed", "failure"),
        ({"Status": "Interrupted", "Sign-in error code": "50074"}, "auth.mfa", "unknown"),
        ({"Status": "Interrupted", "Sign-in error code": "99999"}, "auth.mfa", "unknown"),
    ],
)
def test_sign_ins_of_the_portal(more: dict[str, str], kind: str, outcome: str) -> None:
    event = one(PORTAL, {**SIGN_IN, **more})
    assert (event.event_type, event.outcome, event.actor_id, event.actor_name) == (
        kind,
        outcome,
        "u-1",
        "bob@example.org",
    )
    assert (event.src_ip, event.device_id, event.session, event.trace_id) == ("192.0.2.7", "d-1", "s-1", "c-1")
    assert (to_text(event.occurred_at or 0), event.time_text, event.time_quality) == (
        "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "exact",
    )  # fmt: skip
    assert event.object_name == "Graph"


def test_a_portal_header_that_repeats_a_name_is_still_one() -> None:
    data = table(SIGN_IN).replace(b"Client app", b"Incoming token type")
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is PORTAL
    assert events_of(PORTAL, data)[0].event_type == "auth.login"


def test_audit_records_of_the_portal() -> None:
    event = one(PORTAL, AUDIT)
    assert (event.event_type, event.outcome, event.action) == ("access.granted", "success", "Add member to role")
    assert (event.actor_id, event.actor_name, event.src_ip) == ("u-2", "amy@example.org", "192.0.2.8")
    assert (event.subject_id, event.subject_name, event.object_name) == ("u-1", "bob@example.org", "Admins")
    assert (to_text(event.occurred_at or 0), event.time_text, event.time_quality) == (
        "2026-01-01T10:00:00Z", "2026-01-01 10:00:00", "exact",
    )  # fmt: skip
    program = one(PORTAL, {**AUDIT, "ActorType": "Application", "ActorUserPrincipalName": "", "Result": "failure"})
    assert (program.actor_id, program.actor_name, program.outcome) == ("u-2", "Amy", "failure")


def test_the_activity_log_of_the_portal() -> None:
    event = one(PORTAL, ACTIVITY)
    assert (event.event_type, event.outcome, event.actor_name) == ("resource.deleted", "failure", "amy@example.org")
    assert (event.object_name, event.trace_id) == ("vm-1", "c-1")
    assert to_text(event.occurred_at or 0) == "2026-01-01T10:00:00.500Z"


LOGON = {
    "TenantId": "t", "TimeGenerated [UTC]": "1/23/2026, 10:00:00.123 AM", "Computer": "WS7", "EventID": "4625",
    "Account": "CORP\\bob", "TargetUserName": "bob", "TargetDomainName": "CORP", "IpAddress": "192.0.2.7",
    "LogonType": "3", "Activity": "4625 - An account failed to log on.", "Type": "SecurityEvent",
}  # fmt: skip
LINE = {
    "TimeGenerated": "2026-01-01T10:00:01.5Z", "EventTime": "2026-01-01T10:00:00Z", "Facility": "auth",
    "SeverityLevel": "info", "HostName": "web-1", "ProcessName": "sshd", "ProcessID": "7",
    "SyslogMessage": "Failed password for root from 192.0.2.7 port 22 ssh2",
}  # fmt: skip


def test_tables_of_azure_monitor() -> None:
    logon = one(TABLES, LOGON)
    assert (logon.event_type, logon.outcome, logon.src_ip, logon.host) == (
        "auth.login_failed",
        "failure",
        "192.0.2.7",
        "WS7",
    )
    assert (to_text(logon.occurred_at or 0), logon.time_quality) == ("2026-01-23T10:00:00.123Z", "exact")
    line = one(TABLES, LINE)
    assert (line.event_type, line.actor_id, line.src_ip, line.host) == (
        "auth.login_failed",
        "root",
        "192.0.2.7",
        "web-1",
    )
    assert (to_text(line.occurred_at or 0), to_text(line.observed_at or 0)) == (
        "2026-01-01T10:00:00Z", "2026-01-01T10:00:01.500Z",
    )  # fmt: skip
    sign_in = one(TABLES, {
        "TimeGenerated [UTC]": "2026-01-01 10:00:00", "UserPrincipalName": "bob@example.org", "UserId": "u-1",
        "ResultType": "50126", "ResultDescription": "Invalid", "AppDisplayName": "Portal", "IPAddress": "192.0.2.7",
        "DeviceDetail": '{"deviceId":"d-1"}', "Type": "SigninLogs",
    })  # fmt: skip
    assert (sign_in.event_type, sign_in.actor_id, sign_in.device_id) == ("auth.login_failed", "u-1", "d-1")
    assert (to_text(sign_in.occurred_at or 0), sign_in.time_quality) == ("2026-01-01T10:00:00Z", "exact")
    audit = one(TABLES, {
        "TimeGenerated": "2026-01-01T10:00:00Z", "OperationName": "Reset user password", "Result": "success",
        "InitiatedBy": '{"user":{"id":"u-2","userPrincipalName":"amy@example.org"}}',
        "TargetResources": '[{"type":"User","id":"u-1","userPrincipalName":"bob@example.org"}]',
    })  # fmt: skip
    assert (audit.event_type, audit.actor_id, audit.subject_id) == ("account.credential_changed", "u-2", "u-1")
    activity = one(TABLES, {
        "TimeGenerated [UTC]": "2026-01-01T10:00:00Z",
        "OperationNameValue": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
        "ActivityStatusValue": "Success", "Caller": "amy@example.org", "CallerIpAddress": "192.0.2.8",
        "_ResourceId": "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm-1",
    })  # fmt: skip
    assert (activity.event_type, activity.outcome, activity.src_ip) == ("resource.deleted", "success", "192.0.2.8")
    assert activity.object_name == "vm-1"


def test_flows_of_azure_monitor() -> None:
    row = {
        "TimeGenerated": "2026-01-01 10:05:00.000", "FlowStartTime": "2026-01-01 10:00:00.000",
        "VMIPAddress": "10.0.0.5", "VMName": "vm-1",
        "PublicIPs": "['198.51.100.7', '198.51.100.8']", "SrcIP": "", "DestIP": "", "L4Protocol": "T",
        "DestPort": "443.0", "FlowDirection": "O", "AllowedOutFlows": "4.0", "DeniedInFlows": "0.0",
    }  # fmt: skip
    out = one(TABLES, row)
    assert (out.event_type, out.src_ip, out.dst_ip, out.dst_port, out.protocol, out.host) == (
        "network.connection", "10.0.0.5", "198.51.100.7", 443, "tcp", "vm-1",
    )  # fmt: skip
    refused = one(TABLES, {**row, "FlowDirection": "I", "AllowedOutFlows": "0.0", "DeniedInFlows": "2.0"})
    assert (refused.event_type, refused.outcome, refused.src_ip) == ("network.denied", "failure", "198.51.100.7")
    assert refused.message == "flows from 198.51.100.7 to 10.0.0.5 port 443: 2 denied"


def test_dates_are_read_in_the_order_the_sample_shows() -> None:
    events = events_of(TABLES, table({**LOGON, "TimeGenerated [UTC]": "1/2/2026, 10:00:00.000 AM"}, LOGON))
    assert [to_text(event.occurred_at or 0)[:10] for event in events] == ["2026-01-02", "2026-01-23"]
    alone = one(TABLES, {**LOGON, "TimeGenerated [UTC]": "1/2/2026, 10:00:00.000 AM"})
    assert (alone.occurred_at, alone.tags[-1]) == (None, "time:ambiguous_date")


def test_odd_rows_and_other_tables() -> None:
    (bad,) = [r for r in readings_of(TABLES, table({**LOGON, "EventID": "many"})) if isinstance(r, Unparsed)]
    assert "EventID" in bad.reason
    odd = one(PORTAL, {**AUDIT, "Date (UTC)": "soon", "IPAddress": "nowhere", "Target1Type": ""})
    assert (odd.occurred_at, odd.src_ip) == (None, "")
    for form in (PORTAL, TABLES):
        assert claim(form, "Date,Status,User\n2026-01-01,ok,bob\n") is None
        assert claim(form, "2026-01-01T10:00:00Z web-1 app: Date (UTC),Request ID\n") is None


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("az_net_flows.csv.gz", {"network.connection": 460}),
        ("host_logons.csv", {"auth.login": 14}),
        ("sudo_data.csv", {"auth.privilege_used": 11, "session.opened": 11}),
        ("syslog_data.csv", {"auth.privilege_used": 34, "session.opened": 33, "session.closed": 33}),
    ],
)
def test_the_tables_of_the_corpus(corpus: Path, name: str, kinds: dict[str, int]) -> None:
    data = (corpus / "msticpy" / name).read_bytes()
    data = gzip.decompress(data) if name.endswith(".gz") else data
    choice = detect(Sample("f", data[:65536], complete=len(data) <= 65536))
    assert choice.format is TABLES
    assert Counter(event.event_type for event in events_of(TABLES, data)) == kinds

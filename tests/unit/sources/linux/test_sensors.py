"""Falco, osquery and Santa."""

# ruff: noqa: E501 - rows of tables hold whole records
from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample, detect
from vestige.sources.linux.falco import FORMAT as FALCO
from vestige.sources.linux.falco_text import FORMAT as FALCO_TEXT
from vestige.sources.linux.osquery import FORMAT as OSQUERY
from vestige.sources.linux.santa import FORMAT as SANTA

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = Context(received_at=0)


def one(form: Any, record: Any) -> Any:
    (reading,) = form.parse([record.encode() if isinstance(record, str) else json.dumps(record).encode()], CONTEXT)
    return reading


ALERT = {
    "hostname": "web-1", "output": "o", "priority": "Critical", "rule": "Reverse shell", "source": "syscall",
    "tags": ["mitre_execution"], "time": "2026-01-01T00:00:00.000000009Z",
    "output_fields": {
        "evt.time": 1_767_225_600_000_000_001, "user.name": "root", "user.loginname": "bob", "proc.cmdline": "bash -i",
        "proc.exepath": "/bin/bash", "fd.cip": "192.0.2.8", "fd.cport": 50000, "fd.sip": "192.0.2.7", "fd.sport": 443,
        "fd.l4proto": "tcp", "container.id": "0af", "container.name": "web", "k8s.ns.name": "a", "k8s.pod.name": "b",
        "fd.name": None,
    },
}  # fmt: skip


def test_a_falco_alert() -> None:
    event = one(FALCO, ALERT)
    assert (event.event_type, event.action, event.severity) == ("alert.raised", "Reverse shell", 4)
    assert (event.occurred_at, event.time_quality) == (1_767_225_600_000_000_001, "exact")
    assert (event.actor_id, event.object_id, event.object_name) == ("root", "bash -i", "/bin/bash")
    assert (event.src_ip, event.src_port, event.dst_ip, event.dst_port, event.protocol) == (
        "192.0.2.8",
        50000,
        "192.0.2.7",
        443,
        "tcp",
    )
    assert (event.device_id, event.device_name, event.device_type, event.host) == ("0af", "web", "container", "web-1")
    assert event.keys == (("identity", "bob"), ("custom", "pod:a/b"))
    assert event.tags == ("mitre_execution",)


def test_a_falco_alert_without_fields_and_with_odd_ones() -> None:
    event = one(FALCO, {**ALERT, "output_fields": {}, "priority": "Notice"})
    assert (event.occurred_at, event.severity) == (1_767_225_600_000_000_009, 1)
    odd = one(
        FALCO,
        {
            **ALERT,
            "output_fields": {"user.name": ["a"], "fd.cip": 5, "fd.cport": "x", "evt.time": "soon"},
            "time": None,
        },
    )
    assert (odd.actor_id, odd.src_ip, odd.occurred_at) == ("", "", None)
    assert isinstance(one(FALCO, {"output_fields": {}}), Unparsed)
    assert detect(Sample("f", json.dumps([ALERT]).encode(), complete=True)).format is FALCO


def test_falcos_text_lines() -> None:
    event = one(
        FALCO_TEXT,
        "2026-01-01T00:00:00.000000001+0000: Error File opened for writing (user=root command=touch /bin/x -a file=/bin/x container_id=host)",
    )
    assert (event.action, event.severity, event.occurred_at) == (
        "File opened for writing",
        3,
        1_767_225_600_000_000_001,
    )
    assert (event.actor_id, event.object_id, event.device_id) == ("root", "touch /bin/x -a", "")
    assert json.loads(event.attributes)["file"] == "/bin/x"
    undated = one(FALCO_TEXT, "16:31:56.746609046: Warning Outbound (user=bob connection=192.0.2.7:5->192.0.2.8:443)")
    assert (undated.occurred_at, undated.time_text, undated.tags) == (None, "16:31:56.746609046", ("time:no_date",))
    assert (undated.src_ip, undated.dst_ip) == ("192.0.2.7", "192.0.2.8")
    bare = one(FALCO_TEXT, "16:31:56.746609046: Debug nothing is named")
    assert (bare.action, bare.severity, bare.actor_id) == ("nothing is named", 0, "")
    assert one(FALCO_TEXT, "16:31:56.746609046: Debug x (").action == "x"
    assert isinstance(one(FALCO_TEXT, "16:31:56: Warning x"), Unparsed)


RESULT = {
    "name": "q",
    "hostIdentifier": "web-1",
    "unixTime": "1767225600",
    "calendarTime": "Thu Jan  1 00:00:00 2026 UTC",
    "counter": "3",
    "action": "added",
    "columns": {},
    "decorations": {"host_uuid": "u", "username": "bob"},
}
ROWS = [
    ("users", {"username": "eve"}, "added", "account.created", "", "eve"),
    ("pack_a_users", {"username": "eve"}, "removed", "account.deleted", "", "eve"),
    ("user_groups", {"uid": "5", "gid": "0"}, "added", "access.granted", "", ""),
    ("pack_it-compliance_deb_packages", {"name": "ssh"}, "added", "software.installed", "ssh", ""),
    ("pack_ir_crontab", {"command": "nc -e", "path": "/etc/crontab"}, "added", "schedule.created", "/etc/crontab", ""),
    ("pack_ossec-rootkit_adore_worm", {"path": "/usr/bin/adore"}, "added", "alert.raised", "/usr/bin/adore", ""),
    ("pack_x_kernel_modules", {"name": "evil"}, "added", "module.loaded", "evil", ""),
    ("fim", {"target_path": "/etc/x", "action": "DELETED", "time": "1767225599"}, "added", "file.deleted", "/etc/x", ""),
    ("system_info", {"hostname": "h"}, "added", "host.state", "", ""),
    ("listening_port", {"port": "22"}, "added", "network.listening", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "action", "kind", "thing", "subject"), ROWS)
def test_rows_of_osquery(name: str, row: dict[str, str], action: str, kind: str, thing: str, subject: str) -> None:
    event = one(OSQUERY, {**RESULT, "name": name, "columns": row, "action": action})
    assert (event.event_type, event.action, event.object_id, event.subject_id) == (kind, action, thing, subject)
    assert (event.host, event.device_id) == ("web-1", "u")
    assert ("identity", "bob") in event.keys
    assert event.occurred_at == (1_767_225_599 if "time" in row else 1_767_225_600) * 10**9
    assert (event.observed_at is not None) == ("time" in row)


def test_a_first_look_says_how_the_host_was() -> None:
    first = one(OSQUERY, {**RESULT, "name": "users", "columns": {"username": "eve"}, "counter": 0})
    assert first.event_type == "host.state"
    snapshot = one(
        OSQUERY,
        {
            **{k: v for k, v in RESULT.items() if k != "columns"},
            "name": "users",
            "action": "snapshot",
            "snapshot": [{"a": "b"}, {}],
        },
    )
    assert (snapshot.event_type, snapshot.message) == ("host.state", "users snapshot (2 rows)")


def test_a_batch_is_an_event_per_row() -> None:
    batch = {
        **{k: v for k, v in RESULT.items() if k not in {"columns", "action"}},
        "name": "users",
        "diffResults": {"added": [{"username": "a"}, 5], "removed": [{"username": "b"}]},
    }
    events = one(OSQUERY, batch)
    assert [(event.event_type, event.subject_id) for event in events] == [
        ("account.created", "a"),
        ("account.deleted", "b"),
    ]
    assert json.loads(events[0].attributes)["columns"] == {"username": "a"}
    assert isinstance(one(OSQUERY, {**batch, "diffResults": {"added": "", "removed": None}}), Event)


def test_osquerys_own_status_and_odd_fields() -> None:
    event = one(
        OSQUERY,
        {
            "hostIdentifier": "h",
            "unixTime": 1767225600,
            "severity": "2",
            "filename": "a.cpp",
            "line": "5",
            "message": "it broke",
            "version": "5",
        },
    )
    assert (event.event_type, event.severity, event.message, event.host) == ("service.error", 3, "it broke", "h")
    odd: object
    for odd in (None, [], 5, {"a": {}}, "x"):
        assert isinstance(
            one(OSQUERY, {**RESULT, "columns": odd, "decorations": odd, "action": odd, "unixTime": odd}), Event
        )
    assert isinstance(one(OSQUERY, {**RESULT, "name": None}), Unparsed)


def test_the_rows_of_panthers_rules(corpus: Path) -> None:
    with gzip.open(corpus / "rule-tests-panther" / "Osquery.Differential.jsonl.gz") as lines:
        logs = [json.loads(line)["log"] for line in lines]
    assert len(logs) >= 10
    data = "\n".join(json.dumps(log) for log in logs).encode()
    assert detect(Sample("f", data, complete=True)).format is OSQUERY
    kinds = [one(OSQUERY, log).event_type for log in logs]
    assert kinds.count("schedule.created") >= 4
    assert kinds.count("software.installed") >= 3


def test_santa() -> None:
    line = "[2026-01-01T00:00:00.001Z] I santad: action=EXEC|decision=DENY|reason=BINARY|sha256=0af|path=/bin/x|args=/bin/x --y=z|pid=1|user=bob|mode=L"
    event = one(SANTA, line)
    assert (event.event_type, event.outcome, event.severity, event.action) == ("access.denied", "failure", 2, "EXEC")
    assert (event.actor_id, event.object_id, event.object_name) == ("bob", "/bin/x --y=z", "/bin/x")
    assert event.keys == (("hash", "0af"),)
    assert event.occurred_at == 1_767_225_600_001_000_000
    assert one(SANTA, line.replace("DENY", "ALLOW")).event_type == "process.started"
    assert isinstance(one(SANTA, "[x] I santad: nothing"), Unparsed)

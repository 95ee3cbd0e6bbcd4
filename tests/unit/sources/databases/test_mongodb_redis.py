"""MongoDB in both forms, and Redis."""

from __future__ import annotations

import json

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Unparsed
from vestige.sources.databases.mongodb import FORMAT as MONGODB
from vestige.sources.databases.mongodb_json import FORMAT as MONGODB_JSON
from vestige.sources.databases.redis import FORMAT as REDIS

AT = 1_767_261_600_123_000_000


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "user", "ip"),
    [
        (
            "NETWORK  [listener] connection accepted from 192.0.2.7:55 #1 (1 connection now open)",
            "database.connected",
            "success",
            "",
            "192.0.2.7",
        ),
        (
            "NETWORK  [conn1] end connection 192.0.2.7:55 (0 connections now open)",
            "database.disconnected",
            "",
            "",
            "192.0.2.7",
        ),
        ("ACCESS   [conn1] Successfully authenticated as principal amy on admin", "auth.login", "success", "amy", ""),
        (
            "ACCESS   [conn1] SASL SCRAM-SHA-1 authentication failed for eve on admin from client 192.0.2.7:55 ; x",
            "auth.login_failed",
            "failure",
            "eve",
            "192.0.2.7",
        ),
        (
            "ACCESS   [conn1] Unauthorized: not authorized on admin to execute command",
            "access.denied",
            "failure",
            "",
            "",
        ),
        ("NETWORK  [initandlisten] waiting for connections on port 27017", "service.started", "success", "", ""),
        ("CONTROL  [signalProcessingThread] dbexit:  rc: 0", "service.stopped", "success", "", ""),
        ("REPL     [x] election", "database.maintained", "", "", ""),
        ("CONTROL  [initandlisten] git version: 1", "service.status", "", "", ""),
    ],
)
def test_mongodb(said: str, kind: str, outcome: str, user: str, ip: str) -> None:
    event = event_of(MONGODB, f"2026-01-01T11:00:00.123+0100 I {said}")
    assert (event.event_type, event.outcome, event.actor_id, event.src_ip) == (kind, outcome, user, ip)
    assert (event.occurred_at, event.time_quality) == (AT, "exact")


def test_mongodb_operations_and_errors() -> None:
    slow = event_of(MONGODB, "2026-01-01T11:00:00.123+0100 I COMMAND  [conn1] command shop.t command: find {} 120ms")
    assert (slow.event_type, slow.action, slow.object_id) == (
        "database.queried",
        "command",
        "shop.t",
    )
    assert attributes(slow)["duration"] == "120"
    error = event_of(MONGODB, "2026-01-01T11:00:00.123+0100 E STORAGE  [thread1] WT broke")
    assert (error.event_type, error.outcome, error.severity) == ("service.error", "failure", 3)
    assert isinstance(read_one(MONGODB, "2026-01-01T11:00:00.123+0100 hello"), Unparsed)
    assert claim(MONGODB, "2026-01-01T11:00:00.123+0100 hello\n") is None


@pytest.mark.parametrize(
    ("message", "kind", "outcome"),
    [
        ("Connection accepted", "database.connected", "success"),
        ("Authentication failed", "auth.login_failed", "failure"),
        ("Successfully authenticated", "auth.login", "success"),
        ("Slow query", "database.queried", ""),
        ("Something else", "service.status", ""),
    ],
)
def test_mongodb_json(message: str, kind: str, outcome: str) -> None:
    record = {
        "t": {"$date": "2026-01-01T10:00:00.123+00:00"},
        "s": "I",
        "c": "ACCESS",
        "ctx": "conn7",
        "msg": message,
        "attr": {"user": "amy", "db": "admin", "remote": "192.0.2.7:55", "durationMillis": 120},
    }
    event = event_of(MONGODB_JSON, json.dumps(record))
    assert (event.event_type, event.outcome, event.actor_id) == (kind, outcome, "amy")
    assert (event.occurred_at, event.src_ip, event.src_port) == (AT, "192.0.2.7", 55)
    assert event.message == f"amy from 192.0.2.7:55: {message} on admin took 120 ms"
    odd = event_of(MONGODB_JSON, '{"t":[],"s":7,"c":{},"ctx":[],"msg":null,"attr":"x"}')
    assert (odd.occurred_at, odd.event_type, odd.message) == (None, "service.status", "an empty message")


@pytest.mark.parametrize(
    ("line", "kind", "quality", "severity", "role"),
    [
        ("7:M 01 Jan 2026 10:00:00.123 * Ready to accept connections", "service.started", "assumed_zone", 0, "master"),
        (
            "7:S 01 Jan 2026 10:00:00.123 # Error condition on socket for SYNC",
            "service.error",
            "assumed_zone",
            2,
            "replica",
        ),
        ("[7] 01 Jan 10:00:00.123 - Accepted 192.0.2.7:55", "network.connection", "assumed_year", 0, None),
        ("01 Jan 10:00:00.123 - DB saved on disk", "database.maintained", "assumed_year", 0, None),
        (
            "7:M 01 Jan 2026 10:00:00.123 # Possible SECURITY ATTACK detected. It looks like somebody is sending POST",
            "alert.raised",
            "assumed_zone",
            3,
            "master",
        ),
        ("7:M 01 Jan 2026 10:00:00.123 # User requested shutdown...", "service.stopped", "assumed_zone", 2, "master"),
        ("7:M 01 Jan 2026 10:00:00.123 . 0 clients connected", "service.status", "assumed_zone", 0, "master"),
    ],
)
def test_redis(line: str, kind: str, quality: str, severity: int, role: str | None) -> None:
    event = event_of(REDIS, line)
    assert (event.event_type, event.severity, attributes(event).get("role")) == (kind, severity, role)
    assert (event.occurred_at, event.time_quality) == (AT, quality)
    assert event.time_text in line
    assert attributes(event).get("pid") == (7 if line.startswith(("7", "[7")) else None)


def test_other_lines_are_not_redis() -> None:
    assert isinstance(read_one(REDIS, "7:M 01 Jan 2026 10:00:00.123 hello"), Unparsed)
    assert claim(REDIS, "hello\n") is None

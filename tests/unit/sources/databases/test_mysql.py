"""MySQL's error log and slow query log."""

from __future__ import annotations

import io

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Skipped, Unparsed
from vestige.sources.databases.mysql_error import FORMAT as ERROR
from vestige.sources.databases.mysql_slow import FORMAT as SLOW

HEAD = "2026-01-01T10:00:00.123456Z 7 [Note] "
AT = 1_767_261_600_123_456_000


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "user", "ip"),
    [
        (
            "Access denied for user 'eve'@'192.0.2.7' (using password: YES)",
            "auth.login_failed",
            "failure",
            "eve",
            "192.0.2.7",
        ),
        ("Access denied for user 'eve'@'192.0.2.7' to database 'x'", "access.denied", "failure", "eve", "192.0.2.7"),
        (
            "Aborted connection 9 to db: 'x' user: 'amy' host: '192.0.2.7' (Got timeout)",
            "database.disconnected",
            "failure",
            "amy",
            "192.0.2.7",
        ),
        (
            "Aborted connection 9 to db: 'unconnected' user: 'unauthenticated' host: 'h' (x)",
            "database.disconnected",
            "failure",
            "",
            "",
        ),
        ("/usr/sbin/mysqld: ready for connections. Version: '8'", "service.started", "success", "", ""),
        ("/usr/sbin/mysqld: Shutdown complete", "service.stopped", "success", "", ""),
        ("InnoDB: Starting crash recovery.", "database.maintained", "", "", ""),
        ("InnoDB: Number of pools: 1", "service.status", "", "", ""),
    ],
)
def test_what_the_server_says(said: str, kind: str, outcome: str, user: str, ip: str) -> None:
    event = event_of(ERROR, HEAD + said)
    assert (event.event_type, event.outcome, event.actor_id, event.src_ip) == (kind, outcome, user, ip)
    assert (event.occurred_at, event.time_quality) == (AT, "exact")
    assert attributes(event).items() >= {"thread_id": "7", "level": "Note", "message": said}.items()


@pytest.mark.parametrize(
    ("line", "at", "quality", "severity"),
    [
        ("2026-01-01T10:00:00.123456Z 8 [Warning] [MY-010055] [Server] x", AT, "exact", 2),
        ("2026-01-01T11:00:00.123456+01:00 8 [ERROR] x", AT, "exact", 3),
        ("2026-01-01 10:00:00 37 [Note] x", AT - 123_456_000, "assumed_zone", 0),
        ("2026-01-01  8:00:00 37 [Note] x", AT - 123_456_000 - 7200 * 10**9, "assumed_zone", 0),
        ("260101 10:00:00 [ERROR] x", AT - 123_456_000, "assumed_zone", 3),
        ("260101 10:00:00  InnoDB: x", AT - 123_456_000, "assumed_zone", 0),
        ("260101 10:00:00 mysqld_safe x", AT - 123_456_000, "assumed_zone", 0),
        ("269901 10:00:00 [Note] x", None, "missing", 0),
    ],
)
def test_heads(line: str, at: int | None, quality: str, severity: int) -> None:
    event = event_of(ERROR, line)
    assert (event.occurred_at, event.time_quality, event.severity) == (at, quality, severity)
    assert line.startswith(event.time_text)
    found = claim(ERROR, line)
    assert found is not None
    assert bool(found.extra) == (quality != "exact")


def test_an_error_is_one_whatever_it_says() -> None:
    event = event_of(ERROR, "2026-01-01T10:00:00Z 8 [ERROR] [MY-012345] [InnoDB] odd")
    assert (event.event_type, event.action) == ("service.error", "MY-012345")
    assert attributes(event).items() >= {"code": "MY-012345", "subsystem": "InnoDB"}.items()
    assert isinstance(read_one(ERROR, "InnoDB: x"), Unparsed)
    assert claim(ERROR, "2026-01-01 10:00:00 37 hello\n") is None
    assert claim(ERROR, "2026-01-01 10:00:00 [Warning] hello\n") is None


ENTRY = (
    "# Time: 2026-01-01T10:00:02.5Z\n# User@Host: bob[amy] @ app [192.0.2.7]  Id:     7\n"
    "# Query_time: 2.500000  Lock_time: 0.000287 Rows_sent: 10  Rows_examined: 3145718\n"
    "# Schema:   Last_errno: 1370  Killed: 0\n"
    "use shop;\nSET timestamp=1767261600;\nSELECT a\n\nFROM b;"
)


def test_a_slow_query_happened_when_it_began() -> None:
    event = event_of(SLOW, ENTRY)
    assert (event.event_type, event.action, event.outcome, event.severity) == (
        "database.queried",
        "SELECT",
        "failure",
        1,
    )
    assert (event.occurred_at, event.time_quality, event.time_text) == (
        1_767_261_600_000_000_000,
        "exact",
        "1767261600",
    )
    assert event.observed_at == 1_767_261_602_500_000_000
    assert (event.actor_id, event.subject_id, event.src_ip) == ("bob", "amy", "192.0.2.7")
    assert (event.object_id, event.keys) == ("shop", (("host", "app"),))
    assert event.message == "bob from 192.0.2.7: SELECT a FROM b; took 2.500000 s"
    assert attributes(event) == {
        "user": "bob",
        "client": "192.0.2.7",
        "host": "app",
        "Time": "2026-01-01T10:00:02.5Z",
        "Id": "7",
        "Query_time": "2.500000",
        "Lock_time": "0.000287",
        "Rows_sent": "10",
        "Rows_examined": "3145718",
        "Last_errno": "1370",
        "Killed": "0",
        "database": "shop",
        "duration": "2.500000",
        "query": "SELECT a\n\nFROM b;",
    }


def test_slow_queries_that_leave_something_out() -> None:
    old = event_of(SLOW, "# Time: 260101 10:00:02\n# User@Host: bob[bob] @ localhost []\n# Query_time: 1\nSELECT 1;")
    assert (old.time_quality, old.time_text, old.observed_at) == ("assumed_zone", "260101 10:00:02", None)
    assert attributes(old)["Time"] == "260101 10:00:02"
    bare = event_of(SLOW, "# User@Host: bob[bob] @ localhost []\n# Query_time: 1\n# administrator command: Quit;")
    assert (bare.occurred_at, bare.time_quality, attributes(bare)["query"]) == (None, "missing", "Quit;")
    assert isinstance(read_one(SLOW, "SELECT 1;"), Unparsed)
    assert isinstance(read_one(SLOW, "/usr/sbin/mysqld, Version: 8 (x). started with:\nTcp port: 3306"), Skipped)


def test_slow_queries_are_cut_at_their_heads() -> None:
    second = "# User@Host: eve[eve] @ h []\n# Query_time: 1\nSELECT 2;"
    text = f"/sbin/mysqld, Version: 8. started with:\nTcp port: 1\n{ENTRY}\n{second}\n{ENTRY}\n".encode()
    (batch,) = SLOW.split(io.BytesIO(text))
    assert [record.payload for record in batch][1:] == [ENTRY.encode(), second.encode(), ENTRY.encode()]

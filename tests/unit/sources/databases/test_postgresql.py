"""PostgreSQL in its three forms, and what its messages mean."""

from __future__ import annotations

import io

import pytest

from support.one import attributes, claim, event_of, read_one
from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.databases.postgresql import FORMAT
from vestige.sources.databases.postgresql_csv import FORMAT as CSV
from vestige.sources.databases.postgresql_json import FORMAT as JSON

HEAD = "2026-01-01 10:00:00.123 UTC [7] bob@shop "
AT = 1_767_261_600_123_000_000


def test_a_slow_statement_word_for_word() -> None:
    event = event_of(FORMAT, f"{HEAD}LOG:  duration: 37.118 ms  statement: SELECT a\n\tFROM b;")
    assert event == Event(
        "database.queried",
        occurred_at=AT,
        time_text="2026-01-01 10:00:00.123 UTC",
        time_quality="exact",
        action="statement",
        outcome="success",
        actor_id="bob",
        actor_type="user",
        object_id="shop",
        object_type="database",
        message="bob on shop: duration: 37.118 ms  statement: SELECT a\n\tFROM b;",
        attributes=event.attributes,
    )
    assert attributes(event) == {
        "timestamp": "2026-01-01 10:00:00.123 UTC",
        "level": "LOG",
        "pid": 7,
        "message": "duration: 37.118 ms  statement: SELECT a\n\tFROM b;",
        "duration": "37.118",
        "query": "SELECT a\n\tFROM b;",
        "user": "bob",
        "database": "shop",
    }


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "user"),
    [
        ('FATAL:  password authentication failed for user "eve"', "auth.login_failed", "failure", "eve"),
        ('FATAL:  role "eve" does not exist', "auth.login_failed", "failure", "eve"),
        ('ERROR:  role "eve" does not exist', "service.error", "failure", "bob"),
        ('FATAL:  database "x" does not exist', "database.connected", "failure", "bob"),
        (
            'FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "eve", database "x", SSL off',
            "auth.login_failed",
            "failure",
            "eve",
        ),
        ("ERROR:  permission denied for table salaries", "access.denied", "failure", "bob"),
        ("ERROR:  canceling statement due to user request", "database.queried", "failure", "bob"),
        ('ERROR:  relation "x" does not exist at character 8', "service.error", "failure", "bob"),
        ("FATAL:  the database system is starting up", "database.connected", "failure", "bob"),
        ("FATAL:  terminating connection due to administrator command", "database.disconnected", "", "bob"),
        ("LOG:  connection received: host=192.0.2.7 port=55", "network.connection", "", "bob"),
        ("LOG:  connection authorized: user=amy database=x", "database.connected", "success", "amy"),
        ('LOG:  connection authenticated: identity="amy" method=md5', "auth.login", "success", "amy"),
        (
            "LOG:  disconnection: session time: 0:00:05.023 user=amy database=x host=192.0.2.7 port=55",
            "database.disconnected",
            "",
            "amy",
        ),
        ("LOG:  statement: DROP TABLE x", "database.queried", "", "bob"),
        ("STATEMENT:  SELECT x", "database.queried", "", "bob"),
        ("LOG:  incomplete startup packet", "auth.probe", "failure", "bob"),
        ("LOG:  could not receive data from client: Connection reset", "database.disconnected", "failure", "bob"),
        ("LOG:  checkpoint complete: wrote 5 buffers", "database.maintained", "", "bob"),
        ('LOG:  automatic vacuum of table "x": index scans: 1', "database.maintained", "success", "bob"),
        ("LOG:  database system is ready to accept connections", "service.started", "success", "bob"),
        ("LOG:  database system is shut down", "service.stopped", "success", "bob"),
        ("LOG:  received fast shutdown request", "service.status", "", "bob"),
        ('LOG:  parameter "log_statement" changed to "all"', "service.changed", "success", "bob"),
        ("HINT:  do something", "service.status", "", "bob"),
    ],
)
def test_what_it_says(said: str, kind: str, outcome: str, user: str) -> None:
    event = event_of(FORMAT, HEAD + said)
    assert (event.event_type, event.outcome, event.actor_id) == (kind, outcome, user)


@pytest.mark.parametrize(
    ("prefix", "pid", "line", "user", "database", "ip", "port"),
    [
        (" [7] ", 7, None, "", "", "", 0),
        (" [7-3] bob@shop ", 7, 3, "bob", "shop", "", 0),
        (" [7]: [3-1] user=bob,db=shop,app=psql,client=192.0.2.7 ", 7, 3, "bob", "shop", "192.0.2.7", 0),
        (":192.0.2.7(55):bob@shop:[7]:", 7, None, "bob", "shop", "192.0.2.7", 55),
        (" [7] [unknown]@[unknown] ", 7, None, "", "", "", 0),
        (" ", None, None, "", "", "", 0),
    ],
)
def test_prefixes(prefix: str, pid: int | None, line: int | None, user: str, database: str, ip: str, port: int) -> None:
    event = event_of(FORMAT, f"2026-01-01 10:00:00 UTC{prefix}LOG:  hello")
    found = attributes(event)
    assert (found.get("pid"), found.get("session_line_number")) == (pid, line)
    assert (event.actor_id, event.object_id, event.src_ip, event.src_port) == (user, database, ip, port)


@pytest.mark.parametrize(
    ("zone", "hour", "quality"),
    [
        ("UTC", 10, "exact"),
        ("CEST", 8, "exact"),
        ("EST", 15, "exact"),
        ("+02", 8, "exact"),
        ("+05:30", 4.5, "exact"),
        ("IST", 9, "assumed_zone"),
        ("", 9, "assumed_zone"),
    ],
)
def test_zones(zone: str, hour: float, quality: str) -> None:
    event = event_of(FORMAT, f"2026-01-01 10:00:00 {zone}".strip() + " [7] LOG:  x", zone="Europe/Berlin")
    assert event.occurred_at == 1_767_225_600_000_000_000 + int(hour * 3600) * 10**9
    assert event.time_quality == quality
    found = claim(FORMAT, f"2026-01-01 10:00:00 {zone}".strip() + " [7] LOG:  x\n")
    assert found is not None
    assert bool(found.extra) == (quality != "exact")


def test_records_are_cut_at_their_heads() -> None:
    text = f"{HEAD}LOG:  statement: SELECT 1\n\tFROM t\n\n\tWHERE x\n{HEAD}LOG:  x\n".encode()
    (batch,) = FORMAT.split(io.BytesIO(text))
    assert len(batch) == 2
    assert isinstance(read_one(FORMAT, "\tFROM t"), Unparsed)


@pytest.mark.parametrize("line", ["2026-01-01 10:00:00,123 ERROR: x", "2026-01-01 10:00:00 [7] LOG: x", "2026-01-01 x"])
def test_logs_that_look_alike_are_not_claimed(line: str) -> None:
    assert claim(FORMAT, line) is None


ROW = (
    '2026-01-01 10:00:00.123 UTC,"bob","shop",7,"192.0.2.7:55",695643a0.7,3,"idle",2026-01-01 09:00:00 UTC,3/1,0,'
    'ERROR,42501,"must be owner of table ""x""",,,,,,"DROP TABLE x",,,"psql"'
)


def test_csvlog() -> None:
    found = claim(CSV, ROW)
    assert found is not None
    event = event_of(CSV, ROW, header=found.header)
    assert (event.event_type, event.outcome, event.session) == ("access.denied", "failure", "695643a0.7")
    assert (event.occurred_at, event.src_ip, event.src_port, event.actor_id) == (AT, "192.0.2.7", 55, "bob")
    more = {
        "level": "ERROR",
        "pid": "7",
        "sql_state_code": "42501",
        "query": "DROP TABLE x",
        "application_name": "psql",
    }
    assert attributes(event).items() >= more.items()
    assert isinstance(read_one(CSV, "a,b", header=found.header), Unparsed)
    assert isinstance(read_one(CSV, "", header=found.header), Skipped)
    assert claim(CSV, ROW.replace("42501", "no state")) is None
    wide = claim(CSV, ROW + ',"client backend",,0')
    assert wide is not None
    assert wide.header[-3:] == ("backend_type", "leader_pid", "query_id")


def test_jsonlog() -> None:
    event = event_of(
        JSON,
        '{"timestamp":"2026-01-01 11:00:00.123 CET","user":"eve","dbname":"shop","remote_host":"192.0.2.7",'
        '"remote_port":55,"session_id":"a.7","line_num":1,"error_severity":"FATAL","state_code":"28P01",'
        '"message":"something new was refused"}',
    )
    assert (event.event_type, event.outcome, event.actor_id) == ("auth.login_failed", "failure", "eve")
    assert (event.occurred_at, event.src_port, event.session) == (AT, 55, "a.7")
    odd = event_of(JSON, '{"timestamp":[],"error_severity":{},"message":7,"remote_port":"x","line_num":1}')
    assert (odd.occurred_at, odd.src_port, odd.time_quality) == (None, 0, "missing")

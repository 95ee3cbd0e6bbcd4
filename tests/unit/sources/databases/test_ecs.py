"""Database logs against Filebeat's documents of them. Every value that differs is counted here, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.ecs import compare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.ecs import Getter
    from vestige.model.event import Event

pytestmark = pytest.mark.corpus


def taken(*names: str) -> Getter:
    return lambda _, attributes: next((attributes[name] for name in names if name in attributes), None)


def nanos(unit: int) -> Getter:
    def get(_: Event, attributes: dict[str, Any]) -> object:
        text = attributes.get("duration")
        return float(text) * unit if text else None

    return get


def stripped(_: Event, attributes: dict[str, Any]) -> object:
    return attributes["message"].strip()


EVENT: dict[str, Getter] = {
    "@timestamp": lambda event, _: event.occurred_at,
    "source.ip": lambda event, _: event.src_ip,
    "user.name": lambda event, _: event.actor_id,
    "process.pid": taken("pid"),
    "log.level": taken("level"),
}
POSTGRESQL: dict[str, Getter] = {
    **EVENT,
    "event.duration": nanos(1_000_000),
    "postgresql.log.database": taken("database"),
    "postgresql.log.client_addr": lambda event, _: event.src_ip,
    "postgresql.log.client_port": lambda event, _: event.src_port,
    "postgresql.log.session_id": lambda event, _: event.session,
    "postgresql.log.sql_state_code": taken("sql_state_code"),
    "postgresql.log.application_name": taken("application_name"),
    "postgresql.log.backend_type": taken("backend_type"),
    "postgresql.log.command_tag": taken("command_tag"),
    "postgresql.log.query": taken("query"),
    "postgresql.log.query_name": taken("query_name"),
    "postgresql.log.session_line_number": taken("session_line_number"),
}
SLOW: dict[str, Getter] = {
    **EVENT,
    "event.duration": nanos(1_000_000_000),
    "mysql.thread_id": taken("Id", "Thread_id"),
    "mysql.slowlog.query": taken("query"),
    "mysql.slowlog.schema": taken("database"),
    "mysql.slowlog.rows_sent": taken("Rows_sent"),
    "mysql.slowlog.rows_examined": taken("Rows_examined"),
    "mysql.slowlog.rows_affected": taken("Rows_affected"),
    "mysql.slowlog.bytes_sent": taken("Bytes_sent"),
    "mysql.slowlog.last_errno": taken("Last_errno", "Errno"),
    "mysql.slowlog.lock_time.sec": taken("Lock_time"),
    "mysql.slowlog.innodb.trx_id": taken("InnoDB_trx_id"),
}
CASES: list[tuple[str, set[str], Mapping[str, Getter], int, dict[str, int]]] = [
    # EST: Filebeat reads it as New York, which has no EST in July; we read what it says, five hours behind.
    # A query: Filebeat keeps the empty line at the end of the file.
    (
        "postgresql/log",
        {"postgresql", "postgresql_csv"},
        POSTGRESQL,
        295,
        {"@timestamp": 5, "postgresql.log.query": 1},
    ),
    ("mysql/error", {"mysql_error"}, {**EVENT, "mysql.thread_id": taken("thread_id")}, 211, {}),
    # What the server writes when it opens the log is no part of the statement before it.
    ("mysql/slowlog", {"mysql_slow"}, SLOW, 33, {"mysql.slowlog.query": 1}),
    (
        "mongodb/log",
        {"mongodb"},
        {
            **EVENT,
            "mongodb.log.component": taken("component"),
            "mongodb.log.context": taken("context"),
            "message": stripped,
        },
        37,
        {},
    ),
    # Filebeat gives no @timestamp for these.
    ("redis/log", {"redis"}, {**EVENT, "redis.log.role": taken("role"), "message": stripped}, 0, {}),
]


@pytest.mark.parametrize(("module", "names", "getters", "dated", "differing"), CASES, ids=[case[0] for case in CASES])
def test_agrees(
    module: str, names: set[str], getters: Mapping[str, Getter], dated: int, differing: dict[str, int], corpus: Path
) -> None:
    found = compare(corpus / "ecs-oracle-filebeat" / module, names, getters)
    assert found.differences() == differing, found.differing
    assert found.same["@timestamp"] == dated
    assert found.same["log.level"] == found.all["log.level"]

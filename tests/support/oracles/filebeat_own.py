"""Fields of Filebeat's modules that ECS has no place for, and where Vestige keeps the same: the record's own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.model.event import Event

    Getter = Callable[[Event, dict[str, Any]], object]


def taken(*names: str) -> Getter:
    """The first of these fields that the record has."""
    return lambda _, attributes: next((attributes[name] for name in names if name in attributes), None)


def duration(unit: int) -> Getter:
    """``duration`` in nanoseconds, of this many each."""

    def get(_: Event, attributes: dict[str, Any]) -> object:
        text = str(attributes.get("duration", "")).removesuffix("ms")
        return float(text) * unit if text else None

    return get


def stripped(_: Event, attributes: dict[str, Any]) -> object:
    """A message without the white space around it."""
    return attributes["message"].strip()


def complaint(_: Event, attributes: dict[str, Any]) -> object:
    """Filebeat leaves the message's number and the referrer in it; here they have names of their own."""
    code = f"{attributes['code']}: " if "code" in attributes else ""
    referrer = f", referer: {attributes['referrer']}" if "referrer" in attributes else ""
    return f"{code}{attributes['message']}{referrer}"


_LEVEL: dict[str, Getter] = {"log.level": taken("level")}
OWN: dict[str, dict[str, Getter]] = {
    "apache/error": _LEVEL | {"message": complaint},
    "auditd/log": {
        "auditd.log.ses": lambda _, attributes: attributes.get("ses"),
        "auditd.log.node": lambda event, _: event.host,
        "auditd.log.sequence": taken("serial"),
    },
    "icinga/main": _LEVEL | {"icinga.main.facility": taken("facility"), "message": stripped},
    "icinga/startup": _LEVEL | {"icinga.startup.facility": taken("facility"), "message": stripped},
    "kafka/log": _LEVEL
    | {
        "kafka.log.class": taken("class"),
        "kafka.log.component": taken("component"),
        "kafka.log.thread": taken("thread"),
        "message": taken("message"),
    },
    "nats/log": _LEVEL
    | {"nats.log.client.id": lambda _, attributes: attributes.get("client_id", "").removeprefix("cid:")},
    "pensando/dfw": {
        "pensando.dfw.direction": taken("direction"),
        "pensando.dfw.session_state": taken("session-state"),
        "rule.id": lambda event, _: event.object_id,
    },
    "haproxy/log": {"event.duration": duration(1_000_000)},
    "iis/access": {"event.duration": duration(1_000_000)},
    "mongodb/log": _LEVEL
    | {"mongodb.log.component": taken("component"), "mongodb.log.context": taken("context"), "message": stripped},
    "mysql/error": _LEVEL | {"mysql.thread_id": taken("thread_id")},
    "mysql/slowlog": {
        "event.duration": duration(1_000_000_000),
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
    },
    "nginx/ingress_controller": {"nginx.ingress_controller.http.request.id": lambda event, _: event.trace_id},
    "osquery/result": {"osquery.result.name": taken("name"), "event.action": taken("action")},
    "postgresql/log": _LEVEL
    | {
        "event.duration": duration(1_000_000),
        "postgresql.log.database": taken("database"),
        "postgresql.log.client_addr": lambda event, _: event.src_ip,
        "postgresql.log.client_port": lambda event, _: event.src_port or None,
        "postgresql.log.session_id": lambda event, _: event.session,
        "postgresql.log.sql_state_code": taken("sql_state_code"),
        "postgresql.log.application_name": taken("application_name"),
        "postgresql.log.backend_type": taken("backend_type"),
        "postgresql.log.command_tag": taken("command_tag"),
        "postgresql.log.query": taken("query"),
        "postgresql.log.query_name": taken("query_name"),
        "postgresql.log.session_line_number": taken("session_line_number"),
    },
    "redis/log": _LEVEL | {"redis.log.role": taken("role"), "message": stripped},
    "santa/log": _LEVEL | {"santa.decision": taken("decision"), "santa.action": taken("action")},
    "system/auth": {
        "system.auth.sudo.command": lambda event, _: event.object_id,
        "system.auth.ssh.dropped_ip": lambda event, _: event.src_ip,
    },
    "traefik/access": {"event.duration": duration(1_000_000)},
}

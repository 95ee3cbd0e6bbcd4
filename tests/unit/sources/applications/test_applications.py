"""Logs of brokers, pipelines, monitoring and file transfer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from support.reading import events_of
from vestige.model.event import Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.applications.elastic_text import FORMAT as ELASTIC
from vestige.sources.applications.icinga import FORMAT as ICINGA
from vestige.sources.applications.kafka import FORMAT as KAFKA
from vestige.sources.applications.nats import FORMAT as NATS
from vestige.sources.applications.vsftpd import FORMAT as VSFTPD

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.sources import Format

ACL = "Principal = User:{} is {} {}peration = Read {}from host = 192.0.2.7 {}on resource = Topic:LITERAL:pay"


@pytest.mark.parametrize(
    ("said", "name", "kind", "outcome", "actor", "thing", "ip"),
    [
        (ACL.format("bob", "Denied", "O", "", ""), "kafka.authorizer.logger", "access.denied", "failure", "bob",
         "Topic:LITERAL:pay", "192.0.2.7"),
        (ACL.format("bob", "Allowed", "o", "", "via X "), "kafka.authorizer.logger", "access.checked", "success",
         "bob", "Topic:LITERAL:pay", "192.0.2.7"),
        ("[SocketServer] Failed authentication with /192.0.2.7 (SSL handshake failed)",
         "org.apache.kafka.common.network.Selector", "auth.login_failed", "failure", "", "", "192.0.2.7"),
        ("started", "kafka.server.KafkaServer", "service.started", "success", "", "", ""),
        ("started", "kafka.log.LogCleaner", "service.status", "", "", "", ""),
        ("New topics: [Set(foo)], deleted topics: [Set()]", "kafka.controller.KafkaController", "resource.created", "",
         "", "foo", ""),
        ("Removed 0 expired offsets", "kafka.coordinator.group.GroupMetadataManager", "service.status", "", "", "", ""),
    ],
)  # fmt: skip
def test_kafka(said: str, name: str, kind: str, outcome: str, actor: str, thing: str, ip: str) -> None:
    event = event_of(KAFKA, f"[2026-01-01 10:00:00,123] INFO {said} ({name})", zone="+02:00")
    assert (event.event_type, event.outcome, event.actor_id, event.object_id, event.src_ip) == (
        kind, outcome, actor, thing, ip,
    )  # fmt: skip
    assert to_text(event.occurred_at or 0) == "2026-01-01T08:00:00.123Z"
    assert (event.time_quality, attributes(event)["class"]) == ("assumed_zone", name)


def test_kafka_components_threads_and_traces() -> None:
    event = event_of(KAFKA, "[2026-01-01 10:00:00,123] ERROR [Broker id=1]: broke (a.B) [handler-7]\na.C: x\n\tat y")
    assert (event.event_type, event.severity, event.message) == ("service.error", 3, "Broker id=1: broke")
    assert attributes(event) == {
        "time": "2026-01-01 10:00:00,123", "level": "ERROR", "component": "Broker id=1", "message": "broke",
        "class": "a.B", "thread": "handler-7", "trace": "a.C: x\n\tat y",
    }  # fmt: skip
    other = event_of(KAFKA, "[2026-01-01 10:00:00,123] [WARN ] [t-1] [state.change.logger] - [Broker id=1] odd (x)")
    assert (other.event_type, other.severity, other.message) == ("service.status", 2, "Broker id=1: odd (x)")
    assert (attributes(other)["thread"], attributes(other)["class"]) == ("t-1", "state.change.logger")


def test_elastic_text() -> None:
    event = event_of(ELASTIC, "[2026-01-01T10:00:00,123][INFO ][logstash.agent           ] Pipelines running {}")
    assert (event.event_type, event.host, event.message) == (
        "service.started", "", "logstash.agent: Pipelines running {}",
    )  # fmt: skip
    plugin = event_of(ELASTIC, "[2026-01-01T10:00:00,123][WARN ][logstash.inputs.beats    ][main][0af] odd")
    assert (attributes(plugin)["pipeline"], attributes(plugin)["plugin"], plugin.severity) == ("main", "0af", 2)
    node = event_of(ELASTIC, "[2026-01-01T10:00:00,123][INFO ][o.e.n.Node] [node-1] started {x}")
    assert (node.event_type, node.host, attributes(node)["message"]) == ("service.started", "node-1", "started {x}")
    bad = event_of(ELASTIC, "[2026-01-01T10:00:00,123][ERROR][logstash.x] broke\nagain")
    assert (bad.event_type, attributes(bad)["message"]) == ("service.error", "broke\nagain")


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "thing", "subject", "actor", "ip"),
    [
        ("information/Notification: Sending 'Problem' notification 'a!b!m' for user 'ops'", "alert.raised", "",
         "a!b!m", "ops", "", ""),
        ("information/Notification: Sending 'Recovery' notification 'a!b!m for user 'ops'", "alert.changed", "",
         "a!b!m", "ops", "", ""),
        ("information/Http: Request: POST /v1/x (from [192.0.2.7]:4, user: root, agent: y, status: OK).",
         "service.request", "success", "/v1/x", "", "root", "192.0.2.7"),
        ("information/Http: Request: GET /v1 (from [::1]:4, user: eve, agent: y, status: Unauthorized).",
         "service.request", "failure", "/v1", "", "eve", "::1"),
        ("information/ApiListener: New client connection for identity 'a' from [::ffff:192.0.2.7]:4",
         "network.connection", "success", "", "", "", "192.0.2.7"),
        ("critical/checker: broke", "service.error", "", "", "", "", ""),
        ("information/cli: words", "service.status", "", "", "", "", ""),
    ],
)  # fmt: skip
def test_icinga(said: str, kind: str, outcome: str, thing: str, subject: str, actor: str, ip: str) -> None:
    event = event_of(ICINGA, f"[2026-01-01 10:00:00 +0100] {said}")
    assert (event.event_type, event.outcome, event.object_id, event.subject_id, event.actor_id, event.src_ip) == (
        kind, outcome, thing, subject, actor, ip,
    )  # fmt: skip
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-01T09:00:00Z", "exact")
    assert event_of(ICINGA, said).occurred_at is None


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "actor", "thing"),
    [
        ('authentication error - User "eve"', "auth.login_failed", "failure", "eve", ""),
        ("authentication error", "auth.login_failed", "failure", "", ""),
        ('Publish Violation - User "bob", Subject "pay.x"', "access.denied", "failure", "bob", "pay.x"),
        ("Client connection created", "network.connection", "success", "", ""),
        ('->> [CONNECT {"verbose":false,"user":"bob","pass":"[REDACTED]"}]', "auth.attempted", "", "bob", ""),
        ("->> [PUB pay.x _INBOX.a 20]", "data.written", "", "", "pay.x"),
        ("<<- [MSG pay.x 1 20]", "data.read", "", "", "pay.x"),
        ("->> [PING]", "service.status", "", "", ""),
    ],
)
def test_nats(said: str, kind: str, outcome: str, actor: str, thing: str) -> None:
    event = event_of(NATS, f"[7] 2026/01/01 10:00:00.123456 [TRC] 192.0.2.7:38630 - cid:5 - {said}")
    assert (event.event_type, event.outcome, event.actor_id, event.object_id) == (kind, outcome, actor, thing)
    assert (event.src_ip, event.src_port) == ("192.0.2.7", 38630)
    assert to_text(event.occurred_at or 0) == "2026-01-01T10:00:00.123456Z"
    assert attributes(event)["pid"] == 7
    # Every run of every server has a client 5.
    assert (attributes(event)["client_id"], event.session, event.keys) == ("cid:5", "", ())


def test_nats_of_newer_clients_and_of_the_server() -> None:
    event = event_of(NATS, '[7] 2026/01/01 10:00:00 [ERR] [::1]:1 - cid:5 - "v1:go" - authentication error')
    assert (event.event_type, event.src_ip, event.severity) == ("auth.login_failed", "::1", 3)
    listening = event_of(NATS, "[7] 2026/01/01 10:00:00 [INF] Listening for client connections on 0.0.0.0:4222")
    assert (listening.event_type, listening.dst_port, listening.src_ip) == ("network.listening", 4222, "")


@pytest.mark.parametrize(
    ("said", "kind", "outcome", "actor", "thing"),
    [
        ('CONNECT: Client "192.0.2.7"', "network.connection", "success", "", ""),
        ('[bob] OK LOGIN: Client "192.0.2.7", anon password "n"', "auth.login", "success", "bob", ""),
        ('[bob] FAIL LOGIN: Client "192.0.2.7"', "auth.login_failed", "failure", "bob", ""),
        (
            '[bob] FAIL DOWNLOAD: Client "192.0.2.7", "/a, b*", 0.00Kbyte/sec',
            "file.transferred",
            "failure",
            "bob",
            "/a, b*",
        ),
        ('[bob] OK DELETE: Client "192.0.2.7", "/a"', "file.deleted", "success", "bob", "/a"),
        ('[bob] OK STRANGE ACT: Client "192.0.2.7", "/a"', "network.ftp", "success", "bob", "/a"),
    ],
)
def test_vsftpd(said: str, kind: str, outcome: str, actor: str, thing: str) -> None:
    event = event_of(VSFTPD, f"Mon Jun  6 18:43:28 2016 [pid 2] {said}")
    assert (event.event_type, event.outcome, event.actor_id, event.object_id, event.src_ip) == (
        kind, outcome, actor, thing, "192.0.2.7",
    )  # fmt: skip
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2016-06-06T18:43:28Z", "assumed_zone")


@pytest.mark.parametrize("form", [KAFKA, ELASTIC, ICINGA, NATS, VSFTPD])
def test_other_lines_are_unparsed_and_not_claimed(form: Format) -> None:
    for line in ("words", "[2026-01-01 10:00:00,123] words", "[1] [INF] x", "Mon Jun  6 18:43:28 2016 x"):
        assert isinstance(read_one(form, line), Unparsed)
        assert claim(form, line) is None


@pytest.mark.parametrize(
    ("name", "form", "count"),
    [
        ("ecs-oracle-filebeat/kafka/log/controller-2.0.0.log", KAFKA, 22),
        ("ecs-oracle-filebeat/kafka/log/server-2.0.0.log", KAFKA, 159),
        ("ecs-oracle-filebeat/kafka/log/state-change-2.2.2.log", KAFKA, 2),
        ("ecs-oracle-filebeat/logstash/log/logstash-plain.log", ELASTIC, 3),
        ("ecs-oracle-filebeat/icinga/main/test.log", ICINGA, 3),
        ("ecs-oracle-filebeat/icinga/startup/test.log", ICINGA, 2),
        ("ecs-oracle-filebeat/nats/log/test.log", NATS, 18),
        ("plaso-test-data/vsftpd.log", VSFTPD, 25),
    ],
)
def test_the_corpus(corpus: Path, name: str, form: Format, count: int) -> None:
    data = (corpus / name).read_bytes()
    choice = detect(Sample("f", data[:65536], complete=len(data) <= 65536))
    assert choice.format is form
    kinds = Counter(event.event_type for event in events_of(form, data))
    assert sum(kinds.values()) == count
    assert not kinds.keys() & {"log.line", "event.generic"}

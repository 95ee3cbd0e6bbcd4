"""Exports: each shape says what the event says, and nothing where the event says nothing."""

from __future__ import annotations

import csv as tables
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.timeline import SHAPES
from vestige.timeline.exports.ecs import to_ecs

LOGIN: dict[str, Any] = {
    "id": "01KAPXV0000000000000000000",
    "seq": 7,
    "occurred_at": "2026-04-11T10:00:00.123456789Z",
    "time_text": "2026-04-11T12:00:00.123456789+02:00",
    "time_quality": "exact",
    "received_at": "2026-04-12T00:00:00Z",
    "event_type": "auth.login_failed",
    "category": "auth",
    "action": "Failed password",
    "outcome": "failure",
    "severity": "medium",
    "actor": {"id": "u-1", "name": "root"},
    "network": {"src_ip": "192.0.2.7", "src_port": 4711, "protocol": "TCP"},
    "device": {"hostname": "web-1"},
    "session": "s-1",
    "trace_id": "t-1",
    "source": "auth.log",
    "message": "=cmd|' /C calc'!A0 failed for root",
    "tags": ["ssh"],
    "attributes": {"method": "GET", "status": "404", "bytes": 12, "pid": "nonsense", "url": "/x"},
    "keys": [{"kind": "identity", "value": "root"}, {"kind": "ip", "value": "192.0.2.7"}],
    "parser": "syslog/1",
}
UNDATED = {
    "id": "01KAPXV0000000000000000001",
    "seq": 8,
    "time_quality": "missing",
    "time_text": "1601-01-01",
    "received_at": "2026-04-12T00:00:00Z",
    "event_type": "file.created",
    "category": "file",
    "severity": "info",
    "source": "body",
    "parser": "bodyfile/1",
}
BATCHES = [[LOGIN], [UNDATED], []]


def written(shape: str) -> bytes:
    return b"".join(SHAPES[shape].write(BATCHES))


def objects(shape: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(shape).splitlines()]


def test_json_lines_are_the_events_themselves() -> None:
    assert objects("ndjson") == [LOGIN, UNDATED]


def test_a_table_s_cells_cannot_be_formulas() -> None:
    first, second = tables.DictReader(io.StringIO(written("csv").decode()))
    assert first["message"] == "'=cmd|' /C calc'!A0 failed for root"
    assert (first["network.src_ip"], first["network.src_port"], first["seq"]) == ("192.0.2.7", "4711", "7")
    assert json.loads(first["attributes"]) == LOGIN["attributes"]
    assert (second["occurred_at"], second["time_text"]) == ("", "1601-01-01")


def test_timesketch_rows_have_its_four_fields_and_no_time_is_invented() -> None:
    first, second = objects("timesketch")
    assert (first["datetime"], first["timestamp"]) == (LOGIN["occurred_at"], 1_775_901_600_123_456)
    assert (first["timestamp_desc"], first["message"], first["tag"]) == ("Failed password", LOGIN["message"], ["ssh"])
    assert first["network_src_ip"] == "192.0.2.7"
    assert (second["datetime"], "timestamp" in second) == ("", False)


def test_ecs_documents_say_what_kind_who_and_whence() -> None:
    first, second = objects("ecs")
    assert first["@timestamp"] == LOGIN["occurred_at"]
    assert first["event"] | {
        "category": ["authentication"], "type": ["start"], "outcome": "failure", "kind": "event", "sequence": 7
    } == first["event"]  # fmt: skip
    assert first["source"] == {"ip": "192.0.2.7", "address": "192.0.2.7", "port": 4711}
    assert first["network"] == {"transport": "tcp", "protocol": "TCP"}
    assert first["user"] == {"id": "u-1", "name": "root"}
    assert first["http"]["response"] == {"status_code": 404, "body": {"bytes": 12}}
    assert first["url"] == {"original": "/x"}
    assert "process" not in first
    assert first["vestige"]["attributes"] == LOGIN["attributes"]
    assert first["related"] == {"ip": ["192.0.2.7"], "user": ["root"]}
    assert "@timestamp" not in second
    assert second["event"]["category"] == ["file"]


def ecs(parser: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return to_ecs({**UNDATED, "parser": parser, "attributes": attributes, **more})


def test_a_name_means_in_ecs_what_its_format_means_by_it() -> None:
    fields = {"path": "/usr/libexec/xpcproxy", "args": "a --b", "uid": "0"}
    santa = ecs("santa/1", fields, actor={"id": "root", "name": "root"})
    assert santa["process"] == {
        "executable": "/usr/libexec/xpcproxy", "command_line": "a --b", "args_count": 3,
        "args": ["/usr/libexec/xpcproxy", "a", "--b"],
    }  # fmt: skip
    assert santa["user"] == {"id": "0", "name": "root"}
    assert "url" not in santa
    assert ecs("web_access/1", {"path": "/a.d/b.tar.gz"})["url"] == {"path": "/a.d/b.tar.gz", "extension": "gz"}
    assert ecs("auditd/1", {"args": ["a", "b"], "argc": "7", "euid": "5"})["process"] == {
        "args": ["a", "b"], "args_count": 7,
    }  # fmt: skip
    assert "process" not in ecs("auditd/1", {"args": ["a", 7]})
    assert ecs("osquery/1", {"decorations": {"username": "tsg"}})["user"] == {"name": "tsg"}
    assert "user" not in ecs("osquery/1", {"decorations": "tsg"})


@pytest.mark.parametrize(
    ("client", "source"),
    [
        ("monitor", {"address": "monitor", "domain": "monitor"}),
        ("192.0.2.7", {"address": "192.0.2.7"}),
        ("unix:", {"address": "unix:"}),
        (7, None),
    ],
)
def test_a_client_is_an_address_or_a_name(client: object, source: object) -> None:
    assert ecs("web_access/1", {"client": client}).get("source") == source


def test_ecs_tells_whom_an_act_was_done_as_and_to() -> None:
    subject, actor = {"id": "root"}, {"id": "bob"}
    as_root = ecs("syslog/1", {}, event_type="auth.privilege_used", actor=actor, subject=subject)
    assert as_root["user"] == {"id": "bob", "name": "bob", "effective": {"name": "root"}}
    to_root = ecs("syslog/1", {}, event_type="account.changed", actor=actor, subject={"id": "0", "name": "root"})
    assert to_root["user"]["target"] == {"name": "root", "id": "0"}
    assert ecs("syslog/1", {}, event_type="account.created", subject=subject)["user"] == {"name": "root"}
    assert "user" not in ecs("x/1", {}, event_type="access.granted", subject={"id": "b", "type": "bucket"})


def test_ocsf_objects_have_class_status_and_endpoint() -> None:
    first, second = objects("ocsf")
    assert (first["class_uid"], first["category_uid"], first["activity_id"], first["type_uid"]) == (3002, 3, 1, 300201)
    assert (first["time"], first["status_id"], first["severity_id"]) == (1_775_901_600_123, 2, 3)
    assert first["src_endpoint"] == {"ip": "192.0.2.7", "port": 4711}
    assert first["actor"]["user"] == {"uid": "u-1", "name": "root"}
    assert first["metadata"]["original_time"] == LOGIN["time_text"]
    assert first["unmapped"]["url"] == "/x"
    assert ("time" in second, second["class_uid"]) == (False, 1001)


def test_l2t_rows_have_seventeen_columns_and_macb() -> None:
    header, first, second = tables.reader(io.StringIO(written("l2tcsv").decode()))
    assert len(header) == len(first) == len(second) == 17
    assert first[:4] == ["04/11/2026", "10:00:00", "UTC", "...."]
    assert first[header.index("user")] == "root"
    assert f"occurred_at: {LOGIN['occurred_at']}" in first[-1]
    assert second[:4] == ["00/00/0000", "--:--:--", "UTC", "...B"]


def test_parquet_columns_have_types() -> None:
    table = pq.read_table(io.BytesIO(written("parquet"))).to_pylist()
    assert [row["id"] for row in table] == [LOGIN["id"], UNDATED["id"]]
    assert table[0]["occurred_at"].value == 1_775_901_600_123_456_789
    assert (table[0]["network.src_port"], table[0]["tags"], table[1]["occurred_at"]) == (4711, ["ssh"], None)


@pytest.mark.parametrize("name", list(VOCABULARY))
def test_every_type_has_its_place_in_both_schemas(name: str) -> None:
    categories, _, kinds = VOCABULARY[name].ecs.partition("/")
    known = {"authentication", "configuration", "database", "email", "file", "host", "iam", "intrusion_detection"}
    known |= {"library", "network", "package", "process", "registry", "session", "vulnerability", "web"}
    types = {"access", "change", "connection", "creation", "deletion", "denied", "end", "error", "info"}
    types |= {"installation", "protocol", "start"}
    assert set(categories.split("+")) <= known
    assert set(kinds.split("+")) <= types
    class_uid, activity = map(int, VOCABULARY[name].ocsf.split("/"))
    assert class_uid % 100_000 // 1000 in range(7)
    assert activity in range(100)

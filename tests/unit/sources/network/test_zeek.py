from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.model.event import Event, Reading, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Member, Sample, Turn, detect, walk
from vestige.sources.network.zeek import FORMAT
from vestige.sources.network.zeek_json import FORMAT as JSON
from vestige.sources.network.zeek_logs import LOGS, path_by_fields

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"


def table(path: str, columns: dict[str, str], *rows: str) -> bytes:
    """A log with these columns and types; cells of a row are separated by ``|``."""
    lines = [f"#path\t{path}", "\t".join(["#fields", *columns]), "\t".join(["#types", *columns.values()])]
    return (HEAD + "\n".join([*lines, *(row.replace("|", "\t") for row in rows)]) + "\n").encode()


def readings(data: bytes) -> list[Reading]:
    choice = detect(Sample("x", data, complete=True))
    assert choice.format is not None
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=0))
    out: list[Reading] = []
    for batch in choice.format.split(io.BytesIO(data), context=context):
        if isinstance(batch, Turn):
            context = batch.context
        else:
            out += choice.format.parse([record.payload for record in batch], context)
    return out


def events(data: bytes) -> list[Event]:
    return [reading for reading in readings(data) if isinstance(reading, Event)]


def one(path: str, /, **fields: object) -> Event:
    record = {
        "_path": path,
        "ts": 1767225600.000001,
        **{name.replace("__", "."): value for name, value in fields.items()},
    }
    (event,) = JSON.parse([orjson.dumps(record)], Context(received_at=0))
    assert isinstance(event, Event)
    return event


ENDS = {"id.orig_h": "192.0.2.7", "id.orig_p": 1, "id.resp_h": "198.51.100.1", "id.resp_p": 443}


def ends(path: str, /, **fields: object) -> Event:
    return one(path, uid="C1", **ENDS, **fields)


DNS = {
    "ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr", "id.resp_p": "port",
    "proto": "enum", "query": "string", "qtype_name": "string", "rcode_name": "string", "AA": "bool",
    "answers": "vector[string]", "TTLs": "vector[interval]",
}  # fmt: skip


def test_a_row_is_read_by_its_columns_and_types() -> None:
    row = (
        r"1767225600.000001|C1|192.0.2.7|40000|198.51.100.2|53|udp|a\x2cb\\.example|A|NOERROR|T"
        r"|203.0.113.9,x\x2cy,-|60.0,1.5,-"
    )
    (event,) = events(table("dns", DNS, row))
    assert event == Event(
        event_type="network.dns",
        occurred_at=1_767_225_600_000_001_000,
        time_text="1767225600.000001",
        time_quality="exact",
        action="A",
        outcome="success",
        object_id="a,b\\.example",
        object_type="domain",
        src_ip="192.0.2.7",
        dst_ip="198.51.100.2",
        src_port=40000,
        dst_port=53,
        protocol="udp",
        message="DNS A a,b\\.example NOERROR 203.0.113.9, x,y, 192.0.2.7 to 198.51.100.2:53",
        attributes=event.attributes,
        keys=(("custom", "C1"), ("ip", "203.0.113.9")),
    )
    assert json.loads(event.attributes) == {
        "ts": 1767225600.000001, "uid": "C1", "id.orig_h": "192.0.2.7", "id.orig_p": 40000,
        "id.resp_h": "198.51.100.2", "id.resp_p": 53, "proto": "udp", "query": "a,b\\.example", "qtype_name": "A",
        "rcode_name": "NOERROR", "AA": True, "answers": ["203.0.113.9", "x,y", None], "TTLs": [60.0, 1.5, None],
    }  # fmt: skip


def test_unset_columns_are_left_out_and_empty_ones_are_empty() -> None:
    (event,) = events(table("dns", DNS, "-|C1|bad|99999|-|-|udp|(empty)|-|-|F|(empty)|-"))
    assert (event.occurred_at, event.time_quality, event.src_ip, event.src_port) == (None, "missing", "", 0)
    assert event.outcome == "unknown"
    assert json.loads(event.attributes) == {
        "uid": "C1", "id.orig_h": "bad", "id.orig_p": 99999, "proto": "udp", "query": "", "AA": False, "answers": [],
    }  # fmt: skip


def test_control_characters_and_bytes_that_are_no_text_stay_escaped_as_in_json() -> None:
    (event,) = events(table("weird", {"ts": "time", "name": "string", "addl": "string"}, r"1|n|\x01\x0a\xc3\xa4 \xff"))
    assert json.loads(event.attributes)["addl"] == "\\x01\nä \\xff"
    assert "\n" not in event.message


@pytest.mark.parametrize("row", ["1|C1", "1|C1|x|x|x|x|x|x|x|x|x|x|x|x"])
def test_a_row_of_another_width_is_unparsed(row: str) -> None:
    found = readings(table("dns", DNS, row))
    assert isinstance(found[0], Skipped)
    assert isinstance(found[1], Unparsed)
    assert "expected 13 columns" in found[1].reason


def test_a_row_without_any_header_is_unparsed() -> None:
    (reading,) = FORMAT.parse([b"1767225600.0\tC1"], Context(received_at=0))
    assert reading == Unparsed("no #fields line before it names the columns")


def test_another_header_turns_the_context_once_and_resumes_at_every_record() -> None:
    first = table("dns", DNS, "1767225600.000001|C1|192.0.2.7|1|198.51.100.2|53|udp|a|A|NOERROR|T|-|-")
    second = table("weird", {"ts": "time", "name": "string"}, "1767225601.000001|odd")
    data = first + b"#close\t2026-01-01\n" + first + b"#close\t2026-01-01\n" + second
    assert [event.event_type for event in events(data)] == ["network.dns", "network.dns", "network.anomaly"]
    detection = FORMAT.detect(Sample("x", data, complete=True))
    assert detection is not None
    context = detection.apply(Context(received_at=0))
    items = list(FORMAT.split(io.BytesIO(data), context=context))
    assert sum(isinstance(item, Turn) for item in items) == 1
    whole: list[tuple[Any, Context]] = []
    for item in items:
        if isinstance(item, Turn):
            context = item.context
        else:
            whole += [(record, context) for record in item]
    for index, (record, known) in enumerate(whole):
        under = known
        end = record.offset + len(record.payload)
        rest: list[Any] = []
        for item in FORMAT.split(io.BytesIO(data[end:]), start=end, number=index + 1, context=under):
            if isinstance(item, Turn):
                under = item.context
            else:
                rest += [(one_record, under) for one_record in item]
        assert rest == whole[index + 1 :]


def test_a_separator_of_its_own_is_used() -> None:
    head = b"#separator \\x2c\n#set_separator,;\n#unset_field,-\n#path,weird\n#fields,ts,name\n#types,time,string\n"
    data = head + b"1767225600.5,odd\n"
    (event,) = events(data)
    assert (event.action, event.occurred_at) == ("odd", 1_767_225_600_500_000_000)


CASES: list[tuple[Event, dict[str, object]]] = [
    (ends("conn", proto="tcp", conn_state="REJ"), {"event_type": "network.connection", "outcome": "failure"}),
    (ends("conn", proto="tcp", conn_state="S0"), {"outcome": "unknown", "protocol": "tcp"}),
    (ends("conn", proto="tcp", conn_state="SF", community_id="1:x="), {"outcome": "success"}),
    (
        ends("http", method="GET", host="shop.example", uri="/x", status_code=404, username="bob"),
        {"event_type": "network.http", "outcome": "failure", "actor_id": "bob", "object_id": "shop.example/x"},
    ),
    (ends("ssl", established=False, server_name="a"), {"event_type": "network.tls", "outcome": "failure"}),
    (ends("ssh", auth_success=True), {"event_type": "network.ssh", "outcome": "success"}),
    (ends("ssh", auth_success=None), {"outcome": "unknown"}),
    (
        ends("rdp", cookie="bob", result="Success"),
        {"event_type": "network.rdp", "actor_id": "bob", "outcome": "success"},
    ),
    (
        ends("kerberos", request_type="TGS", client="bob/X.LOCAL", service="cifs/a", success=False),
        {"event_type": "network.kerberos", "actor_id": "bob/X.LOCAL", "actor_name": "bob", "outcome": "failure"},
    ),
    (
        ends("ntlm", username="bob", domainname="X", hostname="PC1", server_dns_computer_name="dc.x", success=True),
        {"actor_id": "bob", "device_name": "PC1", "host": "dc.x", "outcome": "success"},
    ),
    (ends("radius", username="bob", result="failed"), {"event_type": "auth.login_failed", "outcome": "failure"}),
    (ends("smb_files", action="SMB::FILE_DELETE", path="\\\\a\\b", name="c"), {"event_type": "file.deleted"}),
    (ends("smb_files", action="SMB::PIPE_OPEN"), {"event_type": "network.smb"}),
    (
        ends("smtp", mailfrom="<a@example.org>", last_reply="550 no"),
        {"actor_id": "a@example.org", "outcome": "failure"},
    ),
    (
        ends("dce_rpc", endpoint="samr", operation="SamrConnect2"),
        {"event_type": "network.protocol", "action": "SamrConnect2"},
    ),
    (
        ends("mysql", cmd="query", arg="SELECT 1", success=True),
        {"event_type": "database.queried", "object_id": "SELECT 1"},
    ),
    (
        one(
            "dhcp", mac="0a:0b", host_name="pc1", client_addr="192.0.2.7", assigned_addr="192.0.2.8", msg_types=["ACK"]
        ),
        {"event_type": "network.dhcp", "device_id": "0a:0b", "device_name": "pc1", "action": "ACK"},
    ),
    (
        one("files", fuid="F1", tx_hosts=["192.0.2.7"], rx_hosts=["192.0.2.8"], filename="a.exe", sha256="0af"),
        {"event_type": "file.transferred", "src_ip": "192.0.2.7", "dst_ip": "192.0.2.8", "object_id": "a.exe"},
    ),
    (one("notice", note="Scan::X", msg="m", src="192.0.2.7", actions=["Notice::ACTION_ALARM"]), {"severity": 3}),
    (one("notice", note="Scan::X", msg="m", src="192.0.2.7"), {"event_type": "alert.raised", "severity": 1}),
    (one("intel", seen__indicator="192.0.2.9", seen__indicator_type="Intel::ADDR"), {"keys": (("ip", "192.0.2.9"),)}),
    (one("known_services", host="192.0.2.7", port_num=80, service=["HTTP"]), {"dst_ip": "192.0.2.7", "dst_port": 80}),
    (one("capture_loss", percent_lost=1.5), {"event_type": "network.statistics"}),
    (ends("a_log_of_later", x=1), {"event_type": "network.protocol"}),
]


@pytest.mark.parametrize(("event", "expected"), CASES)
def test_each_log_says_what_it_says(event: Event, expected: dict[str, object]) -> None:
    assert {name: getattr(event, name) for name in expected} == expected


def test_ids_hashes_and_fingerprints_are_keys() -> None:
    event = ends("ssl", cert_chain_fuids=["F1"], ja3="0af", cert_chain_fps=["1bc"], community_id="1:x=")
    assert event.keys == (
        ("custom", "C1"), ("custom", "F1"), ("custom", "ja3:0af"), ("hash", "1bc"), ("custom", "1:x="),
    )  # fmt: skip


@pytest.mark.parametrize(
    "place", [ENDS, {k.replace(".", "_"): v for k, v in ENDS.items()}, {"id": {k[3:]: v for k, v in ENDS.items()}}]
)
def test_endpoints_are_read_however_they_are_written(place: dict[str, object]) -> None:
    record = {"ts": 1767225600.5, "uid": "C1", "conn_state": "SF", **place}
    choice = detect(Sample("x", orjson.dumps(record), complete=True))
    assert choice.format is JSON
    (event,) = JSON.parse([orjson.dumps(record)], Context(received_at=0))
    assert isinstance(event, Event)
    assert (event.event_type, event.src_ip, event.dst_port) == ("network.connection", "192.0.2.7", 443)


@pytest.mark.parametrize(("stated", "at"), [
    ("2026-01-01T00:00:00.000001Z", 1_767_225_600_000_001_000),
    (1767225600.000001, 1_767_225_600_000_001_000),
    (1767225600001, 1_767_225_600_001_000_000),
    ({}, None), ("soon", None), (None, None), (0.0, None),
])  # fmt: skip
def test_times_keep_their_digits(stated: object, at: int | None) -> None:
    event = one("weird", name="x", ts=stated)
    assert event.occurred_at == at


def test_wrong_types_leave_fields_empty() -> None:
    event = one("conn", id=[1], uid={}, proto=[], conn_state={"a": 1}, community_id=[{}, None])
    assert (event.src_ip, event.protocol, event.outcome, event.keys) == ("", "", "unknown", ())


def test_rules_for_unnamed_records_name_known_logs_only() -> None:
    assert path_by_fields(["ts", "conn_state"]) == "conn"
    assert path_by_fields(["ts"]) == ""
    assert {"conn", "dns", "http", "ssl", "x509", "files"} <= set(LOGS)


def test_no_record_of_another_program_is_taken_for_zeeks() -> None:
    for record in ({"ts": 1767225600, "level": "info", "msg": "x"}, {"ts": 1, "method": "GET", "status_code": 1}):
        choice = detect(Sample("x", orjson.dumps(record), complete=True))
        assert choice.format is not JSON


def near(left: object, right: object) -> bool:
    """Equal, but for intervals, of which TSV has six decimals and JSON all, and times, which JSON has as text."""
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 6e-7
    if isinstance(left, float) and isinstance(right, str):
        return round(left * 1_000_000) * 1000 == parse_rfc3339(right)[0]
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(near, left, right))
    return left == right and type(left) is type(right)


COUNTS = {
    "dce_rpc": 78, "dns": 53615, "dpd": 77, "kerberos": 11, "modbus": 268, "notice": 207, "ntlm": 422, "rdp": 4122,
    "rfb": 3, "smtp": 1188, "ssh": 22, "syslog": 2378, "weird": 24202,
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_both_renderings_of_real_logs_are_the_same_events(corpus: Path, name: str) -> None:
    folder = corpus / "zeek" / "wrccdc-2018"
    tables = events(gzip.decompress((folder / "zeek-default" / f"{name}.log.gz").read_bytes()))
    objects = events(gzip.decompress((folder / "zeek-json" / f"{name}.json.gz").read_bytes()))
    assert len(tables) == len(objects) == COUNTS[name]
    for place, (left, right) in enumerate(zip(tables, objects, strict=True)):
        assert left._replace(time_text="", attributes="") == right._replace(time_text="", attributes="")
        assert left.time_quality == "exact"
        if place > 2000 and place % 20:
            continue
        mine, other = json.loads(left.attributes), json.loads(right.attributes)
        del other["_path"], other["_write_ts"]
        assert mine.keys() == other.keys()
        assert all(near(mine[key], other[key]) for key in mine)


def test_logs_of_a_sensor_in_one_file_are_told_apart(corpus: Path) -> None:
    found = events(gzip.decompress((corpus / "zeek" / "otrf-apt29-day1" / "combined_zeek.json.log.gz").read_bytes()))
    counts: dict[str, int] = {}
    for event in found:
        counts[event.event_type] = counts.get(event.event_type, 0) + 1
    assert counts == {
        "network.tls": 756, "network.connection": 613, "file.transferred": 449, "network.protocol": 123,
        "network.http": 62, "network.dns": 53, "network.kerberos": 35, "network.anomaly": 24, "file.read": 12,
        "network.smb": 11, "alert.raised": 2,
    }  # fmt: skip


def test_every_log_of_a_zip_is_recognised(corpus: Path) -> None:
    folder = corpus / "windows-json-otrf" / "compound-LSASS_campaign_03"
    total = 0
    for member in walk(folder / "metasploit_comsvcs_lsass_memory_dump_zeek_logs.zip"):
        assert isinstance(member, Member)
        with member.open() as stream:
            total += len(events(stream.read()))
    assert total == 126 + 1 + 149 + 1 + 1 + 5 + 1 + 1 + 1 + 19

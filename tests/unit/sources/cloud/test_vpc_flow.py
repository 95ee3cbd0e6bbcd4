from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from support.reading import event_of, readings_of
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import NANOS
from vestige.sources import Context, Sample
from vestige.sources.cloud.vpc_flow import FORMAT, names_of

if TYPE_CHECKING:
    from pathlib import Path

LINE = "2 123456789012 eni-0a 192.0.2.7 198.51.100.1 4444 22 6 5 400 1767323045 1767323100 REJECT OK"


def read(line: str) -> Event:
    (reading,) = FORMAT.parse([line.encode()], Context(received_at=0))
    assert isinstance(reading, Event), reading
    return reading


def test_a_line_is_read_field_by_field() -> None:
    event = read(LINE)
    assert event == Event(
        "network.denied",
        1767323045 * NANOS,
        "1767323045",
        "exact",
        action="REJECT",
        outcome="failure",
        src_ip="192.0.2.7", dst_ip="198.51.100.1", src_port=4444, dst_port=22, protocol="tcp",
        device_id="eni-0a", device_type="interface",
        message="tcp 192.0.2.7:4444 to 198.51.100.1:22: REJECT",
        attributes=event.attributes,
    )  # fmt: skip
    assert json.loads(event.attributes)["log-status"] == "OK"
    assert read(LINE.replace("REJECT", "ACCEPT")).event_type == "network.connection"
    six = read(LINE.replace("192.0.2.7", "2001:DB8::1"))
    assert six.message == "tcp [2001:db8::1]:4444 to 198.51.100.1:22: REJECT"


def test_windows_without_data_are_told_apart_from_lost_ones() -> None:
    line = "2 123456789012 eni-0a - - - - - - - 1767323045 1767323100 - {}"
    assert read(line.format("NODATA")).event_type == "network.statistics"
    lost = read(line.format("SKIPDATA"))
    assert (lost.event_type, lost.outcome, lost.src_ip, lost.message) == ("logging.lost", "", "", "SKIPDATA on eni-0a")


@pytest.mark.parametrize("pattern", ["{}", "${{{}}}"], ids=["names", "template"])
def test_a_line_of_names_gives_the_fields_in_any_order(pattern: str) -> None:
    wanted = "srcaddr action start pkt-srcaddr pkt-dstaddr instance-id"
    names = " ".join(pattern.format(name) for name in wanted.split())
    data = f"{names}\n10.0.0.1 ACCEPT 1767323045 192.0.2.7 - i-0a\n".encode()
    header, event = readings_of(FORMAT, data)
    assert isinstance(header, Skipped)
    assert isinstance(event, Event)
    assert (event.src_ip, event.host, event.keys) == ("192.0.2.7", "i-0a", (("ip", "10.0.0.1"),))


@pytest.mark.parametrize(
    "line",
    ["2 1 eni", LINE + " more", LINE.replace("1767323045", "yesterday"), "a b", "{"],
)
def test_lines_of_another_shape_are_refused_with_a_reason(line: str) -> None:
    (reading,) = FORMAT.parse([line.encode()], Context(received_at=0))
    assert isinstance(reading, Unparsed)
    assert reading.reason


def test_values_that_are_none_of_a_field_leave_it_empty() -> None:
    event = read(LINE.replace("4444", "99999").replace("192.0.2.7", "999.0.0.1").replace("1767323045", "12"))
    assert (event.src_port, event.src_ip, event.occurred_at, event.time_quality) == (0, "", None, "missing")
    assert event.tags == ("time:unreadable",)


def test_json_renderings() -> None:
    event = event_of(FORMAT, {
        "srcaddr": "192.0.2.7", "dstaddr": "198.51.100.1", "srcport": 4444, "dstport": 22, "protocol": 17,
        "interface_id": "eni-0a", "start": 1767323045, "action": "ACCEPT", "log_status": "OK", "vpc_id": "vpc-1",
    })  # fmt: skip
    assert (event.event_type, event.protocol, event.object_id) == ("network.connection", "udp", "vpc-1")
    camel = event_of(FORMAT, {"srcAddr": "192.0.2.7", "dstAddr": "198.51.100.1", "dstPort": 22})
    assert (camel.src_ip, camel.dst_port, camel.outcome) == ("192.0.2.7", 22, "")


def test_what_is_no_flow_is_not_claimed() -> None:
    assert names_of("name srcaddr when who") == ()
    assert names_of("srcaddr dstaddr") == ()
    for other in (b"192.0.2.7 - - [x]\n", b'{"srcaddr":"192.0.2.7","query_name":"a","dstaddr":"x"}\n', b"2 1 x\n" * 9):
        assert FORMAT.detect(Sample("f", other, complete=True)) is None


def test_hostile_lines_cost_no_more_than_their_length() -> None:
    began = time.process_time()
    for line in ("2 " + "1 " * 500_000, "9" * 1_000_000, "${a" * 300_000, "2 123456789012 " + "a" * 1_000_000):
        FORMAT.parse([line.encode()], Context(received_at=0))
        FORMAT.detect(Sample("f", line.encode()[:65536], complete=False))
    assert time.process_time() - began < 15


def test_security_lake_reads_the_same_of_these_flows(corpus: Path) -> None:
    folder = corpus / "ocsf" / "security-lake" / "1.0.0-rc.2" / "VPC_FLOW"
    compared = 0
    for number in range(4):
        (source,) = (folder / "inputs").glob(f"vpc_flow-input{number}*.as.jsonl")
        theirs = json.loads((folder / f"example{number}.gz.parquet.as.jsonl").read_text())
        (event,) = readings_of(FORMAT, source.read_bytes())
        assert isinstance(event, Event)
        assert event.occurred_at == theirs["start_time"] * 1_000_000
        for ours, end in ((event.src_ip, "src_endpoint"), (event.dst_ip, "dst_endpoint")):
            assert (ours or "-") == theirs[end]["ip"]
        assert (event.src_port or None, event.dst_port or None) == (
            theirs["src_endpoint"]["port"], theirs["dst_endpoint"]["port"],
        )  # fmt: skip
        kind = {"Refuse": "network.denied", "Traffic": "network.connection", "Unknown": "network.statistics"}
        assert event.event_type == kind[theirs["activity_name"]]
        compared += 1
    assert compared == 4

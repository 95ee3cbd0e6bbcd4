"""The log of Windows' firewall."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from support.reading import events_of, readings_of
from vestige.model.event import Event, Unparsed
from vestige.sources import Sample, detect
from vestige.sources.windows.firewall_log import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "#Version: 1.5\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack"
    " tcpwin icmptype icmpcode info path\n"
)


def read(*rows: str) -> list[Event | Unparsed]:
    found = readings_of(FORMAT, (HEAD + "\n".join(rows) + "\n").encode())
    return [reading for reading in found if isinstance(reading, Event | Unparsed)]


def test_what_the_firewall_did() -> None:
    (dropped, allowed, closed, lost) = read(
        "2026-01-01 10:00:00 DROP TCP 198.51.100.7 192.0.2.7 50112 3389 52 S 1 0 8192 - - - RECEIVE",
        "2026-01-01 10:00:01 ALLOW UDP fe80::1 ff02::fb 5353 5353 0 - - - - - - - SEND",
        "2026-01-01 10:00:02 CLOSE TCP 192.0.2.7 192.0.2.8 1 2 - - - - - - - - -",
        "2026-01-01 10:00:03 INFO-EVENTS-LOST - - - - - - - - - - - - 59 -",
    )
    assert isinstance(dropped, Event)
    assert isinstance(allowed, Event)
    assert isinstance(closed, Event)
    assert isinstance(lost, Event)
    assert (dropped.event_type, dropped.outcome, dropped.time_quality) == ("network.denied", "failure", "assumed_zone")
    assert (dropped.src_ip, dropped.src_port, dropped.dst_ip, dropped.dst_port, dropped.protocol) == (
        "198.51.100.7", 50112, "192.0.2.7", 3389, "tcp",
    )  # fmt: skip
    assert dropped.message == "TCP dropped from 198.51.100.7 port 50112 to 192.0.2.7 port 3389 (received)"
    assert (allowed.event_type, allowed.outcome, allowed.src_ip) == ("network.connection", "success", "fe80::1")
    assert (closed.event_type, closed.outcome, closed.action) == ("network.connection", "", "CLOSE")
    assert (lost.event_type, lost.severity, lost.message) == ("logging.lost", 2, "59 events were not recorded")


def test_bad_rows() -> None:
    cut, odd, wrong = read(
        "2026-01-01 10:00:00 DROP TCP",
        "2026-01-01 10:00:00 MAYBE TCP 192.0.2.7 192.0.2.8 1 2 - - - - - - - - -",
        "2026-01-01 10:00:00 DROP TCP 192.0.2.777 x 99999 - - - - - - - - - -",
    )
    assert isinstance(cut, Unparsed)
    assert isinstance(odd, Unparsed)
    assert "MAYBE" in odd.reason
    assert isinstance(wrong, Event)
    assert (wrong.src_ip, wrong.dst_ip, wrong.src_port) == ("", "", 0)


def test_a_part_without_column_names_is_recognised() -> None:
    row = b"2026-01-01 10:00:00 DROP TCP 198.51.100.7 192.0.2.7 50112 3389 52 S 1 0 8192 - - - RECEIVE\n"
    choice = detect(Sample("f", row * 3, complete=True))
    assert choice.format is FORMAT
    assert choice.detection is not None
    assert dict(choice.detection.extra) == {"zone": "none"}
    assert events_of(FORMAT, row)[0].dst_port == 3389


def test_the_corpus(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "windows_firewall.log").read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is FORMAT
    assert Counter(event.event_type for event in events_of(FORMAT, data)) == {
        "network.denied": 9, "network.connection": 5, "logging.lost": 1,
    }  # fmt: skip

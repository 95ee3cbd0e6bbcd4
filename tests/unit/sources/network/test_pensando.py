"""Verdicts of Pensando's firewall."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from support.one import attributes, claim, event_of, read_one
from support.reading import events_of
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.network.pensando import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "<14>1 2026-01-01T10:00:01Z esx-1 pen-tmagent 1402  - "
FLOW: dict[str, Any] = {
    "time": "2026-01-01T10:00:00Z", "destaddr": "192.0.2.8", "destport": 80, "srcaddr": "192.0.2.7", "srcport": 46554,
    "protocol": "TCP", "action": "allow", "direction": "from-host", "rule-id": 7, "session-id": 9,
    "session-state": "flow_create",
}  # fmt: skip


def line(*flows: object) -> str:
    return HEAD + json.dumps(flows)


def test_a_flow() -> None:
    event = event_of(FORMAT, line(FLOW))
    assert (event.event_type, event.outcome, event.action) == ("network.connection", "success", "allow")
    assert (event.src_ip, event.src_port, event.dst_ip, event.dst_port) == ("192.0.2.7", 46554, "192.0.2.8", 80)
    assert (event.host, event.session, event.object_id, event.protocol) == ("esx-1", "esx-1:9", "7", "tcp")
    assert to_text(event.occurred_at or 0) == "2026-01-01T10:00:00Z"
    assert to_text(event.observed_at or 0) == "2026-01-01T10:00:01Z"
    assert attributes(event) == {
        **FLOW,
        "syslog": {
            "pri": "14", "timestamp": "2026-01-01T10:00:01Z", "hostname": "esx-1", "app_name": "pen-tmagent",
            "procid": "1402",
        },
    }  # fmt: skip


def test_several_flows_in_a_line_and_a_denied_one() -> None:
    reading = read_one(FORMAT, line(FLOW, {**FLOW, "action": "deny", "srcaddr": "x", "destport": 70_000}))
    assert not isinstance(reading, Event | Unparsed | Skipped)
    first, second = reading
    assert first.event_type == "network.connection"
    assert (second.event_type, second.outcome, second.src_ip, second.dst_port) == ("network.denied", "failure", "", 0)


def test_odd_input() -> None:
    for bad in (HEAD, HEAD + "[{]", line(FLOW, 7), line({"action": "allow"}), "<14>1 x"):
        assert isinstance(read_one(FORMAT, bad), Unparsed)
    event = event_of(FORMAT, line({**FLOW, "action": ["x"], "time": {}, "rule-id": None, "session-id": []}))
    assert (event.outcome, event.object_id, event.session) == ("unknown", "", "")
    assert claim(FORMAT, "<14>1 2026-01-01T10:00:01Z h app 1 - - [{}]") is None


def test_the_corpus(corpus: Path) -> None:
    data = (corpus / "ecs-oracle-filebeat" / "pensando" / "dfw" / "test.log").read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is FORMAT
    assert [event.src_port for event in events_of(FORMAT, data)] == [46554, 46594, 46582]

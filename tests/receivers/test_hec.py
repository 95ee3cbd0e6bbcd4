"""Splunk's HTTP Event Collector, spoken by a logging handler that thousands use, and by hand where it has no words."""

from __future__ import annotations

import gzip
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from splunk_hec_handler import SplunkHecHandler

from support.hammer import Killable, hammer
from support.receiving import events, raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.program import Running

URL = "/services/collector"


def handler(url: str, token: str, **more: Any) -> SplunkHecHandler:
    address = httpx.URL(url)
    return SplunkHecHandler(address.host, token, port=address.port, proto="http", hostname="web-1", **more)


@pytest.fixture
def splunk(server: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Splunk {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        yield client


def record(message: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelname": "WARNING", "created": 1764000000.25})


@pytest.mark.parametrize("endpoint", ["event", "raw"])
def test_the_logging_handler_is_understood(server: Running, client: httpx.Client, endpoint: str) -> None:
    one = handler(server.url, str(server.token), source=f"handler-{endpoint}", endpoint=endpoint)
    one.emit(record({"user": "alice", "what": f"signed-in-{endpoint}"}))
    found = [json.loads(raw(client, event["id"])) for event in events(client, "source:splunk.hec")]
    mine = [one for one in found if one["source"] == f"handler-{endpoint}"]
    assert [one["event"]["user"] for one in mine] == ["alice"]
    if endpoint == "event":
        (read,) = events(client, "source:splunk.hec actor:alice")
        assert (read["occurred_at"], read["device"]["hostname"]) == ("2025-11-24T16:00:00.250Z", "web-1")


def test_objects_one_behind_the_other_are_records_of_exact_bytes(splunk: httpx.Client, client: httpx.Client) -> None:
    objects = [b'{"time": "1764000000.123456789", "event": "exact one"}', b'{"event":{"a" : 1},"host":"exact"}',
               b'{\n "event": "exact pretty",\n "time":1764000001 }']  # fmt: skip
    body = objects[0] + objects[1] + b"\r\n" + objects[2]
    answer = splunk.post(URL, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()) == (200, {"text": "Success", "code": 0})
    found = events(client, "exact") + events(client, "exact", undated=True)
    assert sorted(raw(client, event["id"]) for event in found) == sorted(objects)


@pytest.mark.parametrize(
    ("body", "status", "code", "event"),
    [
        (b"", 400, 5, None),
        (b" \n ", 400, 5, None),
        (b'{"event":"ok"}{"event":', 400, 6, 1),
        (b"word", 400, 6, 0),
        (b"5", 400, 6, 0),
        (b'{"host":"h"}', 400, 12, 0),
        (b'{"event":"ok"}{"event":null}', 400, 12, 1),
        (b'{"event":""}', 400, 13, 0),
        (b'{"event":"x","fields":{"a":{"b":1}}}', 400, 15, 0),
        (b'{"event":"x","fields":[]}', 400, 15, 0),
    ],
)
def test_errors_are_splunks_own_and_nothing_of_the_request_is_kept(
    splunk: httpx.Client, client: httpx.Client, body: bytes, status: int, code: int, event: int | None
) -> None:
    before = client.get("/v1/timeline/count").json()
    answer = splunk.post(URL, content=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("invalid-event-number")) == (status, code, event)
    assert client.get("/v1/timeline/count").json() == before


def test_tokens(server: Running) -> None:
    def code(**headers: str) -> tuple[int, int]:
        answer = httpx.post(server.url + URL, content=b'{"event":"x"}', headers=headers)
        return answer.status_code, answer.json()["code"]

    assert code() == (401, 2)
    assert code(Authorization="Splunk") == (401, 3)
    assert code(Authorization="Digest x") == (401, 3)
    assert code(Authorization="Splunk vst_wrong") == (403, 4)
    assert code(Authorization=f"Splunk {server.token}") == (200, 0)
    assert httpx.post(server.url + URL, content=b'{"event":"x"}', auth=("x", str(server.token))).json()["code"] == 0
    assert httpx.get(server.url + URL + "/health").status_code == 401


def test_health(splunk: httpx.Client) -> None:
    assert splunk.get(URL + "/health").json() == {"text": "HEC is healthy", "code": 17}
    assert splunk.get(URL + "/health/1.0").status_code == 200


def test_what_was_answered_is_acknowledged_and_nothing_else(splunk: httpx.Client) -> None:
    channel = {"X-Splunk-Request-Channel": "FE0ECFAD-13D5-401B-847D-77833BD77131"}
    ids = [splunk.post(URL, content=b'{"event":"ack"}', headers=channel).json()["ackId"] for _ in range(3)]
    assert ids == sorted(set(ids))
    asked = [*ids, ids[-1] + 10**6, 1 << 50, -1]
    told = splunk.post(URL + "/ack", json={"acks": asked}, headers=channel).json()["acks"]
    assert told == {str(one): one in ids for one in asked}
    assert splunk.post(URL + "/ack", json={"acks": ids}).json()["code"] == 10
    assert splunk.post(URL + "/ack", json={"acks": "x"}, headers=channel).json()["code"] == 6


def test_raw_lines_are_read_by_what_they_say(splunk: httpx.Client, client: httpx.Client) -> None:
    line = b"<34>1 2026-11-22T16:00:00.123Z rawhost sshd 77 - - Failed password for root from 203.0.113.9 port 22 ssh2"
    answer = splunk.post(
        URL + "/raw", content=line + b"\r\n\n" + line + b"\n", params={"host": "h", "sourcetype": "st"}
    )
    assert answer.json()["code"] == 0
    found = events(client, "host:rawhost")
    assert [event["event_type"] for event in found] == ["auth.login_failed"] * 2
    assert raw(client, found[0]["id"]) == line
    assert splunk.post(URL + "/raw", content=line, params={"host": "h" * 201}).json()["code"] == 6


def test_raw_text_is_recognised_as_an_import_would(splunk: httpx.Client, client: httpx.Client) -> None:
    access = b'203.0.113.77 - - [22/Nov/2026:16:00:00 +0000] "GET /%d HTTP/1.1" 200 12 "-" "curl/8"'
    body = b"\n".join(access % number for number in range(20)) + b"\n"
    assert splunk.post(URL + "/raw", content=body, params={"sourcetype": "access_combined"}).json()["code"] == 0
    found = events(client, "ip:203.0.113.77")
    assert [(one["event_type"], one["parser"].partition("/")[0]) for one in found] == [
        ("service.request", "web_access")
    ] * 20
    assert raw(client, found[0]["id"]) == access % 0
    one = {"eventVersion": "1.08", "eventTime": "2026-11-01T00:00:00Z", "eventSource": "iam.amazonaws.com",
           "eventName": "CreateUser", "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.78",
           "userIdentity": {"type": "Root"}}  # fmt: skip
    trail = json.dumps({"Records": [one | {"eventID": f"raw-{number}"} for number in range(3)]})
    assert splunk.post(URL + "/raw", content=trail).json()["code"] == 0
    assert [one["parser"].partition("/")[0] for one in events(client, "ip:203.0.113.78")] == ["cloudtrail"] * 3


def test_killed_under_load_everything_acknowledged_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The protocol has no identity of an event: what was in flight at the kill may be there twice, and is counted."""
    data = tmp_path / "data"
    server = Killable(data)
    server.start()

    handlers = [handler(server.url, server.token) for _ in range(4)]

    def send(sender: int, number: int) -> None:
        handlers[sender].emit(record({"id": f"{sender}-{number}"}))

    outcome = hammer(server, data, send)
    count = Counter(json.loads(payload)["event"]["id"] for payload in outcome.held)
    doubled = sum(times - 1 for times in count.values())
    with capsys.disabled():
        print(f"\nhec: {len(count)} of {outcome.acknowledged}, {outcome.retried} sent again, {doubled} doubled", end="")
    assert set(count) == {f"{sender}-{number}" for sender in range(4) for number in range(60)}
    assert outcome.retried > 0
    assert doubled <= 2 * 4  # at most what each sender had in flight at each kill

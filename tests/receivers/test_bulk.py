"""Elasticsearch's bulk protocol, spoken by its official client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest
from elasticsearch import helpers

from support.hammer import Killable, hammer
from support.receiving import events, raw
from vestige.api.receivers.bulk import MOST_GROUPS, read_actions
from vestige.app import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from support.program import Running

TIME = "2026-11-01T00:00:00Z"


@pytest.fixture(scope="module")
def es(server: Running) -> elasticsearch.Elasticsearch:
    return elasticsearch.Elasticsearch(server.url, api_key=server.token)


def post(client: httpx.Client, body: bytes, path: str = "/_bulk") -> Any:
    answer = client.post(path, content=body)
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    return answer


def test_the_bulk_helper_indexes_and_a_retry_adds_nothing(
    es: elasticsearch.Elasticsearch, client: httpx.Client
) -> None:
    docs = [{"_index": "app", "_id": f"h{n}", "message": f"helper {n}", "@timestamp": TIME} for n in range(700)]
    assert helpers.bulk(es, docs) == (700, [])
    assert helpers.bulk(es, docs) == (700, [])
    found = events(client, "source:elasticsearch:app")
    assert len(found) == 700
    assert json.loads(raw(client, found[0]["id"])) == {"message": "helper 0", "@timestamp": TIME}
    assert found[0]["occurred_at"] == TIME


def test_each_document_is_read_as_what_it_is(es: elasticsearch.Elasticsearch, client: httpx.Client) -> None:
    ecs = {"@timestamp": TIME, "ecs": {"version": "8.11"}, "host": {"name": "ecs-host"}, "user": {"name": "ann"},
           "event": {"category": ["authentication"], "type": ["start"], "outcome": "failure"}}  # fmt: skip
    plain = {"@timestamp": TIME, "message": "any", "level": "info"}
    zeek = {"ts": 1793491200.5, "uid": "C1", "id.orig_h": "203.0.113.66", "id.orig_p": 5, "id.resp_h": "192.0.2.1",
            "id.resp_p": 53, "proto": "udp", "service": "dns", "conn_state": "SF", "_path": "conn"}  # fmt: skip
    docs: list[dict[str, Any]] = [ecs, plain, zeek, plain, ecs]
    for _ in range(2):  # a repetition is known, whichever format its document is read by
        assert helpers.bulk(es, [{"_index": "mixed", "_id": str(n)} | one for n, one in enumerate(docs)]) == (5, [])
    found = {one["seq"]: one for one in events(client, "source:elasticsearch:mixed")}
    assert sorted(one["parser"].partition("/")[0] for one in found.values()) == [
        "ecs",
        "ecs",
        "json",
        "json",
        "zeek_json",
    ]
    assert {one["event_type"] for one in found.values() if one["parser"].startswith("ecs")} == {"auth.login_failed"}


@pytest.mark.parametrize("compress", [False, True])
def test_every_way_to_sign_in(server: Running, compress: bool) -> None:
    token = str(server.token)
    for way in ({"api_key": token}, {"api_key": ("id", token)}, {"basic_auth": ("any", token)}, {"bearer_auth": token}):
        one = elasticsearch.Elasticsearch(server.url, http_compress=compress, **way)
        assert one.info()["tagline"] == "You Know, for Search"
        assert one.ping()
        assert helpers.bulk(one, [{"_index": "ways", "message": str(way.keys())}]) == (1, [])
    for wrong in ({"api_key": "vst_no"}, {"api_key": ("id", "no")}, {"basic_auth": ("any", "no")}):
        with pytest.raises(elasticsearch.AuthenticationException):
            elasticsearch.Elasticsearch(server.url, **wrong).info()


def test_items_are_answered_in_order_each_for_itself(client: httpx.Client) -> None:
    body = b"""{"index":{"_index":"a","_id":"1"}}
{"n": 1.50,  "odd":"spacing"}
{"create":{"_index":"b"}}
{"n":2}
{"update":{"_index":"a","_id":"1"}}
{"doc":{"n":3}}
{"delete":{"_index":"a","_id":"1"}}
{"index":{"_index":"Bad"}}
{"n":4}
{"index":{"_index":"a"}}
[1]
{"index":{"_index":"a","_id":"1"}}
{"n":"other"}
{"create":{"_index":"a","_id":"1"}}
{"n": 1.50,  "odd":"spacing"}
{"index":{"_index":"a","_id":"1"}}
{"n": 1.50,  "odd":"spacing"}
{"index":{"_index":"a","_id":""}}
{"n":9}
"""
    answer = post(client, body).json()
    told = [(verb, item["status"]) for one in answer["items"] for verb, item in one.items()]
    assert told == [
        ("index", 201), ("create", 201), ("update", 405), ("delete", 405), ("index", 400), ("index", 400),
        ("index", 409), ("create", 409), ("index", 200), ("index", 400),
    ]  # fmt: skip
    assert answer["errors"] is True
    items = [next(iter(one.values())) for one in answer["items"]]
    assert (items[0]["_id"], items[0]["result"], items[8]["result"]) == ("1", "created", "noop")
    assert raw(client, items[1]["_id"]) == b'{"n":2}'
    assert [raw(client, e["id"]) for e in events(client, "source:elasticsearch:a", undated=True)] == [
        b'{"n": 1.50,  "odd":"spacing"}'
    ]


def test_the_path_names_the_index_and_the_header_the_source(client: httpx.Client) -> None:
    body = b'{"create":{}}\n{"message":"from the path"}\n'
    assert post(client, body, "/from-path/_bulk").json()["errors"] is False
    assert len(events(client, "source:elasticsearch:from-path", undated=True)) == 1
    answer = client.post("/x/_bulk", content=body, headers={"X-Source-Id": "named"})
    assert answer.json()["errors"] is False
    assert len(events(client, "source:named", undated=True)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"index":{"_index":"a"}}\n{"n":1}',
        b'{"index":{"_index":"a"}}\n',
        b'{"explode":{"_index":"a"}}\n{"n":1}\n',
        b'{"index":{"_index":"a"},"create":{}}\n{"n":1}\n',
        b"nonsense\n",
        b"".join(b'{"index":{"_index":"i%d"}}\n{}\n' % n for n in range(101)),
    ],
)
def test_what_is_no_bulk_request_is_refused_whole(client: httpx.Client, body: bytes) -> None:
    before = client.get("/v1/timeline/count").json()
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["root_cause"][0]["type"] == "illegal_argument_exception"
    assert client.get("/v1/timeline/count").json() == before


def test_a_hundred_indices_are_taken(client: httpx.Client) -> None:
    body = b"".join(b'{"index":{"_index":"i%d"}}\n{"n":1}\n' % n for n in range(100))
    assert post(client, body).json()["errors"] is False


def grouped(*groups: tuple[int, bool, bool]) -> bytes:
    """A request of one document for each index, with an id or without, that is ECS or any JSON."""
    lines: list[dict[str, Any]] = []
    for index, keyed, ecs in groups:
        lines.append({"index": {"_index": f"g{index}"} | ({"_id": f"{ecs}"} if keyed else {})})
        lines.append({"@timestamp": TIME} | ({"ecs": {"version": "8.11"}} if ecs else {}))
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


ALL = [(index, keyed, ecs) for index in range(60) for keyed in (True, False) for ecs in (True, False)]


def test_as_many_groups_as_are_committed_are_counted() -> None:
    for more in (0, 1):
        actions = read_actions(grouped(*ALL[: MOST_GROUPS + more], *ALL[:MOST_GROUPS]), "", Settings())
        refused = [number for number, action in enumerate(actions) if action.refused is not None]
        assert refused == [MOST_GROUPS] * more
        assert len({action.group for action in actions if action.refused is None}) == MOST_GROUPS


def test_documents_of_groups_beyond_are_refused_and_taken_when_they_are_sent_again(client: httpx.Client) -> None:
    body = grouped(*ALL[: MOST_GROUPS + 2])
    items = [item["index"] for item in post(client, body).json()["items"]]
    assert [item["status"] for item in items] == [201] * MOST_GROUPS + [429] * 2
    assert items[-1]["error"]["type"] == "es_rejected_execution_exception"
    again = post(client, grouped(*ALL[MOST_GROUPS : MOST_GROUPS + 2])).json()
    assert [item["index"]["status"] for item in again["items"]] == [201] * 2


def test_killed_under_load_everything_acknowledged_is_there_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    server = Killable(data)
    server.start()
    es = elasticsearch.Elasticsearch(server.url, api_key=server.token, max_retries=0)

    def send(sender: int, number: int) -> None:
        docs = [{"_index": "load", "_id": f"{sender}-{number}-{n}", "id": f"{sender}-{number}-{n}"} for n in range(20)]
        assert helpers.bulk(es, docs) == (20, [])

    outcome = hammer(server, data, send)
    ids = [json.loads(payload)["id"] for payload in outcome.held]
    expected = {f"{sender}-{number}-{n}" for sender in range(4) for number in range(60) for n in range(20)}
    with capsys.disabled():
        print(f"\nbulk: {len(ids)} held of {len(expected)} acknowledged, {outcome.retried} requests sent again", end="")
    assert outcome.retried > 0
    assert set(ids) == expected
    assert len(ids) == len(expected)

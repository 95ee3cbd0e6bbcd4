"""CloudEvents over HTTP, made by the CNCF's own package."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from support.hammer import Killable, hammer
from support.receiving import raw

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/v1/cloudevents"
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}


def attributes(name: str, **more: str) -> dict[str, Any]:
    return {"id": name, "source": "/shop", "type": "com.example.order.created", "specversion": "1.0", **more}


def post(client: httpx.Client, message: Any) -> httpx.Response:
    return client.post(PATH, content=message.body, headers=message.headers)


def test_structured_mode_is_kept_as_it_came_and_once(client: httpx.Client) -> None:
    message = to_structured_event(CloudEvent(attributes("s-1", subject="structured"), {"order": 5}))
    first = post(client, message)
    assert (first.status_code, first.json()["accepted"]) == (201, 1)
    entry = first.json()["results"][0]["id"]
    assert raw(client, entry) == message.body
    again = post(client, message)
    assert (again.status_code, again.json()["duplicates"], again.json()["results"][0]["id"]) == (200, 1, entry)
    other = to_structured_event(CloudEvent(attributes("s-1"), {"order": 6}))
    assert (post(client, other).status_code, post(client, other).json()["conflicts"]) == (409, 1)
    found = client.get(f"/v1/events/{entry}").json()
    assert (found["source"], found["parser"].partition("/")[0]) == ("cloudevents", "cloudevents")


@pytest.mark.parametrize(
    ("name", "kind", "data", "kept"),
    [
        ("b-json", "application/json", {"a": 1.5}, {"data": {"a": 1.5}}),
        ("b-text", "text/plain", "hello", {"data_base64": base64.b64encode(b"hello").decode()}),
        ("b-bytes", "application/octet-stream", b"\x00\xff", {"data_base64": "AP8="}),
        ("b-none", "", None, {}),
    ],
)
def test_binary_mode_is_kept_in_structured_form(
    client: httpx.Client, name: str, kind: str, data: Any, kept: dict[str, Any]
) -> None:
    more = {"datacontenttype": kind} if kind else {}
    event = CloudEvent(attributes(name, subject='Grüße "x" %', **more), data)
    message = to_binary_event(event)
    answer = post(client, message)
    assert answer.status_code == 201, answer.text
    stored = json.loads(raw(client, answer.json()["results"][0]["id"]))
    assert stored.pop("time")
    assert stored == attributes(name, subject='Grüße "x" %', **more) | kept
    assert post(client, message).json()["duplicates"] == 1


def test_json_data_of_binary_mode_keeps_its_exact_bytes(client: httpx.Client) -> None:
    headers = {f"ce-{key}": value for key, value in attributes("b-exact").items()}
    body = b'{ "n": 1.50, "odd":"spacing" }'
    answer = client.post(PATH, content=body, headers=headers | {"Content-Type": "application/vnd.x+json"})
    assert body in raw(client, answer.json()["results"][0]["id"])


def test_a_batch_is_one_record_an_event(client: httpx.Client) -> None:
    parts = [json.dumps(attributes(f"batch-{number}"), indent=number).encode() for number in range(3)]
    answer = client.post(PATH, content=b"[" + b" ,\n".join(parts) + b"]", headers=BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (201, 3)
    assert [raw(client, one["id"]) for one in answer.json()["results"]] == parts
    assert client.post(PATH, content=b"[]", headers=BATCH).json()["results"] == []


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in attributes("bad").items() if key != name}


@pytest.mark.parametrize(
    "event",
    [
        *(without(name) for name in ("id", "source", "type", "specversion")),
        attributes("bad") | {"id": ""},
        attributes("bad") | {"id": 5},
        attributes("bad") | {"source": "x" * 2049},
        attributes("bad") | {"specversion": "0.3"},
        attributes("bad") | {"time": "yesterday"},
        attributes("bad") | {"time": 5},
        attributes("bad") | {"data": 1, "data_base64": ""},
        [],
        "text",
    ],
)
def test_what_is_no_event_is_refused_and_its_batch_with_it(client: httpx.Client, event: object) -> None:
    before = client.get("/v1/timeline/count").json()
    assert client.post(PATH, content=json.dumps(event), headers=STRUCTURED).status_code == 400
    batch = json.dumps([attributes("good"), event])
    answer = client.post(PATH, content=batch, headers=BATCH)
    assert (answer.status_code, "event 1" in answer.json()["title"]) == (400, True)
    if isinstance(event, dict) and all(isinstance(value, str) for value in event.values()):
        headers = {f"ce-{name}": value for name, value in event.items()}
        assert client.post(PATH, content=b"", headers=headers).status_code == 400
    assert client.get("/v1/timeline/count").json() == before


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (STRUCTURED, b"{", 400),
        (BATCH, b"{}", 400),
        (BATCH, b"[{]", 400),
        ({"Content-Type": "application/cloudevents+avro"}, b"x", 415),
        ({"Content-Type": "application/json"}, b"{}", 400),
        ({"ce-data": "x"}, b"", 400),
        ({"ce-not_a_name": "x"}, b"", 400),
    ],
)
def test_odd_requests(client: httpx.Client, headers: dict[str, str], body: bytes, status: int) -> None:
    assert client.post(PATH, content=body, headers=headers).status_code == status


def test_killed_under_load_everything_acknowledged_is_there_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    server = Killable(data)
    server.start()
    clients = [httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) for _ in range(4)]

    names = [f"{sender}-{number}" for sender in range(4) for number in range(60)]
    messages = {name: to_structured_event(CloudEvent(attributes(name), {"name": name})) for name in names}

    def send(sender: int, number: int) -> None:
        post(clients[sender], messages[f"{sender}-{number}"]).raise_for_status()

    outcome = hammer(server, data, send)
    for client in clients:
        client.close()
    ids = [json.loads(payload)["id"] for payload in outcome.held]
    with capsys.disabled():
        print(f"\ncloudevents: {len(ids)} held of {outcome.acknowledged}, {outcome.retried} sent again", end="")
    assert sorted(ids) == sorted(names)
    assert outcome.retried > 0

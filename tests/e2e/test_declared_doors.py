"""How declared events come in and are named again: compressed bodies, own names, fields kept, ids of producers."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, client_of, world_in
from vestige.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

MOST = 64 << 10


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("doors") / "data", limit_sign_ins=0, limit_events_body_bytes=MOST) as made:
        yield made


@pytest.fixture
def client(world: World) -> httpx.Client:
    return world.client("owner")


def event(**fields: Any) -> dict[str, Any]:
    return {"timestamp": "2025-11-01T10:00:00Z", "category": "acme.door", "details": {}} | fields


PLAIN = {"event_type": "acme.door", "occurred_at": "2025-11-01T10:00:00Z"}


@pytest.mark.parametrize(("path", "one"), [("/timeline/events", event()), ("/v1/ingest/events", PLAIN)])
def test_a_compressed_body_is_read_within_its_bound(world: World, path: str, one: dict[str, Any]) -> None:
    client = world.client("owner")
    body = json.dumps(one).encode()
    for coding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("identity", body)):
        answer = client.post(path, content=packed, headers={"Content-Encoding": coding})
        assert answer.status_code == 201, answer.text
        raw = client.get(f"/v1/events/{answer.json()['results'][0]['id']}/raw")
        assert raw.content == body
    head = world.head
    padded = json.dumps(one | {"message": "x" * MOST}).encode()
    refused = {
        ("gzip", gzip.compress(padded)): 413,
        ("gzip", gzip.compress(body)[:-9]): 422,
        ("gzip", gzip.compress(body) + b"more"): 422,
        ("gzip", body): 422,
        ("zstd", body): 415,
        ("gzip, gzip", gzip.compress(body)): 415,
    }
    for (coding, content), status in refused.items():
        answer = client.post(path, content=content, headers={"Content-Encoding": coding})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert world.head == head


def test_a_body_is_json_by_its_type_or_refused_as_of_another(client: httpx.Client, world: World) -> None:
    body = b'{"name":"typed"}'
    head = world.head
    for headers in ({"Content-Type": "text/plain"}, {}, {"Content-Type": "application/x-www-form-urlencoded"}):
        answer = client.post("/v1/views", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "input.media")
        assert answer.json()["expected"] == "Content-Type: application/json"
    packed = client.post(
        "/v1/views",
        content=gzip.compress(body),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert (packed.status_code, packed.json()["code"]) == (415, "input.media")
    assert world.head == head
    assert client.post("/v1/views", content=body, headers={"Content-Type": "application/json"}).status_code == 201
    # What reads a body by itself takes whatever it is said to be: curl says it is a form.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/timeline/events", content=json.dumps(event()), headers=form).status_code == 201


@pytest.mark.parametrize("path", ["/timeline", "/v1/whoami", "/v1/search"])
def test_headers_that_select_different_tenants_are_refused(client: httpx.Client, path: str) -> None:
    for other in ("other", "default2", ""):
        answer = client.get(path, headers={"X-Vestige-Tenant": "default", "X-Stella-Tenant": other})
        assert (answer.status_code, answer.json()["code"]) == (400, "usage.contradiction")
    twice = client.get(path, headers=[("X-Vestige-Tenant", "default"), ("X-Vestige-Tenant", "other")])
    assert twice.status_code == 400
    for headers in ({}, {"X-Vestige-Tenant": "default", "X-Stella-Tenant": "default"}):
        assert client.get(path, headers=headers).status_code == 200


def test_fields_of_a_producers_own_come_back_beside_ours(client: httpx.Client) -> None:
    own = {
        "region": "eu",
        "build": {"n": 18446744073709551616},
        "tags": ["a"],
        "actor": {"id": "ann"},
        "kind_version": 1,
    }
    taken = {"id": "mine", "seq": -1, "source": "theirs", "superseded_by": "none", "provenance": {}, "epoch": 9}
    sent = client.post("/timeline/events", json=event(**own, **taken), headers={"X-Source-Id": "kept"}).json()
    entry = sent["results"][0]
    for shown in (
        client.get(f"/timeline/{entry['id']}").json(),
        client.get("/timeline", params={"details.x": "1", "category": "acme.door"}).json(),
        client.get("/timeline", params={"category": "acme.door", "limit": 1}).json()["events"][0],
        json.loads(client.get("/timeline/export").text.splitlines()[-1]),
    ):
        if "events" in shown:
            continue
        assert {name: shown[name] for name in own} == own | {"build": {"n": "18446744073709551616"}}
        assert (shown["id"], shown["seq"], shown["source"]) == (entry["id"], entry["seq"], "kept")
        assert "superseded_by" not in shown
        assert "epoch" not in shown
        assert shown.get("provenance") != {}


def test_a_producers_id_names_its_event_wherever_an_id_is_asked_for(client: httpx.Client, world: World) -> None:
    own = "01JAR1Z5E8D3XK3R5V3G7Z2QZZ"
    entry = client.post("/timeline/events", json=event(event_id=own)).json()["results"][0]["id"]
    assert client.get(f"/v1/events/{own.lower()}").json()["id"] == entry
    for part in ("/raw", "/proof", "/opening", "/context", "/correlated"):
        answer = client.get(f"/v1/events/{own}{part}")
        assert (answer.status_code, answer.content) == (
            200,
            client.get(f"/v1/events/{entry}{part}").content,
        )
    assert client.get(f"/v1/events/{own}.1").status_code == 404
    assert client.get("/v1/events/01JAR1Z5E8D3XK3R5V3G7Z2QYY").status_code == 404
    # A copy that came in a file makes it name two: they are told.
    copy = json.dumps(event(event_id=own, kind="acme.door")) + "\n"
    taken = client.post(
        "/v1/ingest/raw", content=copy, headers={"X-Filename": "copy.ndjson", "X-Parser-Id": "timeline"}
    )
    assert taken.status_code == 200, taken.text
    answer = client.get(f"/v1/events/{own}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert entry in answer.json()["got"]
    assert client.get(f"/v1/events/{entry}").status_code == 200
    assert client.get(f"/timeline/{own}").json()["event_id"] == own
    # To whoever sees only their own it names nothing.
    assert world.client("developer").get(f"/v1/events/{own}").status_code == 404


@pytest.mark.parametrize("name", ["vestige", "Vestige", "VESTIGE", "github.webhook", "GitLab.webhook", "git.webhook"])
def test_no_source_is_called_as_our_own_acts_are_or_as_what_a_forge_signed(
    world: World, client: httpx.Client, name: str
) -> None:
    head = world.head
    doors: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/timeline/events", {"json": event()}),
        ("/v1/ingest/events", {"json": PLAIN}),
        ("/v1/ingest/raw", {"content": b"text\n"}),
        ("/services/collector/event", {"json": {"event": "x"}}),
    )
    for path, body in doors:
        answer = client.post(path, headers={"X-Source-Id": name}, **body)
        assert answer.status_code in {400, 422}, (path, answer.text)
        assert name.lower() in answer.text.lower()
    assert world.head == head
    assert client.post("/timeline/events", headers={"X-Source-Id": f"{name}-ci"}, json=event()).status_code == 201


@pytest.mark.parametrize("name", ["owner", "Vestige", "local:0", "key:ci", "anonymous", "first start"])
def test_no_key_is_called_as_somebody_else_is_recorded(world: World, client: httpx.Client, name: str) -> None:
    head = world.head
    answer = client.post("/v1/admin/keys", json={"name": name, "scopes": ["ingest"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")
    assert world.head == head
    assert client.post("/v1/admin/keys", json={"name": f"{name}-ci", "scopes": ["ingest"]}).status_code in {201, 422}
    assert client.post("/v1/admin/keys", json={"name": "owner of ci", "scopes": ["ingest"]}).status_code == 201


@pytest.mark.parametrize("name", ["acme?x#y", "acme.ü %2F", "acme&a=b;c"])
def test_an_oddly_named_kind_has_a_link_that_leads_to_its_schema(client: httpx.Client, name: str) -> None:
    schema = {"type": "object", "title": name}
    made = client.post("/v1/schemas/events", json={"kind": name, "version": 1, "schema": schema})
    assert made.status_code == 201, made.text
    with client_of(str(client.base_url), client.headers["Authorization"].removeprefix("Bearer ")) as again:
        assert again.get(made.json()["schema"]).json() == schema


def test_who_registered_a_kind_is_told_as_of_every_act(client: httpx.Client) -> None:
    body = {"kind": "acme.told", "version": 1, "schema": {"type": "object"}}
    client.post("/v1/schemas/events", json=body, headers={"User-Agent": "registrar", "X-Request-Id": "request-7"})
    (entry,) = client.get("/v1/audit", params={"action": "kind.register", "resource": "kind:acme.told/1"}).json()[
        "entries"
    ]
    assert entry["agent"] == "registrar"
    assert entry["request"] == "request-7"
    assert entry["address"] == "127.0.0.1"
    assert entry["key"]


def test_all_ids_of_a_request_are_looked_up_at_once(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = client.post("/timeline/events", json=event()).json()["results"][0]["id"]
    asked: list[int] = []
    known = Ledger.known

    def counted(self: Ledger, tenant: str, ids: Any) -> set[str]:
        asked.append(len(ids))
        return known(self, tenant, ids)

    monkeypatch.setattr(Ledger, "known", counted)
    sent = [event(event_id=f"01JAR1Z5E8D3XK3R5V3G7Z3Q{n:02}") for n in range(50)]
    told = client.post("/timeline/events", json=[*sent, event(), event(event_id=taken.lower())]).json()
    assert (told["accepted"], told["refused"]) == (51, 1)
    assert told["results"][-1]["errors"][0]["field"] == "event_id"
    assert asked == [51]
    assert world.slug == "default"


def asked_with(client: httpx.Client, header: str, value: str) -> tuple[int, dict[str, str], bytes]:
    """Post an event with one header as it is, which other clients would not send."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/timeline/events")
        body = json.dumps(event()).encode()
        for name, given in (("Authorization", client.headers["Authorization"]), ("Content-Length", str(len(body)))):
            connection.putheader(name, given)
        connection.putheader(header, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {name.lower(): one for name, one in answer.getheaders()}, answer.read()


INJECTED = '","category":"forged","details":{"x":1},"y":"'


@pytest.mark.parametrize("header", ["X-Vestige-TraceId", "X-Stella-TraceId"])
def test_a_trace_in_a_header_is_one_text_whatever_it_looks_like(client: httpx.Client, header: str) -> None:
    status, headers, body = asked_with(client, header, INJECTED)
    assert status == 201
    assert headers["x-vestige-traceid"] == headers["x-stella-traceid"] == INJECTED
    shown = client.get(f"/timeline/{json.loads(body)['results'][0]['id']}").json()
    assert (shown["trace_id"], shown["category"], shown["details"]) == (INJECTED, "acme", {})
    assert json.loads(client.get(f"/v1/events/{shown['id']}/raw").content)["trace_id"] == INJECTED


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Vestige-TraceId", "a\x01b"),
        ("X-Vestige-TraceId", "a\tb"),
        ("X-Vestige-TraceId", "caf\xe9"),
        ("X-Vestige-Tenant", 'default","x":"'),
        ("X-Vestige-Tenant", "default\x0b"),
        ("X-Source-Id", ""),
    ],
)
def test_a_header_that_could_break_out_is_refused(client: httpx.Client, world: World, header: str, value: str) -> None:
    head = world.head
    status, headers, body = asked_with(client, header, value)
    assert status in {400, 404, 422}
    assert world.head == head
    assert "set-cookie" not in headers
    assert status == 400 or json.loads(body)["code"]


def test_a_request_id_that_is_not_plain_is_not_told_again(client: httpx.Client) -> None:
    for value in ("a b", "x" * 65, 'a"b', "a;b=c"):
        _, headers, _ = asked_with(client, "X-Request-Id", value)
        assert headers["x-request-id"] != value
    _, headers, _ = asked_with(client, "X-Request-Id", "plain-1")
    assert headers["x-request-id"] == "plain-1"

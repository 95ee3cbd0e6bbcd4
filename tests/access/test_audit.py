"""The audit trail: every act that changes something, every export, reveal and refusal, and no way to edit any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("audit") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def events(world: World) -> list[str]:
    return world.seed()


def audit(world: World, **params: Any) -> list[dict[str, Any]]:
    answer = world.client("auditor").get("/v1/audit", params=params)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


def test_a_reveal_is_an_entry_before_the_bytes_leave(world: World, events: list[str]) -> None:
    head = world.head
    headers = {"X-Request-Id": "req-1", "User-Agent": "curl/8"}
    answer = world.client("auditor").get(f"/v1/events/{events[1]}/raw", headers=headers)
    assert (answer.status_code, answer.headers["x-request-id"], world.head) == (200, "req-1", head + 1)
    (entry,) = audit(world, action="evidence.revealed", resource=f"event:{events[1]}")
    assert {name: entry[name] for name in ("actor", "address", "agent", "request", "resource")} == {
        "actor": "auditor@example.org", "address": "127.0.0.1", "agent": "curl/8", "request": "req-1",
        "resource": f"event:{events[1]}",
    }  # fmt: skip
    assert len(entry["key"]) == 26
    assert entry["detail"]["bytes"] == int(answer.headers["content-length"])


def test_an_export_is_an_entry(world: World, events: list[str]) -> None:
    del events
    params = {"q": "actor:bob", "start": "2026-04-11T00:00:00Z", "format": "csv"}
    assert world.client("investigator").get("/v1/export", params=params).status_code == 200
    entry = audit(world, action="evidence.exported")[0]
    assert entry["detail"] == {"format": "csv", "query": "actor:bob", "from": "2026-04-11T00:00:00Z"}
    head = world.head
    assert world.client("investigator").get("/v1/export", params={"format": "none"}).status_code == 422
    assert world.head == head


def test_a_change_says_what_was_before_and_after(world: World) -> None:
    key = world.client("owner").post("/v1/admin/keys", json={"name": "k", "scopes": ["read"]}).json()
    assert world.client("owner").delete(f"/v1/admin/keys/{key['id']}").status_code == 204
    revoked, created = audit(world, action="key.*", resource=f"key:{key['id']}")
    assert (created["action"], created["detail"]["after"]["scopes"]) == ("key.created", ["read"])
    assert (revoked["action"], revoked["detail"]["before"]["name"]) == ("key.revoked", "k")
    assert "revoked_at" in revoked["detail"]["after"]


def test_a_refusal_is_an_entry_and_nothing_else(world: World, events: list[str]) -> None:
    del events
    head = world.head
    assert world.client("key:ingest").get("/v1/search").status_code == 403
    assert world.head == head + 1
    entry = audit(world, action="access.refused")[0]
    assert entry["detail"] == {"method": "GET", "path": "/v1/search", "permission": "evidence.read"}
    assert entry["actor"] == "key:test ('ingest',)"


def test_acts_that_are_entries_already_are_found_and_not_doubled(world: World) -> None:
    head = world.head
    world.client("owner").post("/v1/ledger/rotate", json={}).raise_for_status()
    assert world.head == head + 2  # the key entry, and who did it
    kinds = [(one["kind"], one["action"]) for one in audit(world, limit=2)]
    assert sorted(kinds) == [("audit", "ledger.rotate"), ("key", "key")]
    view = world.client("owner").post("/v1/views", json={"name": "v"}).json()
    (entry,) = audit(world, resource=view["id"])
    assert (entry["action"], entry["actor"]) == ("view.save", "owner@example.org")
    assert audit(world, action="acquisition")[0]["actor"].startswith("local:")


def test_the_list_is_filtered_and_paged(world: World, events: list[str]) -> None:
    del events
    for _ in range(5):
        assert world.client("developer").get("/v1/sources").status_code == 403
    mine = audit(world, actor="developer@example.org", action="access.refused")
    assert len(mine) >= 5
    since = audit(world, actor="developer@example.org", **{"from": mine[2]["at"]})
    assert [one["id"] for one in since] == [one["id"] for one in mine[:3]]
    until = audit(world, actor="developer@example.org", to=mine[2]["at"], limit=1)
    assert until == mine[3:4]
    paged: list[str] = []
    cursor = None
    while True:
        params = {"actor": "developer@example.org", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = world.client("auditor").get("/v1/audit", params=params).json()
        paged += [one["id"] for one in page["entries"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert paged == [one["id"] for one in audit(world, actor="developer@example.org")]


@pytest.mark.parametrize(
    "params",
    [
        {"action": "key OR x"}, {"action": '"'}, {"from": "soon"}, {"limit": 0}, {"limit": 1001}, {"cursor": "x"},
        {"actor": "x" * 301}, {"order": "up"}, {"what": "1"},
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(world: World, params: dict[str, Any]) -> None:
    answer = world.client("auditor").get("/v1/audit", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("text", ['") OR category:auth OR ("', "x) in:ledger (", "*", 'a\\"b', "category:auth"])
def test_a_filter_is_a_value_and_never_a_query(world: World, events: list[str], text: str) -> None:
    del events
    assert audit(world, actor=text) == []
    assert audit(world, resource=text) == []


def test_no_method_edits_an_entry(world: World, events: list[str]) -> None:
    del events
    entry = audit(world)[-1]
    owner = world.client("owner")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/v1/audit", f"/v1/audit/{entry['id']}", f"/v1/events/{entry['id']}"):
            answer = owner.request(method, path, json={"detail": {}, "action": "other"})
            assert answer.status_code in {404, 405}, (method, path, answer.status_code)
    assert audit(world, order="asc", limit=1)[0] == entry
    assert owner.get("/v1/ledger/verify").json()["ok"] is True


def test_nobody_declares_an_act_of_ours(world: World) -> None:
    forged = {"event_type": "vestige.audit", "category": "vestige", "action": "key.revoked"}
    assert world.client("owner").post("/v1/ingest/events", json=forged).status_code == 422
    declared = {"event_type": "a.b", "category": "vestige", "action": "key.forged", "actor": {"id": "owner"}}
    world.client("owner").post("/v1/ingest/events", json=declared)
    assert audit(world, action="key.forged") == []


def test_what_a_client_says_of_itself_stays_a_value(world: World) -> None:
    agent = '"},{"by":"owner","act":"forged"} \\ \u202e' + "x" * 300
    headers = {b"User-Agent": agent.encode(), b"X-Request-Id": b'a","by":"owner'}
    assert world.client("key:ingest").get("/v1/sources", headers=headers).status_code == 403
    entry = audit(world, action="access.refused")[0]
    assert entry["actor"] == "key:test ('ingest',)"
    assert entry["agent"] == agent.encode().decode("latin-1")[:200]
    assert len(entry["request"]) == 26
    assert audit(world, action="forged") == []


@pytest.mark.parametrize("given", ["a" * 65, "a b", "é", "", "x\ty"])
def test_a_request_id_that_is_not_plain_is_replaced(world: World, given: str) -> None:
    answer = world.client("owner").get("/healthz", headers={b"X-Request-Id": given.encode()})
    assert len(answer.headers["x-request-id"]) == 26


def test_every_answer_states_its_request(world: World) -> None:
    assert world.client("owner").get("/healthz", headers={"X-Request-Id": "a.B-1_"}).headers["x-request-id"] == "a.B-1_"
    assert len(world.client("owner").get("/nowhere").headers["x-request-id"]) == 26


def test_who_may_not_read_the_trail_finds_none_of_it_anywhere(world: World, events: list[str]) -> None:
    owner, investigator = world.client("owner"), world.client("investigator")
    case = investigator.post("/v1/cases", json={"name": "of the trail"}).json()["id"]
    (entry,) = audit(world, action="case.created", limit=1)
    trail, query = entry["id"], "in:ledger type:vestige.audit"
    for client, shown in ((owner, True), (investigator, False), (world.client("key:read"), False)):
        assert client.get("/v1/events/" + events[0]).status_code == 200
        for path in ("", "/raw", "/proof", "/opening", "/context", "/chain"):
            answer = client.get(f"/v1/events/{trail}{path}")
            assert answer.status_code in ({200, 404, 409} if shown else {403, 404}), (path, answer.text)
        for path in (f"/v1/events/{trail}", f"/timeline/{trail}", f"/timeline/{trail}/evidence"):
            assert client.get(path).status_code == (200 if shown else 403), path
        found = client.get("/v1/search", params={"q": query}).json()["events"]
        assert bool(found) is shown
        assert bool(client.get("/v1/timeline/count", params={"q": query}).json()["dated"]) is shown
        assert bool(client.get("/v1/export", params={"q": query, "format": "ndjson"}).content.strip()) is shown
        assert client.get("/v1/search", params={"q": "in:ledger type:vestige.acquisition"}).json()["events"]
        # Nor is it counted where several conditions are to meet; what is no act is.
        for terms, there in (([query, query], shown), (["type:auth.login", "type:agent.tool_use"], True)):
            groups = client.post("/v1/correlate/search", json={"terms": terms, "window": 3600}).json()
            assert bool(groups["total"]) is bool(groups["groups"]) is there, groups
        packed = client.get("/v1/export/bundle", params={"q": query})
        assert packed.status_code == (200 if shown else 404), packed.text[:200]
    for text, code in ((query, 403), ("case:nowhere", 422), ("actor:nobody", 201)):
        assert investigator.post("/v1/holds", json={"q": text, "reason": "litigation"}).status_code == code, text
    assert owner.post("/v1/holds", json={"q": query, "reason": "litigation"}).status_code == 201
    pinned = investigator.post(f"/v1/cases/{case}/events", json={"events": [trail]})
    assert pinned.status_code == 403, pinned.text
    assert investigator.post(f"/v1/cases/{case}/events", json={"events": [events[0]]}).status_code < 300
    chosen = investigator.post(f"/v1/cases/{case}/selection", json={"query": query})
    assert chosen.status_code == 404 or chosen.json().get("pinned", 0) == 0, chosen.text
    assert owner.post(f"/v1/cases/{case}/selection", json={"query": query}).json()["pinned"] > 0
    shown_now = investigator.get(f"/v1/cases/{case}/timeline", params={"q": "in:ledger"}).json()["events"]
    assert "vestige.audit" not in {event["event_type"] for event in shown_now}

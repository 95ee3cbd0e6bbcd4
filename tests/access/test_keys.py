"""API keys: what each opens, until when, and that nothing else does."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.world import World, world_in
from vestige.access import store
from vestige.access.tokens import new_token, token_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT = {"event_type": "a.b", "occurred_at": "2026-04-11T10:00:00Z"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("keys") / "data") as made:
        made.seed()
        yield made


def made(world: World, **body: Any) -> dict[str, Any]:
    answer = world.client("owner").post("/v1/admin/keys", json={"name": "k", "scopes": ["ingest"]} | body)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def send(world: World, token: str, source: str = "app") -> httpx.Response:
    with world.as_token(token) as client:
        return client.post("/v1/ingest/events", json=EVENT, headers={"X-Source-Id": source})


def listed(world: World, key: str) -> dict[str, Any]:
    found = world.client("owner").get("/v1/admin/keys").json()["keys"]
    return next(one for one in found if one["id"] == key)


def test_a_key_is_listed_without_its_secret_and_says_when_it_was_used(world: World) -> None:
    key = made(world, name="ci")
    assert "last_used_at" not in listed(world, key["id"])
    assert send(world, key["token"]).status_code == 201
    found = listed(world, key["id"])
    assert found["last_used_at"] > found["created_at"]
    whole = world.client("owner").get("/v1/admin/keys").text
    assert key["token"] not in whole
    assert "digest" not in whole
    assert (found["state"], found["scopes"], found["by"]) == ("active", ["ingest"], "owner@example.org")


def test_the_last_use_is_not_written_by_each_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made(world)
    access = world.installation.access
    access.write_uses(due=True)
    written: list[int] = []
    monkeypatch.setattr(store, "used", lambda _, rows: written.append(len(rows)))
    with world.as_token(key["token"]) as client:
        for _ in range(20):
            assert client.get("/services/collector/health").status_code == 200
    access.write_uses()
    assert written == []
    access.write_uses(due=True)
    assert written == [1]


def test_a_revoked_key_opens_nothing_from_that_moment_on(world: World) -> None:
    key = made(world)
    assert send(world, key["token"]).status_code == 201
    assert world.client("owner").delete(f"/v1/admin/keys/{key['id']}").status_code == 204
    head = world.head
    answer = send(world, key["token"])
    assert (answer.status_code, answer.json()["got"]) == (401, "one that is revoked")
    assert world.head == head
    assert world.client("owner").delete(f"/v1/admin/keys/{key['id']}").status_code == 409


def test_an_expired_key_opens_nothing(world: World) -> None:
    key = made(world, expires_in=1)
    assert send(world, key["token"]).status_code == 201
    time.sleep(1.1)
    answer = send(world, key["token"])
    assert (answer.status_code, answer.json()["got"]) == (401, "one that is expired")
    assert listed(world, key["id"])["state"] == "expired"


def test_a_rotated_key_opens_for_its_grace_and_its_successor_from_now(world: World) -> None:
    key = made(world, sources=["app"])
    new = world.client("owner").post(f"/v1/admin/keys/{key['id']}/rotate", json={"grace": 2}).json()
    assert (new["replaces"], new["sources"]) == (key["id"], ["app"])
    assert [send(world, one["token"]).status_code for one in (key, new)] == [201, 201]
    assert listed(world, key["id"])["state"] == "ending"
    assert world.client("owner").post(f"/v1/admin/keys/{key['id']}/rotate", json={}).status_code == 409
    time.sleep(2.1)
    assert [send(world, one["token"]).status_code for one in (key, new)] == [401, 201]


def test_rotation_without_grace_ends_the_old_one_at_once(world: World) -> None:
    key = made(world)
    new = world.client("owner").post(f"/v1/admin/keys/{key['id']}/rotate", json={}).json()
    assert [send(world, one["token"]).status_code for one in (key, new)] == [401, 201]


def test_a_key_bound_to_a_source_writes_that_and_reads_nothing(world: World) -> None:
    key = made(world, sources=["app", "web"])
    assert [send(world, key["token"], source).status_code for source in ("app", "web")] == [201, 201]
    head = world.head
    answer = send(world, key["token"], "other")
    assert (answer.status_code, answer.json()["expected"]) == (403, "app, web")
    assert world.head == head + 1
    assert world.acts("access.refused")[-1]["detail"] == {"permission": "evidence.write", "source": "other"}
    with world.as_token(key["token"]) as client:
        body = b'{"event":"x"}'
        assert client.post("/services/collector/event", content=body).status_code == 403
        assert client.post("/services/collector/event", content=body, headers={"X-Source-Id": "app"}).is_success
        raw = {"X-Filename": "a.json"}
        assert client.post("/v1/ingest/raw", content=b"{}\n", headers=raw).status_code == 403
        assert client.post("/v1/ingest/raw", content=b"{}\n", headers=raw | {"X-Source-Id": "app"}).is_success
        bulk = {"X-Source-Id": "else", "Content-Type": "application/x-ndjson"}
        answer = client.post("/_bulk", content=b'{"index":{"_index":"i"}}\n{"a":1}\n', headers=bulk)
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "security_exception")
        found = world.client("auditor").get("/v1/sources").json()["sources"]
        assert "else" not in [one["name"] for one in found]
        for path in ("/v1/timeline", "/v1/sources", "/v1/audit", "/v1/admin/keys", "/v1/export"):
            assert client.get(path).status_code == 403, path


def test_nobody_gives_or_takes_what_they_do_not_have(world: World) -> None:
    admin = world.client("key:admin")
    for scope, status in (("admin", 201), ("read", 201), ("owner", 422)):
        answer = admin.post("/v1/admin/keys", json={"name": "more", "scopes": [scope]})
        assert answer.status_code == status, (scope, answer.text)
    found = world.client("owner").get("/v1/admin/keys").json()["keys"]
    owner = next(one["id"] for one in found if one["scopes"] == ["owner"])
    assert admin.delete(f"/v1/admin/keys/{owner}").status_code == 403
    assert admin.post(f"/v1/admin/keys/{owner}/rotate", json={}).status_code == 403
    assert listed(world, owner)["state"] == "active"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []}, {"scopes": ["write"]}, {"name": ""}, {"name": "x" * 101}, {"name": "a\x00b"},
        {"scopes": ["read"], "sources": ["app"]}, {"sources": ["x" * 201]}, {"sources": ["s"] * 101},
        {"expires_in": -1}, {"expires_in": 10**12}, {"scopes": ["read"], "permissions": ["read"]}, {"what": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_a_key_is_refused_and_none_is_made(world: World, wrong: dict[str, Any]) -> None:
    before = world.client("owner").get("/v1/admin/keys").json()
    answer = world.client("owner").post("/v1/admin/keys", json={"name": "k", "scopes": ["ingest"]} | wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    after = world.client("owner").get("/v1/admin/keys").json()
    assert [one["id"] for one in after["keys"]] == [one["id"] for one in before["keys"]]


def test_the_words_of_streamtrace_are_understood(world: World) -> None:
    answer = world.client("owner").post("/v1/admin/keys", json={"name": "st", "permissions": ["read", "write"]})
    assert (answer.status_code, answer.json()["scopes"]) == (201, ["ingest", "read", "cases"])


@pytest.mark.parametrize("token", ["", "x", "vst_" + "A" * 49, "é", "vst_\r\nX: y"])
def test_what_is_no_token_of_ours_is_answered_alike(world: World, token: str) -> None:
    headers = {b"Authorization": f"Bearer {token}".encode()}
    try:
        answer = httpx.get(f"{world.url}/v1/timeline", headers=headers)
    except httpx.LocalProtocolError:
        return
    assert answer.status_code == 401 if token.isprintable() else answer.status_code in {400, 401}


def test_a_token_of_nobody_takes_the_same_road_as_one_that_ended(world: World) -> None:
    answer = httpx.get(f"{world.url}/v1/timeline", headers={"Authorization": f"Bearer {new_token()}"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_look_up_alone_lets_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that was found is compared again, in constant time; what that says decides."""
    key = made(world)
    found = store.key_by_digest
    monkeypatch.setattr(store, "key_by_digest", lambda connection, _: found(connection, token_digest(key["token"])))
    compared: list[tuple[bytes, bytes]] = []
    before = secrets.compare_digest

    def counted(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return before(one, other)

    monkeypatch.setattr(secrets, "compare_digest", counted)
    assert send(world, new_token()).status_code == 401
    assert send(world, key["token"]).status_code == 201
    assert any(isinstance(one, bytes) for one, _ in compared)


def test_a_key_that_is_not_there_is_not_found(world: World) -> None:
    owner = world.client("owner")
    for name in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "%00", "../keys"):
        assert owner.delete(f"/v1/admin/keys/{name}").status_code in {404, 405}, name

"""GitLab's webhooks and those of any other forge: signed as Standard Webhooks has it, in a form of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.world import World, world_in
from vestige.model.errors import SettingsError
from vestige.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = b"a key of more than sixteen bytes"
SIGNING = "whsec_" + base64.b64encode(KEY).decode()
PLAIN = "shared with a forge"
BOUND = 64 << 10
REQUEST: dict[str, Any] = {
    "object_kind": "merge_request",
    "user": {"id": 7, "username": "bob", "name": "Bob"},
    "project": {"path_with_namespace": "team/shop"},
    "object_attributes": {"id": 1, "iid": 1, "author_id": 3, "title": "Pay", "action": "approved",
                          "updated_at": "2026-04-11T10:00:00Z", "last_commit": {"id": "ab" * 20}},
}  # fmt: skip
TOLD: dict[str, Any] = {"vestige": 1, "kind": "approved", "repository": "git.example.org/team/shop", "actor": "bob",
                        "at": "2026-04-11T10:00:00Z", "number": 1, "head": "cd" * 20}  # fmt: skip


def bytes_of(told: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(told | more).encode()


def signed(body: bytes, name: str, *, key: bytes = KEY, at: int | str | None = None, **more: str) -> dict[str, str]:
    """Headers as Standard Webhooks has them, computed anew."""
    stamp = str(int(time.time()) if at is None else at)
    mac = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
    return headers | {"X-Gitlab-Event": "Merge Request Hook"} | more


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("forges") / "data"
    with world_in(
        folder, webhook_gitlab_secret=SIGNING, webhook_git_secret=PLAIN, limit_events_body_bytes=BOUND
    ) as made:
        yield made


def post(world: World, service: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/webhooks/{service}", content=body, headers=headers, timeout=60)


def first(world: World, query: str) -> dict[str, Any]:
    (found,) = searched(world, query)
    return found


def searched(world: World, query: str) -> list[dict[str, Any]]:
    """The events of a query, once the index has them, however busy the machine is."""
    assert world.installation.rooms_of_slug(None).projector.wait(world.head, 120.0) == 0
    found: list[dict[str, Any]] = world.client("owner").get("/v1/search", params={"q": query}).json()["events"]
    return found


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of Standard Webhooks' own libraries: a secret, an id, a time, a body, and what these make."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signed(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", key=key, at=1614265330)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_a_gitlab_signs_is_kept_once_as_its_exact_body(world: World) -> None:
    body = bytes_of(REQUEST)
    taken = post(world, "gitlab", body, signed(body, "d-1"))
    assert (taken.status_code, taken.json()["results"][0]["status"]) == (200, "accepted")
    # The same again, also signed anew, is the one that came; another under its id is none.
    for headers in (signed(body, "d-1"), signed(body, "d-1", at=int(time.time()) - 200)):
        again = post(world, "gitlab", body, headers)
        assert again.json()["results"][0] == {"status": "duplicate", "id": taken.json()["results"][0]["id"]}
    other = bytes_of(REQUEST, more=1)
    assert post(world, "gitlab", other, signed(other, "d-1")).status_code == 409
    event = first(world, "source:gitlab.webhook")
    assert (event["event_type"], event["action"], event["actor"]["id"]) == (
        "code.reviewed", "merge_request.approved", "bob")  # fmt: skip
    assert {"kind": "commit", "value": "ab" * 20} in event["keys"]
    assert world.client("owner").get(f"/v1/events/{event['id']}/raw").content == body


def test_of_several_signatures_one_is_enough(world: World) -> None:
    body = bytes_of(REQUEST, turn=1)
    headers = signed(body, "d-2")
    other = signed(body, "d-2", key=b"the key there was before")["webhook-signature"]
    assert post(world, "gitlab", body, headers | {"webhook-signature": other}).status_code == 401
    both = {"webhook-signature": f"{other} v2,x {headers['webhook-signature']}"}
    assert post(world, "gitlab", body, headers | both).status_code == 200


@pytest.mark.parametrize("service", ["gitlab", "git"])
def test_what_is_forged_old_too_large_or_no_delivery_is_refused_and_nothing_of_it_kept(
    world: World, service: str
) -> None:
    key = KEY if service == "gitlab" else PLAIN.encode()
    told = REQUEST if service == "gitlab" else TOLD
    body = bytes_of(told, turn=2)
    right = signed(body, "d-3", key=key)
    before = world.head
    now = int(time.time())

    def status(body: bytes, headers: dict[str, str]) -> int:
        return post(world, service, body, headers).status_code

    for headers in (
        signed(body, "d-3", key=b"another key of some length"),
        right | {"webhook-id": "d-4"},
        right | {"webhook-timestamp": str(now - 1)},
        right | {"webhook-signature": right["webhook-signature"].removeprefix("v1,")},
        {name: value for name, value in right.items() if name != "webhook-signature"},
        {"X-Gitlab-Token": SIGNING, "X-Gitlab-Event": "x", "Idempotency-Key": "d-3"},
        signed(body, "d-3", key=key, at=now - 3600),
        signed(body, "d-3", key=key, at=now + 3600),
        signed(body, "d-3", key=key, at=""),
        signed(body, "d-3", key=key, at="9" * 30),
    ):
        assert status(body, headers) == 401, headers
    assert status(body + b" ", right) == 401
    assert status(body, signed(body, "", key=key)) == 422
    assert status(body, signed(body, "d" * 201, key=key)) == 422
    assert status(body, right | {"Content-Type": "application/x-www-form-urlencoded"}) == 415
    assert status(body, right | {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "br"}) == 415
    for none in (b"[]", b"{", b"payload=%7B%7D"):
        assert status(none, signed(none, "d-5", key=key)) == 422
    for large, expected in ((bytes_of(told, pad="x" * (BOUND - len(bytes_of(told, pad="")))), 200),
                            (bytes_of(told, pad="x" * (BOUND + 1 - len(bytes_of(told, pad="")))), 413)):  # fmt: skip
        assert status(large, signed(large, f"large-{len(large)}", key=key)) == expected
    assert world.head > before
    # One record came of all that: the one that was as large as one may be.
    found = searched(world, f"source:{service}.webhook")
    assert len([one for one in found if one["attributes"].get("pad")]) == 1
    assert not [one for one in found if one["attributes"].get("turn") == 2]


def test_what_was_refused_is_counted_in_the_installations_own_log(world: World) -> None:
    body = bytes_of(TOLD)
    assert post(world, "git", body, signed(body, "d-6")).status_code == 401
    world.installation.refusals.write(due=True)
    said = (world.installation.settings.data / "refused.jsonl").read_text()
    assert "POST /v1/webhooks/git" in said
    assert "POST /v1/webhooks/gitlab" in said
    assert SIGNING not in said


def test_any_forge_tells_in_a_form_of_our_own(world: World) -> None:
    body = bytes_of(TOLD, number=77)
    key = PLAIN.encode()
    assert post(world, "git", body, signed(body, "e-1", key=key)).json()["results"][0]["status"] == "accepted"
    assert post(world, "git", body, signed(body, "e-1", key=key)).json()["results"][0]["status"] == "duplicate"
    event = first(world, 'source:git.webhook key:custom="merge_request:77"')
    assert (event["event_type"], event["action"], event["actor"]["id"], event["object"]["id"]) == (
        "code.reviewed", "merge_request.approved", "bob", "git.example.org/team/shop")  # fmt: skip
    for wrong in ({"vestige": 2}, {"kind": "blessed"}, {"repository": None}):
        body = bytes_of(TOLD | wrong)
        answer = post(world, "git", body, signed(body, "e-2", key=key))
        assert answer.status_code == 422
        assert "merged" in answer.json()["expected"]


@pytest.mark.parametrize("name", ["GITLAB", "GIT"])
@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_" + base64.b64encode(b"short").decode(), "whsec_!!!", f"{SIGNING[:-3]}"]
)
def test_a_signing_token_that_is_none_stops_the_start(tmp_path: Path, name: str, secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({f"VESTIGE_WEBHOOK_{name}_SECRET": secret}, data=tmp_path)
    assert len(secret) < 8 or secret not in str(caught.value)
    taken = load({f"VESTIGE_WEBHOOK_{name}_SECRET": SIGNING}, data=tmp_path)
    assert getattr(taken, f"webhook_{name.lower()}_secret") == SIGNING

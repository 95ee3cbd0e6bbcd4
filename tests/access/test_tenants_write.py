"""Two tenants again: whatever one of them changes, the other is answered as a server is that holds it alone.

Every writing route has a case: each tenant makes it, its effect is read back there, and afterwards every reading route
answers the other exactly as before (the first, as when there was no other at all) and its log is as long as it was.
Every route is made once more with a header that names the other, and every id that a body may hold is one of the
other's, guessed right.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from access.test_tenants import LATE, READING, Two, asked
from support.cell import Ready
from support.cells import CASES
from support.world import world_in
from vestige.api.permissions import routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.world import World

READ = [one for one in READING if one[1] not in LATE]
WRITING = [(route.method, route.path) for route in routes() if route.method not in {"GET", "HEAD"}]
LOCAL = {(route.method, route.path) for route in routes() if route.need is not None and route.need.local}
CORE = ("/v1/timeline", "/v1/timeline/count", "/v1/sources", "/v1/entities", "/v1/views", "/v1/sequences", "/timeline")
PASSWORD = "correct horse battery staple"  # noqa: S105 - made up
SECRET = "shared with nobody"  # noqa: S105 - made up
SETTINGS: dict[str, Any] = {
    "limit_sign_ins": 0,
    "webhook_github_secret": SECRET,
    "webhook_gitlab_secret": SECRET,
    "webhook_git_secret": SECRET,
    "webhook_slack_secret": SECRET,
    "webhook_okta_secret": SECRET,
}
COUNTS: Counter[str] = Counter()


def joined(world: World) -> str:
    """The address of somebody new, who has a password."""
    ready = Ready(world, "owner", world.socket.parent, "", "")
    email = f"p{ready.mark}@example.org"
    made = ready.here("POST", "/v1/people", json={"email": email, "role": "developer"})
    ready.here("POST", "/v1/people/accept", json={"token": made["token"], "password": PASSWORD, "name": "New"})
    return email


def signed_in(world: World, email: str) -> httpx.Client:
    """Their browser."""
    browser = httpx.Client(base_url=world.url, timeout=60)
    answer = browser.post("/v1/login", json={"email": email, "password": PASSWORD, "tenant": world.slug})
    assert answer.status_code == 200, answer.text
    browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return browser


def signs_in(world: World) -> bool:
    with contextlib.closing(signed_in(world, joined(world))) as browser:
        return bool(browser.get("/v1/whoami").json()["tenant"] == world.slug)


def signs_out(world: World) -> bool:
    with contextlib.closing(signed_in(world, joined(world))) as browser:
        assert browser.post("/v1/logout").status_code == 204
        return browser.get("/v1/whoami").status_code == 401


def lets_a_program_in(world: World) -> bool:
    begun = httpx.post(f"{world.url}/v1/login/device", json={"tenant": world.slug}).json()
    with contextlib.closing(signed_in(world, joined(world))) as browser:
        assert browser.post("/v1/login/device/approve", json={"user_code": begun["user_code"]}).status_code == 200
    made = httpx.post(f"{world.url}/v1/login/device/token", json={"device_code": begun["device_code"]})
    with world.as_token(made.json()["token"]) as program:
        return bool(program.get("/v1/whoami").json()["tenant"] == world.slug)


def asks(world: World) -> bool:
    ready = Ready(world, "owner", world.socket.parent, "", "")
    email = f"q{ready.mark}@example.org"
    answer = httpx.post(f"{world.url}/v1/people/requests", json={"email": email, "tenant": world.slug})
    assert answer.status_code == 202
    return email in json.dumps(ready.here("GET", "/v1/people/requests"))


def mac(text: bytes) -> str:
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def standard(text: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()


DELIVERIES: dict[str, dict[str, Any]] = {
    "github": {"ref": "refs/heads/main", "after": "abc", "commits": [], "repository": {"full_name": "o/r"}},
    "gitlab": {"object_kind": "push", "project_id": 1, "after": "abc", "project": {"path_with_namespace": "o/r"}},
    "git": {"vestige": 1, "kind": "pushed", "repository": "git.example.org/o/r", "after": "abc"},
    "slack": {"type": "event_callback", "team_id": "T1", "event_id": "E1", "event_time": 1764000001,
              "event": {"type": "message", "user": "U1", "channel": "C1", "text": "x", "ts": "1764000000.000100"}},
    "okta": {"eventType": "com.okta.event_hook", "data": {"events": [
        {"uuid": "u-1", "eventType": "user.session.start", "published": "2026-04-11T10:00:00Z"}]}},
}  # fmt: skip


def delivers(service: str) -> Callable[[World], bool]:
    """A signed delivery. Their secrets are the installation's, so what comes by them is the default tenant's."""

    def act(world: World) -> bool:
        before = world.head
        body = json.dumps(DELIVERIES[service]).encode()
        stamp = str(int(time.time()))
        signed = f"v0:{stamp}:".encode() + body
        headers = {
            "github": {
                "X-GitHub-Event": "push",
                "X-GitHub-Delivery": stamp,
                "X-Hub-Signature-256": f"sha256={mac(body)}",
            },
            "gitlab": {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET, "Idempotency-Key": stamp},
            "git": {
                "webhook-id": stamp,
                "webhook-timestamp": stamp,
                "webhook-signature": standard(f"{stamp}.{stamp}.".encode() + body),
            },
            "slack": {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac(signed)}"},
            "okta": {"Authorization": SECRET},
        }[service]
        answer = httpx.post(f"{world.url}/v1/webhooks/{service}", content=body, headers=headers)
        assert answer.is_success, answer.text
        return world.head > before

    return act


UNPROVEN: dict[tuple[str, str], Callable[[World], bool]] = {
    ("POST", "/v1/login"): signs_in,
    ("POST", "/v1/logout"): signs_out,
    ("POST", "/v1/login/device"): lets_a_program_in,
    ("POST", "/v1/login/device/approve"): lets_a_program_in,
    ("POST", "/v1/login/device/token"): lets_a_program_in,
    ("POST", "/v1/people/accept"): lambda world: bool(joined(world)),
    ("POST", "/v1/people/requests"): asks,
}
"""Writing routes that ask for no permission: an act of the tenant's by each, and whether it had its effect there."""
INSTALLATION: dict[tuple[str, str], Callable[[World], bool]] = {
    ("POST", f"/v1/webhooks/{name}"): delivers(name) for name in DELIVERIES
}
"""Those that always speak for the default tenant."""
OF_ALL = frozenset({("POST", "/v1/backups")})
"""Those that take what is everybody's, and say so in everybody's log."""


class Both(Two):
    """Both tenants: the first answered as while it was alone, the second as while the first did nothing."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.worlds = {"first": self.first, "second": self.second}
        self.ids = {"first": self.names, "second": self.others}
        self.before: dict[str, dict[tuple[str, str], tuple[int, str]]] = {"first": self.alone}

    def undisturbed(self, which: str, routes: list[tuple[str, str]]) -> None:
        """Hold a tenant's answers to what they were before the other did anything."""
        for one in routes:
            assert asked(self.worlds[which], self.ids[which], *one) == self.before[which][one], one
        COUNTS["answers of the other as before"] += len(routes)

    def act(self, which: str, method: str, path: str, folder: Path) -> bool:
        """Make a case as a tenant; whether it had its effect there."""
        world, names = self.worlds[which], self.ids[which]
        unproven = UNPROVEN.get((method, path)) or INSTALLATION.get((method, path))
        if unproven is not None:
            return unproven(world)
        request = CASES[method, path](Ready(world, who(method, path), folder, names["event"], names["entity"]))
        answer = world.client(who(method, path)).request(method, request.path or path, **(request.kwargs or {}))
        assert answer.status_code in request.passes, answer.text
        return request.effect is None or bool(request.effect(answer))


def who(method: str, path: str) -> str:
    return "here" if (method, path) in LOCAL else "owner"


def near(path: str) -> list[tuple[str, str]]:
    """The reading routes whose answers an act is likeliest to change if it reaches too far."""
    part = path.removeprefix("/api").split("/")[1:3]
    return [one for one in READ if one[1].split("/")[1:3] == part or one[1] in CORE]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with world_in(tmp_path_factory.mktemp("writing") / "data", **SETTINGS) as world:
        made = Both(world)
        yield made
        print("\n" + ", ".join(f"{count} {what}" for what, count in sorted(COUNTS.items())))
        for client in made.second.clients.values():
            client.close()


def test_every_writing_route_has_a_case() -> None:
    assert set(WRITING) <= set(CASES) | set(UNPROVEN) | set(INSTALLATION)
    assert not set(CASES) & (set(UNPROVEN) | set(INSTALLATION))
    assert (set(UNPROVEN) | set(INSTALLATION)) <= set(WRITING)
    assert set(READ) >= {("GET", path) for path in CORE}


@pytest.mark.parametrize(("method", "path"), [one for one in WRITING if one not in {*INSTALLATION, *OF_ALL}])
def test_what_the_second_changes_the_first_is_not_told(both: Both, tmp_path: Path, method: str, path: str) -> None:
    head = both.first.head
    assert both.act("second", method, path, tmp_path)
    assert both.first.head == head
    COUNTS["acts with their effect read back"] += 1
    both.undisturbed("first", near(path))


def test_after_all_acts_of_the_second_the_first_is_answered_as_if_it_were_alone(both: Both) -> None:
    both.undisturbed("first", READ)
    both.before["second"] = {one: asked(both.second, both.others, *one) for one in READ}


@pytest.mark.parametrize(("method", "path"), [one for one in WRITING if one not in OF_ALL])
def test_what_the_first_changes_the_second_is_not_told(both: Both, tmp_path: Path, method: str, path: str) -> None:
    head = both.second.head
    assert both.act("first", method, path, tmp_path)
    assert both.second.head == head
    COUNTS["acts with their effect read back"] += 1
    both.undisturbed("second", near(path))


def test_after_all_acts_of_the_first_the_second_is_answered_as_before(both: Both) -> None:
    both.undisturbed("second", READ)


@pytest.mark.parametrize(("method", "path"), sorted(OF_ALL))
def test_what_takes_everybodys_is_said_in_every_log(both: Both, tmp_path: Path, method: str, path: str) -> None:
    heads = both.first.head, both.second.head
    assert both.act("first", method, path, tmp_path)
    grown = both.first.head - heads[0], both.second.head - heads[1]
    assert grown[0] == grown[1] > 0
    for world in (both.first, both.second):
        acts = world.client("owner").get("/v1/audit", params={"limit": 20}).json()["entries"]
        assert [one["action"] for one in acts if one["action"].startswith("backup")], "its log does not say so"


@pytest.mark.parametrize("header", ["X-Vestige-Tenant", "X-Stella-Tenant"])
@pytest.mark.parametrize(("method", "path"), [one for one in WRITING if one in CASES and one not in LOCAL])
def test_a_header_that_names_the_other_opens_no_writing_route(
    both: Both, tmp_path: Path, method: str, path: str, header: str
) -> None:
    request = CASES[method, path](Ready(both.first, "owner", tmp_path, both.names["event"], both.names["entity"]))
    heads = both.first.head, both.second.head
    kwargs = dict(request.kwargs or {})
    kwargs["headers"] = kwargs.get("headers", {}) | {header: "other"}
    answer = both.first.client("owner").request(method, request.path or path, **kwargs)
    # Splunk's protocol has one word for all of this.
    assert answer.status_code == (403 if path.startswith("/services/collector") else 404), answer.text
    assert (both.first.head, both.second.head) == heads
    COUNTS["headers that name the other, refused without effect"] += 1


def guessed(both: Both, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """Ask as the first for something of the second's, whose log must not grow."""
    head = both.second.head
    answer = both.first.client("owner").request(method, path, json=body)
    assert both.second.head == head
    COUNTS["ids of the other in a body, guessed right"] += 1
    return answer


def test_an_event_of_the_others_is_no_evidence_of_a_clock(both: Both) -> None:
    body = {"clock_offset": "+5m", "evidence": [both.others["event"]]}
    there = guessed(both, "POST", "/v1/sources/seed", body)
    nowhere = guessed(both, "POST", "/v1/sources/seed", body | {"evidence": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]})
    for answer in (there, nowhere):
        assert '"problem"' in answer.text
        assert '"report"' not in answer.text
    assert there.text.replace(both.others["event"], "…") == nowhere.text.replace("01ARZ3NDEKTSV4RRFFQ69G5FAV", "…")
    own = both.first.client("owner").post("/v1/sources/seed", json=body | {"evidence": [both.names["event"]]})
    assert '"report"' in own.text
    both.first.client("owner").post("/v1/sources/seed", json={"unset": ["clock_offset"]})


@pytest.mark.parametrize(("kind", "field", "told"), [
    ("ack", "refs", "acknowledgements"), ("redaction_notice", "supersedes", "superseded_by"),
])  # fmt: skip
def test_what_one_says_of_the_others_event_is_not_told_there(both: Both, kind: str, field: str, told: str) -> None:
    event = {"timestamp": "2026-04-11T12:00:00Z", "category": kind, "details": {}}
    for path in ("/v1/events/", "/timeline/"):
        before = both.second.client("owner").get(path + both.others["event"]).content
        assert guessed(both, "POST", "/timeline/events", event | {field: both.others["event"]}).status_code == 201
        assert both.second.client("owner").get(path + both.others["event"]).content == before
    own = both.second.client("owner").post("/timeline/events", json=event | {field: both.others["event"]})
    assert own.status_code == 201
    assert told in both.second.client("owner").get(f"/v1/events/{both.others['event']}").json()


def test_ids_and_keys_of_requests_are_each_tenants_own(both: Both) -> None:
    event = {"timestamp": "2026-04-11T12:00:00Z", "category": "acme.same", "details": {}}
    for change, headers in (
        ({"event_id": "01JAR1Z5E8D3XK3R5V3G7Z2QSS"}, {}),
        ({"details": {"keyed": 1}}, {"Idempotency-Key": "the same"}),
    ):
        for world in (both.first, both.second):
            answers = [
                world.client("owner").post("/timeline/events", json=event | change, headers=headers).status_code
                for _ in range(2)
            ]
            assert answers == [201, 200]
        other = both.second.client("owner").post(
            "/timeline/events", json=event | change | {"message": "else"}, headers=headers
        )
        assert other.status_code == 409
        COUNTS["ids of the other in a body, guessed right"] += 1


def test_a_code_of_the_others_program_is_nobodys(both: Both) -> None:
    begun = httpx.post(f"{both.second.url}/v1/login/device", json={"tenant": "other"}).json()
    with contextlib.closing(signed_in(both.first, joined(both.first))) as browser:
        heads = both.first.head, both.second.head
        answer = browser.post("/v1/login/device/approve", json={"user_code": begun["user_code"]})
        assert answer.status_code == 404, answer.text
        assert (both.first.head, both.second.head) == heads
    waiting = httpx.post(f"{both.second.url}/v1/login/device/token", json={"device_code": begun["device_code"]})
    assert waiting.json()["code"] == "conflict.waiting"
    COUNTS["ids of the other in a body, guessed right"] += 1


def test_an_invitation_of_the_others_makes_nobody_here(both: Both) -> None:
    mark = Ready(both.first, "owner", both.first.socket.parent, "", "").mark
    email = f"only{mark}@example.org"
    token = both.second.client("owner").post("/v1/people", json={"email": email, "role": "auditor"}).json()["token"]
    head = both.first.head
    body = {"token": token, "password": PASSWORD, "name": "There"}
    assert httpx.post(f"{both.first.url}/v1/people/accept", json=body).status_code == 201
    assert both.first.head == head
    assert email not in both.first.client("owner").get("/v1/people").text
    login = {"email": email, "password": PASSWORD}
    assert httpx.post(f"{both.first.url}/v1/login", json=login).status_code == 401
    assert httpx.post(f"{both.first.url}/v1/login", json=login | {"tenant": "other"}).status_code == 200
    COUNTS["ids of the other in a body, guessed right"] += 1


def test_a_running_replay_or_import_of_the_others_is_not_steered(both: Both, tmp_path: Path) -> None:
    ready = Ready(both.second, "owner", tmp_path, both.others["event"], both.others["entity"])
    replay = CASES["POST", "/v1/replay/{name}"](ready)
    assert guessed(both, "POST", replay.path, {"paused": True}).status_code == 404
    assert both.second.client("owner").post(replay.path, json={"paused": True}).status_code == 200
    here = Ready(both.second, "here", tmp_path, both.others["event"], both.others["entity"])
    stop = CASES["POST", "/v1/imports/{name}/stop"](here)
    assert both.first.client("here").post(stop.path).status_code == 404
    assert stop.effect is not None
    assert not stop.effect(httpx.Response(404))
    assert both.second.client("here").post(stop.path).is_success
    COUNTS["ids of the other in a body, guessed right"] += 2


def test_a_place_in_the_others_log_is_not_told_of(both: Both) -> None:
    channel = "9f3e2987-db24-4c78-a860-b4f4095a7095"
    more = json.dumps({"event": "x"}) * max(1, both.first.head - both.second.head + 10)
    sent = both.second.client("owner").post(
        "/services/collector/event", content=more, headers={"X-Splunk-Request-Channel": channel}
    )
    number = sent.json()["ackId"]
    ask = f"/services/collector/ack?channel={channel}"
    mine = guessed(both, "POST", ask, {"acks": [number]}).json()
    theirs = both.second.client("owner").post(ask, json={"acks": [number]}).json()
    assert mine == {"acks": {str(number): False}}
    assert theirs == {"acks": {str(number): True}}


@pytest.mark.parametrize("to", ["enable", "disable"])
def test_a_pattern_of_the_others_is_not_switched(both: Both, tmp_path: Path, to: str) -> None:
    ready = Ready(both.second, "owner", tmp_path, both.others["event"], both.others["entity"])
    request = CASES["POST", f"/v1/sequences/{{name}}/{to}"](ready)
    assert guessed(both, "POST", request.path, {}).status_code == 404
    assert request.effect is not None
    assert not request.effect(httpx.Response(404))
    assert both.second.client("owner").post(request.path).is_success
    assert request.effect(httpx.Response(200))

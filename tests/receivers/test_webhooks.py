"""Webhooks, signed as each service signs them: the digests here are computed anew, as their documentation says."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from support.hammer import Killable, hammer
from support.program import serving
from support.receiving import client_of, events, raw
from vestige.api.receivers.spans import elements_at
from vestige.model.errors import InputError
from vestige.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.program import Running

SECRETS = {
    "VESTIGE_WEBHOOK_GITHUB_SECRET": "It's a Secret to Everybody",
    "VESTIGE_WEBHOOK_GITLAB_SECRET": "shared with a forge",
    "VESTIGE_WEBHOOK_SLACK_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "VESTIGE_WEBHOOK_OKTA_SECRET": "okta-shared",
}
PUSH = (
    b'{"ref":"refs/heads/main","after":"abc123","commits":[],"repository":{"full_name":"o/r"},"sender":{"login":"ann"}}'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("webhooks") / "data", **SECRETS) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with client_of(server) as one:
        yield one


@pytest.fixture(scope="module")
def outside(server: Running) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=server.url, timeout=60) as one:
        yield one


def mac(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def github(body: bytes, delivery: str, **more: str) -> dict[str, str]:
    signed = "sha256=" + mac(SECRETS["VESTIGE_WEBHOOK_GITHUB_SECRET"], body)
    given = {"X-GitHub-Event": "push", "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": signed}
    return given | {name.replace("_", "-"): value for name, value in more.items()}


def slack(body: bytes, at: float | str | None = None) -> dict[str, str]:
    stamp = at if isinstance(at, str) else str(int(time.time() if at is None else at))
    signed = "v0=" + mac(SECRETS["VESTIGE_WEBHOOK_SLACK_SECRET"], f"v0:{stamp}:".encode() + body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signed}


def test_the_signatures_are_those_of_the_services_own_documentation() -> None:
    """GitHub's and Slack's pages each give a secret, a body and the signature these make."""
    assert mac("It's a Secret to Everybody", b"Hello, World!") == (
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
        b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert mac("8f742231b10e8888abcd99yyyzzz85a5", b"v0:1531420618:" + body) == (
        "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


def test_a_github_delivery_is_kept_as_its_exact_body_once(outside: httpx.Client, client: httpx.Client) -> None:
    first = outside.post("/v1/webhooks/github", content=PUSH, headers=github(PUSH, "d-1"))
    assert (first.status_code, first.json()["results"][0]["status"]) == (200, "accepted")
    again = outside.post("/v1/webhooks/github", content=PUSH, headers=github(PUSH, "d-1")).json()["results"][0]
    assert again == {"status": "duplicate", "id": first.json()["results"][0]["id"]}
    found = events(client, "source:github.webhook", undated=True)
    assert [event["event_type"] for event in found] == ["code.pushed"]
    assert raw(client, found[0]["id"]) == PUSH
    other = PUSH.replace(b"abc123", b"def456")
    assert outside.post("/v1/webhooks/github", content=other, headers=github(other, "d-1")).status_code == 409


def test_github_refuses_what_is_not_signed_or_not_whole(outside: httpx.Client, client: httpx.Client) -> None:
    before = client.get("/v1/timeline/count").json()

    def status(body: bytes, headers: dict[str, str]) -> int:
        return outside.post("/v1/webhooks/github", content=body, headers=headers).status_code

    right = github(PUSH, "d-2")
    assert status(PUSH + b" ", right) == 401
    assert status(PUSH, right | {"X-Hub-Signature-256": "sha256=" + mac("other", PUSH)}) == 401
    assert status(PUSH, right | {"X-Hub-Signature-256": right["X-Hub-Signature-256"].removeprefix("sha256=")}) == 401
    assert status(PUSH, {name: value for name, value in right.items() if "Signature" not in name}) == 401
    assert status(PUSH, {name: value for name, value in right.items() if "Delivery" not in name}) == 422
    assert status(PUSH, right | {"X-GitHub-Delivery": "d" * 201}) == 422
    assert status(PUSH, right | {"Content-Type": "application/x-www-form-urlencoded"}) == 415
    for body in (b"payload=%7B%7D", b"[]", b"{"):
        assert status(body, github(body, "d-3")) == 422
    # A token opens nothing here: only the secret does.
    assert client.post("/v1/webhooks/github", content=PUSH).status_code == 401
    assert client.get("/v1/timeline/count").json() == before


GITLAB_PUSH = (
    b'{"object_kind":"push","ref":"refs/heads/main","after":"efefefefefefefefefefefefefefefefefefefef","project_id":1,'
    b'"user_username":"ann","project":{"path_with_namespace":"team/shop"}}'
)


def test_a_gitlab_without_a_signing_token_bears_the_secret(outside: httpx.Client, client: httpx.Client) -> None:
    def status(headers: dict[str, str], body: bytes = GITLAB_PUSH) -> str:
        answer = outside.post("/v1/webhooks/gitlab", content=body, headers=headers)
        return str(answer.json()["results"][0]["status"]) if answer.is_success else str(answer.status_code)

    old = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRETS["VESTIGE_WEBHOOK_GITLAB_SECRET"]}
    named = old | {"Idempotency-Key": "a-1"}
    assert status(named) == "accepted"
    assert status(named) == "duplicate"
    assert status(named, GITLAB_PUSH.replace(b"main", b"side")) == "409"
    for wrong in ({"X-Gitlab-Token": "shared with a forge!"}, {"X-Gitlab-Token": ""}):
        assert status(old | {"Idempotency-Key": "a-2"} | wrong) == "401"
    assert status(old) == "422"
    assert status({name: value for name, value in named.items() if name != "X-Gitlab-Event"}) == "422"
    # Webhooks that set off each other have one id: what differs is another delivery.
    assert status(old | {"X-Gitlab-Event-UUID": "u-1"}) == "accepted"
    assert status(old | {"X-Gitlab-Event-UUID": "u-1"}) == "duplicate"
    assert status(old | {"X-Gitlab-Event-UUID": "u-1"}, GITLAB_PUSH.replace(b"main", b"side")) == "accepted"
    found = events(client, "source:gitlab.webhook", undated=True)
    assert [(one["event_type"], one["actor"]["id"], one["object"]["id"]) for one in found] == [
        ("code.pushed", "ann", "team/shop")
    ] * 3


def test_slack(outside: httpx.Client, client: httpx.Client) -> None:
    def post(body: bytes, headers: dict[str, str]) -> httpx.Response:
        return outside.post("/v1/webhooks/slack", content=body, headers=headers)

    challenge = b'{"type":"url_verification","challenge":"3eZbrw1a","token":"t"}'
    assert post(challenge, slack(challenge)).json() == {"challenge": "3eZbrw1a"}
    body = json.dumps({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1764000001,
        "event": {"type": "message", "user": "U1", "channel": "C1", "text": "hello slack", "ts": "1764000000.000100"},
    }).encode()  # fmt: skip
    assert post(body, slack(body)).json()["results"][0]["status"] == "accepted"
    assert post(body, slack(body)).json()["results"][0]["status"] == "duplicate"
    found = events(client, "source:slack.events")
    assert [(event["event_type"], event["occurred_at"]) for event in found] == [
        ("message.sent", "2025-11-24T16:00:00.000100Z")
    ]
    assert raw(client, found[0]["id"]) == body
    assert post(body, slack(body, time.time() - 290)).status_code == 200
    for stale in (time.time() - 310, time.time() + 310, "", "now", "-5", "9" * 30):
        assert post(body, slack(body, stale)).status_code == 401
    assert post(body, slack(body + b" ")).status_code == 401
    assert post(b"[]", slack(b"[]")).status_code == 422
    assert post(b"{}", slack(b"{}")).status_code == 422


OKTA = b"""{"eventType":"com.okta.event_hook","eventId":"e","data":{"events":[
  {"uuid":"u-1","published":"2026-01-01T00:00:00.125Z","eventType":"user.session.start","legacyEventType":"x",
   "displayMessage":"User login to Okta", "actor":{"id":"00u1","alternateId":"ann@example.org"},
   "outcome":{"result":"SUCCESS"}} ,
  {"uuid":"u-2","published":"2026-01-01T00:00:01Z","eventType":"user.session.end","legacyEventType":"x",
   "displayMessage":"\xc3\x84nde", "outcome":{"result":"SUCCESS"}}
]}}"""


def test_okta(outside: httpx.Client, client: httpx.Client) -> None:
    secret = {"Authorization": "okta-shared"}
    challenge = {"X-Okta-Verification-Challenge": "abc"}
    assert outside.get("/v1/webhooks/okta", headers=secret | challenge).json() == {"verification": "abc"}
    assert outside.get("/v1/webhooks/okta", headers=challenge).status_code == 401
    assert outside.get("/v1/webhooks/okta", headers=secret).status_code == 422

    def post(body: bytes) -> httpx.Response:
        return outside.post("/v1/webhooks/okta", content=body, headers=secret)

    assert [one["status"] for one in post(OKTA).json()["results"]] == ["accepted"] * 2
    assert [one["status"] for one in post(OKTA).json()["results"]] == ["duplicate"] * 2
    found = events(client, "source:okta")
    assert [event["event_type"] for event in found] == ["auth.login", "auth.logout"]
    payloads = [raw(client, event["id"]) for event in found]
    assert [json.loads(payload)["uuid"] for payload in payloads] == ["u-1", "u-2"]
    assert all(payload in OKTA for payload in payloads)
    for body in (b"", b"{}", b'{"data":{"events":[]}}', b'{"data":{"events":[{"no":"uuid"}]}}', b"[" * 10**5, b"\xff"):
        assert post(body).status_code == 422
    assert outside.post("/v1/webhooks/okta", content=OKTA).status_code == 401
    assert outside.post("/v1/webhooks/okta", content=OKTA, headers={"Authorization": "okta-share"}).status_code == 401


@pytest.mark.parametrize("service", ["github", "slack", "okta"])
def test_killed_under_load_everything_acknowledged_is_there_once(
    service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service repeats what was not acknowledged, under the same id and, where it signs a time, signed anew."""
    data = tmp_path / "data"
    server = Killable(data, **SECRETS)
    server.start()
    clients = [httpx.Client(base_url=server.url, timeout=30) for _ in range(4)]

    def delivery(sender: int, number: int) -> tuple[bytes, dict[str, str]]:
        name = f"{sender}-{number}"
        if service == "github":
            body = PUSH.replace(b"abc123", name.encode())
            return body, github(body, name)
        if service == "slack":
            event = {"type": "message", "user": "U1", "channel": "C1", "text": name, "ts": "1764000000.000100"}
            body = json.dumps({"type": "event_callback", "team_id": "T1", "event_id": name, "event": event}).encode()
            return body, slack(body)
        event = {"eventType": "user.session.start", "published": "2026-11-22T16:00:00.000Z"}
        body = json.dumps({"data": {"events": [event | {"uuid": f"{name}-{part}"} for part in range(3)]}}).encode()
        return body, {"Authorization": SECRETS["VESTIGE_WEBHOOK_OKTA_SECRET"]}

    def send(sender: int, number: int) -> None:
        body, headers = delivery(sender, number)
        clients[sender].post(f"/v1/webhooks/{service}", content=body, headers=headers).raise_for_status()

    outcome = hammer(server, data, send)
    for client in clients:
        client.close()
    sent = [delivery(sender, number)[0] for sender in range(4) for number in range(60)]
    expected = [payload for body in sent for payload in ([body] if service != "okta" else okta_events(body))]
    with capsys.disabled():
        print(f"\n{service}: {len(outcome.held)} held of {len(expected)}, {outcome.retried} sent again", end="")
    assert sorted(outcome.held) == sorted(expected)
    assert outcome.acknowledged == len(sent)
    assert outcome.retried > 0


def okta_events(body: bytes) -> list[bytes]:
    """The events of a delivery as they stand in it."""
    return [json.dumps(event).encode() for event in json.loads(body)["data"]["events"]]


def test_without_a_secret_nothing_is_there(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        for service in ("github", "gitlab", "git", "slack", "okta"):
            answer = httpx.post(f"{server.url}/v1/webhooks/{service}", content=PUSH, headers={"Authorization": ""})
            assert answer.status_code == 404
            assert f"VESTIGE_WEBHOOK_{service.upper()}_SECRET" in answer.text
        assert httpx.get(f"{server.url}/v1/webhooks/okta").status_code == 404


def test_secrets_are_never_shown(outside: httpx.Client, tmp_path: Path) -> None:
    shown = repr(load(SECRETS, data=tmp_path))
    answers = [outside.post(f"/v1/webhooks/{name}", content=PUSH).text for name in ("github", "slack", "okta")]
    for secret in SECRETS.values():
        assert secret not in shown
        assert all(secret not in answer for answer in answers)


def test_elements_are_exact_bytes_wherever_they_stand() -> None:
    body = '{"ü": [0], "a" : {"b":[ {"x" :1.50} , "é\\n" ,[],{} ]}, "z":1}'.encode()
    found = elements_at(body, "a", "b")
    assert [payload for payload, _, _ in found] == [b'{"x" :1.50}', '"é\\n"'.encode(), b"[]", b"{}"]
    assert all(body[offset : offset + len(payload)] == payload for payload, offset, _ in found)
    assert elements_at(b'{"a":{"b":5}}', "a", "b") == []
    assert elements_at(b'{"a":{"b":[]}}', "a", "b") == []
    assert elements_at(b"[]", "a") == []
    assert [payload for payload, _, _ in elements_at(b" [1, 2]")] == [b"1", b"2"]
    for wrong in (b"{", b"{} x", b"\xff", b"", b"[" * 100_000):
        with pytest.raises(InputError):
            elements_at(wrong, "a")

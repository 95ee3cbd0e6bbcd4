"""Signing in: browsers, programs, and the ways somebody else might try to use either."""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import Request

import vestige
from support.forms import hidden
from support.world import World, world_in
from vestige.access import PasswordLogins
from vestige.access.tokens import token_digest
from vestige.access.waiting import CODE_SECONDS
from vestige.api.cookies import is_secure
from vestige.cli import credentials, main
from vestige.model.instant import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "correct horse battery staple"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("login") / "data", limit_sign_ins=0) as made:
        made.seed()
        for email, role in (("ann@example.org", "investigator"), ("dev@example.org", "developer")):
            made.admit(email, role, GOOD)
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[tuple[httpx.Client, str]]:
    with httpx.Client(base_url=world.url, timeout=60) as client:
        answer = client.post("/v1/login", json={"email": "ann@example.org", "password": GOOD})
        assert answer.status_code == 200, answer.text
        yield client, answer.json()["csrf"]


def begin(world: World, **body: str) -> dict[str, Any]:
    answer = httpx.post(f"{world.url}/v1/login/device", json=body)
    assert answer.status_code == 201, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


def collect(world: World, begun: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/login/device/token", json={"device_code": begun["device_code"]})


def approve(browser: tuple[httpx.Client, str], code: str, **more: Any) -> httpx.Response:
    client, csrf = browser
    return client.post("/v1/login/device/approve", json={"user_code": code} | more, headers={"X-CSRF-Token": csrf})


def test_the_cookie_is_no_scripts_and_no_other_sites(world: World) -> None:
    answer = httpx.post(f"{world.url}/v1/login", json={"email": "ann@example.org", "password": GOOD})
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {part.strip() for part in cookie.split(";")[1:]} >= {"HttpOnly", "Path=/", "SameSite=strict"}
    assert "Secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"


def _is_secure(world: World, headers: dict[str, str]) -> bool:
    told = {"email": "ann@example.org", "password": GOOD}
    return "Secure" in httpx.post(f"{world.url}/v1/login", json=told, headers=headers).headers["set-cookie"]


def test_whether_a_cookie_is_for_tls_alone_hangs_on_the_way_and_the_settings(world: World) -> None:
    for host in ("vestige.example.org", "localhost", "127.0.0.1:1", "x"):
        assert not _is_secure(world, {"Host": host})
    for name in ("X-Forwarded-Proto", "X-Forwarded-For", "Forwarded", "Via"):
        assert _is_secure(world, {name: "http", "Host": "localhost"}), name
    before = world.installation.settings
    try:
        for url, secure in (("https://vestige.example.org", True), ("http://192.0.2.1:8080", False)):
            world.installation.settings = replace(before, public_url=url)
            assert _is_secure(world, {"Host": "localhost"}) is secure
            assert _is_secure(world, {"X-Forwarded-Proto": "http"}) is secure
    finally:
        world.installation.settings = before


@pytest.mark.parametrize(("peer", "scheme", "secure"), [
    ("127.0.0.1", "http", False), ("::1", "http", False), ("127.0.0.1", "https", True), ("192.0.2.9", "http", True),
    ("2001:db8::9", "http", True), ("local:1000", "http", True),
])  # fmt: skip
def test_only_from_this_machine_a_cookie_goes_in_clear(world: World, peer: str, scheme: str, secure: bool) -> None:
    request = Request({"type": "http", "scheme": scheme, "client": (peer, 1), "headers": [], "app": world.api})
    assert is_secure(request) is secure


def test_a_browser_reads_with_its_cookie_and_changes_with_both(world: World, browser: tuple[httpx.Client, str]) -> None:
    client, csrf = browser
    assert client.get("/v1/whoami").json()["name"] == "ann@example.org"
    head = world.head
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": csrf[:-1]}):
        answer = client.post("/v1/views", json={"name": "mine"}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (403, "X-CSRF-Token")
    assert world.head == head + 3
    entry = world.acts("access.refused")[-1]
    assert (entry["actor"], entry["detail"]["path"]) == ("ann@example.org", "/v1/views")
    assert "own page" in entry["detail"]["reason"]
    answer = client.post("/v1/views", json={"name": "mine"}, headers={"X-CSRF-Token": csrf})
    assert (answer.status_code, answer.json()["by"]) == (201, "ann@example.org")


def test_a_browsers_session_is_told_who_it_is_and_what_its_requests_repeat(browser: tuple[httpx.Client, str]) -> None:
    client, csrf = browser
    found = client.get("/v1/whoami").json()
    assert (found["email"], found["role"], found["tenant"]) == ("ann@example.org", "investigator", "default")
    assert (found["demonstration"], found["version"], found["csrf"]) == (False, vestige.__version__, csrf)
    told = client.post("/v1/views", json={"name": "told"}, headers={"X-CSRF-Token": found["csrf"]})
    assert told.status_code == 201
    cookie = client.cookies["vestige_session"]
    assert csrf not in cookie
    assert cookie not in csrf


def test_a_token_is_told_nothing_that_a_browsers_requests_repeat(
    world: World, browser: tuple[httpx.Client, str]
) -> None:
    client, _ = browser
    for who, person in (("owner", True), ("key:read", False), ("here", False)):
        found = world.client(who).get("/v1/whoami").json()
        assert "csrf" not in found
        assert ("email" in found, "role" in found) == (person, person)
        assert {"demonstration", "version"} <= set(found)
    # Not even one that comes with a browser's cookie: the token is who asks.
    authorization = world.client("key:read").headers["Authorization"]
    assert "csrf" not in client.get("/v1/whoami", headers={"Authorization": authorization}).json()


def test_a_session_does_not_lend_its_second_secret(world: World, browser: tuple[httpx.Client, str]) -> None:
    other = httpx.post(f"{world.url}/v1/login", json={"email": "dev@example.org", "password": GOOD}).json()["csrf"]
    client, _ = browser
    assert client.post("/v1/views", json={"name": "x"}, headers={"X-CSRF-Token": other}).status_code == 403


def test_signed_out_is_out(browser: tuple[httpx.Client, str]) -> None:
    client, csrf = browser
    cookies = dict(client.cookies)
    assert client.post("/v1/logout", headers={"X-CSRF-Token": csrf}).status_code == 204
    client.cookies.update(cookies)
    assert client.get("/v1/whoami").status_code == 401


def test_a_session_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.access.sessions.SESSION_SECONDS", 0)
    with httpx.Client(base_url=world.url) as client:
        client.post("/v1/login", json={"email": "ann@example.org", "password": GOOD}).raise_for_status()
        assert client.get("/v1/whoami").status_code == 401


def test_a_refused_body_is_not_told_again(world: World) -> None:
    """What a body holds may be a password; programs log the answers they get."""
    secret = "gravel lantern"  # noqa: S105 - made up
    body = json.dumps({"email": "owner@example.org", "password": secret})
    plain = httpx.post(f"{world.url}/v1/login", content=body, headers={"Content-Type": "text/plain"})
    half = httpx.post(f"{world.url}/v1/login", json={"password": secret})
    for answer, status in ((plain, 415), (half, 422)):
        assert (answer.status_code, secret in answer.text) == (status, False), answer.text
    assert "application/json" in plain.json()["expected"]


@pytest.mark.parametrize("way", ["program", "page"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_reset_ends_a_session_whose_sign_in_it_came_after(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str, reset: bool
) -> None:
    email, before = f"reset-{way}-{reset}@example.org".lower(), PasswordLogins.sign_in
    token = world.client("owner").post("/v1/people", json={"email": email, "role": "auditor"}).json()["token"]
    world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()

    def signed_in(*args: Any) -> Any:
        """Whatever is done for the answer is done after a reset is committed."""
        found = before(*args)
        if reset:
            world.client("owner").post(f"/v1/people/{email}/reset").raise_for_status()
        return found

    monkeypatch.setattr(PasswordLogins, "sign_in", signed_in)
    with httpx.Client(base_url=world.url, timeout=60) as client:
        told = {"email": email, "password": GOOD}
        if way == "program":
            assert client.post("/v1/login", json=told).status_code == 200
        else:
            form = hidden(client.get("/ui/login"))
            assert client.post("/ui/login", data=form | told).status_code == 303
        assert client.cookies.get("vestige_session")
        assert client.get("/v1/whoami").status_code == (401 if reset else 200)


@pytest.mark.parametrize("cookie", ["x", "vss_" + "A" * 49, "", "vst_" + "A" * 49])
def test_what_is_no_session_opens_nothing(world: World, cookie: str) -> None:
    answer = httpx.get(f"{world.url}/v1/whoami", headers={"Cookie": f"vestige_session={cookie}"})
    assert answer.status_code == 401


def test_a_program_is_let_in_once_by_who_approves(world: World, browser: tuple[httpx.Client, str]) -> None:
    begun = begin(world, client="the test")
    waiting = collect(world, begun)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "conflict.waiting")
    assert approve(browser, begun["user_code"].lower()).json() == {"client": "the test", "approved": True}
    given = collect(world, begun)
    assert given.status_code == 200
    with world.as_token(given.json()["token"]) as program:
        assert program.get("/v1/whoami").json()["name"] == "ann@example.org"
        assert program.get("/v1/timeline").status_code == 200
        again = collect(world, begun)
        assert (again.status_code, again.json()["got"]) == (401, "used")
        assert approve(browser, begun["user_code"]).status_code == 404
        assert program.post("/v1/logout").status_code == 204
        assert program.get("/v1/whoami").status_code == 401


def test_of_two_who_collect_at_once_one_is_given_the_token(world: World, browser: tuple[httpx.Client, str]) -> None:
    begun = begin(world)
    approve(browser, begun["user_code"]).raise_for_status()
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(collect(world, begun).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [401] * 7


def test_a_sign_in_that_is_asked_for_again_is_one_entry(world: World, browser: tuple[httpx.Client, str]) -> None:
    begun = begin(world, client="replayed")
    approve(browser, begun["user_code"]).raise_for_status()
    assert collect(world, begun).status_code == 200
    head = world.head
    assert {collect(world, begun).status_code for _ in range(3)} == {401}
    assert world.head == head + 1
    entry = world.acts("login.failed")[-1]
    assert (entry["resource"], entry["detail"]["client"]) == ("person:ann@example.org", "replayed")


def test_a_program_that_nobody_let_in_leaves_no_entry(world: World) -> None:
    head = world.head
    begun = begin(world) | {"device_code": "vsd_" + "A" * 49}
    assert collect(world, begun).status_code == 401
    assert world.head == head
    world.installation.refusals.write(due=True)
    assert "POST /v1/login/device/token" in (world.installation.settings.data / "refused.jsonl").read_text()


def test_a_sign_in_waits_the_same_where_there_is_no_such_tenant(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()
    monkeypatch.setattr("vestige.access.sessions.now", lambda: at)
    both = [begin(world, tenant=slug) for slug in ("default", "nowhere-at-all")]
    for later in (0, CODE_SECONDS - 1, CODE_SECONDS + 1):
        monkeypatch.setattr("vestige.access.sessions.now", lambda: at + later * 10**9)  # noqa: B023 - called in the turn
        one, other = (collect(world, begun) for begun in both)
        assert (one.status_code, one.text) == (other.status_code, other.text), later
        assert one.status_code == (401 if later > CODE_SECONDS else 409)


def test_sign_ins_that_wait_are_bounded_alike_wherever_they_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.installation.db.write() as connection:
        connection.execute(sa.text("DELETE FROM access_devices"))
    monkeypatch.setattr("vestige.access.waiting.MOST_WAITING", 2)
    for slug in ("default", "no-such-one", "nor-this"):
        answers = [httpx.post(f"{world.url}/v1/login/device", json={"tenant": slug}) for _ in range(3)]
        assert [one.status_code for one in answers] == [201, 201, 503], slug
    monkeypatch.setattr("vestige.access.waiting.MOST_NOWHERE", 3)
    for number in range(6):
        begin(world, tenant=f"made-up-{number}")
    assert len(world.installation.sessions._nowhere._waiting) <= 5
    with world.installation.db.write() as connection:
        connection.execute(sa.text("DELETE FROM access_devices"))


def let_in(world: World, browser: tuple[httpx.Client, str]) -> str:
    begun = begin(world)
    approve(browser, begun["user_code"]).raise_for_status()
    return str(collect(world, begun).json()["token"])


def status(world: World, token: str) -> tuple[int, str]:
    with world.as_token(token) as client:
        answer = client.get("/v1/whoami")
        return answer.status_code, answer.json().get("title", "")


def test_sign_ins_count_among_no_keys_and_go_when_they_are_over(
    world: World, browser: tuple[httpx.Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, tokens = world.client("owner"), [let_in(world, browser) for _ in range(3)]
    monkeypatch.setattr("vestige.access.keys.MOST_KEYS", len(owner.get("/v1/admin/keys").json()["keys"]) + 1)
    made = owner.post("/v1/admin/keys", json={"name": "last", "scopes": ["read"]})
    assert made.status_code == 201
    assert owner.post("/v1/admin/keys", json={"name": "over", "scopes": ["read"]}).status_code == 422
    assert owner.post(f"/v1/admin/keys/{made.json()['id']}/rotate", json={}).status_code == 422
    with world.as_token(tokens[0]) as program:
        program.post("/v1/logout").raise_for_status()
    assert status(world, tokens[0]) == (401, "the token is no longer valid")
    with world.installation.db.write() as connection:
        connection.execute(
            sa.text("UPDATE access_keys SET revoked_at = 1 WHERE digest = :digest"), {"digest": token_digest(tokens[0])}
        )
        connection.execute(
            sa.text("UPDATE access_keys SET expires_at = 1 WHERE digest = :digest"), {"digest": token_digest(tokens[1])}
        )
    let_in(world, browser)
    assert [status(world, token)[1] for token in tokens] == ["the token is not valid here"] * 2 + [""]
    assert owner.get("/v1/admin/keys").status_code == 200


def test_one_sign_in_too_many_ends_the_oldest(
    world: World, browser: tuple[httpx.Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestige.access.sessions.MOST_SIGN_INS", 3)
    tokens = [let_in(world, browser) for _ in range(4)]
    assert [status(world, token)[0] for token in tokens] == [401, 200, 200, 200]
    told = {"email": "dev@example.org", "password": GOOD}
    sessions = [httpx.post(f"{world.url}/v1/login", json=told).cookies for _ in range(4)]
    there = [httpx.get(f"{world.url}/v1/whoami", cookies=dict(one)).status_code for one in sessions]
    assert there == [401, 200, 200, 200]
    assert browser[0].get("/v1/whoami").status_code == 200


def test_who_denies_lets_nobody_in(world: World, browser: tuple[httpx.Client, str]) -> None:
    begun = begin(world)
    assert approve(browser, begun["user_code"], approve=False).json()["approved"] is False
    assert (collect(world, begun).status_code, collect(world, begun).json()["got"]) == (401, "denied")


def test_only_a_person_approves_and_only_in_their_tenant(world: World, browser: tuple[httpx.Client, str]) -> None:
    begun = begin(world)
    for who in ("key:owner", "here"):
        answer = world.client(who).post("/v1/login/device/approve", json={"user_code": begun["user_code"]})
        assert answer.status_code == 403, who
    world.client("here").post("/v1/tenants", json={"slug": "elsewhere"}).raise_for_status()
    other = begin(world, tenant="elsewhere")
    assert approve(browser, other["user_code"]).status_code == 404
    nowhere = begin(world, tenant="nowhere")
    assert approve(browser, nowhere["user_code"]).status_code == 404
    assert set(nowhere) == set(other)


def test_a_code_that_is_over_opens_nothing(
    world: World, browser: tuple[httpx.Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestige.access.waiting.CODE_SECONDS", 0)
    begun = begin(world)
    assert approve(browser, begun["user_code"]).status_code == 404
    assert collect(world, begun).status_code == 401


def test_a_key_is_revoked_and_not_signed_out(world: World) -> None:
    assert world.client("key:read").post("/v1/logout").status_code == 409
    assert world.client("key:read").get("/v1/whoami").status_code == 200
    assert world.client("here").post("/v1/logout").status_code == 409


def test_a_developer_sees_own_agents_and_nothing_else(world: World) -> None:
    mine = world.client("developer")
    events = mine.get("/v1/timeline").json()["events"]
    assert [(one["event_type"], one["actor"]["id"]) for one in events] == [("agent.tool_use", "developer@example.org")]
    assert mine.get("/v1/timeline/count").json()["dated"] == 1
    everything = world.client("owner").get("/v1/timeline").json()["events"]
    for event in everything:
        shown = event["id"] == events[0]["id"]
        for path in ("", "/raw", "/proof", "/opening", "/context"):
            answer = mine.get(f"/v1/events/{event['id']}{path}")
            assert answer.status_code == (200 if shown else 404), (event["event_type"], path)
        answer = mine.get("/v1/search", params={"around": event["id"]})
        assert answer.status_code == (200 if shown else 404), event["event_type"]
    ack = {"timestamp": "2026-01-01T00:00:00Z", "category": "ack", "refs": [events[0]["id"]], "details": {}}
    world.client("owner").post("/timeline/events", json=ack).raise_for_status()
    assert "acknowledgements" in world.client("owner").get(f"/v1/events/{events[0]['id']}").json()
    assert "acknowledgements" not in mine.get(f"/v1/events/{events[0]['id']}").json()
    absent = mine.get("/v1/events/01ARZ3NDEKTSV4RRFFQ69G5FAV").json()
    hidden = mine.get(f"/v1/events/{next(e['id'] for e in everything if e['id'] != events[0]['id'])}").json()
    assert absent["title"] == hidden["title"]
    for query in ("actor:bob", "in:ledger", "in:ledger category:vestige", "NOT actor:developer@example.org", "bob"):
        assert mine.get("/v1/search", params={"q": query}).json()["events"] in ([], events), query
    assert "bob" not in mine.get("/v1/facets", params={"fields": "actor.id"}).text
    assert mine.get("/v1/timeline/density").json()["total"] == 1
    assert "bob" not in mine.get("/v1/timeline/stacks").text
    assert "bob" not in mine.get("/v1/replay", params={"speed": 0}).text
    for entity in ("identity.Ym9i", "identity.bm9ib2R5"):
        assert mine.get("/v1/replay", params={"speed": 0, "entity_id": entity}).status_code == 403
    context = mine.get(f"/v1/events/{events[0]['id']}/context").json()["events"]
    assert [one["id"] for one in context] == [events[0]["id"]]


def test_a_login_is_kept_for_the_user_alone_and_forgotten(
    world: World, browser: tuple[httpx.Client, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("vestige.cli.login.time.sleep", lambda _: None)
    before = httpx.Client.request

    def approving(self: httpx.Client, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        answer = before(self, method, url, **kwargs)
        if url == "/v1/login/device":
            assert approve(browser, answer.json()["user_code"]).status_code == 200
        return answer

    monkeypatch.setattr(httpx.Client, "request", approving)
    assert main(["login", "--server", world.url]) == 0
    file = credentials.file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "signed in as ann@example.org" in capsys.readouterr().err
    assert main(["whoami", "--server", f"{world.url}/", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "ann@example.org"
    token = credentials.token_for(world.url)
    file.chmod(0o640)
    assert main(["whoami", "--server", world.url]) == 2
    assert "chmod 600" in capsys.readouterr().err
    file.chmod(0o600)
    assert main(["logout", "--server", world.url]) == 0
    assert json.loads(file.read_bytes()) == {}
    with world.as_token(token) as client:
        assert client.get("/v1/whoami").status_code == 401
    assert main(["whoami", "--server", world.url]) == 2
    assert os.environ["XDG_CONFIG_HOME"] == str(tmp_path)

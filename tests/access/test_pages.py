"""The pages where a person signs in and lets a program in, and the ways others might use them."""

from __future__ import annotations

import html as markup
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from support.forms import hidden
from support.world import World, world_in
from vestige.access import Buckets
from vestige.api.callers import FRESH_SECONDS
from vestige.api.create import PAGES
from vestige.api.limits import SMALL_BYTES
from vestige.api.pages import ASKED, html, seal

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = "correct horse battery staple"
DEVICE = "/ui/login/device"
ODD = '<script>alert("x")</script>&\'{csrf}'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("pages") / "data", limit_sign_ins=0) as made:
        made.seed()
        for email, role in (("ann@example.org", "investigator"), ("dev@example.org", "developer")):
            made.admit(email, role, GOOD)
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, timeout=60) as client:
        yield client


def sign_in(
    browser: httpx.Client, email: str = "ann@example.org", password: str = GOOD, onward: str = ""
) -> httpx.Response:
    page = browser.get("/ui/login", params={"onward": onward})
    assert page.status_code == 200, page.text
    return browser.post("/ui/login", data=hidden(page) | {"email": email, "password": password})


def begin(world: World, client: str = "the test", tenant: str = "default") -> dict[str, Any]:
    answer = httpx.post(f"{world.url}/v1/login/device", json={"client": client, "tenant": tenant})
    assert answer.status_code == 201, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


def collect(world: World, begun: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/login/device/token", json={"device_code": begun["device_code"]})


def test_there_are_these_pages_and_no_other() -> None:
    found = {(method, route.path) for one in PAGES for route in one.routes if isinstance(route, APIRoute)
             for method in route.methods or ()}  # fmt: skip
    assert found == {
        ("GET", "/ui/login"), ("POST", "/ui/login"), ("POST", "/ui/login/out"), ("GET", "/ui/login/style.css"),
        ("GET", "/ui/login/openid"), ("GET", "/ui/login/openid/callback"), ("GET", DEVICE), ("POST", DEVICE),
        ("GET", "/ui/login/first"), ("POST", "/ui/login/first"), ("GET", "/ui/login/demo"), ("POST", "/ui/login/demo"),
        ("GET", "/ui"), ("HEAD", "/ui"), ("GET", "/ui/{address:path}"), ("HEAD", "/ui/{address:path}"),
    }  # fmt: skip


def test_a_page_runs_nothing_and_is_framed_nowhere(browser: httpx.Client) -> None:
    for path, status in (("/ui/login", 200), ("/ui/login/openid", 404), ("/ui/login/openid/callback", 404)):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
            assert part in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert (answer.headers["cache-control"], answer.headers["x-frame-options"]) == ("no-store", "DENY")
        assert "<script" not in answer.text
        assert 'style="' not in answer.text
    style = browser.get("/ui/login/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "prefers-color-scheme: dark" in style.text


def test_a_demonstration_asks_the_same_wherever_it_asks() -> None:
    root = Path(__file__).resolve().parents[2]
    assert ASKED in (root / "ui/src/app/shell.tsx").read_text()
    readme = " ".join((root / "README.md").read_text().split())
    assert ASKED[0].lower() + ASKED[1:] in readme


def test_every_page_of_a_demonstration_says_so(
    world: World, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "made up" not in browser.get("/ui/login").text
    monkeypatch.setattr(world.installation, "demonstration", True)
    page = markup.unescape(browser.get("/ui/login").text)
    assert "made up" in page
    assert ASKED in page
    assert "made up" in browser.get("/ui/login/openid").text


def test_text_is_escaped_and_markup_is_not() -> None:
    shown = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#x27;{csrf}"
    assert html("<b>{x}</b>", x=ODD) == f"<b>{shown}</b>"
    assert html("{x}", x=html("<i>{y}</i>", y="a<b")) == "<i>a&lt;b</i>"


def test_who_signs_in_goes_on_to_where_they_were_going(world: World, browser: httpx.Client) -> None:
    onward = f"{DEVICE}?user_code=BCDF-GHJK"
    sent = browser.get(onward)
    assert sent.status_code == 303
    assert parse_qs(urlsplit(sent.headers["location"]).query)["onward"] == [onward]
    answer = sign_in(browser, onward=onward)
    assert (answer.status_code, answer.headers["location"]) == (303, onward)
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("vestige_session=")]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert browser.get("/v1/whoami").json()["name"] == "ann@example.org"
    page = browser.get("/ui/login")
    assert "ann@example.org" in page.text
    assert world.acts("login.succeeded")[-1]["actor"] == "ann@example.org"
    out = browser.post("/ui/login/out", data=hidden(page))
    assert (out.status_code, browser.get("/v1/whoami").status_code) == (303, 401)


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/v1/people", "/ui/login?x=1", "\\evil"])
def test_a_sign_in_goes_on_to_no_other_place(browser: httpx.Client, onward: str) -> None:
    page = browser.get("/ui/login", params={"onward": onward})
    assert "evil" not in page.text
    told = hidden(page) | {"email": "ann@example.org", "password": GOOD, "onward": onward}
    answer = browser.post("/ui/login", data=told)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")


def test_a_person_of_another_tenant_is_asked_for_theirs(world: World, browser: httpx.Client) -> None:
    made = world.client("here").post("/v1/tenants", json={"slug": "third"}).json()
    with world.as_token(made["token"]) as owner:
        token = owner.post("/v1/people", json={"email": "eve@example.org", "role": "auditor"}).json()["token"]
    world.client("here").post("/v1/people/accept", json={"token": token, "password": GOOD}).raise_for_status()
    begun = begin(world, tenant="third")
    sent = browser.get(begun["verification_uri_complete"])
    page = browser.get(sent.headers["location"])
    assert 'name="tenant" maxlength="63" autocomplete="organization" spellcheck="false" value="third"' in page.text
    told = hidden(page) | {"email": "eve@example.org", "password": GOOD}
    assert browser.post("/ui/login", data=told | {"tenant": "default"}).status_code == 401
    answer = browser.post("/ui/login", data=told | {"tenant": "third"})
    page = browser.get(answer.headers["location"])
    assert browser.post(DEVICE, data=hidden(page) | {"decision": "approve"}).status_code == 200
    assert collect(world, begun).json()["email"] == "eve@example.org"


def test_a_wrong_password_signs_nobody_in_and_is_not_shown_again(world: World, browser: httpx.Client) -> None:
    wrong = "gravel lantern seventeen"
    answers = [sign_in(browser, email, wrong) for email in ("ann@example.org", "who@example.org")]
    for answer in answers:
        assert answer.status_code == 401
        assert wrong not in answer.text
        assert browser.get("/v1/whoami").status_code == 401
    told = [re.sub(r'value="[^"]*"', "", one.text) for one in answers]
    assert told[0] == told[1]
    assert world.acts("login.failed")[-1]["resource"] == "person:ann@example.org"
    odd = sign_in(browser, ODD, wrong)
    assert "<script>" not in odd.text
    assert "&lt;script&gt;" in odd.text


def test_a_form_of_another_site_signs_nobody_in(world: World, browser: httpx.Client) -> None:
    page = browser.get("/ui/login")
    told = hidden(page) | {"email": "ann@example.org", "password": GOOD}
    for changed in ({"csrf": ""}, {"csrf": told["csrf"][:-1]}, {"csrf": seal("guessed")}):
        answer = browser.post("/ui/login", data=told | changed)
        assert (answer.status_code, "own page" in answer.text) == (403, True)
    with httpx.Client(base_url=world.url) as other:
        assert other.post("/ui/login", data=told).status_code == 403
        assert other.post("/ui/login", data=told | {"csrf": seal("")}).status_code == 403
    assert browser.post("/ui/login", data=told).status_code == 303
    world.installation.refusals.write(due=True)
    assert "POST /ui/login" in (world.installation.settings.data / "refused.jsonl").read_text()


def test_what_is_no_form_is_refused(browser: httpx.Client) -> None:
    page = browser.get("/ui/login")
    told = hidden(page) | {"email": "ann@example.org", "password": GOOD}
    assert browser.post("/ui/login", json=told).status_code == 422
    assert browser.post("/ui/login", files={"a": b"b"}).status_code == 422
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/ui/login", content=b"email=\xff", headers=kind).status_code == 422
    assert browser.post("/ui/login", data={f"f{number}": "x" for number in range(21)}).status_code == 422
    assert browser.post("/ui/login", content=b"a=" + b"x" * SMALL_BYTES, headers=kind).status_code == 413


def test_a_person_sees_what_asks_and_lets_it_in(world: World, browser: httpx.Client) -> None:
    begun = begin(world, "vestige on laptop <b>")
    assert begun["verification_uri"] == f"{world.url}{DEVICE}"
    assert begun["verification_uri_complete"] == f"{world.url}{DEVICE}?user_code={begun['user_code']}"
    sign_in(browser)
    assert "user_code" in browser.get(DEVICE).text
    page = browser.get(DEVICE, params={"user_code": begun["user_code"].lower().replace("-", " ")})
    assert page.status_code == 200
    for shown in (begun["user_code"], "vestige on laptop &lt;b&gt;", "127.0.0.1", "ann@example.org", "UTC"):
        assert shown in page.text, shown
    assert collect(world, begun).json()["code"] == "conflict.waiting"
    done = browser.post(DEVICE, data=hidden(page) | {"decision": "approve"})
    assert (done.status_code, "is let in as you" in done.text) == (200, True)
    token = collect(world, begun).json()["token"]
    with world.as_token(token) as program:
        assert program.get("/v1/whoami").json()["name"] == "ann@example.org"
    entry = world.acts("login.approved")[-1]
    assert (entry["actor"], entry["detail"]["client"]) == ("ann@example.org", "vestige on laptop <b>")
    again = browser.post(DEVICE, data=hidden(page) | {"decision": "approve"})
    assert again.status_code == 404


def test_who_denies_lets_nobody_in(world: World, browser: httpx.Client) -> None:
    begun = begin(world)
    sign_in(browser)
    page = browser.get(DEVICE, params={"user_code": begun["user_code"]})
    for decision in ("deny", "", "yes"):
        answer = browser.post(DEVICE, data=hidden(page) | {"decision": decision})
        assert answer.status_code == (200 if decision == "deny" else 404), answer.text
    assert collect(world, begun).json()["got"] == "denied"
    assert world.acts("login.denied")[-1]["actor"] == "ann@example.org"


def test_a_form_of_another_site_lets_nobody_in(world: World, browser: httpx.Client) -> None:
    begun = begin(world)
    sign_in(browser)
    page = browser.get(DEVICE, params={"user_code": begun["user_code"]})
    told = hidden(page) | {"decision": "approve"}
    for csrf in ("", told["csrf"][:-1], seal("x")):
        assert browser.post(DEVICE, data=told | {"csrf": csrf}).status_code == 403
    assert collect(world, begun).status_code == 409
    entry = world.acts("access.refused")[-1]
    assert (entry["actor"], entry["detail"]["path"]) == ("ann@example.org", DEVICE)
    with httpx.Client(base_url=world.url) as other:
        assert other.post(DEVICE, data=told).status_code == 303
        sign_in(other, "dev@example.org")
        assert other.post(DEVICE, data=told).status_code == 403
    assert browser.post(DEVICE, data=told).status_code == 200


@pytest.mark.parametrize("code", ["", "BCDF-GHJK", "x", "<script>", "%00", "A" * 500, "7" * 8])
def test_a_code_nothing_waits_under_lets_nothing_in(world: World, browser: httpx.Client, code: str) -> None:
    sign_in(browser)
    answer = browser.get(DEVICE, params={"user_code": code})
    assert answer.status_code == (404 if code else 200)
    assert "<script" not in answer.text
    del world


def test_a_code_of_another_tenant_is_as_one_that_is_not_there(world: World, browser: httpx.Client) -> None:
    world.client("here").post("/v1/tenants", json={"slug": "elsewhere"}).raise_for_status()
    sign_in(browser)
    answers = [
        browser.get(DEVICE, params={"user_code": code})
        for code in (
            begin(world, tenant="elsewhere")["user_code"],
            begin(world, tenant="nowhere")["user_code"],
            "BCDF-GHJK",
        )
    ]
    assert [one.status_code for one in answers] == [404] * 3
    assert len({one.text for one in answers}) == 1


def test_letting_a_program_in_needs_a_fresh_sign_in(world: World, browser: httpx.Client) -> None:
    begun = begin(world)
    sign_in(browser)
    csrf = browser.post("/v1/login", json={"email": "ann@example.org", "password": GOOD}).json()["csrf"]
    path = f"{DEVICE}?user_code={begun['user_code']}"
    page = browser.get(path)
    assert page.status_code == 200
    with world.installation.db.write() as connection:
        back = {"by": (FRESH_SECONDS + 1) * 10**9}
        connection.execute(sa.text("UPDATE access_sessions SET proved_at = proved_at - :by"), back)
    again = browser.get(path)
    assert again.status_code == 303
    assert "again=1" in again.headers["location"]
    assert browser.post(DEVICE, data=hidden(page) | {"decision": "approve"}).status_code == 303
    told = browser.post(
        "/v1/login/device/approve", json={"user_code": begun["user_code"]}, headers={"X-CSRF-Token": csrf}
    )
    assert (told.status_code, "fresh" in told.json()["title"]) == (403, True)
    assert collect(world, begun).status_code == 409
    asked = browser.get(again.headers["location"])
    assert "Sign in again" in asked.text
    answer = browser.post("/ui/login", data=hidden(asked) | {"email": "ann@example.org", "password": GOOD})
    assert answer.headers["location"] == path
    page = browser.get(path)
    assert browser.post(DEVICE, data=hidden(page) | {"decision": "approve"}).status_code == 200
    assert collect(world, begun).status_code == 200


def test_codes_are_not_guessed_quickly(world: World, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(browser)
    monkeypatch.setattr(world.installation.sessions, "codes", Buckets(0.001, 3))
    answers = [browser.get(DEVICE, params={"user_code": "BCDF-GHJK"}) for _ in range(5)]
    assert [one.status_code for one in answers] == [404] * 3 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("decision", ["approve", "deny"])
@pytest.mark.parametrize("way", ["page", "program"])
def test_codes_are_not_guessed_quickly_by_deciding_either(
    world: World, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch, way: str, decision: str
) -> None:
    begun = [begin(world)["user_code"] for _ in range(2)]
    csrf = browser.post("/v1/login", json={"email": "ann@example.org", "password": GOOD}).json()["csrf"]
    told = hidden(browser.get(DEVICE, params={"user_code": begun[0]}))

    def decide(code: str) -> int:
        if way == "page":
            return browser.post(DEVICE, data=told | {"user_code": code, "decision": decision}).status_code
        body = {"user_code": code, "approve": decision == "approve"}
        return browser.post("/v1/login/device/approve", json=body, headers={"X-CSRF-Token": csrf}).status_code

    monkeypatch.setattr(world.installation.sessions, "codes", Buckets(0.001, 3))
    assert [decide(code) for code in (begun[0], "BCDF-GHJK", "BCDF-GHJL", "BCDF-GHJM")] == [200, 404, 404, 429]
    # Not even the right one, and not by looking instead; another person is not kept from theirs.
    assert decide(begun[1]) == 429
    assert browser.get(DEVICE, params={"user_code": begun[1]}).status_code == 429
    with httpx.Client(base_url=world.url) as other:
        sign_in(other, "dev@example.org")
        assert other.get(DEVICE, params={"user_code": begun[1]}).status_code == 200

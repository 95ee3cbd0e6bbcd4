"""The first person of a tenant, made at a browser by whoever holds the owner's token; and who is refused."""

from __future__ import annotations

import threading
from dataclasses import replace

import httpx
import pytest

from support.forms import hidden
from support.world import World, token_of
from vestige.access import Buckets
from vestige.api.pages import seal

GOOD = "correct horse battery staple"
FIRST = "/ui/login/first"
WRONG = "That token opens nothing here"
NAMES = iter(range(1000))


class Empty:
    """A tenant without people."""

    def __init__(self, world: World) -> None:
        self.slug = f"new-{next(NAMES)}"
        made = world.client("here").post("/v1/tenants", json={"slug": self.slug}).json()
        self.id, self.token = made["id"], made["token"]
        self.world = world

    def acts(self, action: str = "") -> list[str]:
        """What was recorded, the oldest first."""
        with self.world.as_token(self.token) as owner:
            found = owner.get("/v1/audit", params={"action": action}).json()["entries"]
        return [f"{one['action']} {one['actor']} {one.get('resource', '')}".strip() for one in found[::-1]]

    def people(self) -> list[dict[str, str]]:
        with self.world.as_token(self.token) as owner:
            found: list[dict[str, str]] = owner.get("/v1/people").json()["people"]
        return found


@pytest.fixture
def empty(world: World) -> Empty:
    return Empty(world)


def make(browser: httpx.Client, token: str, **other: str) -> httpx.Response:
    page = browser.get(FIRST)
    assert page.status_code == 200, page.text
    told = {"token": token, "email": "Ann@Example.org ", "name": "Ann", "password": GOOD}
    return browser.post(FIRST, data=hidden(page) | told | other)


def test_the_owners_token_makes_the_first_owner_and_signs_them_in(browser: httpx.Client, empty: Empty) -> None:
    answer = make(browser, f" {empty.token}\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")
    found = browser.get("/v1/whoami").json()
    assert (found["name"], found["role"], found["tenant"]) == ("ann@example.org", "owner", empty.slug)
    told = browser.post("/v1/views", json={"name": "mine"}, headers={"X-CSRF-Token": found["csrf"]})
    assert told.status_code == 201
    (person,) = empty.people()
    assert (person["email"], person["name"], person["role"]) == ("ann@example.org", "Ann", "owner")
    acts = empty.acts("person.*")
    assert acts == [
        "person.invited owner person:ann@example.org",
        "person.joined ann@example.org person:ann@example.org",
    ]
    assert empty.acts("login.*") == ["login.succeeded ann@example.org person:ann@example.org"]
    assert browser.get(FIRST).headers["location"] == "/ui/login"
    browser.cookies.clear()
    body = {"email": "ann@example.org", "password": GOOD, "tenant": empty.slug}
    assert browser.post("/v1/login", json=body).status_code == 200


def test_there_is_one_first_owner(browser: httpx.Client, empty: Empty) -> None:
    assert make(browser, empty.token).status_code == 303
    browser.cookies.clear()
    again = make(browser, empty.token, email="eve@example.org")
    assert (again.status_code, "somebody here already" in again.text) == (409, True)
    assert [one["email"] for one in empty.people()] == ["ann@example.org"]


def test_of_two_who_try_at_once_one_is_first(world: World, empty: Empty) -> None:
    answers = []

    def tried(email: str) -> None:
        with httpx.Client(base_url=world.url, timeout=60) as one:
            answers.append(make(one, empty.token, email=email).status_code)

    both = [threading.Thread(target=tried, args=(f"{name}@example.org",)) for name in ("ann", "bob")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == [303, 409]
    assert len(empty.people()) == 1


@pytest.mark.parametrize("token", ["", "x", "vst_" + "A" * 49, "x" * 5000, "<script>"])
def test_a_wrong_token_makes_nobody(world: World, browser: httpx.Client, token: str) -> None:
    answer = make(browser, token)
    assert (answer.status_code, WRONG in answer.text) == (401, True)
    assert "<script" not in answer.text
    assert 'value="Ann@Example.org "' in answer.text
    assert GOOD not in answer.text
    world.installation.refusals.write(due=True)
    assert f"POST {FIRST}" in (world.installation.settings.data / "refused.jsonl").read_text()


def test_a_token_that_has_ended_is_answered_as_a_wrong_one(browser: httpx.Client, empty: Empty) -> None:
    with empty.world.as_token(empty.token) as owner:
        key = owner.get("/v1/admin/keys").json()["keys"][0]["id"]
        new = owner.post(f"/v1/admin/keys/{key}/rotate", json={}).json()["token"]
    page = browser.get(FIRST)
    told = hidden(page) | {"email": "ann@example.org", "password": GOOD}
    answers = [browser.post(FIRST, data=told | {"token": token}) for token in (empty.token, "vst_" + "A" * 49)]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].text == answers[1].text
    # A rotated one is as good as the first.
    assert browser.post(FIRST, data=told | {"token": new}).status_code == 303


@pytest.mark.parametrize("scope", ["ingest", "admin"])
def test_a_key_that_may_make_no_owner_makes_none(browser: httpx.Client, empty: Empty, scope: str) -> None:
    token = token_of(empty.world.installation, empty.id, scopes=(scope,))
    answer = make(browser, token)
    assert (answer.status_code, "more than you may do yourself" in answer.text) == (403, True)
    assert browser.get("/v1/whoami").status_code == 401
    assert empty.people() == []
    assert empty.acts("access.refused") == [f"access.refused key:test ('{scope}',)"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("password", "short", "12 to 256 characters"),
        ("password", "aaaaaaaaaaaaaaaa", "assword"),
        ("email", "no address", "no e-mail address"),
        ("name", "a\x07b", "printable"),
    ],
)
def test_what_cannot_be_is_said_and_can_be_mended(
    browser: httpx.Client, empty: Empty, field: str, value: str, said: str
) -> None:
    answer = make(browser, empty.token, **{field: value})
    assert answer.status_code in {400, 422}
    assert said in answer.text
    assert empty.token not in answer.text
    assert empty.people() == []
    told = {"token": empty.token, "email": "ann@example.org", "name": "Ann", "password": GOOD}
    assert browser.post(FIRST, data=hidden(answer) | told).status_code == 303


def test_a_form_of_another_site_makes_nobody(world: World, browser: httpx.Client, empty: Empty) -> None:
    told = hidden(browser.get(FIRST)) | {"token": empty.token, "email": "ann@example.org", "password": GOOD}
    for csrf in ("", told["csrf"][:-1], seal("x")):
        assert browser.post(FIRST, data=told | {"csrf": csrf}).status_code == 403
    with httpx.Client(base_url=world.url) as other:
        assert other.post(FIRST, data=told).status_code == 403
    assert empty.people() == []
    assert browser.post(FIRST, data=told).status_code == 303


def test_tries_are_counted_as_sign_ins(world: World, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.api.state, "rates", replace(world.api.state.rates, sign_ins=Buckets(0.001, 2)))
    told = hidden(browser.get(FIRST)) | {"token": "x", "email": "ann@example.org", "password": GOOD}
    answers = [browser.post(FIRST, data=told) for _ in range(3)]
    assert [one.status_code for one in answers] == [401, 401, 429]


def test_it_is_offered_where_nobody_has_an_account(
    world: World, browser: httpx.Client, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tenant `default` has people here. Of others whoever asks is not told whether they are there.
    assert FIRST not in browser.get("/ui/login").text
    assert FIRST not in browser.get("/ui/login", params={"tenant": empty.slug}).text
    new = world.installation.access.tenant_by_id(empty.id)
    monkeypatch.setattr(world.installation.access, "tenant", lambda *_: new)
    assert f'href="{FIRST}"' in browser.get("/ui/login").text

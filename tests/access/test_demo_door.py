"""The door of a demonstration: who has its link looks around; without it, or where it is none, nobody does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from support.forms import hidden
from vestige.access import Buckets
from vestige.api.pages import seal
from vestige.app import admit_guests

if TYPE_CHECKING:
    from support.world import World

DEMO = "/ui/login/demo"
WHO = "demo@example.test"


@pytest.fixture
def code(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(world.installation, "demonstration", False)
    monkeypatch.setattr(world.installation, "guests", None)
    return admit_guests(world.installation)


def test_where_it_is_no_demonstration_there_is_no_door(browser: httpx.Client) -> None:
    for answer in (browser.get(DEMO), browser.get(DEMO, params={"code": ""}), browser.post(DEMO, data={"code": "x"})):
        assert (answer.status_code, "no demonstration" in answer.text) == (404, True)
    assert browser.get(DEMO, headers={"Accept": "*/*"}).headers["content-type"].startswith("text/html")


def test_who_has_the_link_looks_around_as_somebody_made_up(world: World, browser: httpx.Client, code: str) -> None:
    assert len(code) >= 22
    page = browser.get(DEMO, params={"code": code})
    assert (page.status_code, page.text.count("<button")) == (200, 1)
    assert "Look at the demonstration" in page.text
    assert "made up" in page.text
    answer = browser.post(DEMO, data=hidden(page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")
    found = browser.get("/v1/whoami").json()
    assert (found["name"], found["role"], found["demonstration"]) == (WHO, "owner", True)
    told = browser.post("/v1/views", json={"name": "seen"}, headers={"X-CSRF-Token": found["csrf"]})
    assert told.status_code == 201
    entry = world.acts("login.succeeded")[-1]
    assert (entry["actor"], entry["detail"]) == (WHO, {"by": "demonstration"})
    # Whoever is in already goes on without another session; and the link is good for the next browser too.
    assert browser.get(DEMO, params={"code": code}).headers["location"] == "/ui/"
    browser.cookies.clear()
    assert browser.post(DEMO, data=hidden(browser.get(DEMO, params={"code": code}))).status_code == 303


def test_the_person_is_made_once_and_anew_if_removed(world: World, browser: httpx.Client, code: str) -> None:
    before = len(world.acts("person.joined"))
    second = admit_guests(world.installation)
    assert second != code
    assert len(world.acts("person.joined")) == before
    # What another start showed opens nothing any more.
    assert browser.get(DEMO, params={"code": code}).status_code == 401
    page = browser.get(DEMO, params={"code": second})
    world.client("here").delete(f"/v1/people/{WHO}").raise_for_status()
    gone = browser.post(DEMO, data=hidden(page))
    assert (gone.status_code, "somebody removed them" in gone.text.lower()) == (401, True)
    third = admit_guests(world.installation)
    assert len(world.acts("person.joined")) == before + 1
    assert browser.post(DEMO, data=hidden(browser.get(DEMO, params={"code": third}))).status_code == 303


@pytest.mark.parametrize("wrong", ["", "x", "é", "A" * 22, "<script>", "x" * 5000])
def test_another_code_opens_nothing(world: World, browser: httpx.Client, code: str, wrong: str) -> None:
    told = hidden(browser.get(DEMO, params={"code": code}))
    for answer in (browser.get(DEMO, params={"code": wrong}), browser.post(DEMO, data=told | {"code": wrong})):
        assert (answer.status_code, "opens nothing" in answer.text) == (401, True)
        assert "<script" not in answer.text
        assert "vestige_session" not in answer.headers.get("set-cookie", "")
    world.installation.refusals.write(due=True)
    refused = (world.installation.settings.data / "refused.jsonl").read_text()
    assert f"POST {DEMO}" in refused
    assert code not in refused


def test_who_lost_the_link_is_told_where_it_is(world: World, browser: httpx.Client, code: str) -> None:
    shown = browser.get("/ui/login").text
    assert "vestige up --demo" in shown
    assert code not in shown
    world.installation.guests = None
    assert "vestige up --demo" not in browser.get("/ui/login").text


def test_nobody_knows_the_persons_password(browser: httpx.Client, code: str) -> None:
    body = {"email": WHO, "password": code}
    assert browser.post("/v1/login", json=body).status_code == 401


def test_a_form_of_another_site_lets_nobody_in(world: World, browser: httpx.Client, code: str) -> None:
    told = hidden(browser.get(DEMO, params={"code": code}))
    for csrf in ("", told["csrf"][:-1], seal("x")):
        assert browser.post(DEMO, data=told | {"csrf": csrf}).status_code == 403
    with httpx.Client(base_url=world.url) as other:
        assert other.post(DEMO, data=told).status_code == 403
    assert browser.get("/v1/whoami").status_code == 401
    assert browser.post(DEMO, data=told).status_code == 303


def test_codes_are_not_guessed_quickly(
    world: World, browser: httpx.Client, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = hidden(browser.get(DEMO, params={"code": code}))
    monkeypatch.setattr(world.api.state, "rates", replace(world.api.state.rates, sign_ins=Buckets(0.001, 3)))
    answers = [browser.get(DEMO, params={"code": "x"}).status_code for _ in range(2)]
    answers += [browser.post(DEMO, data=told | {"code": "x"}).status_code for _ in range(2)]
    assert answers == [401, 401, 401, 429]
    # Not even with the right one.
    assert browser.post(DEMO, data=told).status_code == 429

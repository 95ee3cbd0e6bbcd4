"""The timeline screen on little and on nothing: an empty log, events a nanosecond apart, a server that goes away."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import Shown, Troubles, no_violations, ready, serving
from support.timeline_screen import SECOND, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

    from support.browsing import Planted
    from ui.conftest import Opener

AT = 1_795_163_170_123_456_780
FIRST = "2026-11-20T08:26:10.12345678"
"""Ten events a nanosecond apart: this, and the digits 0 to 9."""


@pytest.fixture(scope="module")
def empty(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """An installation nobody gave anything."""
    del able
    with serving(tmp_path_factory.mktemp("empty") / "data", {}) as shown:
        yield shown


@pytest.fixture(scope="module")
def few(empty: Shown) -> list[str]:
    """Ten events a nanosecond apart, declared to it; their ids."""
    events = [
        {
            "event_type": "agent.tool_use" if digit == 7 else "probe.tick", "occurred_at": f"{FIRST}{digit}Z",
            "actor": {"id": "developer@example.test" if digit == 7 else "somebody"},
        }
        for digit in range(10)
    ]  # fmt: skip
    answer = empty.here.post("/v1/ingest/events", json=events, headers={"X-Source-Id": "probe"})
    assert answer.status_code < 300, answer.text
    return [one["id"] for one in answer.json()["results"]]


def test_an_empty_installation_says_how_to_begin(open_page: Opener, empty: Shown) -> None:
    page = open_page(server=empty)
    page.goto("/ui/timeline")
    ready(page)
    expect(page.get_by_role("heading", name="There is no evidence yet")).to_be_visible()
    expect(page.get_by_text("vestige import FILE")).to_be_visible()
    no_violations(page)
    other = open_page("developer", server=empty)
    other.goto("/ui/timeline")
    expect(other.get_by_role("heading", name="There is nothing of yours yet")).to_be_visible()
    expect(other.get_by_text("developer@example.test").last).to_be_visible()
    no_violations(other)


def test_a_nanosecond_is_one_from_the_interface_of_the_server_to_the_screen(
    open_page: Opener, empty: Shown, few: list[str]
) -> None:
    screen = Screen(open_page(server=empty)).over(AT - SECOND, AT + SECOND)
    page = screen.page
    # Not to be told apart from afar; the wheel, at the pointer, brings them apart.
    page.mouse.move(screen.box["x"] + screen.box["width"] / 2, screen.box["y"] + 30)
    was = screen.span
    for _ in range(40):
        page.mouse.wheel(0, -600)
        was = screen.moved(was)
        if was[1] - was[0] <= 40:
            break
    assert was[1] - was[0] <= 40
    screen.over(AT - 5, AT + 15)
    expect(page.locator(".toolbar .said")).to_have_text("2026-11-20 08:26:10.123456775 – 2026-11-20 08:26:10.123456795")
    page.wait_for_selector("html[data-fine]", state="attached")
    box = screen.box
    for digit, event in enumerate(few):
        shown = empty.get(f"/v1/events/{event}")
        assert shown["occurred_at"].rstrip("Z").ljust(29, "0") == f"{FIRST}{digit}"
        x = box["x"] + box["width"] * (5 + digit) / 20
        page.mouse.move(x + 1, box["y"] + 32)
        over = page.locator(".hover")
        expect(over).to_contain_text(f"2026-11-20 08:26:10.12345678{digit}")
        expect(over).to_contain_text(shown["event_type"])
        page.mouse.click(x + 1, box["y"] + 32)
        screen.chosen(event)
    page.keyboard.press("Escape")
    expect(page.locator(".event-row.chosen")).to_have_count(0)


@pytest.mark.long
def test_who_may_not_read_all_sees_what_is_their_own(open_page: Opener, empty: Shown, few: list[str]) -> None:
    screen = Screen(open_page("developer", server=empty)).open()
    expect(screen.row(few[7])).to_be_visible()
    expect(screen.rows).to_have_count(1)
    screen.page.get_by_role("button", name="Views").click()
    expect(screen.page.get_by_role("alert")).to_contain_text("You may not see this")
    expect(screen.page.get_by_role("alert")).to_contain_text("evidence.read")


@pytest.mark.long
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(open_page: Opener, empty: Shown, few: list[str]) -> None:
    page = open_page("", server=empty)
    page.goto(f"/ui/timeline?event={few[3]}")
    expect(page).to_have_url(re.compile("/ui/login"))
    page.get_by_label(re.compile("Email|Address|E-mail", re.IGNORECASE)).fill("auditor@example.test")
    page.get_by_label(re.compile("Password", re.IGNORECASE)).fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in", exact=True).click()
    Screen(page).chosen(few[3])


@pytest.mark.long
def test_a_server_that_goes_away_is_told_and_asked_again(open_page: Opener, troubles: Troubles, truth: Planted) -> None:
    troubles.allow("ERR_INTERNET_DISCONNECTED")
    screen = Screen(open_page()).open(q="session:idxDemoJordanFromAfar")
    page = screen.page
    expect(screen.row(truth.login["id"])).to_be_visible()
    page.context.set_offline(True)
    screen.query.fill("type:auth.login session:idxDemoJordanFromAfar")
    screen.query.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="The server does not answer.")
    expect(alert.first).to_be_visible()
    # What was there stays, and nothing pretends to be the answer.
    expect(page.locator(".lanes canvas").first).to_be_visible()
    page.context.set_offline(False)
    alert.first.get_by_role("button", name="Try again").click()
    expect(alert).to_have_count(0)
    expect(screen.row(truth.login["id"])).to_be_visible()


@pytest.mark.long
def test_a_coarse_picture_comes_first_and_a_finer_one_takes_its_place(page: Page) -> None:
    let = threading.Event()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if let.is_set():
            route.continue_()
        else:
            held.append(route)

    screen = Screen(page)
    screen.open()
    page.wait_for_selector("html[data-fine]", state="attached")
    page.route(re.compile("/v1/timeline/(density|marks)"), hold)
    page.mouse.move(screen.box["x"] + screen.box["width"] * 0.5, screen.box["y"] + 40)
    before = page.locator(".lanes .area canvas").screenshot()
    for _ in range(4):
        page.mouse.wheel(0, -500)
    page.wait_for_selector(".lanes[data-coarse]")
    expect(page.locator(".coarse")).to_have_text("coarse; finer is coming")
    assert page.evaluate("'ready' in document.documentElement.dataset")
    coarse = page.locator(".lanes .area canvas").screenshot()
    assert coarse != before
    expect(page.locator(".lanes canvas").first).to_be_visible()
    let.set()
    for route in held:
        route.continue_()
    page.wait_for_selector("html[data-fine]", state="attached")
    expect(page.locator(".coarse")).to_have_text("")
    assert page.locator(".lanes .area canvas").screenshot() != coarse

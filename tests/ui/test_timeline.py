"""The timeline screen by hand and by key: asking, moving through time, lanes, and what stands in the address."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import no_violations, picture
from support.timeline_screen import HOUR, SECOND, Screen
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from support.browsing import Planted, Shown, Troubles
    from ui.conftest import Opener

SESSION = "session:idxDemoJordanFromAfar"


@pytest.fixture
def screen(page: Page) -> Screen:
    return Screen(page)


@pytest.fixture
def about(truth: Planted) -> tuple[int, int]:
    """Two hours around the intruder's sign-in."""
    at = parse_rfc3339(truth.login["occurred_at"])[0]
    return at - HOUR, at + HOUR


@pytest.mark.parametrize("theme", ["dark", pytest.param("light", marks=pytest.mark.long)])
def test_the_first_picture_and_what_was_planted(open_page: Opener, server: Shown, truth: Planted, theme: str) -> None:
    screen = Screen(open_page(theme=theme)).open()
    page = screen.page
    expect(page.locator(".list-head")).to_contain_text(f"{server.get('/v1/timeline/count')['dated']:,} events in view")
    expect(screen.rows.first).to_be_visible()
    page.wait_for_selector("html[data-fine]", state="attached")
    picture(page, f"timeline-{theme}")
    no_violations(page)
    screen.open(q=SESSION)
    expect(screen.row(truth.login["id"])).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def test_a_query_is_completed_as_it_is_typed(screen: Screen, truth: Planted) -> None:
    page = screen.open().page
    page.keyboard.press("/")
    expect(screen.query).to_be_focused()
    page.keyboard.type("sess")
    choices = page.get_by_role("listbox", name="Completions").get_by_role("option")
    expect(choices.first).to_have_text(re.compile("^session:"))
    page.keyboard.press("Tab")
    page.keyboard.type("JordanFromAfar")
    expect(choices).to_have_text([re.compile("idxDemoJordanFromAfar")])
    no_violations(page)
    page.keyboard.press("ArrowDown")
    expect(choices.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(screen.query).to_have_value(f"{SESSION} ")
    page.keyboard.press("Enter")
    expect(screen.row(truth.login["id"])).to_be_visible()
    assert screen.address["q"] == SESSION
    page.get_by_role("button", name="Ask for everything").click()
    expect(page).not_to_have_url(re.compile("q="))


def test_a_query_that_was_asked_leaves_the_keys_to_what_it_found(screen: Screen, truth: Planted) -> None:
    page = screen.open().page
    page.goto("/ui/")
    expect(page).to_have_url(re.compile("/ui/timeline$"))
    expect(page.get_by_role("link", name="Timeline", exact=True)).to_have_attribute("aria-current", "page")
    expect(screen.rows.first).to_be_visible()
    asked: list[str] = []
    page.on("response", lambda one: asked.append(f"{one.status} {one.url}"))
    page.keyboard.press("/")
    page.keyboard.type("key:comm")
    choices = page.get_by_role("listbox", name="Completions").get_by_role("option")
    expect(choices).to_have_text([re.compile("^commit=")])
    page.keyboard.press("Tab")
    expect(screen.query).to_have_value("key:commit=")
    assert not [one for one in asked if not one.startswith("2")]
    screen.query.fill(f"{SESSION} type:auth.login")
    page.keyboard.press("Enter")
    expect(page.locator(".list-scroll")).to_be_focused()
    expect(screen.rows).to_have_count(1)
    page.keyboard.press(".")
    screen.chosen(truth.login["id"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/ui/events/{truth.login['id']}"))
    # What had the focus went with its page: keys and readers begin at this one.
    expect(page.locator("#main")).to_be_focused()


def test_commands_come_and_go_with_their_page(screen: Screen, truth: Planted) -> None:
    page = screen.open(q=SESSION).page
    expect(screen.row(truth.login["id"])).to_be_visible()

    def offered() -> list[str]:
        page.keyboard.press("?")
        names: list[str] = page.get_by_role("dialog", name="Keys").locator("dd").all_inner_texts()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        return names

    page.keyboard.press(".")
    screen.chosen(truth.login["id"])
    first = offered()
    for _ in range(2):
        page.keyboard.press("c")
        expect(page).to_have_url(re.compile("/ui/chains/"))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert "Show all of the time there is" not in offered()
        page.go_back()
        expect(page).to_have_url(re.compile("/ui/timeline"))
        expect(screen.row(truth.login["id"])).to_be_visible()
        now = offered()
        assert len(now) == len(set(now))
        assert sorted(now) == sorted(first)


@pytest.mark.long
def test_a_fault_of_a_query_is_shown_under_its_column(screen: Screen, server: Shown) -> None:
    wrong = "type:auth.login actor:(a"
    problem = server.here.get("/v1/search", params={"q": wrong}).json()
    page = screen.open().page
    screen.query.fill(wrong)
    screen.query.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("A parenthesis is not closed.")
    typed, caret = alert.locator("pre").inner_text().split("\n")
    assert (typed, caret.index("^") + 1) == (wrong, problem["column"])
    expect(screen.query).to_have_attribute("aria-invalid", "true")
    expect(screen.query).to_be_focused()
    no_violations(page)
    screen.query.fill("type:auth.login")
    screen.query.press("Enter")
    expect(alert).to_have_count(0)
    expect(screen.query).not_to_be_focused()
    expect(screen.rows.first).to_be_visible()


def test_the_wheel_zooms_and_keeps_the_instant_under_the_pointer(screen: Screen, about: tuple[int, int]) -> None:
    screen.over(*about)
    box, part = screen.box, 0.3
    screen.page.mouse.move(box["x"] + box["width"] * part, box["y"] + 40)
    start, end = about
    for turn in (-240, -240, 480):
        screen.page.mouse.wheel(0, turn)
        now = screen.moved((start, end))
        assert (now[1] - now[0] < end - start) == (turn < 0)
        before, after = start + (end - start) * part, now[0] + (now[1] - now[0]) * part
        # Half a pixel of the wider view: where the pointer is, is a whole number of them.
        assert abs(before - after) <= (max(end - start, now[1] - now[0])) / box["width"]
        start, end = now
    assert abs(start - about[0]) + abs(end - about[1]) < SECOND


@pytest.mark.long
def test_the_view_is_dragged_and_pushed_aside(screen: Screen, about: tuple[int, int]) -> None:
    screen.over(*about)
    page, box = screen.page, screen.box
    axis = page.locator("canvas.axis").bounding_box()
    assert axis is not None
    page.mouse.move(box["x"] + 400, axis["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, axis["y"] + 10, steps=4)
    page.mouse.up()
    dragged = screen.moved(about)
    width = about[1] - about[0]
    assert dragged[1] - dragged[0] == width
    assert dragged[0] - about[0] == pytest.approx(width * 100 / box["width"], rel=1e-3)
    page.mouse.move(box["x"] + 300, box["y"] + 40)
    page.mouse.wheel(-100, 0)
    back = screen.moved(dragged)
    assert back[0] - about[0] == pytest.approx(0, abs=SECOND)


@pytest.mark.long
def test_a_stretch_is_marked_and_f_fits_it(screen: Screen, about: tuple[int, int]) -> None:
    screen.over(*about)
    page, box = screen.page, screen.box
    page.mouse.move(box["x"] + 200, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator(".brush")).to_be_visible()
    expect(page.locator(".marked")).to_contain_text("marked")
    page.keyboard.press("f")
    start, end = screen.moved(about)
    pixel = (about[1] - about[0]) / box["width"]
    assert start == pytest.approx(about[0] + 200 * pixel, abs=2 * pixel)
    assert end == pytest.approx(about[0] + 500 * pixel, abs=2 * pixel)
    expect(page.locator(".brush")).to_have_count(0)


def test_everything_is_done_by_keys(screen: Screen, truth: Planted, about: tuple[int, int]) -> None:
    page = screen.over(*about, q=SESSION).page
    events = [one["id"] for one in truth.server.search(SESSION)]
    expect(screen.row(events[0])).to_be_visible()
    steps = {}
    for key in "wsad":
        was = screen.span
        page.keyboard.press(key)
        now = screen.moved(was)
        steps[key] = ((now[1] - now[0]) / (was[1] - was[0]), (now[0] - was[0]) / (was[1] - was[0]))
    assert [steps[key][0] for key in "wsad"] == pytest.approx([0.6, 1 / 0.6, 1, 1], abs=1e-6)
    assert [steps[key][1] for key in "ad"] == pytest.approx([-0.2, 0.2], abs=1e-6)
    page.keyboard.press(".")
    screen.chosen(events[0])
    page.keyboard.press(".")
    screen.chosen(events[1])
    page.keyboard.press(",")
    screen.chosen(events[0])
    page.keyboard.press("r")
    expect(screen.row(events[0]).locator(".time")).to_have_text("+0 ns")
    page.keyboard.press("r")
    expect(screen.row(events[0]).locator(".time")).to_have_text(re.compile(r"^2026-"))
    page.keyboard.press("t")
    page.keyboard.press("ArrowDown")
    screen.chosen(events[1])
    page.keyboard.press("Escape")
    expect(page.locator(".event-row.chosen")).to_have_count(0)
    was = screen.span
    page.keyboard.press("0")
    start, end = screen.moved(was)
    assert start < about[0]
    assert end > about[1]


@pytest.mark.long
def test_what_opens_by_a_key_closes_by_one(screen: Screen) -> None:
    page = screen.open().page
    for key, name in (
        ("?", "Keys"),
        ("Control+k", "Commands"),
        ("l", "Events in view by source"),
        ("z", "Show times in"),
    ):
        page.keyboard.press(key)
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog).to_be_visible()
        no_violations(page, within="dialog")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("all of the time")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_contain_text(
        "Show all of the time there is"
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.get_by_label("Zone", exact=True)).to_be_focused()
    page.keyboard.type("tokyo")
    page.keyboard.press("Enter")
    expect(page.locator(".list-columns")).to_contain_text("Time (Asia/Tokyo)")


def test_the_address_holds_all_that_was_set(screen: Screen, truth: Planted, about: tuple[int, int]) -> None:
    page = screen.over(*about, q=SESSION, lane="actor", columns="type,ip", zero=truth.login["occurred_at"]).page
    screen.row(truth.login["id"]).click()
    screen.chosen(truth.login["id"])
    was = screen.address
    page.reload()
    screen.chosen(truth.login["id"])
    assert screen.address == was
    assert screen.query.input_value() == SESSION
    expect(page.locator(".list").get_by_role("columnheader")).to_have_text(["Relative time", "type", "ip"])
    expect(page.get_by_label("Lanes by")).to_have_value("actor")
    expect(screen.row(truth.login["id"]).locator(".time")).to_have_text("+0 ns")
    screen.query.fill("type:auth.*")
    screen.query.press("Enter")
    expect(page).to_have_url(re.compile(r"q=type"))
    page.go_back()
    expect(screen.query).to_have_value(SESSION)
    screen.chosen(truth.login["id"])
    page.go_forward()
    expect(screen.query).to_have_value("type:auth.*")


def test_a_lane_is_hidden_and_shown_again(screen: Screen) -> None:
    page = screen.open().page
    lanes = page.get_by_role("list", name="Lanes")
    lanes.get_by_text("okta", exact=True).hover()
    lanes.get_by_role("button", name="Hide okta").click()
    expect(lanes.get_by_text("okta", exact=True)).to_have_count(0)
    assert screen.address["hidden"] == "okta"
    page.get_by_role("button", name="1 hidden").click()
    expect(lanes.get_by_text("okta", exact=True)).to_be_visible()


def test_what_comes_later_is_told_of_and_shown_when_asked_for(screen: Screen) -> None:
    page = screen.page
    page.clock.install()
    screen.open()
    expect(screen.rows.first).to_be_visible()
    page.wait_for_selector("html[data-fine]", state="attached")
    new = page.get_by_role("button", name="2 new events: show")
    with page.expect_response("**/v1/timeline/count?q="):
        page.clock.fast_forward(16_000)
    expect(new).to_have_count(0)

    def more(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "dated": answer.json()["dated"] + 2})

    page.route("**/v1/timeline/count?q=", more)
    page.clock.fast_forward(16_000)
    expect(new).to_be_visible()
    no_violations(page)
    page.unroute_all()
    with page.expect_request("**/v1/timeline/density?*"), page.expect_request("**/v1/search?*"):
        new.click()
    expect(new).to_have_count(0)
    # Where nothing matches no picture is to come, and none is promised.
    screen.query.fill("type:nothing.such")
    screen.query.press("Enter")
    expect(page.get_by_role("heading", name="No dated event matches")).to_be_visible()
    expect(page.locator(".toolbar .coarse")).to_have_text("")


def test_what_could_not_be_read_beside_the_lanes_is_said(screen: Screen, troubles: Troubles) -> None:
    page = screen.page
    troubles.allow("/v1/detections")
    body = json.dumps({"type": "about:blank", "title": "the index is away", "status": 503, "code": "unavailable"})
    page.route(
        "**/v1/detections?*",
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=body),
    )
    screen.open()
    said = page.locator(".unread")
    expect(said).to_contain_text("The detections could not be read: The index is away.")
    no_violations(page)
    page.unroute_all()
    said.get_by_role("button", name="Try again").click()
    expect(said).to_have_count(0)

"""The way from a finding to a case: none of it is a dead end or needs a pointer, and all of it is in sight."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from support.browsing import no_violations
from support.timeline_screen import MINUTE, Screen
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

SESSION = "session:idxDemoJordanFromAfar"


@pytest.fixture(scope="module")
def finding(server: Shown) -> dict[str, Any]:
    """That the intruder's pushes were refused again and again, then granted, kept in the ledger."""
    answer = server.here.post("/v1/sequences/scan", json={"patterns": ["mfa-fatigue"]}, timeout=120)
    assert answer.status_code == 200, answer.text
    planted = {event["id"] for event in server.search(f"{SESSION} type:auth.mfa")}
    kept = server.get("/v1/detections", pattern="mfa-fatigue")["detections"]
    found: dict[str, Any] = next(one for one in kept if planted.issuperset(one["evidence"]))
    return found


def test_five_events_are_pinned_by_keys_and_their_chain_followed(page: Page, server: Shown, truth: Planted) -> None:
    screen = Screen(page).open(q=SESSION)
    events = [one["id"] for one in truth.server.search(SESSION)][:5]
    expect(screen.row(events[0])).to_be_visible()
    page.keyboard.press("m")
    page.wait_for_function("() => new URLSearchParams(location.search).has('from')")
    start, end = screen.span
    within = [parse_rfc3339(one["occurred_at"])[0] for one in truth.server.search(SESSION)]
    assert start <= within[0] < within[-1] <= end
    assert end - start < 2 * (within[-1] - within[0]) + MINUTE, "what matches fills the view"
    page.keyboard.press(".")
    page.keyboard.press("t")
    for place, event in enumerate(events):
        if place:
            page.keyboard.press("j")
        screen.chosen(event)
        page.keyboard.press("p")
        case = page.get_by_label("Case", exact=True)
        expect(case).to_be_focused()
        if place:
            # The case of the pin before is chosen already.
            expect(case).to_have_value("Followed by keys")
        else:
            page.keyboard.type("Followed by keys")
            expect(page.get_by_role("option", name="Make a new case called Followed by keys")).to_be_visible()
            page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".list-scroll")).to_be_focused()
        expect(page.get_by_role("link", name="Pinned: Followed by keys")).to_be_visible()
    (made,) = server.get("/v1/cases", contains="Followed by keys")["cases"]
    pinned = {one["event_id"] for one in server.get(f"/v1/cases/{made['id']}/events")["events"]}
    assert pinned == set(events)
    expect(page.get_by_role("link", name="Open the case").last).to_have_attribute("href", f"/ui/cases/{made['id']}")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(f"/ui/chains/{events[-1]}"))
    # A page that was loaded anew knows it too.
    page.goto(f"/ui/events/{events[0]}")
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_label("Case", exact=True)).to_have_value("Followed by keys")


def test_a_finding_over_the_lanes_shows_its_evidence(page: Page, finding: dict[str, Any]) -> None:
    start, end = (parse_rfc3339(finding[name])[0] for name in ("started_at", "ended_at"))
    screen = Screen(page).over(start - 20 * MINUTE, end + 20 * MINUTE)
    expect(page.locator('.names[data-above="found"]')).to_be_visible()
    page.mouse.move(screen.box["x"] + screen.box["width"] / 2, screen.box["y"] + 7)
    expect(page.locator(".hover")).to_contain_text(finding["title"])
    was = screen.span
    page.mouse.click(screen.box["x"] + screen.box["width"] / 2, screen.box["y"] + 7)
    now = screen.moved(was)
    assert now[0] < start < end < now[1]
    screen.chosen(finding["evidence"][0])


def test_a_finding_is_pinned_and_leads_to_its_time(page: Page, server: Shown, finding: dict[str, Any]) -> None:
    page.goto("/ui/detections?pattern=mfa-fatigue")
    row = page.locator("tr", has_text=finding["title"]).filter(has_text="sequence, version")
    row.first.get_by_role("button", name="Evidence").click()
    page.get_by_role("button", name="Pin them …").click()
    page.get_by_label("Case", exact=True).fill("Pushes")
    page.get_by_role("option", name="Make a new case called Pushes").click()
    page.get_by_role("button", name=f"Pin {len(finding['evidence'])} events").click()
    expect(page.get_by_role("link", name="Open the case")).to_be_visible()
    (made,) = server.get("/v1/cases", contains="Pushes")["cases"]
    pinned = {one["event_id"] for one in server.get(f"/v1/cases/{made['id']}/events")["events"]}
    assert pinned == set(finding["evidence"])
    page.get_by_role("link", name="On the timeline").click()
    screen = Screen(page)
    screen.chosen(finding["evidence"][0])
    assert screen.span[0] < parse_rfc3339(finding["started_at"])[0]


def test_the_steps_of_a_chain_are_pinned_and_a_page_begins_at_its_top(page: Page, truth: Planted) -> None:
    page.goto(f"/ui/events/{truth.login['id']}")
    expect(page.get_by_role("link", name="On the timeline")).to_be_visible()
    chain = page.get_by_role("link", name="The chain from here")
    expect(page.locator(".around-rows")).to_be_visible()
    page.wait_for_function(
        "() => { const one = document.getElementById('main'); one.scrollTo(0, 9999); return one.scrollTop > 0; }"
    )
    chain.click()
    expect(page.get_by_role("heading", name="Chain")).to_be_visible()
    assert page.evaluate("document.getElementById('main').scrollTop") == 0
    page.get_by_role("button", name="Pin these …").click()
    expect(page.get_by_role("dialog")).to_contain_text("events")
    no_violations(page)


def test_a_canvas_has_the_colours_of_the_theme(page: Page) -> None:
    Screen(page).open()
    ground = """() => {
      const [r, g, b] = document.querySelector(".lanes .area canvas").getContext("2d").getImageData(2, 2, 1, 1).data;
      const token = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
      return token === "#" + [r, g, b].map((one) => one.toString(16).padStart(2, "0")).join("");
    }"""
    page.wait_for_function(ground)
    for theme in ("light", "dark"):
        page.keyboard.press("Shift+T")
        expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        page.wait_for_function(ground)


def test_lanes_out_of_sight_are_drawn_once_the_hand_rests(page: Page) -> None:
    Screen(page).open(lane="actor")
    assert page.locator(".lanes-scroll").evaluate("(one) => one.scrollHeight > 1.5 * one.clientHeight")
    lowest = """() => {
      const canvas = document.querySelector(".lanes .area canvas");
      const [r, g, b] = canvas.getContext("2d").getImageData(2, canvas.height - 1, 1, 1).data;
      const token = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
      return token === "#" + [r, g, b].map((one) => one.toString(16).padStart(2, "0")).join("");
    }"""
    page.wait_for_function(lowest)
    page.keyboard.press("Shift+T")
    expect(page.locator('html[data-theme="light"]')).to_be_attached()
    page.wait_for_function(lowest)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_words_are_in_sight_and_every_control_in_reach(
    open_page: Opener, truth: Planted, size: tuple[int, int]
) -> None:
    page = open_page(size=size, touch=size[0] < 500)
    screen = Screen(page).open(q=SESSION, event=truth.login["id"])
    expect(page.locator("[data-panel]")).to_be_visible()
    message = screen.row(truth.login["id"]).get_by_role("cell").last
    expect(message).to_contain_text("User login to Okta")
    sizes = """(one) => [one.scrollWidth, one.clientWidth]"""
    for part in (".list-scroll", ".toolbar", "header.bar", "#main"):
        wide, there = page.locator(part).evaluate(sizes)
        assert wide <= there, f"{part} is wider than its place"
    for name in ("Show the keys", "Change between dark and light", "Sign out"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    places = (
        *("cases", "detections", "detections?tab=patterns", "entities", "replay", "settings", "verify"),
        *(
            "sources",
            "sources?tab=add",
            "sources?tab=receivers",
            "sources?tab=live",
            "integrity",
            "integrity?tab=audit",
        ),
        *(f"events/{truth.login['id']}", f"chains/{truth.login['id']}"),
    )
    tables = """(main) => [...main.querySelectorAll(".table")]
      .map((one) => one.scrollWidth - one.clientWidth).filter((beyond) => beyond > 0)"""
    for place in places:
        page.goto(f"/ui/{place}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("Reading ")).to_have_count(0)
        wide, there = page.locator("#main").evaluate(sizes)
        assert wide <= there, f"{place} scrolls sideways"
        if size[0] > 1000:
            # On a phone a table scrolls by itself; at a desk it has room.
            assert page.locator("#main").evaluate(tables) == [], f"a table of {place} scrolls sideways"
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), f"{place} scrolls twice"


def test_where_nothing_matches_there_is_a_way_back(page: Page) -> None:
    screen = Screen(page).open(q="outage")
    expect(page.get_by_role("heading", name="No dated event matches")).to_be_visible()
    expect(page.get_by_text("Press 0 for all")).to_have_count(0)
    page.get_by_role("button", name="Show every event").click()
    expect(screen.rows.first).to_be_visible()
    assert "q" not in screen.address


def test_a_rare_value_is_completed_too(page: Page, server: Shown) -> None:
    (facet,) = server.get("/v1/facets", fields="session", limit=200)["facets"]
    frequent = {one["value"] for one in facet["values"]}
    assert facet["distinct"] > len(frequent)
    sessions = (
        key["value"] for event in server.search("session:*") for key in event["keys"] if key["kind"] == "session"
    )
    rare = next(one for one in sessions if one not in frequent and re.fullmatch(r"[\w.-]+", one))
    Screen(page).open()
    page.keyboard.press("/")
    page.keyboard.type(f"session:{rare[1:]}")
    choice = page.get_by_role("listbox", name="Completions").get_by_role("option", name=rare)
    expect(choice).to_be_visible()


def test_a_case_that_was_listed_for_other_letters_is_not_taken(page: Page, server: Shown, truth: Planted) -> None:
    made = server.here.post("/v1/cases", json={"name": "Alpha"})
    assert made.status_code == 201, made.text
    page.goto(f"/ui/events/{truth.login['id']}")
    page.get_by_role("button", name="Pin", exact=True).click()
    listed = page.get_by_role("listbox", name="Cases").get_by_role("option")
    expect(listed.filter(has_text="Alpha")).to_be_visible()
    # The answer for what is typed never comes: what is listed is that for nothing.
    page.route("**/v1/cases?contains=Z*", lambda _: None)
    page.get_by_label("Case", exact=True).fill("Zeta")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is made when you pin: Enter does.")).to_be_visible()
    page.get_by_label("Case", exact=True).fill("alp")
    expect(listed.filter(has_text="Alpha")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Case", exact=True)).to_have_value("Alpha")

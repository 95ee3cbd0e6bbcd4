"""What stands below the lanes and beside them: facets, columns, lane names, saved views, undated events, sizes."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import SIZE, no_violations, picture, text_of
from support.timeline_screen import HOUR, SECOND, Screen
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

SESSION = "session:idxDemoJordanFromAfar"
PAGE = 200
STEP = 15
SCROLLED = """async (by) => {
  const list = document.querySelector(".list-scroll");
  list.scrollTop += by * 26;
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  const top = list.getBoundingClientRect().top + 24;
  const inSight = [...list.querySelectorAll("[data-event]")].filter((row) => row.getBoundingClientRect().top >= top);
  return inSight.map((row) => row.dataset.event);
}"""


@pytest.fixture
def screen(page: Page) -> Screen:
    return Screen(page)


@pytest.mark.long
def test_lanes_are_of_any_field_and_can_be_kept_or_left_out(screen: Screen, truth: Planted) -> None:
    page = screen.open(q=SESSION).page
    page.get_by_label("Lanes by").select_option("actor")
    actor = truth.login["actor"]["name"]
    lanes = page.get_by_label("Lanes", exact=True).get_by_role("listitem")
    expect(lanes.filter(has_text=actor)).to_have_count(1)
    assert screen.address["lane"] == "actor"
    page.get_by_role("button", name=f"Fold {actor}", exact=True).click()
    expect(page.get_by_role("button", name=f"Unfold {actor}", exact=True)).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name=f"Unfold {actor}", exact=True).click()
    lanes.filter(has_text=actor).hover()
    page.get_by_role("button", name=f"Without {actor}", exact=True).click()
    expect(screen.row(truth.login["id"])).to_have_count(0)
    assert screen.address["q"].startswith(f"{SESSION} -actor:")


def test_facets_keep_and_leave_out(screen: Screen, server: Shown, truth: Planted) -> None:
    page = screen.open(q=SESSION).page
    values = page.get_by_role("complementary", name="Values in view")
    kept = server.get("/v1/timeline/count", q=f"{SESSION} type:auth.login")["dated"]
    login = values.locator('.facet[title="auth.login"]')
    expect(login.locator(".number")).to_have_text(str(kept))
    login.click()
    expect(page).to_have_url(re.compile(r"type"))
    assert screen.address["q"] == f'{SESSION} type:"auth.login"'
    expect(page.locator(".list-head")).to_contain_text(f"{kept} events in view")
    expect(screen.row(truth.login["id"])).to_be_visible()
    page.go_back()
    expect(screen.query).to_have_value(SESSION)
    expect(values).not_to_have_class(re.compile("stale"))
    login.focus()
    values.get_by_role("button", name="Without type auth.login", exact=True).click()
    expect(screen.row(truth.login["id"])).to_have_count(0)
    assert screen.address["q"] == f'{SESSION} -type:"auth.login"'


@pytest.mark.long
def test_columns_are_chosen_and_added(screen: Screen, truth: Planted) -> None:
    page = screen.open(q=f"{SESSION} type:auth.login").page
    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog", name="Columns of the list")
    dialog.get_by_label("host", exact=True).uncheck()
    dialog.get_by_label("ip", exact=True).check()
    dialog.get_by_label("Another field").fill("network.src_ip")
    dialog.get_by_role("button", name="Add").click()
    no_violations(page, within="dialog")
    dialog.get_by_role("button", name="Close").click()
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_text(["Time (UTC)", "severity", "type", "actor", "source", "message", "ip", "network.src_ip"])
    cells = screen.row(truth.login["id"]).get_by_role("cell")
    expect(cells.last).to_have_text(truth.login["network"]["src_ip"])
    assert screen.address["columns"] == "severity,type,actor,source,message,ip,network.src_ip"


@pytest.mark.long
def test_a_view_is_saved_opened_and_linked(screen: Screen, open_page: Opener, truth: Planted) -> None:
    at = parse_rfc3339(truth.login["occurred_at"])[0]
    page = screen.over(at - HOUR, at + HOUR, q=SESSION, lane="actor").page
    span = screen.span
    page.get_by_role("button", name="Views").click()
    dialog = page.get_by_role("dialog", name="Views")
    dialog.get_by_label("Name of the present view").fill("The sign-in from afar")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_label("What was just done")).to_contain_text("The view “The sign-in from afar” is saved.")
    dialog.get_by_role("button", name="Copy a link to what is in view").click()
    link = page.evaluate("navigator.clipboard.readText()")
    no_violations(page)
    # Another person, in another browser: by the link, and by the name.
    other = Screen(open_page("investigator"))
    other.page.goto(link)
    expect(other.row(truth.login["id"])).to_be_visible()
    assert other.span == span
    other.open()
    other.page.get_by_role("button", name="Views").click()
    other.page.get_by_role("button", name="The sign-in from afar", exact=True).click()
    expect(other.row(truth.login["id"])).to_be_visible()
    assert (other.span, other.address["q"], other.address["lane"]) == (span, SESSION, "actor")
    dialog.get_by_role("button", name="Remove The sign-in from afar").click()
    expect(dialog).to_contain_text("Nobody saved a view yet.")


@pytest.mark.long
def test_events_without_a_time_have_a_list_of_their_own(screen: Screen, server: Shown) -> None:
    many = server.get("/v1/timeline/count")["undated"]
    assert many == server.truth["totals"]["malformed"]
    page = screen.open().page
    page.get_by_role("button", name=f"{many} undated").click()
    expect(page.locator(".list-head")).to_contain_text(f"{many} events without a usable time")
    expect(screen.rows).to_have_count(many)
    shown = {screen.rows.nth(place).get_attribute("data-event") for place in range(many)}
    assert shown == {event["id"] for event in server.search("", undated=True)}
    page.reload()
    expect(screen.rows).to_have_count(many)
    page.get_by_role("button", name="Back to dated events").click()
    expect(page.locator(".list-head")).to_contain_text("events in view")


def test_the_list_opens_at_an_event_and_goes_to_one_far_away(screen: Screen, server: Shown, truth: Planted) -> None:
    login, page = truth.login, screen.page
    near = server.get("/v1/search", around=login["id"], order="asc", limit=5 * PAGE)["events"]
    at, start, end = (parse_rfc3339(one["occurred_at"])[0] for one in (login, near[1], near[-1]))
    ids = [
        one["id"]
        for one in server.get("/v1/search", start=text_of(start), end=text_of(end), order="asc", limit=5000)["events"]
    ]
    place = ids.index(login["id"])
    assert 2 * PAGE < place < len(ids) - 2 * PAGE, "pages lie before it and after it"
    made = server.here.post("/v1/cases", json={"name": "Far away"}).json()
    server.here.post(f"/v1/cases/{made['id']}/events", json={"event_id": login["id"]}).raise_for_status()
    screen.over(start, end, case=made["id"])
    expect(screen.row(ids[0])).to_be_in_viewport()
    expect(page.locator('.names[data-above*="pinned"]')).to_be_visible()
    page.mouse.click(screen.box["x"] + screen.box["width"] * (at - start) / (end - start), screen.box["y"] + 7)
    screen.chosen(login["id"])
    expect(screen.row(login["id"])).to_be_in_viewport()
    page.reload()
    expect(screen.row(login["id"])).to_be_in_viewport()
    # Either way it goes on without a break, and what is read stays in its place while pages come.
    for by, last in ((-STEP, 0), (STEP, len(ids) - 1)):
        was = None
        for _ in range(3 * len(ids) // STEP):
            inside = [ids.index(one) for one in page.evaluate(SCROLLED, by)]
            assert inside == list(range(inside[0], inside[0] + len(inside)))
            if was is not None:
                assert 0 <= (inside[0] - was) * (1 if by > 0 else -1) <= STEP, (was, inside[0])
            was = inside[0]
            if last in inside:
                break
        assert last in inside


def test_it_is_said_why_the_chosen_event_is_not_listed(screen: Screen, server: Shown, truth: Planted) -> None:
    at, chosen = parse_rfc3339(truth.login["occurred_at"])[0], truth.login["id"]
    page = screen.over(at - HOUR, at + HOUR, q="-type:auth.login", event=chosen).page
    said = page.get_by_role("status").filter(has_text="The chosen event is not listed")
    expect(said).to_contain_text("the query leaves it out")
    around = server.get("/v1/search", q="-type:auth.login", around=chosen, order="asc", limit=2)["events"]
    expect(screen.row(around[0]["id"])).to_be_in_viewport()
    no_violations(page)
    said.get_by_role("button", name="Ask for every event").click()
    expect(screen.row(chosen)).to_be_in_viewport()
    expect(said).to_have_count(0)
    screen.over(at + SECOND, at + HOUR, event=chosen)
    expect(said).to_contain_text("outside of the time in view")
    said.get_by_role("button", name="Show all of the time there is").click()
    expect(screen.row(chosen)).to_be_in_viewport()
    undated = server.search("", undated=True)[-1]["id"]
    screen.open(event=undated)
    expect(said).to_contain_text("it has no usable time")
    said.get_by_role("button", name="Show undated events").click()
    expect(screen.row(undated)).to_be_in_viewport()
    screen.open(event="0" * 26)
    expect(said).to_contain_text("there is none of its id")
    expect(screen.rows.first).to_be_visible()
    said.get_by_role("button", name="Choose none").click()
    expect(said).to_have_count(0)


@pytest.mark.long
def test_silence_between_two_events_is_said(screen: Screen, truth: Planted) -> None:
    events = truth.server.search(SESSION)
    times = [parse_rfc3339(event["occurred_at"])[0] for event in events]
    start, end = times[0] - SECOND, times[-1] + SECOND
    gaps = sum(b - a >= max(SECOND, (end - start) // 20) for a, b in itertools.pairwise(times))
    screen.over(start, end, q=SESSION)
    expect(screen.rows).to_have_count(len(events))
    expect(screen.page.locator(".gap")).to_have_count(gaps)
    assert gaps
    expect(screen.page.locator(".gap").first).to_contain_text("of nothing that matches")


@pytest.mark.long
@pytest.mark.parametrize("size", [SIZE, (1280, 800), (390, 844)])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_is_readable_at_the_sizes_people_have(
    open_page: Opener, truth: Planted, size: tuple[int, int], theme: str
) -> None:
    screen = Screen(open_page(size=size, theme=theme, touch=size[0] < 500)).open(q=SESSION)
    page = screen.page
    expect(screen.row(truth.login["id"])).to_be_visible()
    wide, tall = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= tall, "the page scrolls sideways"
    assert screen.query.bounding_box()["width"] >= 180  # type: ignore[index]
    assert screen.box["width"] >= 200
    page.wait_for_selector("html[data-fine]", state="attached")
    if (size[0], theme) == (390, "light"):
        picture(page, "timeline-phone")
    no_violations(page)


@pytest.mark.long
def test_the_focus_goes_through_the_page_in_its_order(screen: Screen) -> None:
    page = screen.open(q=SESSION).page
    expect(screen.rows.first).to_be_visible()
    page.wait_for_selector("html[data-fine]", state="attached")
    expect(page.locator(".facet").first).to_be_visible()
    places = (".skip", "nav", "header", ".query", ".toolbar", ".lanes", ".facets", ".list")
    tell = """(places) => {
      const at = document.activeElement;
      const ring = getComputedStyle(at).outlineStyle !== "none" || at.closest(".query-field:focus-within");
      return [places.find((one) => at.closest(one)) ?? at.tagName, Boolean(ring)];
    }"""
    page.evaluate("document.activeElement.blur()")
    order: list[str] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        place, visible = page.evaluate(tell, list(places))
        if place == "BODY":
            break
        assert visible, (place, order)
        if not order or order[-1] != place:
            order.append(place)
    assert order == list(places)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

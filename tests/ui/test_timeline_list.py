"""What stands below the lanes and beside them: facets, columns, lane names, saved views, undated events, sizes."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import SIZE, no_violations, picture
from support.timeline_screen import HOUR, SECOND, Screen
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

SESSION = "session:idxDemoJordanFromAfar"


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

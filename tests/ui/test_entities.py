"""Entities in the browser: the list, what is known of one, its events, whom it met; and who may not see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

ADDRESS = "203.0.113.77"


def test_an_entity_is_found_and_the_list_goes_on(page: Page, server: Shown) -> None:
    (found,) = server.get("/v1/entities", value=ADDRESS, kind="ip")["entities"]
    page.goto("/ui/entities")
    rows = page.get_by_role("region", name="Entities").locator("tbody tr[aria-rowindex]")
    expect(rows.first).to_be_visible()
    # Only what is in sight is there; further pages come when the end is near.
    page.get_by_role("region", name="Entities").evaluate("(one) => { one.scrollTop = one.scrollHeight; }")
    expect(page.locator("tr[aria-rowindex='201']")).to_be_attached()
    assert rows.count() < 100
    no_violations(page)
    page.get_by_label("Find").fill(ADDRESS)
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Addresses").click()
    expect(page).to_have_url(re.compile("kind=ip"))
    expect(rows.first).to_contain_text(f"{found['events']:,}")
    page.get_by_role("link", name=ADDRESS).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ADDRESS)
    page.goto("/ui/entities?kind=ip&q=nobody-is-called-so")
    expect(page.get_by_role("heading", name="None is called so")).to_be_visible()


def test_what_is_known_of_one_leads_to_the_events_that_show_it(page: Page, server: Shown, truth: Planted) -> None:
    name = truth.login["actor"]["name"]
    known = server.get(f"/v1/entities/identity={name}")
    page.goto(f"/ui/entities/{known['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator(f'dd a[href="/ui/events/{known["evidence"]["first"]}"]')).to_have_text("evidence")
    joined = next(link for link in known["aliases"]["links"] if link["strength"] == "joined")
    expect(page.locator("tr", has_text=joined["reason"]).first).to_contain_text("one and the same")
    met = known["related"][0]
    expect(page.locator(f'td a[href="/ui/entities/{met["id"]}"]').first).to_have_text(met["value"])
    no_violations(page)
    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.locator(f'a[href="/ui/events/{known["evidence"]["first"]}"]').last).to_be_visible()
    strip = page.get_by_role("slider")
    strip.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("from="))
    expect(page.get_by_role("region", name=f"Events of {name}").locator("tbody tr[aria-rowindex]")).to_have_count(1)
    no_violations(page)


def test_whom_it_met_is_drawn_and_said(page: Page, server: Shown) -> None:
    (found,) = server.get("/v1/entities", value=ADDRESS, kind="ip")["entities"]
    graph = server.get(f"/v1/entities/{found['id']}/graph", depth=2)
    page.goto(f"/ui/entities/{found['id']}?tab=graph&depth=2")
    expect(
        page.get_by_text(f"{len(graph['entities'])} entities, {len(graph['relationships'])} meetings")
    ).to_be_visible()
    expect(page.locator(".stage canvas").first).to_be_visible()
    expect(page.get_by_role("table").last.locator("tbody tr")).to_have_count(len(graph["relationships"]))
    page.get_by_text("What was left out, and why").click()
    expect(page.get_by_text("it met so many that the graph does not go through it").first).to_be_visible()
    other = graph["entities"][1]
    page.get_by_role("region", name="The chosen entity").get_by_role(
        "button", name=other["value"], exact=True
    ).first.click()
    expect(page.get_by_role("heading", name=f"Meetings of {other['value']}")).to_be_visible()
    no_violations(page)
    picture(page, "entity-graph")


def test_who_may_not_see_them_is_told(open_page: Opener) -> None:
    page = open_page("developer")
    page.goto("/ui/entities")
    expect(page.get_by_role("alert")).to_contain_text("You may not see this")

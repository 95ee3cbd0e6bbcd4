"""Replay in the browser: it tells what matches, waits and goes on where one says, and survives a lost connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from support.browsing import Planted, Shown

SESSION = "session:idxDemoJordanFromAfar"


def test_it_tells_all_that_matches_as_fast_as_it_goes(page: Page, server: Shown, truth: Planted) -> None:
    told = server.search(SESSION)
    page.goto(f"/ui/replay?q={SESSION}&speed=0")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("status").filter(has_text="told")).to_contain_text(f"{len(told)} told: that was all")
    # The newest is the first line.
    ids = page.locator(".told td a").evaluate_all("links => links.map((link) => link.pathname.slice(11))")
    assert ids == [event["id"] for event in reversed(told)]
    assert truth.login["id"] in ids
    no_violations(page)
    picture(page, "replay")


def test_it_waits_and_goes_on_where_one_says(page: Page, server: Shown) -> None:
    told = server.search(SESSION)
    page.goto(f"/ui/replay?q={SESSION}&speed=1&gap=0")
    page.get_by_role("button", name="Play").click()
    rows = page.locator(".told td a")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    strip = page.get_by_role("slider")
    strip.focus()
    page.keyboard.press("End")
    # It goes on from there, though it is paused: nothing is told before somebody lets it.
    page.get_by_role("button", name="Play").click()
    expect(rows.first).to_have_attribute("href", f"/ui/events/{told[-1]['id']}")
    expect(page.get_by_role("status").filter(has_text="told")).to_contain_text("that was all")
    expect(rows).to_have_count(2)


def test_it_goes_on_behind_the_last_event_when_the_connection_is_lost(page: Page, server: Shown) -> None:
    told = server.search(SESSION)
    asked: list[str] = []

    def stream(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.continue_()
        begun = json.dumps({"replay": "lost", "paused": False, "speed": 0, "max_gap": 2, "told": 0})
        body = f"retry: 200\nevent: begin\ndata: {begun}\n\n"
        body += "".join(f"event: event\nid: {one['id']}\ndata: {json.dumps(one)}\n\n" for one in told[:3])
        return route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.route("**/v1/replay?*", stream)
    page.goto(f"/ui/replay?q={SESSION}&speed=0")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("status").filter(has_text="told")).to_contain_text(f"{len(told)} told: that was all")
    # The second stream began behind the third event: none is told twice, none is missing.
    assert len(asked) == 2
    ids = page.locator(".told td a").evaluate_all("links => links.map((link) => link.pathname.slice(11))")
    assert ids == [event["id"] for event in reversed(told)]

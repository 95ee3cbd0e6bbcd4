"""A chain in the browser: the planted story told in order, drawn, and as a table; links by keyboard; its states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown

STORY = ("auth.login", "auth.token_issued", "repository.accessed", "data.export")


def test_the_story_is_told_in_order_with_its_evidence(page: Page, server: Shown, truth: Planted) -> None:
    seed = truth.login["id"]
    chain = server.get("/v1/correlate/chain", seed_event_id=seed)
    page.goto(f"/ui/chains/{seed}")
    expect(page.locator(f"#event-{seed}")).to_contain_text("the chain begins here")
    steps = page.get_by_role("region", name="The story in order").get_by_role("listitem")
    told = [text.split("\n")[0] for text in steps.locator("strong").all_inner_texts()]
    places = [told.index(step) for step in STORY]
    assert places == sorted(places)
    # The table says all of it: every event, each with the link that the server tells.
    ids = page.locator("tr[id^=event-]").evaluate_all("rows => rows.map((row) => row.id.slice(6))")
    assert ids == [event["id"] for event in chain["events"]]
    link = chain["links"][0]
    row = page.locator(f"#event-{link['to']}")
    expect(row).to_contain_text(link["reason"])
    expect(row).to_contain_text(f"{link['strength']:.3f}")
    export = next(event for event in truth.events if event["event_type"] == "data.export")
    expect(page.locator(f'#event-{export["id"]} a[href="/ui/events/{export["id"]}"]')).to_be_visible()
    no_violations(page)
    picture(page, "chain")


def test_links_and_steps_are_reached_by_keyboard_and_stand_in_the_address(page: Page, truth: Planted) -> None:
    page.goto(f"/ui/chains/{truth.login['id']}")
    first = page.locator(".curve[tabindex='0']")
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    chosen = page.get_by_role("region", name="What was chosen")
    expect(chosen).to_contain_text("Events with it")
    assert ">" in page.evaluate("decodeURIComponent(location.search)")
    page.reload()
    expect(chosen).to_contain_text("Events with it")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="The story in order")).to_be_visible()
    page.get_by_label("Lanes").select_option("actor")
    expect(page).to_have_url(re.compile("lanes=actor"))
    expect(page.locator(".chain-lanes")).to_contain_text("svc-export-deploy")
    page.get_by_role("button", name="auth.token_issued").first.click()
    expect(chosen).to_contain_text(truth.login["session"])
    no_violations(page)


def test_what_has_no_chain_says_why(page: Page, server: Shown, truth: Planted) -> None:
    page.goto("/ui/chains/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    expect(page.get_by_role("alert")).to_contain_text("no such entry")
    page.goto(f"/ui/chains/{truth.login['id']}?window=900&depth=1&weakest=0.2")
    narrow = server.get("/v1/correlate/chain", seed_event_id=truth.login["id"], window=900, depth=1, weakest=0.2)
    expect(page.locator("tr[id^=event-]")).to_have_count(len(narrow["events"]))

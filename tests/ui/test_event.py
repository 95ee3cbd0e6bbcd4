"""One event: what it says, its exact bytes, its proof run in the browser, and what is done to it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from support.browsing import Planted, Shown, Troubles
    from ui.conftest import Opener

STEPS = ".steps > li"


def shown(page: Page, truth: Planted, tab: str = "") -> str:
    """Open the planted sign-in; its id."""
    identity: str = truth.login["id"]
    page.goto(f"/ui/events/{identity}{tab}")
    expect(page.locator(".event")).to_contain_text("auth.login")
    expect(page.locator(f'[data-panel="{identity}"]')).to_be_visible()
    return identity


def test_the_planted_sign_in_is_shown_with_its_times_and_leads_on_by_each_value(page: Page, truth: Planted) -> None:
    identity = shown(page, truth)
    login = truth.login
    expect(page.get_by_role("tabpanel")).to_contain_text(identity)
    expect(page.get_by_role("tabpanel")).to_contain_text(login["network"]["src_ip"])
    expect(page.locator(".around tr[aria-current]")).to_contain_text("this")
    no_violations(page)
    value = page.locator(".event-facts .pivot", has_text=login["network"]["src_ip"]).first
    value.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    no_violations(page)
    page.keyboard.press("Escape")
    expect(value).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/timeline?q=-network.src_ip*")


def test_the_proof_is_run_here_and_no_key_is_trusted_unseen(page: Page, truth: Planted, server: Shown) -> None:
    identity = shown(page, truth, "?etab=proof")
    page.get_by_role("button", name="Prove", exact=True).click()
    expect(page.locator(f"{STEPS}.good")).to_have_count(3)
    expect(page.locator(f"{STEPS}.unsure")).to_contain_text("Checkpoint")
    no_violations(page)
    key = server.get("/v1/ledger/keys")[-1]["vkey"]
    expect(page.get_by_role("button", name=key)).to_be_visible()
    page.get_by_label("I compared it").check()
    page.get_by_role("button", name="Pin this key in this browser").click()
    expect(page.locator(f"{STEPS}.good")).to_have_count(4)
    expect(page.get_by_text("Proved.", exact=True)).to_be_visible()
    # A key that was pinned stays so, and bytes that are not the record's are seen.
    page.route("**/raw", lambda route: route.fulfill(body=b"something else", content_type="text/plain"))
    shown(page, truth, "?etab=proof")
    page.get_by_role("button", name="Prove", exact=True).click()
    expect(page.locator(f"{STEPS}.bad")).to_contain_text("Exact bytes")
    expect(page.get_by_text("Not proved.", exact=True)).to_be_visible()
    asked = {"action": "evidence.revealed", "resource": f"event:{identity}"}
    answers = (server.get("/v1/audit", **asked) for _ in range(20))  # each waits a while for an index that lags
    assert any(answer["entries"] for answer in answers)


def test_exact_bytes_are_asked_for_and_held_against_the_leaf(page: Page, truth: Planted, server: Shown) -> None:
    identity = shown(page, truth, "?etab=bytes")
    payload = server.here.get(f"/v1/events/{identity}/raw").text
    page.get_by_role("button", name="Read the exact bytes").click()
    expect(page.get_by_text("opens what the leaf commits to")).to_be_visible()
    assert page.locator(".event-bytes").inner_text().strip() == payload[:4096].strip()
    expect(page.locator(".event-bytes mark").first).to_be_visible()
    page.get_by_role("button", name="Hex").click()
    expect(page.locator(".event-bytes")).to_contain_text(payload.encode()[:8].hex(" "))
    no_violations(page)


def test_it_is_pinned_in_a_new_case_and_taken_out_again(page: Page, truth: Planted, server: Shown) -> None:
    identity = shown(page, truth)
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_label("Case", exact=True).fill("From afar")
    expect(page.get_by_role("option", name="Make a new case called From afar")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_label("Annotation").fill("the sign-in that all began with")
    no_violations(page)
    page.get_by_role("button", name="Pin 1 event").click()
    expect(page.get_by_role("link", name="Pinned: From afar")).to_be_visible()
    cases = server.get(f"/v1/events/{identity}")["cases"]
    mine = [one.get("annotation") for one in cases if one["name"] == "From afar"]
    assert mine == ["the sign-in that all began with"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Pinned: From afar")).to_have_count(0)


def test_it_is_amended_and_shows_what_it_should_say_beside_what_it_says(
    page: Page, truth: Planted, server: Shown, open_page: Opener
) -> None:
    identity = shown(page, truth)
    said = truth.login["actor"]["id"]
    page.get_by_role("button", name="Amend", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("select").select_option("actor.id")
    # As it reads now it corrects nothing.
    expect(dialog.get_by_label("As it should read")).to_have_value(said)
    dialog.get_by_label("Reason (a code").fill("wrong_name")
    expect(dialog.get_by_role("button", name="Amend it")).to_be_disabled()
    dialog.get_by_label("As it should read").fill("an.intruder")
    dialog.get_by_role("button", name="Another field").click()
    dialog.locator("select").nth(1).select_option("network.protocol")
    dialog.get_by_label("As it should read").nth(1).fill("tls")
    dialog.get_by_label("Why, in words").fill("the account was used by somebody else")
    no_violations(page)
    dialog.get_by_role("button", name="Amend it").click()
    expect(dialog).to_have_count(0)
    fields = page.get_by_role("tabpanel")
    corrected = fields.locator("dd", has_text=said).first
    expect(corrected).to_contain_text("should read an.intruder")
    expect(corrected).to_contain_text("owner@example.test")
    expect(corrected.get_by_role("link", name="wrong_name")).to_be_visible()
    expect(fields.locator("section", has_text="Amended besides")).to_contain_text("tls")
    expect(page.get_by_text("Amended: actor.id, network.protocol (wrong_name)")).to_be_visible()
    no_violations(page)
    (made,) = server.get(f"/v1/events/{identity}")["amended"]
    assert (made["set"], made["reason"]) == ({"actor.id": "an.intruder", "network.protocol": "tls"}, "wrong_name")
    corrected.get_by_role("link", name="wrong_name").click()
    page.wait_for_url(f"**/ui/events/{made['entry']}")
    # Who may read and not amend sees what was said, and is offered nothing.
    other = open_page("auditor")
    shown(other, truth)
    expect(other.locator(".should").first).to_contain_text("should read an.intruder")
    expect(other.get_by_role("button", name="Amend", exact=True)).to_have_count(0)


def neighbour(page: Page) -> str:
    """Go on to another event by its link, so that "back" leads to the first; the other's id."""
    link = page.locator(".around tr:not([aria-current]) a[href*='/events/']").first
    identity = (link.get_attribute("href") or "").rpartition("/")[2]
    link.click()
    return identity


def test_what_is_read_and_done_is_of_the_event_that_is_shown(page: Page, truth: Planted) -> None:
    identity = shown(page, truth)
    page.wait_for_selector(".around tr[aria-current]")
    on_the_way: list[Route] = []

    def keep(route: Route) -> None:
        on_the_way.append(route)

    page.route(re.compile(r"/v1/events/[^/?]+$"), keep)
    other = neighbour(page)
    expect(page.locator(f'[data-panel="{other}"]')).to_have_attribute("aria-busy", "true")
    # The other one is on its way: what is in sight is still the first, and so are its bytes.
    page.get_by_role("tab", name="Exact bytes").click()
    with page.expect_request("**/raw") as asked:
        page.get_by_role("button", name="Read the exact bytes").click()
    assert asked.value.url.endswith(f"/v1/events/{identity}/raw")
    expect(page.get_by_text("opens what the leaf commits to")).to_be_visible()
    for route in on_the_way:
        route.continue_()
    page.unroute_all()
    expect(page.locator(f'[data-panel="{other}"]')).to_have_attribute("aria-busy", "false")
    # A dialog is of the record it was opened for: it does not go on to the one that "back" brings into view.
    page.get_by_role("button", name="Redact", exact=True).click()
    expect(page.get_by_role("dialog", name="Redact this record")).to_be_visible()
    page.go_back()
    expect(page.locator(f'[data-panel="{identity}"]')).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_dialog_stays_until_its_act_is_done_and_what_fails_later_is_told(
    page: Page, truth: Planted, server: Shown, troubles: Troubles
) -> None:
    shown(page, truth)
    page.wait_for_selector(".around tr[aria-current]")
    neighbour(page)
    expect(page.locator(".event")).to_have_attribute("aria-busy", "false")
    troubles.allow("/v1/holds")
    before = len(server.get("/v1/holds")["holds"])
    refused = {"type": "about:blank", "title": "no hold was set", "status": 503, "code": "unavailable"}
    sent: list[Route] = []

    def keep(route: Route) -> None:
        sent.append(route)

    page.route("**/v1/holds", keep)
    page.get_by_role("button", name="Hold", exact=True).click()
    dialog = page.get_by_role("dialog", name="Hold this record")
    dialog.get_by_label("Reason").first.fill("litigation")
    for count in (1, 2):
        dialog.get_by_role("button", name="Hold it").click()
        expect(dialog).to_contain_text("It is being done")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
        assert len(sent) == count
        if count == 1:
            sent[0].fulfill(status=503, content_type="application/problem+json", body=json.dumps(refused))
            expect(dialog.get_by_role("alert")).to_contain_text("No hold was set")
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    sent[1].fulfill(status=503, content_type="application/problem+json", body=json.dumps(refused))
    expect(page.get_by_text("no hold was set")).to_be_visible()
    assert len(server.get("/v1/holds")["holds"]) == before

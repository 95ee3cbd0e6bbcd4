"""One event: what it says, its exact bytes, its proof run in the browser, and what is done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import no_violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
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
    acts = server.get("/v1/audit", action="evidence.revealed", resource=f"event:{identity}")["entries"]
    assert acts


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

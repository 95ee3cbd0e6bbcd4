"""Detections in the browser: a scan and what it found, patterns, an own pattern from its fault to the ledger, Sigma."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import READS_ALL_MS, no_violations, picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener

OWN = """\
name: token-then-repository
version: 1
title: A token, then a repository, by the same person
severity: medium
by: identity
within: 10m
steps:
  - name: token
    where: type:auth.token_issued session:idxDemoJordanFromAfar
  - name: repository
    where: type:repository.accessed
"""
RULE = """\
title: A push is refused
id: 5b0f4f0e-6f0a-4d4e-9b3d-0a1b2c3d4e5f
logsource: {product: okta, service: okta}
detection:
  selection: {outcome.result: FAILURE, authenticationContext.externalSessionId: idxDemoJordanFromAfar}
  condition: selection
level: high
"""


def test_a_scan_finds_what_was_planted_and_shows_its_evidence(page: Page, server: Shown) -> None:
    page.goto("/ui/detections")
    page.get_by_role("button", name="Scan now").click()
    expect(page.get_by_text("new, ").or_(page.get_by_text("of them new")).first).to_be_visible(timeout=READS_ALL_MS)
    found = server.get("/v1/detections", pattern="mfa-fatigue")["detections"]
    planted = {event["id"] for event in server.search("session:idxDemoJordanFromAfar type:auth.mfa")}
    finding = next(one for one in found if planted.issuperset(one["evidence"]))
    page.get_by_label("Pattern or rule").select_option("mfa-fatigue")
    expect(page.get_by_text(f"{len(found)} finding")).to_be_visible()
    row = page.locator("tr", has_text=finding["title"]).filter(has_text="sequence, version").first
    row.get_by_role("button", name="Evidence").click()
    for event in finding["evidence"]:
        expect(page.locator(f'.evidence a[href="/ui/events/{event}"]').first).to_be_visible()
    no_violations(page)
    picture(page, "detections")


def test_an_own_pattern_goes_from_its_fault_to_the_ledger(page: Page, server: Shown, truth: Planted) -> None:
    issued = next(event for event in truth.events if event["event_type"] == "auth.token_issued")
    page.goto("/ui/detections?tab=own")
    text = page.get_by_label("The pattern, in YAML")
    text.fill(OWN.replace("severity: medium", "severity: terrible"))
    page.get_by_role("button", name="Try it on what happened").click()
    fault = page.get_by_role("button", name="Line 4, column 11")
    expect(fault).to_be_visible()
    fault.click()
    assert text.evaluate("(one) => one.value.slice(one.selectionStart, one.selectionEnd)") == "severity: terrible"
    no_violations(page)
    text.fill(OWN)
    page.get_by_role("button", name="Try it on what happened").click()
    expect(page.get_by_text("nothing was kept")).to_be_visible()
    page.get_by_role("button", name="Show 2 events").click()
    expect(page.locator(f'.evidence a[href="/ui/events/{issued["id"]}"]')).to_be_visible()
    assert server.get("/v1/detections", pattern="token-then-repository")["detections"] == []
    page.get_by_role("button", name="Apply …").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("region", name="The pattern token-then-repository")).to_contain_text("name: repository")
    page.get_by_label("Look for token-then-repository in every scan").uncheck()
    expect(page.get_by_text("is looked for only by name now")).to_be_visible()
    (mine,) = [one for one in server.get("/v1/sequences")["patterns"] if one["name"] == "token-then-repository"]
    assert (mine["origin"], mine["enabled"]) == ("own", False)


def test_sigma_rules_are_tried_out(page: Page, server: Shown) -> None:
    refused = server.search("session:idxDemoJordanFromAfar outcome:failure")
    page.goto("/ui/detections?tab=sigma")
    page.get_by_label("A rule in YAML").fill(RULE)
    page.get_by_role("button", name="Try them out").click()
    expect(page.get_by_text(f"{len(refused)} found")).to_be_visible()
    page.get_by_role("button", name="Show the event").first.click()
    expect(page.locator(f'.evidence a[href="/ui/events/{refused[0]["id"]}"]')).to_be_visible()
    no_violations(page)
    page.get_by_label("A rule in YAML").fill("title: x")
    page.get_by_role("button", name="Try them out").click()
    expect(page.get_by_text("Not looked at, or not looked for")).to_be_visible()


def test_who_may_not_scan_reads_what_was_found(open_page: Opener) -> None:
    page = open_page("investigator")
    page.goto("/ui/detections?tab=sigma")
    expect(page.get_by_text("needs the permission sequences.manage")).to_be_visible()
    page.goto("/ui/detections")
    expect(page.get_by_label("Severity at least")).to_be_visible()
    expect(page.get_by_role("button", name="Scan now")).to_have_count(0)

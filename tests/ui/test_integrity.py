"""Integrity: the checkpoint checked in the browser, verification, jobs, a hold set and released, the audit trail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from support.browsing import READS_ALL_MS, no_violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Planted, Shown
    from ui.conftest import Opener


def test_the_ledger_is_verified_and_its_checkpoint_checked_here(page: Page, server: Shown) -> None:
    page.goto("/ui/integrity")
    key = server.get("/v1/ledger/keys")[-1]["vkey"].split("+")[1]
    expect(page.get_by_text(f"checked in this browser, by the key {key}")).to_be_visible()
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_role("status").filter(has_text="Verified")).to_be_visible(timeout=READS_ALL_MS)
    expect(page.get_by_role("row", name=re.compile("leaf hashes"))).to_be_visible()
    no_violations(page)


def test_a_hold_is_set_counted_and_released(page: Page, truth: Planted, server: Shown) -> None:
    page.goto("/ui/integrity?tab=holds")
    page.get_by_role("button", name="Set a hold").click()
    session = truth.login["session"] if isinstance(truth.login["session"], str) else truth.login["session"]["id"]
    page.get_by_role("textbox", name="Query").fill(f"session:{session}")
    page.get_by_label("Reason, as a short code").fill("litigation")
    page.get_by_role("button", name="Set it").click()
    row = page.get_by_role("row").filter(has_text=session)
    row.get_by_role("button", name="Count").click()
    expected = len(server.search(f"session:{session}"))
    assert expected
    expect(row.locator("td.num")).to_have_text(re.compile(r"[1-9]"))
    no_violations(page)
    row.get_by_role("button", name="Release").click()
    page.get_by_label("Reason, as a short code").fill("done")
    page.get_by_role("button", name="Release it").click()
    expect(row).to_contain_text(re.compile(r"released \d{4}-"))
    assert not [one for one in server.get("/v1/holds")["holds"] if one["in_force"]]


def test_each_part_shows_itself(page: Page) -> None:
    page.goto("/ui/integrity?tab=anchors")
    parts = {
        "Witnesses and time stamps": "Nobody else vouches", "Jobs": "verify-full", "Retention": "400 days",
        "Archives": "No store", "Audit trail": "person.joined",
    }  # fmt: skip
    for name, said in parts.items():
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_text(said).filter(visible=True).first).to_be_visible()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
        no_violations(page)


def test_who_may_not_is_told_so(open_page: Opener) -> None:
    page = open_page("developer")
    page.goto("/ui/integrity")
    expect(page.get_by_text("You have none of them.")).to_be_visible()

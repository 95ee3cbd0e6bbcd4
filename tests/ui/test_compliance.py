"""Compliance in the browser: how a mode stands, changing it by whom that is, a period's acts, and the pack of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from support.browsing import READS_ALL_MS, no_violations
from vestige.app import verify_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from support.browsing import Shown
    from ui.conftest import Opener

HERE = "/ui/compliance"


@pytest.fixture(scope="module")
def planted(server: Shown) -> Iterator[str]:
    """The entry of an act that is an exception; afterwards the tenant's mode and rule are what they were."""
    before = server.get("/v1/retention")
    hold = server.here.post("/v1/holds", json={"q": "nobody", "reason": "litigation"}).raise_for_status().json()["id"]
    server.here.post(f"/v1/holds/{hold}/release", json={"reason": "done"}).raise_for_status()
    found = server.get("/v1/audit", action="hold.released", limit=1)["entries"][0]["id"]
    yield found
    back = {"mode": before["mode"], "days": before["days"]}
    server.here.put("/v1/retention", json=back).raise_for_status()


def row(page: Page, table: str, name: str) -> Locator:
    return page.get_by_role("table", name=table).get_by_role("row").filter(has_text=name)


def test_the_planted_act_is_in_the_report_and_opens(page: Page, planted: str) -> None:
    page.goto(f"{HERE}?tab=period")
    released = row(page, "Exceptions, by act", "hold.released")
    expect(released.locator(f"a[href$='/events/{planted}']")).to_be_visible()
    expect(page.get_by_text(re.compile("complian(t|ce with)"))).to_have_count(0)
    no_violations(page)
    released.locator(f"a[href$='/events/{planted}']").click()
    expect(page).to_have_url(re.compile(f"/events/{planted}"))
    page.go_back()
    page.get_by_label("Up to, not including").fill("2020-01-01")
    page.get_by_label("Up to, not including").press("Enter")
    expect(page.get_by_text("0 acts")).to_be_visible()
    page.get_by_label("From").fill("2021-01-01")
    page.get_by_label("From").press("Enter")
    expect(page.get_by_text("The period is none")).to_be_visible()


def test_the_pack_of_a_period_is_made_here_and_verifies(
    page: Page, planted: str, server: Shown, tmp_path: Path
) -> None:
    del planted
    page.add_init_script("delete window.showSaveFilePicker")
    page.goto(f"{HERE}?tab=period")
    with page.expect_download(timeout=READS_ALL_MS) as made:
        page.get_by_role("button", name="Make the evidence pack").press("Enter")
    made.value.save_as(tmp_path / "pack.zip")
    expect(page.get_by_text("without this server")).to_be_visible()
    assert made.value.suggested_filename == "evidence-begin-now.zip"
    report = verify_bundle(tmp_path / "pack.zip", [server.get("/v1/ledger/keys")[-1]["vkey"]])
    assert report["verdict"] == "verified", report


def test_a_mode_is_raised_and_the_points_stand_or_not(page: Page, planted: str, server: Shown) -> None:
    del planted
    page.goto(HERE)
    expect(row(page, "Points of the mode", "retention")).to_contain_text("– not asked for")
    expect(row(page, "Points of the mode", "signing").get_by_role("link")).to_be_visible()
    page.get_by_role("button", name="Choose sox").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("evidence is kept for 2,555 days at least")
    dialog.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Mode in force: SOX")).to_be_visible()
    expect(row(page, "Points of the mode", "retention")).to_contain_text("✓ held")
    expect(row(page, "Points of the mode", "retention")).to_contain_text("2555 days from receipt")
    no_violations(page)
    assert server.get("/v1/compliance")["mode"] == "sox"


def test_an_admin_is_told_that_less_is_an_owners_and_an_auditor_changes_nothing(
    open_page: Opener, planted: str, server: Shown
) -> None:
    del planted
    server.here.put("/v1/retention", json={"mode": "sox"}).raise_for_status()
    admin = open_page("admin")
    admin.goto(HERE)
    expect(row(admin, "Modes", "sr_11_7")).to_contain_text("asks for less: an owner's")
    expect(admin.get_by_role("button", name="Choose sr_11_7")).to_have_count(0)
    auditor = open_page("auditor", size=(390, 844), theme="light")
    auditor.goto(HERE)
    expect(auditor.get_by_text("Changing it needs evidence.erase")).to_be_visible()
    expect(auditor.get_by_role("button", name=re.compile("^Choose"))).to_have_count(0)
    no_violations(auditor)
    auditor.get_by_role("link", name="Evidence of a period").click()
    expect(auditor.get_by_role("button", name="Make the evidence pack")).to_be_visible()
    no_violations(auditor)


def test_where_two_persons_agree_less_is_proposed_by_one_and_approved_by_another(
    page: Page, planted: str, server: Shown, open_page: Opener
) -> None:
    del planted
    server.here.put("/v1/retention", json={"mode": "sox"}).raise_for_status()
    rule = server.get("/v1/custody")
    asked = {"hours": rule["hours"], "sealed": rule["sealed"]}
    server.here.put("/v1/custody", json=asked | {"two_persons": True}).raise_for_status()
    other = open_page("admin")

    def approve() -> None:
        other.goto("/ui/integrity?tab=holds")
        other.get_by_role("button", name="Approve and carry out").first.click()
        expect(other.get_by_text("Approved, and carried out.")).to_be_visible()

    try:
        page.goto(HERE)
        page.get_by_role("button", name="Choose custom").click()
        expect(page.get_by_text("It asks for less than SOX.")).to_be_visible()
        page.get_by_role("button", name="Change it").click()
        page.get_by_role("button", name="Propose it to a second person").click()
        expect(page.get_by_text("Proposed: another person approves it.")).to_be_visible()
        assert server.get("/v1/compliance")["mode"] == "sox"
        approve()
        page.reload()
        expect(page.get_by_role("heading", name=re.compile("Mode in force: a mode of"))).to_be_visible()
    finally:
        # Not by whoever let the admin in: these two are no two persons.
        with httpx.Client(base_url=server.url, timeout=60) as owner:
            for one in server.signed_in("owner"):
                owner.cookies.set(one["name"], one["value"])
            csrf = owner.get("/v1/whoami").json()["csrf"]
            back = asked | {"two_persons": False, "propose": True}
            owner.put("/v1/custody", json=back, headers={"X-CSRF-Token": csrf}).raise_for_status()
        approve()
    assert server.get("/v1/custody")["two_persons"] is False


def test_who_may_see_none_of_it_is_not_led_there(open_page: Opener, planted: str) -> None:
    del planted
    page = open_page("developer")
    page.goto("/ui/timeline")
    places = page.get_by_role("navigation", name="Places")
    expect(places.get_by_role("link", name="Sessions")).to_be_visible()
    expect(places.get_by_role("link", name="Compliance")).to_have_count(0)
    page.goto(HERE)
    expect(page.get_by_text("You have neither.")).to_be_visible()

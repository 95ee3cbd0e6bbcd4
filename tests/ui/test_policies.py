"""Policies in the browser: what was planted and what is behind it, a document tried and kept, a waiver; by roles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import no_violations
from support.judged import PAYMENTS, REPOSITORY, SESSION, TRACED, Judged, judged

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from support.browsing import Shown
    from ui.conftest import Opener

HERE = "/ui/agents/policies"


@pytest.fixture(scope="module")
def planted(server: Shown, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged(server.here, tmp_path_factory.mktemp("policies"))


def row(page: Page, table: str, name: str) -> Locator:
    return page.get_by_role("table", name=table).get_by_role("row").filter(has_text=name)


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="The policies, in TOML or YAML")


def test_the_planted_decisions_are_there_and_each_opens_what_is_behind_it(page: Page, planted: Judged) -> None:
    page.goto(f"{HERE}?tab=decisions&repository={REPOSITORY}")
    found = page.get_by_role("table", name="Decisions, the newest first").get_by_role("row")
    expect(found.locator(f"a[href$='/agents/decisions/{planted.warned}']")).to_be_visible()
    expect(found.nth(1)).to_contain_text("! warned")
    expect(found.nth(2)).to_contain_text("✗ blocked")
    expect(found.nth(2)).to_contain_text(TRACED)
    expect(found).to_have_count(3)
    no_violations(page)
    found.locator(f"a[href$='/agents/decisions/{planted.warned}']").click()
    said = row(page, "Results, the worst first", PAYMENTS)
    expect(said).to_contain_text("✗ fail, warns")
    expect(said.get_by_role("link", name="src/payments/pay.py:1-2")).to_be_visible()
    expect(row(page, "Results, the worst first", TRACED)).to_contain_text("✓ pass")
    no_violations(page)
    page.get_by_role("button", name="Decide again from its record").press("Enter")
    expect(page.get_by_text("The same comes of it, to the byte.")).to_be_visible()
    said.get_by_role("link", name=SESSION).click()
    expect(page).to_have_url(re.compile(f"/agents/sessions/{SESSION}"))
    page.go_back()
    said.get_by_role("link", name="src/payments/pay.py:1-2").click()
    expect(page).to_have_url(re.compile("path=src%2Fpayments%2Fpay.py.*line=1"))
    page.go_back()
    page.get_by_role("link", name="The entry, with its proof").click()
    expect(page).to_have_url(re.compile(f"/events/{planted.warned}"))
    expect(page.get_by_text("policy.decided").first).to_be_visible()


def test_a_policy_says_in_words_what_must_hold_and_each_version_opens_its_entry(page: Page, planted: Judged) -> None:
    page.goto(HERE)
    listed = row(page, "Policies in force, by name", PAYMENTS)
    expect(listed).to_contain_text("A person was seen writing all lines in src/payments/.")
    expect(listed).to_contain_text("A failure warns; so does what nobody knows.")
    expect(listed).to_contain_text(REPOSITORY)
    no_violations(page)
    page.get_by_role("link", name=TRACED, exact=True).click()
    versions = page.get_by_role("table", name="Versions, the newest first")
    expect(versions.locator(f"a[href$='/events/{planted.policy}']")).to_be_visible()
    expect(page.get_by_role("region", name="The policy as TOML")).to_contain_text('type = "trace_completeness"')
    expect(page.locator(f"a[href$='/agents/decisions/{planted.blocked}']")).to_be_visible()
    no_violations(page)


def test_what_is_typed_is_read_and_a_fault_is_shown_at_its_line(page: Page, planted: Judged) -> None:
    del planted
    page.goto(f"{HERE}?tab=try")
    expect(page.get_by_text("Each commit has a sealed session.")).to_be_visible()
    editor(page).fill('version = 1\n[[policy]]\nname = "x"\ntype = "trace_completness"\n')
    fault = page.locator("#policy-said")
    expect(fault).to_contain_text("Line 4")
    expect(fault).to_contain_text("trace_completeness")
    expect(page.locator(".gutter .fault")).to_have_text("4")
    expect(page.get_by_role("button", name="Put in force …")).to_be_disabled()
    expect(page.get_by_role("button", name="Try it")).to_be_disabled()
    no_violations(page)
    fault.get_by_role("button", name="Line 4").press("Enter")
    assert page.evaluate("getSelection().toString()") == 'type = "trace_completness"'
    editor(page).fill("version: 1\npolicy:\n- name: x\n  type: trace_completeness\n")
    expect(page.locator("#policy-said")).to_contain_text("(new)")
    expect(page.get_by_role("button", name="Put in force …")).to_be_enabled()


def test_a_change_is_tried_on_what_was_pushed_and_put_in_force(page: Page, planted: Judged, server: Shown) -> None:
    page.goto(f"{HERE}/{TRACED}")
    page.get_by_role("link", name="Change or try it").click()
    expect(editor(page)).to_have_value(re.compile(TRACED))
    page.get_by_label("Repository").select_option(REPOSITORY)
    editor(page).fill(editor(page).input_value().replace('action = "block"', 'action = "warn"'))
    expect(page.locator("#policy-said")).to_contain_text("takes the place of the one in force")
    before = len(server.get("/v1/policies/decisions", repository=REPOSITORY)["decisions"])
    page.get_by_role("button", name="Try it").click()
    came = page.get_by_role("region", name="What came of it")
    expect(came).to_contain_text("0 of 2 pushes would be blocked.")
    expect(came).to_contain_text("then ✗ blocked with these ! warned")
    expect(came.get_by_role("row").filter(has_text=planted.commits[0][:12])).to_contain_text("✗ fail, warns")
    no_violations(page)
    page.get_by_label("Tried on").select_option("commits")
    page.get_by_role("button", name="Try it").click()
    expect(came).to_contain_text("2 commits")
    results = page.get_by_role("table", name="Results by commit")
    expect(results.get_by_role("row").filter(has_text=planted.commits[1][:12])).to_contain_text("✓ pass")
    page.get_by_label("Range, or one revision").fill(f"{planted.commits[0]}..main")
    page.get_by_label("Range, or one revision").press("Enter")
    page.get_by_role("button", name="Try it").click()
    expect(came).to_contain_text("1 commit")
    assert len(server.get("/v1/policies/decisions", repository=REPOSITORY)["decisions"]) == before
    page.get_by_role("button", name="Put in force …").click()
    page.get_by_role("button", name="Put in force", exact=True).click()
    expect(page.get_by_role("table", name="Versions, the newest first").get_by_role("row")).to_have_count(3)
    assert next(one for one in server.get("/v1/policies")["policies"] if one["name"] == TRACED)["action"] == "warn"


def test_a_waiver_is_given_and_withdrawn(page: Page, planted: Judged) -> None:
    page.goto(f"{HERE}?tab=waivers")
    page.get_by_role("combobox", name="Policy").select_option(PAYMENTS)
    page.get_by_label("Repository").fill(REPOSITORY)
    page.get_by_label("Commit in full").fill(planted.commits[1])
    page.get_by_label("Reason, kept for good").fill("audited by hand")
    page.get_by_role("button", name="Give the waiver").press("Enter")
    given = row(page, "Waivers, the newest first", "audited by hand")
    expect(given).to_contain_text("in force")
    expect(given).to_contain_text(planted.commits[1][:12])
    no_violations(page)
    given.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Withdraw it").click()
    expect(given).to_contain_text("withdrawn")


def test_what_policies_said_is_counted_and_each_figure_opens_its_decisions(page: Page, planted: Judged) -> None:
    page.goto(f"/ui/agents/analytics?repository={REPOSITORY}&step=day")
    said = page.get_by_role("region", name="What policies said of pushes")
    expect(said.get_by_role("link", name="2 decisions")).to_be_visible()
    expect(said.get_by_role("img", name=re.compile("^Decisions by day"))).to_be_visible()
    by_policy = row(page, "Results by policy", PAYMENTS)
    expect(by_policy.get_by_role("link", name=f"1 Fail of {PAYMENTS}")).to_be_visible()
    expect(row(page, "Points of the mode", "signing")).to_contain_text("held")
    no_violations(page)
    row(page, "Results by policy", TRACED).get_by_role("link", name=f"1 Fail of {TRACED}").click()
    found = page.get_by_role("table", name="Decisions, the newest first").get_by_role("row")
    expect(found.locator(f"a[href$='/agents/decisions/{planted.blocked}']")).to_be_visible()
    expect(found).to_have_count(2)
    page.go_back()
    said.get_by_role("table", name="Decisions by day").get_by_role("link", name=re.compile("1 warned")).click()
    expect(found.locator(f"a[href$='/agents/decisions/{planted.warned}']")).to_be_visible()
    expect(found).to_have_count(2)


def test_an_auditor_reads_and_tries_on_a_phone_and_may_not_change(open_page: Opener, planted: Judged) -> None:
    del planted
    page = open_page("auditor", size=(390, 844), theme="light")
    page.goto(HERE)
    expect(page.get_by_text("needs the permission policies.write")).to_be_visible()
    expect(page.get_by_role("link", name="Write a policy")).to_have_count(0)
    no_violations(page)
    for tab in ("Decisions", "Write and try", "Waivers"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "page")
        expect(page.get_by_text("needs the permission policies.write")).to_have_count(int(tab != "Decisions"))
        no_violations(page)
    page.goto(f"{HERE}?tab=try&in={REPOSITORY}&policy={PAYMENTS}")
    expect(editor(page)).to_have_value(re.compile(PAYMENTS))
    expect(page.get_by_role("button", name="Put in force …")).to_have_count(0)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("region", name="What came of it")).to_contain_text("0 of 2 pushes would be blocked.")
    no_violations(page)


def test_who_may_not_read_policies_is_not_led_there_and_is_told_why(open_page: Opener, planted: Judged) -> None:
    del planted
    page = open_page("developer")
    page.goto("/ui/timeline")
    places = page.get_by_role("navigation", name="Places")
    expect(places.get_by_role("link", name="Sessions")).to_be_visible()
    expect(places.get_by_role("link", name="Policies")).to_have_count(0)
    page.goto(HERE)
    expect(page.get_by_text("It needs the permission policies.read")).to_be_visible()

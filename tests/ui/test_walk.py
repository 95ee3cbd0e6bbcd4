"""From the outage on the timeline to the prompt that its line was written at, by clicks alone, and back."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import no_violations, serving
from support.timeline_screen import Screen
from vestige.demo.payments import NAME, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from support.browsing import Shown
    from ui.conftest import Opener

EVENTS = 1000
TRUTH = tell(2026).truth
FAILING = "source:payments.jsonl type:service.error severity:high"
ROLLED_OUT = "roll-out of payments 2026.47.3 ended well"
LONGEST_S = 120


@pytest.fixture(scope="module")
def demo(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """What a newcomer sees: a server that was started with the demonstration, once all of it is there."""
    del able
    folder = tmp_path_factory.mktemp("walk")
    with serving(folder / "data", {}, "--demo", "--events", str(EVENTS)) as shown:
        due = time.monotonic() + LONGEST_S
        while not sealed(shown):
            assert time.monotonic() < due, (folder / "up.err").read_text()
            time.sleep(0.1)
        yield shown


def sealed(shown: Shown) -> bool:
    found = shown.get("/v1/code/repositories", commit=TRUTH.commit)["repositories"]
    if not found:
        return False
    return bool(shown.get(f"/v1/code/repositories/{found[0]['id']}/commits/{TRUTH.commit}")["seal"])


def proved(page: Page) -> None:
    """The event that is shown is proved in the browser, but for the key, which nobody compared yet."""
    page.get_by_role("tab", name="Proof").click()
    page.get_by_role("button", name="Prove", exact=True).click()
    expect(page.locator(".steps > li.good")).to_have_count(3)


def test_clicks_lead_from_the_outage_to_the_prompt_and_back(open_page: Opener, demo: Shown) -> None:
    page = open_page(server=demo)
    outage = demo.search(FAILING)[0]
    # The outage, and the chain from it to the roll-out just before.
    screen = Screen(page).open(q=FAILING)
    screen.row(outage["id"]).click()
    expect(page.locator(f'[data-panel="{outage["id"]}"]')).to_be_visible()
    proved(page)
    page.get_by_role("link", name="The chain from here").click()
    page.wait_for_url(f"**/ui/chains/{outage['id']}*")
    rolled_out = page.locator("tr[id^=event-]", has_text=ROLLED_OUT)
    expect(rolled_out).to_contain_text(f"same commit {TRUTH.commit}")
    rolled_out.get_by_role("link", name=ROLLED_OUT).click()
    page.wait_for_url("**/ui/events/*")
    proved(page)
    # The commit that was rolled out, in the repository that has it, and the entry that seals it.
    page.get_by_role("link", name=f"{TRUTH.commit[:12]} in {NAME}").first.click()
    page.wait_for_url(f"**/agents/commits/*/{TRUTH.commit}")
    expect(page.get_by_role("heading", level=1)).to_have_text("gateway: try a charge again when it times out")
    no_violations(page)
    changes = page.get_by_role("region", name=f"Changes of {TRUTH.path}")
    expect(changes.locator("tr.code-added", has_text=TRUTH.text.strip())).to_contain_text(str(TRUTH.line))
    page.locator("dt:has-text('Sealed') + dd a").click()
    page.wait_for_url("**/ui/events/*")
    proved(page)
    page.go_back()
    page.wait_for_url(f"**/agents/commits/*/{TRUTH.commit}")
    # The line, in the file as it was rolled out.
    page.get_by_role("link", name=re.compile("^The file as of this commit")).click()
    told = page.get_by_role("region", name="Who wrote the line")
    expect(told).to_contain_text(f"Line {TRUTH.line}")
    page.get_by_role("button", name=f"Line {TRUTH.line}: an agent wrote it, observed").click()
    expect(told.get_by_role("link", name=TRUTH.call)).to_be_visible()
    no_violations(page)
    # The session that wrote it, at the prompt.
    told.get_by_role("link", name=TRUTH.session).click()
    page.wait_for_url(f"**/agents/sessions/{TRUTH.session}?prompt=*")
    turn = page.locator("article.turn[aria-current=true]")
    expect(turn.locator(".turn-prompt")).to_contain_text(TRUTH.prompt)
    no_violations(page)
    turn.locator(".turn-prompt").get_by_role("link", name="hooks").click()
    page.wait_for_url("**/ui/events/*")
    expect(page.locator(".event-message")).to_have_text(TRUTH.prompt)
    proved(page)
    # And back: from the session to the commit, and from the commit to what was rolled out and what failed.
    page.go_back()
    page.locator(".session-came").get_by_role("link", name=f"{TRUTH.commit[:12]} in {NAME}").click()
    page.wait_for_url(f"**/agents/commits/*/{TRUTH.commit}")
    page.get_by_role("link", name="what names it").click()
    page.wait_for_url(re.compile("/ui/timeline"))
    expect(Screen(page).query).to_have_value(f"key:commit={TRUTH.commit}")
    expect(Screen(page).rows.first).to_be_visible()

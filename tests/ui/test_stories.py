"""Stories in the browser: reached from code, commits and sessions; each sentence leads to the entry it quotes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.browsing import no_violations
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from support.browsing import Shown, Troubles

NAME = "example.org/owner/told"
BEFORE = "import os\n\n\ndef old():\n    return 1\n"
AFTER = f"{BEFORE}\n\ndef retry():\n    for _ in range(3):\n        pass\n"
CALL = "01K0000000000000000000000B"
SESSION = "s-told"


@pytest.fixture(scope="module")
def told(server: Shown, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("stories")
    made = Commits(folder / "work")
    made.put("src/a.py", BEFORE)
    made.commit()
    made.put("src/a.py", AFTER)
    made.git("commit", "-qam", "Try a payment again")
    commit = made.git("rev-parse", "HEAD")
    answer = server.here.post("/v1/code/repositories", json={"name": NAME})
    repository = str(answer.raise_for_status().json()["id"])
    with (folder / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    base = f"/v1/code/repositories/{repository}"
    content = (folder / "bundle").read_bytes()
    server.here.post(f"{base}/bundles", content=content, params={"head": "main"}).raise_for_status()
    when = server.search("type:deploy.started")[0]["occurred_at"]
    send_edit(server.here, NAME, commit, "src/a.py", (BEFORE, AFTER), session=SESSION, call=CALL, when=when)
    return repository, commit


def test_a_function_leads_to_its_story_and_each_sentence_to_its_entry(
    page: Page, server: Shown, told: tuple[str, str]
) -> None:
    repository, commit = told
    story = server.get("/v1/stories", repository=repository, path="src/a.py", scope="retry")
    (asked,) = [one for one in story["sentences"] if one["section"] == "context"]
    page.goto(f"/ui/agents/code/{repository}?path=src%2Fa.py&file=1")
    page.get_by_role("link", name="why retry is as it is").click()
    expect(page.get_by_role("heading", name="Why retry in src/a.py is as it is")).to_be_visible()
    context = page.get_by_role("region", name="What was asked")
    expect(context).to_contain_text("do it")
    expect(page.get_by_role("region", name="What was done")).to_contain_text("Try a payment again")
    mark = context.get_by_role("link", name=re.compile("^Evidence [0-9]+: do it"))
    expect(mark).to_have_attribute("href", f"/ui/events/{asked['citations'][0]['id']}")
    expect(page.get_by_role("region", name="Evidence").locator("blockquote").first).to_be_visible()
    expect(page.get_by_role("region", name="What is not known")).to_be_visible()
    no_violations(page)
    page.get_by_role("button", name="Decision record").click()
    expect(page).to_have_url(re.compile("form=adr"))
    expect(page.get_by_role("region", name="Status")).to_contain_text("last to change it")
    expect(page.get_by_role("region", name="Options considered")).to_contain_text("The evidence says nothing of this.")
    expect(page.get_by_role("button", name="Copy as Markdown")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Have "))).to_have_count(0)
    no_violations(page)
    page.get_by_role("region", name="Context").get_by_role("link", name=re.compile("^Evidence")).click()
    expect(page).to_have_url(re.compile(f"/events/{asked['citations'][0]['id']}"))
    assert commit == story["about"]["commit"]


def test_a_commit_and_a_session_lead_to_theirs(page: Page, told: tuple[str, str]) -> None:
    repository, commit = told
    page.goto(f"/ui/agents/commits/{repository}/{commit}")
    page.get_by_role("link", name="its story").click()
    expect(page.get_by_role("heading", name=f"Why commit {commit[:12]} is as it is")).to_be_visible()
    expect(page.get_by_role("region", name="What was asked")).to_contain_text("do it")
    page.goto(f"/ui/agents/sessions/{SESSION}")
    page.get_by_role("link", name="Its story").click()
    expect(page.get_by_role("heading", name=f"Why session {SESSION} is as it is")).to_be_visible()
    expect(page.get_by_role("region", name="What was asked")).to_contain_text("do it")
    no_violations(page)


def test_what_a_model_wrote_says_so_and_shows_what_was_dropped(page: Page, told: tuple[str, str]) -> None:
    """The model's answer is put in by the test: no service is called from here."""
    written: dict[str, Any] = {}

    def told_by(route: Route) -> None:
        if route.request.method == "GET":
            answer = route.fetch()
            written.update(answer.json())
            route.fulfill(response=answer)
            return
        base = {"by": "model", "model": {"name": "a-model"}, "sentences": written["sentences"][:1]}
        dropped = [{"text": "Security approved this.", "reason": "it cites nothing"}]
        route.fulfill(json=written | base | {"dropped": dropped})

    def model(route: Route) -> None:
        shown = {"set": True, "provider": "openai", "name": "a-model", "url": "https://models.example", "has_key": True}
        route.fulfill(body=json.dumps(shown), content_type="application/json")

    page.route(re.compile(r"/v1/stories(\?|$)"), told_by)
    page.route("**/v1/stories/model", model)
    page.goto(f"/ui/agents/stories?repository={told[0]}&path=src%2Fa.py&scope=retry")
    page.get_by_role("button", name="Have a-model write it").click()
    expect(page.get_by_text("Written by the model a-model, which may be wrong")).to_be_visible()
    page.get_by_text("1 of its sentences rested on nothing they cite, and were dropped").click()
    expect(page.get_by_text("Security approved this.")).to_be_visible()
    no_violations(page)
    page.get_by_role("button", name="Show the one by template").click()
    expect(page.get_by_text("Told by template from")).to_be_visible()


@pytest.mark.long
def test_whoever_may_not_read_code_is_told_so(
    open_page: Callable[..., Page], troubles: Troubles, told: tuple[str, str]
) -> None:
    troubles.allow("/v1/stories")
    page = open_page(role="developer")
    page.goto(f"/ui/agents/stories?repository={told[0]}&path=src%2Fa.py")
    expect(page.get_by_role("heading", name="You may not see this")).to_be_visible()

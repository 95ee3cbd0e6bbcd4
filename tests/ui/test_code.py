"""Code in the browser: repositories, a tree, a file with whose its lines are, a commit with its changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.browsing import no_violations
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Shown

TEXT = "import os\n\n\ndef one():\n    return 1\n\n\nclass Two:\n    def three(self):\n        return '<b>3</b>'\n"
CALL = "01K0000000000000000000000A"


@pytest.fixture(scope="module")
def code(server: Shown, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("code")
    made = Commits(folder / "work")
    made.put("src/a.py", TEXT)
    made.put("bin", b"\0")
    first = made.commit()
    made.put("src/a.py", TEXT.replace("1", "2"))
    second = made.commit()
    answer = server.here.post("/v1/code/repositories", json={"name": "example.org/owner/name"})
    repository = str(answer.raise_for_status().json()["id"])
    with (folder / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    base = f"/v1/code/repositories/{repository}"
    content = (folder / "bundle").read_bytes()
    server.here.post(f"{base}/bundles", content=content, params={"head": "main"}).raise_for_status()
    after = TEXT.replace("1", "2")
    before = after.replace("def one():\n    return 2\n", "")
    when = server.search("type:deploy.started")[0]["occurred_at"]
    texts = (before, after)
    send_edit(server.here, "example.org/owner/name", second, "src/a.py", texts, session="s-1", call=CALL, when=when)
    assert first != second
    return repository, second


def test_a_file_is_found_and_each_line_says_whose_it_is(page: Page, code: tuple[str, str]) -> None:
    page.goto("/ui/agents/code")
    page.get_by_role("link", name="example.org/owner/name", exact=True).click()
    no_violations(page)
    page.get_by_role("link", name="src/").click()
    page.get_by_role("link", name="a.py").click()
    lines = page.get_by_role("region", name="Lines")
    expect(lines).to_contain_text("return '<b>3</b>'")
    expect(lines.locator("b")).to_have_count(0)
    expect(lines.locator(".tok-keyword").first).to_have_text("import")
    expect(page.get_by_text("2 agents (20 %)").first).to_be_visible()
    sign = page.get_by_role("button", name="Line 4: an agent wrote it, observed")
    expect(sign).to_have_text("A")
    sign.focus()
    told = page.get_by_role("region", name="Who wrote the line")
    expect(told.get_by_role("link", name="s-1")).to_have_attribute(
        "href", re.compile("/ui/agents/sessions/s-1.prompt=")
    )
    expect(told.get_by_role("link", name=CALL)).to_have_attribute("href", f"/ui/events/{CALL}")
    page.keyboard.press("ArrowUp")
    expect(told).to_contain_text("Line 3")
    expect(told).to_contain_text("nobody knows who wrote it")
    page.get_by_role("button", name="Two.three").click()
    expect(told).to_contain_text("Line 9")
    no_violations(page)
    page.goto(f"/ui/agents/code/{code[0]}?path=bin&file=1")
    expect(page.get_by_role("heading", name="Its lines are not shown")).to_be_visible()


def test_a_commit_is_shown_with_its_changes_and_whose_they_are(page: Page, code: tuple[str, str]) -> None:
    repository, oid = code
    page.goto("/ui/agents/commits")
    page.get_by_role("link", name="Commits of example.org/owner/name").click()
    expect(page.get_by_role("region", name="Commits").locator("tbody tr")).to_have_count(2)
    no_violations(page)
    page.get_by_role("link", name=oid[:12]).click()
    expect(page).to_have_url(re.compile(f"/agents/commits/{repository}/{oid}"))
    changes = page.get_by_role("region", name="Changes of src/a.py")
    expect(changes.locator(".code-added")).to_have_count(1)
    expect(changes.locator(".code-added")).to_contain_text("+    return 2")
    expect(changes.locator(".code-removed")).to_contain_text("-    return 1")
    changes.get_by_role("button", name="Line 5: an agent wrote it, observed").focus()
    expect(page.get_by_role("region", name="Who wrote the line")).to_contain_text("claude-code")
    expect(page.get_by_text("1 agents (100 %)").first).to_be_visible()
    no_violations(page)

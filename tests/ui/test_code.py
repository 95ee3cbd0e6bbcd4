"""Code in the browser: repositories, a tree, a file with whose its lines are, a commit with its changes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from support.attributing.commits import Commits
from support.browsing import no_violations
from vestige.capture.contents import blob_id
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browsing import Shown

NAME = "example.org/owner/name"
BEFORE = "import os\n\n\nclass Two:\n    def three(self):\n        return '<b>3</b>'\n"
TEXT = "import os\n\n\ndef one():\n    return 1\n\n\nclass Two:\n    def three(self):\n        return '<b>3</b>'\n"
CALL = "01K0000000000000000000000A"


def captured(server: Shown, first: str, second: str) -> None:
    """What capture sends of one edit and the commit that has it."""
    refs = [f"git:{blob_id(text.encode())}" for text in (BEFORE, TEXT)]

    def about(order: int, **said: Any) -> dict[str, Any]:
        at = 1_776_000_000_000_000_000 + order
        return {"id": f"code-{order}", "worktree": "t", "order": order, "at": at, "repository": NAME, **said}

    hooks = [
        {
            "hook_event_name": event, "session_id": "s-1", "tool_use_id": CALL, "tool_name": "Write",
            "tool_input": {"file_path": "/work/src/a.py", "content": TEXT}, "timestamp": f"2026-04-12T10:00:0{order}Z",
            "vestige_capture": about(
                order, snapshot={"when": when, "files": {"src/a.py": ref}, "head": first, "whole": False}
            ),
        }
        for order, event, when, ref in ((1, "PreToolUse", "before", refs[0]), (2, "PostToolUse", "after", refs[1]))
    ]  # fmt: skip
    own = [
        {"event_type": kind, "occurred_at": "2026-04-12T10:00:09Z", "vestige_capture": about(order, **said)}
        for kind, order, said in (
            ("agent.snapshot", 3, {"ref": refs[0], "text": BEFORE}),
            ("agent.snapshot", 4, {"ref": refs[1], "text": TEXT}),
            ("code.committed", 5, {"head": second}),
        )
    ]
    source = f"agent:{NAME}"
    lines = "".join(json.dumps(one) + "\n" for one in hooks)
    server.here.post(
        "/v1/ingest/raw", content=lines, headers={"X-Source-Id": quote(source, safe=""), "X-Filename": "hooks.jsonl"}
    ).raise_for_status()
    server.here.post("/v1/ingest/events", json=own, headers={"X-Source-Id": source}).raise_for_status()


@pytest.fixture(scope="module")
def code(server: Shown, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("code")
    made = Commits(folder / "work")
    made.put("src/a.py", BEFORE)
    made.put("bin", b"\0")
    made.commit()
    made.put("src/a.py", TEXT)
    second = made.commit()
    answer = server.here.post("/v1/code/repositories", json={"name": NAME})
    repository = str(answer.raise_for_status().json()["id"])
    with (folder / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    base = f"/v1/code/repositories/{repository}"
    content = (folder / "bundle").read_bytes()
    server.here.post(f"{base}/bundles", content=content, params={"head": "main"}).raise_for_status()
    captured(server, made.git("rev-parse", "HEAD~1"), second)
    return repository, second


def test_a_file_is_found_and_each_line_says_whose_it_is(page: Page, server: Shown, code: tuple[str, str]) -> None:
    at = f"/v1/code/repositories/{code[0]}/lines"
    known = server.here.get(at, params={"path": "src/a.py"}).json()
    assert known["summary"]["ai"] in range(2, 5), known
    page.goto("/ui/agents/code")
    page.get_by_role("link", name="example.org/owner/name", exact=True).click()
    no_violations(page)
    page.get_by_role("link", name="src/").click()
    page.get_by_role("link", name="a.py").click()
    lines = page.get_by_role("region", name="Lines")
    expect(lines).to_contain_text("return '<b>3</b>'")
    expect(lines.locator("b")).to_have_count(0)
    expect(lines.locator(".tok-keyword").first).to_have_text("import")
    ai = known["summary"]["ai"]
    expect(page.get_by_text(f"{ai} agents ({10 * ai} %)").first).to_be_visible()
    sign = page.get_by_role("button", name="Line 4: an agent wrote it, observed")
    expect(sign).to_have_text("A")
    sign.focus()
    told = page.get_by_role("region", name="Who wrote the line")
    expect(told.get_by_role("link", name="s-1")).to_have_attribute("href", "/ui/agents/sessions/s-1")
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
    expect(changes.locator(".code-added")).to_have_count(4)
    expect(changes.locator(".code-added").nth(1)).to_contain_text("+    return 1")
    expect(changes.locator(".code-removed")).to_have_count(0)
    changes.get_by_role("button", name="Line 5: an agent wrote it, observed").focus()
    expect(page.get_by_role("region", name="Who wrote the line")).to_contain_text("s-1")
    expect(page.get_by_text(re.compile("[2-4] agents")).first).to_be_visible()
    no_violations(page)

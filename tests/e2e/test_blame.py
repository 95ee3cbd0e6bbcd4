"""From an agent's hook to the line it wrote: captured, committed, pushed, and asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.capturing import git, person
from support.program import Vestige, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.capturing import Person

REMOTE = "https://gitlab.example.org/team/shop.git"


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path / "ann") as one:
        yield one


def written(ann: Person, folder: Path, name: str, call: str, text: str, **more: Any) -> None:
    """An agent that writes a file, and says so before and after."""
    given = {
        "tool_name": "Write",
        "tool_use_id": call,
        "tool_input": {"file_path": str(folder / name), "content": text},
    }
    ann.hook(folder, "PreToolUse", **given)
    (folder / name).write_text(text)
    ann.hook(folder, more.pop("after", "PostToolUse"), **given, tool_response={"type": "update"}, **more)


def terminal(ann: Person, folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What a person sees of a command."""
    command = [sys.executable, "-m", "vestige", *words]
    done = subprocess.run(command, cwd=folder, env=ann.env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def by_line(told: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = [("unknown", "", "")] * told["lines"]
    for one in told["ranges"]:
        for line in range(one["start"] - 1, one["end"]):
            found[line] = (one["class"], one["grade"], one["call"])
    return found


def sealed_as_known(ann: Person, folder: Path, data: Path) -> None:
    """A commit is sealed with what it changes and who wrote it, and again only when more is known."""
    sealed = ann.told(folder, "agent", "seal")
    assert (len(sealed["sealed"]), sealed["commits"]) == (1, 3)
    assert ann.told(folder, "agent", "seal")["commits"] == 0
    verified = ann.told(folder, "agent", "seal", "--verify")
    assert (verified["ok"], verified["commits"]) == (True, {"seals": 3, "not_here": 0, "differ": []})
    head = git(folder, "rev-parse", "HEAD", env=ann.env)
    seals = Vestige(data).lines("search", "in:ledger type:vestige.seal")
    (seal,) = [one["attributes"] for one in seals if one["attributes"].get("commit") == head]
    assert (seal["ai_lines"], seal["added"]["ai:observed"], len(seal["sessions"])) == (3, 3, 1)


def test_a_line_leads_to_the_call_and_the_prompt_that_wrote_it(ann: Person, tmp_path: Path) -> None:
    folder = ann.repository(remote=REMOTE)
    (folder / "pay.py").write_text("import money\n\n\ndef total(basket):\n    return money.sum(basket)\n")
    git(folder, "add", "-A", env=ann.env)
    git(folder, "commit", "-qm", "by hand", env=ann.env)
    data = tmp_path / "data"
    with serving(data) as server:
        ann.extra |= {"VESTIGE_TOKEN": server.token or ""}
        ann.told(folder, "agent", "init", "--server", server.url)
        ann.warm(folder)
        ann.hook(folder, "UserPromptSubmit", prompt="Take the discount off the total")
        text = (folder / "pay.py").read_text()
        new = "    gross = money.sum(basket)\n    return gross - discount(basket)\n"
        text = text.replace("    return money.sum(basket)\n", new)
        written(ann, folder, "pay.py", "toolu_edit", text)
        # A shell edit, and one that was not allowed.
        shell = {"tool_name": "Bash", "tool_use_id": "toolu_shell", "tool_input": {"command": "make discount"}}
        ann.hook(folder, "PreToolUse", **shell)
        (folder / "discount.py").write_text("def discount(basket):\n    return basket.points // 100\n")
        ann.hook(folder, "PostToolUse", **shell, tool_response={"stdout": ""})
        ann.hook(folder, "PreToolUse", tool_name="Bash", tool_use_id="toolu_denied", tool_input={"command": "x"})
        ann.hook(folder, "PermissionDenied", tool_name="Bash", tool_use_id="toolu_denied", tool_input={"command": "x"})
        # Somebody types meanwhile: that is nobody's, as no agent was seen and no editor told.
        (folder / "pay.py").write_text((folder / "pay.py").read_text() + "\nCURRENCY = 'EUR'\n")
        git(folder, "add", "-A", env=ann.env)
        git(folder, "commit", "-qm", "discount", env=ann.env)
        git(folder, "commit", "-q", "--amend", "-m", "discounts", env=ann.env)
        assert ann.told(folder, "agent", "flush")["waiting"] == []
        assert ann.told(folder, "code", "push")["received"]["objects"] > 0

        told = ann.told(folder, "blame", "pay.py")
        assert by_line(told) == [
            *[("unknown", "", "")] * 4,
            # The one keeps words of the line that was there.
            ("mixed", "observed", "toolu_edit"),
            ("ai", "observed", "toolu_edit"),
            *[("unknown", "", "")] * 2,
        ]
        assert told["summary"] == {"ai": 1, "human": 0, "mixed": 1, "unknown": 6}
        (prompt,) = {one["prompt"] for one in told["ranges"]}
        events = Vestige(data).lines("search", 'source:"agent:gitlab.example.org/team/shop" type:agent.prompt')
        assert [one["id"] for one in events] == [prompt]
        other = ann.told(folder, "blame", "discount.py")
        assert {call for _, _, call in by_line(other)} == {"toolu_shell"}

        shown = terminal(ann, folder, "blame", "pay.py")
        assert re.search(r"^M observed \[1\]\s+toolu_edit\s+5 \|     gross = ", shown.stdout, re.MULTILINE)
        assert "Take the discount off the total" in shown.stderr

        sealed_as_known(ann, folder, data)

        # What the server has not, it says, and what to do.
        (folder / "pay.py").write_text("x = 1\n")
        git(folder, "commit", "-qam", "not pushed", env=ann.env)
        assert "not text" in terminal(ann, folder, "blame", "bad\udcff.py", code=2).stderr
        refused = terminal(ann, folder, "blame", "pay.py", code=1)
        assert "vestige code push" in refused.stderr
        ann.vestige(folder, "code", "push")
        assert ann.told(folder, "blame", "pay.py")["lines"] == 1
        for wrong in ("../outside.py", "missing.py"):
            terminal(ann, folder, "blame", wrong, code=1)

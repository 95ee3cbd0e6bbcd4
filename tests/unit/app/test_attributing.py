"""Notes with others' word in them and without, of a real repository; what the index and the ledger have is given."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import attributing, push_facts
from vestige.app.attributing import Attributing
from vestige.app.push_facts import PushFacts
from vestige.code import Browsing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Given(Attributing):
    """One whose claims are in a list in place of index and ledger."""

    def __init__(self, folder: Path, *texts: str) -> None:
        super().__init__(None, SimpleNamespace(database="none"), self)  # type: ignore[arg-type]
        self.folder, self.texts = folder, list(texts)
        self.read: list[int] = []

    def browse(self, repository: str) -> Browsing:
        assert repository == "r"
        return Browsing(self.folder)

    def _ask(self, sql: str, source: str, **_: Any) -> list[list[Any]]:
        assert source == ("" if sql == attributing._MERGED else "agent:r")
        if sql == attributing._CLAIMS:
            return [[n] for n in range(len(self.texts))][: attributing.MOST_CLAIMS]
        return [[0, 0]] if sql == attributing._COUNTED else []

    def _payload(self, position: int) -> dict[str, Any]:
        self.read.append(position)
        return {"claim": {"form": "agent-trace", "commit": "", "text": self.texts[position]}}


@pytest.fixture
def work(tmp_path: Path) -> tuple[Path, str]:
    def git(*words: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    (tmp_path / "pay.py").write_text("x = 1\n")
    git("add", "pay.py")
    git("commit", "-qm", "one")
    return tmp_path / ".git", git("rev-parse", "HEAD")


def claim(commit: str, kind: str) -> str:
    conversation = {"url": "good", "contributor": {"type": kind}, "ranges": [{"start_line": 1, "end_line": 1}]}
    return json.dumps({"version": "0.1.0", "vcs": {"type": "git", "revision": commit},
                       "files": [{"path": "pay.py", "conversations": [conversation]}]})  # fmt: skip


@pytest.mark.parametrize("kind", ["human", "ai"])
def test_what_is_only_claimed_is_told_and_not_seen(work: tuple[Path, str], kind: str) -> None:
    folder, commit = work
    made = Given(folder, claim(commit, kind))
    for _ in range(2):
        note = made.notes("r", "agent:r").notes.get(commit, "pay.py")
        assert note is not None
        ((start, end, origin),) = note.ranges
        assert (start, end, origin.kind, origin.session) == (1, 1, kind, "good")
        seen = made.seen("r", "agent:r").notes.get(commit, "pay.py")
        assert seen is None or not seen.ranges
    # Each is made once, and a claim more makes anew only what has claims in it.
    without = made.seen("r", "agent:r")
    with_them = made.notes("r", "agent:r")
    made.texts.append(claim(commit, kind))
    assert made.seen("r", "agent:r") is without
    assert made.notes("r", "agent:r") is not with_them


def test_where_nobody_claims_anything_both_are_one(work: tuple[Path, str]) -> None:
    made = Given(work[0])
    assert made.notes("r", "agent:r") is made.seen("r", "agent:r")


def test_so_many_claims_are_read_and_no_more(work: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, commit = work
    text = claim(commit, "human")
    monkeypatch.setattr(attributing, "MOST_CLAIMS", 3)
    made = Given(folder, *[text] * 3)
    made.notes("r", "agent:r")
    assert made.read == [0, 1, 2]
    more = Given(folder, *[text] * 4)
    more.notes("r", "agent:r")
    assert more.read == [0, 1, 2]
    monkeypatch.setattr(attributing, "MOST_CLAIMED_TEXT", len(text))
    long = Given(folder, *[text] * 3)
    long.notes("r", "agent:r")
    assert long.read == [0, 1]


def test_of_what_is_told_about_a_commit_the_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    oid = "1" * 40

    def ask(*_: object, **__: object) -> Sequence[Sequence[Any]]:
        return [[f"e{n}", 0, "code.reviewed", "approved", "", "bob", "forge", "", [oid]] for n in range(60)]

    monkeypatch.setattr(PushFacts, "_ask", ask)
    found = PushFacts.__new__(PushFacts)._told([oid], {})[oid]
    assert [found[0].event, found[-1].event] == ["e9", "e59"]
    assert len(found) == push_facts._MOST_TOLD + 1  # that there are more is seen by the one too many


def test_of_a_commit_made_of_a_branch_reviews_of_the_branch_are_told_and_nothing_else_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    squash, head, other = "1" * 40, "2" * 40, "3" * 40
    rows: list[list[Any]] = [
        ["e1", 0, "code.reviewed", "review.submitted", "", "bob", "github.webhook", "approved", [head]],
        ["e2", 0, "ci.run", "completed", "success", "ci", "github.webhook", "", [head]],
        ["e3", 0, "ci.run", "completed", "failure", "ci", "github.webhook", "", [squash]],
        ["e4", 0, "code.reviewed", "pull_request.merged", "", "bob", "github.webhook", "", [head, squash]],
        ["e5", 0, "code.reviewed", "review.submitted", "", "eve", "github.webhook", "approved", [other]],
    ]
    asked: list[Any] = []

    def ask(*_: object, **given: Any) -> Sequence[Sequence[Any]]:
        asked.append(given["oids"])
        return [row for row in rows if set(row[-1]) & set(given["oids"])]

    monkeypatch.setattr(PushFacts, "_ask", ask)
    found = PushFacts.__new__(PushFacts)._told([squash], {squash: head, other: "4" * 40})
    assert [one.event for one in found[squash]] == ["e1", "e3", "e4"]
    assert asked == [[squash, head]]

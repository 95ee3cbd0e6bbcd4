"""Who wrote the lines of commits, written for other programs and read from them: a real server, a real Git."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx
import pytest

from support.attributing.sent import send_edit
from support.capturing import Person, git
from support.program import serving
from vestige.attribution import agent_trace, git_ai
from vestige.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.program import Running

REMOTE = "https://gitlab.example.org/team/shop.git"
NAME = "gitlab.example.org/team/shop"
BEFORE = "import money\n"
AFTER = "import money\n\n\ndef total(basket):\n    return money.sum(basket)\n"


class Told:
    """A repository whose second commit an agent wrote, at a server."""

    def __init__(self, ann: Person, folder: Path, commit: str) -> None:
        self.ann, self.folder, self.commit = ann, folder, commit

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Standard output and error of a command in the repository, within this process."""
        out, said = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.ann.env, clear=True), contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out), contextlib.redirect_stderr(said),
        ):  # fmt: skip
            done = main(words)
        assert done == code, (words, done, out.getvalue(), said.getvalue())
        return out.getvalue(), said.getvalue()

    def lines(self, path: str, rev: str = "HEAD") -> list[tuple[str, str, str]]:
        found: dict[str, Any] = json.loads(self.run("blame", path, "--rev", rev, "--json")[0])
        lines = [("unknown", "", "")] * found["lines"]
        for one in found["ranges"]:
            lines[one["start"] - 1 : one["end"]] = [(one["class"], one["grade"], one["session"])] * (
                one["end"] - one["start"] + 1
            )
        return lines


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("exchange") / "data") as running:
        yield running


def repository(server: Running, folder: Path, name: str = "shop") -> Told:
    """A working copy with an agent's commit in it, captured and pushed."""
    home = folder / "home"
    home.mkdir(parents=True)
    ann = Person(home, {"VESTIGE_TOKEN": server.token or "", "VESTIGE_SERVER": server.url})
    where = ann.repository(remote=REMOTE.replace("shop", name))
    (where / "pay.py").write_text(BEFORE)
    git(where, "add", "-A", env=ann.env)
    git(where, "commit", "-qm", "by hand", env=ann.env)
    (where / "pay.py").write_text(AFTER)
    git(where, "commit", "-qam", "total", env=ann.env)
    commit = git(where, "rev-parse", "HEAD", env=ann.env)
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=60) as client:
        send_edit(client, NAME.replace("shop", name), commit, "pay.py", (BEFORE, AFTER), session=f"s-{name}", call="c1")
    told = Told(ann, where, commit)
    told.run("code", "push")
    return told


def test_what_is_known_is_exported_and_read_by_git_itself(server: Running, tmp_path: Path) -> None:
    told = repository(server, tmp_path / "one", "one")
    agents = [("ai", "observed", "s-one")] * 4
    assert told.lines("pay.py")[1:] == agents
    record = json.loads(told.run("attribution", "export")[0])
    assert (record["version"], record["vcs"]["revision"]) == ("0.1.0", told.commit)
    (conversation,) = record["files"][0]["conversations"]
    assert (conversation["contributor"]["type"], conversation["ranges"]) == ("ai", [{"start_line": 2, "end_line": 5}])
    note = told.run("attribution", "export", "--form", "git-ai")[0]
    ((start, end, origin),) = git_ai.read(note)["pay.py"]
    assert (start, end, origin.session) == (2, 5, "s-one")
    # Every commit of a range, one a line; a note is of one.
    rows = told.run("attribution", "export", "HEAD~2..HEAD")[0].splitlines()
    assert [agent_trace.read(row.encode())[0] for row in rows][-1] == told.commit
    assert len(rows) == 2
    assert "one commit" in told.run("attribution", "export", "HEAD~2..HEAD", "--form", "git-ai", code=2)[1]
    # Into the repository, as Git itself reads it, by the committer that was named.
    words = ("attribution", "export", "HEAD~2..HEAD", "--notes", "--committer", "Notes Bot <notes@example.org>")
    assert "2 of 2 notes" in told.run(*words)[1]
    done = subprocess.run(["git", "notes", "--ref=ai", "show", told.commit], cwd=told.folder, capture_output=True,
                          check=True)  # fmt: skip
    assert done.stdout.decode() == note
    assert git(told.folder, "log", "-1", "--format=%cn <%ce>", "refs/notes/ai") == "Notes Bot <notes@example.org>"
    assert "0 of 2 notes" in told.run(*words)[1]
    # What another program wrote stays, unless it is said otherwise.
    git(told.folder, "notes", "--ref=ai", "add", "-f", "-m", "theirs", told.commit)
    assert "another program wrote a note" in told.run(*words, code=1)[1]
    assert git(told.folder, "notes", "--ref=ai", "show", told.commit) == "theirs"
    assert "1 of 2 notes" in told.run(*words, "--force")[1]
    assert git(told.folder, "notes", "--ref=ai", "show", told.commit) == note.strip()
    assert "no such commit" in told.run("attribution", "export", "0" * 40, code=1)[1]
    assert "nobody who could commit" in told.run(*words[:4], "--committer", "nobody", code=2)[1]


def test_what_others_say_fills_what_nobody_saw_and_never_more(server: Running, tmp_path: Path) -> None:
    told = repository(server, tmp_path / "two", "two")
    by_hand = git(told.folder, "rev-parse", "HEAD~1", env=told.ann.env)
    note = git_ai.write(by_hand, {}, version="x").replace(
        '"sessions": {}',
        '"sessions": {"s_0123456789abcd": {"agent_id": {"tool": "other", "id": "their-session", "model": "m"}}}',
    )
    note = f"pay.py\n  s_0123456789abcd::t_0123456789abcd 1\n{note}"
    claimed_all = f"pay.py\n  s_0123456789abcd::t_0123456789abcd 1-5\n---{note.partition(chr(10) + '---')[2]}"
    for commit, text in ((by_hand, note), (told.commit, claimed_all)):
        blob = subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=told.folder, input=text.encode(),
                              capture_output=True, check=True).stdout.decode().strip()  # fmt: skip
        git(told.folder, "notes", "--ref=ai", "add", "-f", "-C", blob, commit)
    found = json.loads(told.run("attribution", "import", "--notes", "--json")[0])
    assert found == {"claims": 2, "new": 2, "unused": 0}
    theirs = ("ai", "inferred", "their-session")
    assert told.lines("pay.py", "HEAD~1") == [theirs]
    # What was seen stays as it was seen; only the line that nobody saw is theirs.
    assert told.lines("pay.py") == [theirs, *[("ai", "observed", "s-two")] * 4]
    # Again: nothing is new. As evidence it is in the ledger, under the repository's own source.
    assert json.loads(told.run("attribution", "import", "--notes", "--json")[0])["new"] == 0
    events = [json.loads(row) for row in told.run("search", "type:code.claimed", "--json")[0].splitlines()]
    mine = [one for one in events if one["source"] == f"agent:{NAME.replace('shop', 'two')}"]
    assert len(mine) == 2
    assert all(one["attributes"]["claim"]["form"] == "git-ai" for one in mine)


def test_an_exported_record_comes_back_as_a_claim_and_a_wrong_one_is_told(server: Running, tmp_path: Path) -> None:
    told = repository(server, tmp_path / "three", "three")
    record = told.run("attribution", "export", "-o", str(tmp_path / "trace.json"))
    assert record[0] == ""
    # The same commit in a repository where nothing was captured.
    git(told.folder, "remote", "set-url", "origin", REMOTE.replace("shop", "four"))
    told.run("code", "push")
    assert told.lines("pay.py") == [("unknown", "", "")] * 5
    assert json.loads(told.run("attribution", "import", str(tmp_path / "trace.json"), "--json")[0])["unused"] == 0
    # The ranges are those that were seen; that they were is only said.
    assert told.lines("pay.py") == [("unknown", "", ""), *[("ai", "inferred", "s-three")] * 4]
    ranges = json.loads(told.run("blame", "pay.py", "--json")[0])["ranges"]
    assert {one["prompt"] for one in ranges} == {""}
    text = (tmp_path / "trace.json").read_text()
    wrong = {
        "more lines than there are": text.replace('"end_line":5', '"end_line":9'),
        "another file": text.replace("pay.py", "nothing.py"),
        "a commit that is not here": text.replace(told.commit, "0" * 39 + "1"),
        "no record": '{"version": "9"}',
    }
    before = told.lines("pay.py")
    for why, content in wrong.items():
        (tmp_path / "wrong.json").write_text(content)
        out, said = told.run("attribution", "import", str(tmp_path / "wrong.json"), "--json", code=3)
        assert json.loads(out) == {"claims": 1, "new": 1, "unused": 1}, why
        assert said, why
    assert told.lines("pay.py") == before


def test_a_claim_is_kept_without_its_secrets(server: Running, tmp_path: Path) -> None:
    told = repository(server, tmp_path / "five", "five")
    secret = "ghp_" + "a7Bq2Zr9Lx4Wm1Kt8Yv3Nc6Pd5Hs0Jf2Gu7E"
    record = json.loads(told.run("attribution", "export")[0])
    record["metadata"]["said"] = f"use {secret} for it"
    (tmp_path / "trace.json").write_text(json.dumps(record))
    assert json.loads(told.run("attribution", "import", str(tmp_path / "trace.json"), "--json")[0])["new"] == 1
    events = told.run("search", "type:code.claimed", "--json")[0]
    assert "redacted" in events
    assert secret not in events

"""From an outage to the prompt that a line was written at: each step from what the one before said, each proved.

What is found is compared with what the story planted before anything was read; no id is known beforehand. Proofs are
checked by the program that comes with the documentation, which is not ours to run: the standard library and openssl.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.program import Vestige, serving
from support.world import world_in
from vestige.app import retell
from vestige.demo.payments import NAME, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 2026
EVENTS = 1000
CHECK = Path(__file__).resolve().parents[2] / "docs/examples/check_record.py"
TRUTH = tell(SEED).truth


class Walk:
    """The command line at a demonstration under way."""

    def __init__(self, vestige: Vestige, folder: Path) -> None:
        self.vestige = vestige
        self._folder = folder
        self._key = str(vestige.json("ledger", "keys")["vkey"])

    def proved(self, entry: str) -> bytes:
        """The exact bytes of an entry, once they are proved."""
        raw = self.vestige.ok("show", entry, "--raw")
        done = self.checked(entry, raw)
        assert done.stdout.startswith("PROVED: "), (entry, done.stdout, done.stderr)
        return raw

    def checked(self, entry: str, raw: bytes) -> subprocess.CompletedProcess[str]:
        """The verifier's word on whether these bytes are those of an entry."""
        files = [self._folder / name for name in ("raw", "opening", "proof")]
        files[0].write_bytes(raw)
        for file in files[1:]:
            file.write_bytes(self.vestige.ok("show", entry, f"--{file.name}"))
        command = [sys.executable, "-I", str(CHECK), *map(str, files), self._key]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def commit_of(self, event: str) -> str:
        """The commit that an event names."""
        keys = self.vestige.json("show", event)["keys"]
        (commit,) = [key["value"] for key in keys if key["kind"] == "commit"]
        return str(commit)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("walk")
    with serving(folder / "data", "--demo", "--events", str(EVENTS)) as server:
        assert server.process.stderr is not None
        said = b""
        while b"the demonstration is ready" not in said:
            said = server.process.stderr.readline()
            assert said, "the demonstration ended before it was ready"
        walk = Walk(Vestige(folder / "data"), folder)
        due = time.monotonic() + 60
        while walk.vestige.json("agent", "show", TRUTH.session)["sealed"] != "all":
            assert time.monotonic() < due, "what is told is not sealed"
        yield walk


def test_the_outage_leads_to_the_prompt(walk: Walk) -> None:
    vestige = walk.vestige
    # The outage: the first error of the burst says which commit was running, and where in it charges wait.
    (outage,) = vestige.lines(
        "search", "source:payments.jsonl type:service.error severity:high", "--limit", "1", "--order", "asc"
    )
    said = walk.proved(outage["id"])
    assert walk.checked(outage["id"], said.replace(b"pool", b"loop", 1)).returncode != 0
    # What belongs with it: among it the roll-out just before, over the commit that both name.
    chain = vestige.json("chain", outage["id"])
    reasons = {link["to"]: link for link in chain["links"]}
    deploys = [
        event for event in chain["events"]
        if event["event_type"] == "deploy.completed" and event["occurred_at"] < outage["occurred_at"]
    ]  # fmt: skip
    deploy = max(deploys, key=lambda event: str(event["occurred_at"]))
    assert reasons[deploy["id"]]["key"] == "commit"
    walk.proved(deploy["id"])
    # The commit, in whichever repository has it.
    commit = vestige.json("code", "commit", walk.commit_of(deploy["id"]))
    assert (commit["oid"], commit["repository"]["name"]) == (TRUTH.commit, NAME)
    assert TRUTH.commit.encode() in walk.proved(commit["seal"])
    # The line: where the error says that charges wait.
    place = outage["attributes"]
    (file,) = [one for one in commit["files"] if one["path"] == place["path"]]
    (one,) = [one for one in file["attribution"]["ranges"] if one["start"] <= place["line"] <= one["end"]]
    assert (place["path"], place["line"]) == (TRUTH.path, TRUTH.line)
    assert (one["class"], one["grade"], one["call"]) == ("ai", "observed", TRUTH.call)
    added = {line["new"]: line["text"] for hunk in file["hunks"] for line in hunk["lines"] if line["kind"] == "+"}
    assert added[place["line"]] == TRUTH.text
    # The session, told by two witnesses who agree, and the call in it.
    session = vestige.json("agent", "show", one["session"])
    assert (session["id"], session["agent"]) == (TRUTH.session, "claude-code")
    assert (session["coverage"]["share"], session["holes"], session["sealed"]) == (1.0, [], "all")
    walk.proved(session["seal"]["id"])
    prompted = [turn for turn in session["turns"] if "prompt" in turn]
    (turn,) = [turn for turn in prompted if one["prompt"] in turn["prompt"]["evidence"]["hooks"]]
    told = {event["id"] for event in vestige.lines("search", f'key:custom="tool_use:{one["call"]}"')}
    (call,) = [item for item in turn["items"] if told & {entry for ids in item["evidence"].values() for entry in ids}]
    assert call["edits"][0]["path"].endswith(f"/{TRUTH.path}")
    for entry in {entry.partition(".")[0] for entry in told}:
        assert TRUTH.call.encode() in walk.proved(entry)
    # The prompt: what was asked for, as it was typed.
    assert vestige.json("show", one["prompt"])["message"] == TRUTH.prompt
    assert TRUTH.prompt.encode() in walk.proved(one["prompt"])


def test_the_way_back_is_there(walk: Walk) -> None:
    vestige = walk.vestige
    session = next(
        one for one in vestige.lines("agent", "sessions", "--repository", NAME) if one["id"] == TRUTH.session
    )
    named = [one["commit"] for one in vestige.json("agent", "show", session["id"])["commits"]]
    # A session names its commit by the few digits that Git printed: they are enough.
    assert {vestige.json("code", "commit", one)["oid"] for one in named} == {TRUTH.commit}
    events = vestige.lines("search", f"key:commit={TRUTH.commit}", "--limit", "1000")
    kinds = {event["event_type"] for event in events}
    assert {"code.committed", "code.pushed", "ci.run", "deploy.started", "deploy.completed", "service.error"} <= kinds


def test_a_person_reads_it(walk: Walk) -> None:
    done = walk.vestige.run("code", "commit", TRUTH.commit[:10])
    said = done.stdout.decode()
    assert f"{TRUTH.commit}  {NAME}" in said
    assert f"A observed [1]   {TRUTH.call[:16]} {TRUTH.line:>5} | {TRUTH.text}" in said
    assert f"[1] session {TRUTH.session}, prompt " in done.stderr.decode()
    # What a person typed after the agent is not the agent's.
    (typed,) = [line for line in said.splitlines() if "timed out, again" in line]
    assert typed.startswith("M observed")
    for wrong, words in (("f" * 40, "no repository here has that commit"), ("HEAD", "no name of a commit")):
        refused = walk.vestige.run("code", "commit", wrong)
        assert refused.returncode in {1, 2}
        assert words in refused.stderr.decode()


def test_every_session_of_the_story_is_told_whole(walk: Walk) -> None:
    found = walk.vestige.lines("agent", "sessions", "--repository", NAME)
    assert {one["id"] for one in found} == {name.removesuffix(".jsonl") for name in tell(SEED).transcripts}
    for one in found:
        assert (one["agent"], one["coverage"]["share"], one["coverage"]["holes"]) == ("claude-code", 1.0, 0), one
        assert one["cost"]["usd"] is not None


def test_without_git_it_is_said_what_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    with world_in(tmp_path / "data") as world:
        monkeypatch.setattr(shutil, "which", lambda _: None)
        assert "no program `git`" in retell(world.installation, stop)
        client = world.client("here")
        assert client.get("/v1/code/repositories").json() == {"repositories": []}
        assert client.get(f"/v1/agents/sessions/{TRUTH.session}").json()["coverage"]["by"] == {"hooks": 5}
        # With it, the next start brings what was missing, and the one after that nothing.
        monkeypatch.undo()
        assert retell(world.installation, stop) == ""
        head = world.head
        assert retell(world.installation, stop) == ""
        assert world.head == head
        (told,) = client.get("/v1/code/repositories", params={"commit": TRUTH.commit[:7]}).json()["repositories"]
        assert (told["name"], told["commit"]) == (NAME, TRUTH.commit)

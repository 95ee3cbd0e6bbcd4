"""A scripted agent with faults, from hooks and transcript to what is said of it: less is known, nothing wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from support.attributing.faking import FAULTS, OUTPUT, FakeAgent, Judged
from support.capturing import git, person
from support.program import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = ("write", "edit", "shell", "denied", "failed", "last")
EXPECTED: dict[str, set[tuple[str, str]]] = {
    "none": set(),
    "missing hook": {("hook_missed", "shell")},
    "torn line": {("unread", ""), ("unread", "shell")},
    "duplicate": set(),
    "clock skew": set(),
    "deleted transcript": {("one_witness", ""), ("transcript_missing", "")},
    "lagging transcript": set(),
}
"""By fault, what is named as missing, of which call."""
UNSEEN = {"missing hook": 4 + 3}
"""Lines that hooks did not tell everything of: the shell's, and those of a call while the shell's end was not heard."""


class Seen(NamedTuple):
    """What is said of one session, and of its lines."""

    agent: FakeAgent
    early: dict[str, Any]
    """Before the rest of a transcript that lags came."""
    found: dict[str, Any]
    judged: Judged


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """Every fault, one session each, one after another in one repository."""
    place = tmp_path_factory.mktemp("faulty")
    with person(place / "ann") as ann, serving(place / "data") as server:
        ann.extra |= {"VESTIGE_TOKEN": server.token or "", "VESTIGE_SERVER": server.url}
        folder = ann.repository(remote="https://gitlab.example.org/team/faulty.git")
        ann.told(folder, "agent", "init", "--server", server.url)
        ann.warm(folder)
        agents = [FakeAgent(ann, folder, fault) for fault in FAULTS]
        for agent in agents:
            agent.work()
        assert ann.told(folder, "agent", "flush")["waiting"] == []
        ann.vestige(folder, "code", "push")
        with httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=120
        ) as client:

            def settled(at: str, **params: str) -> Any:
                while "index_lag" in (answer := client.get(at, params=params).raise_for_status().json()):
                    time.sleep(0.1)
                return answer

            def taken(*, whole: bool) -> dict[str, Any]:
                _import(place / "transcripts", agents, whole=whole)
                ann.told(folder, "import", str(place / "transcripts"), code=0 if whole else 3)
                return {agent.fault: settled(f"/v1/agents/sessions/{agent.session}") for agent in agents}

            early, found = taken(whole=False), taken(whole=True)
            (repository,) = client.get("/v1/code/repositories").json()["repositories"]
            answers = {}
            for agent in agents:
                judged = Judged()
                for path in agent.files():
                    told = settled(f"/v1/code/repositories/{repository['id']}/lines", path=path)
                    judged.file(git(folder, "show", f"HEAD:{path}").splitlines(), told, agent)
                answers[agent.fault] = Seen(agent, early[agent.fault], found[agent.fault], judged)
        yield answers


def _import(folder: Path, agents: list[FakeAgent], *, whole: bool) -> None:
    """Lay the transcripts down as they are found."""
    folder.mkdir(exist_ok=True)
    for agent in agents:
        if content := agent.transcript(whole=whole):
            (folder / f"{agent.session}.jsonl").write_bytes(content)


def named(found: dict[str, Any], agent: FakeAgent) -> set[tuple[str, str]]:
    """What is named as missing, by reason and what the call was to do."""
    uses = {use: what for what, use in agent.calls.items()}
    return {(hole["reason"], uses.get(hole.get("use", ""), "")) for hole in found["holes"]}


@pytest.mark.parametrize("fault", FAULTS)
def test_coverage_falls_by_the_call_that_is_missing_and_says_why(seen: dict[str, Seen], fault: str) -> None:
    agent, early, found, _ = seen[fault]
    covered = found["coverage"]
    assert named(found, agent) == EXPECTED[fault], found["holes"]
    missing = len({what for _, what in EXPECTED[fault]} - {""})
    if fault == "deleted transcript":
        assert (covered["share"], covered["complete"]) == (None, False)
    else:
        assert covered["share"] == round((len(CALLS) - missing) / len(CALLS), 4)
        assert covered["complete"] is (EXPECTED[fault] == set())
    assert found["tool_calls"] == len(CALLS)
    if fault == "lagging transcript":
        # What has not come yet is told; when it has, nothing is missing any more.
        assert ("transcript", "last") in named(early, agent)
        assert early["coverage"]["share"] < covered["share"] == 1.0


@pytest.mark.parametrize("fault", FAULTS)
def test_tokens_are_counted_once_and_denied_and_failed_calls_change_nothing(seen: dict[str, Seen], fault: str) -> None:
    agent, _, found, _ = seen[fault]
    told = 0 if fault == "deleted transcript" else agent.answers
    assert (found["tokens"]["answers"], found["tokens"]["output"]) == (told, told * OUTPUT)
    assert found["denials"] == 1
    assert found["prompts"] == 1
    edits = {edit["path"]: edit.get("outcome") for turn in found["turns"] for item in turn["items"]
             if item.get("tool_use_id") in {agent.calls["denied"], agent.calls["failed"]}
             for edit in item.get("edits", ())}  # fmt: skip
    assert "success" not in edits.values()


@pytest.mark.parametrize("fault", FAULTS)
def test_no_line_is_said_to_be_anothers(seen: dict[str, Seen], fault: str) -> None:
    agent, _, _, judged = seen[fault]
    precision, recall = judged.figures()
    print(
        f"{agent.fault:20} observed precision {precision:.4f} recall {recall:.4f} {dict(sorted(judged.counts.items()))}"
    )
    assert judged.wrong == []
    assert precision == 1.0
    known = judged.counts["agents"] - UNSEEN.get(fault, 0)
    assert judged.counts["right observed"] >= 0.95 * known
    assert judged.counts["agents"] == 15

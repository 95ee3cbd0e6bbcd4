"""Sessions of coding agents, taken in as a person would: every record accounted for, and found by what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.program import Vestige
from support.samples.agents import SAMPLES, rollout

if TYPE_CHECKING:
    from pathlib import Path


def adds_up(report: dict[str, Any]) -> bool:
    return bool(report["records"] == report["parsed"] + report["unparsed"] + report["duplicates"] + report["skipped"])


@pytest.mark.corpus
def test_every_transcript_and_payload_is_taken_in_and_again_adds_nothing(corpus: Path, tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    report = vestige.json("import", str(corpus / "ai-sessions"), code=3)
    assert adds_up(report)
    assert report["formats"] == {"claude_code": 60, "copilot": 7, "cursor": 1, "json": 7, "mixed": 1}
    assert (report["unparsed"], report["skipped"], report["duplicates"]) == (3, 521, 0)
    # Files of no bytes, and a page about the files.
    assert report["skipped_files"] == 10
    again = vestige.json("import", str(corpus / "ai-sessions"), code=3)
    assert adds_up(again)
    assert again["duplicates"] == again["records"] == report["records"]
    edits = vestige.lines("search", "type:agent.edit outcome:success")
    assert len(edits) == 166
    assert sum(edit["attributes"].get("lines_added", 0) for edit in edits) > 1000
    session = vestige.lines("search", "session:258c7280-ae70-4798-800f-63464d01a85d type:agent.compacted")
    assert len(session) == 1


def test_a_session_is_found_by_its_calls_files_and_commits(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    (tmp_path / "in").mkdir()
    for name, members in SAMPLES.items():
        for number, member in enumerate(members):
            (tmp_path / "in" / f"{name}-{number}").write_bytes(member)
    report = vestige.json("import", str(tmp_path / "in"))
    assert adds_up(report)
    assert report["unparsed"] == 0
    assert set(report["formats"]) == set(SAMPLES)
    calls = vestige.lines("search", "key:custom=tool_use:toolu_1")
    assert {event["event_type"] for event in calls} == {"agent.tool_use", "agent.tool_result", "agent.edit"}
    assert {event["source"] for event in calls} == {"claude-code", "claude-code.hooks"}
    commits = vestige.lines("search", "key:commit=1a2b3c4")
    assert [event["event_type"] for event in commits] == ["agent.tool_result"]
    edits = vestige.lines("search", "attributes.lines_added:2 type:agent.edit")
    assert {event["object"]["id"] for event in edits} == {"/w/app/pay.py", "/w/app/new.py"}
    assert vestige.lines("search", "session:c0de-1 type:agent.usage")[0]["attributes"]["cache_read_tokens"] == 60


def test_a_session_that_went_on_adds_its_tail_in_the_same_session(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    (member,) = SAMPLES["codex"]
    path = tmp_path / "rollout.jsonl"
    path.write_bytes(member)
    vestige.json("import", str(path))
    said = rollout("event_msg", {"type": "user_message", "message": "and then?"}, 6)
    path.write_bytes(member + json.dumps(said).encode() + b"\n")
    report = vestige.json("import", str(path))
    assert (report["duplicates"], report["parsed"]) == (9, 1)
    prompts = vestige.lines("search", "type:agent.prompt")
    assert {(event["message"], event["session"]) for event in prompts} == {
        ("list it", "c0de-1"),
        ("and then?", "c0de-1"),
    }

"""Hook payloads: all events of Claude Code, other agents' of the same form, and names nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.agent_events import customs, events_of, of_type, told
from support.samples.agents import EDIT, HOOKS
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import format_named
from vestige.sources.agents.claude_code_hooks import EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = {"session_id": "s", "transcript_path": "/t", "cwd": "/w/app"}
CALL: dict[str, Any] = {
    "tool_name": "Edit", "tool_use_id": "toolu_1",
    "tool_input": {"file_path": "/w/app/a", "old_string": "x", "new_string": "y"},
}  # fmt: skip
RUN: dict[str, Any] = {"tool_name": "Bash", "tool_use_id": "toolu_2", "tool_input": {"command": "git commit -m x"}}


def hook(name: str, form: str = "claude_code_hooks", **fields: Any) -> list[Any]:
    return events_of(form, {**BASE, "hook_event_name": name, **fields})


def kinds(events: list[Any]) -> list[tuple[str, str]]:
    return [(event.event_type.removeprefix("agent."), event.outcome) for event in events]


def test_there_are_33_events() -> None:
    assert len(EVENTS) == 33


@pytest.mark.parametrize("name", [*sorted(EVENTS), "OfNextYear"])
def test_every_event_gives_events_of_the_vocabulary_in_its_session(name: str) -> None:
    events = hook(name, **CALL, message="m", error="e", to_model="b", from_model="a", trigger="auto")
    assert events
    for event in events:
        assert event.event_type in VOCABULARY
        assert event.session == "s"
        assert event.occurred_at is None
        assert event.message
    assert told(events[0])["hook_event_name"] == name


def test_only_what_has_happened_is_told_as_done() -> None:
    assert kinds(hook("PreToolUse", **CALL)) == [("tool_use", "")]
    assert kinds(hook("PostToolUse", **CALL, tool_response=EDIT)) == [("tool_result", "success"), ("edit", "success")]
    failed = hook("PostToolUseFailure", **CALL, error="not found")
    assert kinds(failed) == [("tool_result", "failure"), ("edit", "failure")]
    assert "lines_added" not in told(failed[1])
    denied = hook("PermissionDenied", **CALL, reason="no")
    assert kinds(denied) == [("permission_denied", "failure"), ("edit", "failure")]
    assert denied[1].tags == ("agent:denied",)


def test_an_edits_lines_come_from_the_answer() -> None:
    (_, edit) = hook("PostToolUse", **CALL, tool_response=EDIT)
    assert (edit.object_id, told(edit)["lines_added"], told(edit)["lines_removed"]) == ("/w/app/pay.py", 2, 1)
    (_, unknown) = hook("PostToolUse", **CALL)
    assert (unknown.object_id, "lines_added" in told(unknown)) == ("/w/app/a", False)


def test_a_command_is_told_with_its_commit_and_how_it_ended() -> None:
    good = hook("PostToolUse", **RUN, tool_response={"stdout": "[main abcdef1] x\n", "stderr": ""})
    assert kinds(good) == [("tool_result", "success"), ("command", "success")]
    assert ("commit", "abcdef1") in good[1].keys
    bad = hook("PostToolUseFailure", **RUN, error="Exit code 1", exit_code=1)
    assert kinds(bad) == [("tool_result", "failure"), ("command", "failure")]
    assert told(bad[1])["exit_code"] == 1


def test_a_call_of_an_mcp_server_names_it() -> None:
    (event,) = hook("PreToolUse", tool_name="mcp__postgres__query", tool_use_id="t", tool_input={"sql": "x"})
    assert (event.object_id, "tool_use:t" in customs(event)) == ("mcp__postgres__query", True)
    (asked,) = hook("PermissionRequest", tool_name="Bash", tool_input={"command": "ls"})
    assert (asked.event_type, asked.object_id) == ("agent.permission_asked", "Bash")


def test_a_model_switch_names_both() -> None:
    (event,) = hook("PostModelSwitch", from_model="opus", to_model="haiku")
    assert (event.event_type, event.object_id, event.object_type) == ("agent.model_switched", "haiku", "model")


def test_a_subagents_events_bear_it() -> None:
    (event,) = hook("SubagentStop", agent_id="a1", agent_type="Explore", last_assistant_message="done")
    assert (event.event_type, event.actor_name) == ("agent.subagent_stopped", "a1")
    assert "subagent:a1" in customs(event)


def test_other_agents_hooks_of_the_same_form_are_theirs() -> None:
    (codex, *_) = hook("PostToolUse", turn_id="t", model="gpt-5", tool_name="apply_patch", tool_input={
        "command": "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"})  # fmt: skip
    assert codex.actor_id == "codex"
    copilot = hook("PostToolUse", tool_name="create", tool_input={"path": "/w/n", "file_text": "x"},
                   tool_result={"result_type": "denied", "text_result_for_llm": "no"})  # fmt: skip
    assert copilot[0].actor_id == "copilot-cli"
    assert kinds(copilot) == [("permission_denied", "failure"), ("edit", "failure")]


def test_a_patch_names_each_file_and_counts_its_lines() -> None:
    patch = (
        "*** Begin Patch\n*** Add File: n.py\n+a\n+b\n*** Update File: o.py\n*** Move to: p.py\n@@\n-x\n+y\n z\n"
        "*** Delete File: q.py\n*** End Patch"
    )
    edits = of_type(hook("PostToolUse", tool_name="apply_patch", tool_input=patch), "edit")
    assert [(e.object_id, told(e)["how"], told(e).get("lines_added"), told(e).get("lines_removed")) for e in edits] == [
        ("n.py", "created", 2, 0), ("p.py", "moved", 1, 1), ("q.py", "deleted", 0, None),
    ]  # fmt: skip


def test_gemini_and_cursor_write_names_their_own_way() -> None:
    events = hook("after_tool", "gemini_hooks", tool_name="write_file", tool_input={"file_path": "t.go"},
                  tool_response={"error": {"message": "disk full"}})  # fmt: skip
    assert kinds(events) == [("tool_result", "failure"), ("edit", "failure")]
    assert events[0].actor_id == "gemini-cli"
    edited = events_of("cursor_hooks", {"conversation_id": "c", "hook_event_name": "afterFileEdit", "file_path": "/a"})
    assert kinds(edited) == [("edit", "success")]
    assert (edited[0].actor_id, edited[0].session) == ("cursor", "c")


def test_whose_a_payload_is_goes_by_its_fields() -> None:
    def mine(record: Mapping[str, object]) -> list[str]:
        names = ("claude_code_hooks", "gemini_hooks", "cursor_hooks")
        return [name for name in names if format_named(name).mine(record)]  # type: ignore[attr-defined]

    assert mine(HOOKS[0]) == ["claude_code_hooks"]
    assert mine({"hook_event_name": "PostToolUse", "cursor_version": "1", "cwd": "/"}) == ["cursor_hooks"]
    assert mine({"hook_event_name": "before_tool", "session_id": "s"}) == ["gemini_hooks"]
    assert mine({"hook_event_name": "nonsense"}) == []
    assert mine({"message": "PostToolUse"}) == []


def test_lines_end_at_line_feeds_and_signs_count_only_in_hunks() -> None:
    diff = (
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- was\n+++ is\f+1\u2028-2\n \\ same\n"
        "\\ No newline at end of file\n@@ -9 +9 @@\n+z\n"
    )
    events = hook("AfterTool", "gemini_hooks", tool_name="replace", tool_input={"file_path": "/x"},
                  tool_response={"returnDisplay": {"fileDiff": diff}})  # fmt: skip
    (edit,) = of_type(events, "edit")
    assert (told(edit)["lines_added"], told(edit)["lines_removed"]) == (2, 1)
    patch = "*** Begin Patch\n*** Add File: n\n+a\f+b\n+c\n*** End Patch"
    (made,) = of_type(hook("PostToolUse", tool_name="apply_patch", tool_input=patch), "edit")
    assert told(made)["lines_added"] == 2

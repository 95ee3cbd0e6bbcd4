"""Codex, Gemini CLI, Copilot, OpenCode, Cursor: what each record tells, and in which session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.agent_events import customs, events_in, events_of, of_type, reading_of, told
from support.samples.agents import CODEX, COPILOT, EXPORT, GEMINI, SAMPLES, copilot, counted, rollout
from vestige.model.event import Skipped, Unparsed
from vestige.sources import Sample, detect
from vestige.sources.agents import usage_of


def kinds(events: list[Any]) -> list[str]:
    return [event.event_type.removeprefix("agent.") for event in events]


@pytest.mark.parametrize(
    ("name", "session"), [("codex", "c0de-1"), ("gemini", "9e31"), ("copilot", "c0-1"), ("opencode", "ses_1")]
)
def test_a_session_that_only_the_head_names_is_every_events(name: str, session: str) -> None:
    assert {event.session for event in events_in(SAMPLES[name][0])} == {session}


def test_a_codex_session_longer_than_the_sample_is_named_by_its_beginning() -> None:
    meta = rollout("session_meta", {"id": "c0de-2", "instructions": "x" * 70_000})
    data = json.dumps(meta).encode() + b"\n" + json.dumps(CODEX[2]).encode() + b"\n"
    assert [event.session for event in events_in(data)] == ["c0de-2", "c0de-2"]


def test_codex_is_told_step_by_step() -> None:
    events = events_in(SAMPLES["codex"][0])
    assert kinds(events) == [
        "session_started", "configured", "prompt", "thinking", "tool_use", "command", "tool_result", "status", "edit",
        "edit", "status", "usage", "message",
    ]  # fmt: skip
    started, command, result = events[0], events[5], events[6]
    assert "repository:github.com/acme/app" in customs(started)
    assert ("commit", "1a" * 20) in started.keys
    assert (command.object_id, command.outcome, result.outcome) == ("ls", "unknown", "success")
    assert [(e.object_id, told(e)["lines_added"], told(e)["lines_removed"]) for e in of_type(events, "edit")] == [
        ("/w/app/new.py", 2, 0), ("/w/app/pay.py", 2, 1),
    ]  # fmt: skip


def test_codex_input_includes_what_was_cached() -> None:
    usage = usage_of(events_of("codex", counted(100, 60, 10))[1])
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens, usage.counts) == (40, 60, 10, "total")


def test_codex_says_things_twice_and_they_are_told_once() -> None:
    again = reading_of("codex", rollout("event_msg", {"type": "agent_message", "message": "one file"}))
    assert isinstance(again, Skipped)
    limits = reading_of("codex", rollout("event_msg", {"type": "token_count", "info": None, "rate_limits": {}}))
    assert isinstance(limits, Skipped)
    (context,) = events_of("codex", rollout("response_item", {"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "<environment_context>"}]}))  # fmt: skip
    assert context.event_type == "agent.context"


def test_a_codex_patch_that_failed_changed_nothing() -> None:
    record = rollout("event_msg", {"type": "patch_apply_end", "call_id": "c", "success": False, "changes": {
        "/a": {"update": {"unified_diff": "@@ -1 +1 @@\n-a\n+b\n"}}}})  # fmt: skip
    (edit,) = of_type(events_of("codex", record), "edit")
    assert (edit.outcome, "lines_added" in told(edit)) == ("failure", False)
    assert "tool_use:c" in customs(edit)


def test_a_codex_command_that_failed_says_so() -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": "Process exited with code 2\nOutput:\nno"}
    (event,) = events_of("codex", rollout("response_item", output))
    assert event.outcome == "failure"
    (unknown,) = events_of("codex", rollout("response_item", {**output, "output": "no word of it"}))
    assert unknown.outcome == "unknown"
    assert isinstance(reading_of("codex", {"timestamp": "x", "type": "message"}), Unparsed)


def test_gemini_is_told_step_by_step_by_line_and_as_a_document() -> None:
    by_line, document = (events_in(member) for member in SAMPLES["gemini"])
    assert kinds(by_line) == [
        "session_started", "prompt", "message", "thinking", "tool_use", "tool_result", "edit", "usage", "rewound",
    ]  # fmt: skip
    assert kinds(document) == kinds(by_line)[:-1]
    assert [event.occurred_at for event in document[1:]] == [event.occurred_at for event in by_line[1:-1]]
    (edit,) = of_type(document, "edit")
    assert (edit.object_id, told(edit)["lines_added"], told(edit)["lines_removed"]) == ("/w/app/pay.py", 1, 1)


def test_gemini_thoughts_are_beside_its_output_and_not_kept() -> None:
    usage = usage_of(of_type(events_of("gemini", GEMINI[2]), "usage")[0])
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens, usage.reasoning_tokens) == (60, 40, 15, 5)
    for events in (events_of("gemini", GEMINI[2]), events_in(SAMPLES["gemini"][1])):
        assert '"description":"d"' not in "".join(event.attributes for event in events).replace(" ", "")


def test_a_gemini_call_that_was_cancelled_is_a_denial() -> None:
    call = {"id": "c", "name": "write_file", "args": {"file_path": "/a"}, "status": "cancelled"}
    events = events_of("gemini", {**GEMINI[2], "toolCalls": [call], "thoughts": [], "tokens": None, "content": ""})
    assert [(event.event_type, event.outcome) for event in events] == [
        ("agent.tool_use", ""), ("agent.permission_denied", "failure"), ("agent.edit", "failure"),
    ]  # fmt: skip


def test_copilot_is_told_step_by_step() -> None:
    events = events_in(SAMPLES["copilot"][0])
    assert kinds(events) == [
        "session_started", "prompt", "thinking", "tool_use", "command", "tool_result", "permission_denied",
        "session_ended", "usage",
    ]  # fmt: skip
    assert customs(events[0]) == {"directory:/w/app", "repository:github.com/acme/app"}
    assert ("commit", "2b" * 20) in events[0].keys
    assert {"tool_use:t-2", "permission:r-1"} <= customs(events[6])
    usage = usage_of(events[-1])
    assert usage is not None
    assert (usage.model, usage.input_tokens, usage.cache_read_tokens) == ("gpt-5", 40, 60)
    assert '"hm"' not in events[2].attributes


def test_a_copilot_event_of_another_version_is_kept() -> None:
    (event,) = events_of("copilot", copilot("session.of_next_year", {"sessionId": "s", "new": 1}))
    assert (event.event_type, event.action) == ("agent.status", "session.of_next_year")
    assert told(event)["data"] == {"sessionId": "s", "new": 1}
    assert len(events_of("copilot", *COPILOT)) == 9


def test_a_copilot_chat_is_told_by_request() -> None:
    events = events_in(SAMPLES["copilot"][1])
    assert kinds(events) == ["session_started", "prompt", "message", "status"]
    assert {event.session for event in events} == {"ch-1"}
    assert {event.actor_id or event.subject_id for event in events} == {"copilot-chat"}


def test_opencode_is_told_from_an_export_and_from_its_files() -> None:
    events = events_in(SAMPLES["opencode"][0])
    assert kinds(events) == [
        "session_started", "status", "prompt", "status", "usage", "tool_use", "tool_result", "command",
    ]  # fmt: skip
    use, result = events[5], events[6]
    assert None not in {use.occurred_at, result.occurred_at}
    assert (result.occurred_at or 0) - (use.occurred_at or 0) == 500_000_000
    usage = usage_of(events[4])
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens) == (
        5, 9, 11, 13,
    )  # fmt: skip
    assert told(events[4])["stated_cost"] == 0.01


def test_whose_a_lone_opencode_text_is_is_not_guessed() -> None:
    lone = EXPORT["messages"][0]["parts"][0]  # type: ignore[index]
    (event,) = events_of("opencode", lone)
    assert (event.event_type, event.occurred_at) == ("agent.status", None)
    (own,) = events_of("opencode", {**lone, "time": {"start": 1772355600000}})
    assert own.event_type == "agent.message"


def test_an_opencode_call_that_was_refused_is_a_denial() -> None:
    part = {"id": "prt_9", "sessionID": "s", "messageID": "m", "type": "tool", "tool": "edit", "callID": "c",
            "state": {"status": "error", "input": {"filePath": "/a"},
                      "error": "The user rejected permission to use this specific tool call."}}  # fmt: skip
    assert [(event.event_type, event.outcome) for event in events_of("opencode", part)] == [
        ("agent.tool_use", ""), ("agent.permission_denied", "failure"), ("agent.edit", "failure"),
    ]  # fmt: skip


def test_cursor_states_neither_time_nor_session() -> None:
    events = events_in(SAMPLES["cursor"][0])
    assert kinds(events) == ["prompt", "message", "tool_use", "command"]
    assert [event.message for event in events[:2]] == ["list it", "listing"]
    assert {(event.occurred_at, event.session) for event in events} == {(None, "")}


def test_cursor_says_that_it_is_unproven() -> None:
    choice = detect(Sample("", SAMPLES["cursor"][0], complete=True))
    assert "unproven" in choice.why


def test_an_edit_whose_end_no_record_states_is_told_as_asked_for() -> None:
    patch = "*** Begin Patch\n*** Update File: /a\n-x\n+y\n*** End Patch"
    (codex,) = of_type(
        events_of("codex", rollout("response_item", {
            "type": "custom_tool_call", "name": "apply_patch", "call_id": "c", "input": patch})),
        "edit",
    )  # fmt: skip
    start = copilot("tool.execution_start", {"toolCallId": "c", "toolName": "create", "arguments": {"path": "/a"}})
    (made,) = of_type(events_of("copilot", start), "edit")
    block = {"type": "tool_use", "id": "c", "name": "Write", "input": {"path": "/a", "contents": "x"}}
    (written,) = of_type(events_of("cursor", {"role": "assistant", "message": {"content": [block]}}), "edit")
    for edit in (codex, made, written):
        assert (edit.object_id, edit.outcome, "lines_added" in told(edit)) == ("/a", "unknown", False)
        assert "tool_use:c" in customs(edit)


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("git@github.com:Acme/App.git", "github.com/acme/app"),
        ("https://user:secret@git.example.org:8443/team/sub/app/", "git.example.org/team/sub/app"),
        ("ssh://git@github.com/acme/app", "github.com/acme/app"),
        ("../elsewhere", ""),
        ("x" * 5_000_000, ""),
    ],
)
def test_a_repository_has_one_name_however_its_remote_is_written(remote: str, key: str) -> None:
    (event,) = events_of("codex", rollout("session_meta", {"id": "s", "git": {"repository_url": remote}}))
    assert customs(event) == ({f"repository:{key}"} if key else set())

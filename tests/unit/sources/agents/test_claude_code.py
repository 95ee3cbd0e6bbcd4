"""Claude Code's transcripts: what was asked, answered, called, changed, denied, and what it took in tokens."""

from __future__ import annotations

import pytest

from support.agent_events import customs, events_in, events_of, of_type, reading_of, told
from support.samples.agents import CLAUDE, EDIT, SAMPLES, answered, claude, said
from vestige.model.event import Skipped, Unparsed
from vestige.sources import Sample, detect
from vestige.sources.agents import usage_of

(MEMBER,) = SAMPLES["claude_code"]


def result(detail: object = None, *, error: bool = False, content: object = "x") -> dict[str, object]:
    block = {"type": "tool_result", "tool_use_id": "toolu_9", "content": content, "is_error": error}
    return claude("user", 1, message=said(block), toolUseResult=detail)


def test_a_session_is_told_step_by_step() -> None:
    kinds = [event.event_type.removeprefix("agent.") for event in events_in(MEMBER)]
    assert kinds == [
        "prompt", "thinking", "usage", "tool_use", "usage", "tool_result", "edit", "tool_use", "command", "usage",
        "tool_result", "message", "usage", "compacted", "configured",
    ]  # fmt: skip
    assert {event.session for event in events_in(MEMBER)} == {"5f0c"}


def test_the_actor_is_the_agent_but_of_what_a_person_did() -> None:
    events = events_in(MEMBER)
    (prompt,) = of_type(events, "prompt")
    assert (prompt.actor_id, prompt.actor_type, prompt.subject_id) == ("", "user", "claude-code")
    (edit,) = of_type(events, "edit")
    assert (edit.actor_id, edit.actor_type) == ("claude-code", "agent")


def test_an_edit_bears_its_file_and_lines_and_the_call_it_was() -> None:
    (edit,) = of_type(events_in(MEMBER), "edit")
    assert (edit.object_id, edit.object_type, edit.outcome) == ("/w/app/pay.py", "file", "success")
    assert (told(edit)["lines_added"], told(edit)["lines_removed"]) == (2, 1)
    assert {"tool_use:toolu_1", "path:/w/app/pay.py", "directory:/w/app"} <= customs(edit)


def test_a_commit_that_a_command_made_is_a_key() -> None:
    results = of_type(events_in(MEMBER), "tool_result")
    assert [dict(event.keys).get("commit") for event in results] == [None, "1a2b3c4"]


def test_a_branch_is_a_commit_only_where_it_is_one() -> None:
    sha = "0f" * 20
    (event,) = events_of("claude_code", claude("user", 1, gitBranch=sha, message=said("x")))
    assert ("commit", sha) in event.keys
    (other,) = events_of("claude_code", claude("user", 1, gitBranch="main", message=said("x")))
    assert "commit" not in dict(other.keys)


@pytest.mark.parametrize(
    "why",
    [
        "The user doesn't want to proceed with this tool use. The tool use was rejected",
        "Error: Permission to use Bash has been denied.",
        "Claude requested permissions to write to /etc/x, but you haven't granted it yet.",
    ],
)
def test_a_denied_call_is_a_denial_and_changed_nothing(why: str) -> None:
    events = events_of("claude_code", result("User rejected tool use", error=True, content=why))
    assert [(event.event_type, event.outcome) for event in events] == [("agent.permission_denied", "failure")]
    assert customs(events[0]) >= {"tool_use:toolu_9"}


def test_a_call_that_failed_is_a_failure_and_changed_nothing() -> None:
    events = events_of("claude_code", result("Error: no", error=True, content="String to replace not found in file."))
    assert [(event.event_type, event.outcome) for event in events] == [("agent.tool_result", "failure")]


def test_lines_are_told_only_where_they_are_shown() -> None:
    clipped = {**EDIT, "structuredPatch": []}
    (_, edit) = events_of("claude_code", result(clipped))
    assert "lines_added" not in told(edit)
    new: dict[str, object] = {
        "type": "create",
        "filePath": "/w/n",
        "content": "a\nb\n",
        "structuredPatch": [],
        "originalFile": None,
    }
    (_, created) = events_of("claude_code", result(new))
    assert (told(created)["lines_added"], told(created)["lines_removed"], told(created)["how"]) == (2, 0, "created")


def test_an_edit_that_was_only_staged_is_not_told_as_done() -> None:
    (_, staged) = events_of("claude_code", result({**EDIT, "staged": True}))
    assert (staged.outcome, staged.tags) == ("unknown", ("agent:staged",))
    (_, modified) = events_of("claude_code", result({**EDIT, "userModified": True}))
    assert (modified.outcome, modified.tags) == ("success", ("agent:user_modified",))


def test_of_a_thought_only_its_length_is_told() -> None:
    (thought,) = of_type(events_in(MEMBER), "thinking")
    assert "hm, a" not in thought.attributes + thought.message
    content = told(thought)["message"]
    assert isinstance(content, dict)
    assert content["content"] == [{"type": "thinking", "length": 5}]


def test_what_nobody_knows_is_kept() -> None:
    (event,) = events_of("claude_code", claude("user", 1, message=said("x"), somethingNew={"a": [1]}))
    assert told(event)["somethingNew"] == {"a": [1]}
    (odd,) = events_of("claude_code", claude("of-next-year", 2, version="9.0.0", payload=1))
    assert (odd.event_type, told(odd)["payload"]) == ("agent.status", 1)


def test_time_is_the_records_own_or_missing() -> None:
    dated, undated = (
        events_of("claude_code", record)[0]
        for record in (claude("user", 1, message=said("x")), {"type": "summary", "summary": "s", "leafUuid": "u"})
    )
    assert (dated.time_quality, dated.time_text) == ("exact", "2026-03-01T09:00:01.000Z")
    assert (undated.occurred_at, undated.time_quality) == (None, "missing")


@pytest.mark.parametrize(
    ("text", "fields", "kind"),
    [
        ("please", {}, "agent.prompt"),
        ("please", {"isMeta": True}, "agent.context"),
        ("please", {"isCompactSummary": True}, "agent.context"),
        ("please", {"isSidechain": True, "parentUuid": None}, "agent.subagent_started"),
        ("please", {"isSidechain": True}, "agent.context"),
        ("<command-name>/clear</command-name>", {}, "agent.prompt"),
        ("what does <command-name>/clear</command-name> mean?", {}, "agent.prompt"),
        ("<local-command-stdout>Set model to \x1b[1mopus\x1b[22m</local-command-stdout>", {}, "agent.model_switched"),
        ("<local-command-stdout>ok</local-command-stdout>", {}, "agent.context"),
        ("<system-reminder>x</system-reminder>", {}, "agent.context"),
        ("[Request interrupted by user]", {}, "agent.status"),
    ],
)
def test_who_speaks_on_the_users_side(text: str, fields: dict[str, object], kind: str) -> None:
    (event,) = events_of("claude_code", claude("user", 1, message=said({"type": "text", "text": text}), **fields))
    assert event.event_type == kind
    if kind == "agent.model_switched":
        assert (event.object_id, event.object_type) == ("opus", "model")


def test_cache_writes_are_told_apart_by_their_life() -> None:
    split = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}
    both = answered("m", {"type": "text", "text": "x"}, cache_creation_input_tokens=3000, cache_creation=split)
    usage = usage_of(events_of("claude_code", claude("assistant", 1, message=both))[1])
    assert usage is not None
    assert (usage.input_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (2, 1000, 2000)
    old = answered("m", {"type": "text", "text": "x"}, cache_creation_input_tokens=3000)
    event = events_of("claude_code", claude("assistant", 1, message=old))[1]
    assert event.tags == ("agent:cache_ttl_assumed",)
    odd = answered("m", {"type": "text", "text": "x"}, cache_creation_input_tokens=1, cache_creation=split)
    event = events_of("claude_code", claude("assistant", 1, message=odd))[1]
    assert event.tags == ("agent:cache_split_differs",)


def test_what_the_program_made_itself_took_no_tokens() -> None:
    message = {**answered("m", {"type": "text", "text": "API Error"}), "model": "<synthetic>"}
    events = events_of("claude_code", claude("assistant", 1, message=message, isApiErrorMessage=True))
    assert [event.event_type for event in events] == ["agent.error"]


def test_what_a_subagent_does_is_relayed_once() -> None:
    inner = {"type": "assistant", "message": answered("m", {"type": "tool_use", "id": "t", "name": "Bash", "input": {
        "command": "ls"}})}  # fmt: skip
    record = claude("progress", 1, data={"type": "agent_progress", "agentId": "a1", "message": inner})
    events = events_of("claude_code", record)
    assert [event.event_type for event in events] == ["agent.status", "agent.usage"]
    assert [event.actor_name for event in events] == ["a1", "a1"]
    output = claude("progress", 2, data={"type": "bash_progress", "output": "x"})
    assert isinstance(reading_of("claude_code", output), Skipped)


def test_hooks_that_ran_are_told_with_how_they_ended() -> None:
    blocked = {"type": "hook_blocking_error", "hookName": "PostToolUse:Edit", "toolUseID": "toolu_x",
               "blockingError": {"blockingError": "ruff failed", "command": "ruff check"}}  # fmt: skip
    (event,) = events_of("claude_code", claude("attachment", 1, attachment=blocked))
    assert (event.event_type, event.outcome, event.object_id) == ("agent.hook", "failure", "ruff check")
    assert "tool_use:toolu_x" in customs(event)


def test_a_line_that_is_none_is_kept_unparsed() -> None:
    assert isinstance(reading_of("claude_code", {"silly": "this"}), Unparsed)
    assert isinstance(reading_of("claude_code", 42), Unparsed)


def test_recognised_by_shape_whatever_it_is_called() -> None:
    for name in ("x.jsonl", "syslog", "a.csv"):
        choice = detect(Sample(name, MEMBER, complete=True))
        assert choice.format is not None
        assert choice.format.name == "claude_code"
    long = claude("user", 0, message=said("x" * 70_000))
    head = b"%s" % str(long).replace("'", '"').encode()
    choice = detect(Sample("", head[: 64 * 1024], complete=False))
    assert choice.format is not None
    assert choice.format.name == "claude_code"


def test_every_line_of_the_sample_gives_an_event() -> None:
    assert len(events_of("claude_code", *CLAUDE)) == 15


def test_a_text_of_nothing_but_space_is_read_at_once() -> None:
    for lead in ("<local-command-stdout>", "<command-name>", "<command-args>", "Claude requested permissions to "):
        events_of("claude_code", claude("user", 1, message=said(lead + " " * 2_000_000)))
        events_of("claude_code", result("x", error=True, content=lead + " " * 2_000_000))

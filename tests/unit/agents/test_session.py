"""Whose session it is: told by what the agent did, or by whom a person asked."""

from __future__ import annotations

import pytest

from support.agent_events import events_of
from vestige.agents.session import build
from vestige.agents.told import Told

PROMPT = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "cwd": "/w", "prompt": "tidy it"}
START = {"hook_event_name": "SessionStart", "session_id": "s", "cwd": "/w", "source": "startup"}


@pytest.mark.parametrize(
    ("records", "parser", "agent"),
    [
        ([PROMPT], "claude_code_hooks/1", "claude-code"),
        ([START, PROMPT], "claude_code_hooks/1", "claude-code"),
        # Of a declared event the subject may be anything: nobody said that it is an agent.
        ([PROMPT], "json/1", ""),
    ],
)
def test_a_session_is_of_the_agent_that_was_asked_where_it_did_nothing(
    records: list[dict[str, str]], parser: str, agent: str
) -> None:
    events = events_of("claude_code_hooks", *records)
    told = [Told(at, 0, f"e{at}", at, "x", parser, "a", event) for at, event in enumerate(events)]
    assert build("s", told, 10).agent == agent

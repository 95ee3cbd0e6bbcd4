"""What Claude Code hands its hooks: one JSON object an event, kept one a line.

Fields of all events: ``session_id, transcript_path, cwd, prompt_id?, permission_mode?, agent_id?, agent_type?``,
``hook_event_name``. ``agent_id`` is there inside a subagent. The 33 events and what is read of each::

    SessionStart source, model            SessionEnd reason            Setup trigger
    UserPromptSubmit prompt               UserPromptExpansion prompt   InstructionsLoaded file_path
    PreToolUse tool_name, tool_input, tool_use_id; PostToolUse with tool_response; PostToolUseFailure with error
    PostToolBatch tool_calls: told before, one by one                  PermissionRequest, PermissionDenied reason
    Stop, StopFailure last_assistant_message, error                    SubagentStart, SubagentStop agent_id, agent_type
    PreCompact, PostCompact trigger       PreModelSwitch, PostModelSwitch from_model, to_model
    ConfigChange, CwdChanged, DirectoryAdded, FileChanged, WorktreeCreate, WorktreeRemove: the path
    TaskCreated, TaskCompleted, TeammateIdle, Notification, Elicitation, ElicitationResult, MessageDisplay

What is announced (``Pre…``) is not told as done. Codex (which states a ``turn_id``) and Copilot CLI (whose answer is a
``tool_result`` with ``result_type``) hand their hooks objects of this form too; an object that says of itself neither
is taken for Claude Code's.

References: code.claude.com/docs, "Hooks reference"; the types of ``@anthropic-ai/claude-agent-sdk``;
developers.openai.com, "Codex hooks"; docs.github.com, "Copilot CLI hooks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import AgentRecords
from vestige.sources.agents.hook_payload import read_hook
from vestige.sources.reading.fields import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]

_NAMES = """
    SessionStart SessionEnd Setup UserPromptSubmit UserPromptExpansion PreToolUse PermissionRequest PermissionDenied
    PostToolUse PostToolUseFailure PostToolBatch Stop StopFailure SubagentStart SubagentStop PreCompact PostCompact
    PreModelSwitch PostModelSwitch ConfigChange TaskCreated TaskCompleted TeammateIdle Notification InstructionsLoaded
    CwdChanged DirectoryAdded FileChanged WorktreeCreate WorktreeRemove Elicitation ElicitationResult
    MessageDisplay"""
EVENTS = frozenset(_NAMES.split())
_BASE = ("session_id", "transcript_path", "cwd", "permission_mode")
_OTHERS = ("cursor_version", "conversation_id", "workspace_roots", "generation_id")


def _is_hook(record: Part) -> bool:
    name = record.get("hook_event_name")
    if not isinstance(name, str) or any(field in record for field in _OTHERS):
        return False
    return name in EVENTS or (name[:1].isupper() and any(field in record for field in _BASE))


def agent_of(record: Part) -> str:
    """Whose hook it is, by what only one agent states."""
    if "turn_id" in record and "model" in record:
        return "codex"
    answer = mapping(record.get("tool_result"))
    return "copilot-cli" if "result_type" in answer or "toolArgs" in record else "claude-code"


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    return read_hook(record, text, clock, agent_of(record))


FORMAT = AgentRecords(
    name="claude_code_hooks",
    version="1",
    source_name="claude-code.hooks",
    mine=_is_hook,
    seen="hook payloads (hook_event_name)",
    read=_read,
    confidence=0.95,
)

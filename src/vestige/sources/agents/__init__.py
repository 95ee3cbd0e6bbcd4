"""Sessions of coding agents: transcripts, rollouts, chats, and what agents hand their hooks.

What all of them yield stands in :mod:`vestige.sources.agents.events`, what a call of a tool is in
:mod:`vestige.sources.agents.tools`. A format's parser may not know the version that wrote a record: it reads as far as
it knows, and keeps every field.

Such records hold whatever was typed, read and printed. Who must not keep secrets asks :func:`is_agent_shape` of a
member's first bytes, and :class:`~vestige.sources.agents.events.AgentRecords` of its format, *before* the append.
"""

from vestige.sources.agents.claude_code import FORMAT as CLAUDE_CODE
from vestige.sources.agents.claude_code_hooks import FORMAT as CLAUDE_CODE_HOOKS
from vestige.sources.agents.claude_content import SEMANTICS as CLAUDE_TOKENS
from vestige.sources.agents.codex import FORMAT as CODEX
from vestige.sources.agents.codex import SEMANTICS as CODEX_TOKENS
from vestige.sources.agents.copilot import FORMAT as COPILOT
from vestige.sources.agents.copilot import SEMANTICS as COPILOT_TOKENS
from vestige.sources.agents.cursor import FORMAT as CURSOR
from vestige.sources.agents.cursor import HOOKS as CURSOR_HOOKS
from vestige.sources.agents.events import AgentRecords, Semantics, Usage, usage_of
from vestige.sources.agents.gemini import FORMAT as GEMINI
from vestige.sources.agents.gemini import HOOKS as GEMINI_HOOKS
from vestige.sources.agents.gemini import SEMANTICS as GEMINI_TOKENS
from vestige.sources.agents.opencode import FORMAT as OPENCODE
from vestige.sources.agents.opencode import SEMANTICS as OPENCODE_TOKENS

FORMATS: tuple[AgentRecords, ...] = (
    CLAUDE_CODE,
    CLAUDE_CODE_HOOKS,
    CODEX,
    COPILOT,
    OPENCODE,
    GEMINI,
    GEMINI_HOOKS,
    CURSOR,
    CURSOR_HOOKS,
)
SEMANTICS: dict[str, Semantics] = {
    "claude-code": CLAUDE_TOKENS,
    "codex": CODEX_TOKENS,
    "copilot-cli": COPILOT_TOKENS,
    "gemini-cli": GEMINI_TOKENS,
    "opencode": OPENCODE_TOKENS,
}
"""What each agent's own figures of tokens mean; Cursor's records have none."""

__all__ = ["FORMATS", "SEMANTICS", "AgentRecords", "Semantics", "Usage", "usage_of"]

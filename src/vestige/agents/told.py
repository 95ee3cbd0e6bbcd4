"""One event of an agent's session, as it stands in the index, and through which channel it came.

There are three: an agent's own **transcript**, the **hooks** it calls while it works, and the **telemetry** it sends.
They are witnesses that know nothing of each other; what only one of them tells is as much as it is worth.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from vestige.model.event import Event

HOOKS: Final = "hooks"
TRANSCRIPT: Final = "transcript"
TELEMETRY: Final = "telemetry"
CAPTURE: Final = "capture"
"""What capture says itself: texts of files, commits, gaps. It is no witness of calls."""
CHANNELS: Final = (HOOKS, TRANSCRIPT, TELEMETRY)
_TRANSCRIPTS: Final = frozenset({"claude_code", "codex", "copilot", "opencode", "gemini", "cursor"})
_TOOL_USE: Final = "tool_use:"


class Told(NamedTuple):
    """One event."""

    seq: int
    """The entry's position in the tenant's log."""
    sub: int
    entry: str
    received_at: int
    source: str
    parser: str
    acquisition: str
    event: Event
    """Of its attributes only those that figures need."""
    snapshot: str = ""
    """``before`` or ``after`` where files were looked at around a call."""
    uid: str = ""
    """The id that the agent gave the line, by which a copy of it is known."""

    @property
    def id(self) -> str:
        """The event's id, as every view shows it."""
        return f"{self.entry}.{self.sub}" if self.sub else self.entry

    @property
    def channel(self) -> str:
        """Who told it."""
        return _channel(self.parser)

    @property
    def use(self) -> str:
        """The id of the call it is about; empty for none."""
        return self.key(_TOOL_USE)

    def key(self, prefix: str) -> str:
        """The first custom key that begins so, without that; empty if there is none."""
        return next((value[len(prefix) :] for kind, value in self.event.keys if kind == "custom"
                     and value.startswith(prefix)), "")  # fmt: skip

    @property
    def at(self) -> int | None:
        """When it happened, nanoseconds; none where it states no time."""
        return self.event.occurred_at


@lru_cache(maxsize=256)
def _channel(parser: str) -> str:
    form = parser.partition("/")[0].partition(" ")[0].partition("@")[0]
    if form.endswith("_hooks"):
        return HOOKS
    if form.startswith("otlp"):
        return TELEMETRY
    return TRANSCRIPT if form in _TRANSCRIPTS else CAPTURE

"""Our hooks in the settings of agents: beside everybody else's, known by a mark, and taken out without a trace.

What is put in is a command for a shell that ends well whatever happens, says nothing, and reads its input to the end,
also where capture is not installed: settings in a repository are everybody's who clones it. The form with ``args``
would save a shell, but an agent that does not know it yet would give its input to the bare command.

References: code.claude.com/docs (hooks, settings); developers.openai.com, "Codex hooks"; geminicli.com/docs, "Hooks".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.capture.jsonedit import added, parse, without
from vestige.capture.places import write_whole
from vestige.model.errors import InputError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = "vestige-agent-hook"
LAUNCHER: Final = '"${XDG_DATA_HOME:-$HOME/.local/share}/vestige/agent/hook"'
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent whose hooks are known."""

    name: str
    kind: str
    """What its hooks' records are called."""
    file: str
    """Its settings within a repository."""
    signs: tuple[str, ...]
    """What in a repository says that it is used there; nothing: it is taken to be."""
    tools: tuple[str, ...]
    """Events about a call of a tool."""
    others: tuple[str, ...]
    behind: frozenset[str] = frozenset()
    """Events that the agent does not wait for."""
    timeout: int = _SECONDS
    note: str = ""
    """What a person has to do besides."""

    @property
    def command(self) -> str:
        """What it calls."""
        return (
            f'h={LAUNCHER}; if [ -x "$h" ]; then "$h" agent {self.kind} >/dev/null 2>&1; '
            f"else cat >/dev/null; fi; exit 0 # {MARK}"
        )

    def group(self, event: str) -> dict[str, Any]:
        """Our entry for an event."""
        call: dict[str, Any] = {"type": "command", "command": self.command, "timeout": self.timeout}
        if event in self.behind:
            call["async"] = True
        return ({"matcher": "*"} if event in self.tools else {}) | {"hooks": [call]}

    def hooks(self) -> dict[str, Any]:
        """All our entries."""
        return {event: [self.group(event)] for event in (*self.others, *self.tools)}


# WorktreeCreate is not among them: who hooks it makes the working tree in the agent's place.
CLAUDE: Final = Agent(
    "claude",
    "claude_code_hooks",
    ".claude/settings.json",
    (),
    ("PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionDenied"),
    (
        "SessionStart", "UserPromptSubmit", "SubagentStart", "SubagentStop", "PreCompact", "PostModelSwitch",
        "ConfigChange", "Stop", "StopFailure", "SessionEnd",
    ),
    frozenset(
        {
            "UserPromptSubmit", "SubagentStart", "SubagentStop", "PreCompact", "PostModelSwitch", "ConfigChange",
            "Stop", "StopFailure", "PermissionDenied",
        }
    ),
)  # fmt: skip
CODEX: Final = Agent(
    "codex",
    "codex_hooks",
    ".codex/hooks.json",
    (".codex",),
    ("PreToolUse", "PostToolUse"),
    ("SessionStart", "UserPromptSubmit", "SubagentStart", "SubagentStop", "PreCompact", "Stop", "StopFailure"),
    note="Codex runs hooks once you trust them: /hooks",
)
GEMINI: Final = Agent(
    "gemini",
    "gemini_hooks",
    ".gemini/settings.json",
    (".gemini",),
    ("BeforeTool", "AfterTool"),
    ("SessionStart", "SessionEnd", "BeforeAgent", "AfterAgent", "PreCompress"),
    timeout=_SECONDS * 1000,
)
AGENTS: Final = (CLAUDE, CODEX, GEMINI)
MANAGED: Final = (
    ("Linux", "/etc/claude-code/managed-settings.json"),
    ("macOS", "/Library/Application Support/ClaudeCode/managed-settings.json"),
)
"""Where an administrator's settings for all users of a machine stand."""


def install(path: Path, agent: Agent, memory: dict[str, Any]) -> bool:
    """Put our hooks into a file of settings, and take out those of an earlier version.

    Args:
        path: the file; it need not be there.
        agent: whose.
        memory: what is remembered of the file for :func:`uninstall`; changed in place.

    Returns:
        Whether anything changed.

    Raises:
        InputError: the file has another form.
        StorageError: it cannot be read or written.
    """
    before = _read(path)
    events = (*agent.others, *agent.tools)
    if before is not None and MARK in before:
        if all([group for _, group in _own(before, event)] == [agent.group(event)] for event in events):
            return False
        base = _without_ours(before, memory)
        created = bool(memory.get("created"))
    else:
        base, created = before or "", before is None
    text = base if base.strip() else "{}\n"
    steps: list[list[Any]] = [] if text == base else [[0, len(text), base]]
    for event in events:
        later = added(text, ("hooks", event), agent.group(event))
        steps.append(_step(text, later))
        text = later
    _write(path, text)
    memory |= {"after": _digest(text), "steps": steps, "created": created}
    return True


def uninstall(path: Path, memory: dict[str, Any]) -> bool:
    """Take our hooks out of a file of settings; where nobody else changed it meanwhile, it is as it was to the byte.

    Raises:
        InputError: it has another form.
        StorageError: it cannot be read or written.
    """
    text = _read(path)
    if text is None or MARK not in text:
        return False
    text = _without_ours(text, memory)
    if memory.get("created") and text.strip() in {"", "{}"}:
        try:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as error:
            raise StorageError(f"{path} cannot be removed", got=error.strerror or "") from None
    else:
        _write(path, text)
    return True


def _without_ours(text: str, memory: dict[str, Any]) -> str:
    """The document as it was before ours came, if nobody changed it since; else without what is ours."""
    if memory.get("after") == _digest(text):
        for start, length, old in reversed(memory["steps"]):
            text = text[:start] + old + text[start + length :]
        return text
    hooks = parse(text).plain().get("hooks")
    for event in hooks if isinstance(hooks, dict) else ():
        text = _cleared(text, event)
    return text


def _groups(text: str, event: str) -> list[Any]:
    hooks = parse(text).plain().get("hooks", {})
    if not isinstance(hooks, dict):
        raise InputError("the file has another form than its agent reads", expected="an object at hooks")
    groups = hooks.get(event, [])
    if not isinstance(groups, list):
        raise InputError("the file has another form than its agent reads", expected=f"a list at hooks/{event}")
    return groups


def _own(text: str, event: str) -> list[tuple[int, Any]]:
    """Our groups of an event, and those of others that have a hook of ours among theirs."""
    return [(number, group) for number, group in enumerate(_groups(text, event)) if any(map(_is_own, _calls(group)))]


def _calls(group: Any) -> list[Any]:  # noqa: ANN401 - JSON
    calls = group.get("hooks") if isinstance(group, dict) else None
    return calls if isinstance(calls, list) else []


def _is_own(call: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(call, dict) and MARK in str(call.get("command", ""))


def _cleared(text: str, event: str) -> str:
    """The document without our hooks of an event, and without what is empty then."""
    for number, group in reversed(_own(text, event)):
        calls = _calls(group)
        if all(map(_is_own, calls)):
            text = without(text, ("hooks", event, number))
            continue
        for place in reversed([place for place, call in enumerate(calls) if _is_own(call)]):
            text = without(text, ("hooks", event, number, "hooks", place))
    hooks = parse(text).plain().get("hooks", {})
    if hooks.get(event) == []:
        text = without(text, ("hooks", event))
    return without(text, ("hooks",)) if parse(text).plain().get("hooks") == {} else text


def _step(before: str, after: str) -> list[Any]:
    """How to undo a change: where it stands, how long it is, and what stood there: nothing but space."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return [head, len(after) - tail - head, before[head : len(before) - tail]]


def _digest(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read", expected="JSON in UTF-8", got=type(error).__name__) from None


def _write(path: Path, text: str) -> None:
    try:
        real = path.resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o644
        write_whole(real, text.encode(), mode)
    except OSError as error:
        raise StorageError(f"{path} cannot be written", got=error.strerror or "") from None


def managed() -> str:
    """An administrator's settings of Claude Code that have our hooks and nothing else."""
    return json.dumps({"hooks": CLAUDE.hooks()}, indent=2)

"""What an agent's call of a tool is, whichever agent's: an edit of files, a command, or another; and what it changed.

Agents call the same things by many names (``Edit``, ``str_replace``, ``replace``, ``apply_patch``; ``Bash``,
``run_shell_command``, ``shell``) and the same fields too. Names are compared in small letters without ``_`` and ``-``.
Lines are counted where the record shows them: in a diff, a patch, or a file that was written whole for the first time.
Where it shows none, they are not told; they are never worked out from what was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.agents.events import MOST_COMMAND, Scene, named, one_line
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.model.event import Event

    Part = Mapping[str, object]

_EDITS_NAMES = """
    edit write multiedit notebookedit strreplace strreplaceeditor searchreplace create createfile writefile
    writetofile replace replaceinfile replacestringinfile multireplacestringinfile inserteditintofile insert editfile
    editnotebookfile applypatch applydiff patch delete deletefile"""
_EDITS = frozenset(_EDITS_NAMES.split())
_SHELLS_NAMES = """
    bash shell sh powershell pwsh runshellcommand runterminalcmd runterminalcommand runinterminal runcommand
    execcommand localshell localshellcall containerexec terminal exec"""
_SHELLS = frozenset(_SHELLS_NAMES.split())
_PATHS = ("file_path", "filePath", "notebook_path", "path", "absolute_path", "target_file", "filename", "relative_path")
_WRAPPED = frozenset({"-c", "-lc", "-ic", "-Command", "/c"})
_MARKS = {"*** Add File: ": "created", "*** Update File: ": "changed", "*** Delete File: ": "deleted"}
_MOVE = "*** Move to: "
_COMMAND_PARTS = 3
MOST_FILES = 1_000
"""Files of one call that become edits of their own."""


class Change(NamedTuple):
    """What was done to one file; lines are none where the record does not show them."""

    path: str
    added: int | None = None
    removed: int | None = None
    how: str = "changed"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def is_edit(tool: str) -> bool:
    """Whether a tool changes files by itself, not by a command."""
    return _plain(tool) in _EDITS


def is_shell(tool: str) -> bool:
    """Whether a tool runs a command line."""
    return _plain(tool) in _SHELLS


def path_of(given: Part) -> str:
    """The file a call is about."""
    return next((found for name in _PATHS if (found := text_of(given.get(name)))), "")


def command_of(given: object) -> str:
    """The command line in a call's input: text, or words of which a shell's last is the line."""
    value = mapping(given).get("command", mapping(given).get("cmd", given))
    if isinstance(value, list):
        words = [text_of(word) for word in value]
        wrapped = len(words) >= _COMMAND_PARTS and words[1] in _WRAPPED
        return words[2] if wrapped else " ".join(words)
    return text_of(value)


def server_of(tool: str) -> str:
    """The MCP server of a tool called ``mcp__server__tool``."""
    lead, _, rest = tool.partition("__")
    server, mark, name = rest.partition("__")
    return server if lead == "mcp" and mark and name else ""


def in_patch(text: str) -> tuple[Change, ...]:
    """The files of a patch in the form ``*** Begin Patch``; of a moved one, the place it was moved to."""
    found: list[Change] = []
    # Only a line feed ends a line here: a form feed or a separator of Unicode may stand within one.
    for line in text.split("\n"):
        mark = next((mark for mark in _MARKS if line.startswith(mark)), "")
        if mark:
            found.append(Change(line[len(mark) :].strip(), 0, 0, _MARKS[mark]))
            if len(found) >= MOST_FILES:
                break
        elif found:
            last = found[-1]
            if line.startswith(_MOVE):
                found[-1] = last._replace(path=line[len(_MOVE) :].strip(), how="moved")
            elif line.startswith("+"):
                found[-1] = last._replace(added=(last.added or 0) + 1)
            elif line.startswith("-"):
                found[-1] = last._replace(removed=(last.removed or 0) + 1)
    # A deletion does not show the lines that went.
    return tuple(one._replace(removed=None) if one.how == "deleted" else one for one in found)


def counted(lines: Iterable[object]) -> tuple[int, int]:
    """Lines added and removed in a hunk's lines."""
    signs = [line[:1] for line in lines if isinstance(line, str)]
    return signs.count("+"), signs.count("-")


def in_hunks(hunks: object) -> tuple[int, int] | None:
    """Lines added and removed in hunks that hold their ``lines``; none where there are no hunks."""
    if not isinstance(hunks, list) or not hunks:
        return None
    pairs = [counted(lines) for hunk in hunks if isinstance(lines := mapping(hunk).get("lines"), list)]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def in_diff(text: str) -> tuple[int, int] | None:
    """Lines added and removed in a unified diff of one file."""
    _, found, hunks = f"\n{text}".partition("\n@@")
    return counted(hunks.split("\n")[1:]) if found else None


def lines_in(text: object) -> int | None:
    """Lines of a file's whole content; none if it is no text."""
    if not isinstance(text, str):
        return None
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)


def asked(given: object) -> tuple[Change, ...]:
    """The files a call's input names, as far as it shows what is to become of them."""
    part = mapping(given)
    patch = given if isinstance(given, str) else next(
        (value for name in ("patch", "input", "patchText") if isinstance(value := part.get(name), str)), ""
    )  # fmt: skip
    if "*** " in patch and (found := in_patch(patch)):
        return found
    path = path_of(part)
    return (Change(path),) if path else ()


DENIED = "agent:denied"
"""The tag of an edit that was not allowed."""
_SAID = {"success": "{}", "failure": "not {}", "unknown": "to be {}:"}


class Call(NamedTuple):
    """One call of a tool."""

    tool: str
    given: object = None
    use: str = ""
    """Its id, which the call, its result and its hooks share."""

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Its correlation keys."""
        return (("custom", named("tool_use", self.use)),)

    def about(self) -> dict[str, object]:
        """What is told of it."""
        return {"tool": self.tool, "tool_use_id": self.use, "mcp_server": server_of(self.tool)}

    def what(self) -> str:
        """What it is about, for a person: a command, a path, else nothing."""
        return command_of(self.given) if is_shell(self.tool) else path_of(mapping(self.given))

    def use_event(self, scene: Scene) -> Event:
        """That it was called."""
        return scene.tell(
            "agent.tool_use",
            f"{self.tool}: {one_line(self.what(), MOST_COMMAND)}" if self.what() else self.tool,
            action=self.tool,
            thing=(self.tool, "tool"),
            file="" if is_shell(self.tool) else path_of(mapping(self.given)),
            told={**self.about(), "input": self.given},
            keys=self.keys(),
        )

    def result_event(
        self, scene: Scene, outcome: str, said: str, keys: Iterable[tuple[str, str]] = (), *, severity: int = 0
    ) -> Event:
        """What it gave."""
        return scene.tell(
            "agent.tool_result",
            f"{self.tool or 'tool'} {outcome or 'answered'}: {one_line(said or self.what(), MOST_COMMAND)}",
            action=self.tool,
            outcome=outcome,
            severity=severity,
            thing=(self.tool, "tool"),
            file="" if is_shell(self.tool) else path_of(mapping(self.given)),
            told=self.about(),
            keys=(*self.keys(), *keys),
        )

    def denied_events(self, scene: Scene, why: str) -> list[Event]:
        """That it was not allowed; the edit it would have been is told as one that was not made."""
        denied = scene.tell(
            "agent.permission_denied",
            f"denied {self.tool or 'a tool'}: {one_line(self.what() or why, MOST_COMMAND)}",
            action=self.tool,
            outcome="failure",
            severity=1,
            thing=(self.tool, "tool"),
            file="" if is_shell(self.tool) else path_of(mapping(self.given)),
            told={**self.about(), "reason": one_line(why)},
            keys=self.keys(),
        )
        files = asked(self.given) if is_edit(self.tool) else ()
        return [denied, *self.edit_events(scene, files, "failure", (DENIED,))]

    def call_events(self, scene: Scene, *, ends_told: bool) -> list[Event]:
        """That it was called, with what it was to do, whose outcome is not known yet.

        Args:
            scene: of the record.
            ends_told: whether the agent's records state which files a call changed, once it has; else they are told
                here, as asked for.
        """
        command = self.command_event(scene, "unknown")
        files = asked(self.given) if is_edit(self.tool) and not ends_told else ()
        edits = self.edit_events(scene, files, "unknown")
        return [self.use_event(scene), *([command] if command is not None else []), *edits]

    def command_event(
        self, scene: Scene, outcome: str, code: int | None = None, keys: Iterable[tuple[str, str]] = ()
    ) -> Event | None:
        """The command it runs; none if it is no shell's."""
        line = command_of(self.given) if is_shell(self.tool) else ""
        if not line:
            return None
        return scene.tell(
            "agent.command",
            line if code in {None, 0} else f"{line} (exit {code})",
            action=self.tool,
            outcome=outcome,
            thing=(one_line(line, MOST_COMMAND), "command"),
            told={**self.about(), "command": line, "exit_code": code},
            keys=(*self.keys(), *keys),
        )

    def edit_events(
        self, scene: Scene, changes: Iterable[Change], outcome: str, tags: tuple[str, ...] = ()
    ) -> list[Event]:
        """What it did to files. Of an edit that failed or was denied no lines are told: it changed nothing."""
        out = []
        for path, added, removed, how in changes:
            done = outcome == "success"
            lines = f" (+{added} -{removed})" if done and added is not None and removed is not None else ""
            told: dict[str, object] = {**self.about(), "path": path, "how": how}
            if done:
                told |= {"lines_added": added, "lines_removed": removed}
            out.append(
                scene.tell(
                    "agent.edit",
                    f"{_SAID[outcome].format(how)} {path}{lines}",
                    action=self.tool,
                    outcome=outcome,
                    thing=(path, "file"),
                    told=told,
                    keys=(*self.keys(), ("custom", named("path", path))),
                    tags=tags,
                )
            )
        return out

"""An agent that works by a script in a real repository: it calls hooks, changes files, and writes its transcript.

Every line it writes, or a person beside it, names its writer, so the truth about lines stands in the lines. Its faults
are those of real ones, and each is put where it happens: in the calls of hooks, in the transcript, or in the clock.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from support.capturing import git

if TYPE_CHECKING:
    from pathlib import Path

    from support.capturing import Person

FAULTS: Final = (
    "none",
    "missing hook",
    "torn line",
    "duplicate",
    "clock skew",
    "deleted transcript",
    "lagging transcript",
)
OUTPUT: Final = 100
"""Tokens that an answer puts out."""
_USAGE: Final = {"input_tokens": 10, "output_tokens": OUTPUT, "cache_read_input_tokens": 5000,
                 "cache_creation_input_tokens": 200}  # fmt: skip
_REFUSED: Final = "The user doesn't want to proceed with this tool use. The tool use was rejected."
PERSON: Final = "somebody"


@dataclass
class FakeAgent:
    """One session, with one fault or none."""

    ann: Person
    folder: Path
    fault: str
    records: list[dict[str, Any]] = field(default_factory=list)
    answers: int = 0
    calls: dict[str, str] = field(default_factory=dict)
    """By what is done the id of the call."""

    @property
    def session(self) -> str:
        """Its id."""
        return f"session-{self.fault.replace(' ', '-')}"

    @property
    def name(self) -> str:
        """A part of the names of its files."""
        return self.fault.replace(" ", "_")

    def work(self) -> None:
        """What it was asked to do, and the commit of it."""
        self._hook("UserPromptSubmit", prompt=f"do the work of {self.name}")
        self._record("user", message={"role": "user", "content": f"do the work of {self.name}"})
        made = f"made_{self.name}.py"
        self._write("write", made, [self._line("write", n) for n in range(5)])
        self._edit("edit", made, 2)
        self._types(made)
        self._shell("shell", f"log_{self.name}.txt", [self._line("shell", n) for n in range(4)])
        self._denied("denied")
        self._failed("failed", made)
        self._write("last", f"last_{self.name}.py", [self._line("last", n) for n in range(3)])
        self._hook("Stop", stop_hook_active=False)
        self._answer("end", {"type": "text", "text": "done"})
        git(self.folder, "add", "-A", env=self.ann.env)
        git(self.folder, "commit", "-qm", self.name, env=self.ann.env)

    def files(self) -> list[str]:
        """What it was at work in, those it did not come to write too."""
        return [f"made_{self.name}.py", f"log_{self.name}.txt", f"last_{self.name}.py"]

    def transcript(self, *, whole: bool = True) -> bytes:
        """The transcript as it is found; empty if it is not.

        Args:
            whole: with what comes late.
        """
        if self.fault == "deleted transcript":
            return b""
        found = self.records
        if self.fault == "lagging transcript" and not whole:
            late = next(at for at, record in enumerate(found) if self.calls["last"] in json.dumps(record))
            found = found[:late]
        lines = [json.dumps(record).encode() for record in found]
        if self.fault == "torn line":
            # The line of the shell's call is cut in its middle, and its result's with it.
            torn = [at for at, record in enumerate(found) if self.calls["shell"] in json.dumps(record)]
            lines = [line[: len(line) // 2] if at in torn else line for at, line in enumerate(lines)]
        if self.fault == "duplicate":
            lines = [line for line in lines for _ in range(2)]
        return b"".join(line + b"\n" for line in lines)

    # Calls.

    def _write(self, what: str, path: str, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        given = {"file_path": str(self.folder / path), "content": text}
        self._begin(what, "Write", given)
        (self.folder / path).write_text(text)
        self._end(what, "Write", given, {"type": "create", "filePath": given["file_path"], "content": text})

    def _edit(self, what: str, path: str, at: int) -> None:
        file = self.folder / path
        old = file.read_text()
        lines = old.splitlines()
        added = [self._line(what, n) for n in range(3)]
        given = {"file_path": str(file), "old_string": lines[at], "new_string": "\n".join([lines[at], *added])}
        self._begin(what, "Edit", given)
        file.write_text(old.replace(given["old_string"], given["new_string"]))
        rows = [f" {lines[at]}", *(f"+{line}" for line in added)]
        patch = [{"oldStart": at + 1, "oldLines": 1, "newStart": at + 1, "newLines": 4, "lines": rows}]
        answer = {
            "filePath": str(file), "oldString": given["old_string"], "newString": given["new_string"],
            "originalFile": old, "structuredPatch": patch, "userModified": False, "replaceAll": False,
        }  # fmt: skip
        self._end(what, "Edit", given, answer)

    def _shell(self, what: str, path: str, lines: list[str]) -> None:
        given = {"command": f"./make-log > {path}"}
        self._begin(what, "Bash", given)
        (self.folder / path).write_text("".join(f"{line}\n" for line in lines))
        self._end(what, "Bash", given, {"stdout": "", "stderr": "", "interrupted": False})

    def _denied(self, what: str) -> None:
        given = {"command": "rm -rf /"}
        self._begin(what, "Bash", given)
        self._hook("PermissionDenied", **self._tool(what, "Bash", given), reason="no")
        self._result(what, _REFUSED, is_error=True)

    def _failed(self, what: str, path: str) -> None:
        """A call that writes and then fails: whose that is, nobody can tell."""
        given = {"file_path": str(self.folder / path), "old_string": "x", "new_string": "y"}
        self._begin(what, "Edit", given)
        self._types(path, "half done")
        self._hook("PostToolUseFailure", **self._tool(what, "Edit", given), error="not found")
        self._result(what, "Error: not found", is_error=True)

    def _types(self, path: str, what: str = "typed") -> None:
        """A line comes into a file that is no call's."""
        with (self.folder / path).open("a") as file:
            file.write(f"{what.replace(' ', '_')}_by = '{PERSON} in {self.name}'\n")

    # What it tells.

    def _line(self, what: str, number: int) -> str:
        name = f"{what}_{number}_of_{self.name}"
        return f"value_{name} = compute_{name}('by {self._use(what)} alone')"

    def _use(self, what: str) -> str:
        return self.calls.setdefault(what, f"toolu_{self.name}_{what}")

    def _tool(self, what: str, tool: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"tool_name": tool, "tool_use_id": self._use(what), "tool_input": given}

    def _begin(self, what: str, tool: str, given: dict[str, Any]) -> None:
        self._answer(what, {"type": "tool_use", "id": self._use(what), "name": tool, "input": given})
        self._hook("PreToolUse", **self._tool(what, tool, given))

    def _end(self, what: str, tool: str, given: dict[str, Any], answer: dict[str, Any]) -> None:
        if not (self.fault == "missing hook" and tool == "Bash"):
            for _ in range(2 if self.fault == "duplicate" else 1):
                self._hook("PostToolUse", **self._tool(what, tool, given), tool_response=answer)
        self._result(what, "done", toolUseResult=answer)

    def _answer(self, what: str, block: dict[str, Any]) -> None:
        """An answer, as it is written: a line for each block, all with the same usage."""
        self.answers += 1
        for one in ({"type": "thinking", "thinking": "hm", "signature": "s"}, block):
            message = {"id": f"msg_{self.name}_{what}", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
                       "content": [one], "usage": _USAGE}  # fmt: skip
            self._record("assistant", message=message)

    def _result(self, what: str, said: str, *, is_error: bool = False, **more: Any) -> None:
        block = {"type": "tool_result", "tool_use_id": self._use(what), "content": said, "is_error": is_error}
        self._record("user", message={"role": "user", "content": [block]}, **more)

    def _record(self, kind: str, **fields: Any) -> None:
        number = len(self.records)
        self.records.append({
            "type": kind, "uuid": f"u-{self.name}-{number}", "parentUuid": f"u-{self.name}-{number - 1}",
            "isSidechain": False, "userType": "external", "cwd": str(self.folder), "sessionId": self.session,
            "version": "2.1.328", "gitBranch": "main", "timestamp": self._now(-5), **fields,
        })  # fmt: skip

    def _hook(self, event: str, **fields: Any) -> None:
        if self.fault == "clock skew":
            fields["timestamp"] = self._now(7)
        self.ann.hook(self.folder, event, session_id=self.session, **fields)

    def _now(self, hours: int) -> str:
        """Its clock: right, or hours off, to another side for each witness."""
        at = datetime.now(UTC) + timedelta(hours=hours if self.fault == "clock skew" else 0)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Judged:
    """What was said of an agent's lines, held against who wrote them."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def file(self, texts: list[str], told: dict[str, Any], agent: FakeAgent) -> None:
        """Take in what was said of a file's lines."""
        said: list[dict[str, Any]] = [{"class": "unknown", "grade": "", "call": ""} for _ in range(told["lines"])]
        for one in told["ranges"]:
            said[one["start"] - 1 : one["end"]] = [one] * (one["end"] - one["start"] + 1)
        for text, one in zip(texts, said, strict=True):
            writer = next((use for use in agent.calls.values() if f"by {use} alone" in text), "")
            assert writer or PERSON in text, text
            self.counts["agents"] += bool(writer)
            if one["class"] == "unknown":
                continue
            self.counts[f"said {one['grade']}"] += 1
            if (one["class"], one["call"]) == ("ai", writer):
                self.counts[f"right {one['grade']}"] += 1
            else:
                self.wrong.append(f"{one['class']} {one['grade']} {one['call']}: {text}")

    def figures(self) -> tuple[float, float]:
        """Precision of what is called observed (1 where nothing is), and the share of the agent's lines so called."""
        said, right = self.counts["said observed"], self.counts["right observed"]
        return right / said if said else 1.0, right / self.counts["agents"] if self.counts["agents"] else 1.0

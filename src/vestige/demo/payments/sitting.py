"""A session of Claude Code at somebody's desk, as its two witnesses tell it: its hooks, and its own transcript.

Both are written in the form that the program writes (:mod:`vestige.sources.agents`), with what differs between them:
the hooks know when a call begins and what files held, the transcript what was said and what it took in tokens.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.demo.chance import ALNUM, stream, text, uuid
from vestige.demo.clock import MILLI, SECOND, rfc3339_millis
from vestige.demo.payments.desk import Seen
from vestige.demo.payments.repository import BRANCH, replaced
from vestige.demo.shapes.hooks import MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.demo.payments.desk import Desk
    from vestige.demo.payments.repository import Commit

    Part = Mapping[str, object]

_VERSION: Final = "2.1.32"
_AROUND: Final = 3
"""Unchanged lines that a patch shows on either side."""
_TOOK: Final = 180 * MILLI
"""What a call takes that only touches a file."""


class Sitting:
    """One session. Times are instants of the true clock (ns), and rise.

    Args:
        seed: as of everything else.
        number: which session of the story.
        desk: where the agent works.
        at: when it begins.
    """

    def __init__(self, seed: int, number: int, desk: Desk, at: int) -> None:
        self._rng = stream(seed, "sitting", number)
        self._desk = desk
        self._parent: str | None = None
        self._read_so_far = 12_000
        self._lines: list[bytes] = []
        self.id = uuid(self._rng)
        desk.pull()
        self._hook(at, "SessionStart", source="startup", model=MODEL)

    @property
    def transcript(self) -> bytes:
        """All lines of its transcript."""
        return b"".join(self._lines)

    @property
    def file_name(self) -> str:
        """What its transcript is called."""
        return f"{self.id}.jsonl"

    def asked(self, at: int, prompt: str) -> str:
        """A person asks for something; the words."""
        self._hook(at, "UserPromptSubmit", prompt=prompt)
        self._user(at + MILLI, prompt)
        return prompt

    def says(self, at: int, said: str) -> None:
        """The agent says something, and waits."""
        self._answer(at, {"type": "text", "text": said})
        self._hook(at + 40 * MILLI, "Stop", stop_hook_active=False, last_assistant_message=said)

    def reads(self, at: int, path: str) -> None:
        """The agent reads a file."""
        held = self._desk.files[path]
        given = {"file_path": f"{self._desk.root}/{path}"}
        file = {"filePath": given["file_path"], "content": held, "numLines": held.count("\n"), "startLine": 1}
        self._call(at, _TOOK, "Read", given, {"type": "text", "file": file}, held)

    def edits(self, at: int, path: str, old: str, new: str) -> str:
        """The agent changes a part of a file; the call's id."""
        before = self._desk.files[path]
        after = replaced(before, old, new)
        given = {"file_path": f"{self._desk.root}/{path}", "old_string": old, "new_string": new}
        answer = {
            "filePath": given["file_path"],
            "oldString": old,
            "newString": new,
            "originalFile": before,
            "structuredPatch": _patch(before, after),
            "userModified": False,
            "replaceAll": False,
        }
        looks = Seen("before", {path: before}), Seen("after", {path: after})
        self._desk.files[path] = after
        return self._call(at, _TOOK, "Edit", given, answer, f"The file {path} has been updated.", looks)

    def writes(self, at: int, path: str, held: str) -> str:
        """The agent writes a new file; the call's id."""
        given = {"file_path": f"{self._desk.root}/{path}", "content": held}
        answer = {"type": "create", "filePath": given["file_path"], "content": held, "structuredPatch": []}
        looks = Seen("before", {path: None}), Seen("after", {path: held})
        self._desk.files[path] = held
        return self._call(at, _TOOK, "Write", given, answer, f"File created at {path}", looks)

    def runs(self, at: int, command: str, printed: str, took: int = 2 * SECOND) -> str:
        """The agent runs a command that changes no file; the call's id."""
        head = self._desk.repository.head.oid
        looks = Seen("before", self._desk.differing, head), Seen("after", self._desk.differing, head)
        return self._shell(at, took, command, printed, looks)

    def commits(self, at: int, subject: str) -> Commit:
        """The agent commits all of it."""
        before = Seen("before", self._desk.differing, self._desk.repository.head.oid)
        files = len(before.files)
        use = text(self._rng, 22, ALNUM)
        command = f'git commit -qam "{subject}" && git log -1 --format="[{BRANCH} %h] %s"'
        self._begun(at, use, "Bash", {"command": command}, before)
        made = self._desk.commit(at + _TOOK, subject)
        printed = f"[{BRANCH} {made.oid[:7]}] {subject}\n {files} file{'s' if files > 1 else ''} changed"
        after = Seen("after", self._desk.differing, made.oid)
        self._ended(at + 2 * _TOOK, use, "Bash", {"command": command}, _printed(printed), printed, after)
        return made

    def denied(self, at: int, command: str, reason: str) -> None:
        """The agent wants to run a command, and is not let."""
        use = text(self._rng, 22, ALNUM)
        given = {"command": command}
        head = self._desk.repository.head.oid
        self._begun(at, use, "Bash", given, Seen("before", self._desk.differing, head))
        told: dict[str, Any] = {"tool_name": "Bash", "tool_use_id": f"toolu_{use}", "tool_input": given}
        self._hook(at + 9 * SECOND, "PermissionDenied", **told, reason=reason)
        refusal = "The user doesn't want to proceed with this tool use. The tool use was rejected."
        self._result(at + 9 * SECOND, use, refusal, f"Error: {refusal}", failed=True)

    def ends(self, at: int) -> None:
        """The session ends."""
        self._hook(at, "SessionEnd", reason="prompt_input_exit")

    # -- calls --------------------------------------------------------------------------------------------------

    def _shell(self, at: int, took: int, command: str, printed: str, looks: tuple[Seen, Seen]) -> str:
        return self._call(at, took, "Bash", {"command": command}, _printed(printed), printed, looks)

    def _call(
        self,
        at: int,
        took: int,
        tool: str,
        given: Part,
        answer: Part,
        said: str,
        looks: tuple[Seen, Seen] | None = None,
    ) -> str:
        use = text(self._rng, 22, ALNUM)
        self._begun(at, use, tool, given, looks and looks[0])
        self._ended(at + took, use, tool, given, answer, said, looks and looks[1])
        return f"toolu_{use}"

    def _begun(self, at: int, use: str, tool: str, given: Part, seen: Seen | None) -> None:
        self._answer(at - 30 * MILLI, {"type": "tool_use", "id": f"toolu_{use}", "name": tool, "input": given})
        told = {"tool_name": tool, "tool_use_id": f"toolu_{use}", "tool_input": given}
        self._hook(at, "PreToolUse", seen, **told)

    def _ended(self, at: int, use: str, tool: str, given: Part, answer: Part, said: str, seen: Seen | None) -> None:
        told = {"tool_name": tool, "tool_use_id": f"toolu_{use}", "tool_input": given, "tool_response": answer}
        self._hook(at, "PostToolUse", seen, **told)
        self._result(at + 10 * MILLI, use, said, answer)

    # -- what is told -------------------------------------------------------------------------------------------

    def _hook(self, at: int, event: str, seen: Seen | None = None, **fields: object) -> None:
        payload = {
            "session_id": self.id,
            "transcript_path": f"/home/{self._desk.person.name}/.claude/projects/payments/{self.file_name}",
            "cwd": self._desk.root,
            "permission_mode": "default",
            "hook_event_name": event,
            **fields,
        }
        self._desk.hands_over(at, payload, seen)

    def _user(self, at: int, content: object, **more: object) -> None:
        self._line(at, "user", {"role": "user", "content": content}, **more)

    def _result(self, at: int, use: str, said: str, answer: Part | str, *, failed: bool = False) -> None:
        block = {"type": "tool_result", "tool_use_id": f"toolu_{use}", "content": said}
        self._user(at, [block | ({"is_error": True} if failed else {})], toolUseResult=answer)

    def _answer(self, at: int, block: Part) -> None:
        new = 200 + self._rng.getrandbits(10)
        usage = {
            "input_tokens": 3 + self._rng.getrandbits(3),
            "cache_creation_input_tokens": new,
            "cache_read_input_tokens": self._read_so_far,
            "cache_creation": {"ephemeral_5m_input_tokens": new, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 60 + self._rng.getrandbits(8),
            "service_tier": "standard",
        }
        self._read_so_far += new
        message = {
            "id": "msg_01" + text(self._rng, 22, ALNUM),
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": [block],
            "stop_reason": "tool_use" if block["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": usage,
        }
        self._line(at, "assistant", message, requestId="req_011" + text(self._rng, 21, ALNUM))

    def _line(self, at: int, kind: str, message: Part, **more: object) -> None:
        own = uuid(self._rng)
        record = {
            "parentUuid": self._parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": self._desk.root,
            "sessionId": self.id,
            "version": _VERSION,
            "gitBranch": BRANCH,
            "type": kind,
            "message": message,
            "uuid": own,
            "timestamp": rfc3339_millis(at),
            **more,
        }
        self._parent = own
        self._lines.append(orjson.dumps(record) + b"\n")


def _printed(printed: str) -> dict[str, object]:
    return {"stdout": printed, "stderr": "", "interrupted": False, "isImage": False}


def _patch(before: str, after: str) -> list[dict[str, object]]:
    """The hunks between two texts, as the program's edits state them."""
    old, new = before.split("\n"), after.split("\n")
    hunks: list[dict[str, object]] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        lines: list[str] = []
        for kind, a, b, c, d in group:
            lines += [f" {line}" for line in old[a:b]] if kind == "equal" else [f"-{line}" for line in old[a:b]]
            lines += [] if kind == "equal" else [f"+{line}" for line in new[c:d]]
        (_, first, _, now, _), (_, _, last, _, then) = group[0], group[-1]
        hunks.append({
            "oldStart": first + 1, "oldLines": last - first, "newStart": now + 1, "newLines": then - now,
            "lines": lines,
        })  # fmt: skip
    return hunks

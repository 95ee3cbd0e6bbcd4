"""What Claude Code hands its hooks, one JSON object a line, as a collector keeps it: with the time it came.

::

    {"session_id","transcript_path","cwd","permission_mode","hook_event_name", ...the event's own fields,"timestamp"}

``timestamp`` is RFC 3339 in UTC with milliseconds. No payload names the person who works with the agent. The end of an
edit or a command is read as two events: that the call ended, and what it did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.demo.cast import SERVICES
from vestige.demo.chance import pick, stream, table, text, uuid
from vestige.demo.clock import HOUR, MILLI, MILLIS, rfc3339_millis, rfc3339_minute
from vestige.demo.template import rendered, template
from vestige.demo.writing import Entry, Writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from vestige.demo.cast import Cast
    from vestige.demo.writing import Keys

MODEL: Final = "claude-sonnet-4-5-20250929"
_VARIANTS = 256
Kind = tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...]]
"""A record with holes, what its own id begins with, and the working copies and fields that it may name."""


class Hooks:
    """A source of hooks' payloads."""

    def __init__(self, cast: Cast, source: str) -> None:
        self.source = source
        self._planted = stream(cast.seed, source, "planted")
        rng = stream(cast.seed, source, "pool")
        self._sessions = [uuid(stream(cast.seed, source, person.name))[:24].encode() for person in cast.people]
        weighted = (
            (10, "SessionStart", {"source": "startup", "model": MODEL}),
            (40, "UserPromptSubmit", {"prompt": "please tidy {path}"}),
            (60, "Stop", {"stop_hook_active": False, "last_assistant_message": "{path} is tidy; {number} tests pass"}),
            (90, "PreToolUse", {"tool_name": "Bash", "tool_input": {"command": "pytest -q services/{service}"}}),
            (46, "PostToolUse", {
                "tool_name": "Edit",
                "tool_input": {"file_path": "{path}", "old_string": "retries = {number}", "new_string": "retries = 3"},
                "tool_response": {
                    "filePath": "{path}",
                    "structuredPatch": [{
                        "oldStart": 12, "oldLines": 1, "newStart": 12, "newLines": 1,
                        "lines": ["-retries = {number}", "+retries = 3"],
                    }],
                },
            }),
            (10, "SessionEnd", {"reason": "prompt_input_exit"}),
        )  # fmt: skip
        self._kinds = table([(_kind(rng, event, fields), weight) for weight, event, fields in weighted], 256)

    def call(self) -> str:
        """An id for a call of a tool."""
        return f"toolu_01{text(self._planted, 22)}"

    def heard(
        self,
        event: str,
        *,
        session: str,
        root: str,
        event_type: str,
        outcome: str = "",
        commit: str = "",
        **fields: object,
    ) -> Writing:
        """One payload.

        Args:
            event: the hook's.
            session: the agent's.
            root: the working copy.
            event_type: what a right reading makes of it; where it is two events, of the one that says what was done.
            outcome: the same of how it ended.
            commit: what its fields say was committed.
            fields: the event's own.
        """
        found: Keys = (("session", session), *((("commit", commit),) if commit else ()))

        def write(at: int) -> Entry:
            document = _document(event, session, root, _transcript(root, session), fields, rfc3339_millis(at))
            return Entry(rendered(document), at // MILLI * MILLI, event_type, outcome, "", found)

        return Writing(self.source, write)

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """See :class:`vestige.demo.writing.Shape`."""
        prefix = b'"' + rfc3339_minute(start)
        kinds, sessions, crowd = self._kinds, self._sessions, len(self._sessions)
        hour = b"%012x" % (start // HOUR)
        out = []
        for number, (offset, draw) in enumerate(zip(offsets, draws, strict=True), first):
            body, mark, variants = kinds[draw & 255]
            session = sessions[(draw >> 8 & 0xFFFFF) % crowd] + hour
            place, own = variants[draw >> 28 & 255]
            out.append(
                body
                % (
                    b'"' + session + b'"',
                    b'"/home/dev/.claude/projects/' + session + b'.jsonl"',
                    place,
                    b'"%b%016x%08x"' % (mark, draw, number),
                    own,
                    prefix + MILLIS[offset] + b'"',
                )
            )
        return out


def _document(
    event: str, session: str, root: str, transcript: str, fields: Mapping[str, object], at: str
) -> dict[str, object]:
    return {
        "session_id": session,
        "transcript_path": transcript,
        "cwd": root,
        "permission_mode": "default",
        "hook_event_name": event,
        **fields,
        "timestamp": at,
    }


def _transcript(root: str, session: str) -> str:
    home, _, project = root.rpartition("/src/")
    return f"{home}/.claude/projects/{project}/{session}.jsonl"


def _kind(rng: Random, event: str, fields: Mapping[str, object]) -> Kind:
    """A kind of payload, and what the fields of one may be."""
    called = "tool_name" in fields
    own = {"tool_use_id" if called else "prompt_id": "@id@", "tail": "@tail@"}
    body = template(
        _document(event, "@session@", "@root@", "@transcript@", own, "@time@"),
        *("session", "transcript", "root", "id", "tail", "time"),
    )
    variants = []
    for _ in range(_VARIANTS):
        service, number = pick(rng, SERVICES), str(10 + rng.getrandbits(11))
        root = f"/workspaces/{service}"
        path = f"{root}/services/{service}/handler_{rng.getrandbits(4)}.py"
        given = {"{service}": service, "{number}": number, "{path}": path}
        variants.append((rendered(root), rendered(_filled(fields, given))[1:-1]))
    # The event's own fields stand beside the others: the hole takes its own name along.
    return body.replace(b'"tail":%b', b"%b"), b"toolu_" if called else b"", tuple(variants)


def _filled(value: object, given: Mapping[str, str]) -> object:
    """A value with its placeholders filled, at every depth."""
    if isinstance(value, dict):
        return {name: _filled(inner, given) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, given) for inner in value]
    if isinstance(value, str):
        for name, word in given.items():
            value = value.replace(name, word)
    return value

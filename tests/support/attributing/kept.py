"""What capture would have kept of what hooks tell: records in the form docs/howto/agents.md states."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from vestige.attribution import Outcome, Snapshot
from vestige.attribution.captured import Captured
from vestige.capture.contents import blob_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVENTS = {
    None: "PreToolUse", Outcome.OK: "PostToolUse", Outcome.FAILED: "PostToolUseFailure",
    Outcome.DENIED: "PermissionDenied",
}  # fmt: skip


class Kept:
    """Records of one working tree."""

    def __init__(self) -> None:
        self.records: list[Captured] = []
        self.texts: dict[str, bytes] = {}

    def saw(self, shot: Snapshot) -> None:
        """A look around a call. No hook tells of people."""
        if shot.call.person or shot.outcome is Outcome.LOST:
            return
        files: dict[str, str | None] = {}
        for path, data in shot.files.items():
            files[path] = None if data is None else f"git:{blob_id(data)}"
            if data is not None:
                self.texts[f"git:{blob_id(data)}"] = data
        record: dict[str, Any] = {
            "hook_event_name": _EVENTS[shot.outcome], "session_id": shot.call.session, "tool_use_id": shot.call.id,
            "model": shot.call.model,
        }  # fmt: skip
        if shot.whole:
            command = "git stash pop" if shot.call.bringing else "make"
            record |= {"tool_name": "Bash", "tool_input": {"command": command}}
        else:
            record |= {"tool_name": "Edit", "tool_input": {}}
            answer: dict[str, Any] = {}
            for path in shot.files:
                if shot.stated and path in shot.stated:
                    answer["structuredPatch"] = [{"lines": [f"+{line}" for line in shot.stated[path]]}]
                if shot.original and (found := shot.original.get(path)) is not None:
                    answer["originalFile"] = found.decode()
            record |= {"tool_response": answer} if shot.outcome is not None else {}
        when = "before" if shot.outcome is None else "after"
        look = {"when": when, "files": files, "head": shot.head, "whole": shot.whole}
        self._keep(record, {} if shot.outcome is Outcome.DENIED else {"snapshot": look})

    def stopped(self, session: str) -> None:
        """A turn ended."""
        self._keep({"hook_event_name": "Stop", "session_id": session}, {})

    def committed(self, commit: str) -> None:
        """``post-commit``."""
        self._keep({"event_type": "code.committed"}, {"head": commit})

    def rewritten(self, pairs: Sequence[tuple[str, str]]) -> None:
        """``post-rewrite``."""
        if pairs:
            self._keep({"event_type": "code.rewritten"}, {"lines": [[old, new] for old, new in pairs]})

    def _keep(self, record: dict[str, Any], about: dict[str, Any]) -> None:
        number = len(self.records) + 1
        about |= {"id": f"i{number}", "worktree": "t", "order": number, "at": 1_000_000_000 - number}
        self.records.append(Captured.of(f"e{number}", json.loads(json.dumps(record | {"vestige_capture": about}))))

    def shuffled(self) -> list[Captured]:
        """As a server may have them: in any order, some twice."""
        rng = random.Random(len(self.records))
        found = [*self.records, *rng.sample(self.records, len(self.records) // 10)]
        rng.shuffle(found)
        return found

"""An agent's edit and the commit behind it, sent to a server as capture sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vestige.capture.contents import blob_id
from vestige.capture.repository import source_of

if TYPE_CHECKING:
    import httpx


def send_edit(
    client: httpx.Client, repository: str, commit: str, path: str, texts: tuple[str, str], *, session: str, call: str,
    when: str = "2026-03-02T10:00:00Z",
) -> None:  # fmt: skip
    """Send what hooks told: a prompt, a file before and after a call that wrote it, and that it was committed.

    Args:
        client: of the server.
        repository: its name.
        commit: that was made afterwards.
        path: the file.
        texts: what it held before and after.
        session: the agent's.
        call: the tool call's id.
        when: for all of it.
    """
    refs = [f"git:{blob_id(text.encode())}" for text in texts]
    numbers = iter(range(1, 100))

    def about(**more: Any) -> dict[str, Any]:
        number = next(numbers)
        return {
            "id": f"{call}-{number}",
            "repository": repository,
            "worktree": "w",
            "order": number,
            "at": number,
        } | more

    def event(kind: str, **more: Any) -> dict[str, Any]:
        keys = {"repository": [repository]}
        return {
            "event_type": kind,
            "occurred_at": when,
            "message": kind,
            "keys": keys,
            "vestige_capture": about(**more),
        }

    said = {"session_id": session, "timestamp": when, "cwd": "/w"}
    tool = {"tool_name": "Edit", "tool_use_id": call, "tool_input": {"file_path": f"/w/{path}"}}
    looks = [{"when": "before", "files": {path: refs[0]}}, {"when": "after", "files": {path: refs[1]}}]
    written = [f"+{line}" for line in texts[1].splitlines() if line not in texts[0].splitlines()]
    answer = {"structuredPatch": [{"lines": written}]}
    hooks = [
        {"hook_event_name": "UserPromptSubmit", "prompt": "do it", **said, "vestige_capture": about()},
        {"hook_event_name": "PreToolUse", **tool, **said, "vestige_capture": about(snapshot=looks[0])},
        {"hook_event_name": "PostToolUse", **tool, **said, "tool_response": answer,
         "vestige_capture": about(snapshot=looks[1])},
    ]  # fmt: skip
    own = [event("agent.snapshot", ref=ref, path=path, text=text) for ref, text in zip(refs, texts, strict=True)]
    own.append(event("code.committed", hook="post-commit", head=commit))
    source = source_of(repository)
    headers = {"X-Source-Id": source, "Content-Type": "application/x-ndjson"}
    body = "".join(f"{json.dumps(one)}\n" for one in own)
    client.post("/v1/ingest/events", content=body, headers=headers).raise_for_status()
    body = "".join(f"{json.dumps(one)}\n" for one in hooks)
    headers = {"X-Source-Id": source, "X-Filename": f"{call}.jsonl"}
    client.post("/v1/ingest/raw", content=body, headers=headers).raise_for_status()

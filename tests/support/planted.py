"""Two sessions of Claude Code whose figures are known beforehand, and what telemetry says of the first."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from support.samples.agents import EDIT, answered, claude, said

REPOSITORY = "example.org/ann/shop"
AUTHOR = "ann@example.org"
OPUS, SONNET = "claude-opus-5", "claude-sonnet-4-5-20250929"
FIRST, SECOND = "s-planted-1", "s-planted-2"


def _lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _session(name: str, start: datetime, *steps: tuple[str, dict[str, Any]]) -> bytes:
    """A transcript: a line each ten seconds."""
    return _lines(*(
        claude(kind, 0, **fields) | {
            "sessionId": name, "uuid": f"{name}-{number}", "parentUuid": None,
            "timestamp": (start + timedelta(seconds=10 * number)).isoformat(),
        }
        for number, (kind, fields) in enumerate(steps)
    ))  # fmt: skip


def _call(answer: str, use: str, tool: str, model: str, **given: str) -> tuple[str, dict[str, Any]]:
    block = {"type": "tool_use", "id": use, "name": tool, "input": given}
    return "assistant", {"message": answered(answer, block) | {"model": model}}


def _end(use: str, **more: object) -> tuple[str, dict[str, Any]]:
    return "user", {"message": said({"type": "tool_result", "tool_use_id": use, "content": "done"}), **more}


def transcripts(start: datetime) -> dict[str, bytes]:
    """Files by name.

    Each answer takes 2 in, 100 out and 10,000 from caches. The first session has three of Opus, an edit and a command
    that runs git and npm, in 50 seconds; the second, a week later, one of Sonnet that asks the MCP server ``db``.
    """
    message = {"role": "user", "content": "make a two"}
    first = _session(
        FIRST, start,
        ("user", {"message": message}),
        _call("p_1", "use_1", "Edit", OPUS, file_path="/w/app/pay.py", old_string="a = 1", new_string="a = 2"),
        _end("use_1", toolUseResult=EDIT),
        _call("p_2", "use_2", "Bash", OPUS, command="git add . && npm test"),
        _end("use_2"),
        ("assistant", {"message": answered("p_3", {"type": "text", "text": "a is two"}) | {"model": OPUS}}),
    )  # fmt: skip
    second = _session(
        SECOND, start + timedelta(days=7),
        ("user", {"message": message}),
        _call("p_4", "use_4", "mcp__db__query", SONNET, sql="select 1"),
        _end("use_4"),
    )  # fmt: skip
    named = {"session.id": FIRST, "event.name": "tool_result", "user.email": AUTHOR, "tool_name": "Edit",
             "tool_use_id": "use_1", "success": "true"}  # fmt: skip
    record = {
        "timeUnixNano": str(int((start + timedelta(seconds=20)).timestamp()) * 10**9),
        "body": {"stringValue": "claude_code.tool_result"},
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in named.items()],
    }
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": [record]}
    service = [{"key": "service.name", "value": {"stringValue": "claude-code"}}]
    telemetry = _lines({"resourceLogs": [{"resource": {"attributes": service}, "scopeLogs": [scope]}]})
    return {"planted-1.jsonl": first, "planted-2.jsonl": second, "planted-otel.json": telemetry}

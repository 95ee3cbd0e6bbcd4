"""Samples of :mod:`vestige.sources.agents`: one short session of each agent."""

from __future__ import annotations

import json

_AT = "2026-03-01T09:00:0{}.000Z"
_CWD = "/w/app"


def _lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def claude(kind: str, number: int, **fields: object) -> dict[str, object]:
    """A line of a Claude Code transcript."""
    return {
        "parentUuid": f"u-{number - 1}" if number else None, "isSidechain": False, "userType": "external", "cwd": _CWD,
        "sessionId": "5f0c", "version": "2.1.328", "gitBranch": "main", "type": kind, "uuid": f"u-{number}",
        "timestamp": _AT.format(number % 10), **fields,
    }  # fmt: skip


def said(*blocks: object) -> dict[str, object]:
    """A message of the user's side."""
    return {"role": "user", "content": list(blocks)}


def answered(message_id: str, *blocks: object, **usage: object) -> dict[str, object]:
    """A message of the model."""
    told = {"input_tokens": 2, "output_tokens": 100, "cache_read_input_tokens": 10000, **usage}
    return {
        "id": message_id, "role": "assistant", "model": "claude-opus-5", "content": list(blocks), "usage": told,
    }  # fmt: skip


PATCH = [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 2, "lines": ["-a = 1", "+a = 2", "+b = 3"]}]
EDIT = {"filePath": "/w/app/pay.py", "oldString": "a = 1", "newString": "a = 2\nb = 3", "originalFile": "a = 1\n",
        "structuredPatch": PATCH, "userModified": False, "replaceAll": False}  # fmt: skip
CLAUDE = (
    claude("user", 0, message={"role": "user", "content": "make a two"}),
    claude("assistant", 1, message=answered("msg_1", {"type": "thinking", "thinking": "hm, a", "signature": "s"})),
    claude(
        "assistant", 2,
        message=answered("msg_1", {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {
            "file_path": "/w/app/pay.py", "old_string": "a = 1", "new_string": "a = 2\nb = 3"}}),
    ),
    claude("user", 3, message=said({"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}),
           toolUseResult=EDIT),
    claude("assistant", 4, message=answered("msg_2", {"type": "tool_use", "id": "toolu_2", "name": "Bash",
                                                      "input": {"command": "git commit -am two"}})),
    claude("user", 5, message=said({"type": "tool_result", "tool_use_id": "toolu_2", "content": "[main 1a2b3c4] two"}),
           toolUseResult={"stdout": "[main 1a2b3c4] two\n 1 file changed", "stderr": "", "interrupted": False}),
    claude("assistant", 6, message=answered("msg_3", {"type": "text", "text": "a is two"})),
    claude("system", 7, subtype="compact_boundary", compactMetadata={"trigger": "manual", "preTokens": 9}),
    {"type": "permission-mode", "permissionMode": "plan", "sessionId": "5f0c"},
)  # fmt: skip

_HOOK = {"session_id": "5f0c", "transcript_path": "/h/5f0c.jsonl", "cwd": _CWD, "permission_mode": "default"}
HOOKS = (
    {**_HOOK, "hook_event_name": "SessionStart", "source": "startup", "model": "claude-opus-5"},
    {**_HOOK, "hook_event_name": "PostToolUse", "tool_name": "Edit", "tool_use_id": "toolu_1",
     "tool_input": {"file_path": "/w/app/pay.py", "old_string": "a = 1", "new_string": "a = 2"},
     "tool_response": EDIT},
    {**_HOOK, "hook_event_name": "PermissionDenied", "tool_name": "Write", "tool_use_id": "toolu_3",
     "tool_input": {"file_path": "/etc/passwd", "content": "x"}, "reason": "no"},
    {**_HOOK, "hook_event_name": "SessionEnd", "reason": "other"},
)  # fmt: skip


def rollout(kind: str, payload: object, second: int = 0) -> dict[str, object]:
    """A line of a Codex rollout."""
    return {"timestamp": _AT.format(second), "type": kind, "payload": payload}


def counted(taken: int, cached: int, out: int) -> dict[str, object]:
    """A Codex count of tokens so far."""
    told = {"input_tokens": taken, "cached_input_tokens": cached, "output_tokens": out, "reasoning_output_tokens": 1}
    return rollout("event_msg", {"type": "token_count", "info": {"total_token_usage": told}})


CODEX = (
    rollout("session_meta", {
        "id": "c0de-1", "cwd": _CWD, "cli_version": "0.99", "git": {
            "commit_hash": "1a" * 20, "branch": "main", "repository_url": "git@github.com:Acme/App.git"}}),
    rollout("turn_context", {"cwd": _CWD, "model": "gpt-5", "approval_policy": "on-request"}),
    rollout("event_msg", {"type": "user_message", "message": "list it"}, 1),
    rollout("response_item", {"type": "reasoning", "summary": [], "encrypted_content": "abc"}, 1),
    rollout("response_item", {"type": "function_call", "name": "shell", "call_id": "call_1",
                              "arguments": json.dumps({"command": ["bash", "-lc", "ls"]})}, 2),
    rollout("response_item", {"type": "function_call_output", "call_id": "call_1",
                              "output": json.dumps({"output": "pay.py\n", "metadata": {"exit_code": 0}})}, 3),
    rollout("event_msg", {"type": "patch_apply_end", "call_id": "call_2", "success": True, "changes": {
        "/w/app/new.py": {"add": {"content": "a\nb\n"}},
        "/w/app/pay.py": {"update": {"unified_diff": "@@ -1 +1,2 @@\n-a\n+b\n+c\n", "move_path": None}}}}, 4),
    counted(100, 60, 10),
    rollout("response_item", {"type": "message", "role": "assistant", "content": [
        {"type": "output_text", "text": "one file"}]}, 5),
)  # fmt: skip

GEMINI = (
    {"sessionId": "9e31", "projectHash": "ab" * 32, "startTime": _AT.format(0), "lastUpdated": _AT.format(0),
     "kind": "main", "directories": [_CWD]},
    {"id": "m-1", "timestamp": _AT.format(1), "type": "user", "content": [{"text": "make a two"}]},
    {"id": "m-2", "timestamp": _AT.format(2), "type": "gemini", "content": "done", "model": "gemini-2.5-pro",
     "thoughts": [{"subject": "s", "description": "d", "timestamp": _AT.format(2)}],
     "tokens": {"input": 100, "output": 10, "cached": 40, "thoughts": 5, "tool": 0, "total": 115},
     "toolCalls": [{"id": "replace-1", "name": "replace", "args": {"file_path": "/w/app/pay.py"},
                    "status": "success", "timestamp": _AT.format(2),
                    "resultDisplay": {"fileDiff": "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"}}]},
    {"$rewindTo": "m-1"},
)  # fmt: skip


def copilot(kind: str, data: object, second: int = 0) -> dict[str, object]:
    """A line of a Copilot CLI session."""
    return {"type": kind, "data": data, "id": f"e-{kind}", "timestamp": _AT.format(second), "parentId": None}


COPILOT = (
    copilot("session.start", {
        "sessionId": "c0-1", "version": 1, "copilotVersion": "1.0.45", "selectedModel": "gpt-5", "context": {
            "cwd": _CWD, "repository": "acme/app", "repositoryHost": "github.com", "headCommit": "2b" * 20}}),
    copilot("user.message", {"content": "list it"}, 1),
    copilot("assistant.message", {"messageId": "m", "content": "", "toolRequests": [{}], "reasoningText": "hm"}, 2),
    copilot("tool.execution_start", {"toolCallId": "t-1", "toolName": "bash", "arguments": {"command": "ls"}}, 3),
    copilot("tool.execution_complete", {"toolCallId": "t-1", "success": True, "result": {"content": "pay.py"}}, 4),
    copilot("permission.completed", {
        "requestId": "r-1", "toolCallId": "t-2", "result": {"kind": "denied-interactively-by-user"}}, 5),
    copilot("session.shutdown", {"shutdownType": "routine", "modelMetrics": {"gpt-5": {"usage": {
        "inputTokens": 100, "outputTokens": 10, "cacheReadTokens": 60, "cacheWriteTokens": 0}}}}, 6),
)  # fmt: skip
CHAT = ({"kind": 0, "v": {"version": 3, "creationDate": 1770580242421, "sessionId": "ch-1", "inputState": {},
                          "requests": [{"requestId": "q", "timestamp": 1770580257491, "modelId": "copilot/gpt-4o",
                                        "message": {"text": "why"}, "response": [{"value": "because"}]}]}},
        {"kind": 1, "k": ["inputState", "inputText"], "v": "x"})  # fmt: skip

_SESSION = {"id": "ses_1", "projectID": "p", "directory": _CWD, "title": "two", "version": "1.1",
            "time": {"created": 1772355600000, "updated": 1772355609000}}  # fmt: skip
_ANSWER = {"id": "msg_1", "sessionID": "ses_1", "role": "assistant", "modelID": "claude-sonnet-4-5",
           "providerID": "anthropic", "cost": 0.01, "path": {"cwd": _CWD, "root": _CWD},
           "time": {"created": 1772355601000, "completed": 1772355603000},
           "tokens": {"input": 5, "output": 7, "reasoning": 2, "cache": {"read": 11, "write": 13}}}  # fmt: skip
_TOOL = {"id": "prt_1", "sessionID": "ses_1", "messageID": "msg_1", "type": "tool", "tool": "bash", "callID": "oc-1",
         "state": {"status": "completed", "input": {"command": "ls"}, "output": "pay.py", "metadata": {"exit": 0},
                   "time": {"start": 1772355601500, "end": 1772355602000}}}  # fmt: skip
_WORDS = {"id": "prt_2", "sessionID": "ses_1", "messageID": "msg_0", "type": "text", "text": "list it"}
EXPORT = {"info": _SESSION, "messages": [
    {"info": {"id": "msg_0", "sessionID": "ses_1", "role": "user", "time": {"created": 1772355600500}},
     "parts": [_WORDS]},
    {"info": _ANSWER, "parts": [_TOOL]},
]}  # fmt: skip

CURSOR = (
    {"role": "user", "message": {"content": [{"type": "text", "text": "<user_query>\nlist it\n</user_query>"}]}},
    {"role": "assistant", "message": {"content": [
        {"type": "text", "text": "listing"}, {"type": "tool_use", "name": "Shell", "input": {"command": "ls"}}]}},
)  # fmt: skip
CURSOR_HOOKS = (
    {"conversation_id": "cu-1", "generation_id": "g", "hook_event_name": "afterFileEdit", "cursor_version": "3.1",
     "workspace_roots": [_CWD], "file_path": "/w/app/pay.py", "edits": [{"old_string": "a", "new_string": "b"}]},
    {"conversation_id": "cu-1", "hook_event_name": "preToolUse", "tool_name": "Shell", "workspace_roots": [_CWD],
     "tool_input": {"command": "ls"}, "model": "composer-2"},
)  # fmt: skip
GEMINI_HOOKS = (
    {"session_id": "9e31", "transcript_path": "/h/c.json", "cwd": _CWD, "timestamp": _AT.format(3),
     "hook_event_name": "AfterTool", "tool_name": "write_file", "tool_input": {"file_path": "/w/app/x", "content": "1"},
     "tool_response": {"llmContent": "ok", "returnDisplay": {"fileDiff": "@@ -0,0 +1 @@\n+1\n"}}},
)  # fmt: skip

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "claude_code": (_lines(*CLAUDE),),
    "claude_code_hooks": (_lines(*HOOKS),),
    "codex": (_lines(*CODEX),),
    "copilot": (_lines(*COPILOT), _lines(*CHAT)),
    "opencode": (json.dumps(EXPORT, indent=2).encode(), _lines(_SESSION), _lines(_ANSWER), _lines(_TOOL)),
    "gemini": (_lines(*GEMINI), json.dumps({**GEMINI[0], "messages": list(GEMINI[1:3])}, indent=2).encode()),
    "gemini_hooks": (_lines(*GEMINI_HOOKS),),
    "cursor": (_lines(*CURSOR),),
    "cursor_hooks": (_lines(*CURSOR_HOOKS),),
}

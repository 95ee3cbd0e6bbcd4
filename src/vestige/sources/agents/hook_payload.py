"""What an agent hands a hook: one reading for all agents, as they took the form from one another.

Names of events are compared in small letters without ``_`` and ``-``: ``PostToolUse``, ``postToolUse``,
``after_tool``. What a call came to is told by the hook that ran behind it: a call that was only announced, or was
denied, has changed nothing. A name nobody knows is an ``agent.hook`` all the same.

A payload states no time, with few exceptions; it is then undated, until who passes it on says when it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.agents.events import Scene, commits_in, dump, ended, finish, known, one_line, place_keys
from vestige.sources.agents.tools import Call, Change, asked, in_diff, in_hunks, is_edit, lines_in, path_of
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock

    Part = Mapping[str, object]
    Teller = Callable[[Scene, Part], list[Event]]

_BAD = frozenset({"failure", "error", "failed", "denied", "rejected", "timeout"})
_DENIED = frozenset({"denied", "rejected"})


def event_of(record: Part) -> str:
    """The hook's event as its sender writes it."""
    return text_of(record.get("hook_event_name")) or text_of(record.get("hookEventName"))


def plain(name: str) -> str:
    """A name without what differs between agents' ways of writing it."""
    return name.replace("_", "").replace("-", "").lower()


def read_hook(record: Part, text: str, clock: Clock, agent: str) -> Reading:
    """The events of one payload."""
    roots = record.get("workspace_roots")
    root = roots[0] if isinstance(roots, list) and roots else ""
    model = record.get("model")
    scene = Scene(
        agent,
        clock.read(record.get("timestamp")),
        next((said for name in _SESSIONS if (said := text_of(record.get(name)))), ""),
        text_of(mapping(model).get("id")) or text_of(model).strip(),
        text_of(record.get("agent_id")),
        place_keys(record.get("cwd") or record.get("workingDirectory") or record.get("repo_working_dir") or root),
    )
    name = event_of(record)
    teller = _TELLERS.get(plain(name))
    return finish([_hook(scene, record)] if teller is None else teller(scene, record), text)


_SESSIONS = ("session_id", "sessionId", "conversation_id")


def _hook(scene: Scene, record: Part) -> Event:
    name = event_of(record)
    path = text_of(record.get("file_path"))
    said = next((found for key in _SAID if (found := text_of(record.get(key)))), "")
    tool = text_of(record.get("tool_name"))
    words = " ".join(filter(None, ("hook", name, tool, path, said)))
    return scene.tell("agent.hook", words, action=name, thing=(path, "file"))


_SAID = ("message", "trigger", "source", "reason", "name", "mcp_server_name", "to_model", "teammate_name", "delta")


def _call(record: Part) -> Call:
    given = record.get("tool_input", record.get("toolArgs"))
    if given is None and "command" in record:
        given = {"command": record["command"]}
    name = text_of(record.get("tool_name")) or text_of(record.get("toolName"))
    if not name:
        name = "Shell" if "shell" in plain(event_of(record)) else "Read" if "read" in plain(event_of(record)) else ""
        given = given if given is not None else {"file_path": record.get("file_path")}
    use = text_of(record.get("tool_use_id")) or text_of(record.get("toolCallId")) or text_of(record.get("tool_call_id"))
    return Call(name, given, use)


def _before(scene: Scene, record: Part) -> list[Event]:
    return [_call(record).use_event(scene)]


def _after(scene: Scene, record: Part) -> list[Event]:
    """What came of a call; edits and commands are told here, where they have happened."""
    answer = next((record[name] for name in _ANSWERS if name in record), None)
    part = mapping(answer)
    state = (text_of(part.get("result_type")) or text_of(part.get("resultType"))).lower()
    said = next((found for name in _PRINTED if (found := text_of(part.get(name)))), text_of(answer))
    if state in _DENIED:
        return _call(record).denied_events(scene, said or state)
    code = part.get("exitCode", part.get("exit_code", record.get("exit_code")))
    failed = bool(part.get("error")) or part.get("success") is False or state in _BAD or (known(code) and code != 0)
    return _came_of(scene, record, _outcome(part, failed=failed), said, code if type(code) is int else None)


_ANSWERS = ("tool_response", "tool_result", "toolResult", "tool_output", "result_json", "output")
_PRINTED = ("stdout", "text_result_for_llm", "textResultForLlm", "llmContent", "returnDisplay", "output", "content")


def _outcome(part: Part, *, failed: bool) -> str:
    return "unknown" if part.get("interrupted") is True and not failed else ended(failed)


def _came_of(scene: Scene, record: Part, outcome: str, said: str, code: int | None) -> list[Event]:
    call = _call(record)
    commits = commits_in(said)
    out = [call.result_event(scene, outcome, said, commits)]
    command = call.command_event(scene, outcome, code, commits)
    out += [command] if command is not None else []
    if is_edit(call.tool) or (not call.tool and path_of(mapping(call.given))):
        changes = _shown(record) if outcome == "success" else ()
        out += call.edit_events(scene, changes or asked(call.given), outcome, _modified(record))
    return out


def _modified(record: Part) -> tuple[str, ...]:
    return ("agent:user_modified",) if mapping(record.get("tool_response")).get("userModified") is True else ()


def _shown(record: Part) -> tuple[Change, ...]:
    """The file as the tool's answer shows it was changed; of an answer that shows a diff and no name, the call's."""
    part = mapping(record.get("tool_response"))
    lines = in_hunks(part.get("structuredPatch")) or in_diff(
        text_of(mapping(part.get("returnDisplay")).get("fileDiff"))
    )
    path = path_of(part) or (path_of(mapping(_call(record).given)) if lines else "")
    if not path:
        return ()
    if part.get("type") == "create" and lines is None:
        return (Change(path, lines_in(part.get("content")), 0, "created"),)
    added, removed = lines or (None, None)
    return (Change(path, added, removed),)


def _failed(scene: Scene, record: Part) -> list[Event]:
    error = record.get("error")
    said = text_of(error) or text_of(mapping(error).get("message")) or text_of(record.get("error_message"))
    code = record.get("exit_code")
    return _came_of(scene, record, ended(failed=True), said, code if type(code) is int else None)


def _denied(scene: Scene, record: Part) -> list[Event]:
    return _call(record).denied_events(scene, text_of(record.get("reason")))


def _edited(scene: Scene, record: Part) -> list[Event]:
    """An editor's own notice that the agent changed files."""
    paths = record.get("edited_filepaths")
    found = [text_of(path) for path in paths] if isinstance(paths, list) else [text_of(record.get("file_path"))]
    tool = text_of(record.get("tool")).strip() or event_of(record)
    changes = [Change(path) for path in found if path]
    return Call(tool).edit_events(scene, changes, "success") or [_hook(scene, record)]


def _asked(scene: Scene, record: Part) -> list[Event]:
    call = _call(record)
    said = f"asks to use {call.tool or 'a tool'}: {one_line(call.what(), 400)}"
    told = call.about()
    return [
        scene.tell("agent.permission_asked", said, action=call.tool, thing=(call.tool, "tool"), told=told,
                   keys=call.keys(), file=path_of(mapping(call.given)))
    ]  # fmt: skip


def _said(kind: str, *names: str, lead: str = "", person: bool = False, outcome: str = "", severity: int = 0) -> Teller:
    """A teller of the first of some fields that says anything."""

    def tell(scene: Scene, record: Part) -> list[Event]:
        said = next((found for name in names if (found := _words(record.get(name)))), "")
        words = f"{lead}: {said}" if lead and said else lead or said or event_of(record)
        return [
            scene.tell(kind, words, action=event_of(record), person=person, outcome=outcome, severity=severity)
        ]  # fmt: skip

    return tell


def _words(value: object) -> str:
    return dump(value) if isinstance(value, dict | list) else text_of(value)


def _started(scene: Scene, record: Part) -> list[Event]:
    why = text_of(record.get("source"))
    thing = (scene.model, "model")
    return [scene.tell("agent.session_started", f"session began ({why or 'unknown'})", action=why, thing=thing)]


def _model(scene: Scene, record: Part) -> list[Event]:
    old, new = text_of(record.get("from_model")), text_of(record.get("to_model"))
    told = {"from_model": old, "to_model": new}
    return [scene.tell("agent.model_switched", f"model {old} to {new}", thing=(new, "model"), told=told)]


def _subagent(kind: str, word: str) -> Teller:
    def tell(scene: Scene, record: Part) -> list[Event]:
        name = text_of(record.get("agent_type")) or text_of(record.get("subagent_type"))
        said = text_of(record.get("last_assistant_message"))
        words = f"subagent {name or scene.subagent} {word}{': ' + said if said else ''}"
        return [scene.tell(kind, words, action=name, told={"agent_type": name})]

    return tell


_CONFIGURED = _said("agent.configured", "file_path", "new_cwd", "directory", "worktree_path", "name", "source")
_STATUS = _said("agent.status", "message", "task_subject", "teammate_name", "delta", "trigger", "mcp_server_name")
_ENDED = _said("agent.turn_ended", "last_assistant_message", "prompt_response", "status", lead="turn ended")
_PROMPT = _said("agent.prompt", "prompt", "initialPrompt", person=True)
_ERROR = _said("agent.error", "error", "error_details", "errorMessage", outcome="failure", severity=2)
_MESSAGE = _said("agent.message", "text", "prompt_response")

_TELLERS: dict[str, Teller] = {
    "sessionstart": _started,
    "sessionend": _said("agent.session_ended", "reason", lead="session ended"),
    "userpromptsubmit": _PROMPT, "userpromptsubmitted": _PROMPT, "beforesubmitprompt": _PROMPT, "beforeagent": _PROMPT,
    "userpromptexpansion": _said("agent.context", "prompt", lead="expanded"),
    "userprompttransformed": _said("agent.context", "prompt", lead="transformed"),
    "instructionsloaded": _said("agent.context", "file_path", lead="instructions loaded"),
    "pretooluse": _before, "beforetool": _before, "premcptoolcall": _before, "beforeshellexecution": _before,
    "beforemcpexecution": _before, "beforereadfile": _before,
    "posttooluse": _after, "aftertool": _after, "aftershellexecution": _after, "aftermcpexecution": _after,
    "posttoolusefailure": _failed,
    "permissionrequest": _asked,
    "permissiondenied": _denied,
    "afterfileedit": _edited, "aftertabfileedit": _edited, "afteredit": _edited,
    "afteragentresponse": _MESSAGE,
    "stop": _ENDED, "agentstop": _ENDED, "afteragent": _ENDED,
    "stopfailure": _ERROR, "erroroccurred": _ERROR,
    "subagentstart": _subagent("agent.subagent_started", "began"),
    "subagentstop": _subagent("agent.subagent_stopped", "ended"),
    "postcompact": _said("agent.compacted", "trigger", lead="compacted"),
    "postmodelswitch": _model,
    "configchange": _CONFIGURED, "cwdchanged": _CONFIGURED, "directoryadded": _CONFIGURED,
    "worktreecreate": _CONFIGURED, "worktreeremove": _CONFIGURED,
    "taskcreated": _STATUS, "taskcompleted": _STATUS, "teammateidle": _STATUS, "notification": _STATUS,
    "messagedisplay": _STATUS, "setup": _STATUS, "elicitation": _STATUS, "elicitationresult": _STATUS,
}  # fmt: skip

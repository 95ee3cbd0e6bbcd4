"""What is kept of what a hook was given: records without secrets, ready for the ledger.

Two kinds, each with a stream of its own. What an agent said stays as it said it, with two fields more: ``timestamp``
where it states none, and ``vestige_capture``: the event's id, the repository, what was seen of files, and what was
taken out. What capture says itself (texts of files, commits, gaps) are declared events.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.errors import InputError, TooLargeError
from vestige.model.instant import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.capture.contents import Content
    from vestige.secrets import Redactor, Report

MOST: Final = 1 << 20
"""Bytes of a record; longer ones have their long texts cut, and say so."""
OWN: Final = "capture"
"""The stream of declared events."""
FIELD: Final = "vestige_capture"
_LONG: Final = 16 << 10
_HEAD: Final = 4 << 10
_PAIRS: Final = 2000
"""Pairs of commits of one event."""
_NAMES: Final = re.compile(
    rb'"(hook_event_name|session_id|tool_name|tool_use_id|transcript_path)"\s*:\s*"([\w./:@ -]{1,300})"'
)
_OID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SPOKEN: Final = {
    "post-commit": ("code.committed", "a commit was made"),
    "post-rewrite": ("code.rewritten", "commits were made of others"),
    "post-checkout": ("code.checked_out", "another commit was checked out"),
    "post-merge": ("code.checked_out", "a merge ended"),
    "pre-push": ("code.push_begun", "commits are about to be pushed"),
}
"""The events of Git hooks."""


def parsed(given: bytes) -> dict[str, Any]:
    """What an agent gave.

    Raises:
        InputError: it is no JSON object.
    """
    try:
        found = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise InputError("no JSON", expected="one object", got=type(error).__name__) from None
    if not isinstance(found, dict):
        raise InputError("no JSON object", expected="one object", got=type(found).__name__)
    return found


def names_in(head: bytes) -> dict[str, Any]:
    """Of something too long to be kept: which event of which call it was, as far as its beginning tells."""
    found: dict[str, Any] = {}
    for name, value in _NAMES.findall(head):
        found.setdefault(name.decode(), value.decode())
    return found


def said(payload: Mapping[str, Any], about: Mapping[str, Any], at: int, redactor: Redactor) -> bytes:
    """The record of what an agent said.

    Args:
        payload: what it gave.
        about: what capture adds.
        at: when the hook ran, in nanoseconds since 1970.
        redactor: takes secrets out.

    Raises:
        TooLargeError: it is longer than can be searched for secrets.
    """
    whole = {"timestamp": to_text(at)} | dict(payload) | {FIELD: dict(about)}
    return _clean(whole, redactor)


def _clean(whole: dict[str, Any], redactor: Redactor) -> bytes:
    line, report = redactor.json_line(_dump(whole))
    if not report and len(line) <= MOST:
        return line
    record: dict[str, Any] = json.loads(line)
    told = record[FIELD]
    if report:
        told["redacted"] = _report(report)
    if len(line) > MOST:
        cuts: list[str] = []
        own = record.pop(FIELD)
        record = _cut(record, "", cuts)
        own["cut"] = cuts[:100]
        record[FIELD] = own
        line = _dump(record)
        if len(line) > 2 * MOST:
            raise TooLargeError("many long texts in one record", expected=f"{2 * MOST} bytes", got=f"{len(line)}")
        return line
    return _dump(record)


def _dump(value: object) -> bytes:
    # Not orjson: numbers above 64 bits and lone surrogates are none of its.
    return json.dumps(value, separators=(",", ":"), allow_nan=True).encode("ascii")


def _report(report: Report) -> list[dict[str, Any]]:
    return [{"rule": one.rule, "digest": one.digest, "count": one.count} for one in report.found]


def _cut(value: Any, path: str, cuts: list[str]) -> Any:  # noqa: ANN401 - JSON
    """The value with long texts cut; where, is added to ``cuts``."""
    if isinstance(value, str) and len(value) > _LONG:
        cuts.append(path)
        return f"{value[:_HEAD]}[cut: {len(value)} characters]"
    if isinstance(value, dict):
        return {name: _cut(one, f"{path}/{name[:100]}", cuts) for name, one in value.items()}
    if isinstance(value, list):
        return [_cut(one, f"{path}/{number}", cuts) for number, one in enumerate(value)]
    return value


def texts(new: Mapping[str, Content], session: str, repository: str, at: int, redactor: Redactor) -> list[bytes]:
    """A declared event for each text that was seen for the first time."""
    return [_text(path, one, session, repository, at, redactor) for path, one in new.items()]


def _text(path: str, one: Content, session: str, repository: str, at: int, redactor: Redactor) -> bytes:
    name = redactor.text(path)[0]
    capture: dict[str, Any] = {"ref": one.ref, "path": name, "text": one.text}
    if one.changed:
        capture |= {"changed_lines": one.changed, "redacted": _report(one.report)}
    event = _event("agent.snapshot", at, f"{name} as it was seen", repository, capture)
    event["object"] = {"id": _shown(name), "type": "file"}
    if session:
        event["session"] = {"id": _shown(session)}
    return orjson.dumps(event)


def _event(kind: str, at: int, message: str, repository: str, capture: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_type": kind,
        "occurred_at": to_text(at),
        "message": _shown(message),
        "keys": {"repository": [repository]},
        FIELD: dict(capture),
    }


def _shown(text: str) -> str:
    """A text without control characters, which no name in an event may have."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def gap(reason: str, at: int, repository: str, **figures: object) -> bytes:
    """That something was not captured."""
    return orjson.dumps(
        _event("agent.capture_gap", at, f"not captured: {reason}", repository, {"reason": reason, **figures})
    )


def happened(
    hook: str, words: Sequence[str], given: bytes, head: Sequence[str], about: Mapping[str, Any], redactor: Redactor
) -> list[bytes]:
    """What a Git hook says.

    Args:
        hook: its name.
        words: its arguments.
        given: its input.
        head: the commit that is checked out, its tree, and its parents; nothing where there is none.
        about: what capture adds, as of :func:`said`.
        redactor: takes secrets out.
    """
    kind, message = _SPOKEN[hook]
    about = {**about, "hook": hook, "arguments": list(words)}
    if head:
        about |= {"head": head[0], "tree": head[1], "parents": list(head[2:])}
    commits = [*head[:1], *(word for word in words if _OID.fullmatch(word))]
    lines = [line.decode("utf-8", "replace").split() for line in given.splitlines()]
    events = []
    for start in range(0, max(len(lines), 1), _PAIRS):
        part = lines[start : start + _PAIRS]
        told = about | ({"lines": part} if part else {}) | ({"part": start // _PAIRS} if start else {})
        event = _event(kind, about["at"], message, about["repository"], told)
        named = dict.fromkeys([*commits, *(word for line in part for word in line if _OID.fullmatch(word))])
        event["keys"]["commit"] = [oid for oid in named if oid.strip("0")][:50]
        if head:
            event["object"] = {"id": head[0], "type": "commit"}
        events.append(redactor.json_line(orjson.dumps(event))[0])
    return events

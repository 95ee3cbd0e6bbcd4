"""What a run of GitHub Actions shows: workflow commands that mark lines, and a summary in Markdown.

Names of policies, paths and reasons come from whoever pushed as well. None of them may become a command of the runner,
nor markup of a page (docs.github.com, "Workflow commands for GitHub Actions").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from vestige.cli.options import UNSAFE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_COMMANDS: Final = 200
MOST_PLACES: Final = 5
"""Of one result that are marked."""
MOST_ROWS: Final = 200
_MOST_TEXT: Final = 1000
_SHORT: Final = 12
_LEVELS: Final = {"block": "error", "warn": "warning", "pass": "notice"}
_MARKUP: Final = re.compile(r"[^\w\s,;:/'\"=.-]|[.:/](?=\S)|_", re.ASCII)
"""What could mean something in Markdown or HTML; also what makes links and mentions of plain text."""


def commands(results: Iterable[Mapping[str, Any]], judged: Sequence[Mapping[str, Any]]) -> list[str]:
    """A workflow command for each place of each result that neither passed nor was waived."""
    found: list[str] = []
    bad = [one for one in results if one.get("result") not in {"pass", "waived"}]
    for one in bad:
        level = _LEVELS.get(str(one.get("action", "block")), "error")
        title = f"{one.get('policy')} ({one.get('type')}, {one.get('result')})"
        commit = str(one.get("commit", ""))
        message = f"commit {commit[:_SHORT]}: {one.get('detail')}" if commit else str(one.get("detail"))
        for properties in [_properties(place) for place in places(one)[:MOST_PLACES]] or [{}]:
            found.append(_command(level, message, properties | {"title": title}))
            if len(found) >= MOST_COMMANDS:
                left = f"the first {MOST_COMMANDS} places are shown, of {len(bad)} results about {len(judged)} commits"
                return [*found, _command("warning", left, {"title": "vestige"})]
    return found


def places(result: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Where a result points to: path, first and last line, 0 where it names none; each once."""
    found = []
    for part in result.get("evidence", ()):
        if isinstance(part, dict) and isinstance(part.get("path"), str) and part["path"]:
            start, end = part.get("start", 0), part.get("end", 0)
            sound = isinstance(start, int) and isinstance(end, int) and 0 < start <= end
            found.append((part["path"], start, end) if sound else (part["path"], 0, 0))
    return list(dict.fromkeys(found))


def _properties(place: tuple[str, int, int]) -> dict[str, str]:
    path, start, end = place
    return {"file": path} | ({"line": str(start), "endLine": str(end)} if start else {})


def _command(level: str, message: str, properties: Mapping[str, str]) -> str:
    """``::level name=value,…::message``: a value ends at ``,`` or ``:``, everything at the end of the line."""
    told = ",".join(f"{name}={_value(value)}" for name, value in properties.items())
    return plain(f"::{level} {told}::{_data(message[:_MOST_TEXT])}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def plain(text: str) -> str:
    """A line in which no older form of a command stands: the runner looks for ``##[`` anywhere in it."""
    return text.replace("##[", "# #[")


def quiet(text: str) -> str:
    """A line of ours that is no command: the runner trims what it reads, and takes ``::`` at the beginning for one."""
    begins = text.lstrip()
    return plain(f"| {begins}" if begins.startswith("::") else text)


def summary(state: str, found: Mapping[str, Any]) -> str:
    """What a person reads of a run."""
    return "".join(f"{line}\n" for line in _summary(state, found))


def _summary(state: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Vestige: {state}"
    yield ""
    if "error" in found:
        yield f"Nothing was verified: {_text(found['error'])}"
        yield ""
        return
    if found.get("gone"):
        yield "The ref is gone: there is nothing to judge."
        yield ""
        return
    sums, rules = found["coverage"], found["rules"]
    yield f"{sums['commits']} commits of {_text(found['repository'])} by {len(rules)} policies."
    if not rules:
        yield "No policy is in force for this repository."
    yield f"Decision `{_word(found['decision'])}`, facts `{_word(found['digests']['facts'])}`."
    yield ""
    bad = [one for one in found["results"] if one.get("result") != "pass"]
    if bad:
        yield "| policy | result | does | commit | why |"
        yield "|---|---|---|---|---|"
        for one in bad[:MOST_ROWS]:
            cells = (one.get("policy"), one.get("result"), one.get("action"), str(one.get("commit", ""))[:_SHORT],
                     one.get("detail"))  # fmt: skip
            yield f"| {' | '.join(_text(cell) for cell in cells)} |"
        if len(bad) > MOST_ROWS:
            yield ""
            yield f"{len(bad) - MOST_ROWS} more are left out."
        yield ""
    if found["judged"]:
        yield "| commit | sealed | sessions | agent | both | person | unknown |"
        yield "|---|---|---|---|---|---|---|"
        for one in found["judged"][:MOST_ROWS]:
            lines, sealed = one["lines"], sum(bool(session["seal"]) for session in one["sessions"])
            counts = " | ".join(str(int(lines[kind])) for kind in ("ai", "mixed", "human", "unknown"))
            named, seal = f"{_text(one['oid'][:_SHORT])} {_text(one['subject'])}", "yes" if one["seal"] else "no"
            yield f"| {named} | {seal} | {sealed} of {len(one['sessions'])} | {counts} |"
        if len(found["judged"]) > MOST_ROWS:
            yield ""
            yield f"{len(found['judged']) - MOST_ROWS} more are left out."
        yield ""


def _text(value: object) -> str:
    """Text that stays text in Markdown and in a cell of a table."""
    line = str(value)[:_MOST_TEXT].translate(UNSAFE)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", line)


def _word(value: object) -> str:
    """Letters and digits, for what stands in backquotes."""
    return re.sub(r"[^0-9A-Za-z]", "", str(value))

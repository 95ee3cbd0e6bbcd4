"""A condition in CEL: a bounded language without loops, input or output (https://cel.dev).

An expression is judged of each commit and knows ``commit``, ``sessions`` (its sealed ones), ``push``
(``repository``, ``gate``, ``updates``) and ``paths``. It must come to true or false; whatever else comes of it, a name
that is not known, a value that is not there, an error, is ``indeterminate``. What nobody knows is left out of the
values, so that it is not there: where Git alone was asked, who wrote lines, what sessions did, what others told; lines
and spans where not all of a file's are known, trailers where not all of a message is. Costs are bounded by the text's
length, by how many comprehensions it has, and by how many values they go over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from vestige.policy.condition import Policy, Verdict, failed, passed, undecided

if TYPE_CHECKING:
    import cel

    from vestige.policy.facts import Commit, Facts, Session

LONGEST: Final = 2_000
"""Characters of an expression."""
MOST_LOOPS: Final = 4
"""Comprehensions in one."""
MOST_STEPS: Final = 2_000_000
"""That comprehensions within one another may come to: what there is in any list they could go over, to their depth."""
_LOOP: Final = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter|transformList|transformMap)\s*\(")
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_RAW: Final = re.compile(r"[rR][\"']")


def _checked(text: str) -> str:
    if len(_LOOP.findall(text)) > MOST_LOOPS:
        raise ValueError(f"at most {MOST_LOOPS} of all, exists, map and filter")
    try:
        _compiled(text)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        said = str(error).rpartition("ERROR: <input>:")[2].splitlines() or [type(error).__name__]
        raise ValueError(f"this is no CEL: {said[0][:200]}") from None
    return text


@cache
def _compiled(text: str) -> cel.Program:
    # Its package reads a command line of its own, with all that needs: only whoever has an expression pays for it.
    import cel  # noqa: PLC0415 - see above

    return cel.compile(text)


class Expr(Policy):
    """``cel`` is true of each commit."""

    type: Literal["expr"]
    cel: Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_checked)]

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """True passes, false fails."""
        values = _values(facts, commit)
        why = self._unsaid(facts, commit, values)
        if why:
            return undecided(why, {"commit": commit.oid})
        try:
            found = _compiled(self.cel).execute(values)
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            said = (str(error).splitlines() or [""])[0].partition(". ")[0][:200]
            return undecided(f"{type(error).__name__}: {said}", {"commit": commit.oid})
        if found is True:
            return passed("it holds")
        if found is False:
            return failed("it does not hold", {"commit": commit.oid})
        return undecided(f"neither true nor false, but {type(found).__name__}", {"commit": commit.oid})

    def _unsaid(self, facts: Facts, commit: Commit, values: dict[str, Any]) -> str:
        """Why nothing can be said of a commit; empty if something can."""
        if commit.cut:
            return f"not all of it is known: {commit.cut}"
        if commit.own and "sessions" in values and "sessions" in _compiled(self.cel).variables():
            sealed, others = facts.sessions_of(commit)
            if not sealed:
                return "no sealed session is known to have made it"  # of none, everything could be said
            if others:
                return f"a session that had a part in it is not sealed: {others[0]}"
            long = [one.id for one in sealed if one.holes.get("cut")]
            if long:
                return f"a session is longer than is read: {long[0]}"
        # With each ``+`` a list may be longer by another.
        longest = (_size(values) + _written(self.cel)) * (1 + self.cel.count("+"))
        if longest ** depth_of(self.cel) > MOST_STEPS:
            return "it has too many values to be looked through so"
        return ""


@cache
def depth_of(text: str) -> int:
    """How many comprehensions stand within one another; where that is not plain, all of them."""
    bare = _QUOTED.sub("", text)
    if _RAW.search(text) or '"' in bare or "'" in bare or "//" in bare:
        return len(_LOOP.findall(text))
    begins = {found.end() - 1 for found in _LOOP.finditer(bare)}
    stack: list[bool] = []
    deepest = 0
    for at, letter in enumerate(bare):
        if letter == "(":
            stack.append(at in begins)
            deepest = max(deepest, sum(stack))
        elif letter == ")" and stack:
            stack.pop()
    return deepest


def _size(value: object) -> int:
    """How many values are in lists, at any depth. Objects have few names, or are as long as a list beside them."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return len(value) + sum(map(_size, value)) if isinstance(value, (list, tuple)) else 0


def _written(text: str) -> int:
    """How many values the lists that an expression writes out have at most."""
    return text.count(",") + text.count("[") if "[" in text else 0


def _values(facts: Facts, commit: Commit) -> dict[str, Any]:
    """What an expression sees. Numbers of lines are by class; costs are doubles, where they are known."""
    told = commit.model_dump(mode="json")
    told["lines"] = {kind: commit.count(kind) for kind in ("ai", "mixed", "human", "unknown")}
    told["paths"] = commit.paths
    told["trailers"] = [{"name": name, "value": value} for name, value in commit.trailers]
    told["by_agents"] = commit.by_agents
    told["told"] = [one.model_dump(mode="json") for one in commit.told if not one.by_capture]
    sessions = [_told_of(one) for one in facts.sessions_of(commit)[0]]
    push = {"repository": facts.repository, "gate": facts.gate, "updates": [one.model_dump() for one in facts.updates]}
    values = {"commit": told, "sessions": sessions, "push": push, "paths": commit.paths}
    _leave_out(values, facts, commit)
    return values


def _told_of(one: Session) -> dict[str, Any]:
    """What an expression sees of a session."""
    session = one.model_dump(mode="json")
    session["taken"] = one.taken
    if not one.tokens:
        del session["taken"], session["tokens"]
    if one.cost_usd:
        session["cost_usd"] = float(one.cost_usd)
    else:
        del session["cost_usd"]
    return session


def _leave_out(values: dict[str, Any], facts: Facts, commit: Commit) -> None:
    """Take out of the values what nobody knows."""
    told = values["commit"]
    if facts.git_only:
        del values["sessions"]
        for name in ("lines", "by_agents", "sessions", "seal", "told"):
            del told[name]
    for file in told["files"]:
        if facts.git_only or file["too_long"]:
            del file["lines"]
            told.pop("lines", None)
        if "lines" not in file or file["spans_cut"]:
            del file["spans"]
    if commit.after_last_edit is None:
        del told["after_last_edit"]
    if commit.message_cut:
        del told["trailers"]
        if not commit.by_agents:
            told.pop("by_agents", None)

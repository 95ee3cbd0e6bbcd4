"""A condition in CEL: a bounded language without loops, input or output (https://cel.dev).

An expression is judged of each commit and knows ``commit``, ``sessions`` (its sealed ones), ``push``
(``repository``, ``gate``, ``updates``) and ``paths``. It must come to true or false; whatever else comes of it, a name
that is not known, a value that is not there, an error, is ``indeterminate``. Costs are bounded by the text's length, by
how many comprehensions it has, and by how many values they go over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from vestige.policy.condition import Policy, Verdict, failed, passed, undecided

if TYPE_CHECKING:
    import cel

    from vestige.policy.facts import Commit, Facts

LONGEST: Final = 2_000
"""Characters of an expression."""
MOST_LOOPS: Final = 4
"""Comprehensions in one."""
MOST_STEPS: Final = 2_000_000
"""That comprehensions within one another may come to: what a commit has of paths, lines and calls, to their depth."""
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
        why = self._unsaid(commit, values)
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

    def _unsaid(self, commit: Commit, values: dict[str, Any]) -> str:
        """Why nothing can be said of a commit; empty if something can."""
        if commit.cut:
            return f"not all of it is known: {commit.cut}"
        if commit.own and not values["sessions"] and "sessions" in _compiled(self.cel).variables():
            return "no sealed session is known to have made it"  # of none, everything could be said
        if _size(values) ** depth_of(self.cel) > MOST_STEPS:
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


def _size(values: dict[str, Any]) -> int:
    commit, sessions = values["commit"], values["sessions"]
    inner = sum(len(one["spans"]) for one in commit["files"]) + sum(len(one["calls"]) for one in sessions)
    return inner + len(sessions) + sum(len(commit[name]) for name in ("files", "trailers", "told"))


def _values(facts: Facts, commit: Commit) -> dict[str, Any]:
    """What an expression sees. Numbers of lines are by class; costs are doubles, where they are known."""
    told = commit.model_dump(mode="json")
    told["lines"] = {kind: commit.count(kind) for kind in ("ai", "mixed", "human", "unknown")}
    told["paths"] = commit.paths
    told["trailers"] = [{"name": name, "value": value} for name, value in commit.trailers]
    told["by_agents"] = commit.by_agents
    told["told"] = [one.model_dump(mode="json") for one in commit.told if not one.by_capture]
    sessions = []
    for one in facts.sessions_of(commit)[0]:
        session = one.model_dump(mode="json")
        session["taken"] = one.taken
        if not one.tokens:
            del session["taken"], session["tokens"]
        if one.cost_usd:
            session["cost_usd"] = float(one.cost_usd)
        else:
            del session["cost_usd"]
        sessions.append(session)
    push = {"repository": facts.repository, "gate": facts.gate, "updates": [one.model_dump() for one in facts.updates]}
    return {"commit": told, "sessions": sessions, "push": push, "paths": commit.paths}

"""Conditions on what sessions did and took: calls of tools that succeeded, tokens, money.

Tools are named exactly: ``Read`` is no ``mcp__other__Read``. A call that failed, was denied, or whose end nobody told
does not count.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from vestige.policy import paths
from vestige.policy.condition import WHOLE, Named, Number, OfSessions, Text, Verdict, failed, passed, undecided, worst
from vestige.policy.conditions.lines import Pattern  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.policy.condition import Evidence
    from vestige.policy.facts import Commit, Facts, Session

Order = Literal["any", "after_last_edit"]


LAST_UNKNOWN: Final = "no edit of its sessions is known, and so not which was the last"


def _counted(commit: Commit, sessions: list[Session], order: Order) -> Counter[str] | None:
    """By tool, calls that succeeded; after the last edit of all if that is asked for, none where it is not known."""
    if order == "after_last_edit":
        return None if commit.after_last_edit is None else Counter(commit.after_last_edit)
    found: Counter[str] = Counter()
    for session in sessions:
        for calls in session.calls:
            if calls.outcome == "success":
                found[calls.tool] += calls.count
    return found


def _tried(sessions: list[Session], tool: str) -> list[Evidence]:
    """Sessions, and calls of the tool in them that do not count."""
    found: list[Evidence] = []
    for session in sessions:
        calls = [one for one in session.calls if one.tool == tool and one.outcome != "success"]
        found += [{"session": session.id, "tool": tool, "outcome": one.outcome, "event": next(iter(one.events), "")}
                  for one in calls] or [{"session": session.id, "tool": tool}]  # fmt: skip
    return found


class RequiredToolCall(OfSessions):
    """Every one of ``tool_names`` was called, with success, in the sessions of each commit."""

    type: Literal["required_tool_call"]
    tool_names: Named
    order: Order = "any"

    def needs_all(self) -> bool:
        """A call is one whatever else there is; an edit that was not read may be the last."""
        return self.order != "any"

    def judge_sessions(self, facts: Facts, commit: Commit, sessions: list[Session]) -> Verdict:
        """In any of the commit's sessions."""
        del facts
        found = _counted(commit, sessions, self.order)
        if found is None:
            return undecided(LAST_UNKNOWN, *({"session": one.id} for one in sessions))
        missing = [name for name in self.tool_names if not found[name]]
        if missing:
            when = " after the last edit" if self.order == "after_last_edit" else ""
            return failed(
                f"missing {', '.join(missing)}{when}", *(piece for name in missing for piece in _tried(sessions, name))
            )
        return passed(", ".join(f"{name} was called {found[name]} times" for name in self.tool_names))


class ConditionalToolCall(OfSessions):
    """Where a commit changes files that match ``when_files_match``, ``tool_name`` was called ``min_count`` times."""

    type: Literal["conditional_tool_call"]
    tool_name: Text
    min_count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    when_files_match: Annotated[tuple[Pattern, ...], Field(max_length=200)] = ()
    order: Order = "any"

    def needs_all(self) -> bool:
        """As above."""
        return self.order != "any"

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """A commit that changes none of the files is let by, whoever made it."""
        if self.when_files_match and not commit.cut and not paths.matching(commit.paths, self.when_files_match):
            return passed("skipped: it changes no such file")
        return super().judge(facts, commit)

    def judge_sessions(self, facts: Facts, commit: Commit, sessions: list[Session]) -> Verdict:
        """In all of the commit's sessions together."""
        del facts
        found = _counted(commit, sessions, self.order)
        if found is None:
            return undecided(LAST_UNKNOWN, *({"session": one.id} for one in sessions))
        count = found[self.tool_name]
        if count >= self.min_count:
            return passed(f"{self.tool_name} was called {count} times")
        said = f"{self.tool_name} was called {count} of {self.min_count} times"
        if self.when_files_match and not paths.matching(commit.paths, self.when_files_match):
            return undecided(f"{said}, and not all that it changes is known: {commit.cut}")
        return failed(said, *_tried(sessions, self.tool_name))


class TokenBudget(OfSessions):
    """A session took no more than ``max_tokens``, and cost no more than ``max_cost_usd``; or all of the push did."""

    type: Literal["token_budget"]
    max_tokens: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    max_cost_usd: Number | None = None
    per: Literal["session", "push"] = "session"

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.max_tokens is None and self.max_cost_usd is None:
            raise ValueError("max_tokens or max_cost_usd is needed")
        return self

    def verdicts(self, facts: Facts) -> Iterator[tuple[str, Verdict]]:
        """By commit what each of its sessions took; or once what all took."""
        if self.per == "session":
            yield from super().verdicts(facts)
            return
        chosen = [commit for commit in self.chosen(facts) if commit.own]
        if not chosen:
            return
        sessions = {one.id: one for commit in chosen for one in facts.sessions_of(commit)[0]}
        whole = self._judge(list(sessions.values()))
        if whole.result.value == "pass" and any(not all_sealed(facts, commit) for commit in chosen):
            whole = undecided("a commit has no sealed session")
        if whole.result.value == "pass" and any(one.holes.get("cut") for one in sessions.values()):
            whole = undecided("a session is longer than is read")
        yield WHOLE, whole

    def judge_session(self, session: Session) -> Verdict:
        """What one session took."""
        return self._judge([session])

    def _judge(self, sessions: list[Session]) -> Verdict:
        if not sessions:
            return undecided("no sealed session is known")
        found = [self._tokens(sessions)] if self.max_tokens is not None else []
        found += [self._cost(sessions)] if self.max_cost_usd is not None else []
        return worst(found)

    def _tokens(self, sessions: list[Session]) -> Verdict:
        assert self.max_tokens is not None  # noqa: S101 - asked by the caller
        taken = sum(one.taken for one in sessions)
        if taken > self.max_tokens:
            told: list[Evidence] = [{"session": one.id, "tokens": one.taken} for one in sessions]
            return failed(f"{taken} tokens, above {self.max_tokens}", *told)
        silent = [one for one in sessions if not one.tokens]
        if silent:
            return undecided("nobody told how many tokens a session took", *({"session": one.id} for one in silent))
        return passed(f"{taken} tokens")

    def _cost(self, sessions: list[Session]) -> Verdict:
        assert self.max_cost_usd is not None  # noqa: S101 - as above
        cost = sum((Decimal(one.cost_usd or one.priced_usd or 0) for one in sessions), Decimal(0))
        if cost > self.max_cost_usd:
            told = ({"session": one.id, "usd": one.cost_usd or one.priced_usd} for one in sessions)
            return failed(f"{cost:f} USD, above {self.max_cost_usd:f}", *told)
        silent = [one for one in sessions if not one.cost_usd]
        if silent:
            return undecided("what a session cost is not known", *({"session": one.id} for one in silent))
        return passed(f"{cost:f} USD")


def all_sealed(facts: Facts, commit: Commit) -> bool:
    """Whether a commit has sessions, and all of them are sealed."""
    sealed, others = facts.sessions_of(commit)
    return bool(sealed) and not others

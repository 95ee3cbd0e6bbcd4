"""What all policies have, and how a condition is judged: per commit, per commit's sessions, or of the whole push.

Three values. ``pass`` and ``fail`` are said only of what the facts show; everything else is ``indeterminate``, which
blocks unless the policy says otherwise. More knowledge may turn an indeterminate verdict into another, and lost
knowledge may turn any into an indeterminate one.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vestige.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.policy.facts import Commit, Facts, Session

MOST_EVIDENCE: Final = 20
"""Pieces of evidence that a result names; the first ones."""
WHOLE: Final = ""
"""In a commit's place: the verdict is of the whole push."""

Evidence = dict[str, "str | int"]


class Result(StrEnum):
    """What comes of a policy."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INDETERMINATE = "indeterminate"
    WAIVED = "waived"


class Verdict(NamedTuple):
    """What a condition says of a commit, why, and what shows it."""

    result: Result
    detail: str
    evidence: tuple[Evidence, ...] = ()


def passed(detail: str) -> Verdict:
    """The facts show that it holds."""
    return Verdict(Result.PASS, detail)


def failed(detail: str, *evidence: Mapping[str, str | int]) -> Verdict:
    """The facts show that it does not hold."""
    return Verdict(Result.FAIL, detail, tuple(dict(one) for one in evidence[:MOST_EVIDENCE]))


def undecided(detail: str, *evidence: Mapping[str, str | int]) -> Verdict:
    """The facts do not show whether it holds."""
    return Verdict(Result.INDETERMINATE, detail, tuple(dict(one) for one in evidence[:MOST_EVIDENCE]))


GIT_ONLY: Final = "without a server nobody knows that"


def worst(found: list[Verdict]) -> Verdict:
    """What several verdicts come to that must all hold: a failure, else what nobody knows, else the first."""
    for result in (Result.FAIL, Result.INDETERMINATE):
        bad = [one for one in found if one.result is result]
        if bad:
            evidence = [piece for one in bad for piece in one.evidence]
            return Verdict(result, "; ".join(dict.fromkeys(one.detail for one in bad)), tuple(evidence[:MOST_EVIDENCE]))
    return found[0]


def _exact(value: object) -> object:
    """A number as it was written: a binary fraction by its shortest text, never by its own digits."""
    if type(value) not in {int, float, str}:
        raise ValueError("a number is needed")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("a number is needed") from None


Number = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=10**12, max_digits=24, allow_inf_nan=False)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=100, max_digits=9, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=300)]
Texts = Annotated[tuple[Text, ...], Field(max_length=200)]
Named = Annotated[tuple[Text, ...], Field(min_length=1, max_length=200)]


class Policy(BaseModel):
    """What every policy says beside its condition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Any
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    description: Annotated[str, Field(max_length=1000)] = ""
    action: Literal["block", "warn"] = "block"
    repositories: Texts = ()
    """Names of repositories, exact or with ``*``; none: every repository of the tenant."""
    severity: Literal["low", "medium", "high", "critical"] = "medium"
    on_indeterminate: Literal["block", "warn", "pass"] = "block"
    """What follows where nobody knows."""
    applies_to: Literal["all", "ai_commits"] = "all"
    """``ai_commits``: only commits of which something shows that an agent had a part in them."""
    enabled: bool = True

    def covers(self, repository: str) -> bool:
        """Whether it holds for a repository."""
        return not self.repositories or any(matches(one, repository) for one in self.repositories)

    def chosen(self, facts: Facts) -> list[Commit]:
        """The commits it looks at; where Git alone was asked all of them, for nobody knows which are an agent's."""
        everyone = self.applies_to == "all" or facts.git_only
        return [one for one in facts.commits if everyone or one.by_agents]

    def verdicts(self, facts: Facts) -> Iterator[tuple[str, Verdict]]:
        """What it says, by commit."""
        for commit in self.chosen(facts):
            yield commit.oid, self.judge(facts, commit)

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """What it says of one commit."""
        raise NotImplementedError

    def after(self, result: Result) -> str:
        """What follows from a result that is bad: ``block``, ``warn`` or ``pass``; of another, what would have."""
        if result is Result.FAIL:
            return self.action
        if result is Result.INDETERMINATE:
            return self.action if self.on_indeterminate == "block" else self.on_indeterminate
        return self.action


class OfSessions(Policy):
    """A condition on the sessions that had a part in a commit."""

    def needs_all(self) -> bool:
        """Whether what was not read of a session could make it fail."""
        return True

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """Without a sealed session nobody knows; of one that is not sealed neither."""
        if not commit.own:
            return passed("it changes nothing of its own")
        sealed, others = facts.sessions_of(commit)
        if not sealed:
            return undecided("no sealed session is known to have made it")
        found = self.judge_sessions(facts, commit, sealed)
        long = [one.id for one in sealed if one.holes.get("cut")] if self.needs_all() else []
        if found.result is Result.PASS and long:
            return undecided("a session is longer than is read", *({"session": name} for name in long))
        if found.result is Result.PASS and others:
            return undecided("a session that had a part in it is not sealed", *({"session": name} for name in others))
        return found

    def judge_sessions(self, facts: Facts, commit: Commit, sessions: list[Session]) -> Verdict:
        """What it says of a commit's sessions together: each must be as it should."""
        del facts, commit
        return worst([self.judge_session(one) for one in sessions])

    def judge_session(self, session: Session) -> Verdict:
        """What it says of one session."""
        raise NotImplementedError

"""Conditions on who wrote the lines that are pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from vestige.policy import paths
from vestige.policy.condition import (
    GIT_ONLY,
    MOST_EVIDENCE,
    WHOLE,
    Evidence,
    Percent,
    Policy,
    Text,
    Verdict,
    failed,
    passed,
    undecided,
)
from vestige.policy.facts import AI, HUMAN, MIXED, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from vestige.policy.facts import Commit, Facts, File

Pattern = Annotated[Text, AfterValidator(paths.check)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=200)]


class _Share(Policy):
    """A condition on a share of the lines that are added: of the whole push, or of each commit."""

    per: Literal["push", "commit"] = "push"

    def verdicts(self, facts: Facts) -> Iterator[tuple[str, Verdict]]:
        """One of the push, or one of each commit."""
        chosen = self.chosen(facts)
        if self.per == "commit":
            for commit in chosen:
                yield commit.oid, self.share(facts, [commit])
        elif chosen:
            yield WHOLE, self.share(facts, chosen)

    def share(self, facts: Facts, commits: list[Commit]) -> Verdict:
        """What it says of some commits together."""
        raise NotImplementedError


class AiPercentageThreshold(_Share):
    """No more than ``threshold`` percent of the added lines are an agent's; mixed ones are.

    A line of which nobody knows who wrote it counts as an agent's, unless ``unknown_as`` says otherwise; in a commit
    without a sealed session it is not known what it is.
    """

    type: Literal["ai_percentage_threshold"]
    threshold: Percent
    unknown_as: Literal["ai", "indeterminate", "human"] = "ai"

    def share(self, facts: Facts, commits: list[Commit]) -> Verdict:
        """Between what is an agent's for sure and what may be."""
        total = sum(commit.count(AI, MIXED, HUMAN, UNKNOWN) for commit in commits)
        least = most = 0
        for commit in commits:
            known, open_ = commit.count(AI, MIXED), commit.count(UNKNOWN)
            traced = bool(facts.sessions_of(commit)[0])
            least += known + (open_ if self.unknown_as == "ai" and traced else 0)
            most += known + (0 if self.unknown_as == "human" else open_)
        if _above(least, total, self.threshold):
            said = f"{_percent(least, total)} of {total} added lines count as an agent's, above {self.threshold} %"
            return failed(said, *_spans(commits, AI, MIXED, UNKNOWN))
        why = _uncounted(commits)
        if _above(most, total, self.threshold) or (why and self.threshold < 100):
            said = why or "nobody knows who wrote the others"
            return undecided(f"{_percent(least, total)} of {total} added lines are an agent's, and {said}",
                             *_spans(commits, UNKNOWN))  # fmt: skip
        return passed(f"{_percent(most, total)} of {total} added lines count as an agent's{_lineless(commits)}")


class UnattributedMax(_Share):
    """Of no more than ``max_percent`` of the added lines it is unknown who wrote them."""

    type: Literal["unattributed_max"]
    max_percent: Percent

    def share(self, facts: Facts, commits: list[Commit]) -> Verdict:
        """Lines that could not be looked at may be anybody's."""
        if facts.git_only:
            return undecided(GIT_ONLY)
        total = sum(commit.count(AI, MIXED, HUMAN, UNKNOWN) for commit in commits)
        unknown = sum(commit.count(UNKNOWN) for commit in commits)
        if _above(unknown, total, self.max_percent):
            return failed(f"of {_percent(unknown, total)} of {total} added lines nobody knows who wrote them, "
                          f"above {self.max_percent} %", *_spans(commits, UNKNOWN))  # fmt: skip
        why = _uncounted(commits)
        if why and self.max_percent < 100:
            return undecided(f"not all lines could be looked at: {why}")
        said = f"of {_percent(unknown, total)} of {total} added lines nobody knows who wrote them"
        return passed(f"{said}{_lineless(commits)}")


class SensitivePath(Policy):
    """No agent wrote lines in files whose paths match one of ``patterns``.

    A person must have been seen writing them; else, and where such a file went or is no text, nobody knows.
    """

    type: Literal["sensitive_path"]
    patterns: Patterns

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """By the lines that the commit adds to such files."""
        del facts
        found = set(paths.matching(commit.paths, self.patterns))
        files = [file for file in commit.files if file.path in found]
        agents = [file for file in files if file.count(AI, MIXED)]
        if agents:
            return failed(f"an agent wrote lines of {_names(agents)}", *_spans_of(agents, AI, MIXED))
        unclear = [file for file in files if file.unread or file.count(UNKNOWN) or not file.total]
        if unclear:
            return undecided(f"nobody knows who changed {_names(unclear)}", *_spans_of(unclear, UNKNOWN))
        if commit.cut:
            return undecided(f"not all that it changes is known: {commit.cut}")
        return passed(f"a person wrote all of {_names(files)}" if files else "it changes no such path")


def _uncounted(commits: list[Commit]) -> str:
    """Why not all the lines that are added were counted; empty if they were."""
    why = next((commit.cut for commit in commits if commit.cut), "")
    long = [file for commit in commits for file in commit.files if file.too_long]
    return why or (f"too long to be read: {_names(long)}" if long else "")


def _lineless(commits: list[Commit]) -> str:
    """Which files have no lines that could count, for they are no text."""
    found = [file for commit in commits for file in commit.files if file.unread and not file.too_long]
    return f"; without lines, as no text: {_names(found)}" if found else ""


def _above(part: int, total: int, percent: Decimal) -> bool:
    return part * 100 > percent * total


def _percent(part: int, total: int) -> str:
    return f"{part * 1000 // total / 10:g} %" if total else "0 %"


def _names(files: list[File]) -> str:
    return ", ".join(file.path for file in files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")


def _spans(commits: list[Commit], *kinds: str) -> list[Evidence]:
    found: list[Evidence] = []
    for commit in commits:
        if len(found) < MOST_EVIDENCE:
            named: Evidence = {"commit": commit.oid}
            found += [named | piece for piece in _spans_of(list(commit.files), *kinds)]
    return found


def _spans_of(files: list[File], *kinds: str) -> list[Evidence]:
    """Where lines of these classes are; of a file that has none to show, its path."""
    found: list[Evidence] = []
    for file in files:
        spans = [one for one in file.spans if one.kind in kinds]
        for one in spans:
            told: Evidence = {"path": file.path, "start": one.start, "end": one.end, "class": one.kind}
            told |= {"session": one.session} if one.session else {}
            found.append(told | ({"call": one.call} if one.call else {}))
        if not spans and (file.unread or not file.total):
            found.append({"path": file.path, "status": file.status})
    return found

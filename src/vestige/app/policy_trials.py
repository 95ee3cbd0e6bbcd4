"""What policies would say, before they are in force: of pushes that were decided, and of commits that are here.

A trial writes nothing. Of a push that was decided it judges the very facts its entry holds; of a range of commits
those of now, where a session counts as sealed if a push would seal it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import ValidationError

from vestige.app.policy_book import DECIDED
from vestige.app.push_facts import TRIED, Asked
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.instant import now
from vestige.policy import Facts, body_of, decide, read_document
from vestige.policy.facts import Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.app.code import Code
    from vestige.app.policy_book import PolicyBook
    from vestige.app.policy_decisions import Decisions
    from vestige.code import Browsing
    from vestige.policy import Policy

MOST_PUSHES: Final = 20
MOST_LAST: Final = 200
MOST_OPENED: Final = 500
"""Entries that are opened to find decisions of one repository."""


class PolicyTrials:
    """Trials of policies against what one tenant has."""

    def __init__(self, book: PolicyBook, decisions: Decisions, code: Code) -> None:
        self._book = book
        self._decisions = decisions
        self._code = code

    def read(self, text: str, form: str) -> tuple[list[Policy], list[dict[str, Any]]]:
        """The policies of a document, and each as JSON with its ``state``: what applying it would make of it.

        Raises:
            UsageError: it is none, with the line.
        """
        found = read_document(text, form)
        known = {name: one.to_json() for name, one in self._book.taken().held.items()}
        told = []
        for policy in found:
            body, there = body_of(policy), known.get(policy.name)
            same = there is not None and all(there.get(name) == value for name, value in body.items())
            told.append(body | {"state": "same" if same else "new" if there is None else "changed"})
        return found, told

    def of_pushes(self, policies: Sequence[Policy], repository: str, count: int) -> tuple[list[dict[str, Any]], int]:
        """What policies say of the newest pushes to a repository that were decided, the newest first.

        Returns:
            that; and how many newer ones than the last of these are left out, since they hold facts that are not known
            here.
        """
        found: list[dict[str, Any]] = []
        unread = 0
        for identity, at, detail in self._decided(repository):
            if len(found) == count:
                break
            try:
                facts = Facts.model_validate(detail["facts"])
            except ValidationError:
                unread += 1  # of a version that knew facts which this one does not
                continue
            told = {"decision": identity, "at": at, "was": _ended(detail["outcome"])}
            found.append(told | self._said(policies, facts))
        return found, unread

    def of_range(self, policies: Sequence[Policy], repository: str, asked: str, last: int) -> dict[str, Any]:
        """What policies say of commits of a repository by what is known now.

        Args:
            policies: they.
            repository: its name.
            asked: ``A..B``: what B leads to and A does not; or one revision, empty for the usual branch.
            last: of one revision, how many commits back from it, at most.

        Raises:
            UsageError: it is no range.
            NotFoundError: there is no such repository or commit.
        """
        browsing, _ = self._code.seen_of(self._code.named(repository))
        old, dots, new = asked.rpartition("..")
        if dots and (not old or not new or old.endswith(".") or ".." in old):
            raise UsageError("this is no range of commits", expected="A..B, or one revision", got=asked[:80],
                             field="range")  # fmt: skip
        tip = browsing.commit_of(new)
        without = [browsing.commit_of(old)] if dots else _before(browsing, tip, last)
        update = Update(ref="", old=without[0] if dots else "", new=tip)
        facts = self._decisions.known_facts(Asked(repository, "range", [update], without))
        unsealed = sum(one.seal == TRIED for one in facts.sessions)
        return {"range": f"{without[0] if dots else ''}..{tip}", "unsealed": unsealed} | self._said(policies, facts)

    def _said(self, policies: Sequence[Policy], facts: Facts) -> dict[str, Any]:
        outcome = decide(facts, policies, self._book.waivers_of(facts.repository), now())
        commits = [{"oid": one.oid, "subject": one.subject} for one in facts.commits]
        return outcome | {"commits": commits}

    def _decided(self, repository: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        mine = [at for at, about in self._book.recorded() if about == f"repository:{repository}"]
        for position in reversed(mine[-MOST_OPENED:]):
            try:
                entry, body = self._book.read(position)
            except NotFoundError:
                continue  # erased
            if body.get("act") == DECIDED:
                yield entry.id, str(orjson.loads(entry.leaf)["at"]), body["detail"]


def _before(browsing: Browsing, tip: str, last: int) -> list[str]:
    """The commits on which the newest so many rest."""
    oids = browsing.listed(tip, "", 0, last)
    return sorted({parent for one in browsing.read(oids) for parent in one.parents} - set(oids))


def _ended(outcome: dict[str, Any]) -> str:
    return "blocked" if outcome["blocked"] else "passed" if outcome["passed"] else "warned"

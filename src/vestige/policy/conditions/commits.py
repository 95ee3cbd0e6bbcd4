"""Conditions on what commits say, and on what others said about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from vestige.policy.condition import GIT_ONLY, Policy, Texts, Verdict, failed, passed, undecided

if TYPE_CHECKING:
    from vestige.policy.condition import Evidence
    from vestige.policy.facts import Commit, Facts

Trailer = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
_MAIL: Final = re.compile(r"<([^<>@\s]+@[^<>\s]+)>\s*$")
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_APPROVES: Final = frozenset({"approve", "approved"})
_DISMISSES: Final = frozenset({"dismiss", "dismissed"})
_TAKES_BACK: Final = frozenset({
    "unapprove", "unapproved", "disapprove", "disapproved", "reject", "rejected", "decline", "declined", "deny",
    "denied", "revoke", "revoked", "withdraw", "withdrawn", "remove", "removed", "changes", "needs", "not",
})  # fmt: skip
"""Words of forges, each as a whole: ``changes_requested``, ``needs_work``, ``not approved``."""


class CommitTrailers(Policy):
    """A commit's message ends with all trailers of ``required``, with none of ``forbidden``. Case does not count."""

    type: Literal["commit_trailers"]
    required: Annotated[tuple[Trailer, ...], Field(max_length=50)] = ()
    forbidden: Annotated[tuple[Trailer, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if not self.required and not self.forbidden:
            raise ValueError("required or forbidden is needed")
        return self

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """Trailers stand at the end, so of a message that was cut nobody knows."""
        del facts
        there = {name.lower() for name, value in commit.trailers if value}
        if commit.message_cut:
            return undecided("its message is longer than is read", {"commit": commit.oid})
        missing = [name for name in self.required if name.lower() not in there]
        wrong = [name for name in self.forbidden if name.lower() in there]
        said = [
            *([f"without {', '.join(missing)}"] if missing else []),
            *([f"with {', '.join(wrong)}"] if wrong else []),
        ]
        if said:
            return failed("; ".join(said), {"commit": commit.oid})
        return passed("its trailers are as they should be")


class HumanReviewRequired(Policy):
    """Somebody else than the author approved the commit, ``min_reviewers`` of them.

    What shows it is a review that a forge sent here (``code.reviewed``). A trailer ``Reviewed-by`` is a claim of who
    wrote the commit: by it alone nobody knows, unless ``trust_trailers``. ``sources`` names whose word counts; that of
    a clone's capture never does. Who the author is, the commit alone says.
    """

    type: Literal["human_review_required"]
    min_reviewers: Annotated[int, Field(ge=1, le=20)] = 1
    trust_trailers: bool = False
    sources: Texts = ()

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """By distinct names; the author's own do not count."""
        if not commit.own:
            return passed("it changes nothing of its own")
        if facts.git_only:
            return undecided(GIT_ONLY)
        own = {one.lower() for one in (commit.author, commit.author_name, commit.committer) if one}
        seen = self._approving(commit) - own
        claims = [value for name, value in commit.trailers if name.lower() == "reviewed-by"]
        claimed = {found[1].lower() for value in claims if (found := _MAIL.search(value))} - own
        shown: list[Evidence] = [{"commit": commit.oid, "reviewer": name} for name in sorted(seen | claimed)]
        count = len(seen) + (len(claimed) if self.trust_trailers else 0)
        if count >= self.min_reviewers:
            return passed(f"approved by {', '.join(sorted(seen or claimed)[:5])}")
        if len(seen) + len(claimed) >= self.min_reviewers or (claims and commit.message_cut):
            return undecided("only its own message says that it was reviewed", *shown)
        if commit.message_cut and self.trust_trailers:
            return undecided("its message is longer than is read", {"commit": commit.oid})
        return failed(
            f"{count} of {self.min_reviewers} reviews by somebody else are known", {"commit": commit.oid}, *shown
        )

    def _approving(self, commit: Commit) -> set[str]:
        """Who approved it and did not take that back: the last word of each decides."""
        found: set[str] = set()
        for one in commit.told:
            if one.kind != "code.reviewed" or one.by_capture or (self.sources and one.source not in self.sources):
                continue
            words = {word.lower() for word in _WORDS.findall(f"{one.action} {one.state}")}
            actor = one.actor.lower()
            if words & _DISMISSES:
                # By whoever may, and forges do not tell here whose: none before it stands.
                found.clear()
            elif words & _TAKES_BACK:
                found.discard(actor)
            elif words & _APPROVES and actor and one.outcome != "failure":
                found.add(actor)
        return found

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
_APPROVED: Final = re.compile(r"approv", re.IGNORECASE)


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
    wrote the commit: by it alone nobody knows, unless ``trust_trailers``. ``sources`` names whose word counts.
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
        seen = {
            one.actor.lower() for one in commit.told
            if one.kind == "code.reviewed" and one.actor and one.actor.lower() not in own and one.outcome != "failure"
            and _APPROVED.search(f"{one.action} {one.state}") and (not self.sources or one.source in self.sources)
        }  # fmt: skip
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

"""Policies looked at: their versions, what they would say before they are in force, and what came of them over time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import policies as answers
from vestige.api.callers import ReadsCodeAndPolicies, ReadsPolicies
from vestige.api.limits import only_known_parameters
from vestige.app import POLICY_BYTES, AskedDecisions
from vestige.model.instant import parse_bound

ROUTER = APIRouter(prefix="/v1/policies", tags=["policies"], dependencies=[Depends(only_known_parameters)])


def chosen(
    repository: Annotated[str, Query(max_length=300)] = "",
    policy: Annotated[str, Query(max_length=64)] = "",
    result: Literal["", "pass", "fail", "indeterminate", "waived"] = "",
    end: Literal["", "passed", "warned", "blocked", "undecided"] = "",
    start: Annotated[str, Query(max_length=64, description="from this time on, ISO 8601")] = "",
    until: Annotated[str, Query(max_length=64, description="up to, not including, this time")] = "",
) -> AskedDecisions:
    """Which decisions are meant; all of them without anything said."""
    return AskedDecisions(
        repository, policy, result, end,
        parse_bound(start, field="start") if start else None, parse_bound(until, field="until") if until else None,
    )  # fmt: skip


Chosen = Annotated[AskedDecisions, Depends(chosen)]


class PolicyTrialRequest(BaseModel):
    """Policies, and what they are tried on: the newest `pushes` that were decided, a range of commits, or nothing.

    `range` is `A..B`, or one revision, of which the `last` commits are meant; `commits` asks for it.
    """

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=POLICY_BYTES)]
    form: Literal["", "toml", "yaml"] = ""
    repository: Annotated[str, Field(max_length=300)] = ""
    pushes: Annotated[int, Field(ge=0, le=20)] = 0
    commits: bool = False
    range: Annotated[str, Field(max_length=600)] = ""
    last: Annotated[int, Field(ge=1, le=200)] = 20


@ROUTER.post("/test", responses={200: {"model": answers.PolicyTrial}})
def test_policies(caller: ReadsCodeAndPolicies, request: Annotated[PolicyTrialRequest, Body()]) -> dict[str, Any]:
    """What the policies of a document would say, without putting them in force; nothing is written.

    Without a `repository` the document is only read.
    """
    trials = caller.rooms.policy_trials
    policies, told = trials.read(request.text, request.form)
    found: dict[str, Any] = {"policies": told}
    if request.repository and request.pushes:
        found["pushes"], found["unread"] = trials.of_pushes(policies, request.repository, request.pushes)
    if request.repository and request.commits:
        found["commits"] = trials.of_range(policies, request.repository, request.range.strip(), request.last)
    return found


@ROUTER.get("/versions", responses={200: {"model": answers.PolicyVersions}})
def versions(caller: ReadsPolicies, policy: Annotated[str, Query(max_length=64)] = "") -> dict[str, Any]:
    """Every version that a policy of a name ever had, the newest first, with the entry that put it in force."""
    return caller.rooms.policies.versions(policy)


@ROUTER.get("/results", responses={200: {"model": answers.PolicyResults}})
def results(caller: ReadsPolicies, asked: Chosen, by: Literal["day", "week"] = "week") -> dict[str, Any]:
    """How decisions ended and what each policy said, in all and over time; the list of decisions takes the same words.

    Of the newest 5,000 decisions; `left_out` says how many older ones there are.
    """
    return caller.rooms.policy_results.sums(asked, by)

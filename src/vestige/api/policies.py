"""Policies: what is in force, what is let be for a while, what they say of a push, and the record of each decision."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vestige.api.answers import policies as answers
from vestige.api.callers import PushesCode, ReadsPolicies, WritesPolicies
from vestige.api.limits import only_known_parameters
from vestige.api.policy_trials import Chosen
from vestige.app import POLICY_BYTES, asked_of, policy_schema
from vestige.model.instant import parse_bound
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/policies", tags=["policies"], dependencies=[Depends(only_known_parameters)])

Name = Annotated[str, Field(min_length=1, max_length=64)]
Repository = Annotated[str, Field(min_length=1, max_length=300)]
Oid = Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")]
"""An object's name in full; empty, or all zeros: none."""
MOST_VERIFIED = 100
"""Refs that one question is about; each that is new costs calls of Git. A run of CI asks about one."""


class PolicyDocument(BaseModel):
    """Policies in TOML or YAML; without a form, it is what the text looks like."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=POLICY_BYTES)]
    form: Literal["", "toml", "yaml"] = ""


class RefUpdate(BaseModel):
    """A ref that is being pushed: what it names at the other side, and what it shall name."""

    model_config = ConfigDict(extra="forbid")

    ref: Annotated[str, Field(max_length=4096)] = ""
    old: Oid = ""
    new: Oid = ""


class PushRequest(BaseModel):
    """What is about to be pushed. What the other side is said to have, in `without`, is not judged.

    `missed` is what the asker refused by itself while nobody here answered; it is recorded.
    """

    model_config = ConfigDict(extra="forbid")

    repository: Repository
    updates: Annotated[list[RefUpdate], Field(min_length=1, max_length=1000)]
    without: Annotated[list[Oid], Field(max_length=20_000)] = []
    gate: Literal["", "pre-push", "pre-receive", "range"] = ""
    missed: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=100)] = []


class VerifyRequest(BaseModel):
    """Which commits: those that `updates` bring, or exactly `commits`.

    What `updates` and `without` begin at must be here. With `attest`, a statement of each commit is sealed.
    """

    model_config = ConfigDict(extra="forbid")

    repository: Repository
    updates: Annotated[list[RefUpdate], Field(max_length=MOST_VERIFIED)] = []
    without: Annotated[list[Oid], Field(max_length=MOST_VERIFIED)] = []
    commits: Annotated[list[Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]], Field(max_length=500)] = []
    attest: bool = False

    @model_validator(mode="after")
    def _one(self) -> VerifyRequest:
        if bool(self.updates) == bool(self.commits) or (self.commits and self.without):
            raise ValueError("either updates, or commits alone")
        return self


class BundleRequest(BaseModel):
    """For which repository, and until when, within 7 days."""

    model_config = ConfigDict(extra="forbid")

    repository: Repository
    until: Annotated[str, Field(min_length=1, max_length=64)]


class WaiverRequest(BaseModel):
    """A policy that is let be, in one repository, for one commit or for all, until a time; and why."""

    model_config = ConfigDict(extra="forbid")

    policy: Name
    repository: Repository
    commit: Oid = ""
    until: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@ROUTER.get("", responses={200: {"model": answers.PolicyList}})
def policies(caller: ReadsPolicies) -> dict[str, Any]:
    """Every policy in force, by name, with the entry that put it there."""
    return {"policies": caller.rooms.policies.all()}


@ROUTER.post("", responses={200: {"model": answers.PolicyList}})
def apply_policies(caller: WritesPolicies, request: Annotated[PolicyDocument, Body()]) -> dict[str, Any]:
    """Put the policies of a document in force, each in place of the one of its name; all of them or none."""
    made = caller.rooms.policies.apply(request.text, request.form, caller.principal)
    caller.rooms.projector.nudge()
    return {"policies": made}


@ROUTER.get("/schema")
def schema(caller: ReadsPolicies) -> dict[str, Any]:
    """JSON Schema of a document of policies."""
    del caller
    return policy_schema()


@ROUTER.post("/check", responses={200: {"model": answers.PolicyDecision}})
def check_push(caller: PushesCode, request: Annotated[PushRequest, Body()]) -> dict[str, Any]:
    """Judge what is about to be pushed, by what is known here; the decision is an entry before it is answered."""
    caller.may_write(caller.rooms.code.source_named(request.repository))
    updates = [(one.ref, one.old, one.new) for one in request.updates]
    asked = asked_of(request.repository, request.gate, updates, [oid for oid in request.without if oid])
    made = caller.rooms.decisions.check(asked, caller.principal, request.missed)
    caller.rooms.projector.nudge()
    return made


@ROUTER.post("/verify", responses={200: {"model": answers.PolicyVerification}})
def verify_commits(caller: PushesCode, request: Annotated[VerifyRequest, Body()]) -> dict[str, Any]:
    """Judge commits that were pushed, by what is known here, and tell what that is; the decision is an entry."""
    source = caller.rooms.code.source_named(request.repository)
    caller.may_write(source)
    updates = [(one.ref, one.old, one.new) for one in request.updates]
    asked = asked_of(
        request.repository, "ci", updates, [oid for oid in request.without if oid.strip("0")], request.commits,
        strict=True,
    )  # fmt: skip
    made = caller.rooms.decisions.verify(asked, caller.principal, attest=request.attest)
    caller.rooms.projector.nudge()
    if source not in caller.sources and Permission.CODE_READ not in caller.permissions:
        # Whoever may bring events of any source has thereby not been let read what any repository holds.
        made |= {"judged": [one | {"subject": "", "paths": []} for one in made["judged"]]}
    return made


@ROUTER.post("/bundles", status_code=201, responses={201: {"model": answers.PolicyBundle}})
def bundle_policies(caller: PushesCode, request: Annotated[BundleRequest, Body()]) -> dict[str, Any]:
    """The policies in force for a repository, as an entry with its proof: to judge by while nobody here answers."""
    caller.may_write(caller.rooms.code.source_named(request.repository))
    until = parse_bound(request.until, field="until")
    made = caller.rooms.policies.bundle(request.repository, until, caller.principal)
    caller.rooms.projector.nudge()
    return made


@ROUTER.get("/decisions", responses={200: {"model": answers.PolicyDecisionList}})
def decisions(
    caller: ReadsPolicies,
    asked: Chosen,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=40)] = "",
) -> dict[str, Any]:
    """The newest decisions that are like that; and what could not be decided, with the `reason`.

    `policy` said something of the push, `result` is what it said, `end` what the whole came to.
    """
    return caller.rooms.policy_results.page(asked, limit, cursor)


@ROUTER.get("/decisions/{decision}")
def decision(caller: ReadsPolicies, decision: str) -> dict[str, Any]:
    """One decision with all it was made from: facts, policies, waivers, when, by which program."""
    return caller.rooms.decisions.decision(decision)


@ROUTER.get("/decisions/{decision}/replay", responses={200: {"model": answers.PolicyReplay}})
def replay_decision(caller: ReadsPolicies, decision: str) -> dict[str, Any]:
    """Make a decision again from its record: whether the `same` comes of it, to the byte, and what `differs`."""
    return caller.rooms.decisions.replay(decision)


@ROUTER.get("/waivers", responses={200: {"model": answers.PolicyWaiverList}})
def waivers(caller: ReadsPolicies) -> dict[str, Any]:
    """Every waiver that was given, the newest first, with its `state`."""
    return {"waivers": caller.rooms.policies.waivers()}


@ROUTER.post("/waivers", status_code=201, responses={201: {"model": answers.PolicyWaiver}})
def waive(caller: WritesPolicies, request: Annotated[WaiverRequest, Body()]) -> dict[str, Any]:
    """Let a policy be in one repository, for one commit in full or for all, until a time within 366 days."""
    until = parse_bound(request.until, field="until")
    made = caller.rooms.policies.waive(
        request.policy, request.repository, request.commit, until, request.reason, caller.principal
    )
    caller.rooms.projector.nudge()
    return made


@ROUTER.delete("/waivers/{waiver}", status_code=204)
def withdraw_waiver(caller: WritesPolicies, waiver: str) -> None:
    """Let a waiver hold no more; that it was given stays on record."""
    caller.rooms.policies.withdraw(waiver, caller.principal)


@ROUTER.delete("/{policy}", status_code=204)
def remove_policy(caller: WritesPolicies, policy: str) -> None:
    """Let a policy be in force no more; what it said stays on record."""
    caller.rooms.policies.remove(policy, caller.principal)

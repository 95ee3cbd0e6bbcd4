"""The two-person rule: what a tenant asks for, what is proposed, and who agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import upkeep as answers
from vestige.api.callers import Approves, Reads, SetsRule, refused
from vestige.api.custody import Propose, line_of, proposed, sponsors_of, streamed
from vestige.api.limits import only_known_parameters
from vestige.app import RULE, Rule
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/custody", tags=["custody"], dependencies=[Depends(only_known_parameters)])


class RuleRequest(BaseModel):
    """What a tenant's custody asks for."""

    model_config = ConfigDict(extra="forbid")

    two_persons: bool = Field(description="whether one proposes and another approves")
    hours: Annotated[int, Field(ge=1, le=2160, description="how long a proposal waits")] = 72
    sealed: bool = Field(False, description="whether payloads lie under keys of their own, kept apart from them")
    propose: Propose = False


@ROUTER.get("", responses={200: {"model": answers.Rule}})
def rule(caller: Reads) -> dict[str, Any]:
    """What the tenant asks for: whether two persons agree, how long a proposal waits, whether payloads are sealed."""
    return caller.rooms.agreeing.two_persons.rule()._asdict()


@ROUTER.put("")
def set_rule(caller: SetsRule, request: Annotated[RuleRequest, Body()]) -> dict[str, Any]:
    """Say what is asked for. Where two persons are, a change is proposed (`propose`) like everything else."""
    body = request.model_dump(exclude={"propose"})
    if request.propose:
        return {"proposed": proposed(caller, RULE, body)}
    return caller.rooms.agreeing.two_persons.change(Rule(**body), caller.principal)._asdict()


@ROUTER.get("/proposals", responses={200: {"model": answers.Proposals}})
def proposals(caller: Reads) -> dict[str, Any]:
    """The newest proposals, the newest first: what is asked for, by whom, until when, and what became of it."""
    return {"proposals": caller.rooms.agreeing.all()}


@ROUTER.post("/proposals/{proposal}/approve")
def approve(http: Request, caller: Approves, proposal: str) -> StreamingResponse:
    """Agree to another's proposal, and carry it out. Answers a stream of `{"progress"}` lines and one `{"report"}`.

    A retention's mode that asks for less than the one in force by now needs `tenant.manage` of one of the two.
    """
    agreeing = caller.rooms.agreeing
    may_lower = Permission.TENANT_MANAGE in caller.permissions
    if not may_lower and agreeing.lowers(proposal):
        raise refused(http, caller, Permission.TENANT_MANAGE)
    found = agreeing.two_persons.approve(proposal, caller.principal, line_of(caller), sponsors_of(caller))

    def act(progress: Callable[[int, int], None]) -> dict[str, Any]:
        done = agreeing.carry_out(found, caller.principal, progress, may_lower=may_lower)
        return {"proposal": found.id, "act": found.act} | done

    return streamed(act)


@ROUTER.post("/proposals/{proposal}/decline")
def decline(caller: Approves, proposal: str) -> dict[str, Any]:
    """Decline a proposal: it is carried out by nobody."""
    found = caller.rooms.agreeing.two_persons.decline(proposal, caller.principal)
    return found.to_json(found.decided_at)

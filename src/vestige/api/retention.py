"""How long evidence is kept, and the purge of what is past that."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import upkeep as answers
from vestige.api.callers import Erases, ReadsStatus, refused
from vestige.api.custody import Propose, proposed, streamed
from vestige.api.limits import only_known_parameters
from vestige.app import MAY_LOWER, PURGE, RETENTION
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/retention", tags=["custody"], dependencies=[Depends(only_known_parameters)])
Days = Annotated[int, Field(ge=1, le=36_500)]


class SourceDays(BaseModel):
    """A source that is kept for another time; without days, as the tenant's others again."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    days: Days | None = None


class PolicyChange(BaseModel):
    """What is to change; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    days: Days | None = None
    mode: Annotated[str, Field(max_length=40)] | None = None
    purge: Literal["on", "off"] | None = None
    sources: Annotated[list[SourceDays], Field(max_length=1000)] = []
    propose: Propose = False


class RunRequest(BaseModel):
    """Whether to purge, or only to say what would be."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = True
    propose: Propose = False


@ROUTER.get("", responses={200: {"model": answers.Retention}})
def shown(caller: ReadsStatus) -> dict[str, Any]:
    """The tenant's retention, its mode's floor, and what the mode asks for that is not there."""
    return caller.rooms.retention.shown()


@ROUTER.put("")
def change(http: Request, caller: Erases, request: Annotated[PolicyChange, Body()]) -> dict[str, Any]:
    """Change the tenant's retention. Nothing is purged before `purge` is on.

    A mode that asks for less than the one in force is the owner's to set: it needs `tenant.manage` besides.

    Where two persons are asked for, a change by which anything goes sooner is proposed (`propose`).
    """
    rooms = caller.rooms
    said: dict[str, Any] = {
        "days": request.days,
        "mode": request.mode,
        "purge": None if request.purge is None else request.purge == "on",
        "sources": {one.name: one.days for one in request.sources},
    }
    before, after = rooms.retention.changed(**said)
    may_lower = Permission.TENANT_MANAGE in caller.permissions
    if after.asks_for_less(before) and not may_lower:
        raise refused(http, caller, Permission.TENANT_MANAGE)
    if request.propose:
        body = request.model_dump(exclude={"propose"}, exclude_none=True)
        if may_lower:
            body[MAY_LOWER] = True
        return {"proposed": proposed(caller, RETENTION, body)}
    if after.lets_go_sooner(before):
        rooms.agreeing.two_persons.require_one("a shorter retention, or a purge that is turned on,")
    return rooms.retention.set(caller.principal, **said, may_lower=may_lower)


@ROUTER.post("/run")
def run(caller: Erases, request: Annotated[RunRequest, Body()]) -> StreamingResponse:
    """Say what is past its retention, or purge it. Answers a stream of `{"progress"}` lines and one `{"report"}`."""
    rooms, by = caller.rooms, caller.principal
    if request.propose:
        return streamed(lambda _: {"proposed": proposed(caller, PURGE, {})})
    if request.dry_run:
        return streamed(rooms.retention.plan)
    rooms.agreeing.two_persons.require_one("a purge")
    return streamed(lambda progress: rooms.retention.run(by, progress))

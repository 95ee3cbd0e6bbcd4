"""Sessions of coding agents: lists, one with all it did, sums."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import sessions as answers
from vestige.api.callers import ManagesLedger, Reads, ReadsLedger
from vestige.api.limits import only_known_parameters
from vestige.app import Asked
from vestige.model.instant import parse_bound

ROUTER = APIRouter(prefix="/v1/agents", tags=["agents"], dependencies=[Depends(only_known_parameters)])

Name = Annotated[str, Query(max_length=512)]
Bound = Annotated[str | None, Query(max_length=64)]


def asked(
    repository: Name = "", agent: Name = "", actor: Name = "", model: Name = "", start: Bound = None, end: Bound = None
) -> Asked:
    """Which sessions a request is about.

    Raises:
        UsageError: a bound is no time.
    """
    return Asked(
        repository,
        agent,
        actor,
        model,
        None if start is None else parse_bound(start, field="start"),
        None if end is None else parse_bound(end, field="end"),
    )


Which = Annotated[Asked, Depends(asked)]


@ROUTER.get("/sessions", responses={200: {"model": answers.SessionList}})
def sessions(
    caller: Reads,
    which: Which,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=8192)] = None,
) -> dict[str, Any]:
    """Sessions, those seen last first: `repository`, `agent`, `actor`, `model`, `start`, `end`; `limit`, `cursor`."""
    lag = caller.rooms.settle()
    return caller.rooms.sessions.listed(which, limit, cursor) | caller.rooms.behind(lag)


@ROUTER.get("/sessions/{session}", responses={200: {"model": answers.Session}})
def session(caller: Reads, session: str) -> dict[str, Any]:
    """One session: its turns, each line with the events it is from, what it changed and ran, and what is missing."""
    lag = caller.rooms.settle()
    return caller.rooms.sessions.show(session) | caller.rooms.behind(lag)


@ROUTER.get("/stats", responses={200: {"model": answers.SessionStats}})
def stats(
    caller: Reads,
    which: Which,
    by: Annotated[
        str, Query(max_length=60, description="agent, model, repository, day; several with commas")
    ] = "agent",
) -> dict[str, Any]:
    """Sums over sessions `by` agent, model, repository or day: prompts, calls, denials, tokens, cost."""
    lag = caller.rooms.settle()
    names = [name.strip() for name in by.split(",") if name.strip()]
    return caller.rooms.sessions.stats(which, list(dict.fromkeys(names))) | caller.rooms.behind(lag)


class SealRequest(BaseModel):
    """Which session is to be sealed; without one, all that have gone on since their last seal."""

    model_config = ConfigDict(extra="forbid")

    session: Annotated[str, Field(min_length=1, max_length=512)] | None = None


@ROUTER.post("/seals", responses={200: {"model": answers.SealsMade}})
def seal(caller: ManagesLedger, request: Annotated[SealRequest, Body()]) -> dict[str, Any]:
    """Seal a `session`, or all that have gone on since their last seal."""
    lag = caller.rooms.settle()
    made = caller.rooms.seals.seal(caller.principal, request.session or "")
    caller.rooms.projector.nudge()
    return {"sealed": made} | caller.rooms.behind(lag)


@ROUTER.get("/seals/verify", responses={200: {"model": answers.SealsVerified}})
def verify_seals(caller: ReadsLedger) -> dict[str, Any]:
    """Work every seal out again from the ledger, and name those that differ."""
    lag = caller.rooms.settle()
    return caller.rooms.seals.verify() | caller.rooms.behind(lag)

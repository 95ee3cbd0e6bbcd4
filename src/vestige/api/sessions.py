"""Sessions of coding agents: lists, one with all it did, sums."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import sessions as answers
from vestige.api.callers import ManagesLedger, Reads, ReadsCodeAndEvents, ReadsLedger
from vestige.api.limits import only_known_parameters
from vestige.app import LINES_BY, SUMS_BY, Asked, Commits
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
        str,
        Query(max_length=240, description=f"{', '.join(SUMS_BY)}; several with commas; further tables with semicolons"),
    ] = "agent",
    author: Name = "",
) -> Response:
    """Sums over sessions: what was done, tokens, cost, what caching saved, length, coverage, and what is behind each.

    `by`: what the rows are told apart by; of tools, servers and programs only calls are summed. `author`: whose.
    """
    tables = [[name.strip() for name in names.split(",") if name.strip()] for names in by.split(";")]
    name = orjson.dumps(["agents/stats", list(which), tables, author]).decode()
    answer = caller.rooms.answer(name, lambda: caller.rooms.sessions.stats(which, tables, author))
    return Response(answer.body, media_type="application/json")


@ROUTER.get("/lines", responses={200: {"model": answers.LineStats}})
def lines(
    caller: ReadsCodeAndEvents,
    which: Which,
    by: Annotated[str, Query(max_length=60, description=f"{', '.join(LINES_BY)}; several with commas")] = "repository",
    author: Name = "",
) -> dict[str, Any]:
    """Whose the lines are that commits added: sums by class and grade, from the seals of commits.

    `start` and `end` are of the author's date, `author` is the commit's. With `agent`, `model` or `actor`, commits of
    which such a session wrote a line.
    """
    rooms = caller.rooms
    lag = rooms.settle()
    sessions = None
    if which.agent or which.model or which.actor:
        sessions = frozenset(rooms.sessions.ids(Asked(agent=which.agent, model=which.model, actor=which.actor)))
    asked = Commits(which.repository, author, which.start, which.end, sessions)
    names = [name.strip() for name in by.split(",") if name.strip()]
    return rooms.code.sums.summed(asked, list(dict.fromkeys(names))) | rooms.behind(lag)


class SealRequest(BaseModel):
    """Which session is to be sealed; without one, all that have gone on since their last seal."""

    model_config = ConfigDict(extra="forbid")

    session: Annotated[str, Field(min_length=1, max_length=512)] | None = None


@ROUTER.post("/seals", responses={200: {"model": answers.SealsMade}})
def seal(caller: ManagesLedger, request: Annotated[SealRequest, Body()]) -> dict[str, Any]:
    """Seal a `session`, or all that have gone on since their last seal, and the commits of which more is known.

    `commits`: how many of those.
    """
    lag = caller.rooms.settle()
    made = caller.rooms.seals.seal(caller.principal, request.session or "")
    commits = 0 if request.session else caller.rooms.code.seal(caller.principal)
    caller.rooms.projector.nudge()
    return {"sealed": made, "commits": commits} | caller.rooms.behind(lag)


@ROUTER.get("/seals/verify", responses={200: {"model": answers.SealsVerified}})
def verify_seals(caller: ReadsLedger) -> dict[str, Any]:
    """Work every seal out again from the ledger, and those of commits from the repositories; name those that differ."""
    lag = caller.rooms.settle()
    told, commits = caller.rooms.seals.verify(), caller.rooms.code.verify_seals()
    return told | {"ok": told["ok"] and not commits["differ"], "commits": commits} | caller.rooms.behind(lag)

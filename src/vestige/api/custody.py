"""Holds over evidence, and its erasure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import holds as answers
from vestige.api.callers import Caller, Erases, Reads, WritesHolds
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import stream
from vestige.app import ERASE, RELEASE

ROUTER = APIRouter(prefix="/v1", tags=["custody"], dependencies=[Depends(only_known_parameters)])

Code = Annotated[str, Field(min_length=1, max_length=40, description="a code; it is never erased")]
Words = Annotated[str, Field(max_length=2000)]
Short = Annotated[str, Field(max_length=400)]


Propose = Annotated[bool, Field(description="propose it to a second person instead of doing it")]


def line_of(caller: Caller) -> frozenset[str]:
    """Whose hands the key came through that the caller has; nobody's if they came without one."""
    key = caller.principal.key
    return caller.installation.access.keys.line(caller.rooms.tenant.id, key) if key else frozenset()


def sponsors_of(caller: Caller) -> Callable[[Collection[str], int], frozenset[str]]:
    """Who let somebody of the caller's tenant in since a time, given what they go by."""
    access, people, tenant = caller.installation.access, caller.installation.people, caller.rooms.tenant.id
    return lambda names, since: people.sponsors(tenant, names, since, lambda key: access.keys.line(tenant, key))


def proposed(caller: Caller, act: str, body: dict[str, Any]) -> dict[str, Any]:
    """Propose an act to a second person, in the words of its own request."""
    made = caller.rooms.agreeing.propose(act, body, caller.principal, line_of(caller))
    return made.to_json(made.proposed_at)


def streamed(act: Callable[[Callable[[int, int], None]], dict[str, Any]]) -> StreamingResponse:
    """Carry out what computes the index again, as `progress` lines and one `report`."""

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        del stop  # what was begun is seen to, whether or not somebody still waits for the answer
        return {"report": act(lambda done, of: tell({"progress": {"done": done, "of": of}}))}

    return stream(work)


class HoldRequest(BaseModel):
    """A hold: one of `q`, `entity`, `start` with `end`, or `everything`; and why."""

    model_config = ConfigDict(extra="forbid")

    reason: Code
    because: Words = ""
    q: Annotated[str, Field(max_length=4096)] = ""
    entity: Annotated[str, Field(max_length=4096, description="KIND:VALUE of a correlation key")] = ""
    start: Short = ""
    end: Short = ""
    everything: bool = False
    expires: Annotated[str, Field(max_length=400, description="when it ends by itself; empty for never")] = ""


class ReleaseRequest(BaseModel):
    """Why a hold is released."""

    model_config = ConfigDict(extra="forbid")

    reason: Code
    propose: Propose = False


class ErasureRequest(BaseModel):
    """What is to be erased for good, and why."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=1, max_length=10_000)]
    reason: Code
    because: Words = ""
    propose: Propose = False


@ROUTER.get("/holds", responses={200: {"model": answers.HoldList}})
def holds(caller: Reads) -> dict[str, Any]:
    """Every hold, the newest first, those that were released too."""
    return {"holds": [hold.to_json() for hold in caller.rooms.custody.holds.all()]}


@ROUTER.post("/holds", status_code=201, responses={201: {"model": answers.ShownHold}})
def set_hold(caller: WritesHolds, request: Annotated[HoldRequest, Body()]) -> dict[str, Any]:
    """Set a hold. What it is about is looked for now, and again before anything is erased."""
    if request.q:
        caller.rooms.timeline.check(request.q)
    return caller.rooms.custody.hold(request.model_dump(), caller.principal)


@ROUTER.get("/holds/{hold}", responses={200: {"model": answers.ShownHold}})
def hold(caller: Reads, hold: str) -> dict[str, Any]:
    """One hold, with how many entries it protects by now."""
    return caller.rooms.custody.shown(hold)


@ROUTER.post("/holds/{hold}/release")
def release(caller: WritesHolds, hold: str, request: Annotated[ReleaseRequest, Body()]) -> dict[str, Any]:
    """Release a hold: what it protected may be erased again."""
    if request.propose:
        return {"proposed": proposed(caller, RELEASE, {"hold": hold, "reason": request.reason})}
    caller.rooms.agreeing.two_persons.require_one("the release of a hold")
    return caller.rooms.custody.release(hold, caller.principal, request.reason)


@ROUTER.post("/erasures")
def erase(caller: Erases, request: Annotated[ErasureRequest, Body()]) -> StreamingResponse:
    """Erase records for good: payload and salt, the index's rows, blobs, and the acquired files they were read from.

    Answers a stream of `{"progress"}` lines and one `{"report"}`.
    """
    custody = caller.rooms.custody
    custody.check(request.ids, request.reason)  # refused before the stream: once begun it has its 200
    body = request.model_dump(exclude={"propose"})
    if request.propose:
        return streamed(lambda _: {"proposed": proposed(caller, ERASE, body)})
    caller.rooms.agreeing.two_persons.require_one("an erasure")
    return streamed(lambda progress: custody.erase(by=caller.principal, progress=progress, **body))

"""Replay as server-sent events (WHATWG HTML, section 9.2): the timeline told again at the pace it happened.

``begin`` names the replay, so that it can be paused, sped up or moved while it plays; each ``event`` bears its own id,
and a client that comes again with ``Last-Event-ID`` goes on behind it. ``gap`` tells of silence that was cut;
``done`` ends it.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from vestige.api.callers import Authenticated, Caller
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import InSpan, filters
from vestige.app import MAX_GAP, MAX_SPEED, Pace
from vestige.model.errors import BusyError, NotFoundError, UsageError
from vestige.model.instant import parse_bound, to_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vestige.app import Player, Told

ROUTER = APIRouter(prefix="/v1/replay", tags=["timeline"], dependencies=[Depends(only_known_parameters)])
MOST_AT_ONCE: Final = 100
KEEP_ALIVE: Final = 15.0
"""Seconds after which a comment is sent if nothing else was."""

Speed = Annotated[float, Field(ge=0, le=MAX_SPEED)]
Gap = Annotated[float, Field(ge=0, le=MAX_GAP)]


class Steering(BaseModel):
    """What is to change of a replay that plays. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    paused: StrictBool | None = None
    speed: Speed | None = None
    max_gap: Gap | None = None
    at: Annotated[str, Field(max_length=100)] | None = None
    """An instant to go on from, forward or back."""


class Replay:
    """A replay that plays. Everything here happens on the server's own event loop."""

    def __init__(self, name: str, caller: Caller, player: Player, limit: int | None) -> None:
        self.name = name
        self.tenant = caller.rooms.tenant.id
        self.by = caller.principal
        self._player = player
        self._limit = limit
        self._paused = False
        self._moved_to: int | None = None
        self._changed = asyncio.Event()

    def steer(self, paused: bool | None, pace: Pace | None, at: int | None) -> dict[str, Any]:
        """Change how it plays; what holds from now on."""
        self._paused = self._paused if paused is None else paused
        self._player.pace = pace or self._player.pace
        self._moved_to = self._moved_to if at is None else at
        self._changed.set()
        return self.state()

    @property
    def pace(self) -> Pace:
        """How fast it goes."""
        return self._player.pace

    def state(self) -> dict[str, Any]:
        """How it plays."""
        pace = self.pace
        return {
            "replay": self.name,
            "paused": self._paused,
            "speed": pace.speed,
            "max_gap": pace.max_gap,
            "told": self._player.told,
        }

    def _is_moved(self) -> bool:
        return self._moved_to is not None

    async def play(self) -> AsyncIterator[bytes]:
        """The whole of it, as it is sent."""
        player = self._player
        yield _message("begin", self.state())
        while self._limit is None or player.told < self._limit:
            if self._moved_to is not None:
                at, self._moved_to = self._moved_to, None
                player.seek(at)
                yield _message("seek", {"at": to_text(at)})
            told = player.next() if player.ready else await run_in_threadpool(player.next)
            if told is None:
                break
            async for beat in self._wait(told):
                yield beat
            if self._is_moved():
                continue
            if told.cut:
                yield _message("gap", {"before": told.event["id"], "cut_ns": told.cut})
            yield _message("event", told.event, told.event["id"])
        yield _message("done", {"total": player.told, "more": self._limit is not None and player.told >= self._limit})

    async def _wait(self, told: Told) -> AsyncIterator[bytes]:
        """Wait until an event is due; moving ends it at once, pausing stops the clock, a new speed sets it anew."""
        left, pace = told.wait, self.pace
        loop = asyncio.get_running_loop()
        while (left > 0 or self._paused) and not self._is_moved():
            begun = loop.time()
            self._changed.clear()
            within = KEEP_ALIVE if self._paused else min(left, KEEP_ALIVE)
            try:
                await asyncio.wait_for(self._changed.wait(), within)
            except TimeoutError:
                if within == KEEP_ALIVE:
                    yield b": still here\n\n"
            if not self._paused:
                left -= loop.time() - begun
            if self.pace != pace:
                # What is left of the record's own time, at the new speed.
                left = min(left * pace.speed / self.pace.speed, self.pace.max_gap or left) if self.pace.speed else 0.0
                pace = self.pace


@ROUTER.get("")
async def replay(
    request: Request,
    caller: Authenticated,
    within: InSpan,
    query: Annotated[str, Depends(filters)],
    q: Annotated[str, Query(max_length=4096)] = "",
    speed: Annotated[Speed, Query(description="seconds of the record to a second; 0 waits for nothing")] = 1.0,
    max_gap: Annotated[Gap, Query(description="longest silence in seconds; 0 cuts none")] = 5.0,
    limit: Annotated[int | None, Query(ge=1)] = None,
    entity_id: Annotated[str | None, Query(min_length=1, max_length=8192, description="only its events")] = None,
    after: Annotated[str, Query(max_length=40, description="an event's id, as Last-Event-ID")] = "",
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> StreamingResponse:
    """The events that match, oldest first, as server-sent events at the pace they happened."""
    playing: dict[str, Replay] = request.app.state.replays
    if len(playing) >= MOST_AT_ONCE:
        raise BusyError(
            "too many replays play", expected=f"at most {MOST_AT_ONCE} at once", got=str(len(playing)), hint="try later"
        )
    own = await run_in_threadpool(caller.rooms.entities.term, entity_id) if entity_id is not None else ""
    named = " ".join(term for term in (query, own) if term)
    whole = " ".join(term for term in (f"({q})" if q.strip() and named else q, named) if term)
    player = await run_in_threadpool(caller.rooms.replay, whole, within, Pace(speed, max_gap), last_event_id or after)
    one = Replay(secrets.token_hex(8), caller, player, limit)

    async def told() -> AsyncIterator[bytes]:
        playing[one.name] = one
        try:
            async for message in one.play():
                yield message
        finally:
            del playing[one.name]

    return StreamingResponse(
        told(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


@ROUTER.post("/{name}")
async def steer(
    request: Request, caller: Authenticated, name: str, change: Annotated[Steering, Body()]
) -> dict[str, Any]:
    """Pause a replay or let it go on, change its speed, or move it to another instant."""
    found: Replay | None = request.app.state.replays.get(name)
    if found is None or (found.tenant, found.by) != (caller.rooms.tenant.id, caller.principal):
        raise NotFoundError("no such replay plays", got=name[:40], hint="its `begin` message names it")
    if change == Steering():
        raise UsageError("nothing is to change", expected="paused, speed, max_gap or at", got="none of them")
    pace = None
    if change.speed is not None or change.max_gap is not None:
        now = found.pace
        pace = Pace(
            now.speed if change.speed is None else change.speed,
            now.max_gap if change.max_gap is None else change.max_gap,
        )
    return found.steer(change.paused, pace, None if change.at is None else parse_bound(change.at, field="at"))


def _message(kind: str, data: object, identity: str = "") -> bytes:
    head = f"id: {identity}\n" if identity else ""
    return f"event: {kind}\n{head}data: ".encode() + orjson.dumps(data) + b"\n\n"

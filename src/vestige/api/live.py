"""Live: events as they come into the index, as server-sent events (WHATWG HTML, section 9.2).

Each ``events`` message bears as its id the position in the log up to which it tells; a client that comes again with
``Last-Event-ID`` goes on there. Nothing is kept per client between two looks: a slow one is told less often, and what
did not fit a look is counted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from vestige.api.callers import ReadsOwn
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import filters
from vestige.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vestige.app import Rooms

ROUTER = APIRouter(prefix="/v1/live", tags=["timeline"], dependencies=[Depends(only_known_parameters)])
KEEP_ALIVE: Final = 15.0
"""Seconds after which a comment is sent if nothing else was."""
LOOK_SECONDS: Final = 0.5
"""From one look at the index to the next."""
MOST_EVENTS: Final = 500
"""Events of one message."""
MOST_ENTRIES: Final = 20_000
"""Entries looked at in one look; of more that came meanwhile, the last."""
LONGEST: Final = 3600

Position = Annotated[int, Query(ge=0, lt=2**63, description="a position, as Last-Event-ID; by default: from now on")]


@ROUTER.get("")
async def live(
    request: Request,
    caller: ReadsOwn,
    query: Annotated[str, Depends(filters)],
    q: Annotated[str, Query(max_length=4096)] = "",
    seconds: Annotated[int, Query(ge=0, le=LONGEST, description="after so many it ends; 0: once it is told")] = 900,
    after: Position | None = None,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> StreamingResponse:
    """Events as they come into the index, whatever time they state."""
    watching: set[object] = request.app.state.watching
    most = caller.installation.settings.limit_live
    if len(watching) >= most:
        raise BusyError(
            "too many live views are open", expected=f"at most {most} at once", got=str(len(watching)), hint="try later"
        )
    whole = " ".join(term for term in (f"({q})" if q.strip() and query else q, query) if term)
    rooms = caller.rooms
    if seconds == 0:
        await run_in_threadpool(rooms.settle)
    mark = rooms.projector.watermark
    begin = last_event_id if last_event_id is not None else after
    # What is behind the end of the log is nobody's id; the index may be behind what was told before it was started.
    head = await run_in_threadpool(caller.installation.ledger.head, rooms.tenant.id)
    # Compiled once before the stream is begun: a query that is none has no stream.
    await run_in_threadpool(rooms.timeline.arrived, whole, mark, mark, 1)
    view = object()

    async def told() -> AsyncIterator[bytes]:
        watching.add(view)
        try:
            async for message in _tell(rooms, whole, mark if begin is None else min(begin, head), seconds):
                yield message
        finally:
            watching.discard(view)

    return StreamingResponse(
        told(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def _tell(rooms: Rooms, query: str, at: int, seconds: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end, quiet = loop.time() + seconds, loop.time()
    yield _message("begin", {"at": at}, at)
    while True:
        mark = rooms.projector.watermark
        if mark > at:
            low = max(at, mark - MOST_ENTRIES)
            events, left_out = await run_in_threadpool(rooms.timeline.arrived, query, low, mark, MOST_EVENTS)
            if events or low > at:
                lag = await run_in_threadpool(rooms.lag)
                body = {"events": events, "left_out": left_out, "passed_over": low - at, "lag": lag}
                yield _message("events", body, mark)
                quiet = loop.time()
            at = mark
        if loop.time() >= end:
            break
        if loop.time() - quiet >= KEEP_ALIVE:
            yield b": still here\n\n"
            quiet = loop.time()
        await asyncio.sleep(LOOK_SECONDS)
    yield _message("end", {"at": at}, at)


def _message(kind: str, data: dict[str, Any], position: int) -> bytes:
    return f"event: {kind}\nid: {position}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"

"""What events have to do with each other."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from vestige.api.answers import correlate as answers
from vestige.api.callers import Reads
from vestige.api.limits import only_known_parameters
from vestige.app import Reach
from vestige.model.errors import UsageError
from vestige.model.instant import NANOS

ROUTER = APIRouter(prefix="/v1/correlate", tags=["correlate"], dependencies=[Depends(only_known_parameters)])
YEAR = 366 * 86_400


@ROUTER.get("/chain", responses={200: {"model": answers.Chain}})
def chain(
    caller: Reads,
    seed_event_id: Annotated[str, Query(max_length=40)],
    window: Annotated[float | None, Query(gt=0, le=YEAR, description="seconds on either side of the seed")] = None,
    depth: Annotated[int | None, Query(ge=1, le=5, description="links from the seed at most")] = None,
    weakest: Annotated[float, Query(ge=0, le=1, description="the weakest link taken")] = Reach().weakest,
    time_window_secs: Annotated[float | None, Query(gt=0, le=YEAR, description="the whole width: twice window")] = None,
    max_depth: Annotated[int | None, Query(ge=1, le=5, description="another name of depth")] = None,
) -> dict[str, Any]:
    """The events that belong with one, outward over shared keys; every link names its key, rarity and strength."""
    if window is not None and time_window_secs is not None:
        raise UsageError("window and time_window_secs exclude each other", expected="one of them", field="window")
    if depth is not None and max_depth is not None:
        raise UsageError("depth and max_depth exclude each other", expected="one of them", field="depth")
    side = window if window is not None else time_window_secs / 2 if time_window_secs is not None else None
    reach = Reach(Reach().window if side is None else int(side * NANOS), depth or max_depth or Reach().depth, weakest)
    return caller.rooms.chain(seed_event_id, reach)

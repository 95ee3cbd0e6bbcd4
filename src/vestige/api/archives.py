"""Weekly archives of a tenant's log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vestige.api.answers import upkeep as answers
from vestige.api.callers import ManagesLedger, ManagesLedgerHere, ReadsStatus
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import absolute, stream

ROUTER = APIRouter(prefix="/v1/archives", tags=["custody"], dependencies=[Depends(only_known_parameters)])
LONGEST = 18
"""Of a week with the number of an epoch: 2026-W47.123456789."""
WeekText = Annotated[
    str, Field(max_length=LONGEST, description="such as 2026-W47; 2026-W47.0 of a closed epoch; empty for all")
]


class WhichWeek(BaseModel):
    """A week, or all."""

    model_config = ConfigDict(extra="forbid")

    week: WeekText = ""


class FetchRequest(BaseModel):
    """A week, and an empty folder of this machine."""

    model_config = ConfigDict(extra="forbid")

    week: Annotated[str, Field(min_length=8, max_length=LONGEST)]
    folder: Annotated[Path, AfterValidator(absolute)]


@ROUTER.get("", responses={200: {"model": answers.Archives}})
def archives(caller: ReadsStatus) -> dict[str, Any]:
    """The archives there are, the oldest first; none where no store is set."""
    own = caller.rooms.archives
    return {"configured": own.configured, "archives": own.all() if own.configured else []}


@ROUTER.post("")
def create(caller: ManagesLedger) -> StreamingResponse:
    """Archive every week that is over and has no archive. A stream of `{"progress"}` lines and one `{"report"}`."""
    own, by = caller.rooms.archives, caller.principal

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        del stop  # what is made is whole or not there; it ends with the week under way
        return {"report": own.create(by, _progress(tell))}

    return stream(work)


@ROUTER.post("/verify")
def verify(caller: ManagesLedger, request: Annotated[WhichWeek, Body()]) -> StreamingResponse:
    """Fetch archives and verify them. A stream with one `{"report"}`."""
    own = caller.rooms.archives
    return stream(lambda _tell, _stop: {"report": {"archives": own.verify(request.week)}})


@ROUTER.post("/restore")
def restore(caller: ManagesLedger, request: Annotated[WhichWeek, Body()]) -> StreamingResponse:
    """Put lost payloads back from archives, and none that was erased. A stream of progress and one `{"report"}`."""
    own, by = caller.rooms.archives, caller.principal
    return stream(lambda tell, _stop: {"report": own.restore(by, request.week, _progress(tell))})


@ROUTER.post("/fetch")
def fetch(caller: ManagesLedgerHere, request: Annotated[FetchRequest, Body()]) -> dict[str, Any]:
    """Copy a week's archive into an empty folder of this machine, and verify the copy."""
    caller.rooms.archives.find(request.week)  # what is not there is not fetched, and no entry says it was
    caller.record("archive.fetched", {"week": request.week})
    return caller.rooms.archives.fetch(request.week, request.folder)


def _progress(tell: Callable[[dict[str, Any]], None]) -> Callable[[int, int], None]:
    return lambda done, of: tell({"progress": {"done": done, "of": of}})

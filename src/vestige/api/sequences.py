"""Sequence patterns and what they found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import correlate as answers
from vestige.api.callers import ManagesSequences, Reads
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import stream
from vestige.app import MOST_DETECTIONS, PATTERN_BYTES
from vestige.model.errors import UsageError
from vestige.model.instant import parse_bound

ROUTER = APIRouter(prefix="/v1", tags=["sequences"], dependencies=[Depends(only_known_parameters)])
MOST_NAMED = 100

Name = Annotated[str, Field(min_length=1, max_length=64)]


class PatternRequest(BaseModel):
    """The text of a pattern."""

    model_config = ConfigDict(extra="forbid")

    pattern: Annotated[str, Field(min_length=1, max_length=PATTERN_BYTES)]


class ScanRequest(BaseModel):
    """What is looked for, and from when to when; nothing named: every pattern that is enabled.

    ``pattern``, the text of one that was not applied, only with ``dry_run``.
    """

    model_config = ConfigDict(extra="forbid")

    patterns: Annotated[list[Name], Field(max_length=MOST_NAMED)] = []
    start: str | None = None
    end: str | None = None
    pattern: Annotated[str, Field(min_length=1, max_length=PATTERN_BYTES)] | None = None
    dry_run: bool = False


@ROUTER.get("/sequences", responses={200: {"model": answers.SequenceList}})
def sequences(caller: Reads) -> dict[str, Any]:
    """Every pattern, the built-in and the tenant's own: version, digest, whether it is enabled."""
    return {"patterns": caller.rooms.sequences.all()} | caller.rooms.watching()


@ROUTER.post("/sequences")
def apply(caller: ManagesSequences, request: Annotated[PatternRequest, Body()]) -> dict[str, Any]:
    """Keep an own pattern in the ledger; it holds from now on, in place of one of the same name."""
    return caller.rooms.sequences.apply(request.pattern, caller.principal)


@ROUTER.get("/sequences/{name}", responses={200: {"model": answers.SequencePatternText}})
def sequence(caller: Reads, name: Name) -> dict[str, Any]:
    """One pattern with its text, as it was applied or comes with the product."""
    return caller.rooms.sequences.shown(name)


@ROUTER.post("/sequences/scan")
def scan(caller: ManagesSequences, request: Annotated[ScanRequest, Body()]) -> StreamingResponse:
    """Look for patterns; what is found is kept once, with `dry_run` not at all.

    Answers a stream of `{"progress"}`, `{"detection"}`, `{"cut"}` and `{"failure"}` lines and one `{"report"}`.
    """
    start = None if request.start is None else parse_bound(request.start, field="start")
    end = None if request.end is None else parse_bound(request.end, field="end")
    if start is not None and end is not None and start >= end:
        raise UsageError("the span is empty", expected="start before end", got=f"{request.start} to {request.end}")
    if request.pattern is not None and (request.patterns or not request.dry_run):
        raise UsageError(
            "a pattern's text is only tried out", expected="dry_run, and no patterns beside it", field="pattern",
            hint="apply it to scan for it by name",
        )  # fmt: skip
    lag = caller.rooms.settle()
    room = caller.rooms.sequences
    if request.pattern is not None:
        found = room.attempt(request.pattern, start, end)
    else:
        found = room.scan(request.patterns, start, end, dry=request.dry_run)

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        counts = {"detections": 0, "new": 0, "grown": 0, "cuts": 0, "failures": 0}
        for one in found:
            if "progress" in one:
                tell(one)
            elif "cut" in one:
                counts["cuts"] += 1
                tell(one)
            elif "failure" in one:
                counts["failures"] += 1
                tell(one)
            else:
                counts["detections"] += 1
                counts["new"] += bool(one["new"])
                counts["grown"] += one["grown"]
                tell({"detection": one})
            if stop.is_set():
                break
        return {"report": counts | caller.rooms.behind(lag)}

    return stream(work)


@ROUTER.post("/sequences/{name}/enable")
def enable(caller: ManagesSequences, name: str) -> dict[str, Any]:
    """Look for a pattern in scans that name none."""
    return caller.rooms.sequences.switch(name, caller.principal, on=True)


@ROUTER.post("/sequences/{name}/disable")
def disable(caller: ManagesSequences, name: str) -> dict[str, Any]:
    """Look for a pattern only in scans that name it."""
    return caller.rooms.sequences.switch(name, caller.principal, on=False)


@ROUTER.get("/detections", responses={200: {"model": answers.FindingList}})
def detections(
    caller: Reads,
    limit: Annotated[int, Query(ge=1, le=MOST_DETECTIONS)] = 100,
    pattern: Annotated[str, Query(max_length=200, description="those of one pattern or rule")] = "",
) -> dict[str, Any]:
    """The findings that are kept, the newest first, each with the ids of its evidence."""
    lag = caller.rooms.settle()
    return {"detections": caller.rooms.sequences.detections(limit, pattern)} | caller.rooms.behind(lag)

"""Sources: what each holds, how it is read, how its clock stands, and changing what is said of it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.convertors import StringConvertor, register_url_convertor

from vestige.api.answers import sources as answers
from vestige.api.callers import ManagesSources, Reads
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import stream
from vestige.api.timeline import InSpan
from vestige.app import KEY, MAPPING_BYTES, Change, Offset, try_sample
from vestige.model.errors import InputError, TooLargeError
from vestige.model.instant import FIRST_YEAR, LAST_YEAR, NANOS
from vestige.model.offset import parse_offset

ROUTER = APIRouter(prefix="/v1/sources", tags=["sources"])
SAMPLE_BYTES = 16 << 20

Text = Annotated[str, Field(min_length=1, max_length=400)]


class Name(StringConvertor):
    """The rest of a path as a name. Any file name is one, so a slash or a line's end may stand in it."""

    regex = "(?s:.*)"


register_url_convertor("name", Name())


class SettingsRequest(BaseModel):
    """What is said of a source. What is left out stays as it is; ``unset`` names what no longer holds."""

    model_config = ConfigDict(extra="forbid")

    zone: Text | None = None
    year: Annotated[StrictInt, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None
    clock_offset: Text | None = None
    evidence: list[Text] = []
    because: Text | None = None
    date_order: Text | None = None
    format: Text | None = None
    keys: dict[str, Text] = {}
    unset: list[Text] = []

    def change(self) -> Change:
        """As the ledger states it.

        Raises:
            UsageError: the offset is none.
            InputError: evidence without an offset.
        """
        named = {"zone": self.zone, "year": self.year, "date_order": self.date_order, "format": self.format}
        put: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        if self.clock_offset is not None:
            offset = Offset(parse_offset(self.clock_offset), tuple(self.evidence), self.because or "")
            put["clock_offset"] = offset
        elif self.evidence or self.because:
            raise InputError(
                "evidence speaks of no clock offset", expected="clock_offset beside it", field="clock_offset"
            )
        put |= {KEY + path: kind for path, kind in self.keys.items()}
        return Change(put, tuple(self.unset))


class MappingRequest(BaseModel):
    """The text of an own format."""

    model_config = ConfigDict(extra="forbid")

    mapping: Annotated[str, Field(min_length=1, max_length=MAPPING_BYTES)]


class TrialRequest(MappingRequest):
    """An own format and a sample of what it should read, in base64."""

    sample: str


@ROUTER.get("", responses={200: {"model": answers.SourceList}})
def sources(caller: Reads) -> dict[str, Any]:
    """Every source: what it holds, how far its times may be trusted, and what is said of it."""
    lag = caller.rooms.settle()
    return {"sources": caller.rooms.sources.all()} | ({"index_lag": lag} if lag else {})


@ROUTER.get("/skew")
def skew(caller: Reads) -> dict[str, Any]:
    """How far the clocks of every two sources stand apart that saw the same acts, with what would mend it."""
    lag = caller.rooms.settle()
    return {"pairs": caller.rooms.sources.skew()} | ({"index_lag": lag} if lag else {})


@ROUTER.get("/coverage", dependencies=[Depends(only_known_parameters)], responses={200: {"model": answers.Coverage}})
def coverage(
    caller: Reads,
    within: InSpan,
    source: Annotated[str, Query(max_length=4096, description="a name or id; all by default")] = "",
    join: Annotated[float, Query(ge=0, le=366 * 86_400, description="seconds apart that are still one band")] = 300,
) -> dict[str, Any]:
    """For which stretches of time there is evidence of each source: outside them, silence means nothing."""
    lag = caller.rooms.settle()
    found = caller.rooms.sources.coverage(source, within.start, within.end, int(join * NANOS))
    return {"join_seconds": join, "sources": found} | caller.rooms.behind(lag)


@ROUTER.post("/test")
def test_mapping(caller: Reads, request: Annotated[TrialRequest, Body()]) -> dict[str, Any]:
    """What a mapping makes of a sample. Nothing is kept."""
    del caller  # any caller may: nothing of a tenant is read
    try:
        sample = base64.b64decode(request.sample, validate=True)
    except ValueError as error:
        raise InputError("the sample is not base64", got=str(error), field="sample") from None
    if len(sample) > SAMPLE_BYTES:
        raise TooLargeError("the sample is too long", expected=f"at most {SAMPLE_BYTES} bytes", got=f"{len(sample)}")
    return try_sample(request.mapping.encode(), sample)


@ROUTER.post("/mappings")
def record_mapping(caller: ManagesSources, request: Annotated[MappingRequest, Body()]) -> dict[str, Any]:
    """Keep an own format in the ledger, once; the answer's `format` names it for imports and settings."""
    return caller.rooms.sources.record_mapping(request.mapping, caller.principal)


@ROUTER.get("/{source:name}", responses={200: {"model": answers.Source}})
def source(caller: Reads, source: str) -> dict[str, Any]:
    """One source, by id or name."""
    lag = caller.rooms.settle()
    return caller.rooms.sources.one(source) | ({"index_lag": lag} if lag else {})


@ROUTER.post("/{source:name}")
def set_source(caller: ManagesSources, source: str, request: Annotated[SettingsRequest, Body()]) -> StreamingResponse:
    """Say something of a source, and compute every row again by it.

    Answers a stream of `{"progress"}` lines and one `{"report"}`.
    """
    change = request.change()

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        del stop  # what was said must be seen to, whether or not somebody still waits for the answer

        def progress(done: int, of: int) -> None:
            tell({"progress": {"done": done, "of": of}})

        return {"report": caller.rooms.sources.say(source, change, caller.principal, progress)}

    return stream(work)

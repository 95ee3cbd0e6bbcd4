"""What the mode in force asks for and how that stands, and the evidence of a period."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from vestige.api.answers import compliance as answers
from vestige.api.bundles import ZIP
from vestige.api.callers import ExportsAudit, ReadsAudit, ReadsStatus
from vestige.api.limits import only_known_parameters
from vestige.app import stream_bundle
from vestige.model.instant import now, parse_bound

ROUTER = APIRouter(prefix="/v1/compliance", tags=["compliance"], dependencies=[Depends(only_known_parameters)])
From = Annotated[str | None, Query(alias="from", description="from this time on, ISO 8601; else from the first act on")]
To = Annotated[str | None, Query(alias="to", description="up to, not including, this time; else up to now")]


@ROUTER.get("", responses={200: {"model": answers.StandingNow}})
def standing(caller: ReadsStatus) -> dict[str, Any]:
    """What the mode in force asks for, by which text, and of each point what is there; and which modes there are."""
    return caller.rooms.compliance.standing() | {"modes": caller.rooms.compliance.modes()}


@ROUTER.get("/report", responses={200: {"model": answers.Report}})
def report(caller: ReadsAudit, start: From = None, end: To = None) -> dict[str, Any]:
    """Who did what in a period: every act by name and group, with entries, and how the mode stands now."""
    return caller.rooms.compliance.report(*_period(start, end))


@ROUTER.get("/pack")
def pack(caller: ExportsAudit, start: From = None, end: To = None) -> StreamingResponse:
    """The evidence of a period: a bundle of every act in it, and of the entry that states the report over them."""
    packer, said = caller.rooms.compliance.pack(*_period(start, end), caller.principal)
    headers = {
        "X-Vestige-Records": str(packer.survey.records),
        "X-Vestige-Size": str(packer.size),
        "Content-Disposition": 'attachment; filename="vestige-evidence.zip"',
    }
    return StreamingResponse(
        stream_bundle(packer, {"compliance": said}, caller.record), media_type=ZIP, headers=headers
    )


def _period(start: str | None, end: str | None) -> tuple[int, int]:
    return (
        0 if start is None else parse_bound(start, field="from"),
        now() if end is None else parse_bound(end, field="to"),
    )

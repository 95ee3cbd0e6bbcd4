"""A case as a report for people. It is a file to be kept, never a page of ours: no browser shows it from here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from vestige.api.callers import ExportsCases
from vestige.api.limits import only_known_parameters
from vestige.app import REPORT_SHAPES

ROUTER = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[Depends(only_known_parameters)])
OTHER_NAMES = {"md": "markdown"}
ENDINGS = {"markdown": "md"}


@ROUTER.get(
    "/{case}/report",
    response_class=Response,
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in REPORT_SHAPES.values()}}},
)
def report_case(
    caller: ExportsCases,
    case: str,
    shape: Annotated[str, Query(alias="format", max_length=40, description="html, pdf, markdown or md")] = "html",
    events: Annotated[
        int | None, Query(ge=1, le=5000, description="how many events it lists; 500, if nothing is said")
    ] = None,
    zone: Annotated[
        str, Query(max_length=64, description="whose clock stands beside UTC, an IANA name such as Europe/Berlin")
    ] = "",
) -> Response:
    """A report of a case: summary, hypotheses, timeline, evidence with proofs, custody, method, a draft to sign.

    That it was made is an entry with its digest, which `X-Vestige-Sha256` says too. `X-Vestige-Events` says how many
    events it lists, `X-Vestige-Pins` how many the case has.
    """
    shape = OTHER_NAMES.get(shape, shape)
    made = caller.rooms.reports.make(case, caller.principal, shape, events, zone)
    headers = {
        "Content-Disposition": f'attachment; filename="case-report.{ENDINGS.get(shape, shape)}"',
        "X-Vestige-Sha256": made.sha256,
        "X-Vestige-Events": str(made.listed),
        "X-Vestige-Pins": str(made.of),
    }
    return Response(made.data, media_type=made.media_type, headers=headers)

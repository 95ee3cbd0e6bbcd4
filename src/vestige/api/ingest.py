"""Taking evidence in over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from vestige.api.callers import Writes
from vestige.api.limits import bounded, only_known_parameters
from vestige.api.maintenance import stream
from vestige.api.problems import MEDIA_TYPE, refused
from vestige.app import ImportOptions
from vestige.model.errors import InputError
from vestige.model.instant import FIRST_YEAR, LAST_YEAR
from vestige.model.vocabulary import refuse_own_source

ROUTER = APIRouter(prefix="/v1/ingest", tags=["ingest"], dependencies=[Depends(only_known_parameters)])
STATUS = {"accepted": 201, "duplicate": 200, "conflict": 409, "refused": 422}
SourceHeader = Annotated[str, Header(alias="X-Source-Id", min_length=1, max_length=200)]


@ROUTER.post("/events")
async def ingest_events(
    request: Request,
    response: Response,
    caller: Writes,
    source: SourceHeader = "declared",
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> Any:  # noqa: ANN401 - an object, or a problem with one
    """Append declared events: one object, an array, or one object a line.

    Answers after the commit, record by record. One record: 201 accepted, 200 duplicate, 409 conflict, 422 refused.
    Several: 200, and each has its own status.
    """
    if caller.sources:
        await run_in_threadpool(caller.may_write, source)
    refuse_own_source(source, "X-Source-Id")
    body = await bounded(
        request,
        caller.installation.settings.limit_events_body_bytes,
        "declared events",
        hint="send them in parts, or as a file to /v1/ingest/raw",
    )
    answers = await run_in_threadpool(
        caller.rooms.intake.declare, body, source=source, by=caller.principal, idempotency_key=idempotency_key
    )
    told: dict[str, Any] = {
        "accepted": sum(answer.status == "accepted" for answer in answers),
        "duplicates": sum(answer.status == "duplicate" for answer in answers),
        "refused": sum(answer.status in {"refused", "conflict"} for answer in answers),
        "results": [answer.to_json() for answer in answers],
    }
    if len(answers) > 1:
        return told
    only = answers[0]
    response.status_code = STATUS[only.status]
    if response.status_code < 400:
        return told
    problem = refused(
        response.status_code,
        only.reason,
        [] if not only.field else [{"field": only.field, "got": "", "expected": only.reason}],
    )
    return Response(orjson.dumps(problem | told), response.status_code, media_type=MEDIA_TYPE)


@ROUTER.post("/raw")
async def ingest_raw(
    request: Request,
    caller: Writes,
    source: Annotated[str | None, Header(alias="X-Source-Id", min_length=1, max_length=200)] = None,
    parser: Annotated[str, Header(alias="X-Parser-Id")] = "auto",
    filename: Annotated[str, Header(alias="X-Filename", min_length=1, max_length=1200)] = "raw",
    zone: Annotated[str | None, Header(alias="X-Zone")] = None,
    year: Annotated[int | None, Header(alias="X-Year", ge=FIRST_YEAR, le=LAST_YEAR)] = None,
) -> Response:
    """Take in the body as one file of any known format, compressed or not, exactly as an import would.

    `X-Filename` and `X-Source-Id` may be percent-encoded UTF-8.

    Answers a stream of ``{"progress"}`` lines and one ``{"report"}``.
    """
    if caller.sources:
        await run_in_threadpool(caller.may_write, "" if source is None else unquote(source))
    options = ImportOptions(
        caller.principal, None if source is None else unquote(source), parser, zone, year, label=unquote(filename)
    )
    caller.rooms.intake.wanted(options)  # refused before the body is awaited: a stream once begun has its 200
    spool = await run_in_threadpool(caller.rooms.spool)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(spool.write, chunk)
        size = await run_in_threadpool(spool.finish)
    except BaseException:
        spool.discard()
        raise
    if size == 0:
        spool.discard()
        raise InputError("the body is empty", expected="the bytes of a file", got="0 bytes")

    def work(tell: Any, stop: Any) -> dict[str, Any]:  # noqa: ANN401 - typed by stream()
        try:
            report = caller.rooms.intake.import_paths(
                [spool.path], options, progress=lambda told: tell({"progress": told}), stop=stop
            )
        finally:
            spool.discard()
        return {"report": report.to_json()}

    return stream(work)

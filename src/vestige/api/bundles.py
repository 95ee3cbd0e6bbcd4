"""Evidence bundles over HTTP: one made and sent as it is packed, and one that is brought, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from vestige.api.callers import Exports, ReadsLedger
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import InSpan
from vestige.app import stream_bundle, verify_bundle
from vestige.model.errors import InputError
from vestige.model.instant import to_text

ROUTER = APIRouter(prefix="/v1", tags=["bundles"], dependencies=[Depends(only_known_parameters)])
ZIP = "application/zip"


@ROUTER.get("/export/bundle")
def bundle(
    caller: Exports,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    as_of: Annotated[
        int | None, Query(ge=1, description="as of this size of the log: a published checkpoint's")
    ] = None,
) -> StreamingResponse:
    """All records that match, with exact bytes, proofs, and what became of them: a zip that proves itself.

    Everything is checked before the first byte. `X-Vestige-Records` says how many there are, `X-Vestige-Size` as of
    which size of the log.
    """
    packer = caller.rooms.bundles.pack(q, within.start, within.end, as_of)
    window = {"from": within.start, "to": within.end}
    said: dict[str, Any] = {"query": q} | {name: to_text(at) for name, at in window.items() if at is not None}
    headers = {
        "X-Vestige-Records": str(packer.survey.records),
        "X-Vestige-Size": str(packer.size),
        "Content-Disposition": 'attachment; filename="vestige-bundle.zip"',
    }
    return StreamingResponse(stream_bundle(packer, said, caller.record), media_type=ZIP, headers=headers)


@ROUTER.post("/bundles/verify")
async def verify(
    request: Request,
    caller: ReadsLedger,
    key: Annotated[list[Annotated[str, Query(max_length=1000)]], Query(max_length=100)] = [],  # noqa: B006 - never kept
) -> dict[str, Any]:
    """Verify a bundle, the body being its zip, by the verifier keys of `key`: what `vestige bundle verify` does.

    A server's word on a bundle is worth what the server is; whoever doubts it verifies by themselves.
    """
    spool = await run_in_threadpool(caller.rooms.spool)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(spool.write, chunk)
        if await run_in_threadpool(spool.finish) == 0:
            raise InputError("the body is empty", expected="the zip of a bundle", got="0 bytes")
        return await run_in_threadpool(verify_bundle, Path(spool.path), key)
    finally:
        spool.discard()

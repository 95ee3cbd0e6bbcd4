"""Evidence bundles over HTTP: one made and sent as it is packed, and one that is brought, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from vestige.api.callers import Exports, ReadsLedger, refused
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import InSpan
from vestige.app import BROUGHT_BYTES, stream_bundle, verify_brought
from vestige.model.errors import InputError, TooLargeError, UsageError
from vestige.model.instant import to_text
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1", tags=["bundles"], dependencies=[Depends(only_known_parameters)])
ZIP = "application/zip"
MAX_SIZE = 2**53 - 1
"""The largest size of a log: the largest integer of canonical JSON."""


@ROUTER.get("/export/bundle")
def bundle(
    request: Request,
    caller: Exports,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    as_of: Annotated[
        int | None, Query(ge=1, le=MAX_SIZE, description="as of this size of the log: a published checkpoint's")
    ] = None,
    case: Annotated[
        str, Query(max_length=200, description="a case's id or name: what is pinned in it, its acts and notes")
    ] = "",
) -> StreamingResponse:
    """All records that match, with exact bytes, proofs, and what became of them: a zip that proves itself.

    With `case`, those of a case and all that was done and noted in it, which needs `cases.read` besides.

    Everything is checked before the first byte. `X-Vestige-Records` says how many there are, `X-Vestige-Size` as of
    which size of the log.
    """
    window = {"from": within.start, "to": within.end}
    said: dict[str, Any] = {"query": q} | {name: to_text(at) for name, at in window.items() if at is not None}
    if case:
        if Permission.CASES_READ not in caller.permissions:
            raise refused(request, caller, Permission.CASES_READ)
        if q or len(said) > 1 or as_of is not None:
            raise UsageError(
                "a case is packed whole, as it is", expected="case alone", got="q, start, end or as_of besides",
                hint="q=case:ID is a query among others", field="case",
            )  # fmt: skip
        packer = caller.rooms.bundles.pack_case(case)
        said = {"case": case}
    else:
        packer = caller.rooms.bundles.pack(q, within.start, within.end, as_of)
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

    A server's word on a bundle is worth what the server is; whoever doubts it verifies by themselves. It spends a
    bounded amount on one (256 MiB, unpacked 1 GiB, 200,000 files, 120 seconds), and verifies one at a time.
    """
    spool = await run_in_threadpool(caller.rooms.spool)
    try:
        seen = 0
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > BROUGHT_BYTES:
                raise TooLargeError(
                    "the bundle is too large to be verified here", expected=f"at most {BROUGHT_BYTES} bytes",
                    got="more", hint="verify it by yourself: vestige bundle verify",
                )  # fmt: skip
            await run_in_threadpool(spool.write, chunk)
        if await run_in_threadpool(spool.finish) == 0:
            raise InputError("the body is empty", expected="the zip of a bundle", got="0 bytes")
        return await run_in_threadpool(verify_brought, Path(spool.path), key)
    finally:
        spool.discard()

"""A witness over HTTP (C2SP tlog-witness): one call, `add-checkpoint`, and the witness's key for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

import vestige
from vestige.api.limits import BodyLimit
from vestige.api.problems import install
from vestige.app import WITNESS_BYTES

if TYPE_CHECKING:
    from vestige.app import Witness


def create_witness(witness: Witness) -> FastAPI:
    """The application of one witness. Nobody signs in: a checkpoint is let in by the signature it bears."""
    api = FastAPI(title="A witness", version=vestige.__version__, openapi_url=None, docs_url=None, redoc_url=None)
    install(api, lambda *_: None)
    api.add_middleware(BodyLimit, largest=WITNESS_BYTES)

    @api.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        body = await request.body()
        answer = await run_in_threadpool(witness.add_checkpoint, body)
        return Response(answer.body, answer.status, media_type=None, headers={"Content-Type": answer.media_type})

    @api.get("/")
    async def key() -> Response:
        return Response(f"{witness.key}\n", media_type="text/plain; charset=utf-8")

    return api

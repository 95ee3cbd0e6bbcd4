"""Anchors over HTTP: what authorities and witnesses say of the log, and the asking of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from vestige.api.answers import upkeep as answers
from vestige.api.bundles import MAX_SIZE
from vestige.api.callers import ManagesLedger, ManagesTenantsHere, ReadsLedger
from vestige.api.ledger import TEXT
from vestige.api.limits import only_known_parameters
from vestige.app import Anchors, anchor_all, super_log

PUBLIC = APIRouter(prefix="/v1", tags=["anchors"], dependencies=[Depends(only_known_parameters)])
ROUTER = APIRouter(prefix="/v1", tags=["anchors"], dependencies=[Depends(only_known_parameters)])


@ROUTER.get("/anchors", responses={200: {"model": answers.Anchors}})
def anchors(
    caller: ReadsLedger,
    after: Annotated[int, Query(ge=-1, le=MAX_SIZE, description="the seq behind which to go on")] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> dict[str, Any]:
    """Anchors of the log, the oldest first, and how each authority and witness stands; `next` says where to go on."""
    return Anchors(caller.installation, caller.rooms).shown(after, limit)


@ROUTER.get("/anchors/checkpoint")
def cosigned_checkpoint(caller: ReadsLedger) -> Response:
    """The newest checkpoint that a witness has cosigned, with the cosignatures: a signed note."""
    return Response(Anchors(caller.installation, caller.rooms).checkpoint(), media_type=TEXT)


@ROUTER.post("/anchors")
def anchor(caller: ManagesLedger) -> dict[str, Any]:
    """Show the log to every authority and witness now. Who gave nothing stands in `failures`, and why."""
    return Anchors(caller.installation, caller.rooms).run(caller.principal)


@PUBLIC.get("/super-log")
def show_super_log(request: Request) -> dict[str, Any]:
    """The super-log's keys and last checkpoint. Public: whoever compares two copies finds a fork."""
    return super_log(request.app.state.installation)


@ROUTER.post("/super-log")
def anchor_everything(caller: ManagesTenantsHere) -> dict[str, Any]:
    """Anchor the logs of all tenants now, with one time stamp over the super-log. From the machine itself only."""
    return anchor_all(caller.installation, caller.principal)

"""The ledger over HTTP: C2SP tlog-tiles paths, and JSON for the proofs.

``/v1/ledger/<tenant>/checkpoint``, ``/tile/<L>/<N>[.p/<W>]`` and ``/tile/entries/<N>[.p/<W>]`` are named exactly as
the tlog-tiles specification names them; the form without ``<tenant>`` is the credential's own log. Nothing beyond the
last published checkpoint is served.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from vestige.api.callers import Authenticated, Caller
from vestige.app import Installation
from vestige.model.errors import NotFoundError

PUBLIC = APIRouter(prefix="/v1/ledger", tags=["ledger"])
ROUTER = APIRouter(prefix="/v1/ledger", tags=["ledger"])

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
TEXT = "text/plain; charset=utf-8"


@PUBLIC.get("/{tenant}/keys")
def public_keys(tenant: str, request: Request) -> list[dict[str, Any]]:
    """The verifier keys of a log with the sizes they are valid for. Public: a key must be findable."""
    installation: Installation = request.app.state.installation
    return installation.ledger_view(tenant).keys()


@ROUTER.get("/keys")
def own_keys(caller: Authenticated) -> list[dict[str, Any]]:
    """The verifier keys of the credential's own log."""
    return caller.rooms.ledger.keys()


@ROUTER.post("/checkpoint")
def sign_checkpoint(caller: Authenticated) -> Response:
    """Sign the present head and publish it, at once."""
    return Response(caller.rooms.ledger.sign_checkpoint(), media_type=TEXT)


@ROUTER.get("/checkpoint")
@ROUTER.get("/{tenant}/checkpoint")
def checkpoint(caller: Authenticated, tenant: str | None = None) -> Response:
    """The last published checkpoint: a signed note."""
    _own(caller, tenant)
    return Response(caller.rooms.ledger.published(), media_type=TEXT)


@ROUTER.get("/tile/{path:path}")
@ROUTER.get("/{tenant}/tile/{path:path}")
def tile(caller: Authenticated, path: str, tenant: str | None = None) -> Response:
    """A hash tile, or a bundle of entries."""
    _own(caller, tenant)
    return Response(caller.rooms.ledger.tile(f"tile/{path}"), media_type="application/octet-stream", headers=FOREVER)


@ROUTER.get("/inclusion")
def inclusion(
    caller: Authenticated, seq: Annotated[int, Query(ge=0)], size: Annotated[int | None, Query(ge=1)] = None
) -> dict[str, Any]:
    """The RFC 6962 inclusion proof of one entry in the tree of a given size (default: the last checkpoint's)."""
    return caller.rooms.ledger.inclusion(seq, size)


@ROUTER.get("/consistency")
def consistency(
    caller: Authenticated,
    first: Annotated[int, Query(alias="from", ge=1)],
    second: Annotated[int | None, Query(alias="to", ge=1)] = None,
) -> dict[str, Any]:
    """The RFC 6962 consistency proof between two sizes."""
    return caller.rooms.ledger.consistency(first, second)


@ROUTER.get("/receipt/{entry}")
def receipt(caller: Authenticated, entry: str) -> Response:
    """A C2SP tlog-proof of one entry, under a checkpoint that covers it (signed now if none does)."""
    return Response(caller.rooms.ledger.receipt(entry), media_type=TEXT)


@ROUTER.get("/verify")
def verify(caller: Authenticated) -> dict[str, Any]:
    """Recompute everything from stored bytes and say what fits and what does not."""
    return caller.rooms.ledger.verify()


def _own(caller: Caller, tenant: str | None) -> None:
    if tenant is not None and tenant != caller.rooms.tenant.id:
        raise NotFoundError(f"no log of tenant {tenant[:64]!r}", hint="leave the tenant out to mean your own")

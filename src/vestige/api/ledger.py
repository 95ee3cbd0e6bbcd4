"""The ledger over HTTP: C2SP tlog-tiles paths, and JSON for the proofs.

``/v1/ledger/<tenant>/checkpoint``, ``/tile/<L>/<N>[.p/<W>]`` and ``/tile/entries/<N>[.p/<W>]`` are named exactly as
the tlog-tiles specification names them; the form without ``<tenant>`` is the credential's own log, and
``<tenant>.<epoch>`` the log of an earlier epoch. Nothing beyond the last published checkpoint is served.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vestige.api.answers import upkeep as answers
from vestige.api.callers import Caller, ManagesLedger, ManagesLedgerHere, ReadsLedger
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import absolute, stream
from vestige.app import Installation, LedgerView
from vestige.model.errors import BusyError, NotFoundError

_EPOCH = re.compile("0|[1-9][0-9]{0,8}")

PUBLIC = APIRouter(prefix="/v1/ledger", tags=["ledger"], dependencies=[Depends(only_known_parameters)])
ROUTER = APIRouter(prefix="/v1/ledger", tags=["ledger"], dependencies=[Depends(only_known_parameters)])

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
TEXT = "text/plain; charset=utf-8"
Epoch = Annotated[int | None, Query(ge=0, description="of an earlier epoch's log")]


@PUBLIC.get("/{tenant}/keys")
def public_keys(tenant: str, request: Request) -> list[dict[str, Any]]:
    """The verifier keys of a log with the sizes they are valid for, of every epoch. Public: a key must be findable."""
    installation: Installation = request.app.state.installation
    return installation.ledger_view(tenant).keys()


@ROUTER.get("/keys", responses={200: {"model": answers.VerifierKeys}})
def own_keys(caller: ReadsLedger) -> list[dict[str, Any]]:
    """The verifier keys of the credential's own log."""
    return caller.rooms.ledger.keys()


@ROUTER.post("/checkpoint")
def sign_checkpoint(caller: ManagesLedger) -> Response:
    """Sign the present head and publish it, at once."""
    return Response(caller.rooms.ledger.sign_checkpoint(), media_type=TEXT)


@ROUTER.get("/checkpoint")
@ROUTER.get("/{tenant}/checkpoint")
def checkpoint(caller: ReadsLedger, tenant: str | None = None) -> Response:
    """The last published checkpoint: a signed note. `X-Vestige-Signed-At` is when, by the server's clock."""
    note, at = _own(caller, tenant).published_with_time()
    return Response(note, media_type=TEXT, headers={"X-Vestige-Signed-At": at})


@ROUTER.get("/tile/{path:path}")
@ROUTER.get("/{tenant}/tile/{path:path}")
def tile(caller: ReadsLedger, path: str, tenant: str | None = None) -> Response:
    """A hash tile, or a bundle of entries."""
    data = _own(caller, tenant).tile(f"tile/{path}")
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


@ROUTER.get("/inclusion")
def inclusion(
    caller: ReadsLedger,
    seq: Annotated[int, Query(ge=0)],
    size: Annotated[int | None, Query(ge=1)] = None,
    epoch: Epoch = None,
) -> dict[str, Any]:
    """The RFC 6962 inclusion proof of one entry in the tree of a given size (default: the last checkpoint's)."""
    return caller.rooms.ledger.of_epoch(epoch).inclusion(seq, size)


@ROUTER.get("/consistency")
def consistency(
    caller: ReadsLedger,
    first: Annotated[int, Query(alias="from", ge=1)],
    second: Annotated[int | None, Query(alias="to", ge=1)] = None,
    epoch: Epoch = None,
) -> dict[str, Any]:
    """The RFC 6962 consistency proof between two sizes."""
    return caller.rooms.ledger.of_epoch(epoch).consistency(first, second)


@ROUTER.get("/receipt/{entry}")
def receipt(caller: ReadsLedger, entry: str) -> Response:
    """A C2SP tlog-proof of one entry, under a checkpoint that covers it (signed now if none does)."""
    return Response(caller.rooms.ledger.receipt(entry), media_type=TEXT)


@ROUTER.get("/verify")
def verify(caller: ReadsLedger) -> dict[str, Any]:
    """Recompute everything from stored bytes and say what fits and what does not."""
    return caller.rooms.ledger.verify()


@ROUTER.post("/verify")
def verify_telling(caller: ReadsLedger) -> StreamingResponse:
    """The same, as a stream of ``{"progress"}`` lines and one ``{"report"}``."""

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        def progress(done: int, of: int) -> None:
            if stop.is_set():
                raise BusyError("the verification was given up", hint="run it again")
            tell({"progress": {"done": done, "of": of}})

        return {"report": caller.rooms.ledger.verify(progress)}

    return stream(work)


class Rotation(BaseModel):
    """What is known of the old key."""

    model_config = ConfigDict(extra="forbid")

    compromised_after: Annotated[int, Field(ge=0)] | None = None


class Bringing(Rotation):
    """The new private key's file, and what is known of the old key."""

    key_file: Annotated[Path, AfterValidator(absolute)]


class Rewrapping(BaseModel):
    """Where the new key-encryption key lies."""

    model_config = ConfigDict(extra="forbid")

    key_file: Annotated[Path, AfterValidator(absolute)]


@ROUTER.post("/rotate")
def rotate(caller: ManagesLedger, request: Annotated[Rotation, Body()]) -> dict[str, Any]:
    """Give the log a new signing key, which the old one introduces; both sign the next two checkpoints."""
    return caller.rooms.rotate_key(caller.principal, request.compromised_after)


@ROUTER.post("/bring-key")
def bring_key(caller: ManagesLedgerHere, request: Annotated[Bringing, Body()]) -> dict[str, Any]:
    """Give the log a signing key from a file of this machine, which the old one introduces as in a rotation."""
    return caller.rooms.rotate_key(caller.principal, request.compromised_after, request.key_file)


@ROUTER.post("/second-key")
def second_key(caller: ManagesLedger) -> dict[str, Any]:
    """Let a post-quantum key (ML-DSA-44) sign checkpoints beside the log's own from now on; again: a new one."""
    return caller.rooms.add_second_key(caller.principal)


@ROUTER.post("/rewrap")
def rewrap(caller: ManagesLedgerHere, request: Annotated[Rewrapping, Body()]) -> dict[str, Any]:
    """Wrap all private keys under another key-encryption key, read from a file of this machine."""
    return caller.rooms.rewrap_keys(caller.principal, request.key_file)


@ROUTER.post("/new-epoch")
def new_epoch(caller: ManagesLedger) -> dict[str, Any]:
    """Let a log that the signer refuses go on as the next epoch, and say what is known lost of the old one."""
    return caller.rooms.new_epoch(caller.principal)


def _own(caller: Caller, tenant: str | None) -> LedgerView:
    """The log a path names: ``<tenant>`` the current one, ``<tenant>.<epoch>`` an epoch's, none the caller's own."""
    if tenant is None:
        return caller.rooms.ledger
    name, dot, epoch = tenant.partition(".")
    if name not in {caller.rooms.tenant.id, caller.rooms.tenant.slug} or (dot and not _EPOCH.fullmatch(epoch)):
        raise NotFoundError(f"no log of tenant {tenant[:64]!r}", hint="leave the tenant out to mean your own")
    return caller.rooms.ledger.of_epoch(int(epoch) if dot else None)

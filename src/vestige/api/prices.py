"""Price lists of a tenant's own, and the keys that may sign them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import prices as answers
from vestige.api.callers import ManagesLedger, ManagesTenant, Reads
from vestige.api.limits import only_known_parameters
from vestige.app import PRICE_NOTE_BYTES

ROUTER = APIRouter(prefix="/v1/agents/prices", tags=["agents"], dependencies=[Depends(only_known_parameters)])


class ListRequest(BaseModel):
    """A signed price list: the text of the note."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(min_length=1, max_length=PRICE_NOTE_BYTES)]


class KeyRequest(BaseModel):
    """A verifier key, and whether it may sign price lists."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=512)]
    trusted: bool = True


@ROUTER.get("", responses={200: {"model": answers.Prices}})
def prices(caller: Reads) -> dict[str, Any]:
    """The price table that comes with the product, the tenant's own lists in force, and the keys that may sign one."""
    return caller.rooms.prices.all()


@ROUTER.post("", responses={200: {"model": answers.PricesApplied}})
def apply(caller: ManagesLedger, request: Annotated[ListRequest, Body()]) -> dict[str, Any]:
    """Put a signed list in force, and say beside each seal of a session what it comes to by it.

    The same list again says nothing new, but goes on with seals where it was interrupted.
    """
    lag = caller.rooms.settle()
    found = caller.rooms.prices.apply(request.note.encode("utf-8", "surrogatepass"), caller.principal)
    told = caller.rooms.seals.amend(caller.principal)
    caller.rooms.projector.nudge()
    return found | told | caller.rooms.behind(lag)


@ROUTER.post("/keys", responses={200: {"model": answers.PriceKey}})
def key(caller: ManagesTenant, request: Annotated[KeyRequest, Body()]) -> dict[str, Any]:
    """Let a key sign price lists, or, with `trusted` false, no more. What it signed before stays in force."""
    found = caller.rooms.prices.trust(request.key, caller.principal, trusted=request.trusted)
    caller.rooms.projector.nudge()
    return found

"""Saved views: a query with its window and how it is shown, under a link that stays."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Reads, WritesViews
from vestige.api.limits import only_known_parameters
from vestige.app import View

ROUTER = APIRouter(prefix="/v1/views", tags=["views"], dependencies=[Depends(only_known_parameters)])

Short = Annotated[str, Field(max_length=400)]


class ViewRequest(BaseModel):
    """A view as it is to be kept. Times are ISO 8601, or relative to when it is opened: ``now-24h``."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    q: Annotated[str, Field(max_length=4096)] = ""
    start: Short = ""
    end: Short = ""
    order: Short = "desc"
    lane: Short = ""
    fold: Short = ""
    zone: Short = ""

    def view(self) -> View:
        """As the product keeps it."""
        return View(**self.model_dump())


@ROUTER.get("")
def views(caller: Reads) -> dict[str, Any]:
    """Every saved view, by name."""
    return {"views": caller.rooms.views.all()}


@ROUTER.post("", status_code=201)
def add_view(caller: WritesViews, request: Annotated[ViewRequest, Body()]) -> dict[str, Any]:
    """Save a view; its id is its link, and stays."""
    return caller.rooms.views.save(request.view(), caller.principal)


@ROUTER.get("/{view}")
def view(caller: Reads, view: str) -> dict[str, Any]:
    """One view, by id or name; `now` has its window as instants."""
    return caller.rooms.views.one(view)


@ROUTER.put("/{view}")
def change_view(caller: WritesViews, view: str, request: Annotated[ViewRequest, Body()]) -> dict[str, Any]:
    """Change a view; what it was before stays in the ledger."""
    return caller.rooms.views.save(request.view(), caller.principal, view)


@ROUTER.delete("/{view}", status_code=204)
def delete_view(caller: WritesViews, view: str) -> None:
    """Let a view be no more; what it was stays in the ledger."""
    caller.rooms.views.delete(view, caller.principal)

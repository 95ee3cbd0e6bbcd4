"""Entities: lists of them, what is known of one, its events, whom it met; and search for what belongs together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from vestige.api.answers import correlate as answers
from vestige.api.callers import Reads
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import Cursor, InWindow, Limit
from vestige.app import Sift, Wanted
from vestige.model.errors import UsageError
from vestige.model.instant import NANOS, parse_bound

ROUTER = APIRouter(prefix="/v1", tags=["entities"], dependencies=[Depends(only_known_parameters)])
YEAR = 366 * 86_400
OTHER_NAMES = {"user": "identity", "service": "identity"}
"""Types of entities as other products name them, and the kind they are."""

Part = Annotated[str | None, Query(min_length=1, max_length=256)]
LongCursor = Annotated[str | None, Query(max_length=8192)]
Depth = Annotated[int | None, Query(ge=1, le=3, description="steps from the entity at most")]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
Short = Annotated[str, Field(min_length=1, max_length=256)]


class SearchRequest(BaseModel):
    """A search: for events by ``terms``, or for entities by ``entity_type`` and ``identifier_contains``."""

    model_config = ConfigDict(extra="forbid")

    terms: Annotated[list[Text], Field(max_length=6)] = []
    window: Annotated[float, Field(gt=0, le=YEAR)] | None = None
    by: Short | None = None
    start: Short | None = None
    end: Short | None = None
    order: Annotated[str, Field(pattern="^(asc|desc)$")] | None = None
    entity_type: Short | None = None
    identifier_contains: Short | None = None
    limit: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    cursor: Annotated[str, Field(max_length=8192)] | None = None


@ROUTER.get("/entities", responses={200: {"model": answers.EntityList}})
def entities(
    caller: Reads,
    kind: Annotated[str | None, Query(max_length=40, description="identity, ip, host, …")] = None,
    entity_type: Annotated[str | None, Query(max_length=40, description="another name of kind")] = None,
    value: Annotated[str | None, Query(min_length=1, max_length=1024, description="of exactly this value")] = None,
    prefix: Part = None,
    contains: Part = None,
    sort: Annotated[str, Query(pattern="^(last|first|count|value)$")] = "last",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: LongCursor = None,
) -> dict[str, Any]:
    """Entities, those seen last first: `kind`, `prefix`, `contains`, or exactly a `value`; `sort`, `limit`."""
    if kind is not None and entity_type is not None:
        raise UsageError("kind and entity_type exclude each other", expected="one of them", field="kind")
    wanted = _kind(kind or entity_type or "")
    lag = caller.rooms.settle()
    if value is not None:
        others = {"prefix": prefix, "contains": contains, "cursor": cursor}
        given = [name for name, text in others.items() if text is not None]
        if given:
            raise UsageError(f"value and {given[0]} exclude each other", expected="one of them", field="value")
        return {"entities": caller.rooms.entities.of_value(value, wanted)} | caller.rooms.behind(lag)
    sift = Sift(wanted, prefix or "", contains or "")
    return caller.rooms.entities.listed(sift, sort, limit, cursor) | caller.rooms.behind(lag)


@ROUTER.get("/entities/{entity_id}", responses={200: {"model": answers.Entity}})
def entity(caller: Reads, entity_id: str) -> dict[str, Any]:
    """What is known of one entity, each statement with the events that show it. `entity_id`: as lists have it."""
    lag = caller.rooms.settle()
    return caller.rooms.entities.show(entity_id) | caller.rooms.behind(lag)


@ROUTER.get("/entities/{entity_id}/timeline")
def entity_timeline(
    caller: Reads, entity_id: str, within: InWindow, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """A page of an entity's events: `start`, `end`, `order`, `undated`, `limit`, `cursor`, as in the timeline."""
    lag = caller.rooms.settle()
    page = caller.rooms.entities.timeline(entity_id, within, limit, cursor)
    cursors = {"next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor}
    shown = {name: text for name, text in cursors.items() if text is not None}
    return {"events": page.events} | shown | caller.rooms.behind(lag)


@ROUTER.get("/entities/{entity_id}/graph", responses={200: {"model": answers.EntityGraph}})
def entity_graph(caller: Reads, entity_id: str, depth: Depth = None, max_depth: Depth = None) -> dict[str, Any]:
    """Whom an entity met in events, whom those met: `depth` or `max_depth` (1 to 3); what was left out, and why."""
    if depth is not None and max_depth is not None:
        raise UsageError("depth and max_depth exclude each other", expected="one of them", field="depth")
    lag = caller.rooms.settle()
    return caller.rooms.entities.graph(entity_id, depth or max_depth or 1) | caller.rooms.behind(lag)


@ROUTER.post("/correlate/search")
def search(caller: Reads, request: Annotated[SearchRequest, Body()]) -> dict[str, Any]:
    """Groups of events that meet several `terms` within a `window`; or entities by type and a part of their value."""
    lag = caller.rooms.settle()
    if request.terms:
        return caller.rooms.entities.together(*_groups(request)) | caller.rooms.behind(lag)
    foreign = [name for name in ("window", "by", "start", "end", "order") if getattr(request, name) is not None]
    if foreign:
        raise UsageError(f"{foreign[0]} needs terms", expected="terms: 2 to 6 queries", field=foreign[0])
    if request.entity_type is None and request.identifier_contains is None:
        raise UsageError(
            "nothing is searched for",
            expected="terms, or entity_type or identifier_contains, or both of these",
            got="none of them",
            field="terms",
        )
    sift = Sift(_kind(request.entity_type or ""), contains=request.identifier_contains or "")
    found = caller.rooms.entities.listed(sift, "last", request.limit or 50, request.cursor)
    return found | caller.rooms.behind(lag)


def _groups(request: SearchRequest) -> tuple[Wanted, int, str | None]:
    """A search for groups, as it is asked.

    Raises:
        UsageError: it names entities too, or a time is none.
    """
    for name in ("entity_type", "identifier_contains"):
        if getattr(request, name) is not None:
            raise UsageError(f"terms and {name} exclude each other", expected="one of them", field=name)
    usual = Wanted(())
    wanted = Wanted(
        terms=tuple(request.terms),
        window=usual.window if request.window is None else max(round(request.window * NANOS), 1),
        by=request.by or "",
        start=None if request.start is None else parse_bound(request.start, field="start"),
        end=None if request.end is None else parse_bound(request.end, field="end"),
        descending=request.order != "asc",
    )
    return wanted, request.limit or 20, request.cursor


def _kind(name: str) -> str:
    return OTHER_NAMES.get(name.lower(), name.lower())

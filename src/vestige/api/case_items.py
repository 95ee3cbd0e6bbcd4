"""What people say in a case: notes, tasks, hypotheses with their evidence, entities, indicators.

``ETag`` of an item is its revision; with ``If-Match`` a change is made only if nobody was quicker, else 412.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import cases as answers
from vestige.api.callers import ReadsCases, ReadsCasesAndEvents, WritesCases
from vestige.api.cases import EventId, IfMatch, revision_of, tagged
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import Cursor
from vestige.app import KINDS
from vestige.model.errors import UsageError
from vestige.model.ids import is_ulid

ROUTER = APIRouter(prefix="/v1/cases/{case}/items", tags=["cases"], dependencies=[Depends(only_known_parameters)])

Text = Annotated[str, Field(max_length=50_000)]
Short = Annotated[str, Field(max_length=5000)]


class ItemChange(BaseModel):
    """Fields of an item; each kind has its own, and any other is refused."""

    model_config = ConfigDict(extra="forbid")

    title: Short | None = None
    text: Text | None = None
    status: Short | None = None
    assignee: Short | None = None
    due: Short | None = None
    verdict: Short | None = None
    reason: Short | None = None
    type: Short | None = None
    value: Short | None = None


class NewItem(ItemChange):
    """An item that is to be: a `note`, `task`, `hypothesis`, `entity` or `indicator`."""

    kind: Annotated[str, Field(max_length=40)]


class NewEvidence(BaseModel):
    """An event that speaks for or against a hypothesis."""

    model_config = ConfigDict(extra="forbid")

    event_id: EventId
    side: Annotated[str, Field(max_length=40)]
    comment: Annotated[str, Field(max_length=5000)] = ""


@ROUTER.get("", responses={200: {"model": answers.CaseItems}})
def items(
    caller: ReadsCases,
    case: str,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """What was said in a case, the oldest first: of one `kind`, if it is given; `limit`, `cursor`."""
    room = caller.rooms.cases
    if kind is not None and kind not in KINDS:
        raise UsageError("kind is none", expected=", ".join(KINDS), got=kind[:40], field="kind")
    if cursor is not None and not is_ulid(cursor):
        raise UsageError("not a cursor", expected="the cursor of an earlier page", got=cursor[:60], field="cursor")
    found, more = room.saying.page(room.cases.one(case).id, kind or "", limit, cursor or "")
    return {"items": [one.to_json() for one in found]} | ({"next_cursor": found[-1].id} if more else {})


@ROUTER.post("", status_code=201, responses={201: {"model": answers.CaseItem}})
def add_item(caller: WritesCases, case: str, request: Annotated[NewItem, Body()], response: Response) -> dict[str, Any]:
    """Say something. In a note, `[[event:ID]]` stands for a live event."""
    given = request.model_dump(exclude_none=True)
    kind = given.pop("kind")
    return tagged(response, caller.rooms.cases.say(case, caller.principal, kind, given).to_json())


@ROUTER.get("/{item}", responses={200: {"model": answers.CaseItem}})
def item(caller: ReadsCasesAndEvents, case: str, item: str, response: Response) -> dict[str, Any]:
    """One item; `live` has the events it names as they are now, and whether they are what they were."""
    return tagged(response, caller.rooms.cases.item(case, item))


@ROUTER.patch("/{item}", responses={200: {"model": answers.CaseItem}})
def change_item(
    caller: WritesCases,
    case: str,
    item: str,
    request: Annotated[ItemChange, Body()],
    response: Response,
    if_match: IfMatch = "",
) -> dict[str, Any]:
    """Say it otherwise: what is not given stays; what it said before stays in the ledger."""
    given = request.model_dump(exclude_none=True)
    changed = caller.rooms.cases.say_otherwise(case, caller.principal, item, given, revision_of(if_match))
    return tagged(response, changed.to_json())


@ROUTER.delete("/{item}", status_code=204)
def remove_item(caller: WritesCases, case: str, item: str) -> None:
    """Take an item away; what it said stays in the ledger."""
    room = caller.rooms.cases
    identity = room.cases.one(case).id
    room.saying.remove(identity, caller.principal, room.saying.one(identity, item).id)


@ROUTER.post("/{item}/evidence", status_code=201, responses={201: {"model": answers.CaseItem}})
def add_evidence(
    caller: WritesCases, case: str, item: str, request: Annotated[NewEvidence, Body()], response: Response
) -> dict[str, Any]:
    """Put an event `for` or `against` a hypothesis; one that is there already changes its side."""
    room = caller.rooms.cases
    said = room.weigh(case, caller.principal, item, request.event_id, request.side, request.comment)
    return tagged(response, said.to_json())


@ROUTER.delete("/{item}/evidence/{event_id}", responses={200: {"model": answers.CaseItem}})
def remove_evidence(caller: WritesCases, case: str, item: str, event_id: str, response: Response) -> dict[str, Any]:
    """Take an event away from a hypothesis."""
    room = caller.rooms.cases
    identity = room.cases.one(case).id
    said = room.saying.discard(identity, caller.principal, room.saying.one(identity, item).id, event_id.upper())
    return tagged(response, said.to_json())

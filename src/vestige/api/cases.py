"""Cases, what is pinned in them, what was done to them, and copies of them.

``ETag`` of a case is the revision of its own fields; with ``If-Match`` a change is made only if nobody was quicker,
else it is answered 412. Who did something is who is signed in: ``created_by`` and ``added_by``, which StreamTrace's
clients send, are kept as what they are, a claim, or not at all.
"""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from vestige.api.answers import cases as answers
from vestige.api.callers import (
    ExportsCases,
    ReadsCases,
    ReadsCasesAndEvents,
    SelectsForCases,
    WritesCases,
)
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import Cursor, InWindow, Limit, bounds
from vestige.app import CASE_SHAPES
from vestige.model.errors import UsageError
from vestige.model.ids import is_ulid

ROUTER = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[Depends(only_known_parameters)])
OTHER_NAMES = {"md": "markdown"}
_REVISION = re.compile(r'(?:W/)?"?(\d{1,15})"?')

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=5000)]
Names = Annotated[list[Short], Field(max_length=100)]
EventId = Annotated[str, Field(min_length=26, max_length=32)]
IfMatch = Annotated[str, Header(alias="If-Match", max_length=100)]


class NewCase(BaseModel):
    """A case that is to be. `created_by` is a claim; the author is who is signed in, and its owner too by default."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Long = ""
    status: Short | None = None
    owner: Short | None = None
    members: Names = []
    tags: Names = []
    created_by: Short = ""


class CaseChange(BaseModel):
    """What is to be set of a case; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Long | None = None
    status: Short | None = None
    owner: Short | None = None
    members: Names | None = None
    tags: Names | None = None


class NewPins(BaseModel):
    """Events that are to be pinned: one, or several. `added_by` is read and not believed."""

    model_config = ConfigDict(extra="forbid")

    event_id: EventId | None = None
    events: Annotated[list[EventId], Field(max_length=1000)] = []
    annotation: Long = ""
    pinned: StrictBool = False
    added_by: Short = ""


class PinChange(BaseModel):
    """What is to be said of a pin."""

    model_config = ConfigDict(extra="forbid")

    annotation: Long | None = None
    pinned: StrictBool | None = None


class Selection(BaseModel):
    """A query, all of whose events are to be pinned."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(max_length=4096)]
    start: Annotated[str, Field(max_length=100)] | None = None
    end: Annotated[str, Field(max_length=100)] | None = None
    annotation: Long = ""


def revision_of(if_match: str) -> int | None:
    """The revision a change rests on; ``None`` where it rests on none.

    Raises:
        UsageError: it is the tag of nothing of ours.
    """
    if if_match.strip() in {"", "*"}:
        return None
    found = _REVISION.fullmatch(if_match.strip())
    if found is None:
        raise UsageError("that is no ETag of ours", expected='such as "3"', got=if_match[:40], field="If-Match")
    return int(found[1])


def tagged(response: Response, body: dict[str, Any]) -> dict[str, Any]:
    """The answer, with the tag of its revision."""
    response.headers["ETag"] = f'"{body["revision"]}"'
    return body


@ROUTER.get("", responses={200: {"model": answers.CaseList}})
def cases(
    caller: ReadsCases,
    status: Annotated[str, Query(max_length=40)] = "",
    owner: Annotated[str, Query(max_length=200)] = "",
    contains: Annotated[str, Query(max_length=200, description="letters of a name, in any case")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Cases, those changed last first: `status`, `owner`, `contains`, `limit`, `cursor`."""
    after = None if cursor is None else _case_cursor(cursor)
    found = caller.rooms.cases.cases.listed(limit + 1, status=status, owner=owner, contains=contains, after=after)
    shown = found[:limit]
    following = {"next_cursor": _cursor_of(shown[-1].changed_at, shown[-1].id)} if len(found) > limit else {}
    return {"cases": [one.to_json() for one in shown]} | following


@ROUTER.post("", status_code=201, responses={201: {"model": answers.Case}})
def add_case(caller: WritesCases, request: Annotated[NewCase, Body()], response: Response) -> dict[str, Any]:
    """Make a case."""
    given = request.model_dump(exclude_none=True)
    claimed = given.pop("created_by")
    made = caller.rooms.cases.cases.create(caller.principal, given | {"claimed": claimed})
    return tagged(response, made.to_json())


@ROUTER.get("/{case}", responses={200: {"model": answers.ShownCase}})
def case(caller: ReadsCases, case: str, response: Response) -> dict[str, Any]:
    """A case, by id or name; how much is in it, and whether what is pinned is as it was when it was pinned."""
    return tagged(response, caller.rooms.cases.show(case))


@ROUTER.patch("/{case}", responses={200: {"model": answers.Case}})
def change_case(
    caller: WritesCases,
    case: str,
    request: Annotated[CaseChange, Body()],
    response: Response,
    if_match: IfMatch = "",
) -> dict[str, Any]:
    """Set fields of a case: what is not given stays."""
    room = caller.rooms.cases.cases
    given = request.model_dump(exclude_none=True)
    changed = room.change(room.one(case).id, caller.principal, given, revision_of(if_match))
    return tagged(response, changed.to_json())


@ROUTER.get("/{case}/events", responses={200: {"model": answers.CasePins}})
def case_events(
    caller: ReadsCases, case: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """What is pinned, in the order of the ledger: each with its leaf hash, and whether it is still what was pinned."""
    return caller.rooms.cases.events(case, limit, cursor)


@ROUTER.post(
    "/{case}/events",
    status_code=201,
    responses={
        200: {"description": "all of them were pinned already", "model": answers.Pinned},
        201: {"model": answers.Pinned},
    },
)
def pin_events(
    caller: WritesCases, case: str, request: Annotated[NewPins, Body()], response: Response
) -> dict[str, Any]:
    """Pin events by id: `event_id`, or a list of at most 1,000 `events`. 200: all of them were pinned already."""
    wanted = [*([request.event_id] if request.event_id is not None else []), *request.events]
    if not wanted:
        raise UsageError("no event is named", expected="event_id or events", field="event_id")
    told = caller.rooms.cases.pin(case, caller.principal, wanted, annotation=request.annotation, marked=request.pinned)
    response.status_code = 201 if told["pinned"] else 200
    return told


@ROUTER.patch("/{case}/events/{event_id}", responses={200: {"model": answers.CasePin}})
def change_pin(caller: WritesCases, case: str, event_id: str, request: Annotated[PinChange, Body()]) -> dict[str, Any]:
    """Say something of a pinned event: `annotation`; or mark it among the others: `pinned`."""
    room = caller.rooms.cases
    identity, place = room.cases.one(case).id, room.place(event_id)
    return room.cases.change_pin(identity, caller.principal, place, request.model_dump(exclude_none=True)).to_json()


@ROUTER.delete("/{case}/events/{event_id}", status_code=204)
def unpin_event(caller: WritesCases, case: str, event_id: str) -> None:
    """Take an event out of a case; that it was in it stays in the ledger."""
    room = caller.rooms.cases
    room.cases.unpin(room.cases.one(case).id, caller.principal, room.place(event_id))


@ROUTER.post("/{case}/selection", status_code=201, responses={201: {"model": answers.Pinned}})
def pin_selection(caller: SelectsForCases, case: str, request: Annotated[Selection, Body()]) -> dict[str, Any]:
    """Pin every event a `query` finds, not a page of them; `start` and `end` narrow it to dated events."""
    start, end = bounds(request.start, request.end)
    return caller.rooms.cases.select(case, caller.principal, request.query, start, end, request.annotation)


@ROUTER.delete("/{case}/selection/{selection}", responses={200: {"model": answers.Unpinned}})
def unpin_selection(caller: WritesCases, case: str, selection: str) -> dict[str, Any]:
    """Take out again what one act of pinning put in: `selection`, as that act answered it, of one event or of many."""
    return caller.rooms.cases.unselect(case, caller.principal, selection)


@ROUTER.get("/{case}/timeline", responses={200: {"model": answers.CaseTimeline}})
def case_timeline(
    caller: ReadsCasesAndEvents,
    case: str,
    within: InWindow,
    q: Annotated[str, Query(max_length=4000)] = "",
    limit: Limit = 100,
    cursor: Cursor = None,
    pins: Annotated[bool, Query(description="with what the case says of each event, and its check")] = False,
) -> dict[str, Any]:
    """A page of a case's events as the timeline shows them; as `/v1/search` with `case:` in its query."""
    room = caller.rooms.cases
    held, page, lag = room.timeline(case, q, within, limit, cursor)
    cursors = {"next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor}
    shown = {name: text for name, text in cursors.items() if text is not None}
    said = {"pins": room.pins_on(held, page)} if pins else {}
    return {"events": page.events} | said | shown | caller.rooms.behind(lag)


@ROUTER.get("/{case}/check", responses={200: {"model": answers.CaseCheck}})
def check_case(caller: ReadsCases, case: str) -> dict[str, Any]:
    """Hold every pin, and every event that notes and hypotheses name, against the ledger."""
    return caller.rooms.cases.check(case)


@ROUTER.get("/{case}/activity", responses={200: {"model": answers.CaseActivity}})
def case_activity(
    caller: ReadsCases, case: str, limit: Annotated[int, Query(ge=1, le=500)] = 100, cursor: Cursor = None
) -> dict[str, Any]:
    """What was done to a case, by whom and when, the newest first; each is an entry of the ledger."""
    return caller.rooms.cases.activity(case, limit, cursor)


@ROUTER.get(
    "/{case}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in CASE_SHAPES.values()}}},
)
def export_case(
    caller: ExportsCases,
    case: str,
    shape: Annotated[str, Query(alias="format", max_length=40, description="json, csv, markdown or md, stix")] = "json",
) -> StreamingResponse:
    """A copy of a whole case; that it was taken is an entry."""
    shape = OTHER_NAMES.get(shape, shape)
    _, body = caller.rooms.cases.export(case, caller.principal, shape)
    return StreamingResponse(body, media_type=CASE_SHAPES[shape])


def _cursor_of(at: int, identity: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([at, identity])).decode().rstrip("=")


def _case_cursor(text: str) -> tuple[int, str]:
    try:
        at, identity = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        at = identity = None
    if type(at) is not int or not 0 <= at < 2**63 or not isinstance(identity, str) or not is_ulid(identity):
        raise UsageError("not a cursor", expected="the cursor of an earlier page", got=text[:60], field="cursor")
    return at, identity

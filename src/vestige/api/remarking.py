"""What is said of records afterwards: redactions, amendments, and who sees a redacted record again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Amends, Redacts, RevealsHidden
from vestige.api.custody import Code, Propose, Words, proposed, streamed
from vestige.api.events import bytes_of
from vestige.api.limits import only_known_parameters
from vestige.app import LIFT, REDACT, check_reason

ROUTER = APIRouter(prefix="/v1", tags=["custody"], dependencies=[Depends(only_known_parameters)])

Id = Annotated[str, Field(min_length=26, max_length=60)]
FieldName = Annotated[str, Field(min_length=1, max_length=400)]


class RedactionRequest(BaseModel):
    """Which records are to be hidden, or which fields of them, and why."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    fields: Annotated[list[FieldName], Field(max_length=32, description="as events show them; none: all")] = []
    reason: Code
    because: Words = ""
    propose: Propose = False


class LiftRequest(BaseModel):
    """Why a redaction is undone."""

    model_config = ConfigDict(extra="forbid")

    reason: Code
    because: Words = ""
    propose: Propose = False


class AmendmentRequest(BaseModel):
    """What a record should say, field by field, and why."""

    model_config = ConfigDict(extra="forbid")

    set: Annotated[dict[FieldName, Annotated[str, Field(max_length=2000)]], Field(min_length=1, max_length=32)]
    reason: Code
    because: Words = ""


class RevealRequest(BaseModel):
    """Why a redacted record is looked at."""

    model_config = ConfigDict(extra="forbid")

    reason: Code
    because: Words = ""


@ROUTER.post("/redactions")
def redact(caller: Redacts, request: Annotated[RedactionRequest, Body()]) -> StreamingResponse:
    """Hide records, or fields of them, from every view. The records stay as they are, and so does every proof.

    Answers a stream of `{"progress"}` lines and one `{"report"}`.
    """
    rooms = caller.rooms
    rooms.remarking.check(request.ids, request.fields, request.reason)  # refused before the stream has its 200
    body = request.model_dump(exclude={"propose"})
    if request.propose:
        return streamed(lambda _: {"proposed": proposed(caller, REDACT, body)})
    rooms.agreeing.two_persons.require_one("a redaction")
    return streamed(lambda progress: rooms.remarking.redact(by=caller.principal, progress=progress, **body))


@ROUTER.post("/redactions/{redaction}/lift")
def lift(caller: Redacts, redaction: str, request: Annotated[LiftRequest, Body()]) -> StreamingResponse:
    """Undo a redaction: what it hid is shown again. Answers a stream as the redaction does."""
    rooms = caller.rooms
    rooms.remarking.in_force(redaction, request.reason)
    body = request.model_dump(exclude={"propose"}) | {"redaction": redaction}
    if request.propose:
        return streamed(lambda _: {"proposed": proposed(caller, LIFT, body)})
    rooms.agreeing.two_persons.require_one("the end of a redaction")
    return streamed(lambda progress: rooms.remarking.lift(by=caller.principal, progress=progress, **body))


@ROUTER.post("/events/{event_id}/amendments", status_code=201)
def amend(caller: Amends, event_id: str, request: Annotated[AmendmentRequest, Body()]) -> dict[str, Any]:
    """Say what a record should say: shown beside what it says, in every view and export, and replacing nothing."""
    entry, _ = caller.rooms.entry(event_id)
    return caller.rooms.remarking.amend(
        entry.id, request.set, caller.principal, reason=request.reason, because=request.because
    )


@ROUTER.post("/events/{event_id}/reveal")
def reveal(caller: RevealsHidden, event_id: str, request: Annotated[RevealRequest, Body()]) -> Response:
    """The exact bytes of a record, also of one that is redacted. That it was looked at, by whom and why is an entry."""
    check_reason(request.reason)
    found = caller.rooms.raw(event_id, reveal=True)
    detail = {"because": request.because, "bytes": len(found.payload), "reason": request.reason, "seq": found.seq}
    caller.record("evidence.revealed", detail, f"event:{event_id.upper()}")
    return bytes_of(found)

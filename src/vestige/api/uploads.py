"""Files from a browser, in pieces that survive a lost connection, a reload and a restart; then an import of each.

A file is announced, its pieces are sent in order (`Upload-Offset` names where each goes), and `HEAD` tells how far it
has come. Taken in, it is read as any file of this machine is. Until then it is no evidence and nobody sees it but who
knows its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Caller, Writes
from vestige.api.limits import bounded, only_known_parameters
from vestige.api.maintenance import stream
from vestige.app import PIECE_BYTES, ImportOptions, Upload
from vestige.model.instant import FIRST_YEAR, LAST_YEAR, parse_bound

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

ROUTER = APIRouter(prefix="/v1/uploads", tags=["ingest"], dependencies=[Depends(only_known_parameters)])
LARGEST = 2**63 - 1
COMPLETE = "complete"

Name = Annotated[str, Field(min_length=1, max_length=1200)]


class Reading(BaseModel):
    """How a file is to be read; what is left out is found out."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    format: Annotated[str, Field(min_length=1, max_length=400)] = "auto"
    zone: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None

    def options(self, caller: Caller, name: str) -> ImportOptions:
        """As the importer takes them, under the caller's own name."""
        return ImportOptions(caller.principal, self.source, self.format, self.zone, self.year, label=name)


class Announcement(Reading):
    """A file that is to come."""

    name: Name
    size: Annotated[int, Field(ge=1, le=LARGEST)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Of all of it; with it, an upload of the same file that was cut short is gone on with."""
    modified_at: Annotated[str, Field(max_length=100)] | None = None
    """When it was last written, as its own file system says."""


class UploadAnswer(BaseModel):
    """An upload, and how far it has come."""

    id: str
    name: str
    size: int
    sha256: str
    offset: int
    complete: bool
    created_at: str
    touched_at: str
    modified_at: str | None
    source: str | None
    format: str
    zone: str | None
    year: int | None


class UploadsAnswer(BaseModel):
    """The caller's uploads, the oldest first, and the largest piece of one."""

    uploads: list[UploadAnswer]
    piece_bytes: int


@ROUTER.post("", status_code=201, responses={200: {"model": UploadAnswer}, 201: {"model": UploadAnswer}})
def begin_upload(caller: Writes, response: Response, wanted: Annotated[Announcement, Body()]) -> dict[str, Any]:
    """Begin an upload; 200 and its offset if the same file (`sha256`) was begun before and not ended."""
    if caller.sources:
        caller.may_write(wanted.source or "")
    caller.rooms.intake.wanted(wanted.options(caller, wanted.name))
    at = None if wanted.modified_at is None else parse_bound(wanted.modified_at, field="modified_at")
    said = wanted.model_dump() | {"sha256": wanted.sha256 or "", "modified_at": at}
    made, new = caller.rooms.intake.uploads.begin(Upload(id="", by=_sender(caller), created_at=0, touched_at=0, **said))
    if new:
        detail = {"name": made.name, "size": made.size, "sha256": made.sha256}
        caller.record("upload.begun", detail, f"upload:{made.id}")
    else:
        response.status_code = 200
    return made.to_json()


@ROUTER.get("", responses={200: {"model": UploadsAnswer}})
def list_uploads(caller: Writes) -> dict[str, Any]:
    """What the caller has begun and not ended."""
    found = caller.rooms.intake.uploads.of(_sender(caller))
    return {"uploads": [one.to_json() for one in found], "piece_bytes": PIECE_BYTES}


@ROUTER.head("/{upload}")
def upload_offset(caller: Writes, upload: str) -> Response:
    """How far an upload has come: `Upload-Offset` of `Upload-Length` bytes."""
    found = caller.rooms.intake.uploads.get(upload)
    return Response(headers=_standing(found) | {"Cache-Control": "no-store"})


@ROUTER.patch("/{upload}", status_code=204)
async def send_piece(
    request: Request, caller: Writes, upload: str, offset: Annotated[int, Header(alias="Upload-Offset", ge=0)]
) -> Response:
    """Add the body to an upload at its offset; all of it is on the disk when this is answered, or none counts."""
    uploads = caller.rooms.intake.uploads
    await run_in_threadpool(uploads.get, upload)
    data = await bounded(request, PIECE_BYTES, "one piece", hint=f"send pieces of {PIECE_BYTES} bytes at most")
    found = await run_in_threadpool(uploads.write, upload, offset, data)
    return Response(status_code=204, headers=_standing(found))


@ROUTER.post("/{upload}/explain")
def explain_upload(
    caller: Writes, upload: str, reading: Annotated[Reading | None, Body()] = None
) -> list[dict[str, Any]]:
    """What the file, or each member of it, would be read as, and why. Nothing is taken in."""
    intake = caller.rooms.intake
    with intake.uploads.alone(upload) as found:
        options = (reading or _reading(found)).options(caller, found.name)
        return intake.explain_paths([intake.uploads.whole(found)], options)


@ROUTER.post("/{upload}/import")
def import_upload(caller: Writes, upload: str, reading: Annotated[Reading | None, Body()] = None) -> StreamingResponse:
    """Take the file in, exactly as an import of it would; a stream of `{"progress"}` lines and one `{"report"}`.

    The upload ends with an import that took in all of it; one that was cut short can be made again.
    """
    intake = caller.rooms.intake
    found = intake.uploads.get(upload)
    if not found.complete:
        intake.uploads.whole(found)
    said = reading or _reading(found)
    options = said.options(caller, found.name)
    if caller.sources:
        caller.may_write(said.source or "")
    intake.wanted(options)  # refused before the stream: once begun it has its 200

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        with intake.uploads.alone(upload) as held:
            path = intake.uploads.whole(held)
            report = intake.import_paths([path], options, progress=lambda told: tell({"progress": told}), stop=stop)
            if report.outcome == COMPLETE:
                intake.uploads.remove(upload)
        return {"report": report.to_json()}

    return stream(work)


@ROUTER.delete("/{upload}", status_code=204)
def remove_upload(caller: Writes, upload: str) -> None:
    """Let an upload go: its bytes are removed and nothing of it was taken in."""
    uploads = caller.rooms.intake.uploads
    with uploads.alone(upload) as found:
        uploads.remove(upload)
    caller.record("upload.removed", {"name": found.name, "offset": found.offset}, f"upload:{found.id}")


def _sender(caller: Caller) -> str:
    """Whose uploads are listed to whom: a person's, or a key's."""
    return f"{caller.principal.name} {caller.principal.key}"


def _reading(found: Upload) -> Reading:
    return Reading(source=found.source, format=found.format, zone=found.zone, year=found.year)


def _standing(found: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(found.offset), "Upload-Length": str(found.size)}

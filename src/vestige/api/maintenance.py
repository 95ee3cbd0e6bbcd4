"""Acts on the installation itself: imports of local paths, index rebuild, doctor."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vestige.api.answers import sources as answers
from vestige.api.callers import Caller, ManagesIndex, ManagesSources, ManagesTenantsHere, ReadsStatus, WritesHere
from vestige.api.limits import only_known_parameters
from vestige.api.problems import problem
from vestige.app import ImportOptions
from vestige.model.errors import VestigeError
from vestige.model.instant import FIRST_YEAR, LAST_YEAR

ROUTER = APIRouter(prefix="/v1", tags=["maintenance"], dependencies=[Depends(only_known_parameters)])
_LOG = logging.getLogger("vestige.http")
TELL_SECONDS = 0.2
"""Between two words of how far a backup is: it may be of many small files."""
NDJSON = "application/x-ndjson"


def absolute(path: Path) -> Path:
    """A relative path would mean the server's own directory, and ``-`` its own standard input."""
    if not path.is_absolute():
        raise ValueError("expected an absolute path of this machine")
    return path


class ImportRequest(BaseModel):
    """Paths of this machine to take in, and what the caller knows of them."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Annotated[Path, AfterValidator(absolute)]]
    source: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    format: str = "auto"
    zone: str | None = None
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None
    follow: bool = False
    """Whether to go on with what is written to them, until stopped."""

    def options(self, caller: Caller) -> ImportOptions:
        """As the importer takes them, under the caller's own name."""
        return ImportOptions(caller.principal, self.source, self.format, self.zone, self.year)


@ROUTER.post("/imports")
def import_paths(caller: WritesHere, request: Annotated[ImportRequest, Body()]) -> StreamingResponse:
    """Import files and folders of this machine. Answers a stream of ``{"progress"}`` lines and one ``{"report"}``.

    With ``follow`` it goes on until stopped; the first progress then names it: ``{"following"}``.
    """
    options = request.options(caller)
    caller.rooms.intake.wanted(options)  # refused before the stream: once begun it has its 200

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        take = caller.rooms.intake.follow_paths if request.follow else caller.rooms.intake.import_paths
        report = take(request.paths, options, progress=lambda told: tell({"progress": told}), stop=stop)
        return {"report": report.to_json()}

    return stream(work)


@ROUTER.post("/imports/{name}/stop", status_code=204)
def stop_following(caller: WritesHere, name: str) -> None:
    """Ask one who follows files to stop; the report comes where it was begun."""
    caller.rooms.intake.stop_following(name)


@ROUTER.post("/imports/explain")
def explain_paths(caller: WritesHere, request: Annotated[ImportRequest, Body()]) -> list[dict[str, Any]]:
    """What each file would be read as, and why. Nothing is taken in."""
    return caller.rooms.intake.explain_paths(request.paths, request.options(caller))


@ROUTER.post("/index/rebuild")
def rebuild_index(caller: ManagesIndex) -> StreamingResponse:
    """Compute every row of the index again from the ledger, compare, and swap."""

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        def progress(done: int, of: int) -> None:
            tell({"progress": {"done": done, "of": of}})

        caller.record("index.rebuilt", {})
        return {"report": caller.rooms.rebuild_index(progress, stop)}

    return stream(work)


class BackupRequest(BaseModel):
    """A folder of this machine."""

    model_config = ConfigDict(extra="forbid")

    folder: Annotated[Path, AfterValidator(absolute)]


@ROUTER.post("/backups")
def back_up(caller: ManagesTenantsHere, request: Annotated[BackupRequest, Body()]) -> StreamingResponse:
    """Copy everything that cannot be computed again, of all tenants, into a folder of this machine.

    Answers a stream of `{"progress"}` lines and one `{"report"}`.
    """
    own, by = caller.installation.backups, caller.principal

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        told = 0.0

        def progress(what: str, done: int, of: int) -> None:
            nonlocal told
            if done == of or time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                tell({"progress": {"file": what, "done": done, "of": of}})

        return {"report": own.make(request.folder, by, progress, stop)}

    return stream(work)


class SourceKeys(BaseModel):
    """Public keys to check sources' own signatures with."""

    model_config = ConfigDict(extra="forbid")

    cloudtrail_keys: Annotated[list[Annotated[str, Field(max_length=100_000)]], Field(max_length=100)] = []


@ROUTER.post("/sources/verify")
def verify_sources(caller: ManagesSources, request: Annotated[SourceKeys, Body()]) -> dict[str, Any]:
    """Hold what was taken in against what its sources vouch for themselves, and record what is found."""
    return caller.rooms.intake.verify_sources([key.encode() for key in request.cloudtrail_keys], caller.principal)


@ROUTER.get("/doctor")
def doctor(caller: ReadsStatus) -> list[dict[str, Any]]:
    """What an operator should know: each check with its finding and, if it is not well, what to do."""
    return caller.installation.doctor(caller.rooms)


@ROUTER.get("/receivers", responses={200: {"model": answers.Listeners}})
def receivers(caller: ReadsStatus) -> list[dict[str, Any]]:
    """What listens by itself, and per listener how much came, was committed, dropped by the kernel, refused."""
    found = caller.installation.receivers
    return [] if found is None else found.status()


Work = Callable[[Callable[[dict[str, Any]], None], threading.Event], dict[str, Any]]


def stream(work: Work) -> StreamingResponse:
    """Run long work in a thread and answer its messages as JSON lines; its error as ``{"problem"}``.

    The work owns its clean-up. If the client goes away it is asked to stop at its next safe point, and nobody
    waits for that.
    """
    messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    stop = threading.Event()

    def run() -> None:
        try:
            messages.put(work(messages.put, stop))
        except VestigeError as error:
            messages.put({"problem": problem(error)})
        except Exception as error:  # noqa: BLE001 - told to the caller; its text may hold anything, its kind may not
            _LOG.exception("long work failed")
            messages.put({"problem": problem(VestigeError("the server failed", got=type(error).__name__))})
        finally:
            messages.put(None)

    async def lines() -> AsyncIterator[bytes]:
        try:
            while (message := await run_in_threadpool(messages.get)) is not None:
                yield orjson.dumps(message) + b"\n"
        finally:
            stop.set()

    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()  # of the same trace
    return StreamingResponse(lines(), media_type=NDJSON)

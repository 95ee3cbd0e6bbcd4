"""Acts on the installation itself: imports of local paths, index rebuild, doctor."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Body
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Authenticated, Caller, OnThisMachine
from vestige.api.problems import problem
from vestige.app import ImportOptions
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUTER = APIRouter(prefix="/v1", tags=["maintenance"])
NDJSON = "application/x-ndjson"


class ImportRequest(BaseModel):
    """Paths of this machine to take in, and what the caller knows of them."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Path]
    source: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    format: str = "auto"
    zone: str | None = None
    year: Annotated[int, Field(ge=1, le=9999)] | None = None

    def options(self, caller: Caller) -> ImportOptions:
        """As the importer takes them, under the caller's own name."""
        return ImportOptions(caller.principal, self.source, self.format, self.zone, self.year)


@ROUTER.post("/imports")
def import_paths(caller: OnThisMachine, request: Annotated[ImportRequest, Body()]) -> StreamingResponse:
    """Import files and folders of this machine. Answers a stream of ``{"progress"}`` lines and one ``{"report"}``."""

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        report = caller.rooms.import_paths(
            request.paths, request.options(caller), progress=lambda told: tell({"progress": told}), stop=stop
        )
        return {"report": report.to_json()}

    return stream(work)


@ROUTER.post("/imports/explain")
def explain_paths(caller: OnThisMachine, request: Annotated[ImportRequest, Body()]) -> list[dict[str, Any]]:
    """What each file would be read as, and why. Nothing is taken in."""
    return caller.rooms.explain_paths(request.paths, request.options(caller))


@ROUTER.post("/index/rebuild")
def rebuild_index(caller: Authenticated) -> StreamingResponse:
    """Compute every row of the index again from the ledger, compare, and swap."""

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:  # noqa: ARG001
        return {"report": caller.rooms.rebuild_index(lambda done, of: tell({"progress": {"done": done, "of": of}}))}

    return stream(work)


@ROUTER.get("/doctor")
def doctor(caller: Authenticated) -> list[dict[str, Any]]:
    """What an operator should know: each check with its finding and, if it is not well, what to do."""
    return caller.installation.doctor(caller.rooms)


def stream(work: Callable[[Callable[[dict[str, Any]], None], threading.Event], dict[str, Any]]) -> StreamingResponse:
    """Run long work in a thread and answer its messages as JSON lines; its error as ``{"problem"}``.

    If the client goes away the work is asked to stop at its next safe point.
    """
    messages: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=64)
    stop = threading.Event()

    def tell(message: dict[str, Any]) -> None:
        while not stop.is_set():
            try:
                messages.put(message, timeout=0.5)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            tell(work(tell, stop))
        except VestigeError as error:
            tell({"problem": problem(error)})
        except Exception as error:  # noqa: BLE001 - told to the caller; its text may hold anything, its kind may not
            tell({"problem": problem(VestigeError("the server failed on this request", got=type(error).__name__))})
        finally:
            messages.put(None)

    def lines() -> Iterator[bytes]:
        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        try:
            while (message := messages.get()) is not None:
                yield orjson.dumps(message) + b"\n"
        finally:
            stop.set()
            while worker.is_alive():
                try:
                    messages.get(timeout=0.1)
                except queue.Empty:
                    continue

    return StreamingResponse(lines(), media_type=NDJSON)

"""What an installation does by itself: its jobs, what verifications found, and both as metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from vestige.api.answers import access
from vestige.api.answers import upkeep as answers
from vestige.api.callers import ManagesLedger, ReadsLedger, ReadsStatus
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import stream
from vestige.app import DEFAULT_SLUG, metrics_text

ROUTER = APIRouter(tags=["upkeep"], dependencies=[Depends(only_known_parameters)])
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"


@ROUTER.get("/v1/jobs", responses={200: {"model": answers.Jobs}})
def jobs(caller: ReadsStatus) -> dict[str, Any]:
    """What is done by itself: when it ran, what came of it, when it is due, and how far one that runs is."""
    runner = caller.installation.upkeep.runner
    return {"jobs": runner.states(caller.rooms.tenant.id)} | ({"error": runner.error} if runner.error else {})


@ROUTER.post("/v1/jobs/{name}/run")
def run_job(caller: ManagesLedger, name: str) -> StreamingResponse:
    """Run a job of the tenant now. Answers a stream of `{"progress"}` lines and one `{"report"}`."""
    upkeep = caller.installation.upkeep
    upkeep.runner.job(name)  # refused before the stream: once begun it has its 200
    upkeep.permit(name, caller.permissions)
    caller.record("job.run", {"name": name})

    def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        def progress(done: int, of: int) -> None:
            tell({"progress": {"done": done, "of": of}})

        return {"report": upkeep.runner.run(caller.rooms.tenant.id, name, stop, progress)}

    return stream(work)


@ROUTER.get("/v1/integrity", responses={200: {"model": answers.Integrity}})
def integrity(caller: ReadsLedger) -> dict[str, Any]:
    """What the last verifications of the tenant's ledger and index found, and when the next are due."""
    return caller.installation.upkeep.integrity(caller.rooms.tenant.id)


@ROUTER.get("/v1/limits", responses={200: {"model": access.LimitsShown}})
def limits(caller: ReadsStatus) -> dict[str, Any]:
    """Every bound in force, by the name of its setting, and what it is where nothing is set."""
    settings = caller.installation.settings
    named = [one for one in fields(settings) if one.name.startswith("limit_")]
    return {
        "limits": [
            {"name": f"VESTIGE_{one.name.upper()}", "value": getattr(settings, one.name), "default": one.default}
            for one in named
        ]
    }


@ROUTER.get("/metrics")
def metrics(caller: ReadsStatus) -> Response:
    """The same in numbers, in Prometheus' text format: of the credential's tenant, and of the process to its operator.

    What the process does tells of all tenants, and so belongs to who runs it: the default tenant is theirs.
    """
    process = caller.rooms.tenant.slug == DEFAULT_SLUG
    return Response(metrics_text(caller.installation, caller.rooms, process=process), media_type=METRICS)

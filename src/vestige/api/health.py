"""Liveness and readiness. They say nothing about content and so need no credential."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

ROUTER = APIRouter(tags=["health"])


@ROUTER.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@ROUTER.get("/readyz")
def readyz(request: Request, response: Response) -> dict[str, object]:
    """Ledger, index and the store of blobs answer, and all is at work; 503 and the name of what does not otherwise."""
    failing = request.app.state.installation.failing()
    if failing:
        response.status_code = 503
    return {"status": "not ready" if failing else "ready", "failing": failing}

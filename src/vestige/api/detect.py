"""Detection by rules that come with the request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vestige.api.callers import ManagesSequences
from vestige.api.limits import bounded, only_known_parameters
from vestige.api.maintenance import stream
from vestige.model.errors import TooLargeError
from vestige.model.instant import parse_bound

ROUTER = APIRouter(prefix="/v1", tags=["correlate"], dependencies=[Depends(only_known_parameters)])


class Rules(BaseModel):
    """One file of rules, as text."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=4096)]
    text: str


class DetectRequest(BaseModel):
    """Rules, and where to look for what they describe."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rules]
    query: Annotated[str, Field(max_length=4096)] = ""
    start: Annotated[str, Field(max_length=100)] | None = None
    end: Annotated[str, Field(max_length=100)] | None = None
    dry_run: bool = False


@ROUTER.post(
    "/detect",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DetectRequest.model_json_schema()}},
        }
    },
)
async def detect(request: Request, caller: ManagesSequences) -> StreamingResponse:
    """Find what Sigma rules describe, and keep it.

    Answers a stream of `{"progress"}` and `{"detection"}` lines and one `{"report"}`.
    """
    settings = caller.installation.settings
    asked = await _asked(request, settings.limit_rules_bytes)
    if len(asked.rules) > settings.limit_rules:
        raise TooLargeError(
            "too many files of rules",
            expected=f"at most {settings.limit_rules}",
            got=str(len(asked.rules)),
            hint="scan with them in parts, or raise VESTIGE_LIMIT_RULES",
        )
    start = None if asked.start is None else parse_bound(asked.start, field="start")
    end = None if asked.end is None else parse_bound(asked.end, field="end")
    work = caller.rooms.detect(
        [(one.name, one.text) for one in asked.rules], asked.query, start, end, dry=asked.dry_run
    )

    def run(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
        return {"report": work(tell, stop)}

    return stream(run)


async def _asked(request: Request, most: int) -> DetectRequest:
    body = await bounded(request, most, "rules", hint="scan with them in parts, or raise VESTIGE_LIMIT_RULES_BYTES")
    try:
        return DetectRequest.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_context=False)]
        ) from None

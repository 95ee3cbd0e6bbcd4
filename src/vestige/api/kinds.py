"""Kinds of declared events and the JSON Schema of each version."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from vestige.api.callers import ManagesSources, Reads
from vestige.api.limits import bounded, only_known_parameters
from vestige.app import SCHEMA_BYTES
from vestige.model.errors import InputError, UsageError

ROUTER = APIRouter(prefix="/v1/schemas/events", tags=["kinds"], dependencies=[Depends(only_known_parameters)])
SCHEMA = "application/schema+json"


@ROUTER.get("")
def kinds(caller: Reads) -> dict[str, Any]:
    """Every version of every kind, normative and registered, with where its schema is."""
    return {"kinds": [known.to_json() for known in caller.rooms.declared.kinds.all()]}


@ROUTER.post("", status_code=201)
async def register_kind(request: Request, response: Response, caller: ManagesSources) -> dict[str, Any]:
    """Keep a version of an own kind: `{"kind", "version", "schema"}`. The same once more is answered 200."""
    body = await bounded(request, 2 * SCHEMA_BYTES, "a schema", hint="a contract of events is short")
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("the body is not valid JSON", got=str(error)[:80]) from None
    if not isinstance(asked, dict) or set(asked) != {"kind", "version", "schema"}:
        got = ", ".join(map(str, asked))[:80] if isinstance(asked, dict) else type(asked).__name__
        raise UsageError("a kind is registered with three fields", expected="kind, version and schema", got=got)
    if not isinstance(asked["kind"], str):
        raise UsageError("the kind is no text", got=type(asked["kind"]).__name__, field="kind")
    if type(asked["version"]) is not int:
        raise UsageError("the version is no whole number", got=type(asked["version"]).__name__, field="version")
    made = await run_in_threadpool(
        caller.rooms.declared.register, asked["kind"], asked["version"], asked["schema"], caller.principal
    )
    response.status_code = 201 if made["new"] else 200
    return made


@ROUTER.get("/{kind}")
def kind(caller: Reads, kind: str) -> Response:
    """The schema of a kind's latest version."""
    return _schema(caller.rooms.declared.kinds.one(kind).text)


@ROUTER.get("/{kind}/{version}")
def kind_version(caller: Reads, kind: str, version: int) -> Response:
    """The schema of one version of a kind."""
    return _schema(caller.rooms.declared.kinds.one(kind, version).text)


def _schema(text: bytes) -> Response:
    return Response(text, media_type=SCHEMA)

"""The OpenAPI document: what the framework knows of the routes, and what it cannot know of their answers.

Every error of ours is a problem document, whatever its status, so each operation has one ``default`` answer instead of
the framework's own for 422. Receivers answer errors in their protocols' own words. Which operations answer something
other than JSON, and the shapes of the answers programs rely on most, stand in the tables here; a test holds a running
server against all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.api.declared import NDJSON
from vestige.api.kinds import SCHEMA
from vestige.api.problems import MEDIA_TYPE
from vestige.api.public import PUBLIC

if TYPE_CHECKING:
    from fastapi import FastAPI

Schema = dict[str, Any]
JSON: Final = "application/json"
TEXT: Final = "text/plain"
BYTES: Final = "application/octet-stream"
STREAM: Final = "text/event-stream"
RECEIVERS: Final = "receivers"
ANY: Final = "*/*"
TOKEN: Final = "token"  # noqa: S105 - the name of a scheme


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT: Final = {"type": "string"}
_WORDS: Final = {"type": "string", "minLength": 1}
_COUNT: Final = {"type": "integer", "minimum": 0}
_ULID: Final = {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}
_EVENT_ID: Final = {"type": "string", "pattern": r"^[0-7][0-9A-HJKMNP-TV-Z]{25}(\.[0-9]{1,5})?$"}
_LEAF: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_STATUS: Final = {"enum": ["accepted", "duplicate", "conflict", "refused"]}
_FIELD: Final = _object("field expected got", field=_TEXT, expected=_TEXT, got=_TEXT)
_CURSORS: Final[dict[str, Schema]] = {
    "next_cursor": _WORDS,
    "previous_cursor": _WORDS,
    "index_lag": _COUNT,
    "index_reason": _TEXT,
}
_LINK: Final = _object(
    "to key value rarity strength reason",
    to=_EVENT_ID,
    key=_WORDS,
    value=_TEXT,
    rarity=_COUNT,
    strength={"type": "number"},
    reason=_WORDS,
)
_TOLD: Final[dict[str, Schema]] = {"accepted": _COUNT, "duplicates": _COUNT, "refused": _COUNT}
_BRIEF: Final = _object("event_id id seq kind", event_id=_ULID, id=_EVENT_ID, seq=_COUNT, kind=_WORDS, timestamp=_TEXT)

COMPONENTS: Final[dict[str, Schema]] = {
    "Problem": _object(
        "type title status code",
        type=_TEXT,
        title=_WORDS,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        code=_WORDS,
        expected=_TEXT,
        got=_TEXT,
        hint=_TEXT,
        errors=_list(_FIELD),
    ),
    "Event": _object(
        "id seq received_at event_type category severity source",
        id=_EVENT_ID,
        seq=_COUNT,
        epoch=_COUNT,
        occurred_at=_TEXT,
        received_at=_TEXT,
        event_type=_WORDS,
        category=_WORDS,
        severity=_WORDS,
        source=_TEXT,
        message=_TEXT,
        tags=_list(_TEXT),
        attributes={"type": "object"},
        keys=_list(_object("kind value", kind=_WORDS, value=_TEXT)),
    ),
    "Page": _object("events", events=_list(_named("Event")), **_CURSORS),
    "Acknowledgement": _object(
        "status",
        status=_STATUS,
        event_id=_ULID,
        id=_ULID,
        seq=_COUNT,
        epoch=_COUNT,
        leaf_hash=_LEAF,
        reason=_TEXT,
        field=_TEXT,
        errors=_list(_FIELD),
        warnings=_list(_object("field rule", field=_TEXT, rule=_WORDS)),
    ),
    "Acknowledgements": _object(
        "accepted duplicates refused results", results=_list(_named("Acknowledgement")), **_TOLD
    ),
    "DeclaredEvent": _object(
        "event_id id seq tenant received_at category kind severity details",
        event_id={"anyOf": [_ULID, _EVENT_ID]},
        id=_EVENT_ID,
        seq=_COUNT,
        tenant=_WORDS,
        timestamp=_WORDS,
        category=_WORDS,
        kind=_WORDS,
        details={"type": "object"},
        digests=_list(_TEXT),
        supersedes=_list(_ULID),
        refs=_list(_ULID),
        superseded_by=_list(_BRIEF),
        acknowledgements=_list(_BRIEF),
    ),
    # Undated events stand on no page; asked for by its id, one has no timestamp.
    "DeclaredPage": _object(
        "events", events=_list({"allOf": [_named("DeclaredEvent"), {"required": ["timestamp"]}]}), **_CURSORS
    ),
    "Evidence": _object(
        "event_id id digests links record proof",
        event_id=_WORDS,
        id=_EVENT_ID,
        links=_list(_object("field kind value events", kind={"enum": ["digest", "id"]}, events=_list(_BRIEF))),
        record=_object("entry seq log leaf_hash commitment length", leaf_hash=_LEAF, sha256=_LEAF),
        proof=_object("receipt leaf", receipt=_WORDS, leaf=_WORDS),
    ),
    "Kind": _object("kind version origin sha256 schema", kind=_WORDS, version=_COUNT, sha256=_LEAF, schema=_WORDS),
}

_DECLARED: Final = {
    "get /timeline": "DeclaredPage",
    "get /timeline/{event_id}": "DeclaredEvent",
    "get /timeline/{event_id}/evidence": "Evidence",
    "post /timeline/events": "Acknowledgements",
}
SHAPES: Final[dict[str, Schema]] = {
    **{name: _named(shape) for name, shape in _DECLARED.items()},
    **{name.replace(" ", " /api/v1", 1): _named(shape) for name, shape in _DECLARED.items()},
    "get /v1/timeline": _named("Page"),
    "get /v1/search": _named("Page"),
    "get /v1/events/{event_id}": _named("Event"),
    "get /v1/events/{event_id}/context": _object("events", events=_list(_named("Event"))),
    "get /v1/entities/{entity_id}/timeline": _named("Page"),
    "post /v1/ingest/events": _named("Acknowledgements"),
    "get /v1/timeline/count": _object("dated undated", dated=_COUNT, undated=_COUNT),
    "get /v1/schemas/events": _object("kinds", kinds=_list(_named("Kind"))),
    "post /v1/schemas/events": _named("Kind"),
    "get /v1/events/{event_id}/correlated": _object(
        "source_event_id links events left_out",
        links=_list(_LINK),
        events=_list(_named("Event")),
    ),
    "get /v1/events/{event_id}/opening": _object("id leaf payload_sha256 salt", payload_sha256=_LEAF, salt=_LEAF),
    "post /v1/bundles/verify": _object(
        "verdict exit checks records faults",
        verdict=_WORDS,
        exit={"type": "integer", "minimum": 0, "maximum": 4},
        checks=_list(_object("name ok detail", name=_WORDS, ok={"type": "boolean"}, detail=_TEXT)),
        records=_object("present withheld erased missing", **dict.fromkeys(("present", "withheld", "erased"), _COUNT)),
        faults=_list(_object("check message", check=_WORDS, message=_WORDS, seq=_COUNT)),
    ),
    "get /v1/whoami": _object(
        "name tenant permissions demonstration version",
        **dict.fromkeys(("name", "tenant", "version", "email", "role", "csrf"), _WORDS),
        permissions=_list(_WORDS),
        sources=_list(_WORDS),
        demonstration={"type": "boolean"},
    ),
    "get /v1/ledger/inclusion": _object("seq size path", seq=_COUNT, size=_COUNT, path=_list(_TEXT)),
    "get /v1/ledger/consistency": _object("from to path", path=_list(_TEXT)),
}
"""The shape of the answers programs rely on most."""

MEDIA: Final[dict[str, tuple[str, ...]]] = {
    "get /timeline/export": (NDJSON,),
    "get /api/v1/timeline/export": (NDJSON,),
    "get /v1/export": (ANY,),
    "get /v1/export/bundle": ("application/zip",),
    "get /v1/compliance/pack": ("application/zip",),
    "get /v1/timeline/density": (JSON, ANY),
    "get /v1/events/{event_id}/raw": (ANY,),
    "get /v1/code/repositories/{repository}/file": (JSON, BYTES),
    "get /v1/events/{event_id}/proof": (TEXT,),
    "get /v1/ledger/checkpoint": (TEXT,),
    "post /v1/ledger/checkpoint": (TEXT,),
    "get /v1/ledger/{tenant}/checkpoint": (TEXT,),
    "get /v1/anchors/checkpoint": (TEXT,),
    "get /v1/ledger/receipt/{entry}": (TEXT,),
    "get /v1/ledger/tile/{path}": (BYTES,),
    "get /v1/ledger/{tenant}/tile/{path}": (BYTES,),
    "get /v1/live": (STREAM,),
    "get /v1/replay": (STREAM,),
    "get /v1/schemas/events/{kind}": (SCHEMA,),
    "get /v1/schemas/events/{kind}/{version}": (SCHEMA,),
    "get /.well-known/security.txt": (TEXT,),
    "get /metrics": (TEXT,),
    "get /v1/cases/{case}/report": (ANY,),
    "post /v1/events/{event_id}/reveal": (ANY,),
    **dict.fromkeys(
        (
            "post /v1/imports",
            "post /v1/index/rebuild",
            "post /v1/ingest/raw",
            "post /v1/ledger/verify",
            "post /v1/sequences/scan",
            "post /v1/detect",
            "post /v1/archives",
            "post /v1/archives/restore",
            "post /v1/archives/verify",
            "post /v1/retention/run",
            "post /v1/jobs/{name}/run",
            "post /v1/erasures",
            "post /v1/redactions",
            "post /v1/redactions/{redaction}/lift",
            "post /v1/custody/proposals/{proposal}/approve",
            "post /v1/sources/{source}",
            "post /v1/uploads/{upload}/import",
        ),
        (NDJSON,),
    ),
}
"""What answers are made of, where that is not JSON."""
ALSO: Final[dict[str, tuple[str, ...]]] = {
    "post /v1/ingest/events": ("201",),
    "post /v1/schemas/events": ("200",),
    "post /v1/code/repositories": ("200",),
    "post /timeline/events": ("201",),
    "post /api/v1/timeline/events": ("201",),
}
"""Good statuses beside the one the framework knows."""
READY: Final = "get /readyz"
_IDS: Final = {"anyOf": [_ULID, {"type": "array", "items": _ULID, "maxItems": 100}]}
_PARTY: Final = {"anyOf": [_TEXT, {"type": "object", "properties": dict.fromkeys(("id", "name", "type"), _TEXT)}]}
_SEVERITY: Final = {"enum": ["info", "low", "medium", "high", "critical"]}
_TIME: Final = {"type": "string", "format": "date-time"}
BODIES: Final[dict[str, Schema]] = {
    "NewDeclaredEvent": _object(
        "timestamp category details",
        event_id=_ULID,
        tenant=_TEXT,
        timestamp=_TIME,
        category={"type": "string", "minLength": 1, "maxLength": 200},
        kind={"type": "string", "minLength": 1, "maxLength": 200},
        kind_version={"type": "integer", "minimum": 1},
        severity=_SEVERITY,
        subject=_PARTY,
        actor=_PARTY,
        trace_id=_TEXT,
        tags=_list(_TEXT),
        digests={"anyOf": [_list(_TEXT), {"type": "object", "additionalProperties": _TEXT}]},
        supersedes=_IDS,
        refs=_IDS,
        details={"type": "object"},
    ),
    "NewEvent": _object(
        "event_type",
        event_type={"type": "string", "minLength": 1, "maxLength": 200},
        occurred_at=_TIME,
        observed_at=_TIME,
        severity=_SEVERITY,
        actor=_PARTY,
        subject=_PARTY,
        object=_PARTY,
        message=_TEXT,
        tags=_list(_TEXT),
    ),
    "NewKind": _object(
        "kind version schema", kind=_WORDS, version={"type": "integer", "minimum": 1}, schema={"type": "object"}
    ),
}
"""What is sent where the framework does not read it for us."""


def _some(name: str) -> Schema:
    return {"anyOf": [_named(name), {"type": "array", "items": _named(name), "minItems": 1}]}


REQUESTS: Final[dict[str, Schema]] = {
    "post /timeline/events": _some("NewDeclaredEvent"),
    "post /api/v1/timeline/events": _some("NewDeclaredEvent"),
    "post /v1/ingest/events": _some("NewEvent"),
    "post /v1/schemas/events": _named("NewKind"),
}


def describe(api: FastAPI) -> None:
    """Let the application's OpenAPI document say what its answers are."""
    made = api.openapi

    def described() -> dict[str, Any]:
        if api.openapi_schema is None:
            _complete(made())
        return made()

    # The framework's own way to change the document.
    api.openapi = described  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    components.update(COMPONENTS | BODIES)
    document["components"]["securitySchemes"] = {TOKEN: {"type": "http", "scheme": "bearer", "bearerFormat": "vst_…"}}
    problem = {"description": "what went wrong", "content": {MEDIA_TYPE: {"schema": _named("Problem")}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            if name in REQUESTS:
                operation["requestBody"] = {"required": True, "content": {JSON: {"schema": REQUESTS[name]}}}
            _hoist(operation.get("requestBody", {}), components)
            answers = operation["responses"]
            if (method.upper(), path) not in PUBLIC:
                operation["security"] = [{TOKEN: []}]
            answers.pop("422", None)
            if RECEIVERS in operation.get("tags", ()):
                answers.clear()
                answers["default"] = {"description": "as the sender's own protocol has it (docs/receivers.md)"}
                continue
            answers["default"] = problem
            if name == READY:
                answers["503"] = {"description": "what does not answer", "content": {JSON: {"schema": {}}}}
            _shape(name, answers)


def _hoist(body: dict[str, Any], components: dict[str, Any]) -> None:
    """Let a request's schema that brings definitions of its own refer to the document's, where readers look."""
    for content in body.get("content", {}).values():
        schema = content.get("schema", {})
        for name, definition in schema.pop("$defs", {}).items():
            components[name] = _redirected(definition)
        content["schema"] = _redirected(schema)


def _redirected(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            name: part.replace("#/$defs/", "#/components/schemas/")
            if name == "$ref" and isinstance(part, str)
            else _redirected(part)
            for name, part in value.items()
        }
    return [_redirected(part) for part in value] if isinstance(value, list) else value


def _shape(name: str, answers: dict[str, Any]) -> None:
    """What is in the good answers of an operation."""
    for status in ALSO.get(name, ()):
        answers.setdefault(status, {"description": "as the documentation of the path says"})
    content: dict[str, Any] = {kind: {} for kind in MEDIA.get(name, ())}
    if JSON in content or not content:
        content[JSON] = {"schema": SHAPES.get(name, {})}
    for status, answer in answers.items():
        if "$ref" in answer.get("content", {}).get(JSON, {}).get("schema", {}):
            continue  # described beside its route (vestige.api.answers)
        if status in {"200", "201"} and (answer.get("content") or status in ALSO.get(name, ()) or name in MEDIA):
            answer["content"] = content

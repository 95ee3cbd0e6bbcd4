"""Elasticsearch's ``_bulk``: what its clients, and the many shippers that write to Elasticsearch, speak.

Each document is a record as its exact source line; the answer has one item per action, in order. What an append-only
ledger cannot do is refused item by item: ``update``, ``delete``, and another document under an ``_id`` that is taken.
The same document under its ``_id`` again is a retry: ``index`` answers 200 and ``noop``, ``create`` answers 409, as
Elasticsearch does. A document without an ``_id`` gets the entry's id, and a retry of it is a new document.

Each document is read as what its content shows it to be, as a file of such documents would be (ECS, Winlogbeat, Zeek).

Each index is a source of its own (``elasticsearch:<index>``) unless ``X-Source-Id`` names one for all.

References: elastic.co "Bulk API", "REST API compatibility"; the header the official clients insist on is
``X-Elastic-Product``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

import vestige
from vestige.api.callers import Caller
from vestige.api.problems import RETRY
from vestige.api.receivers.door import Batch, Receiving, append, body_of, caller_by, entered, source_of
from vestige.app import ANY, Settings, Stream, Taken, form_of_object
from vestige.model.errors import (
    BusyError,
    ForbiddenError,
    InputError,
    StorageError,
    TooLargeError,
    UnauthenticatedError,
    VestigeError,
)

NAME = "bulk"
CHANNEL = "/_bulk"
VERSION = "9.0.0"
"""Of Elasticsearch: clients of another major version ask for compatibility and are answered the same."""
MOST_INDICES = 100
MOST_GROUPS = 200
"""Of one request: indices, with and without an ``_id``, by formats, each of which is a commit. Documents of a further
one are refused as Elasticsearch refuses what it has no room for, and taken when they are sent again."""
_FULL = f"a request may have {MOST_GROUPS} groups of index, _id or none, and format: send this document again"
ID_BYTES = 512
_INDEX = re.compile(r'[^A-Z\\/*?"<>|,#:\s+_-][^A-Z\\/*?"<>|,#:\s]{0,149}')
_COMPATIBLE = re.compile(r"application/vnd\.elasticsearch\+json; ?compatible-with=\d{1,2}")
_PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


class BulkError(InputError):
    """A request that is no bulk request."""

    http_status = 400


def _failed(request: Request, error: VestigeError) -> Response:
    status, kind = error.http_status, "illegal_argument_exception"
    if isinstance(error, BusyError | StorageError):
        status, kind = 429, "es_rejected_execution_exception"
    elif isinstance(error, UnauthenticatedError | ForbiddenError):
        kind = "security_exception"
    cause = {"type": kind, "reason": str(error)}
    return _answer(request, {"error": {"root_cause": [cause], **cause}, "status": status}, status)


def _answer(request: Request, body: object, status: int = 200) -> Response:
    headers = dict(_PRODUCT)
    if status == 429:
        headers |= RETRY
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="vestige", ApiKey, Bearer'
    asked = _COMPATIBLE.search(request.headers.get("accept", ""))
    media_type = asked[0] if asked else "application/json"
    content = b"" if request.method == "HEAD" else orjson.dumps(body)
    return Response(content, status_code=status, media_type=media_type, headers=headers)


class BulkRoute(Receiving):
    """Answers errors as Elasticsearch does."""

    def failed(self, request: Request, error: VestigeError) -> Response:
        """The answer to an error."""
        return _failed(request, error)


ROUTER = APIRouter(tags=["receivers"], route_class=BulkRoute)
ByElastic = Annotated[Caller, Depends(caller_by("apikey", "basic", "bearer"))]


@ROUTER.get("/")
@ROUTER.head("/")
def product(request: Request, caller: ByElastic) -> Response:
    """What Elasticsearch's clients ask first: that this speaks their protocol. Only `_bulk` is behind it."""
    return _answer(
        request,
        {
            "name": "vestige",
            "cluster_name": "vestige",
            "cluster_uuid": caller.rooms.tenant.id,
            "version": {
                "number": VERSION,
                "build_flavor": "default",
                "minimum_wire_compatibility_version": "7.17.0",
                "minimum_index_compatibility_version": "7.0.0",
            },
            "vestige": vestige.__version__,
            "tagline": "You Know, for Search",
        },
    )


@ROUTER.post("/_bulk")
@ROUTER.put("/_bulk")
async def bulk(request: Request, caller: ByElastic) -> Response:
    """Append documents of an Elasticsearch bulk request: `index` and `create`, answered item by item."""
    return await _bulk(request, caller, "")


@ROUTER.post("/{index}/_bulk")
@ROUTER.put("/{index}/_bulk")
async def bulk_of_index(request: Request, caller: ByElastic, index: str) -> Response:
    """Append documents of an Elasticsearch bulk request; `index` is meant where an action names none."""
    return await _bulk(request, caller, index)


class Action(NamedTuple):
    """One action of a bulk request."""

    verb: str
    into: str
    id: str
    payload: bytes
    offset: int
    refused: tuple[int, str, str] | None
    """Status, type and reason, if it cannot be done."""
    form: str = ANY
    """The format its document is read by."""

    @property
    def group(self) -> tuple[str, bool, str]:
        """What it is committed with."""
        return self.into, bool(self.id), self.form


async def _bulk(request: Request, caller: Caller, index: str) -> Response:
    settings = caller.installation.settings
    with entered(request, NAME) as held:
        body = await body_of(request, held, settings.limit_events_body_bytes)
        actions = await run_in_threadpool(read_actions, body, index, settings)
        groups: dict[tuple[str, bool, str], list[int]] = {}
        for number, action in enumerate(actions):
            if action.refused is None:
                groups.setdefault(action.group, []).append(number)
        if len({index for index, _, _ in groups}) > MOST_INDICES:
            raise BulkError("too many indices in one request", expected=f"at most {MOST_INDICES}")
        items = [_refusal(action, *action.refused) if action.refused else {} for action in actions]
        for (name, keyed, form), numbers in groups.items():
            stream = Stream(
                source_of(request, f"elasticsearch:{name}"), CHANNEL, caller.principal, form, extra=(("index", name),)
            )
            batch = Batch.new(keyed=keyed)
            for number in numbers:
                one = actions[number]
                batch.add(one.payload, one.offset, (b"elasticsearch", name.encode(), one.id.encode()))
            try:
                taken = await append(caller, stream, batch)
            except (BusyError, StorageError) as error:
                for number in numbers:
                    items[number] = _refusal(actions[number], 429, "es_rejected_execution_exception", str(error))
                continue
            for number, one_taken in zip(numbers, taken, strict=True):
                items[number] = _item(actions[number], one_taken)
    wrong = any("error" in item[action.verb] for action, item in zip(actions, items, strict=True))
    return _answer(request, {"took": 0, "errors": wrong, "items": items})


def read_actions(body: bytes, index: str, settings: Settings) -> list[Action]:
    """The actions of a bulk request.

    Raises:
        BulkError: it cannot be told where an action begins or ends.
        TooLargeError: there are too many.
    """
    if not body:
        raise BulkError("request body is required")
    if not body.endswith(b"\n"):
        raise BulkError("The bulk request must be terminated by a newline [\\n]")
    actions: list[Action] = []
    groups: set[tuple[str, bool, str]] = set()
    lines = _lines(body)
    for line, _, number in lines:
        verb, meta = _action(line, number)
        payload, offset = b"", 0
        if verb != "delete":
            payload, offset, _ = next(lines, (b"", 0, 0))
            if not payload:
                raise BulkError(f"the action of line {number} has no source line")
        name = meta.get("_index", index)
        given = meta.get("_id")
        one = Action(verb, name if isinstance(name, str) else "", _id(given), payload, offset, None)
        refused = _refuse(one, name, given, settings)
        if refused is None:
            document = _document(payload)
            if isinstance(document, str):
                refused = 400, "document_parsing_exception", document
            else:
                one = one._replace(form=form_of_object(payload, document))
                if one.group not in groups and len(groups) >= MOST_GROUPS:
                    refused = 429, "es_rejected_execution_exception", _FULL
                else:
                    groups.add(one.group)
        actions.append(one._replace(refused=refused))
        if len(actions) > settings.limit_events_per_request:
            raise TooLargeError("too many actions", expected=f"at most {settings.limit_events_per_request}")
    return actions


def _lines(body: bytes) -> Any:  # noqa: ANN401 - an iterator of (line, offset, number)
    offset = 0
    for number, line in enumerate(body.split(b"\n"), 1):
        text = line.removesuffix(b"\r")
        if text.strip():
            yield text, offset, number
        offset += len(line) + 1


def _action(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict) and len(found) == 1:
        ((verb, meta),) = found.items()
        if verb in {"index", "create", "update", "delete"} and isinstance(meta, dict):
            return verb, meta
    raise BulkError(f"Malformed action/metadata line [{number}]", expected="index, create, update or delete")


def _id(given: object) -> str:
    if given is None or isinstance(given, dict | list):
        return ""
    return given if isinstance(given, str) else orjson.dumps(given).decode()


def _refuse(one: Action, name: object, given: object, settings: Settings) -> tuple[int, str, str] | None:
    if one.verb in {"update", "delete"}:
        return 405, "unsupported_operation_exception", f"{one.verb}: what is in the ledger stays as it is"
    if not isinstance(name, str) or not _INDEX.fullmatch(name):
        return 400, "invalid_index_name_exception", f"Invalid index name [{str(name)[:100]}]"
    if (given is not None and not one.id) or len(one.id.encode("utf-8", "replace")) > ID_BYTES:
        return 400, "illegal_argument_exception", f"an _id is a text of 1 to {ID_BYTES} bytes"
    if len(one.payload) > settings.limit_event_bytes:
        return 413, "illegal_argument_exception", f"a document may have {settings.limit_event_bytes} bytes"
    return None


def _document(payload: bytes) -> dict[str, Any] | str:
    """A document, or why it is none."""
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return f"not valid JSON: {error}"
    return document if isinstance(document, dict) else "a document is a JSON object"


def _refusal(action: Action, status: int, kind: str, reason: str) -> dict[str, Any]:
    item: dict[str, Any] = {"_index": action.into, "status": status, "error": {"type": kind, "reason": reason}}
    if action.id:
        item["_id"] = action.id
    return {action.verb: item}


def _item(action: Action, taken: Taken) -> dict[str, Any]:
    if taken.status == "conflict" or (taken.status == "duplicate" and action.verb == "create"):
        same = " with the same content" if taken.status == "duplicate" else ""
        return _refusal(
            action, 409, "version_conflict_engine_exception", f"[{action.id}]: document already exists{same}"
        )
    accepted = taken.status == "accepted"
    return {
        action.verb: {
            "_index": action.into,
            "_id": action.id or taken.id,
            "_version": 1,
            "result": "created" if accepted else "noop",
            "_shards": {"total": 1, "successful": 1, "failed": 0},
            "_seq_no": taken.seq,
            "_primary_term": taken.epoch + 1,
            "status": 201 if accepted else 200,
        }
    }

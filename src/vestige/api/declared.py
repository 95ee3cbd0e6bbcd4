"""The declared timeline over HTTP, at the root and again under ``/api/v1``: events in, pages, evidence, export.

Answers bear the tenant and the request's trace id in both families of headers, so that a program made for either
finds them. ``ETag`` covers what an answer says; ``If-None-Match`` with it is answered 304.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from vestige.api.callers import TENANT_HEADERS, Caller, Exports, Reads, Writes
from vestige.api.limits import bounded, refuse_unknown
from vestige.api.problems import MEDIA_TYPE, refused
from vestige.api.timeline import Cursor, Limit, Order
from vestige.app import DETAILS, MOST_DETAILS, Acknowledged, Window, of_category, of_detail, quoted
from vestige.model.errors import ContradictionError, UsageError
from vestige.model.instant import parse_bound, to_text
from vestige.model.vocabulary import refuse_own_source

TRACE_HEADERS = ("x-vestige-traceid", "x-stella-traceid")
TRACE_LENGTH = 200
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "what the asker has is still so"}}
STATUS = {"accepted": 201, "duplicate": 200, "conflict": 409, "refused": 422}
NDJSON = "application/x-ndjson"
Text = Annotated[str | None, Query(min_length=1, max_length=1000)]


def trace_of(request: Request) -> str:
    """The trace a request says it belongs to; empty if it says nothing.

    Raises:
        ContradictionError: two headers disagree.
        UsageError: it is no name of one.
    """
    given = {value.strip() for name in TRACE_HEADERS for value in request.headers.getlist(name)} - {""}
    if len(given) > 1:
        raise ContradictionError("two headers name different traces", expected="one trace id", field=TRACE_HEADERS[0])
    trace = given.pop() if given else ""
    if len(trace) > TRACE_LENGTH or not trace.isascii() or not trace.isprintable():
        expected = f"at most {TRACE_LENGTH} printable characters of ASCII"
        raise UsageError("that is no trace id", expected=expected, got=repr(trace)[:60], field=TRACE_HEADERS[0])
    return trace


async def stamped(caller: Reads, request: Request, response: Response) -> Caller:
    """The caller; the answer gets the headers that tell whose it is."""
    response.headers.update(own_headers(caller, trace_of(request)))
    return caller


def own_headers(caller: Caller, trace: str) -> dict[str, str]:
    """The headers of an answer: the tenant's name, and the trace where the request states one."""
    headers = dict.fromkeys((name.title() for name in TENANT_HEADERS), caller.rooms.tenant.slug)
    return headers | (dict.fromkeys(("X-Vestige-TraceId", "X-Stella-TraceId"), trace) if trace else {})


Stamped = Annotated[Caller, Depends(stamped)]


async def filters(
    request: Request,
    category: Annotated[Text, Query(description="a kind (scan.completed), its category, or a producer's group")] = None,
    trace_id: Text = None,
    subject: Text = None,
) -> str:
    """The filters of a request, as a query in the one filter language; `details.<path>=value` is one too.

    Raises:
        UsageError: a filter on details has no value, no path, comes twice, or there are too many.
    """
    terms = [] if category is None else [of_category(category)]
    named = {"trace": trace_id, "subject": subject}
    terms += [f"{name}:{quoted(value)}" for name, value in named.items() if value is not None]
    wanted = [(name, value) for name, value in request.query_params.multi_items() if name.startswith(DETAILS)]
    if len(wanted) > MOST_DETAILS:
        raise UsageError("too many filters on details", expected=f"at most {MOST_DETAILS}", got=str(len(wanted)))
    for name, value in wanted:
        if not value or len(value) > TRACE_LENGTH * 5:
            raise UsageError(f"{name[:60]} has no usable value", expected="1 to 1000 characters", field=name[:100])
        terms.append(of_detail(name.removeprefix(DETAILS), value))
    return " ".join(terms)


async def known_parameters(request: Request) -> None:
    """As everywhere, a parameter that means nothing is refused; names of details are free."""
    refuse_unknown(request, besides=DETAILS)


Filters = Annotated[str, Depends(filters)]
Bound = Annotated[str | None, Query(max_length=100)]


async def window(
    start: Annotated[Bound, Query(alias="from", description="from this time on, ISO 8601")] = None,
    end: Annotated[Bound, Query(alias="to", description="up to, not including, this time")] = None,
) -> Window:
    """The part of the timeline a request is about, oldest first."""
    return Window(
        start=None if start is None else parse_bound(start, field="from"),
        end=None if end is None else parse_bound(end, field="to"),
        descending=False,
    )


InWindow = Annotated[Window, Depends(window)]
Known = Annotated[str, Header(alias="If-None-Match", max_length=4000)]


def declared_timeline(
    request: Request,
    caller: Stamped,
    query: Filters,
    within: InWindow,
    order: Order = "desc",
    limit: Limit = 100,
    cursor: Cursor = None,
    if_none_match: Known = "",
) -> Response:
    """A page of the tenant's events that have a time, the newest first."""
    within = Window(within.start, within.end, descending=order == "desc")
    declared = caller.rooms.declared
    return _answer(request, caller, if_none_match, lambda: declared.page(query, within, limit, cursor))


def export_timeline(request: Request, caller: Exports, query: Filters, within: InWindow) -> StreamingResponse:
    """All events of a window, oldest first, one JSON object a line. `X-Vestige-Events` says how many when it began."""
    count, lag, lines = caller.rooms.declared.export(query, within)
    window = {"from": within.start, "to": within.end}
    detail = {"format": "timeline", "query": query}
    detail |= {name: to_text(at) for name, at in window.items() if at is not None}
    caller.record("evidence.exported", detail)
    headers = own_headers(caller, trace_of(request)) | {"X-Vestige-Events": str(count)}
    if lag:
        headers["X-Vestige-Index-Lag"] = str(lag)
    return StreamingResponse(lines, media_type=NDJSON, headers=headers)


async def declare_events(
    request: Request,
    caller: Writes,
    source: Annotated[str, Header(alias="X-Source-Id", min_length=1, max_length=200)] = "timeline",
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> Response:
    """Append events: one object, a list, or one object a line. Each is acknowledged with id, seq and leaf hash.

    One event: 201 accepted, 200 duplicate, 409 conflict, 422 refused. Several: 200, and each has its own status.
    """
    if caller.sources:
        await run_in_threadpool(caller.may_write, source)
    refuse_own_source(source, "X-Source-Id")
    trace = trace_of(request)
    body = await bounded(
        request,
        caller.installation.settings.limit_events_body_bytes,
        "declared events",
        hint="send them in several requests",
    )
    told = await run_in_threadpool(
        caller.rooms.declared.submit,
        body,
        source=source,
        by=caller.principal,
        trace=trace,
        idempotency_key=idempotency_key,
    )
    return _acknowledged(told, own_headers(caller, trace))


def declared_event(request: Request, caller: Stamped, event_id: str, if_none_match: Known = "") -> Response:
    """One event, by the id its producer gave it or the entry's; with what later events say of it."""
    return _answer(request, caller, if_none_match, lambda: caller.rooms.declared.event(event_id))


def declared_evidence(request: Request, caller: Stamped, event_id: str, if_none_match: Known = "") -> Response:
    """What an event rests on and is linked to: its record and proof, its digests, and the events that name the same."""
    return _answer(request, caller, if_none_match, lambda: caller.rooms.declared.evidence(event_id))


def _answer(request: Request, caller: Caller, known: str, make: Any) -> Response:  # noqa: ANN401 - a callable
    path = request.url.path.removeprefix("/api/v1")
    answer = caller.rooms.answer(f"{path}?{request.url.query}", make)
    headers = own_headers(caller, trace_of(request)) | {"ETag": answer.tag, "Cache-Control": "private, no-cache"}
    if answer.had(known):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type="application/json", headers=headers)


def _acknowledged(told: list[Acknowledged], headers: dict[str, str]) -> Response:
    body: dict[str, Any] = {
        "accepted": sum(one.status == "accepted" for one in told),
        "duplicates": sum(one.status == "duplicate" for one in told),
        "refused": sum(one.status in {"refused", "conflict"} for one in told),
        "results": [one.to_json() for one in told],
    }
    if len(told) > 1:
        return Response(orjson.dumps(body), media_type="application/json", headers=headers)
    (only,) = told
    status = STATUS[only.status]
    if status < 400:
        return Response(orjson.dumps(body), status, headers, "application/json")
    problem = refused(status, only.reason, [fault.to_json() for fault in only.errors])
    return Response(orjson.dumps(problem | body), status, headers, MEDIA_TYPE)


def _routed(prefix: str) -> APIRouter:
    router = APIRouter(prefix=prefix, tags=["declared timeline"], dependencies=[Depends(known_parameters)])
    router.get("", responses=UNCHANGED)(declared_timeline)
    router.get("/export", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})(export_timeline)
    router.post("/events", status_code=200, responses={201: {"description": "one event, accepted"}})(declare_events)
    router.get("/{event_id}", responses=UNCHANGED)(declared_event)
    router.get("/{event_id}/evidence", responses=UNCHANGED)(declared_evidence)
    return router


ROUTER = _routed("/timeline")
SECOND = _routed("/api/v1/timeline")
"""The same once more, under the other prefix its users know."""

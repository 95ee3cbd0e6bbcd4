"""The timeline and search: pages of events, and their density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from vestige.api.callers import Caller, Exports, ReadsOwn
from vestige.api.limits import only_known_parameters
from vestige.app import (
    BY,
    DEFAULT_FACETS,
    DENSITY_TYPE,
    GROUP_TAG,
    MAX_LIMIT,
    MAX_MARKS,
    MAX_STACKS,
    MAX_VALUES,
    SHAPES,
    Density,
    Window,
    export_header,
    known_shape,
    packed,
)
from vestige.model.errors import UsageError
from vestige.model.event import Severity
from vestige.model.instant import NANOS, parse_bound, to_text

ROUTER = APIRouter(prefix="/v1", tags=["timeline"], dependencies=[Depends(only_known_parameters)])

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Around = Annotated[
    str | None, Query(max_length=64, description="an event's id: the page that has it in its middle; without a cursor")
]
Order = Annotated[str, Query(pattern="^(asc|desc)$")]


def bounds(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """Both ends of a stretch of time, as instants.

    Raises:
        UsageError: one is no time, or the stretch ends before it begins.
    """
    low = None if start is None else parse_bound(start, field="start")
    high = None if end is None else parse_bound(end, field="end")
    if low is not None and high is not None and low > high:
        raise UsageError(
            "the stretch of time ends before it begins", expected=f"an end after {to_text(low)}", got=to_text(high),
            hint="--from comes before --to, `start` before `end`", field="end",
        )  # fmt: skip
    return low, high


async def window(
    start: Annotated[str | None, Query(description="from this time on, ISO 8601")] = None,
    end: Annotated[str | None, Query(description="up to, not including, this time")] = None,
    order: Order = "desc",
    *,
    undated: bool = False,
) -> Window:
    """The part of the timeline a request is about."""
    low, high = bounds(start, end)
    return Window(
        start=low,
        end=high,
        descending=order == "desc",
        undated=undated,
    )


InWindow = Annotated[Window, Depends(window)]


async def span(
    start: Annotated[str | None, Query(description="from this time on, ISO 8601")] = None,
    end: Annotated[str | None, Query(description="up to, not including, this time")] = None,
) -> Window:
    """The time that is counted; what is counted has no order."""
    return await window(start, end, "asc", undated=False)


InSpan = Annotated[Window, Depends(span)]


async def filters(
    event_types: Annotated[str | None, Query(description="comma-separated; * stands for any text")] = None,
    actor_id: str | None = None,
    source_id: str | None = None,
    severity_min: Annotated[str | None, Query(description="info, low, medium, high or critical, in any case")] = None,
    src_ip: str | None = None,
    search: Annotated[str | None, Query(description="words to find in messages")] = None,
    tags: Annotated[str | None, Query(description="comma-separated; all of them")] = None,
    category: Annotated[str | None, Query(description="a category, an event type, or a producer's own group")] = None,
    subject: str | None = None,
    trace_id: str | None = None,
) -> str:
    """The filters of a timeline request, as a query in the one filter language."""
    terms = []
    if event_types is not None:
        kinds = [_term("type", kind) for kind in event_types.split(",") if kind.strip()]
        if not kinds:
            raise UsageError("event_types names no type", expected="types parted by commas", field="event_types")
        terms.append(f"({' OR '.join(kinds)})")
    if severity_min is not None:
        if severity_min.upper() not in Severity.__members__:
            raise UsageError(
                "severity_min is no severity",
                expected=", ".join(level.name.lower() for level in Severity),
                got=severity_min[:40],
                field="severity_min",
            )
        terms.append(f"severity:>={severity_min.lower()}")
    if category is not None:
        named_by = (("category", category), ("type", category), ("tag", GROUP_TAG + category))
        terms.append(f"({' OR '.join(_term(*one) for one in named_by)})")
    terms += [_term("tag", tag) for tag in (tags or "").split(",") if tag.strip()]
    terms += [quoted(word) for word in (search or "").split()]
    named = {"actor": actor_id, "source": source_id, "network.src_ip": src_ip, "subject": subject, "trace": trace_id}
    terms += [_term(name, value) for name, value in named.items() if value is not None]
    return " ".join(term for term in terms if term)


@ROUTER.get("/timeline", response_model=dict[str, Any])
def timeline(
    caller: ReadsOwn,
    within: InWindow,
    query: Annotated[str, Depends(filters)],
    limit: Limit = 100,
    cursor: Cursor = None,
    around: Around = None,
) -> Response:
    """A page of the timeline. Events without a time are a list of their own: ``undated=true``."""
    return _page(caller, query, within, limit, cursor, around)


@ROUTER.get("/search", response_model=dict[str, Any])
def search(
    caller: ReadsOwn,
    within: InWindow,
    q: Annotated[str, Query(max_length=4096)] = "",
    limit: Limit = 100,
    cursor: Cursor = None,
    around: Around = None,
) -> Response:
    """A page of the events that match a query."""
    return _page(caller, q, within, limit, cursor, around)


@ROUTER.get("/timeline/count", response_model=dict[str, Any])
def count(caller: ReadsOwn, within: InSpan, q: Annotated[str, Query(max_length=4096)] = "") -> Response:
    """How many events match a query, exactly: with a time in the window, and without any time."""

    def make() -> dict[str, Any]:
        found = caller.rooms.timeline.count(q, within.start, within.end)
        return {"dated": found.dated, "undated": found.undated}

    return _answered(caller, f"count {q!r} {within}", make)


@ROUTER.get("/timeline/density")
def density(
    caller: ReadsOwn,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    buckets: Annotated[int, Query(ge=1, le=5000)] = 300,
    lane: Annotated[str, Query(max_length=200, description="a field of the query language")] = "",
    shape: Annotated[str, Query(alias="format", pattern="^(json|binary)$")] = "json",
) -> Any:  # noqa: ANN401 - an object, or bytes
    """How many events fall into each bucket of time, per lane if a field is named."""

    def read() -> Density:
        return caller.rooms.timeline.density(q, within.start, within.end, buckets=buckets, lane=lane)

    name = f"density {shape} {q!r} {within} {buckets} {lane}"
    if shape == "binary":
        body, lag = caller.rooms.answer_bytes(name, lambda: packed(read()))
        headers = {"X-Vestige-Index-Lag": str(lag)} if lag else {}
        return Response(body, media_type=DENSITY_TYPE, headers=headers)

    def make() -> dict[str, Any]:
        found = read()
        return {
            "start": to_text(found.start),
            "end": to_text(found.end),
            "origin": to_text(found.origin),
            "width_ns": found.width,
            "buckets": found.buckets,
            "lanes": found.lanes,
            "other": found.other,
            "total": found.total,
        }

    return _answered(caller, name, make)


class Marks(BaseModel):
    """Events as columns: one entry of each list belongs to one event in one lane."""

    ids: list[str]
    at_ns: list[str]
    """Nanoseconds, as text: they need more than 53 bits."""
    lane: list[int]
    """A place in ``lanes``."""
    severity: list[str]
    type: list[str]
    actor: list[str]
    lanes: list[str]
    more: bool
    """Whether the limit left some out."""


@ROUTER.get("/timeline/marks", responses={200: {"model": Marks}})
def marks(
    caller: ReadsOwn,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    lane: Annotated[str, Query(max_length=200, description="a field of the query language")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_MARKS)] = 1000,
) -> dict[str, Any]:
    """Single events, oldest first, as little of each as a drawing needs: once for each value of a lane's field."""
    lag = caller.rooms.settle()
    found, more = caller.rooms.timeline.marks(q, within.start, within.end, lane=lane, limit=limit)
    places = {name: place for place, name in enumerate(dict.fromkeys(mark.lane for mark in found))}
    columns: dict[str, Any] = {
        "ids": [mark.id for mark in found],
        "at_ns": [str(mark.at) for mark in found],
        "lane": [places[mark.lane] for mark in found],
        "severity": [mark.severity for mark in found],
        "type": [mark.type for mark in found],
        "actor": [mark.actor for mark in found],
        "lanes": list(places),
        "more": more,
    }
    return columns | caller.rooms.behind(lag)


@ROUTER.get("/timeline/stacks")
def stacks(
    caller: ReadsOwn,
    within: InWindow,
    q: Annotated[str, Query(max_length=4096)] = "",
    by: Annotated[str, Query(max_length=1000, description="fields parted by commas, or template")] = ",".join(BY),
    gap: Annotated[float, Query(gt=0, le=366 * 86_400, description="seconds between two of a stack at most")] = 60,
    limit: Annotated[int, Query(ge=1, le=MAX_STACKS)] = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Dated events that match, those alike that follow one another closely as one, with ids and the term of them."""
    lag = caller.rooms.settle()
    names = [name.strip() for name in by.split(",") if name.strip()]
    found = caller.rooms.timeline.stacks(q, within, by=names, gap=int(gap * NANOS), limit=limit, cursor=cursor)
    body = [asdict(one) | {"first": to_text(one.first), "last": to_text(one.last)} for one in found.stacks]
    following = {} if found.next_cursor is None else {"next_cursor": found.next_cursor}
    return {"stacks": body} | following | caller.rooms.behind(lag)


@ROUTER.get("/facets", response_model=dict[str, Any])
def facets(
    caller: ReadsOwn,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    fields: Annotated[str, Query(max_length=2000, description="comma-separated")] = ",".join(DEFAULT_FACETS),
    limit: Annotated[int, Query(ge=1, le=MAX_VALUES)] = 10,
) -> Response:
    """The commonest values of fields among the events that match, exactly, each with the term that finds its events."""
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if not names:
        raise UsageError("fields names none", expected="fields parted by commas", field="fields")

    def make() -> dict[str, Any]:
        found = caller.rooms.timeline.facets(names, q, within.start, within.end, limit=limit)
        return {"facets": [asdict(facet) for facet in found]}

    return _answered(caller, f"facets {names} {q!r} {within} {limit}", make)


@ROUTER.get("/export")
def export(
    caller: Exports,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    shape: Annotated[str, Query(alias="format")] = "ndjson",
) -> StreamingResponse:
    """All events that match, oldest first, in the shape of another tool. Without bounds, undated events follow.

    `X-Vestige-Events` says how many there were when the answer began.
    """
    lag = caller.rooms.settle()
    timeline = caller.rooms.timeline
    body = timeline.export(shape, q, within.start, within.end)
    count = timeline.count(q, within.start, within.end)
    window = {"from": within.start, "to": within.end}
    detail = {"format": shape, "query": q} | {name: to_text(at) for name, at in window.items() if at is not None}
    caller.record("evidence.exported", detail)
    bounded = within.start is not None or within.end is not None
    headers = {"X-Vestige-Events": str(count.dated + (0 if bounded else count.undated))}
    if lag:
        headers["X-Vestige-Index-Lag"] = str(lag)
    return StreamingResponse(body, media_type=SHAPES[shape].media_type, headers=headers)


@ROUTER.get("/export/header")
def header(
    caller: Exports,
    within: InSpan,
    q: Annotated[str, Query(max_length=4096)] = "",
    shape: Annotated[str, Query(alias="format")] = "ndjson",
) -> dict[str, Any]:
    """What belongs beside an export: its query, bounds, how its times came about, its sources' zones and offsets."""
    known_shape(shape)
    return export_header(caller.rooms, shape, q, within.start, within.end)


def _page(caller: Caller, query: str, within: Window, limit: int, cursor: str | None, around: str | None) -> Response:
    if cursor is not None and around is not None:
        raise UsageError(
            "a page is asked for twice", expected="either a cursor, or around with an event's id",
            got="both", field="around",
        )  # fmt: skip

    def make() -> dict[str, Any]:
        beside: dict[str, Any] = {}
        if around is None:
            page = caller.rooms.timeline.page(query, within, limit=limit, cursor=cursor)
        else:
            page, before, unlisted = caller.rooms.around(around, query, within, limit)
            beside = {"around": {"before": before} | ({"unlisted": unlisted} if unlisted else {})}
        cursors = {"next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor}
        return {"events": page.events} | {name: value for name, value in cursors.items() if value is not None} | beside

    return _answered(caller, f"page {query!r} {within} {limit} {cursor} {around}", make)


def _answered(caller: Caller, name: str, make: Callable[[], dict[str, Any]]) -> Response:
    return Response(caller.rooms.answer(name, make).body, media_type="application/json")


def _term(name: str, value: str) -> str:
    value = value.strip()
    # A star is a wildcard outside quotes only, and only where the rest needs no quotes.
    if "*" in value and not any(sign.isspace() or sign in '()"' for sign in value):
        return f"{name}:{value}"
    return f"{name}:{quoted(value)}"


def quoted(text: str) -> str:
    """A text as a value of the filter language, whatever is in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""How many events lie where: counts per bucket of time, by lane. Exact to the event at both edges.

Without a filter, whole hours or minutes come from counts that are kept, where a lane has them, and only those cut by
the bounds are counted event by event; with one, all are. Buckets are aligned to multiples of their width, so that
scrolling does not make them dance.

A lane is any field of the query language whose values repeat. An event with several values there (tags, either address)
counts in each of their lanes, and in the total once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from vestige.model.errors import UsageError
from vestige.query import COUNTED, FieldType, is_several
from vestige.timeline.facets import facet_field
from vestige.timeline.lane_store import is_paired
from vestige.timeline.place_store import Span
from vestige.timeline.render import SEVERITIES
from vestige.timeline.store import HOURLY, HOURS, MINUTES

if TYPE_CHECKING:
    from vestige.query import Field, Filter
    from vestige.timeline.lane_store import Run
    from vestige.timeline.store import Roll, Store

MAX_BUCKETS: Final = 5000
MAX_LANES: Final = 60


@dataclass(frozen=True, slots=True)
class Density:
    """Counts of events. Bucket ``i`` begins at ``origin + i * width``, nanoseconds; the first and last may be cut."""

    start: int
    end: int
    origin: int
    width: int
    buckets: int
    lanes: dict[str, list[int]] = field(default_factory=dict)
    """Counts by lane, the fullest lane first; ``""`` is that of events without a value, or of all if none was named."""
    other: list[int] = field(default_factory=list)
    """The sum of the lanes beyond :data:`MAX_LANES`; empty if there are none."""
    total: int = 0
    """All events counted, each once."""


def read_density(store: Store, found: Filter, span: Span, buckets: int, lane: str) -> Density:
    """Count a span of time in about ``buckets`` buckets, never more.

    Args:
        store: where to read.
        found: the filter.
        span: with ``None`` bounds, from the first matching event to the last.
        buckets: how many at most; two if one is asked for and the span begins before 1970 and ends after.
        lane: a field of the query language, or empty for one lane of all.

    Raises:
        UsageError: no such lane, or buckets out of bounds.
    """
    by = lane_field(lane) if lane else None
    if not 1 <= buckets <= MAX_BUCKETS:
        raise UsageError(
            "the number of buckets is out of bounds", expected=f"1 to {MAX_BUCKETS}", got=str(buckets), field="buckets"
        )
    start, end = _limits(store, found, span)
    roll = _roll(by, (end - start) // buckets) if found.whole else None
    origin, width, count = _grid(start, end, buckets, 1 if roll is None else roll.nanos)
    if found.empty or start >= end:
        return Density(start, end, origin, width, 0)
    within = Span(start, end)
    if roll is not None:
        rows = _rolled(store, found, within, width, by, roll)
    else:
        rows = _one_by_one(store, found, within, width, by, span)
    # What was asked for without bounds is everything: where that begins and ends need not be looked up again.
    total = (
        store.count(found, span).dated if by is not None and is_several(by) else sum(sum(row.events) for row in rows)
    )
    return _arrange(rows, Density(start, end, origin, width, count, total=total), by)


def _roll(lane: Field | None, width: int) -> Roll | None:
    """The coarsest counts that are kept of a lane and fine enough for buckets of about a width; none if none are."""
    name = "source" if lane is None else lane.name
    rolls = ([HOURS[name]] if name in HOURS else []) + ([MINUTES] if name == "source" else [])
    return next((roll for roll in rolls if roll.nanos <= width), None)


def lane_field(name: str) -> Field:
    """The field of a lane.

    Raises:
        UsageError: there is none of that name, or it is one whose values do not repeat.
    """
    try:
        return facet_field(name)
    except UsageError as error:
        raise UsageError(
            error.message.replace("facet", "lane"), expected=error.expected, got=error.got or name[:40], field="lane"
        ) from None


def _one_by_one(store: Store, found: Filter, span: Span, width: int, lane: Field | None, asked: Span) -> list[Run]:
    """Count the events of a span; where there are too many lanes to count each, the fullest of what was asked for."""
    if lane is None or lane.name in HOURLY:
        return store.buckets(found, span, width, lane, [])
    paired = is_paired(lane)
    if paired and lane.name in COUNTED and store.covers(found, asked):
        # That of events without a value is kept nowhere, but it is always told apart.
        fullest = [one.value for one in store.counted_values(found, lane, MAX_LANES + 1, dated=True)]
    else:
        fullest = store.lanes(found, span, lane, MAX_LANES)
    if paired:
        return store.paired_buckets(found, span, width, lane, fullest[:MAX_LANES])
    return store.buckets(found, span, width, lane, fullest[:MAX_LANES] if len(fullest) > MAX_LANES else [])


def _limits(store: Store, found: Filter, span: Span) -> tuple[int, int]:
    start, end = span
    if start is None or end is None:
        bounds = store.bounds(found) if not found.empty else None
        if bounds is None or bounds.first is None or bounds.last is None:
            return start or 0, start or 0
        start = bounds.first if start is None else start
        end = bounds.last + 1 if end is None else end
    return start, end


def _grid(start: int, end: int, buckets: int, unit: int) -> tuple[int, int, int]:
    """Origin, width and number of aligned buckets that cover the span; the width is some units."""
    if start >= end:
        return start, 1, 0
    width = -(-(end - start) // (buckets * unit)) * unit
    # Aligned buckets meet at 1970: what lies on both sides of it is in no single one, however wide.
    buckets = max(buckets, 2 if start < 0 < end else 1)
    while (end - 1) // width - start // width + 1 > buckets:
        # Aligning can cost one bucket more than the span alone would need.
        width += max(width // (buckets * unit), 1) * unit
    origin = start // width * width
    return origin, width, (end - 1) // width - start // width + 1


def _rolled(store: Store, found: Filter, span: Span, width: int, lane: Field | None, roll: Roll) -> list[Run]:
    start, end = span.start or 0, span.end or 0
    first, beyond = -(-start // roll.nanos), end // roll.nanos
    if first >= beyond:
        return store.buckets(found, span, width, lane, [])
    column = "" if lane is None else HOURLY[lane.name][1]
    rows = store.rolled_buckets(roll, first, beyond, width // roll.nanos, column)
    if start < first * roll.nanos:
        rows += store.buckets(found, Span(start, first * roll.nanos), width, lane, [])
    if beyond * roll.nanos < end:
        rows += store.buckets(found, Span(beyond * roll.nanos, end), width, lane, [])
    return rows


def _arrange(rows: list[Run], empty: Density, lane: Field | None) -> Density:
    first, count = empty.origin // empty.width, empty.buckets
    lanes: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    beyond: list[list[int]] = []
    for row in rows:
        if row.own:
            names[row.lane] = max(names.get(row.lane, ""), row.shown)
            counts = lanes.setdefault(row.lane, [0] * count)
        else:
            beyond = beyond or [[0] * count]
            counts = beyond[0]
        for at, events in zip(row.at, row.events, strict=True):
            counts[at - first] += events
    ordered = sorted(lanes.items(), key=lambda item: (-sum(item[1]), item[0]))
    rest = [counts for _, counts in ordered[MAX_LANES:]] + beyond
    shown = {_shown(name, names[name], lane): counts for name, counts in ordered[:MAX_LANES]}
    return replace(empty, lanes=shown, other=[sum(column) for column in zip(*rest, strict=True)])


def _shown(folded: str, written: str, lane: Field | None) -> str:
    if lane is not None and lane.type is FieldType.SEVERITY:
        return SEVERITIES.get(int(folded), folded)
    return written or folded

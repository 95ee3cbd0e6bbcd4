"""How many events lie where: counts per bucket of time, by lane. Exact to the event at both edges.

Without a filter, whole hours come from hourly counts and only the hours cut by the bounds are counted event by event;
with one, all are. Buckets are aligned to multiples of their width, so that scrolling does not make them dance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vestige.model.errors import UsageError
from vestige.timeline.render import SEVERITIES
from vestige.timeline.store import Span

if TYPE_CHECKING:
    from vestige.query import Filter
    from vestige.timeline.store import Store

LANES: Final = ("source", "category", "event_type", "severity", "outcome")
MAX_BUCKETS: Final = 5000
MAX_LANES: Final = 60
_HOUR: Final = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Density:
    """Counts of events. Bucket ``i`` begins at ``origin + i * width``, nanoseconds; the first and last may be cut."""

    start: int
    end: int
    origin: int
    width: int
    buckets: int
    lanes: dict[str, list[int]] = field(default_factory=dict)
    """Counts by lane, the fullest lane first; one lane named ``""`` where none was asked for."""
    other: list[int] = field(default_factory=list)
    """The sum of the lanes beyond :data:`MAX_LANES`; empty if there are none."""

    @property
    def total(self) -> int:
        """All events counted."""
        return sum(map(sum, self.lanes.values())) + sum(self.other)


def read_density(store: Store, found: Filter, span: Span, buckets: int, lane: str) -> Density:
    """Count a span of time in about ``buckets`` buckets, never more.

    Args:
        store: where to read.
        found: the filter.
        span: with ``None`` bounds, from the first matching event to the last.
        buckets: how many at most.
        lane: one of :data:`LANES`, or empty for one lane of all.

    Raises:
        UsageError: no such lane, or buckets out of bounds.
    """
    if lane and lane not in LANES:
        raise UsageError("there is no such lane", expected=", ".join(LANES), got=lane[:40], field="lane")
    if not 1 <= buckets <= MAX_BUCKETS:
        raise UsageError(
            "the number of buckets is out of bounds", expected=f"1 to {MAX_BUCKETS}", got=str(buckets), field="buckets"
        )
    start, end = _limits(store, found, span)
    by_hour = found.whole
    origin, width, count = _grid(start, end, buckets, by_hour=by_hour)
    if found.empty or start >= end:
        return Density(start, end, origin, width, 0)
    if width % _HOUR == 0 and by_hour:
        rows = _by_hour(store, found, Span(start, end), width, lane)
    else:
        rows = store.buckets(found, Span(start, end), width, lane)
    return _arrange(rows, start, end, (origin, width, count), lane)


def _limits(store: Store, found: Filter, span: Span) -> tuple[int, int]:
    start, end = span
    if start is None or end is None:
        bounds = store.bounds(found) if not found.empty else None
        if bounds is None or bounds.first is None or bounds.last is None:
            return start or 0, start or 0
        start = bounds.first if start is None else start
        end = bounds.last + 1 if end is None else end
    return start, end


def _grid(start: int, end: int, buckets: int, *, by_hour: bool) -> tuple[int, int, int]:
    """Origin, width and number of aligned buckets that cover the span."""
    if start >= end:
        return start, 1, 0
    unit = _HOUR if by_hour and end - start >= buckets * _HOUR else 1
    width = -(-(end - start) // (buckets * unit)) * unit
    while (end - 1) // width - start // width + 1 > buckets:
        # Aligning can cost one bucket more than the span alone would need.
        width += max(width // (buckets * unit), 1) * unit
    origin = start // width * width
    return origin, width, (end - 1) // width - start // width + 1


def _by_hour(store: Store, found: Filter, span: Span, width: int, lane: str) -> list[tuple[int, str, int]]:
    start, end = span.start or 0, span.end or 0
    first, beyond = -(-start // _HOUR), end // _HOUR
    if first >= beyond:
        return store.buckets(found, span, width, lane)
    rows = store.hour_buckets(first, beyond, width // _HOUR, lane)
    if start < first * _HOUR:
        rows += store.buckets(found, Span(start, first * _HOUR), width, lane)
    if beyond * _HOUR < end:
        rows += store.buckets(found, Span(beyond * _HOUR, end), width, lane)
    return rows


def _arrange(rows: list[tuple[int, str, int]], start: int, end: int, grid: tuple[int, int, int], lane: str) -> Density:
    origin, width, count = grid
    first = origin // width
    lanes: dict[str, list[int]] = {}
    for bucket, name, n in rows:
        shown = SEVERITIES.get(int(name), name) if lane == "severity" else name
        lanes.setdefault(shown, [0] * count)[bucket - first] += n
    ordered = sorted(lanes.items(), key=lambda item: (-sum(item[1]), item[0]))
    rest = [counts for _, counts in ordered[MAX_LANES:]]
    other = [sum(column) for column in zip(*rest, strict=True)]
    return Density(start, end, origin, width, count, dict(ordered[:MAX_LANES]), other)

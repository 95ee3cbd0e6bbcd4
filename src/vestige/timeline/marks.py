"""Marks: single events as little as a drawing needs of them, where there are few enough to be seen one by one.

An event with several values in the lane's field (tags, either address) is a mark in each of their lanes, as it counts
in each in the density.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.model.errors import UsageError
from vestige.query import FieldType
from vestige.timeline.density import lane_field
from vestige.timeline.render import SEVERITIES

if TYPE_CHECKING:
    from vestige.query import Filter
    from vestige.timeline.place_store import Span
    from vestige.timeline.store import Store

MAX_MARKS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One event in one lane."""

    id: str
    at: int
    """When it occurred, nanoseconds."""
    lane: str
    """As the density names it; empty for an event without a value there, or if no field was named."""
    severity: str
    type: str
    actor: str
    """Who acted, by name if one is stated."""


def read_marks(store: Store, found: Filter, span: Span, lane: str, limit: int) -> tuple[list[Mark], bool]:
    """The first marks of a span, oldest first, and whether there are more.

    Args:
        store: where to read.
        found: the filter.
        span: of time; undated events lie in none.
        lane: a field of the query language, or empty for one lane of all.
        limit: how many at most.

    Raises:
        UsageError: no such lane, or a limit out of bounds.
    """
    by = lane_field(lane) if lane else None
    if not 1 <= limit <= MAX_MARKS:
        raise UsageError("the limit is out of bounds", expected=f"1 to {MAX_MARKS}", got=str(limit), field="limit")
    rows = [] if found.empty else store.marks(found, span, by, limit + 1)
    steps = by is not None and by.type is FieldType.SEVERITY
    marks = [
        Mark(
            row.id,
            row.at,
            SEVERITIES.get(int(row.lane), row.lane) if steps else row.lane,
            SEVERITIES.get(row.severity, str(row.severity)),
            row.type,
            row.actor,
        )
        for row in rows[:limit]
    ]
    return marks, len(rows) > limit

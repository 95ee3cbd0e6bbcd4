"""Coverage: for which stretches of time there is evidence of a source at all, so that silence is not taken for quiet.

What one acquisition brought (a file, a stream) covers the time from its first event to its last: in between, the source
would have spoken. Acquisitions less than ``join`` apart are one band, since logs are rotated in mid-flow. Outside
the bands nothing was taken in, and no event there means nothing. Undated events cover nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import UsageError
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.query import Filter
    from vestige.timeline.place_store import Span
    from vestige.timeline.store import Store

JOIN: Final = 300 * NANOS
MAX_JOIN: Final = 366 * 86_400 * NANOS
SHOWN: Final = 20
"""Acquisitions of a band that are named; their number is always told."""


class Stretch(NamedTuple):
    """What one acquisition brought of a source: nanoseconds, both ends included."""

    source: str
    acquisition: str
    first: int
    last: int
    events: int


@dataclass(slots=True)
class Band:
    """A stretch of time that is covered: nanoseconds, both ends included."""

    first: int
    last: int
    events: int = 0
    acquisitions: list[str] = field(default_factory=list)


def read_coverage(store: Store, found: Filter, span: Span, join: int) -> dict[str, list[Band]]:
    """The bands of every source in order of time.

    Args:
        store: where to read.
        found: the filter; the plain scope, or what is narrowed to a source.
        span: only events within it count.
        join: nanoseconds two acquisitions may lie apart and still be one band.

    Raises:
        UsageError: ``join`` is out of bounds.
    """
    if not 0 <= join <= MAX_JOIN:
        raise UsageError(
            "join is out of bounds", expected=f"0 to {MAX_JOIN // NANOS} seconds", got=str(join / NANOS), field="join"
        )
    return bands([] if found.empty else store.stretches(found, span), join)


def bands(stretches: Iterable[Stretch], join: int) -> dict[str, list[Band]]:
    """The bands that stretches make, by source."""
    made: dict[str, list[Band]] = {}
    for one in sorted(stretches, key=lambda stretch: (stretch.source, stretch.first, stretch.last)):
        known = made.setdefault(one.source, [])
        if not known or one.first - known[-1].last > join:
            known.append(Band(one.first, one.last))
        band = known[-1]
        band.last = max(band.last, one.last)
        band.events += one.events
        band.acquisitions.append(one.acquisition)
    return made

"""What surrounds an event, whatever filter led to it: the events just before and just after it in time.

An undated event is surrounded by the undated events of the entries around it: nothing else is known of its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import NotFoundError, UsageError
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, UNDATED
from vestige.timeline.place_store import Span

if TYPE_CHECKING:
    from vestige.query import Filter
    from vestige.timeline.cursors import Place
    from vestige.timeline.store import Store

MAX_AROUND: Final = 500


@dataclass(frozen=True, slots=True)
class Context:
    """An event with its surroundings, in order of time."""

    before: list[dict[str, Any]]
    event: dict[str, Any]
    after: list[dict[str, Any]]


def place_of(store: Store, seq: int, sub: int) -> Place:
    """Where an event stands.

    Raises:
        NotFoundError: the entry has no such event in the index.
    """
    for place in store.places_of([seq]):
        if place.sub == sub:
            return place
    raise NotFoundError(
        "the entry has no such event", got=f"seq {seq}, event {sub}", hint="it may not be in the index yet"
    )


def read_context(store: Store, found: Filter, seq: int, sub: int, *, count: int, within: int | None) -> Context:
    """Read an event and up to ``count`` events on either side.

    Args:
        store: where to read.
        found: what may surround it.
        seq: the entry.
        sub: which of the entry's events.
        count: how many on either side.
        within: nanoseconds on either side, for a dated event; ``None`` is without bound.

    Raises:
        NotFoundError: there is no such event.
        UsageError: ``count`` is out of bounds.
    """
    if not 0 <= count <= MAX_AROUND:
        raise UsageError("too much context", expected=f"0 to {MAX_AROUND} events", got=str(count), field="context")
    place = place_of(store, seq, sub)
    undated = place.occurred_at == UNDATED
    span = Span(None, None)
    if within is not None and not undated:
        end = place.occurred_at + within + 1
        span = Span(max(place.occurred_at - within, MIN_INSTANT), end if end <= MAX_INSTANT else None)
    sides = []
    for descending in (True, False):
        places = (
            store.places(found, span, undated=undated, descending=descending, beyond=place, limit=count)
            if count
            else []
        )
        sides.append(places)
    before, after = sides[0][::-1], sides[1]
    rows = {(row.seq, row.sub): store.render(row) for row in store.rows([*before, place, *after])}
    return Context(
        [rows[at.seq, at.sub] for at in before],
        rows[seq, sub],
        [rows[at.seq, at.sub] for at in after],
    )

"""Pages of a list of events in order of time, onward and back, by the place of an event and not by counting rows.

So events that arrive while someone reads shift nothing, and the thousandth page costs what the first does. Events of
one instant stand in order of their entry, then of their place in it. Undated events have no place among
dated ones: they are a list of their own, in order of entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.errors import UsageError
from vestige.model.instant import UNDATED
from vestige.timeline.cursors import Cursor, decode, encode, list_digest
from vestige.timeline.place_store import Span, place_of_row

if TYPE_CHECKING:
    from vestige.query import Filter
    from vestige.timeline.cursors import Place
    from vestige.timeline.store import Store

MAX_LIMIT: Final = 5000


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list, and in which order."""

    start: int | None = None
    """Nanoseconds; included."""
    end: int | None = None
    """Nanoseconds; not included."""
    descending: bool = True
    undated: bool = False
    """The undated lane instead; ``start`` and ``end`` do not apply to it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in the order asked for, and how to go on from either end."""

    events: list[dict[str, Any]]
    next_cursor: str | None
    """What follows the last event; ``None`` at the end of the list."""
    previous_cursor: str | None
    """What stands before the first event, also what arrives there later; ``None`` on an empty page."""


class Around(NamedTuple):
    """A page of a list that was opened at an event."""

    page: Page
    before: int
    """How many of its events stand before the event, or before where the query leaves it out."""
    unlisted: str
    """Why the event is not in the list; empty if it is. ``query`` leaves it out, or it is ``outside`` of the window, or
    of the other lane: ``undated``, ``dated``. In all but the first the page is the first of the list."""


def read_page(store: Store, found: Filter, query: str, window: Window, limit: int, cursor: str | None) -> Page:
    """Read one page.

    Raises:
        UsageError: the limit is out of bounds, or the cursor is none of this list's.
        IndexStoreError: the index failed.
    """
    digest = _bound(found, query, window, limit)
    at = decode(cursor, digest) if cursor is not None else None
    if found.empty:
        return Page([], None, None)
    back = at is not None and at.back
    rows = store.first(
        found,
        Span(window.start, window.end),
        undated=window.undated,
        descending=window.descending != back,
        beyond=at.place if at is not None else None,
        limit=limit + 1,
    )
    more = len(rows) > limit
    rows = rows[:limit]
    if not rows:
        return Page([], None, None)
    if back:
        rows.reverse()
    return Page(
        [store.render(row) for row in rows],
        encode(Cursor(place_of_row(rows[-1]), back=False), digest) if more or back else None,
        encode(Cursor(place_of_row(rows[0]), back=True), digest),
    )


def read_around(store: Store, found: Filter, query: str, window: Window, limit: int, place: Place) -> Around:
    """Read the page that has an event in its middle, or the place where a query leaves it out.

    Raises:
        UsageError: the limit is out of bounds.
        IndexStoreError: the index failed.
    """
    digest = _bound(found, query, window, limit)
    undated = place.occurred_at == UNDATED
    if undated != window.undated:
        return Around(read_page(store, found, query, window, limit, None), 0, "undated" if undated else "dated")
    if not undated and not (
        (window.start is None or place.occurred_at >= window.start)
        and (window.end is None or place.occurred_at < window.end)
    ):
        return Around(read_page(store, found, query, window, limit, None), 0, "outside")
    if found.empty:
        return Around(Page([], None, None), 0, "query")
    span = Span(window.start, window.end)
    half = limit // 2
    # One at least: the event, if it is listed, is the first behind the last that stands before it.
    before = store.first(
        found, span, undated=undated, descending=not window.descending, beyond=place, limit=half + 1
    )  # fmt: skip
    head = before[:half][::-1]
    rest = limit - len(head)
    tail = store.first(
        found, span, undated=undated, descending=window.descending,
        beyond=place_of_row(before[0]) if before else None, limit=rest + 1,
    )  # fmt: skip
    rows = [*head, *tail[:rest]]
    missing = "" if any(place_of_row(row) == place for row in rows) else "query"
    page = Page([], None, None)
    if rows:
        page = Page(
            [store.render(row) for row in rows],
            encode(Cursor(place_of_row(rows[-1]), back=False), digest) if len(tail) > rest else None,
            encode(Cursor(place_of_row(rows[0]), back=True), digest),
        )
    return Around(page, len(head), missing)


def _bound(found: Filter, query: str, window: Window, limit: int) -> bytes:
    """What the cursors of a list are bound to, once the limit is one."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError("the limit is out of bounds", expected=f"1 to {MAX_LIMIT}", got=str(limit), field="limit")
    return list_digest(found.scope.log, query, window.start, window.end, window.descending, window.undated)

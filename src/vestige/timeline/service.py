"""The timeline of one log: what a request handler and the command line ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.model.errors import ForbiddenError, NotFoundError
from vestige.model.instant import UNDATED
from vestige.query import InLedger, Reader, Scope, parse, walk
from vestige.timeline.context import Context, place_of, read_context
from vestige.timeline.coverage import JOIN, Band, read_coverage
from vestige.timeline.cursors import Place
from vestige.timeline.density import Density, read_density
from vestige.timeline.exports import SHAPES, known_shape
from vestige.timeline.facets import DEFAULT_FACETS, Facet, facet_field, read_facets
from vestige.timeline.marks import Mark, read_marks
from vestige.timeline.pages import Around, Page, Window, read_around, read_page
from vestige.timeline.place_store import Span, itself
from vestige.timeline.replay import Pace, Player
from vestige.timeline.skew import Skew, read_skew
from vestige.timeline.sources import SourceCounts, read_counts
from vestige.timeline.stacks import BY, GAP, Stacks, read_stacks
from vestige.timeline.store import Count, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.query import Filter, Index
    from vestige.timeline.place_store import Numbering

DEFAULT_LIMIT = 100
DEFAULT_BUCKETS = 300
EXPORT_BATCH = 5000


class Timeline:
    """Reads one log's events; no method can see another's. Safe to share between threads.

    ``query`` is the filter language everywhere (:mod:`vestige.query.language`) and may be empty. Every method raises
    :class:`~vestige.model.errors.QueryError` for a query that is none, and
    :class:`~vestige.model.errors.IndexStoreError` when the index fails. Entries are given by their seq in the index,
    and shown as ``numbering`` has it. With ``own``, every list and count is of that actor's agents alone, and what is
    asked for by its entry must be :meth:`shows`; without ``audit``, nothing of the audit trail is. ``case`` is as
    :class:`vestige.query.Reader` takes it.
    """

    def __init__(
        self,
        index: Index,
        log: int,
        numbering: Numbering = itself,
        own: str = "",
        case: Callable[[str], str] | None = None,
        *,
        audit: bool = True,
    ) -> None:
        self._reader = Reader(index, case)
        self._scope = Scope(log, own, audit=audit)
        self._store = Store(self._reader, log, numbering)
        self._log = log

    def sources(self) -> dict[str, SourceCounts]:
        """What there is of every source, by name."""
        return read_counts(self._reader, self._log)

    def skew(self) -> tuple[list[Skew], dict[Place, str]]:
        """How far the clocks of sources stand apart, and the ids of the events that show it."""
        found = read_skew(self._reader, self._log)
        places = {place for one in found for pair in one.examples for place in pair}
        rows = self._store.rows(sorted(places))
        return found, {
            Place(row.event.occurred_at or 0, row.seq, row.sub): f"{row.id}.{row.sub}" if row.sub else row.id
            for row in rows
        }

    def page(
        self, query: str = "", window: Window | None = None, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page:
        """A page of the events that match, in order of time.

        Raises:
            UsageError: the limit is out of bounds, or the cursor is none of this list's.
        """
        found = self._reader.filter(query, self._scope)
        return read_page(self._store, found, query, window or Window(), limit, cursor)

    def around(
        self, seq: int, sub: int, query: str = "", window: Window | None = None, *, limit: int = DEFAULT_LIMIT
    ) -> Around:
        """The page of a list that has an event in its middle; or why the event is not listed.

        Raises:
            NotFoundError: the entry has no such event in the index.
            UsageError: the limit is out of bounds.
        """
        found = self._reader.filter(query, self._scope)
        return read_around(self._store, found, query, window or Window(), limit, place_of(self._store, seq, sub))

    def check(self, query: str) -> None:
        """Refuse a query by which something is to be chosen later, without a look at what it finds now.

        Raises:
            ForbiddenError: it speaks of own acts, and these are not shown to who asks.
        """
        if not self._scope.audit and any(isinstance(part, InLedger) for part in walk(parse(query))):
            raise ForbiddenError(
                "what is of the audit trail may not be chosen", expected="a query without in:ledger, or audit.read",
                got=query[:80],
            )  # fmt: skip
        self._reader.filter(query, self._scope)

    def count(self, query: str = "", start: int | None = None, end: int | None = None) -> Count:
        """How many events match, exactly: dated ones from ``start`` up to ``end``, and undated ones."""
        return self._store.count(self._reader.filter(query, self._scope), Span(start, end))

    def density(
        self,
        query: str = "",
        start: int | None = None,
        end: int | None = None,
        *,
        buckets: int = DEFAULT_BUCKETS,
        lane: str = "",
    ) -> Density:
        """Counts per bucket of time and lane.

        Raises:
            UsageError: no such lane, or the number of buckets is out of bounds.
        """
        found = self._reader.filter(query, self._scope)
        return read_density(self._store, found, Span(start, end), buckets, lane)

    def marks(
        self, query: str = "", start: int | None = None, end: int | None = None, *, lane: str = "", limit: int = 1000
    ) -> tuple[list[Mark], bool]:
        """Single events by lane, oldest first, and whether there are more.

        Raises:
            UsageError: no such lane, or a limit out of bounds.
        """
        return read_marks(self._store, self._reader.filter(query, self._scope), Span(start, end), lane, limit)

    def facets(
        self,
        fields: Sequence[str] = DEFAULT_FACETS,
        query: str = "",
        start: int | None = None,
        end: int | None = None,
        *,
        limit: int = 10,
    ) -> list[Facet]:
        """The commonest values of some fields among the events that match, each with how many events have it.

        Raises:
            UsageError: there is no such field, or too much is asked for.
        """
        chosen = [facet_field(name) for name in fields]
        found = self._reader.filter(query, self._scope)
        return read_facets(self._store, found, Span(start, end), chosen, limit)

    def export(self, shape: str, query: str = "", start: int | None = None, end: int | None = None) -> Iterator[bytes]:
        """All events that match, oldest first, in the shape of another tool; undated ones follow unless bounds are set.

        The query is compiled, and an unknown shape refused, before the first bytes are asked for.

        Raises:
            UsageError: there is no such shape.
        """
        known_shape(shape)
        found = self._reader.filter(query, self._scope)
        windows = [Window(start, end, descending=False)]
        if start is None and end is None:
            windows.append(Window(descending=False, undated=True))
        return SHAPES[shape].write(self._batches(found, query, windows))

    def _batches(self, found: Filter, query: str, windows: Sequence[Window]) -> Iterator[list[dict[str, Any]]]:
        for window in windows:
            cursor = None
            while True:
                page = read_page(self._store, found, query, window, EXPORT_BATCH, cursor)
                yield page.events
                cursor = page.next_cursor
                if cursor is None:
                    break

    def event(self, seq: int, sub: int = 0) -> dict[str, Any]:
        """One event, whatever its category or status.

        Raises:
            NotFoundError: the entry has no such event in the index.
        """
        rows = self._store.rows([place_of(self._store, seq, sub)])
        if not rows:
            raise NotFoundError("the entry has no such event", got=f"seq {seq}, event {sub}")
        return self._store.render(rows[0])

    def shows(self, seq: int) -> bool:
        """Whether the scope shows every event of an entry; an entry whose bytes hold another's is not shown."""
        found = self._store.count(self._reader.filter(f"in:ledger seq:{seq}", self._scope), Span(None, None))
        return 0 < found.dated + found.undated == len(self._store.places_of([seq]))

    def place(self, seq: int, sub: int = 0) -> Place:
        """Where an event stands in time.

        Raises:
            NotFoundError: the entry has no such event in the index.
        """
        return place_of(self._store, seq, sub)

    def at(self, places: Sequence[Place], packed: Mapping[Place, str] | None = None) -> dict[Place, dict[str, Any]]:
        """The events at some places, in their order; those that are there. ``packed``: their short fields, if known."""
        rows = self._store.rows(places, packed)
        return {
            Place(UNDATED if row.event.occurred_at is None else row.event.occurred_at, row.seq, row.sub): (
                self._store.render(row)
            )
            for row in rows
        }

    def of_entries(self, positions: Sequence[int]) -> dict[tuple[int, int], dict[str, Any]]:
        """All events of some entries, by position and which of the entry's events it is; those that are there."""
        found = self.at(self._store.places_of(positions))
        return {(place.seq, place.sub): event for place, event in found.items()}

    def stacks(
        self,
        query: str = "",
        window: Window | None = None,
        *,
        by: Sequence[str] = BY,
        gap: int = GAP,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Stacks:
        """Dated events that match, those alike that follow one another within ``gap`` nanoseconds as one.

        Raises:
            UsageError: a bound is broken, a field is none, or there are too many events.
        """
        found = self._reader.filter(query, self._scope)
        return read_stacks(self._store, found, query, window or Window(), by, gap, limit, cursor)

    def coverage(
        self, query: str = "", start: int | None = None, end: int | None = None, *, join: int = JOIN
    ) -> dict[str, list[Band]]:
        """For which stretches of time there is evidence of each source.

        Raises:
            UsageError: ``join`` is out of bounds.
        """
        return read_coverage(self._store, self._reader.filter(query, self._scope), Span(start, end), join)

    def replay(self, query: str, window: Window, pace: Pace, after: Place | None = None) -> Player:
        """The dated events that match, to be told again one by one, oldest first; from behind ``after`` if given."""
        return Player(self._store, self._reader.filter(query, self._scope), window, pace, after)

    def arrived(self, query: str, lo: int, hi: int, most: int) -> tuple[list[dict[str, Any]], int]:
        """The last ``most`` events that match of entries from ``lo`` up to ``hi``, in the order they came.

        Dated or not. Besides, how many more match.
        """
        places = self._store.arrived(self._reader.filter(query, self._scope), lo, hi)
        shown = places[-most:]
        return [self._store.render(row) for row in self._store.rows(shown)], len(places) - len(shown)

    def ids(self, places: Sequence[Place]) -> dict[Place, str]:
        """The ids of the events at some places; those that are there."""
        return self._store.ids(places)

    def context(
        self, seq: int, sub: int = 0, *, count: int = 10, within: int | None = None, query: str = ""
    ) -> Context:
        """An event and what surrounds it: everything, or what a query finds.

        Args:
            seq: the entry.
            sub: which of its events.
            count: how many events on either side at most.
            within: nanoseconds on either side; ``None`` is without bound.
            query: what surrounds it must match, though the event itself need not.

        Raises:
            NotFoundError: there is no such event.
            UsageError: ``count`` is out of bounds.
        """
        found = self._reader.filter(query, self._scope)
        return read_context(self._store, found, seq, sub, count=count, within=within)

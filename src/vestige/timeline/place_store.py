"""The SQL of pages: the places of a list's first events from narrow columns, then the rows at those places.

Conditions come compiled for a scope (:class:`vestige.query.Filter`); values are bound, never written into a statement.
A place is compared as ``t <= a AND (t < a OR …)`` rather than as a tuple, because the engine prunes by the
first and not by the second.

Where every match must have one of a few keys, the moments of those keys, which lie in order in a table of their own,
are taken a few at a time from the end the list begins at, until there are matches enough. So a page of a key's events
costs the same whether a hundred events have it or millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from vestige.index.placed import TABLE as PLACED
from vestige.model.instant import UNDATED
from vestige.query import BESIDE, EVENT_COLUMNS, EventRow, event_row, scattered
from vestige.timeline.cursors import Place
from vestige.timeline.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vestige.query import Filter, Reader, Way

_SCATTERED: Final = 1000
"""Up to this many rows it is quicker to read no more than they need."""
_KEYS: Final = 16
"""Up to this many keys of a list are read each in its own order."""
_GROWS: Final = 8
"""How many times as many moments are taken at the next step, when those of one did not give matches enough."""
_MOMENTS: Final = 20_000
"""Moments after which a list is looked for in the events themselves: most of what has the key does not match."""

Numbering: TypeAlias = "Callable[[int], Mapping[str, Any]]"


def itself(seq: int) -> Mapping[str, int]:
    """The numbering of a log that is all the index knows of its tenant."""
    return {"seq": seq}


class Span(NamedTuple):
    """From ``start`` up to, not including, ``end``; ``None`` is without bound. Only dated events lie in a span."""

    start: int | None
    end: int | None


class Places:
    """Reads where events of one log stand, and their rows.

    ``numbering`` tells how an entry is numbered to people, by its seq in the index, and what else is shown beside it.
    """

    def __init__(self, reader: Reader, log: int, numbering: Numbering = itself) -> None:
        self._reader = reader
        self._log = log
        self._numbering = numbering
        self._events = f"{reader.database}.events"
        self._keys = f"{reader.database}.event_keys"
        self._placed = f"{reader.database}.{PLACED}"

    def places(
        self, found: Filter, span: Span, *, undated: bool, descending: bool, beyond: Place | None, limit: int
    ) -> list[Place]:
        """The first ``limit`` places of a list, or of what lies beyond a place."""
        wanted = _Wanted(span, undated, descending, beyond, limit)
        places: set[Place] = set()
        for way in found.ways:
            if way.exact:
                places.update(self._listed(way, wanted))
            elif way.lead and len(way.lead) <= _KEYS and not undated:
                rows, left = self._led(way, found.params, wanted, _PLACE)
                places.update(Place(*row) for row in rows)
                places.update(self._search(way.rest, found.params, left) if left is not None else ())
            elif way.placed:
                places.update(self._of_set(way, found.params, wanted))
            else:
                places.update(self._search(way.where, found.params, wanted))
        return sorted(places, reverse=descending)[:limit]

    def first(
        self, found: Filter, span: Span, *, undated: bool, descending: bool, beyond: Place | None, limit: int
    ) -> list[EventRow]:
        """The same as rows. Where keys lead to them, they are read as they are found."""
        way = found.ways[0] if len(found.ways) == 1 else None
        if way is not None and way.lead and len(way.lead) <= _KEYS and not way.exact and not undated:
            raw, left = self._led(
                way, found.params, _Wanted(span, undated, descending, beyond, limit), ", ".join(EVENT_COLUMNS)
            )
            rest = self._search(way.rest, found.params, left) if left is not None else []
            return [*(event_row(values) for values in raw), *self.rows(rest)]
        return self.rows(self.places(found, span, undated=undated, descending=descending, beyond=beyond, limit=limit))

    def _search(self, where: str, params: Mapping[str, Any], wanted: _Wanted) -> list[Place]:
        """The first places among events for which a condition holds."""
        tail, own = wanted.tail()
        rows = self._reader.query(
            f"SELECT occurred_at, seq, sub FROM {self._events} WHERE {where}{tail} {wanted.order}",  # noqa: S608 - scoped
            own | dict(params),
        ).rows
        return [Place(*row) for row in rows]

    def _listed(self, way: Way, wanted: _Wanted) -> list[Place]:
        """The first places of a key, as they are listed under it."""
        tail, params = wanted.tail()
        key = way.lead[0]
        rows = self._reader.query(
            f"SELECT occurred_at, seq, sub FROM {self._keys} WHERE log = {{log:UInt32}} "  # noqa: S608 - our own names
            f"AND kind = {{kind:String}} AND value = {{value:String}}{tail} {wanted.order}",
            params | {"log": self._log, "kind": key.kind, "value": key.value},
            _ONE_THREAD,
        ).rows
        return [Place(*row) for row in rows]

    def _of_set(self, way: Way, params: Mapping[str, Any], wanted: _Wanted) -> list[Place]:
        """The first places of a set that lies in order of time, a few at a time until there are matches enough."""
        places: list[Place] = []
        most, looked, left = wanted.limit + wanted.limit // 4, 0, wanted
        while looked < _MOMENTS:
            tail, own = left.tail()
            listed = self._reader.query(
                f"SELECT {_PLACE} FROM {self._placed} WHERE log = {{log:UInt32}} AND name = {{placed:String}}"  # noqa: S608 - our own names
                f"{tail} {left._replace(limit=most).order}",
                own | {"log": self._log, "placed": way.placed},
                _ONE_THREAD,
            ).rows
            some = [Place(*row) for row in listed]
            places += self._true(way.beside, params, some)
            if len(places) >= wanted.limit or len(some) < most:
                return sorted(places, reverse=wanted.descending)[: wanted.limit]
            looked += most
            most *= _GROWS
            left = wanted._replace(beyond=some[-1], limit=wanted.limit - len(places))
        return places + self._search(way.where, params, left)

    def _true(self, where: str, params: Mapping[str, Any], places: Sequence[Place]) -> list[Place]:
        """Those of some places where an event meets a condition."""
        if not places:
            return []
        rows = self._reader.query(
            f"SELECT {_PLACE} FROM {self._events} WHERE {where} "  # noqa: S608 - scoped
            "AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)}",
            dict(params)
            | {
                "times": sorted({place.occurred_at for place in places}),
                "seqs": sorted({place.seq for place in places}),
            },
            scattered(len(places), where) if len(places) <= _SCATTERED else None,
        ).rows
        wanted = set(places)
        return [place for row in rows if (place := Place(*row)) in wanted]

    def _led(
        self, way: Way, params: Mapping[str, Any], wanted: _Wanted, columns: str
    ) -> tuple[list[Sequence[Any]], _Wanted | None]:
        """Columns of the first events at the moments of a few keys; and what is still wanted, if it was given up."""
        rows: list[Sequence[Any]] = []
        most, looked, left = wanted.limit + wanted.limit // 4, 0, wanted
        while looked < _MOMENTS:
            moments = self._moments(way, left, most)
            rows += self._at(way, params, left, moments, columns)
            if len(rows) >= wanted.limit or len(moments) < most:
                return rows, None
            # All matches up to the last moment are found: what is of that moment was asked for by the moment itself.
            looked += most
            most *= _GROWS
            left = wanted.after(moments[-1], len(rows))
        return rows, left

    def _moments(self, way: Way, wanted: _Wanted, most: int) -> list[int]:
        """The first moments at which events have one of the keys, each as often as it is listed."""
        tail, params = wanted.tail()
        parts = []
        for number, key in enumerate(way.lead):
            parts.append(
                f"SELECT occurred_at FROM {self._keys} WHERE log = {{log:UInt32}} AND kind = {{k{number}:String}} "  # noqa: S608 - our own names
                f"AND value = {{v{number}:String}}{tail} ORDER BY occurred_at {wanted.direction}, "
                f"seq {wanted.direction}, sub {wanted.direction} LIMIT {int(most)}"
            )
            params |= {f"k{number}": key.kind, f"v{number}": key.value}
        several = " UNION ALL ".join(f"({part})" for part in parts)
        rows = self._reader.query(
            parts[0]
            if len(parts) == 1
            else f"SELECT occurred_at FROM ({several}) ORDER BY occurred_at {wanted.direction} LIMIT {int(most)}",  # noqa: S608 - made above
            params | {"log": self._log},
            _ONE_THREAD,
        ).rows
        return [at for (at,) in rows]

    def _at(
        self, way: Way, params: Mapping[str, Any], wanted: _Wanted, moments: Sequence[int], columns: str
    ) -> Sequence[Sequence[Any]]:
        if not moments:
            return []
        tail, own = wanted.tail()
        where = way.rest
        if way.placed:
            # Of the set only what lies at these moments is read, not all of it.
            where = (
                f"{way.beside} AND ({_PLACE}) IN (SELECT {_PLACE} FROM {self._placed} WHERE log = {{log:UInt32}} "  # noqa: S608 - our own names
                "AND name = {placed:String} AND occurred_at IN {moments:Array(Int64)})"
            )
            own |= {"placed": way.placed}
        return self._reader.query(
            f"SELECT {columns} FROM {self._events} WHERE {where}{tail} "  # noqa: S608 - scoped
            f"AND occurred_at IN {{moments:Array(Int64)}} {wanted.order}",
            own | {"moments": sorted(set(moments))} | dict(params),
            {"optimize_read_in_order": 0} | (scattered(len(moments), where) if len(moments) <= _SCATTERED else {}),
        ).rows

    def rows(self, places: Sequence[Place], packed: Mapping[Place, str] | None = None) -> list[EventRow]:
        """The events at the places, in the places' order.

        Args:
            places: Any number.
            packed: Their short fields, where all of them have been read already.
        """
        found = {}
        if packed is None:
            read = self._columns(places, ", ".join(EVENT_COLUMNS))
        else:
            beside = ((values, packed.get(Place(*values[:3]))) for values in self._columns(places, ", ".join(BESIDE)))
            read = [(*values, short) for values, short in beside if short is not None]
        for values in read:
            row = event_row(values)
            found[place_of_row(row)] = row
        # Two lists of values also match a time of one event with the seq of another: only true places are taken.
        return [found[place] for place in places if place in found]

    def ids(self, places: Sequence[Place]) -> dict[Place, str]:
        """The events' ids, by place, without their rows."""
        wanted = set(places)
        rows = self._columns(places, "occurred_at, seq, sub, toString(id)")
        found = {Place(at, seq, sub): f"{name}.{sub}" if sub else name for at, seq, sub, name in rows}
        return {place: name for place, name in found.items() if place in wanted}

    def _columns(self, places: Sequence[Place], columns: str) -> Sequence[Sequence[Any]]:
        if not places:
            return []
        return self._reader.query(
            f"SELECT {columns} FROM {self._events} WHERE log = {{log:UInt32}} "  # noqa: S608 - our names
            "AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)} "
            # In order, they come in one block; as they are found, in one for each few.
            "ORDER BY occurred_at, seq, sub SETTINGS optimize_read_in_order = 0",
            {
                "log": self._log,
                "times": sorted({place.occurred_at for place in places}),
                "seqs": sorted({place.seq for place in places}),
            },
            scattered(len(places), "") if len(places) <= _SCATTERED else None,
        ).rows

    def render(self, row: EventRow) -> dict[str, Any]:
        """The public JSON object of one event."""
        return render(row, self._numbering(row.seq))

    def arrived(self, found: Filter, lo: int, hi: int) -> list[Place]:
        """The places of the events that match of entries from ``lo`` up to ``hi``, in the order they came."""
        if found.empty or lo >= hi:
            return []
        rows = self._reader.query(
            f"SELECT DISTINCT {_PLACE} FROM {self._reader.database}.places "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND seq >= {lo:UInt64} AND seq < {hi:UInt64}",
            {"log": self._log, "lo": lo, "hi": hi},
        ).rows
        true = self._true(found.where, found.params, [Place(*row) for row in rows])
        return sorted(true, key=lambda place: (place.seq, place.sub))

    def places_of(self, seqs: Iterable[int]) -> list[Place]:
        """The places of all events of some entries, in order of (seq, sub)."""
        wanted = sorted(set(seqs))
        if not wanted:
            return []
        rows = self._reader.query(
            f"SELECT DISTINCT occurred_at, seq, sub FROM {self._reader.database}.places "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND seq IN {seqs:Array(UInt64)} ORDER BY seq, sub",
            {"log": self._log, "seqs": wanted},
        ).rows
        return [Place(*row) for row in rows]


class _Wanted(NamedTuple):
    """Which places of a list: a part of it, in an order, beyond one of its places, and how many."""

    span: Span
    undated: bool
    descending: bool
    beyond: Place | None
    limit: int

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"

    @property
    def order(self) -> str:
        way = self.direction
        return f"ORDER BY occurred_at {way}, seq {way}, sub {way} LIMIT {int(self.limit)}"

    def after(self, moment: int, found: int) -> _Wanted:
        """What is still wanted beyond a moment, once so many are found up to it."""
        most = 2**64 - 1, 2**16 - 1
        beyond = Place(moment, 0, 0) if self.descending else Place(moment, *most)
        return self._replace(beyond=beyond, limit=self.limit - found)

    def tail(self) -> tuple[str, dict[str, Any]]:
        """The condition to add to others, and its values."""
        where, params = within(self.span, undated=self.undated)
        if self.beyond is not None:
            sign = "<" if self.descending else ">"
            where += (
                f" AND occurred_at {sign}= {{at:Int64}} AND (occurred_at {sign} {{at:Int64}} "
                f"OR seq {sign} {{seq:UInt64}} OR (seq = {{seq:UInt64}} AND sub {sign} {{sub:UInt16}}))"
            )
            params |= {"at": self.beyond.occurred_at, "seq": self.beyond.seq, "sub": self.beyond.sub}
        return where, params


_ONE_THREAD: Final = {"max_threads": 1}
_PLACE: Final = "occurred_at, seq, sub"


def place_of_row(row: EventRow) -> Place:
    """Where an event that was read stands."""
    return Place(UNDATED if row.event.occurred_at is None else row.event.occurred_at, row.seq, row.sub)


def within(span: Span, *, undated: bool) -> tuple[str, dict[str, Any]]:
    """The condition of a lane and, of the dated one, of a part of it; with its values."""
    params: dict[str, Any] = {}
    if undated:
        return f" AND occurred_at = {UNDATED}", params
    where = f" AND occurred_at > {UNDATED}"
    if span.start is not None:
        where += " AND occurred_at >= {start:Int64}"
        params["start"] = span.start
    if span.end is not None:
        where += " AND occurred_at < {end:Int64}"
        params["end"] = span.end
    return where, params

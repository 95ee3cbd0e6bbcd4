"""The SQL of sequences: which groups can hold a match at all, and the events of their steps.

Everything is of one log: each step's condition is compiled for it. Values are bound, never written into a statement;
what is written are our own columns and numbers. The engine's own funnel functions are not used: they let one event
count several times (index.md, traps).

Time is cut into cells of the width ``within``, so a match lies in a cell and the next. Such a pair is a candidate for
a group if every step has as many events there as it needs, ``distinct`` as many values, and ``differs`` more than one.
Only events of candidates are read: what lies within ``within`` of both ends of a match, and so all that could forbid
it, is in them too. This leaves out no match; what it lets through the matcher decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate.patterns import Bond
from vestige.correlate.search import StepEvent
from vestige.correlate.store import Spot
from vestige.model.instant import UNDATED
from vestige.query import FLAT, FOLDED, KIND_NUMBER, MAX_VALUE, FieldType, Scope, scattered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vestige.correlate.patterns import Aspect, Pattern
    from vestige.query import Filter, Reader

MOST_GROUPS: Final = 10_000
"""Groups of one pattern that are looked through in one scan."""
MOST_PAIRS: Final = 50_000
"""Pairs of a group and a time that are looked through, over all groups."""
MOST_EVENTS: Final = 10_000
"""Events of one group that are looked at: the earliest."""
AT_ONCE: Final = 200
"""Groups whose events are read in one statement."""

IDS_AT_ONCE: Final = 5_000
"""Events whose ids are read in one statement."""

Group = tuple[str, ...]
_CELL: Final = "intDiv(toInt128(occurred_at) - {start:Int64}, {within:Int64})"
_PART: Final = "\x1f"
"""Between the parts of what names a group and a cell."""
_PLACE: Final = re.compile(r"\{(p\d+):")


def occurred(reader: Reader, log: int, seqs: Iterable[int]) -> dict[tuple[int, int], int]:
    """When (ns) the dated events of some entries happened, by seq and place within the entry."""
    wanted = sorted(set(seqs))
    if not wanted:
        return {}
    rows = reader.query(
        f"SELECT seq, sub, occurred_at FROM {reader.database}.places WHERE log = {{log:UInt32}} "  # noqa: S608 - ours
        f"AND seq IN {{seqs:Array(UInt64)}} AND occurred_at != {UNDATED}",
        {"log": log, "seqs": wanted},
    ).rows
    return {(int(seq), int(sub)): int(at) for seq, sub, at in rows}


def event_ids(reader: Reader, log: int, spots: Iterable[Spot]) -> dict[Spot, str]:
    """The ids of the events at some places, of those that are there."""
    wanted = sorted(set(spots))
    found: dict[Spot, str] = {}
    for begin in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[begin : begin + IDS_AT_ONCE]
        rows = reader.query(
            f"SELECT occurred_at, seq, sub, toString(id) FROM {reader.database}.events WHERE log = {{log:UInt32}} "  # noqa: S608 - ours
            "AND occurred_at IN {times:Array(Int64)} AND seq IN {seqs:Array(UInt64)}",
            {"log": log, "times": sorted({one.occurred_at for one in some}), "seqs": sorted({one.seq for one in some})},
            scattered(len(some), ""),
        ).rows
        found |= {Spot(at, seq, sub): f"{name}.{sub}" if sub else name for at, seq, sub, name in rows}
    return {spot: found[spot] for spot in wanted if spot in found}


def arrived_times(reader: Reader, log: int, lo: int, hi: int) -> tuple[int, int] | None:
    """When (ns) the first and the last of the dated events of entries from ``lo`` up to ``hi`` happened.

    Our own acts do not count; ``None`` if there is nothing else.
    """
    plain = reader.filter("", Scope(log))
    ((count, first, last),) = reader.query(
        f"SELECT count(), min(occurred_at), max(occurred_at) FROM {reader.database}.events WHERE {plain.where} "  # noqa: S608 - scoped
        f"AND seq >= {{lo:UInt64}} AND seq < {{hi:UInt64}} AND occurred_at != {UNDATED}",
        {**plain.params, "lo": lo, "hi": hi},
    ).rows
    return (int(first), int(last)) if count else None


class Groups(NamedTuple):
    """The groups that may hold a match, each with the cells that are to be read, and whether there are more."""

    cells: dict[Group, set[int]]
    cut: bool


class SequenceStore:
    """Reads one log for one pattern. Steps are compiled once, when it is made.

    Raises:
        QueryError: a step's query does not parse.
    """

    def __init__(self, reader: Reader, log: int, pattern: Pattern) -> None:
        self._reader = reader
        self._log = log
        self._pattern = pattern
        self._events = f"{reader.database}.events"
        self._filters = [reader.filter(step.where, Scope(log)) for step in pattern.steps]
        self._params: dict[str, Any] = {"log": log, "within": pattern.within}
        self._selects = [self._select(place, one) for place, one in enumerate(self._filters) if not one.empty]
        self.hopeless = any(self._filters[place].empty for place in pattern.taken)
        """Whether some step finds nothing in all of the log."""

    def groups(self, start: int, end: int) -> Groups:
        """The groups with as many events in a span (ns, both ends included) as every step needs."""
        pattern = self._pattern
        enough = [f"countIf(step = {place}) >= {pattern.steps[place].needs}" for place in pattern.taken]
        for place, step in enumerate(pattern.steps):
            if step.distinct is not None:
                value = f"v{step.distinct.aspect}[1]"
                enough.append(f"uniqExactIf({value}, step = {place} AND {value} != '') >= {step.distinct.least}")
            for relation in () if step.absent else step.relations:
                if relation.bond is Bond.DIFFERS:
                    sides = f"step IN ({place}, {relation.step})"
                    enough.append(f"uniqExactArrayIf(v{relation.aspect}, {sides}) >= 2")
        names = ", ".join(self._names)
        rows = self._ask(
            f"SELECT {names}, arrayJoin([{_CELL} - 1, {_CELL}]) AS pair FROM ({self._union()}) "  # noqa: S608 - our names
            f"GROUP BY {names}, pair HAVING {' AND '.join(enough)} ORDER BY {names}, pair LIMIT {MOST_PAIRS + 1}",
            {"start": start, "end": end},
        )
        cells: dict[Group, set[int]] = {}
        before = 1 if pattern.reach else 0  # what an absent step with a gap looks at may lie a cell earlier
        for *group, pair in rows[:MOST_PAIRS]:
            cells.setdefault(tuple(group), set()).update(range(int(pair) - before, int(pair) + 2))
        kept = dict(list(cells.items())[:MOST_GROUPS])
        return Groups(kept, len(rows) > MOST_PAIRS or len(kept) < len(cells))

    def events(self, groups: Groups, start: int, end: int) -> Iterator[tuple[Group, list[StepEvent], bool]]:
        """The events of groups that match any step, in order; and whether a group has more of them.

        The span is that the groups were found in.
        """
        names = ", ".join(self._names)
        values = "".join(f", v{place}" for place in range(len(self._pattern.aspects)))
        parts = ", ".join(f"{name}, '{_PART}'" for name in self._names)
        where = f"concat({parts}, toString({_CELL}))"
        every = list(groups.cells)
        for begin in range(0, len(every), AT_ONCE):
            some = every[begin : begin + AT_ONCE]
            wanted = [_PART.join((*group, str(cell))) for group in some for cell in sorted(groups.cells[group])]
            rows = self._ask(
                f"SELECT {names}, occurred_at, seq, sub, step{values} FROM ({self._union()}) "  # noqa: S608 - our names
                f"WHERE {where} IN {{wanted:Array(String)}} "
                f"ORDER BY {names}, occurred_at, seq, sub, step LIMIT {MOST_EVENTS + 1} BY {names}",
                {"start": start, "end": end, "wanted": wanted},
            )
            found: dict[Group, list[Any]] = {}
            width = len(self._names)
            for row in rows:
                found.setdefault(tuple(row[:width]), []).append(row[width:])
            for group in some:
                own = found.get(group, [])
                beyond = len(own) > MOST_EVENTS
                # An event is read with all the steps it matches or not at all.
                yield group, _merged([row for row in own if not beyond or row[:3] < own[-1][:3]]), beyond

    def ends(self) -> tuple[int, int] | None:
        """When (ns) the first and the last dated event of the log happened; ``None`` if there is none."""
        rows = self._ask(
            f"SELECT count(), min(occurred_at), max(occurred_at) FROM {self._reader.database}.places "  # noqa: S608 - ours
            f"WHERE log = {{log:UInt32}} AND occurred_at != {UNDATED}",
            {},
        )
        ((count, first, last),) = rows
        return (int(first), int(last)) if count else None

    @property
    def _names(self) -> list[str]:
        return [f"g{place}" for place in range(max(1, len(self._pattern.by)))]

    def _union(self) -> str:
        return " UNION ALL ".join(self._selects)

    def _select(self, place: int, found: Filter) -> str:
        """The events of one step in the span, a row for each group they belong to."""
        own = self._pattern.steps[place].by or self._pattern.by
        groups = [f"arrayJoin({self._listed(aspect)}) AS g{n}" for n, aspect in enumerate(own)] or ["'' AS g0"]
        values = [f"{self._listed(aspect)} AS v{n}" for n, aspect in enumerate(self._pattern.aspects)]
        columns = ", ".join([f"{place} AS step", "occurred_at", "seq", "sub", *groups, *values])
        # Each step's placeholders are numbered from 0: they get names of their own.
        self._params |= {f"s{place}{name}": value for name, value in found.params.items() if name != "log"}
        where = _PLACE.sub(rf"{{s{place}\1:", found.where)
        return (
            f"SELECT {columns} FROM {self._events} WHERE {where} "  # noqa: S608 - compiled for the log, values bound
            "AND occurred_at >= {start:Int64} AND occurred_at <= {end:Int64}"
        )

    def _listed(self, aspect: Aspect) -> str:
        """The distinct values an event states of an aspect, as an array, folded as keys and fields are compared."""
        if aspect.kind is not None:
            flat = ", ".join(column for column, kind in FLAT if kind is aspect.kind)
            extra = f"arrayFilter((v, k) -> k = {KIND_NUMBER[aspect.kind]}, key_values, key_kinds)"
            fold = "caseFoldUTF8(x)" if aspect.kind in FOLDED else "x"
            return _distinct(fold, f"x != '' AND lengthUTF8(x) <= {MAX_VALUE}", f"arrayConcat([{flat}], {extra})")
        field = aspect.field
        assert field is not None  # noqa: S101 - an aspect is one or the other
        if field.type is FieldType.ATTRIBUTE:
            names = [f"path{len(self._params) + n}" for n in range(len(field.path))]
            self._params |= dict(zip(names, field.path, strict=True))
            path = ", ".join(f"{{{name}:String}}" for name in names)
            text, raw = f"JSONExtractString(attributes, {path})", f"JSONExtractRaw(attributes, {path})"
            leaf = f"if(JSONType(attributes, {path}) = 'String', {text}, {raw})"
            return _distinct("x", "x NOT IN ('', 'null')", f"[{leaf}]")
        if field.type is FieldType.TAGS:
            return _distinct("lowerUTF8(x)", "x != ''", "arrayMap(t -> toString(t), tags)")
        columns = f"[{', '.join(f'CAST({column}, {_STRING})' for column in field.columns)}]"
        none = {FieldType.NUMBER: "0", FieldType.TIME: str(UNDATED)}.get(field.type, "")
        fold = _NETWORK if aspect.network else "lowerUTF8(x)" if field.type is FieldType.NAME else "x"
        return _distinct(fold, f"x != '{none}'", columns)

    def _ask(self, sql: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - rows
        return self._reader.query(sql, self._params | params).rows


_STRING: Final = "'String'"
_NETWORK: Final = (
    "if(isIPv4String(x), arrayStringConcat(arraySlice(splitByChar('.', x), 1, 2), '.'), "
    "lower(hex(substring(IPv6StringToNumOrDefault(x), 1, 4))))"
)
"""The first 16 bits of an IPv4 address, or the first 32 of an IPv6 address, as text."""


def _distinct(fold: str, wanted: str, values: str) -> str:
    return f"arrayDistinct(arrayMap(x -> {fold}, arrayFilter(x -> {wanted}, {values})))"


def _merged(rows: Sequence[Any]) -> list[StepEvent]:
    """The events of a group, each once with all the steps it matches, in order."""
    found: dict[Spot, tuple[set[int], tuple[tuple[str, ...], ...]]] = {}
    for at, seq, sub, step, *values in rows:
        steps, _ = found.setdefault(Spot(at, seq, sub), (set(), tuple(map(tuple, values))))
        steps.add(step)
    return [StepEvent(spot, frozenset(steps), values) for spot, (steps, values) in sorted(found.items())]

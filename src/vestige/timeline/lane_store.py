"""The SQL of lanes: which are the fullest, and how many events of each fall into a bucket of time.

What repeats is folded once for each way it is written, not once for each event: folding text is most of what counting
ten million events would cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.query import COUNTED, FieldType, lane_of
from vestige.timeline.place_store import Places, Span, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.query import Field, Filter

_PLAIN: Final = frozenset({FieldType.NAME, FieldType.EXACT, FieldType.IP})
_OTHER: Final = 0
"""The number of all lanes that were not named."""
_NONE: Final = 255
"""The number of the lane of events without a value; as many lanes as are named have lower ones."""
_LAZY: Final = {"short_circuit_function_evaluation": "force_enable"}
"""What is rarely needed is worked out only where it is."""


class Run(NamedTuple):
    """How many events of a lane fall into buckets of time."""

    lane: str
    """The lane's value, folded."""
    shown: str
    """One way it is written; empty where the fold is."""
    at: Sequence[int]
    """The floor of their time divided by the bucket's width."""
    events: Sequence[int]
    """How many, for each of ``at``."""
    own: bool = True
    """Not so for what stands for all lanes that were not named."""


class LaneStore(Places):
    """Counts events of one log by lane."""

    def lanes(self, found: Filter, span: Span, lane: Field, limit: int) -> list[str]:
        """The fullest lanes of a span, folded; one more than ``limit`` if there are more."""
        tail, params = within(span, undated=False)
        value, _, paths = lane_of(lane)
        source, n = f"{self._events} WHERE {found.where}{tail}", "count()"
        if lane.type in _PLAIN and is_one_thing(lane):
            columns = ", ".join(lane.columns)
            source, n = f"(SELECT {columns}, count() AS k FROM {source} GROUP BY {columns})", "sum(k)"  # noqa: S608 - scoped
        rows = self._reader.query(
            f"SELECT {value} AS lane, {n} AS n FROM {source} GROUP BY lane "  # noqa: S608 - scoped
            f"ORDER BY n DESC, lane LIMIT {int(limit) + 1}",
            params | paths | dict(found.params),
        ).rows
        return [str(value) for value, _ in rows]

    def buckets(self, found: Filter, span: Span, width: int, lane: Field | None, named: Sequence[str]) -> list[Run]:
        """Events per bucket and lane, counted one by one; lanes not among ``named`` as one, unless none are."""
        tail, params = within(span, undated=False)
        value, shown, paths = lane_of(lane) if lane is not None else ("''", "''", {})
        known = "has({named:Array(String)}, lane)" if named else "true"
        rows = self._reader.query(
            f"SELECT own, kept, max(spelled), groupArray(bucket), groupArray(n) FROM ("  # noqa: S608 - scoped
            f"SELECT bucket, {known} AS own, if(own, lane, '') AS kept, max(if(own, shown, '')) AS spelled, "
            f"count() AS n FROM (SELECT {floor_of('occurred_at')} AS bucket, {value} AS lane, {shown} AS shown "
            f"FROM {self._events} WHERE {found.where}{tail}) GROUP BY bucket, own, kept) GROUP BY own, kept",
            params | paths | dict(found.params) | {"width": width, "named": list(named)},
        ).rows
        return [Run(str(name), str(text), ats, counts, bool(own)) for own, name, text, ats, counts in rows]

    def paired_buckets(self, found: Filter, span: Span, width: int, lane: Field, named: Sequence[str]) -> list[Run]:
        """The same for a field of two columns (:func:`is_paired`): lanes are numbered by how they are written.

        Args:
            found: the filter.
            span: of time.
            width: of a bucket, nanoseconds.
            lane: the field.
            named: lanes to tell apart, folded, 254 at most. That of events without a value always is.
        """
        names = [name for name in named if name]
        numbers = {name: place for place, name in enumerate(names, start=1)}
        spelled = self._spellings(lane, names)
        tail, params = within(span, undated=False)
        folds = lane.type is FieldType.NAME
        first, second = (_numbered(column, folds=folds) for column in lane.columns)
        fold = "lowerUTF8" if folds else ""
        same = " = ".join(f"{fold}({column})" for column in lane.columns)
        rows = self._reader.query(
            f"SELECT number, groupArray(bucket), groupArray(n) FROM (SELECT bucket, number, sum(k) AS n FROM ("  # noqa: S608 - scoped
            f"SELECT bucket, k, arrayJoin(multiIf(b = {_NONE}, [a], a = {_NONE}, [b], "
            f"a = b AND (a != {_OTHER} OR same), [a], [a, b])) AS number FROM ("
            f"SELECT {floor_of('occurred_at')} AS bucket, {first} AS a, {second} AS b, "
            f"(a = {_OTHER} AND b = {_OTHER} AND {same}) AS same, count() AS k FROM {self._events} "
            f"WHERE {found.where}{tail} GROUP BY bucket, a, b, same)) GROUP BY bucket, number) GROUP BY number",
            params | dict(found.params) | {
                "width": width,
                "spelled": ["", *spelled],
                "spelled_numbers": [_NONE, *(numbers[folded] for folded in spelled.values())],
                "named": ["", *names],
                "named_numbers": [_NONE, *numbers.values()],
            },
            _LAZY,
        ).rows  # fmt: skip
        names_of = {number: name for name, number in numbers.items()} | {_NONE: ""}
        return [Run(names_of.get(number, ""), "", ats, counts, number != _OTHER) for number, ats, counts in rows]

    def _spellings(self, lane: Field, names: Sequence[str]) -> dict[str, str]:
        """How lanes are written, as far as it is kept, with the fold of each; what is not is folded where it stands."""
        known = {name: name for name in names}
        if names and lane.type is FieldType.NAME and COUNTED.get(lane.name) == lane.columns:
            rows = self._reader.query(
                f"SELECT DISTINCT value, lowerUTF8(value) FROM {self._reader.database}.field_values "  # noqa: S608 - our own name
                "WHERE log = {log:UInt32} AND field = {field:String} AND lowerUTF8(value) IN {named:Array(String)} "
                f"LIMIT {_SPELLINGS}",
                {"log": self._log, "field": lane.name, "named": list(names)},
            ).rows
            known |= {str(value): str(folded) for value, folded in rows}
        return known


_SPELLINGS: Final = 10_000
"""Spellings of all named lanes that are looked up at once; any beyond are folded where they stand."""


def is_paired(lane: Field) -> bool:
    """Whether :meth:`LaneStore.paired_buckets` counts a field's lanes."""
    return lane.type in {FieldType.NAME, FieldType.IP} and len(lane.columns) == 2


def is_one_thing(field: Field) -> bool:
    """Whether a field's columns name one thing (its id, its name), so that few combinations of them occur."""
    return len({column.rpartition("_")[0] for column in field.columns}) == 1


def floor_of(column: str) -> str:
    """The floor of a column divided by ``width``. ``intDiv`` rounds towards zero; time before 1970 is negative."""
    return f"if({column} >= 0, intDiv({column}, {{width:Int64}}), -intDiv(-({column} + 1), {{width:Int64}}) - 1)"


def _numbered(column: str, *, folds: bool) -> str:
    number = f"transform({column}, {{spelled:Array(String)}}, {{spelled_numbers:Array(UInt8)}}, {_OTHER})"
    if not folds:
        return number
    folded = f"transform(lowerUTF8({column}), {{named:Array(String)}}, {{named_numbers:Array(UInt8)}}, {_OTHER})"
    return f"if({number} = {_OTHER}, {folded}, {number})"

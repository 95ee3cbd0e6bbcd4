"""Stacks: events alike that follow one another closely, as one line: who did the same again and again.

Events are alike if they have the same values in some fields (by default actor and type), or the same *template*: their
message with what differs from one to the next (numbers, hexadecimal and quoted text, addresses) left out. A stack ends
where more than ``gap`` passes between two of its events. Undated events are in none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import UsageError
from vestige.model.instant import NANOS
from vestige.query import FieldType, is_several
from vestige.timeline.cursors import Cursor, Place, decode, encode, list_digest
from vestige.timeline.facets import facet_field, term_of
from vestige.timeline.place_store import Span
from vestige.timeline.render import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.query import Field, Filter
    from vestige.timeline.pages import Window
    from vestige.timeline.store import StackRow, Store

BY: Final = ("actor.id", "type")
TEMPLATE: Final = "template"
GAP: Final = 60 * NANOS
MAX_GAP: Final = 366 * 86_400 * NANOS
MAX_FIELDS: Final = 5
MAX_STACKS: Final = 1000
MOST_EVENTS: Final = 2_000_000
"""Events that are stacked at once: they are sorted in memory."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Some events alike, in order of time."""

    by: dict[str, str]
    """What they have in common, by field."""
    events: int
    first: int
    last: int
    """Nanoseconds."""
    term: str
    """Finds them between ``first`` and ``last``, and no others that are in the list; empty for a template."""
    ids: list[str]
    event: dict[str, Any]
    """The first of them."""


@dataclass(frozen=True, slots=True)
class Stacks:
    """A page of stacks, those whose last event is the newest first, or whose first is the oldest."""

    stacks: list[Stack]
    next_cursor: str | None


def read_stacks(
    store: Store, found: Filter, query: str, window: Window, by: Sequence[str], gap: int, limit: int, cursor: str | None
) -> Stacks:
    """Stack the events of a list.

    Args:
        store: where to read.
        found: the filter.
        query: its text, to which a cursor is bound.
        window: the part of the list, and the order.
        by: fields of the query language with one value an event, or ``template``.
        gap: nanoseconds between two events of a stack at most.
        limit: stacks of a page.
        cursor: where the page before ended.

    Raises:
        UsageError: a bound is broken, a field is none, or there are too many events.
    """
    fields = stack_fields(by)
    if not 0 < gap <= MAX_GAP:
        raise UsageError(
            "the gap is out of bounds", expected=f"above 0, at most {MAX_GAP // NANOS} s", got=f"{gap} ns", field="gap"
        )
    if not 1 <= limit <= MAX_STACKS:
        raise UsageError("the limit is out of bounds", expected=f"1 to {MAX_STACKS}", got=str(limit), field="limit")
    digest = list_digest(found.scope.log, query, window.start, window.end, window.descending, "stacks", *by, gap)
    at = decode(cursor, digest) if cursor is not None else None
    span = Span(window.start, window.end)
    count = 0 if found.empty else store.count(found, span).dated
    if count > MOST_EVENTS:
        raise UsageError(
            "too many events to be stacked at once",
            expected=f"at most {MOST_EVENTS:,}",
            got=f"{count:,}",
            hint="narrow the query, or the time from start to end",
        )
    rows = []
    if count:
        beyond = at.place if at is not None else None
        columns = [field for _, field in fields]
        rows = store.stacks(found, span, columns, gap, limit + 1, beyond, descending=window.descending)
    first = {(row.seq, row.sub): store.render(row) for row in store.rows([_begin(row) for row in rows[:limit]])}
    stacks = [_stack(fields, row, first[row.begins]) for row in rows[:limit] if row.begins in first]
    if len(rows) <= limit:
        return Stacks(stacks, None)
    end = rows[limit - 1]
    place = Place(end.last if window.descending else end.first, *end.begins)
    return Stacks(stacks, encode(Cursor(place, back=False), digest))


def stack_fields(by: Sequence[str]) -> list[tuple[str, Field | None]]:
    """The fields events are stacked by, each with its name; ``None`` for the template.

    Raises:
        UsageError: one is none, an event may have several values there, or there are too many or too few.
    """
    fields = [(name, None if name == TEMPLATE else _field(name)) for name in dict.fromkeys(by)]
    if not 1 <= len(fields) <= MAX_FIELDS:
        raise UsageError("stacks need fields", expected=f"1 to {MAX_FIELDS} of them", got=str(len(fields)), field="by")
    return fields


def _begin(row: StackRow) -> Place:
    return Place(row.first, *row.begins)


def _stack(fields: Sequence[tuple[str, Field | None]], row: StackRow, event: dict[str, Any]) -> Stack:
    by = {name: _shown(field, value) for (name, field), value in zip(fields, row.values, strict=True)}
    terms = [term_of(field, by[name]) for name, field in fields if field is not None]
    term = " ".join(terms) if len(terms) == len(fields) and all(terms) else ""
    return Stack(by, row.events, row.first, row.last, term, row.ids, event)


def _shown(field: Field | None, value: str) -> str:
    return SEVERITIES.get(int(value), value) if field is not None and field.type is FieldType.SEVERITY else value


def _field(name: str) -> Field:
    try:
        field = facet_field(name)
    except UsageError as error:
        raise UsageError(
            error.message.replace("facet", "field to stack by"),
            expected=f"{error.expected}, or {TEMPLATE}",
            got=error.got or name[:40],
            field="by",
        ) from None
    if is_several(field) and (len(field.columns) > 1 or field.type is FieldType.TAGS):
        raise UsageError(
            f"an event may have several values in {field.name}",
            expected="a field with one, such as actor.id, type, host, source",
            got=name[:40],
            field="by",
        )
    return field

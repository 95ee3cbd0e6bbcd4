"""Facets: which values a field has among the events that match, and how many events have each. Exact, over all of them.

Each value comes with the term that finds just its events where it stands beside the query in parentheses. Text is
folded as the language compares it, so ``ALICE`` and ``alice`` are one value, shown in one of its spellings. A field
that stands for several columns (``actor``: id or name; ``ip``: either side) counts an event once for each value it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.model.errors import QueryError, UsageError
from vestige.query import COUNTED, Field, FieldType, lookup
from vestige.timeline.render import SEVERITIES
from vestige.timeline.store import HOURLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.query import Filter
    from vestige.timeline.place_store import Span
    from vestige.timeline.store import Common, Store

DEFAULT_FACETS: Final = ("source", "type", "severity", "outcome", "actor", "host", "ip")
MAX_FACETS: Final = 20
MAX_VALUES: Final = 1000
LONGEST: Final = 1000
"""Characters of a value that is put into a term."""
_UNWRITABLE: Final = re.compile(r"[\s:()\"<>]")
_NO_FACET: Final = frozenset({FieldType.MESSAGE, FieldType.TIME})


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value, how many events have it, and the term that finds them; none for a value too long for a query."""

    value: str
    count: int
    term: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One field's commonest values, how many values there are, and how many times an event had one."""

    field: str
    values: list[FacetValue]
    distinct: int
    total: int


def facet_field(name: str) -> Field:
    """The field of a facet.

    Raises:
        UsageError: there is none of that name, or it is one whose values nobody would count.
    """
    try:
        field = lookup(name, 1)
    except QueryError as error:
        raise UsageError(
            str(error).partition(";")[0], expected="a field of the query language", field="fields"
        ) from None
    if field.type is FieldType.ATTRIBUTE and _UNWRITABLE.search(name):
        raise UsageError("the attribute's name cannot be written in a query", got=name[:80], field="fields")
    if field.type in _NO_FACET:
        raise UsageError(f"{field.name} is no facet", expected="a field with values that repeat", field="fields")
    return field


def read_facets(store: Store, found: Filter, span: Span, fields: Sequence[Field], limit: int) -> list[Facet]:
    """The facets of some fields.

    Args:
        store: where to read.
        found: the filter.
        span: with a bound, only dated events count.
        fields: as :func:`facet_field` gives them.
        limit: how many values of each.

    Raises:
        UsageError: too many fields or values are asked for.
    """
    if not 1 <= limit <= MAX_VALUES:
        raise UsageError("the limit is out of bounds", expected=f"1 to {MAX_VALUES}", got=str(limit), field="limit")
    if len(fields) > MAX_FACETS:
        raise UsageError("too many facets", expected=f"at most {MAX_FACETS}", got=str(len(fields)), field="fields")
    if found.empty:
        return [Facet(field.name, [], 0, 0) for field in fields]
    known = {field.name: _kept(store, found, span, field, limit) for field in fields}
    kept = [field.name for field in fields if field.name in COUNTED]
    if found.whole and kept and store.covers_all(found, span):
        known |= {field.name: store.counted_values(found, field, limit) for field in fields if field.name in kept}
        # What arrived meanwhile may lie beyond the bounds.
        if not store.covers_all(found, span):
            known |= dict.fromkeys(kept)
    others = [field for field in fields if known[field.name] is None]
    read = (
        dict(zip([field.name for field in others], store.values(found, span, others, limit), strict=True))
        if others
        else {}
    )
    return [_facet(field, known[field.name] or read.get(field.name, [])) for field in fields]


def _kept(store: Store, found: Filter, span: Span, field: Field, limit: int) -> list[Common] | None:
    """What is known of a field by its hourly counts."""
    if not found.whole or field.name not in HOURLY:
        return None
    return store.rolled_values(found, span, field.name, limit)


def _facet(field: Field, rows: Sequence[Common]) -> Facet:
    values = [FacetValue(*_shown(field, row.value, row.shown, row.events)) for row in rows]
    distinct, total = (rows[0].distinct, rows[0].total) if rows else (0, 0)
    return Facet(field.name, values, distinct, total)


def _shown(field: Field, folded: str, shown: str, count: int) -> tuple[str, int, str]:
    value = shown or folded
    if field.type is FieldType.SEVERITY:
        value = SEVERITIES.get(int(folded), folded)
    return value, count, term_of(field, value)


def term_of(field: Field, value: str) -> str:
    """The term that finds the events which have a value in a field, as it is shown; empty for one that is too long."""
    if not value:
        return f"NOT {field.name}:*"
    if field.type in {FieldType.SEVERITY, FieldType.NUMBER}:
        return f"{field.name}:{value}"
    if len(value) > LONGEST:
        return ""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field.name}:"{escaped}"'

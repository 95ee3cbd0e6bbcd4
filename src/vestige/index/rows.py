"""A row of ``events`` read back into the event it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.index.schema import EVENTS, KINDS
from vestige.model.event import Event
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENT_COLUMNS: Final = tuple(name for name in EVENTS.names if name not in {"log", "generation", "acquisition"})
"""The columns :func:`event_row` wants, in its order."""

_PLACE: Final = {name: place for place, name in enumerate(EVENT_COLUMNS)}
_FIELDS: Final = tuple(_PLACE.get(name, 0) for name in Event._fields)


class EventRow(NamedTuple):
    """One row of ``events``: the event, and what the block said of it."""

    seq: int
    sub: int
    id: str
    received_at: int
    source: str
    parser: str
    status: str
    category: str
    event: Event
    clock_offset: int = 0
    """Nanoseconds that are in both of the event's times, as its source's clock offset."""


def event_row(row: Sequence[Any]) -> EventRow:
    """Read a row selected as :data:`EVENT_COLUMNS`."""
    kinds, values = row[_PLACE["key_kinds"]], row[_PLACE["key_values"]]
    occurred_at, observed_at = row[_PLACE["occurred_at"]], row[_PLACE["observed_at"]]
    event = Event._make(row[place] for place in _FIELDS)._replace(
        occurred_at=None if occurred_at == UNDATED else occurred_at,
        observed_at=None if observed_at == UNDATED else observed_at,
        tags=tuple(row[_PLACE["tags"]]),
        keys=tuple((KINDS[kind], value) for kind, value in zip(kinds, values, strict=True)),
    )
    identifier = row[_PLACE["id"]]
    return EventRow(
        row[_PLACE["seq"]],
        row[_PLACE["sub"]],
        identifier.decode("ascii") if isinstance(identifier, bytes) else identifier,
        row[_PLACE["received_at"]],
        row[_PLACE["source"]],
        row[_PLACE["parser"]],
        row[_PLACE["status"]],
        row[_PLACE["category"]],
        event,
        row[_PLACE["clock_offset"]],
    )

"""A row of ``events`` read back into the event it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.index.packing import FIELDS, items, unpack
from vestige.index.schema import BESIDE, KINDS, PACKED, STATUSES
from vestige.model.event import Event
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENT_COLUMNS: Final = (*BESIDE, PACKED)
"""The columns :func:`event_row` wants, in its order."""

_PLACE: Final = {name: place for place, name in enumerate(FIELDS)}
_FIELDS: Final = tuple(_PLACE.get(name, 0) for name in Event._fields)
_OWN: Final = Event._fields.index
_AT, _OBSERVED, _MESSAGE, _ATTRIBUTES = map(_OWN, ("occurred_at", "observed_at", "message", "attributes"))
_TAGS, _KEYS = map(_OWN, ("tags", "keys"))
_NUMBERS: Final = tuple(map(_OWN, ("severity", "src_port", "dst_port")))


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
    occurred_at, seq, sub, message, attributes, packed = row
    fields = unpack(packed)
    observed_at = int(fields[_PLACE["observed_at"]])
    kinds, values = items(fields[_PLACE["key_kinds"]]), items(fields[_PLACE["key_values"]])
    own: list[Any] = [fields[place] for place in _FIELDS]
    own[_AT] = None if occurred_at == UNDATED else occurred_at
    own[_OBSERVED] = None if observed_at == UNDATED else observed_at
    for number in _NUMBERS:
        own[number] = int(own[number])
    own[_MESSAGE], own[_ATTRIBUTES] = message, attributes
    own[_TAGS] = tuple(items(own[_TAGS]))
    own[_KEYS] = tuple((KINDS[int(kind)], value) for kind, value in zip(kinds, values, strict=True))
    event = Event._make(own)
    return EventRow(
        seq,
        sub,
        fields[_PLACE["id"]],
        int(fields[_PLACE["received_at"]]),
        fields[_PLACE["source"]],
        fields[_PLACE["parser"]],
        STATUSES[int(fields[_PLACE["status"]])],
        fields[_PLACE["category"]],
        event,
        int(fields[_PLACE["clock_offset"]]),
    )

"""Exports of a line an event: JSON lines in any shape, and one table of the fields every event may have."""

from __future__ import annotations

import csv as tables
import io
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.model.cells import no_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Event = dict[str, Any]

COLUMNS: Final = (
    "id", "seq", "occurred_at", "time_text", "time_quality", "clock_offset", "observed_at", "received_at", "event_type",
    "category", "action", "outcome", "severity", "actor.id", "actor.name", "actor.type", "subject.id", "subject.name",
    "subject.type", "object.id", "object.name", "object.type", "network.src_ip", "network.dst_ip", "network.src_port",
    "network.dst_port", "network.protocol", "device.id", "device.name", "device.type", "device.hostname", "session",
    "trace_id", "source", "message", "tags", "attributes", "keys", "parser", "status", "redacted", "amended", "erased",
)  # fmt: skip
"""The columns of tables; a point leads into a nested object."""


def json_lines(
    batches: Iterable[list[Event]], turn: Callable[[Event], dict[str, Any]] | None = None
) -> Iterator[bytes]:
    """One JSON object a line."""
    for batch in batches:
        rows = batch if turn is None else map(turn, batch)
        yield b"".join([orjson.dumps(row) + b"\n" for row in rows])


def csv(batches: Iterable[list[Event]]) -> Iterator[bytes]:
    """A header and a row per event, RFC 4180.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it: event text comes from anywhere.
    """
    yield row_of(COLUMNS)
    for batch in batches:
        yield b"".join([row_of(map(no_formula, cells(event))) for event in batch])


def cells(event: Event) -> list[str]:
    """The values of :data:`COLUMNS`, as text."""
    return [as_text(value_at(event, name)) for name in COLUMNS]


def value_at(event: Event, path: str) -> Any:  # noqa: ANN401 - whatever the event holds there
    """The value at a dotted path; ``None`` where there is none."""
    outer, _, inner = path.partition(".")
    value = event.get(outer)
    return value.get(inner) if inner and isinstance(value, dict) else value


def as_text(value: object) -> str:
    """A cell's text; lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def row_of(values: Iterable[str]) -> bytes:
    """One row, quoted where it must be."""
    out = io.StringIO()
    tables.writer(out, lineterminator="\r\n").writerow(values)
    return out.getvalue().encode("utf-8", "replace")

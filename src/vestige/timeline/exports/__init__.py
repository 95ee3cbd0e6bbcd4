"""Events on their way out, in the shapes other tools read. All that match, never a page of them.

A shape turns batches of events, as :func:`vestige.timeline.render.render` shows them, into bytes; memory does not grow
with their number. Every shape carries the entry's id, so that whoever reads the export can come back for the exact
bytes and their proof, and the quality of each time. No time is invented for an event that states none: its field is
left out, or empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.model.errors import UsageError
from vestige.timeline.exports.ecs import to_ecs
from vestige.timeline.exports.lines import csv, json_lines
from vestige.timeline.exports.ocsf import to_ocsf
from vestige.timeline.exports.parquet import parquet
from vestige.timeline.exports.timesketch import l2tcsv, to_timesketch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Batches = Iterable[list[dict[str, Any]]]


class Shape(NamedTuple):
    """One export format."""

    write: Callable[[Batches], Iterator[bytes]]
    media_type: str


NDJSON = "application/x-ndjson"

SHAPES: dict[str, Shape] = {
    "ndjson": Shape(json_lines, NDJSON),
    "csv": Shape(csv, "text/csv; charset=utf-8"),
    "timesketch": Shape(lambda batches: json_lines(batches, to_timesketch), NDJSON),
    "ecs": Shape(lambda batches: json_lines(batches, to_ecs), NDJSON),
    "ocsf": Shape(lambda batches: json_lines(batches, to_ocsf), NDJSON),
    "l2tcsv": Shape(l2tcsv, "text/csv; charset=utf-8"),
    "parquet": Shape(parquet, "application/vnd.apache.parquet"),
}


def known_shape(name: str) -> Shape:
    """The shape of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in SHAPES:
        raise UsageError("there is no such export format", expected=", ".join(SHAPES), got=name[:40], field="format")
    return SHAPES[name]


__all__ = ["SHAPES", "Shape", "known_shape"]

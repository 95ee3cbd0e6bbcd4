"""``vestige timeline density``: when how much happened, drawn in a line of text a lane."""

from __future__ import annotations

import shutil
from typing import Any, Final

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Bound, Globals, global_options, put, say, shown

_BARS: Final = " ▁▂▃▄▅▆▇█"
NAME: Final = 28
"""Columns of the name of a line."""
_LEAST, _MOST = 20, 400
_UNITS: Final = (
    (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"),
    (1_000_000, "ms"), (1_000, "µs"), (1, "ns"),
)  # fmt: skip


@click.command()
@click.argument("query", nargs=-1)
@click.option("--lane", default="", metavar="FIELD", help="A line per value of this field: source, actor, host, …")
@click.option("--buckets", type=click.IntRange(1, 5000), help="How many at most.  [default: as many as fit]")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option("--to", type=Bound(), metavar="TIME", help="Up to, not including, this time.")
@global_options
def density(
    options: Globals, query: tuple[str, ...], lane: str, buckets: int | None, start: str | None, to: str | None
) -> int:
    """How many events lie where in time; each line has a scale of its own, and its number of events behind it."""
    with connect(options, "timeline density") as connection:
        found = connection.get(
            "/v1/timeline/density", q=" ".join(query), lane=lane, buckets=buckets or places(), start=start, end=to
        )
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    if not found["total"]:
        say(options, "no event with a time matches")
        return 0
    for name, counts in _rows(found, lane):
        put(f"{named(name)}|{_drawn(counts)}| {sum(counts):,}")
    put(f"{'':{NAME}} {found['start']} to {found['end']}")
    put(f"{'':{NAME}} {found['total']:,} events; a sign is {spoken(found['width_ns'])}")
    return 0


def places() -> int:
    """How many signs a line of the terminal has room for, beside a name and a number."""
    return min(max(shutil.get_terminal_size((100, 24)).columns - NAME - 12, _LEAST), _MOST)


def _rows(found: dict[str, Any], lane: str) -> list[tuple[str, list[int]]]:
    rows = [(name or (f"(no {lane})" if lane else "all"), counts) for name, counts in found["lanes"].items()]
    return [*rows, ("(all others)", found["other"])] if found["other"] else rows


def named(name: str) -> str:
    """A name in the width a line has for it."""
    text = shown(name)
    return f"{text if len(text) <= NAME - 1 else text[: NAME - 2] + '…':{NAME}}"


def _drawn(counts: list[int]) -> str:
    most, steps = max(counts, default=0), len(_BARS) - 1
    return "".join(_BARS[-(-count * steps // most)] if most else " " for count in counts)


def spoken(width: int) -> str:
    """A width in nanoseconds, for a person."""
    unit, name = next((unit, name) for unit, name in _UNITS if width >= unit)
    return f"{width / unit:.3g} {name}"

"""``vestige source coverage``: for which stretches of time there is evidence of a source at all, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.density import NAME, named, places, spoken
from vestige.cli.options import Bound, Globals, global_options, put, say, seconds_of
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.cli.connection import Connection

_EVENTS, _QUIET, _NOTHING = "█", "░", " "
_LISTED: Final = 8


@click.command()
@click.argument("name", required=False)
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option("--to", type=Bound(), metavar="TIME", help="Up to, not including, this time.")
@click.option("--join", default="5m", metavar="SPAN", help="So far apart is still one band; 0 joins none.  [5m]")
@global_options
def coverage(options: Globals, name: str | None, start: str | None, to: str | None, join: str) -> int:
    """For which stretches of time there is evidence of each source, or of one: outside them, silence means nothing."""
    params = {"start": start, "end": to, "source": name, "join": 0.0 if join == "0" else seconds_of(join, "--join")}
    with connect(options, "source coverage") as connection:
        found = connection.get("/v1/sources/coverage", **params)["sources"]
        if options.json:
            for one in found:
                put(orjson.dumps(one).decode())
        elif found:
            _draw(connection, found, start, to)
            if name is not None:
                _list(found)
        else:
            say(options, "no event with a time came in")
    return 0


def _draw(connection: Connection, found: Sequence[dict[str, Any]], start: str | None, to: str | None) -> None:
    grid = connection.get("/v1/timeline/density", lane="source", buckets=places(), start=start, end=to)
    width = grid["width_ns"]
    origin = parse_rfc3339(grid["origin"])[0]
    for one in found:
        signs = [_NOTHING] * grid["buckets"]
        for band in one["bands"]:
            first, last = ((parse_rfc3339(band[end])[0] - origin) // width for end in ("first", "last"))
            signs[first : last + 1] = [_QUIET] * (last + 1 - first)
        for place, count in enumerate(grid["lanes"].get(one["source"], [])):
            signs[place] = _EVENTS if count else signs[place]
        bands = "one band" if len(one["bands"]) == 1 else f"{len(one['bands'])} bands"
        put(f"{named(one['source'])}|{''.join(signs)}| {one['events']:,} in {bands}")
    put(f"{'':{NAME}} {grid['start']} to {grid['end']}; a sign is {spoken(width)}")
    put(f"{'':{NAME}} {_EVENTS} events   {_QUIET} covered, and quiet   {_NOTHING}  nothing taken in")


def _list(found: Sequence[dict[str, Any]]) -> None:
    for band in (band for one in found for band in one["bands"]):
        more = band["acquisitions"] - _LISTED
        terms = " OR ".join(band["terms"][:_LISTED]) + (f" and {more} more" if more > 0 else "")
        put(f"{band['first']} to {band['last']}  {band['events']:,} events  {terms}")

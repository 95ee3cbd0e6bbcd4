"""``vestige chain``: what belongs with an event, and why."""

from __future__ import annotations

import math
import sys
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, checked_id, global_options, put, say, seconds_of, shown
from vestige.cli.render import event_line
from vestige.model.errors import UsageError

MOST_TOLD = 8
"""Keys that were left out which are told by name."""


@click.command()
@click.argument("event_id", metavar="ID")
@click.option("--window", default="12h", show_default=True, metavar="SPAN", help="On either side: 30m, 12h, 3d.")
@click.option("--depth", type=click.IntRange(1, 5), default=3, show_default=True, help="Links from the event at most.")
@click.option("--weakest", type=click.FloatRange(0, 1), help="Leave out links below this strength.  [default: 0.05]")
@global_options
def chain(options: Globals, event_id: str, window: str, depth: int, weakest: float | None) -> int:
    """What belongs with an event, outward over shared keys: each with the link that leads to it and its reason."""
    event_id = checked_id(event_id)
    seconds = seconds_of(window, "--window")
    if weakest is not None and math.isnan(weakest):
        raise UsageError("--weakest is no number", expected="0 to 1", got="nan")
    with connect(options, "chain") as connection:
        found = connection.get(
            "/v1/correlate/chain", seed_event_id=event_id, window=seconds, depth=depth, weakest=weakest
        )
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    colour = not options.no_color and sys.stdout.isatty()
    links = {link["to"]: link for link in found["links"]}
    for event in found["events"]:
        link = links.get(event["id"])
        mark = "seed" if link is None else f"{link['strength']:.2f}"
        put(f"{mark:>4}  {event_line(event, colour=colour)}")
        if link is not None:
            put(shown(f"      {link['from']}: {link['reason']}"))
    count = len(found["events"])
    if "start" not in found:
        say(options, "the event states no usable time, so there is no window to look in")
        return 0
    say(options, f"{count} events, {found['acts']} acts; {_left_out(found['left_out'])}")
    return 0


def _how_many(left: dict[str, Any]) -> str:
    return f"at least {left['events']}" if left["at_least"] else str(left["events"])


def _left_out(left: list[dict[str, Any]]) -> str:
    if not left:
        return "nothing was left out"
    told = [f"{_how_many(one)} of {one['key']} {one['value']} ({one['why']})" for one in left[:MOST_TOLD]]
    more = f", and of {len(left) - MOST_TOLD} more keys" if len(left) > MOST_TOLD else ""
    return f"left out: {', '.join(told)}{more}"

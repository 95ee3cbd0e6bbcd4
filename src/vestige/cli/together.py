"""``vestige together``: events that meet several queries within a window of each other."""

from __future__ import annotations

import sys
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.entity import KINDS
from vestige.cli.options import Globals, global_options, put, say, seconds_of, shown
from vestige.cli.render import event_line
from vestige.model.errors import UsageError

PAGE = 100
SCREEN = 10
"""Groups shown to a person who names no limit; ``--json`` has none."""
MOST = 6
NEAREST = 3
"""Events of each further query that a person is shown of a group."""


@click.command()
@click.argument("queries", metavar="QUERY QUERY...", nargs=-1, required=True)
@click.option("--window", default="1h", show_default=True, metavar="SPAN", help="On either side: 30s, 10m, 1d.")
@click.option("--same", type=click.Choice(KINDS), help="All of a group's events share a key of this kind.")
@click.option("--from", "start", metavar="TIME", help="Anchors from this time on.")
@click.option("--to", metavar="TIME", help="Anchors up to, not including, this time.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="asc", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Most groups to give.  [default: 10, none with --json]")
@global_options
def together(
    options: Globals,
    queries: tuple[str, ...],
    window: str,
    same: str | None,
    start: str | None,
    to: str | None,
    order: str,
    limit: int | None,
) -> int:
    """Events that meet several queries within a window of each other.

    Each event of the first query, with at least one of every other one no further away than the window, is a group.
    """
    if not 2 <= len(queries) <= MOST:
        raise UsageError("that is no number of queries", expected=f"2 to {MOST}, each in quotes", got=str(len(queries)))
    wanted = limit if limit is not None or options.json else SCREEN
    body = {"terms": queries, "window": seconds_of(window, "--window"), "by": same, "start": start, "end": to}
    told, total, cursor = 0, 0, None
    with connect(options, "together") as connection:
        while wanted is None or told < wanted:
            size = PAGE if wanted is None else min(PAGE, wanted - told)
            request = body | {"order": order, "limit": size, "cursor": cursor}
            found = connection.post("/v1/correlate/search", request, repeatable=True)
            total = found.get("total", total)
            events = {event["id"]: event for event in found["events"]}
            for group in found["groups"]:
                if options.json:
                    put(orjson.dumps(group | {"events": _own(group, events)}).decode())
                else:
                    _put_group(options, queries, group, events)
            told += len(found["groups"])
            cursor = found.get("next_cursor")
            if cursor is None:
                break
    if not options.json:
        say(
            options,
            f"{told:,} of {total:,} groups" if total else "no event of the first query has the others that near",
        )
    return 0


def _own(group: dict[str, Any], events: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [group["anchor"], *(one for member in group["members"] for one in member["nearest"])]
    return [events[one] for one in dict.fromkeys(ids)]


def _put_group(
    options: Globals, queries: tuple[str, ...], group: dict[str, Any], events: dict[str, dict[str, Any]]
) -> None:
    colour = not options.no_color and sys.stdout.isatty()
    shared = f"  same {group['shared']['kind']} {group['shared']['value']}" if "shared" in group else ""
    put(event_line(events[group["anchor"]], colour=colour) + shown(shared))
    for member in group["members"]:
        put(shown(f"    {member['count']:,} x {queries[member['term']]}"))
        for one in member["nearest"][:NEAREST]:
            put(f"      {event_line(events[one], colour=colour)}")

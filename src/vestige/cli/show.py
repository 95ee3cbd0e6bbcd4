"""``vestige show``: one event, its exact bytes, its proof, and what happened around it."""

from __future__ import annotations

import sys

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, checked_id, global_options, put, seconds_of
from vestige.cli.render import event_line, event_page
from vestige.model.errors import UsageError


@click.command()
@click.argument("event_id", metavar="ID")
@click.option("--raw", is_flag=True, help="Write the record's exact bytes to stdout.")
@click.option("--proof", is_flag=True, help="Write a tlog-proof of the record: inclusion under a signed checkpoint.")
@click.option("--opening", is_flag=True, help="Write what opens the record's commitment: leaf, salt, digest, as JSON.")
@click.option("--context", metavar="SPAN", help="Also what happened within this span around it: 30s, 5m, 1h.")
@click.option("--query", default="", metavar="Q", help="With --context: only what matches, and the event itself.")
@global_options
def show(
    options: Globals, event_id: str, raw: bool, proof: bool, opening: bool, context: str | None, query: str
) -> int:
    """One event in full, and where it comes from."""
    if raw + proof + opening + (context is not None) > 1:
        raise UsageError("--raw, --proof, --opening and --context exclude each other", expected="one of them")
    if query and context is None:
        raise UsageError("--query chooses among what surrounds an event", expected="--context SPAN with it")
    event_id = checked_id(event_id)
    span = None if context is None else seconds_of(context, "--context")
    with connect(options, "show") as connection:
        if raw:
            sys.stdout.buffer.write(connection.request("GET", f"/v1/events/{event_id}/raw").content)
            sys.stdout.buffer.flush()
        elif proof:
            sys.stdout.write(connection.request("GET", f"/v1/events/{event_id}/proof").text)
        elif opening:
            put(orjson.dumps(connection.get(f"/v1/events/{event_id}/opening")).decode())
        elif span is not None:
            around = connection.get(f"/v1/events/{event_id}/context", seconds=span, q=query or None)
            for event in around["events"]:
                own = str(event.get("attributes", {}).get("event_id", "")).upper()
                mark = ">" if event_id in {event["id"], own} else " "
                put(orjson.dumps(event).decode() if options.json else f"{mark} {event_line(event, colour=False)}")
        else:
            event = connection.get(f"/v1/events/{event_id}")
            put(orjson.dumps(event).decode() if options.json else event_page(event))
    return 0

"""``vestige timeline`` and ``vestige search``: events in order of time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import Connection, connect
from vestige.cli.density import density
from vestige.cli.options import Globals, global_options, put, say
from vestige.cli.render import event_line
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = 5000
SCREEN = 50
"""Events shown to a person who names no limit; ``--json`` has none."""


def _window(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--order", type=click.Choice(["asc", "desc"]), help="Oldest or newest first."),
        click.option("--limit", type=click.IntRange(1), help="Most events to give.  [default: 50, none with --json]"),
        click.option("--to", metavar="TIME", help="Up to, not including, this time (UTC where it states no offset)."),
        click.option("--from", "start", metavar="TIME", help="From this time on."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@_window
@click.option("--undated", is_flag=True, help="Events whose source states no usable time.")
@global_options
def timeline(
    options: Globals, start: str | None, to: str | None, limit: int | None, order: str | None, undated: bool
) -> int:
    """Every event in order of time, oldest first; those without a time at the end."""
    click.get_current_context().obj = options
    if click.get_current_context().invoked_subcommand is not None:
        if start or to or limit or order or undated:
            raise UsageError("options of a list stand behind `list`", expected="vestige timeline list --from …")
        return 0
    params = {"start": start, "end": to, "order": order or "asc", "undated": "true" if undated else None}
    return _list(options, "/v1/timeline", params, limit)


@timeline.command("list")
@_window
@click.option("--category", help="Only this category, or this event type.")
@click.option("--subject", help="Only events about this subject.")
@click.option("--trace-id", help="Only events of this trace.")
@global_options
def list_(
    options: Globals,
    start: str | None,
    to: str | None,
    limit: int | None,
    order: str | None,
    category: str | None,
    subject: str | None,
    trace_id: str | None,
) -> int:
    """Events of one category, subject or trace, newest first."""
    params = {
        "start": start,
        "end": to,
        "order": order or "desc",
        "category": category,
        "subject": subject,
        "trace_id": trace_id,
    }
    return _list(options, "/v1/timeline", params, limit)


timeline.add_command(density)


@click.command()
@click.argument("query", nargs=-1, required=True)
@_window
@global_options
def search(
    options: Globals, query: tuple[str, ...], start: str | None, to: str | None, limit: int | None, order: str | None
) -> int:
    """Events that match a query, newest first.

    Words, "phrases", field:value, field:*, severity:>=high, AND OR NOT, ( ): see docs/query.md.
    """
    params = {"q": " ".join(query), "start": start, "end": to, "order": order or "desc"}
    return _list(options, "/v1/search", params, limit)


def _list(options: Globals, path: str, params: dict[str, Any], limit: int | None) -> int:
    wanted = limit if limit is not None or options.json else SCREEN
    colour = not options.no_color and sys.stdout.isatty()
    shown = 0
    more = False
    with connect(options, path.rpartition("/")[2]) as connection:
        # One more than is shown is asked for, to know whether there is one.
        for event in _events(connection, options, path, params, None if wanted is None else wanted + 1):
            more = shown == wanted
            if not more:
                put(orjson.dumps(event).decode() if options.json else event_line(event, colour=colour))
                shown += 1
    if not options.json:
        if shown == 0:
            say(options, "no event matches")
        elif more:
            say(options, f"the first {shown}; --limit N shows more, --json gives all")
    return 0


def _events(
    connection: Connection, options: Globals, path: str, params: dict[str, Any], wanted: int | None
) -> Iterator[dict[str, Any]]:
    """Events page by page.

    Without a window, events that state no usable time follow those that do: they match too.
    """
    lanes = [params]
    if params["start"] is None and params["end"] is None and params.get("undated") is None:
        lanes.append(params | {"undated": "true"})
    cursor = None
    left = wanted
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = connection.get(path, **lanes[0], limit=size, cursor=cursor)
        cursor = page.get("next_cursor")
        if page.get("index_lag"):
            why = f": {page['index_reason']}" if "index_reason" in page else ""
            say(options, f"the index lags: the last {page['index_lag']} entries are not in this list yet{why}")
        yield from page["events"]
        left = None if left is None else left - len(page["events"])
        if cursor is None:
            lanes.pop(0)
            if not lanes:
                return

"""``vestige timeline`` and ``vestige search``: events in order of time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import Connection, connect
from vestige.cli.density import density
from vestige.cli.options import Bound, Globals, Zone, global_options, put, say, seconds_of, shown
from vestige.cli.render import event_line
from vestige.cli.view import link
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

PAGE = 5000
STACKS = 1000
SCREEN = 50
"""Events shown to a person who names no limit; ``--json`` has none."""


def _window(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--show-zone", type=Zone(), metavar="Z", help="Show times by this zone's clock: Europe/Berlin."),
        click.option("--order", type=click.Choice(["asc", "desc"]), help="Oldest or newest first."),
        click.option("--limit", type=click.IntRange(1), help="Most events to give.  [default: 50, none with --json]"),
        click.option(
            "--to",
            type=Bound(),
            metavar="TIME",
            help="Up to, not including, this time (UTC where it states no offset).",
        ),
        click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@_window
@click.option("--undated", is_flag=True, help="Events whose source states no usable time.")
@click.option("--fold", metavar="FIELDS", help="Events alike as one line: actor.id,type or template.")
@click.option("--gap", metavar="SPAN", help="With --fold: between two of a line at most.  [default: 1m]")
@global_options
def timeline(
    options: Globals,
    start: str | None,
    to: str | None,
    limit: int | None,
    order: str | None,
    undated: bool,
    fold: str | None,
    gap: str | None,
    show_zone: tzinfo | None,
) -> int:
    """Every event in order of time, oldest first; those without a time at the end."""
    click.get_current_context().obj = options
    if click.get_current_context().invoked_subcommand is not None:
        if start or to or limit or order or undated or fold or gap:
            raise UsageError("options of a list stand behind `list`", expected="vestige timeline list --from …")
        return 0
    params = {"start": start, "end": to, "order": order or "asc"}
    if fold is not None:
        if undated:
            raise UsageError("events without a time follow nothing", expected="--fold or --undated, not both")
        return _folded(options, params | {"by": fold, "gap": seconds_of(gap or "1m", "--gap")}, limit)
    if gap is not None:
        raise UsageError("--gap is of --fold", expected="--fold FIELDS beside it")
    return _list(options, "/v1/timeline", params | {"undated": "true" if undated else None}, limit, show_zone)


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
    show_zone: tzinfo | None,
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
    return _list(options, "/v1/timeline", params, limit, show_zone)


timeline.add_command(density)


@click.command()
@click.argument("query", nargs=-1)
@_window
@click.option("--view", metavar="NAME", help="A saved view's query and window; what is said here beside narrows it.")
@global_options
def search(
    options: Globals,
    query: tuple[str, ...],
    start: str | None,
    to: str | None,
    limit: int | None,
    order: str | None,
    view: str | None,
    show_zone: tzinfo | None,
) -> int:
    """Events that match a query, newest first.

    Words, "phrases", field:value, field:*, severity:>=high, AND OR NOT, ( ): see docs/query.md.
    """
    if not query and view is None:
        raise UsageError("a search needs a query", expected="QUERY or --view NAME", hint="`vestige timeline` shows all")
    q = " ".join(query)
    saved: dict[str, Any] = {}
    if view is not None:
        with connect(options, "view show") as connection:
            saved = connection.get(link(connection, view))
        q = " ".join(f"({part})" for part in (saved["q"], q) if part.strip())
    bounds = saved.get("now", {})
    params = {
        "q": q,
        "start": start or bounds.get("start"),
        "end": to or bounds.get("end"),
        "order": order or saved.get("order", "desc"),
    }
    if saved.get("zone") and show_zone is None:
        show_zone = Zone().convert(saved["zone"], None, None)
    return _list(options, "/v1/search", params, limit, show_zone)


def _list(options: Globals, path: str, params: dict[str, Any], limit: int | None, zone: tzinfo | None) -> int:
    wanted = limit if limit is not None or options.json else SCREEN
    colour = not options.no_color and sys.stdout.isatty()
    shown = 0
    more = False
    with connect(options, path.rpartition("/")[2]) as connection:
        # One more than is shown is asked for, to know whether there is one.
        for event in _events(connection, options, path, params, None if wanted is None else wanted + 1):
            more = shown == wanted
            if not more:
                put(orjson.dumps(event).decode() if options.json else event_line(event, colour=colour, zone=zone))
                shown += 1
    if not options.json:
        if shown == 0:
            say(options, "no event matches")
        elif more:
            say(options, f"the first {shown}; --limit N shows more, --json gives all")
    return 0


def _folded(options: Globals, params: dict[str, Any], limit: int | None) -> int:
    """Stacks page by page: a line each, with how many events it stands for."""
    wanted = limit if limit is not None or options.json else SCREEN
    told, cursor = 0, None
    with connect(options, "timeline") as connection:
        while wanted is None or told < wanted:
            size = STACKS if wanted is None else min(STACKS, wanted - told)
            page = connection.get("/v1/timeline/stacks", **params, limit=size, cursor=cursor)
            for one in page["stacks"]:
                put(orjson.dumps(one).decode() if options.json else _stack_line(one))
            told, cursor = told + len(page["stacks"]), page.get("next_cursor")
            if cursor is None:
                break
    if not options.json and (not told or cursor is not None):
        say(options, f"the first {told}; --limit N shows more, --json gives all" if told else "no event matches")
    return 0


def _stack_line(one: dict[str, Any]) -> str:
    until = "" if one["events"] == 1 else f" to {one['last'].rpartition('T')[2] if _one_day(one) else one['last']}"
    alike = "  ".join(shown(value) if value else f"(no {name})" for name, value in one["by"].items())
    return (
        f"{one['first']}{until}  x{one['events']:<6,}  {alike}  {shown(one['event'].get('message', ''))[:120]}".rstrip()
    )


def _one_day(one: dict[str, Any]) -> bool:
    return bool(one["first"][:10] == one["last"][:10])


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

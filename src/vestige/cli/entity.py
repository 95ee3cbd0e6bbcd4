"""``vestige entity``: people, machines, addresses, sessions and things, and what is known of each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import Connection, connect
from vestige.cli.entity_page import graph_lines, page_lines, row_line
from vestige.cli.options import Globals, global_options, put, say
from vestige.cli.render import event_line
from vestige.model.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1000
EVENTS = 5000
SCREEN = 50
"""Lines shown to a person who names no limit; ``--json`` has none."""
KINDS = ("identity", "session", "token", "ip", "device", "host", "hash", "commit", "custom")
LONGEST = 1024
WHO = "by kind=value, by its value where only one kind has it, or by id"


@click.group()
@global_options
def entity(options: Globals) -> None:
    """Entities: people, machines, addresses, sessions, things. When seen, whom they met, what else they are called."""
    click.get_current_context().obj = options


@entity.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--prefix", metavar="TEXT", help="Only values that begin with this, in any case.")
@click.option("--contains", metavar="TEXT", help="Only values that contain this, in any case.")
@click.option(
    "--sort",
    type=click.Choice(["last", "first", "count", "value"]),
    default="last",
    show_default=True,
    help="Seen last, seen first, most events, or by kind and value.",
)
@click.option("--limit", type=click.IntRange(1), help="Most entities to give.  [default: 50, none with --json]")
@global_options
def list_(
    options: Globals, kind: str | None, prefix: str | None, contains: str | None, sort: str, limit: int | None
) -> int:
    """Entities, those seen last first: kind, events, first and last seen, value."""
    wanted = limit if limit is not None or options.json else SCREEN
    params = {"kind": kind, "prefix": prefix, "contains": contains, "sort": sort}
    told = 0
    totals: dict[str, int] = {}
    with connect(options, "entity list") as connection:
        cursor = None
        while wanted is None or told < wanted:
            size = PAGE if wanted is None else min(PAGE, wanted - told)
            found = connection.get("/v1/entities", **params, limit=size, cursor=cursor)
            totals = totals or found.get("totals", {})
            for one in found["entities"]:
                put(orjson.dumps(one).decode() if options.json else row_line(one))
            told += len(found["entities"])
            cursor = found.get("next_cursor")
            if cursor is None:
                break
    if not options.json:
        counts = ", ".join(f"{n:,} {name}" for name, n in totals.items())
        say(options, f"{told:,} of {sum(totals.values()):,} entities ({counts})" if totals else "no entity matches")
    return 0


@entity.command(help=f"What is known of an entity, named {WHO}.")
@click.argument("who", metavar="ENTITY")
@global_options
def show(options: Globals, who: str) -> int:
    """What is known of an entity."""
    with connect(options, "entity show") as connection:
        found = connection.get(f"/v1/entities/{_id(connection, who)}")
    put(orjson.dumps(found).decode() if options.json else "\n".join(page_lines(found)))
    return 0


@entity.command(help=f"Whom an entity met in events, and whom those met. It is named {WHO}.")
@click.argument("who", metavar="ENTITY")
@click.option("--depth", type=click.IntRange(1, 3), default=1, show_default=True, help="Steps from it at most.")
@global_options
def graph(options: Globals, who: str, depth: int) -> int:
    """Whom an entity met, and whom those met."""
    with connect(options, "entity graph") as connection:
        found = connection.get(f"/v1/entities/{_id(connection, who)}/graph", depth=depth)
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    lines, told = graph_lines(found)
    put("\n".join(lines))
    for line in told:
        say(options, line)
    return 0


@entity.command(help=f"An entity's events, oldest first. It is named {WHO}.")
@click.argument("who", metavar="ENTITY")
@click.option("--from", "start", metavar="TIME", help="From this time on.")
@click.option("--to", metavar="TIME", help="Up to, not including, this time (UTC where it states no offset).")
@click.option("--limit", type=click.IntRange(1), help="Most events to give.  [default: 50, none with --json]")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="asc", show_default=True)
@global_options
def timeline(options: Globals, who: str, start: str | None, to: str | None, limit: int | None, order: str) -> int:
    """An entity's events."""
    wanted = limit if limit is not None or options.json else SCREEN
    colour = not options.no_color and sys.stdout.isatty()
    told = 0
    more = False
    with connect(options, "entity timeline") as connection:
        path = f"/v1/entities/{_id(connection, who)}/timeline"
        params = {"start": start, "end": to, "order": order}
        for event in _events(connection, path, params, None if wanted is None else wanted + 1):
            more = told == wanted
            if not more:
                put(orjson.dumps(event).decode() if options.json else event_line(event, colour=colour))
                told += 1
    if not options.json:
        if more:
            say(options, f"the first {told}; --limit N shows more, --json gives all")
        elif told == 0:
            say(options, "no event of it lies there")
    return 0


def _events(connection: Connection, path: str, params: dict[str, Any], wanted: int | None) -> Iterator[dict[str, Any]]:
    """Events page by page; without bounds those that state no usable time follow."""
    lanes = [params] if params["start"] or params["end"] else [params, params | {"undated": "true"}]
    left = wanted
    for lane in lanes:
        cursor = None
        while left is None or left > 0:
            page = connection.get(path, **lane, limit=EVENTS if left is None else min(EVENTS, left), cursor=cursor)
            yield from page["events"]
            left = None if left is None else left - len(page["events"])
            cursor = page.get("next_cursor")
            if cursor is None:
                break


def _named(who: str) -> tuple[str, str, str]:
    """Kind and value of ``ip=10.0.0.1`` or ``ip:10.0.0.1``, with the sign between; no sign, if it is neither."""
    for sign in ("=", ":"):
        kind, found, value = who.partition(sign)
        if found and value and kind in KINDS:
            return kind, sign, value
    return "", "", who


def _id(connection: Connection, who: str) -> str:
    """The id of the entity a person means.

    Raises:
        UsageError: several kinds have that value, or it is none.
        NotFoundError: no kind has it.
    """
    if not 0 < len(who) <= LONGEST:
        raise UsageError("that is no entity", expected=f"1 to {LONGEST} characters", got=f"{len(who)} characters")
    found = connection.get("/v1/entities", value=who)["entities"]
    kind, equals, value = _named(who)
    if not found and equals:
        found = connection.get("/v1/entities", kind=kind, value=value)["entities"]
    if len(found) == 1:
        return str(found[0]["id"])
    if found:
        kinds = " or ".join(f"{one['kind']}=…" for one in found)
        raise UsageError("several kinds of entity have that value", expected=kinds, got=who[:80])
    kind, dot, rest = who.partition(".")
    if kind in KINDS and dot and rest.isascii() and rest.replace("-", "").replace("_", "").isalnum():
        return who
    part = value if equals else who
    near = connection.get("/v1/entities", contains=part[:256], sort="count", limit=5)["entities"]
    names = ", ".join(f"{one['kind']}={one['value'][:80]}" for one in near)
    raise NotFoundError(
        f"no entity {who[:80]!r}",
        hint=f"did you mean {names}?" if near else "`vestige entity list` shows what there is",
    )

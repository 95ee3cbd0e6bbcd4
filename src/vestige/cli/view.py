"""``vestige view``: queries with their windows, saved under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import ConflictError

if TYPE_CHECKING:
    from vestige.cli.connection import Connection

_SHOWN = ("q", "start", "end", "order", "lane", "fold", "zone")


@click.group()
@global_options
def view(options: Globals) -> None:
    """Saved views: a query with its window, under a name and a link that stays."""
    click.get_current_context().obj = options


@view.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every view, by name."""
    with connect(options, "view list") as connection:
        found = connection.get("/v1/views")["views"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(f"{one['id']}  {one['name']}: {_said(one)}"))
    if not found:
        say(options, "no view is saved; `vestige view save NAME --query Q` saves one")
    return 0


@view.command()
@click.argument("name")
@global_options
def show(options: Globals, name: str) -> int:
    """One view, by name or id. `vestige search --view NAME` opens it."""
    with connect(options, "view show") as connection:
        found = connection.get(link(connection, name))
    put(orjson.dumps(found).decode() if options.json else shown(f"{found['id']}  {found['name']}: {_said(found)}"))
    return 0


@view.command()
@click.argument("name")
@click.option("--query", default="", metavar="Q", help="What it finds; everything by default.")
@click.option("--from", "start", default="", metavar="TIME", help="From this time on; now-24h is kept as it is.")
@click.option("--to", "end", default="", metavar="TIME", help="Up to, not including, this time.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", help="Oldest or newest first.")
@click.option("--lane", default="", metavar="FIELD", help="The lanes of its density.")
@click.option("--fold", default="", metavar="FIELDS", help="Events alike as one line.")
@click.option("--zone", default="", metavar="Z", help="The zone its times are shown in.")
@global_options
def save(options: Globals, name: str, **said: str) -> int:
    """Save a view, or change the one of that name."""
    given: dict[str, Any] = {"name": name, "q": said.pop("query"), **said}
    content = orjson.dumps(given)
    with connect(options, "view save") as connection:
        try:
            kept = connection.request("POST", "/v1/views", content=content, headers=JSON)
        except ConflictError:
            kept = connection.request("PUT", link(connection, name), content=content, headers=JSON)
    found = kept.json()
    put(orjson.dumps(found).decode() if options.json else shown(f"{found['id']}  {found['name']}: {_said(found)}"))
    return 0


@view.command()
@click.argument("name")
@global_options
def delete(options: Globals, name: str) -> int:
    """Let a view be no more; what it was stays in the ledger."""
    with connect(options, "view delete") as connection:
        connection.request("DELETE", link(connection, name))
    say(options, f"{name} is no view any more")
    return 0


def link(connection: Connection, name: str) -> str:
    """Where a view of a name or id is. A name with "/", which older ones may have, cannot stand there: its id does."""
    if "/" in name:
        known = connection.get("/v1/views")["views"]
        name = next((one["id"] for one in known if one["name"] == name), name)
    return f"/v1/views/{quote(name, safe='')}"


def _said(one: dict[str, Any]) -> str:
    return "  ".join(f"{name}={one[name]}" for name in _SHOWN if one.get(name)) or "everything"

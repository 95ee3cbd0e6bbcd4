"""``vestige kind``: the kinds of declared events that have a contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.given import given_bytes
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import UsageError

LONGEST = 128 << 10
"""Bytes of a file, as the server bounds the request."""


@click.group()
@global_options
def kind(options: Globals) -> None:
    """Kinds of declared events: a JSON Schema for each version of each."""
    click.get_current_context().obj = options


@kind.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every version of every kind, normative and registered."""
    with connect(options, "kind list") as connection:
        found = connection.get("/v1/schemas/events")
    for one in found["kinds"]:
        put(orjson.dumps(one).decode() if options.json else _line(one))
    return 0


@kind.command("show")
@click.argument("name", metavar="KIND")
@click.option("--version", type=click.IntRange(1), help="Which version.  [default: the latest]")
@global_options
def show(options: Globals, name: str, version: int | None) -> int:
    """The JSON Schema of a kind."""
    path = f"/v1/schemas/events/{quote(name, safe='')}" + ("" if version is None else f"/{version}")
    with connect(options, "kind show") as connection:
        schema = connection.get(path)
    put(orjson.dumps(schema, option=0 if options.json else orjson.OPT_INDENT_2).decode())
    return 0


@kind.command("register")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@global_options
def register(options: Globals, file: Path) -> int:
    """Keep a version of an own kind in the ledger: FILE is JSON with kind, version and schema."""
    try:
        asked = orjson.loads(given_bytes(file, "the kind", LONGEST))
    except orjson.JSONDecodeError as error:
        raise UsageError("the file is not JSON", expected='{"kind", "version", "schema"}', got=str(error)) from None
    with connect(options, "kind register") as connection:
        made = connection.post("/v1/schemas/events", asked, repeatable=True)
    put(orjson.dumps(made).decode() if options.json else _line(made))
    say(options, "kept, and in force" if made["new"] else "the same was registered already; nothing was written")
    return 0


def _line(one: dict[str, Any]) -> str:
    return shown(f"{one['kind']:<24} {one['version']:>3}  {one['origin']:<8}  {one['title']}".rstrip())

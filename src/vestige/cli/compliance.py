"""``vestige compliance``: what the mode in force asks for, how that stands, and the evidence of a period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from vestige.cli.bundle import check_output, save, tell
from vestige.cli.connection import at_home, connect
from vestige.cli.options import Bound, Globals, global_options, put, shown
from vestige.cli.progress import Progress

HELD = {True: "held", False: "NOT held", None: "not asked for, or not known"}
FROM = click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
TO = click.option("--to", type=Bound(), metavar="TIME", help="Up to, not including, this time; else now.")


@click.group()
@global_options
def compliance(options: Globals) -> None:
    """Evidence for what a mode asks for. No word on whether anybody complies with anything."""
    click.get_current_context().obj = options


@compliance.command("show")
@global_options
def show_(options: Globals) -> int:
    """The mode in force, by which text, and how each point stands. Ends with 1 if one is not held."""
    with connect(at_home(options, Path.cwd()), "compliance show") as connection:
        found = connection.get("/v1/compliance")
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        _put(found)
    return int(any(one["held"] is False for one in found["points"]))


@compliance.command("report")
@FROM
@TO
@global_options
def report(options: Globals, start: str | None, to: str | None) -> int:
    """Who did what in a period, by act, and how the mode stands now."""
    with connect(at_home(options, Path.cwd()), "compliance report") as connection:
        found = connection.get("/v1/compliance/report", **{"from": start, "to": to})
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    _put(found)
    put(f"acts from {found['from']} to {found['to']}:")
    for one in sorted(found["acts"], key=lambda one: (one["group"], one["action"])):
        put(shown(f"  {one['count']:>8,}  {one['group']:<13} {one['action']}  last {one['last']}"))
    put("by:")
    for one in found["people"]:
        put(shown(f"  {one['acts']:>8,}  {one['actor']}"))
    if found["erased"]:
        put(f"{found['erased']:,} acts of the period were erased since: what they said is not known")
    return 0


@compliance.command("pack")
@FROM
@TO
@click.option("-o", "--output", type=click.Path(), required=True, metavar="X.zip", help="Where to.")
@global_options
def pack(options: Globals, start: str | None, to: str | None, output: str) -> int:
    """Pack every act of a period, and the report over them, into a bundle that proves itself."""
    check_output(output)
    with connect(at_home(options, Path.cwd()), "compliance pack") as connection, Progress(options) as progress:
        made = save(connection, progress, "/v1/compliance/pack", {"from": start, "to": to}, output)
    tell(options, made, "acts")
    return 0


def _put(found: dict[str, Any]) -> None:
    put(f"mode {found['mode']}: {found['about']}")
    if found["source"]:
        put(f"by {found['source']} ({found['dated']})")
    for one in found["points"]:
        asked = f"asked for: {one['asked']}; " if one["asked"] else ""
        put(shown(f"  {one['point']:<16} {HELD[one['held']]}: {asked}there is: {one['found']}"))

"""``vestige retention``: how long evidence is kept, and the purge of what is past that."""

from __future__ import annotations

import time
from typing import Any

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.custody import PROPOSE, tell_proposal
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError

KNOWN = "what was purged is purged; the rest is gone on with when the server starts again"


@click.group()
@global_options
def retention(options: Globals) -> None:
    """Retention: how long evidence is kept, counted from its receipt."""
    click.get_current_context().obj = options


@retention.command("show")
@global_options
def show_(options: Globals) -> int:
    """The retention in force, its floor, and what the mode asks for that is not there."""
    with connect(options, "retention show") as connection:
        found = connection.get("/v1/retention")
    _put(options, found)
    return 0


@retention.command("set")
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Keep evidence for so many days.")
@click.option("--mode", metavar="MODE", help="none, custom, pci_dss, sr_11_7 or sox: the least that may be kept.")
@click.option("--purge", type=click.Choice(["on", "off"]), help="Whether what is past it is purged by itself.")
@click.option("--source", "sources", multiple=True, metavar="NAME=N", help="Another number of days for a source.")
@PROPOSE
@global_options
def set_(
    options: Globals, days: int | None, mode: str | None, purge: str | None, sources: tuple[str, ...], *, propose: bool
) -> int:
    """Change the retention. Nothing is purged before --purge on."""
    body = {"days": days, "mode": mode, "purge": purge, "sources": [_source(text) for text in sources]}
    given = {name: value for name, value in body.items() if value}
    if not given:
        raise UsageError("nothing is said of the retention", expected="--days, --mode, --purge or --source")
    with connect(options, "retention set") as connection:
        found = connection.request(
            "PUT", "/v1/retention", content=orjson.dumps(given | {"propose": propose}), headers=JSON
        ).json()
    if propose:
        return tell_proposal(options, found["proposed"])
    _put(options, found)
    return 0


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be purged, and which holds keep what.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@PROPOSE
@global_options
def run(options: Globals, *, dry_run: bool, yes: bool, propose: bool) -> int:
    """Purge what is past its retention, but what a hold protects. It is told first, and asked for."""
    with connect(options, "retention run") as connection, Progress(options) as progress:

        def ask(*, dry: bool) -> dict[str, Any]:
            started, report = time.monotonic(), dict[str, Any]()
            body = orjson.dumps({"dry_run": dry, "propose": propose})
            for message in connection.stream("/v1/retention/run", known=KNOWN, content=body, headers=JSON):
                if "progress" in message:
                    progress.show(message["progress"] | {"seconds": time.monotonic() - started})
                else:
                    report = message["report"]
            return report

        found = ask(dry=True)
        if propose:
            return tell_proposal(options, found["proposed"])
        if not dry_run and found["would_purge"]:
            if not yes:
                _tell(options, found)
                if not click.confirm(f"Purge {found['would_purge']:,} records? Nothing brings them back", err=True):
                    say(options, "nothing was purged")
                    return 1
            found = ask(dry=False)
        elif not dry_run:
            found |= {"purged": 0}
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        _tell(options, found)
    return 0


def _source(text: str) -> dict[str, Any]:
    name, equals, days = text.rpartition("=")
    if not equals or not name or (days and not (days.isascii() and days.isdigit())):
        raise UsageError("--source is NAME=DAYS", expected="NAME=90, or NAME= for the tenant's own days", got=text[:60])
    return {"name": name} | ({"days": int(days)} if days else {})


def _put(options: Globals, found: dict[str, Any]) -> None:
    if options.json:
        put(orjson.dumps(found).decode())
        return
    put(f"kept for {found['days']:,} days from receipt; mode {found['mode']} ({found['mode_about']})")
    put(f"purge is {found['purge']}")
    for one in found["sources"]:
        put(shown(f"{one['name']}: {one['days']:,} days"))
    if "warning" in found:
        say(options, found["warning"])


def _tell(options: Globals, found: dict[str, Any]) -> None:
    between = f", received {found['received_from']} to {found['received_to']}" if found["past_retention"] else ""
    put(f"{found['past_retention']:,} records are past retention, {found['bytes']:,} bytes{between}")
    for one in found["sources"]:
        put(shown(f"  {one['records']:>12,}  {one['source']}"))
    for one in found["holds"]:
        put(shown(f"  {one['records']:>12,}  kept by hold {one['hold']}"))
    if "purged" in found:
        put(f"{found['purged']:,} purged" + (f" by entry {found['entry']}" if "entry" in found else ""))
    else:
        put(f"{found['would_purge']:,} would be purged; nothing was")
    if "warning" in found:
        say(options, found["warning"])

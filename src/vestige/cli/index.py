"""``vestige index``: the rebuildable view."""

from __future__ import annotations

import time
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put
from vestige.cli.progress import Progress

KNOWN = "the index is as it was or wholly rebuilt, never in between; run it again, and it is compared again"


@click.group()
@global_options
def index(options: Globals) -> None:
    """The index: a view of the ledger that can be computed again at any time."""
    click.get_current_context().obj = options


@index.command()
@global_options
def rebuild(options: Globals) -> int:
    """Compute every row again from the ledger, beside the present ones; compare, and swap."""
    report: dict[str, Any] = {}
    started = time.monotonic()
    with connect(options, "index rebuild") as connection, Progress(options) as progress:
        for message in connection.stream("/v1/index/rebuild", known=KNOWN):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    if options.json:
        put(orjson.dumps(report).decode())
        return 0
    for name, table in report["tables"].items():
        same = "equal" if table["equal"] else f"was {table['rows_before']:,} rows"
        put(f"{name:<14} {table['rows_after']:>12,} rows   {same}")
    put(f"rebuilt from {report['entries']:,} entries; {'every row as before' if report['equal'] else 'rows changed'}")
    if report["differences"] is not None:
        _tell(report["differences"])
    return 0


def _tell(found: dict[str, Any]) -> None:
    """What changed, by field. Values come from evidence, so they are shown escaped: they must not steer a terminal."""
    damage = f", {found['doubled']:,} had been counted again" if found["doubled"] else ""
    put(f"events: {found['changed']:,} changed, {found['added']:,} added, {found['removed']:,} removed{damage}")
    for name, change in found["fields"].items():
        put(f"  {name:<14} {change['rows']:>12,} rows")
        for example in change["examples"]:
            put(f"    {example['id']}  {example['before']!r} -> {example['after']!r}")
    for word in ("added", "removed"):
        for event_id in found[f"{word}_ids"]:
            put(f"  {word} {event_id}")

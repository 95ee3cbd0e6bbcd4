"""``vestige audit``: who did what."""

from __future__ import annotations

from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Bound, Globals, global_options, put, say, shown

PAGE = 1000


@click.command()
@click.option("--action", metavar="ACT", help="Such as key.revoked; key.* is every act upon keys.")
@click.option("--actor", metavar="WHO", help="Who did it: owner, local:1000, key:ci, ann@example.org.")
@click.option("--resource", metavar="WHAT", help="What it was done to: key:01K…, person:…, event:….")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option("--to", "end", type=Bound(), metavar="TIME", help="Up to, not including, this time.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.  [default: 100; with --json, all]")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", help="Oldest or newest first.")
@global_options
def audit(
    options: Globals,
    action: str | None,
    actor: str | None,
    resource: str | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    order: str,
) -> int:
    """The tenant's own acts: who did what, when, from where, to what."""
    given: dict[str, Any] = {"action": action, "actor": actor, "resource": resource, "from": start, "to": end}
    left = limit if limit is not None or options.json else 100
    cursor = None
    count = 0
    with connect(options, "audit") as connection:
        while left is None or left > 0:
            page = connection.get(
                "/v1/audit", **given, order=order, limit=PAGE if left is None else min(PAGE, left), cursor=cursor
            )
            for entry in page["entries"]:
                put(orjson.dumps(entry).decode() if options.json else shown(_line(entry)))
            count += len(page["entries"])
            left = None if left is None else left - len(page["entries"])
            cursor = page.get("next_cursor")
            if cursor is None:
                break
    say(options, f"{count} entries" + (", and there are more: --limit" if cursor else ""))
    return 0


def _line(entry: dict[str, Any]) -> str:
    detail = entry["detail"]
    said = [entry["at"], entry["action"], entry["actor"] or "-", entry.get("resource", "")]
    said += [entry[name] for name in ("address", "key") if name in entry]
    return "  ".join(text for text in [*said, orjson.dumps(detail).decode() if detail else ""] if text)

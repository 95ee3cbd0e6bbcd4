"""``vestige hold`` and ``vestige erase``: what must stay, and what must go."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.custody import PROPOSE, carry_out, tell_erasure, tell_proposal
from vestige.cli.options import Bound, Ending, Globals, global_options, put, say, shown

KNOWN = "what was erased is erased; the rest is gone on with when the server starts again"


@click.group()
@global_options
def hold(options: Globals) -> None:
    """Holds: evidence that may not be erased until the hold is released."""
    click.get_current_context().obj = options


@hold.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every hold, the newest first, those that were released too."""
    with connect(options, "hold list") as connection:
        found = connection.get("/v1/holds")["holds"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    if not found:
        say(options, "nothing is held; `vestige hold set --query Q --reason CODE` holds what matches")
    return 0


@hold.command("set")
@click.option("--query", "q", default="", metavar="Q", help="Hold what matches.")
@click.option(
    "--entity", default="", metavar="KIND:VALUE", help="Hold what has this key: identity:ann, ip=203.0.113.7."
)
@click.option(
    "--from",
    "start",
    type=Bound(),
    default="",
    metavar="TIME",
    help="Hold what occurred or was received from this time on ...",
)
@click.option("--to", "end", type=Bound(), default="", metavar="TIME", help="... up to, not including, this one.")
@click.option("--everything", is_flag=True, help="Hold all there is and all that comes.")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code; it is never erased: litigation.")
@click.option("--because", default="", metavar="TEXT", help="Why, in words.")
@click.option(
    "--expires",
    type=Ending(),
    default="",
    metavar="TIME",
    help="When it ends by itself: 90d, or a time.  [default: never]",
)
@global_options
def set_(options: Globals, **said: Any) -> int:  # noqa: ANN401 - texts and one flag
    """Hold what matches a query, has a key, or lies in a stretch of time; what comes later too."""
    with connect(options, "hold set") as connection:
        found = connection.request("POST", "/v1/holds", content=orjson.dumps(said), headers=JSON).json()
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        put(found["id"])
        say(options, f"holds {found['entries']:,} entries, and what matches later")
    return 0


@hold.command()
@click.argument("identity", metavar="ID")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code: case_closed.")
@PROPOSE
@global_options
def release(options: Globals, identity: str, reason: str, *, propose: bool) -> int:
    """Release a hold: what it protected may be erased again."""
    with connect(options, "hold release") as connection:
        path = f"/v1/holds/{quote(identity, safe='')}/release"
        body = orjson.dumps({"reason": reason, "propose": propose})
        found = connection.request("POST", path, content=body, headers=JSON).json()
    if propose:
        return tell_proposal(options, found["proposed"])
    put(orjson.dumps(found).decode() if options.json else shown(_line(found)))
    return 0


@click.command()
@click.argument("ids", metavar="ID", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code; it is never erased: privacy.")
@click.option("--because", default="", metavar="TEXT", help="Why, in words.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@PROPOSE
@global_options
def erase(options: Globals, ids: tuple[str, ...], reason: str, because: str, *, yes: bool, propose: bool) -> int:
    """Erase records for good: from the ledger, the index, and the kept files they were read from.

    The proof that something was there stays, and so does the entry that says who erased it and why.
    """
    if (
        not yes
        and not propose
        and not click.confirm(f"Erase {len(ids)} records for good? Nothing brings them back", err=True)
    ):
        say(options, "nothing was erased")
        return 1
    body = {"ids": list(ids), "reason": reason, "because": because, "propose": propose}
    report = carry_out(options, "erase", "/v1/erasures", body, KNOWN)
    if propose:
        return tell_proposal(options, report["proposed"])
    return tell_erasure(options, report)


def _line(one: dict[str, Any]) -> str:
    about = " ".join(f"{name}={value}" for name, value in one["criteria"].items())
    state = "in force" if one["in_force"] else f"released {one['released']}" if "released" in one else "over"
    until = f", until {one['expires']}" if "expires" in one else ""
    return f"{one['id']}  {state}{until}  {one['reason']}: {about} (set {one['since']} by {one['by']})"

"""``vestige anchor``: show the ledger to authorities and witnesses, and see what they said of it."""

from __future__ import annotations

import sys
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put, say, shown

EXIT_NOT_VERIFIED = 4
EXIT_PARTLY = 3


@click.group()
@global_options
def anchor(options: Globals) -> None:
    """Others who vouch for the ledger: time-stamp authorities, witnesses, a git remote."""
    click.get_current_context().obj = options


@anchor.command()
@click.option("--all", "everything", is_flag=True, help="Every tenant's, by one time stamp over the super-log.")
@global_options
def now(options: Globals, *, everything: bool) -> int:
    """Sign the log's head, show it to everybody the settings name, and keep what they say.

    Ends with 3 if somebody gave nothing, and with 4 if somebody knows another log than this one, or more of it.
    """
    with connect(options, "anchor now") as connection:
        reports = connection.post("/v1/super-log")["reports"] if everything else [connection.post("/v1/anchors")]
    for report in reports:
        _tell(options, report)
    failures = [one for report in reports for one in report["failures"]]
    if any(one["contradiction"] for one in failures):
        return EXIT_NOT_VERIFIED
    return EXIT_PARTLY if failures else 0


@anchor.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every anchor of the log, the oldest first."""
    after: int | None = -1
    count = 0
    with connect(options, "anchor list") as connection:
        while after is not None:
            page = connection.get("/v1/anchors", after=after)
            for one in page["anchors"]:
                put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
            count += len(page["anchors"])
            after = page.get("next")
    if not count:
        say(options, "nobody has vouched for this log yet; `vestige anchor now` asks whoever the settings name")
    return 0


@anchor.command()
@global_options
def status(options: Globals) -> int:
    """Whom the settings name, up to which size each has seen the log, and why one gave nothing, if so."""
    with connect(options, "anchor status") as connection:
        found = connection.get("/v1/anchors", limit=1)["parties"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_standing(one)))
    if not found:
        say(options, "nobody is named: VESTIGE_TSA_URLS, VESTIGE_WITNESSES, VESTIGE_ANCHOR_GIT")
    return EXIT_PARTLY if any("failure" in one for one in found) else 0


@anchor.command()
@global_options
def checkpoint(options: Globals) -> int:
    """Write the newest checkpoint that a witness has cosigned: a signed note."""
    with connect(options, "anchor checkpoint") as connection:
        note = connection.request("GET", "/v1/anchors/checkpoint").text
    if options.json:
        put(orjson.dumps({"note": note}).decode())
    else:
        sys.stdout.write(note)
    return 0


def _tell(options: Globals, report: dict[str, Any]) -> None:
    if options.json:
        put(orjson.dumps(report).decode())
        return
    put(shown(f"{report['origin']}  size {report['size']}, root {report['root']}"))
    for one in report["anchors"]:
        put(shown(f"  {_line(one)}"))
    for one in report["failures"]:
        word = "CONTRADICTED" if one["contradiction"] else "not now"
        say(options, shown(f"{word}: {one['by']}: {one['reason']}"))


def _line(one: dict[str, Any]) -> str:
    over = "" if one["over"] == "checkpoint" else f", over the {one['over']}"
    return f"{one['at']}  {one['type']:<11}  size {one['size']}{over}, by {one['by']}"


def _standing(one: dict[str, Any]) -> str:
    seen = f"size {one['size']} at {one['at']}" if "size" in one else "nothing yet"
    due = ", due now" if one["due"] else ""
    failure = f"; FAILED: {one['failure']}" if "failure" in one else ""
    return f"{one['type']:<11}  {one['by']}  {seen}{due}{failure}"

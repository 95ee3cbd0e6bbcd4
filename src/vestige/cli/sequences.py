"""``vestige sequences`` and ``vestige detections``: patterns of events in order, and what was found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.given import given_text
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import UsageError

LONGEST = 64 << 10
"""Bytes of a pattern, as the server bounds it: no larger file is sent."""
EXIT_NOT_ALL = 3
"""Done, but not everything was looked at."""
SCREEN = 50
KNOWN = "what was found so far is kept; scan again, and the rest is found too"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MOST_SHOWN = 6
"""Ids of evidence that a line shows."""


@click.group()
@global_options
def sequences(options: Globals) -> None:
    """Sequences: patterns of steps in order, and scans for them."""
    click.get_current_context().obj = options


@sequences.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every pattern, built-in and own: version, whether it is on, its digest, what it says."""
    with connect(options, "sequences list") as connection:
        found = connection.get("/v1/sequences")
    for one in found["patterns"]:
        put(orjson.dumps(one).decode() if options.json else shown(_pattern(one)))
    if "error" in found.get("on_arrival", {}):
        say(options, f"what arrived last could not be scanned: {found['on_arrival']['error']}")
    for line in found.get("on_arrival", {}).get("left_out", ()):
        say(options, f"of what arrived last, not looked at in full: {line}")
    return EXIT_NOT_ALL if any("unreadable" in one for one in found["patterns"]) else 0


@sequences.command("apply")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@global_options
def apply(options: Globals, file: Path) -> int:
    """Keep an own pattern (YAML, see docs/sequences.md) in the ledger, and look for it from now on."""
    text = given_text(file, "the pattern", LONGEST)
    with connect(options, "sequences apply") as connection:
        found = connection.post("/v1/sequences", {"pattern": text}, repeatable=True)
    put(orjson.dumps(found).decode() if options.json else shown(_pattern(found)))
    say(options, "kept, and in force" if found["new"] else "the same was in force already; nothing was written")
    return 0


@sequences.command("enable")
@click.argument("name", metavar="NAME")
@global_options
def enable(options: Globals, name: str) -> int:
    """Look for a pattern in scans that name none."""
    return _switch(options, name, "enable")


@sequences.command("disable")
@click.argument("name", metavar="NAME")
@global_options
def disable(options: Globals, name: str) -> int:
    """Look for a pattern only in scans that name it."""
    return _switch(options, name, "disable")


@sequences.command("scan")
@click.option("--pattern", "patterns", multiple=True, metavar="NAME", help="Look for this one; may be repeated.")
@click.option("--start", "--from", metavar="TIME", help="Matches that end from this time on.")
@click.option("--end", "--to", metavar="TIME", help="And before this one.")
@click.option("--dry-run", is_flag=True, help="Show what would be found, keep nothing.")
@global_options
def scan(options: Globals, patterns: tuple[str, ...], start: str | None, end: str | None, *, dry_run: bool) -> int:
    """Look for patterns, the enabled ones unless some are named; what is found is kept in the ledger, once."""
    body: dict[str, Any] = {"patterns": list(patterns), "start": start, "end": end, "dry_run": dry_run}
    report: dict[str, Any] = {}
    with connect(options, "sequences scan") as connection:
        content = orjson.dumps(body)
        for message in connection.stream("/v1/sequences/scan", known=KNOWN, content=content, headers=JSON):
            if "detection" in message:
                one = message["detection"]
                put(orjson.dumps(one).decode() if options.json else shown(_detection(one)))
            elif "cut" in message:
                cut = message["cut"]
                keys = " ".join(f"{key['kind']}={key['value']}" for key in cut["keys"])
                say(options, f"not looked at in full: {cut['pattern']} {keys}: {cut['reason']}")
            elif "failure" in message:
                failure = message["failure"]
                say(options, f"not looked for: {failure['pattern']}: {failure['reason']}")
            elif "report" in message:
                report = message["report"]
    if dry_run:
        say(options, f"{report['detections']} found; nothing was kept")
        return _exit_of(options, report)
    grown = f", {report['grown']} went on" if report["grown"] else ""
    say(options, f"{report['detections']} found, {report['new']} of them new{grown}")
    return _exit_of(options, report)


def _exit_of(options: Globals, report: dict[str, Any]) -> int:
    if report.get("index_lag"):
        say(options, f"the index lags: the last {report['index_lag']} entries were not scanned")
    return EXIT_NOT_ALL if report["cuts"] or report["failures"] or report.get("index_lag") else 0


@click.command()
@click.option("--limit", type=click.IntRange(min=1, max=1000), help="How many at most.")
@click.option("--pattern", metavar="NAME", help="Those of one pattern or rule.")
@global_options
def detections(options: Globals, limit: int | None, pattern: str | None) -> int:
    """What scans found and the ledger keeps, the newest first, with the ids of the evidence."""
    wanted = limit or (1000 if options.json else SCREEN)
    with connect(options, "detections") as connection:
        found = connection.get("/v1/detections", limit=wanted, pattern=pattern)["detections"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_detection(one)))
    if not found:
        say(options, "nothing was found yet; `vestige sequences scan` looks")
    elif len(found) == wanted:
        say(options, f"the newest {wanted}; --limit N shows more, up to 1000")
    return 0


def _switch(options: Globals, name: str, how: str) -> int:
    if not _NAME.fullmatch(name):
        raise UsageError(
            "that is no name of a pattern", expected="one that `vestige sequences list` shows", got=name[:60]
        )
    with connect(options, f"sequences {how}") as connection:
        found = connection.post(f"/v1/sequences/{name}/{how}", repeatable=True)
    put(orjson.dumps(found).decode() if options.json else shown(_pattern(found)))
    return 0


def _pattern(one: dict[str, Any]) -> str:
    state = "on " if one["enabled"] else "off"
    origin = "own" if one["origin"] == "own" else "   "
    if "unreadable" in one:
        return f"{state} {origin} {one['name']:<28}      {one['digest'][:12]} cannot be read: {one['unreadable']}"
    what = f"{one['name']:<28} {one['version']:<4} {one['digest'][:12]} {one['severity']:<8} {one['title']}"
    return f"{state} {origin} {what}"


def _detection(one: dict[str, Any]) -> str:
    """One finding on one line, so that lines stay lines."""
    ids = one["evidence"]
    shown_ids = ids[:MOST_SHOWN]
    count = one.get("events", len(ids))
    more = f" and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
    keys = " ".join(f"{key['kind']}={key['value']}" for key in one.get("keys", ()))
    mark = "new " if one["new"] else "went on " if one.get("grown") else ""
    span = f"{one.get('started_at', '?')} to {one.get('ended_at', '?')}"
    return f"{span}  {one['severity']}  {one['pattern']}  {mark}{keys}  {' '.join(shown_ids)}{more}"

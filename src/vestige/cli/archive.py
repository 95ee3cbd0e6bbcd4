"""``vestige archive``: weekly archives of the log, in a store of their own."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import click
import orjson

from vestige.cli.connection import JSON, Connection, connect
from vestige.cli.options import Globals, explained, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError

KNOWN = "an archive is whole or not there; run it again"
EXIT_FAILED = 1
EXIT_USAGE = 64
"""What the file in each archive ends with, too, where its command line is wrong."""
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}(\.[0-9]{1,9})?")
GOOD = (0, 3)


@click.group()
@global_options
def archive(options: Globals) -> None:
    """Archives: what was taken in during each week, sealed, in a store of its own."""
    click.get_current_context().obj = options


@archive.command()
@global_options
def create(options: Globals) -> int:
    """Archive every week that is over and has no archive yet."""
    with connect(options, "archive create") as connection:
        report = _ask(connection, options, "/v1/archives", {})
    if options.json:
        put(orjson.dumps(report).decode())
        return 0
    for one in report["created"]:
        put(_line(one))
    say(options, f"{len(report['created'])} made, {report['archives']} there are; a week is archived once it is over")
    return 0


archive.add_command(create, "run")


@archive.command("list")
@global_options
def list_(options: Globals) -> int:
    """The archives there are, the oldest first."""
    with connect(options, "archive list") as connection:
        found = connection.get("/v1/archives")
    for one in found["archives"]:
        put(orjson.dumps(one).decode() if options.json else _line(one))
    if not found["archives"]:
        why = "no week that is over has been archived" if found["configured"] else "VESTIGE_ARCHIVE_URL names no store"
        say(options, why)
    return 0


@archive.command()
@click.argument("target", metavar="[WEEK|FOLDER]", required=False)
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="For a folder: a verifier key you trust.")
@global_options
def verify(options: Globals, target: str | None, keys: tuple[str, ...]) -> int:
    """Verify archives of the store, or one in a folder, which needs no server."""
    if target is not None and Path(target).is_dir():
        # Read here: the other commands need nothing of it.
        from vestige.app import verify_archive  # noqa: PLC0415

        try:
            report = verify_archive(Path(target), list(keys))
        except UsageError as error:  # not 2, which is a verdict here
            sys.stderr.write(f"vestige: {explained(error)}\n")
            return EXIT_USAGE
        _tell(options, [report])
        return int(report["exit"])
    if target is not None and not _WEEK.fullmatch(target):
        raise UsageError("that is neither a week nor a folder that is there", expected="such as 2026-W47", got=target)
    if keys:
        raise UsageError("--key goes with a folder", expected="a folder that is there", got=str(target))
    with connect(options, "archive verify") as connection:
        reports = _ask(connection, options, "/v1/archives/verify", {"week": target or ""})["archives"]
    _tell(options, reports)
    return 0 if all(one["exit"] in GOOD for one in reports) else EXIT_FAILED


@archive.command()
@click.argument("week", metavar="WEEK")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@global_options
def fetch(options: Globals, week: str, folder: Path) -> int:
    """Copy a week's archive into an empty folder: a kit that is read and verified without a server."""
    if not _WEEK.fullmatch(week):
        raise UsageError("that is no week", expected="such as 2026-W47", got=week)
    there = folder.is_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError("the folder is not empty", expected="an empty folder", got=str(folder))
    body = {"week": week, "folder": str(folder.absolute())}
    try:
        with connect(options, "archive fetch") as connection:
            report = connection.request("POST", "/v1/archives/fetch", content=orjson.dumps(body), headers=JSON).json()
    except BaseException:
        if not there and not any(folder.iterdir()):
            folder.rmdir()
        raise
    _tell(options, [report])
    say(options, f"open {folder / 'timeline.html'}; {folder / 'README.txt'} says how to verify it")
    return 0 if report["exit"] in GOOD else EXIT_FAILED


@archive.command()
@click.argument("week", metavar="[WEEK]", required=False, default="")
@global_options
def restore(options: Globals, week: str) -> int:
    """Put payloads back that the ledger has lost; what was erased stays erased."""
    with connect(options, "archive restore") as connection:
        report = _ask(connection, options, "/v1/archives/restore", {"week": week})
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        put(
            f"{report['restored']:,} put back, {report['present']:,} were there, {report['erased']:,} stay erased, "
            f"{report['altered']:,} were altered, {report['foreign']:,} are of another log"
            + (f", {report['keyless']:,} are sealed under a lost key" if report["keyless"] else "")
        )
        if report["altered"]:
            say(options, "what was altered is evidence of that, and stays; `vestige ledger verify` says where")
        if report["keyless"]:
            say(options, "no row is written over, also one that nobody can open; `archive fetch` has what it said")
    return EXIT_FAILED if report["altered"] or report["keyless"] or report["foreign"] else 0


def _ask(connection: Connection, options: Globals, path: str, body: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    started = time.monotonic()
    sent: dict[str, Any] = {"content": orjson.dumps(body), "headers": JSON} if body else {}
    with Progress(options) as progress:
        for message in connection.stream(path, known=KNOWN, **sent):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    return report


def _tell(options: Globals, reports: list[dict[str, Any]]) -> None:
    for one in reports:
        if options.json:
            put(orjson.dumps(one).decode())
            continue
        counts = f", {one['records']:,} records" if "records" in one else ""
        erased = f", {one['erased']:,} erased" if one.get("erased") else ""
        reason = f": {one['reason']}" if one["reason"] else ""
        put(shown(f"{one.get('name', one.get('week', ''))}  {one['verdict']}{counts}{erased}{reason}"))


def _line(one: dict[str, Any]) -> str:
    erased = f", {one['erased']:,} erased" if one["erased"] else ""
    stretch = f"entries {one['from']:,} to {one['to'] - 1:,}"
    return f"{one['name']}  {stretch}, {one['records']:,} records{erased}, made {one['made']}"

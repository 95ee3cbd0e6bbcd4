"""``vestige job`` and ``vestige integrity``: what is done by itself, and what verifications found."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import Connection, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress

EXIT_NOT_VERIFIED = 4
KNOWN = "the job was run or will be; `vestige job list` says what came of it"


@click.group()
@global_options
def job(options: Globals) -> None:
    """Jobs: what the server does by itself, one runner at a time across all nodes."""
    click.get_current_context().obj = options


@job.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every job: when it ran, what came of it, when it is due."""
    with connect(options, "job list") as connection:
        found = connection.get("/v1/jobs")
    for one in found["jobs"]:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    if "error" in found:
        say(options, f"the schedule cannot look for what is due: {found['error']}")
    return 0


@job.command()
@click.argument("name", metavar="NAME")
@global_options
def run(options: Globals, name: str) -> int:
    """Run a job now."""
    with connect(options, "job run") as connection:
        report = run_job(connection, options, name)
    put(orjson.dumps(report).decode() if options.json else shown(_told(report)))
    return EXIT_NOT_VERIFIED if report.get("ok") is False else 0


@click.group()
@global_options
def integrity(options: Globals) -> None:
    """Integrity: whether what is stored is still what was written."""
    click.get_current_context().obj = options


@integrity.command()
@click.option("--full", is_flag=True, help="The whole ledger and every kept file, not only what is new.")
@click.option("--index", is_flag=True, help="The index and all derived tables, against the ledger.")
@global_options
def check(options: Globals, *, full: bool, index: bool) -> int:
    """Verify now: what is new in the ledger, or what is asked for. Exit 4 if something is wrong."""
    names = [name for name, wanted in (("verify-full", full), ("verify-index", index)) if wanted] or ["verify"]
    good = True
    with connect(options, "integrity check") as connection:
        for name in names:
            report = run_job(connection, options, name)
            good = good and report["ok"]
            put(orjson.dumps({"check": name} | report).decode() if options.json else shown(f"{name}: {_told(report)}"))
    return 0 if good else EXIT_NOT_VERIFIED


@integrity.command("show")
@global_options
def show_(options: Globals) -> int:
    """What the last verifications found; exit 4 if one found something wrong."""
    with connect(options, "integrity show") as connection:
        found = connection.get("/v1/integrity")
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        put(found["verdict"])
        for one in found["checks"]:
            put(shown(_line(one)))
        if not found["alarm"]:
            say(options, "nobody is told of a failure: set VESTIGE_ALARM_URL and VESTIGE_ALARM_SECRET")
    return EXIT_NOT_VERIFIED if found["verdict"] == "failed" else 0


def run_job(connection: Connection, options: Globals, name: str) -> dict[str, Any]:
    """Run a job and show how far it is; what it reports."""
    report: dict[str, Any] = {}
    started = time.monotonic()
    with Progress(options) as progress:
        for message in connection.stream(f"/v1/jobs/{quote(name, safe='')}/run", known=KNOWN):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    return report


def _line(one: dict[str, Any]) -> str:
    parts = [f"{one['name']:<13}", f"{one['state']:<8}"]
    if "progress" in one:
        parts.append(f"{one['progress']['done']:,} of {one['progress']['of']:,}, by {one['runner']}")
    parts += [f"{word.replace('_', ' ')} {one[word][:19]}Z" for word in ("last_good", "due") if word in one]
    if "error" in one:
        parts.append(f"failed {one['failures']} times: {one['error']}")
    elif "result" in one:
        parts.append(_told(one["result"]))
    return "  ".join(parts)


def _worded(value: Any) -> str:  # noqa: ANN401 - of JSON
    """A value of a report for a person."""
    if isinstance(value, list):
        return ", ".join(map(_worded, value)) or "none"
    if isinstance(value, dict):
        return " ".join(f"{name.replace('_', ' ')} {_worded(one)}" for name, one in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _told(report: dict[str, Any]) -> str:
    """One line about what a job reports."""
    if "ok" not in report:
        return "; ".join(f"{name.replace('_', ' ')} {_worded(value)}" for name, value in report.items())
    if report["ok"]:
        return f"good, {report['entries']:,} entries" + (f"; {report['reason']}" if report["reason"] else "")
    where = ""
    if report.get("first_bad_seq") is not None:
        where = f" (first bad entry: {report['first_bad_seq']})"
    elif report.get("interval"):
        where = f" (between sizes {report['interval'][0]} and {report['interval'][1]})"
    return f"WRONG: {report['reason']}{where}; alarm: {report.get('alarm', 'none')}"

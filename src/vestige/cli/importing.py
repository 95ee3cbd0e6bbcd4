"""``vestige import``: take files, folders, archives or standard input into the ledger."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, Connection, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import InputError, UsageError

EXIT_SOME_FAILED = 3
SHOWN_FAILURES = 20
READ = 1 << 20
KNOWN = "what was committed before is kept; import the same bytes again: nothing is taken twice"
REPEATED = "the process that held the data directory ended; importing again: what it had taken in counts as duplicates"


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--source", metavar="NAME", help="Name the source; by default the format's own name, or the file's.")
@click.option("--format", "form", default="auto", show_default=True, help="Read as this format whatever it looks like.")
@click.option("--zone", metavar="Z", help="Zone of stamps that state none: Europe/Berlin, +02:00.  [default: UTC]")
@click.option("--year", type=click.IntRange(1, 9999), help="Year of stamps that state none.")
@click.option("--explain", is_flag=True, help="Say what each file would be read as, and why; take nothing in.")
@global_options
def import_(
    options: Globals,
    paths: tuple[str, ...],
    source: str | None,
    form: str,
    zone: str | None,
    year: int | None,
    explain: bool,
) -> int:
    """Take evidence in: files, folders, .gz, .zip, .tar; `-` is standard input.

    Every record is kept as it came, hashed and provable, whether or not it can be read. Importing the same bytes
    again adds nothing; a grown or rotated log adds its tail.
    """
    request = {"source": source, "format": form, "zone": zone, "year": year}
    if explain and "-" in paths:
        raise UsageError("standard input cannot be explained", expected="files", got="-", hint="save it in a file")
    with connect(options, "import") as connection:
        if explain:
            return _explain(connection, options, paths, request)
        with Progress(options) as progress:
            reports = list(_run(connection, options, paths, request, progress))
    report = _sum(reports or [failed(paths[0], "holds no file")])
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _tell(options, report)
    return EXIT_SOME_FAILED if report["failures_total"] else 0


def _run(
    connection: Connection, options: Globals, paths: tuple[str, ...], request: dict[str, Any], progress: Progress
) -> Iterator[dict[str, Any]]:
    local = [path for path in paths if path != "-"] if connection.local else []
    if local:
        body = request | {"paths": [str(Path(path).absolute()) for path in local]}
        # The same files again add nothing, so a holder that is gone midway costs a repetition and no doubt.
        messages = connection.stream(
            "/v1/imports",
            known=KNOWN,
            repeatable=True,
            on_repeat=lambda: say(options, REPEATED),
            content=orjson.dumps(body),
            headers=JSON,
        )
        yield from _follow(messages, progress)
    for path in paths:
        if path in local:
            continue
        for name, content in _uploads(path):
            headers = {"X-Filename": quote(name), "X-Parser-Id": request["format"]}
            headers |= {"X-Source-Id": quote(request["source"])} if request["source"] else {}
            headers |= {"X-Zone": request["zone"]} if request["zone"] else {}
            headers |= {"X-Year": str(request["year"])} if request["year"] else {}
            try:
                messages = connection.stream("/v1/ingest/raw", known=KNOWN, content=content, headers=headers)
                yield from _follow(messages, progress)
            except InputError as error:
                yield failed(name, str(error))


def _follow(messages: Iterator[Any], progress: Progress) -> Iterator[dict[str, Any]]:
    for message in messages:
        if "progress" in message:
            progress.show(message["progress"])
        else:
            yield message["report"]


def _uploads(path: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files under a path, to be sent one by one."""
    if path == "-":
        yield "stdin", _chunks(sys.stdin.fileno())
        return
    root = Path(path)
    if not root.exists():
        raise InputError(f"there is no {path}", expected="a file or folder of this machine")
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    for file in files:
        try:
            handle = os.open(file, os.O_RDONLY)
        except OSError as error:
            yield str(file), _Unreadable(error)
            continue
        try:
            yield str(file), _chunks(handle)
        finally:
            os.close(handle)


def _chunks(handle: int) -> Iterator[bytes]:
    try:
        while data := os.read(handle, READ):
            yield data
    except OSError as error:
        raise InputError("the file cannot be read", got=error.strerror or str(error)) from None


class _Unreadable(Iterator[bytes]):
    """The content of a file that could not be opened: says so when it is asked for."""

    def __init__(self, error: OSError) -> None:
        self._reason = error.strerror or str(error)

    def __next__(self) -> bytes:
        raise InputError("the file cannot be read", got=self._reason)


def failed(name: str, reason: str) -> dict[str, Any]:
    """The report of a file that could not even be sent."""
    counts = dict.fromkeys(("files", "records", "parsed", "unparsed", "duplicates", "skipped", "events", "bytes"), 0)
    failure = {"file": name, "offset": 0, "reason": reason}
    lists = {"failures": [failure], "failures_total": 1, "formats": {}, "assumptions": []}
    return counts | {"skipped_files": 1, "seconds": 0.0} | lists


def _sum(reports: list[dict[str, Any]]) -> dict[str, Any]:
    total = reports[0]
    for report in reports[1:]:
        for name, value in report.items():
            if isinstance(value, dict):
                for key, count in value.items():
                    total[name][key] = total[name].get(key, 0) + count
            elif isinstance(value, (int, float, list)):
                total[name] += value
    return total


def _explain(connection: Connection, options: Globals, paths: tuple[str, ...], request: dict[str, Any]) -> int:
    body = request | {"paths": [str(Path(path).absolute()) for path in paths]}
    found = connection.post("/v1/imports/explain", body, repeatable=True)
    for line in found:
        if options.json:
            put(orjson.dumps(line).decode())
        elif "skipped" in line:
            put(shown(f"{line['file']}: not read: {line['skipped']}"))
        else:
            sure = f"{line['format']} ({line['confidence']:.0%} sure), source {line['source']}"
            put(shown(f"{line['file']}: {sure}\n  {line['why']}"))
    return EXIT_SOME_FAILED if any("skipped" in line for line in found) else 0


def _tell(options: Globals, report: dict[str, Any]) -> None:
    rate = report["records"] / report["seconds"] if report["seconds"] else 0
    took = f"{report['seconds']:.1f} s ({rate:,.0f}/s)"
    skipped = f" ({report['skipped_files']:,} skipped)" if report["skipped_files"] else ""
    lines = [
        f"{report['records']:,} records from {report['files']:,} files{skipped} in {took}",
        f"  parsed      {report['parsed']:>12,}   giving {report['events']:,} events",
        f"  unparsed    {report['unparsed']:>12,}",
        f"  duplicates  {report['duplicates']:>12,}",
        f"  skipped     {report['skipped']:>12,}",
    ]
    if report["formats"]:
        lines.append("  formats     " + ", ".join(f"{name} ({count})" for name, count in report["formats"].items()))
    put("\n".join(lines))
    for assumption in report["assumptions"][:SHOWN_FAILURES]:
        say(options, f"assumed: {assumption}")
    for failure in report["failures"][:SHOWN_FAILURES]:
        say(options, f"not read: {failure['file']} at byte {failure['offset']}: {failure['reason']}")
    more = report["failures_total"] - min(len(report["failures"]), SHOWN_FAILURES)
    if more > 0:
        say(options, f"… and {more} more; `vestige search type:record.unparsed` lists records that could not be read")
    if report["unparsed"]:
        say(options, "records that could not be read are kept as evidence: `vestige show ID --raw` gives their bytes")

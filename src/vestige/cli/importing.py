"""``vestige import``: take files, folders, archives or standard input into the ledger."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, Connection, connect, header
from vestige.cli.given import given_text
from vestige.cli.options import Globals, Terminated, global_options, put, readable, say, shown, terminable
from vestige.cli.progress import Progress
from vestige.model.errors import InputError, UsageError
from vestige.model.instant import FIRST_YEAR, LAST_YEAR

EXIT_SOME_FAILED = 3
SHOWN_FAILURES = 20
READ = 1 << 20
_INDEX = ("index_lag", "index_reason")
MAPPING_FILE = ".toml"
GENERIC_SHARE = 0.01
"""Above this share of a format's events, a person is told that their type says little."""
LONGEST_SOURCE = 200
KNOWN = "what was committed before is kept; import the same bytes again: nothing is taken twice"
REPEATED = "the process that held the data directory ended; importing again: what it had taken in counts as duplicates"


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path())
@click.option("--source", metavar="NAME", help="Name the source; by default the format's own name, or the file's.")
@click.option("--format", "form", default="auto", show_default=True, help="Read as this format whatever it looks like.")
@click.option("--zone", metavar="Z", help="Zone of stamps that state none: Europe/Berlin, +02:00.  [default: UTC]")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="Year of stamps that state none.")
@click.option("--follow", is_flag=True, help="Go on with what is written to the files, across rotation, until Ctrl-C.")
@click.option("--explain", is_flag=True, help="Say what each file would be read as, and why; take nothing in.")
@global_options
def import_(
    options: Globals,
    paths: tuple[str, ...],
    source: str | None,
    form: str,
    zone: str | None,
    year: int | None,
    follow: bool,
    explain: bool,
) -> int:
    """Take evidence in: files, folders, .gz, .zip, .tar; `-` is standard input.

    Every record is kept as it came, hashed and provable, whether or not it can be read. Importing the same bytes
    again adds nothing; a grown or rotated log adds its tail.
    """
    request = {"source": source, "format": form, "zone": zone, "year": year}
    if "" in paths:
        raise UsageError("a PATH is empty", expected="a file, a folder, or `-`; `.` is this folder", got="''")
    if source is not None and not 1 <= len(source) <= LONGEST_SOURCE:
        raise UsageError(
            "--source is no name", expected=f"1 to {LONGEST_SOURCE} characters", got=str(len(source)), field="source"
        )
    mapping = read_mapping(form)
    if mapping is not None and explain:
        raise UsageError(
            "--explain does not try a mapping", expected="`vestige source test MAPPING SAMPLE`", got=f"--format {form}"
        )
    if (explain or follow) and "-" in paths:
        done = "explained" if explain else "followed"
        raise UsageError(f"standard input cannot be {done}", expected="files", got="-", hint="save it in a file")
    if follow and options.server:
        raise UsageError("only files of the server's own machine can be followed", hint="run it there, with --data")
    with connect(options, "import", makes=True) as connection:
        if explain:
            return _explain(connection, options, paths, request)
        if mapping is not None:
            request["format"] = record_mapping(connection, mapping)
        with Progress(options) as progress:
            if follow:
                reports = list(_follow_on(connection, options, paths, request, progress))
            else:
                reports = _all(connection, options, paths, request, progress)
    report = _sum(reports or [failed(paths[0], "holds no file")])
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _tell(options, report)
    whole = report["outcome"] == "complete" and "index_lag" not in report
    return 0 if whole and not report["failures_total"] else EXIT_SOME_FAILED


def read_mapping(form: str) -> str | None:
    """The text of the mapping file a format option names; ``None`` where it names a format.

    Raises:
        UsageError: the file cannot be read, or is too long for a mapping.
    """
    if not form.endswith(MAPPING_FILE):
        return None
    from vestige.app import MAPPING_BYTES  # noqa: PLC0415 - every format comes with it, and few imports name a mapping

    return given_text(Path(form), "the mapping", MAPPING_BYTES)


def record_mapping(connection: Connection, text: str) -> str:
    """Keep a mapping in the ledger, so that records can be read by it anywhere; the name to use it by."""
    return str(connection.post("/v1/sources/mappings", {"mapping": text}, repeatable=True)["format"])


def _all(
    connection: Connection, options: Globals, paths: tuple[str, ...], request: dict[str, Any], progress: Progress
) -> list[dict[str, Any]]:
    """The reports of everything imported; interrupted, it says what is known first."""
    reports: list[dict[str, Any]] = []
    with terminable():
        try:
            for report in _run(connection, options, paths, request, progress):
                reports.append(report)
                progress.records = 0
        except (KeyboardInterrupt, Terminated):
            _interrupted(options, sum(report["records"] for report in reports) + progress.records)
            raise
    return reports


def _interrupted(options: Globals, records: int) -> None:
    """Say what is known of an import that goes no further."""
    known = f"at least {records:,} records are safely in" if records else "no record is known to be in"
    say(options, f"interrupted: {known}; run the same import again: it goes on where this one stopped")


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
            content=json.dumps(body).encode(),  # in ASCII: a name of a file may be no UTF-8
            headers=JSON,
        )
        yield from _follow(messages, progress)
    for path in paths:
        if path in local:
            continue
        for name, content in _uploads(path):
            headers = {"X-Filename": quote(name), "X-Parser-Id": header("--format", request["format"])}
            headers |= {"X-Source-Id": quote(request["source"])} if request["source"] else {}
            headers |= {"X-Zone": header("--zone", request["zone"])} if request["zone"] is not None else {}
            headers |= {"X-Year": str(request["year"])} if request["year"] else {}
            try:
                messages = connection.stream("/v1/ingest/raw", known=KNOWN, content=content, headers=headers)
                yield from _follow(messages, progress)
            except InputError as error:
                yield failed(name, str(error))


def _follow_on(
    connection: Connection, options: Globals, paths: tuple[str, ...], request: dict[str, Any], progress: Progress
) -> Iterator[dict[str, Any]]:
    """Follow until interrupted, and then wait for the report; a second interruption waits for nothing."""
    names: list[str] = []

    def ask(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name in names:
            path = f"/v1/imports/{name}/stop"
            threading.Thread(target=lambda: connection.request("POST", path), daemon=True).start()  # noqa: B023

    body = request | {"paths": [os.path.abspath(path) for path in paths], "follow": True}  # noqa: PTH100 - not resolved
    messages = connection.stream(
        "/v1/imports",
        known=KNOWN,
        repeatable=True,
        on_repeat=lambda: say(options, REPEATED),
        content=orjson.dumps(body),
        headers=JSON,
    )
    for message in messages:
        told = message.get("progress", {})
        if "following" in told:
            names[:] = [told["following"]]
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, ask)
            say(options, "following; Ctrl-C ends it with a report")
        elif "report" in message:
            yield message["report"]
        else:
            progress.followed(told)


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
        raise InputError(f"there is no {readable(path)}", expected="a file or folder of this machine")
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    for file in files:
        try:
            handle = os.open(file, os.O_RDONLY)
        except OSError as error:
            yield readable(str(file)), _Unreadable(error)
            continue
        try:
            yield readable(str(file)), _chunks(handle)
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
    failure = {"file": readable(name), "offset": 0, "reason": reason}
    lists = {
        "failures": [failure],
        "failures_total": 1,
        "formats": {},
        "generic": {},
        "assumptions": [],
        "left_out": [],
    }
    return {"outcome": "complete"} | counts | {"skipped_files": 1, "seconds": 0.0} | lists


def _sum(reports: list[dict[str, Any]]) -> dict[str, Any]:
    total = reports[0]
    for report in reports[1:]:
        for name in _INDEX:  # how the index stands, which the last one knows best
            total.pop(name, None)
        if report["outcome"] != "complete":
            total["outcome"] = report["outcome"]
        for name, value in report.items():
            if name in _INDEX:
                total[name] = value
            elif name == "generic":
                _add_generic(total[name], value)
            elif isinstance(value, dict):
                for key, count in value.items():
                    total[name][key] = total[name].get(key, 0) + count
            elif isinstance(value, (int, float, list)):
                total[name] += value
    return total


def _add_generic(total: dict[str, Any], more: dict[str, Any]) -> None:
    for form, counts in more.items():
        sums = {name: total.get(form, {}).get(name, 0) + counts[name] for name in ("events", "of")}
        total[form] = sums | {"share": round(sums["events"] / sums["of"], 4)}


def _explain(connection: Connection, options: Globals, paths: tuple[str, ...], request: dict[str, Any]) -> int:
    body = request | {"paths": [str(Path(path).absolute()) for path in paths]}
    content = json.dumps(body).encode()
    answer = connection.request("POST", "/v1/imports/explain", repeatable=True, content=content, headers=JSON)
    found = orjson.loads(answer.content)
    for line in found:
        if options.json:
            put(orjson.dumps(line).decode())
        elif "skipped" in line:
            put(shown(f"{line['file']}: not read: {line['skipped']}"))
        else:
            sure = f"{line['format']} ({line['confidence']:.0%} sure), source {line['source']}"
            put(f"{shown(line['file'])}: {shown(sure)}\n  {shown(line['why'])}")
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
    if report["skipped_files"]:
        lines.append(f"  files not taken in {report['skipped_files']:>5,}")
    if report["formats"]:
        lines.append("  formats     " + ", ".join(f"{name} ({count})" for name, count in report["formats"].items()))
    put("\n".join(lines))
    _remark(options, report)


def _remark(options: Globals, report: dict[str, Any]) -> None:
    """What a person should know beside the counts."""
    for name, found in report["generic"].items():
        if found["share"] > GENERIC_SHARE:
            of = f"{found['events']:,} of {found['of']:,} {name} events ({found['share']:.1%})"
            say(options, f"generic: {of} have a type that says only what kind of source spoke; a mapping can say more")
    for assumption in report["assumptions"][:SHOWN_FAILURES]:
        say(options, f"assumed: {assumption}")
    for left in report["left_out"]:
        say(options, f"left out: {left}")
    for failure in report["failures"][:SHOWN_FAILURES]:
        say(options, f"failure: {failure['file']} at byte {failure['offset']}: {failure['reason']}")
    more = report["failures_total"] - min(len(report["failures"]), SHOWN_FAILURES)
    if more > 0:
        say(options, f"… and {more} more; `vestige search type:record.unparsed` lists records that could not be read")
    if report["outcome"] != "complete":
        say(options, f"the import was {report['outcome']}: run it again, and it goes on where it ended")
    if "index_lag" in report:
        say(
            options,
            f"all of it is safely in the ledger, but the index is {report['index_lag']} entries behind: "
            f"{report.get('index_reason', 'it is being caught up')}; see `vestige doctor`",
        )
    if report["unparsed"]:
        say(options, "records that could not be read are kept as evidence: `vestige show ID --raw` gives their bytes")

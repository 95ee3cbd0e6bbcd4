"""``vestige export``: all events that match, in the shape of another tool, into a file that is whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Bound, Globals, global_options, put, readable, say
from vestige.cli.progress import Progress
from vestige.model.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES = ("ndjson", "csv", "timesketch", "ecs", "ocsf", "l2tcsv", "parquet")
ENDINGS = {".csv": "csv", ".parquet": "parquet", ".ndjson": "ndjson", ".jsonl": "ndjson"}
"""Endings that leave no doubt about the shape."""
HEADER = ".header.json"
"""Ending of the file beside an export that says how it was made."""
PROGRESS_SECONDS = 0.2


@click.command()
@click.option("--query", default="", metavar="Q", help="Only events that match; the language of `search`.")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option(
    "--to", type=Bound(), metavar="TIME", help="Up to, not including, this time (UTC where it states no offset)."
)
@click.option(
    "--format", "shape", type=click.Choice(SHAPES), help="The shape.  [default: by the file's ending, else ndjson]"
)
@click.option(
    "-o", "--output", type=click.Path(), required=True, metavar="FILE", help="Where to; `-` is standard output."
)
@global_options
def export(options: Globals, query: str, start: str | None, to: str | None, shape: str | None, output: str) -> int:
    """Write all events that match, oldest first, for another tool to read.

    Without --from and --to, events that state no usable time follow at the end. FILE.header.json beside it says how it
    was made: query, bounds, zones and clock offsets of sources, checkpoint, and the digest of the file.
    """
    shape = shape or ENDINGS.get(Path(output).suffix.lower(), "ndjson")
    if output != "-" and Path(output).exists() and not Path(output).is_file():
        what = "a folder" if Path(output).is_dir() else "no file"
        raise UsageError(
            f"the output is {what}", expected="a file's name, or - for standard output", got=readable(output)
        )
    with connect(options, "export") as connection, Progress(options) as progress:
        began = shown = time.monotonic()
        size = 0
        asked = {"q": query or None, "start": start, "end": to, "format": shape}
        header = connection.get("/v1/export/header", **asked) if output != "-" else {}
        digest = hashlib.sha256()
        answer = connection.download("/v1/export", **asked)
        with answer as response, whole_file(output) as file:
            events = int(response.headers["X-Vestige-Events"])
            for chunk in response.iter_bytes():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if time.monotonic() - shown >= PROGRESS_SECONDS:
                    shown = time.monotonic()
                    progress.bytes(size, shown - began)
        if lag := response.headers.get("X-Vestige-Index-Lag"):
            say(options, f"the index lags: the last {lag} entries are not in this export")
    if output == "-":
        return 0
    told = {"file": readable(Path(output).name), "events": events, "bytes": size, "sha256": digest.hexdigest()}
    beside = f"{output}{HEADER}"
    with whole_file(beside) as file:
        file.write(orjson.dumps(header | told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if options.json:
        told = {"file": readable(output), "format": shape, "events": events, "bytes": size, "header": readable(beside)}
        put(orjson.dumps(told).decode())
    else:
        say(options, f"{events:,} events, {size:,} bytes, to {readable(output)}; how it was made: {readable(beside)}")
    return 0


@contextlib.contextmanager
def whole_file(output: str) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its name only when it is whole and durable."""
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(output).resolve() if Path(output).is_symlink() else Path(output)
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a mode
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written", got=error.strerror or str(error)) from error
    finally:
        part.unlink(missing_ok=True)

"""``vestige case report``: a case as a file for a lawyer, or for whoever leads the incident."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import click
import orjson

from vestige.cli.case_common import path_of, shape_of
from vestige.cli.connection import connect
from vestige.cli.export import whole_file
from vestige.cli.options import Globals, global_options, put, readable, say
from vestige.model.errors import IntegrityError, UsageError

SHAPES: Final = ("html", "pdf", "markdown")
ENDINGS: Final = {
    ".html": ("html",), ".htm": ("html",), ".pdf": ("pdf",), ".md": ("markdown",), ".markdown": ("markdown",),
}  # fmt: skip


@click.command()
@click.argument("case_id", metavar="CASE")
@click.option(
    "--format", "shape", type=click.Choice(SHAPES), help="The shape.  [default: by the file's ending, else html]"
)
@click.option(
    "--events",
    type=click.IntRange(1, 5000),
    metavar="N",
    help="How many events it lists; the rest are counted.  [default: 500]",
)
@click.option(
    "--zone", default="", metavar="NAME", help="Whose clock stands beside UTC: an IANA name.  [default: none]"
)
@click.option(
    "-o", "--output", type=click.Path(), required=True, metavar="FILE", help="Where to; `-` is standard output."
)
@global_options
def report(options: Globals, case_id: str, shape: str | None, events: int | None, zone: str, output: str) -> int:
    """Write a report of a case: HTML, PDF or Markdown.

    Summary, hypotheses, timeline, evidence with digests and proofs, custody log, method, and the draft of a
    certification that nobody has signed. What people wrote and what the system states are told apart. That it was made
    is an entry of the ledger, with the file's digest.
    """
    ending = Path(output).suffix.lower()
    if shape is None and output != "-" and ending and ending not in ENDINGS:
        raise UsageError(
            "no report has a file of this ending", expected=", ".join(ENDINGS), got=ending,
            hint="--format says the shape whatever the ending",
        )  # fmt: skip
    shape = shape_of(output, shape, ENDINGS, "html")
    digest, size = hashlib.sha256(), 0
    with connect(options, "case report") as connection:
        answer = connection.download(path_of(case_id, "report"), format=shape, events=events, zone=zone or None)
        with answer as response, whole_file(output) as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            headers = response.headers
            if digest.hexdigest() != headers["X-Vestige-Sha256"]:
                raise IntegrityError(
                    "the report is not the one that was recorded", expected=headers["X-Vestige-Sha256"],
                    got=digest.hexdigest(), hint="ask for it again",
                )  # fmt: skip
    listed, pins = int(headers["X-Vestige-Events"]), int(headers["X-Vestige-Pins"])
    if options.json:
        told = {"file": readable(output), "format": shape, "bytes": size, "sha256": digest.hexdigest()}
        if output != "-":
            put(orjson.dumps(told | {"events": listed, "of": pins}).decode())
        return 0
    if output != "-":
        say(options, f"{size:,} bytes, to {readable(output)}; SHA-256 {digest.hexdigest()}")
    if listed < pins:
        say(options, f"it lists the first {listed:,} of {pins:,} events; --events N lists more, a bundle has all")
    return 0

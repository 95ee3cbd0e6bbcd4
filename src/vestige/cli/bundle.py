"""``vestige bundle``: evidence that convinces a stranger, and the stranger's side of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import Connection, connect
from vestige.cli.export import PROGRESS_SECONDS, whole_file
from vestige.cli.options import Bound, Globals, explained, global_options, put, readable, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_USAGE = 64
"""Verification has a table of exit codes of its own, in which 2 means something."""
FAILED = frozenset({1, 4})
"""Exit codes of a bundle that failed, or is none."""
MOST_TOLD = 20
"""Faults told to a person; ``--json`` has up to a hundred."""


class _FaultyLine(click.UsageError):
    exit_code = EXIT_USAGE


class _Verifying(click.Command):
    """A command whose faulty command line ends with 64."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - as click takes them
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise _FaultyLine(error.format_message(), error.ctx) from error


@click.group()
@global_options
def bundle(options: Globals) -> None:
    """Evidence bundles: records with their exact bytes, proofs, and a verifier, for whoever has nothing of ours."""
    click.get_current_context().obj = options


@bundle.command()
@click.option("--query", metavar="Q", help="Records with an event that matches; '' is all of them.")
@click.option("--case", metavar="ID", help="Instead: what is pinned in this case, with its acts and notes, as it is.")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option(
    "--to", type=Bound(), metavar="TIME", help="Up to, not including, this time (UTC where it states no offset)."
)
@click.option(
    "--as-of",
    type=click.IntRange(1, 2**53 - 1),
    metavar="SIZE",
    help="As of this size of the log: that of a published checkpoint.",
)
@click.option("--anchor", is_flag=True, help="Show the log to authorities and witnesses first; pack as of that.")
@click.option("-o", "--output", type=click.Path(), required=True, metavar="X.zip", help="Where to.")
@global_options
def create(
    options: Globals,
    query: str | None,
    case: str | None,
    start: str | None,
    to: str | None,
    as_of: int | None,
    output: str,
    *,
    anchor: bool,
) -> int:
    """Pack all records that match, with proofs, keys, custody log and verifier, into a zip.

    Everything is checked before anything is written. Without --from and --to, records without a usable time go along.
    """
    if (query is None) == (not case):
        raise UsageError("what is to be packed is not said", expected="either --query Q or --case ID")
    if anchor and (as_of is not None or case):
        raise UsageError("--anchor says as of when", expected="neither --as-of nor --case beside it", field="anchor")
    check_output(output)
    with connect(options, "bundle create") as connection, Progress(options) as progress:
        if anchor:
            as_of = _anchored(options, connection)
        asked = {"q": query or None, "case": case, "start": start, "end": to, "as_of": as_of}
        made = save(connection, progress, "/v1/export/bundle", asked, output)
    tell(options, made, "records")
    return 0


def check_output(output: str) -> None:
    """Refuse to write a bundle where it cannot be put whole.

    Raises:
        UsageError: it is no file.
    """
    if output == "-" or (Path(output).exists() and not Path(output).is_file()):
        raise UsageError("the output is no file", expected="a file's name", got=readable(output))


def save(
    connection: Connection, progress: Progress, path: str, asked: Mapping[str, object], output: str
) -> dict[str, Any]:
    """Put a bundle that is answered at a path into a file; what it is, and the keys it is verified by."""
    began = told = time.monotonic()
    size = 0
    with connection.download(path, **asked) as response, whole_file(output) as file:
        for chunk in response.iter_bytes():
            file.write(chunk)
            size += len(chunk)
            if time.monotonic() - told >= PROGRESS_SECONDS:
                told = time.monotonic()
                progress.bytes(size, told - began)
    # The last of each epoch: each of their logs is signed by keys of its own.
    keys = [*{one["epoch"]: one["vkey"] for one in connection.get("/v1/ledger/keys")}.values()]
    headers = response.headers
    return {"file": readable(output), "records": int(headers["X-Vestige-Records"]), "bytes": size,
            "size": int(headers["X-Vestige-Size"]), "key": keys[-1], "keys": keys}  # fmt: skip


def tell(options: Globals, made: Mapping[str, Any], what: str) -> None:
    """Say what was put into a file, and how it is verified; ``what``: what its records are."""
    if options.json:
        put(orjson.dumps(made).decode())
        return
    size = f"as of size {made['size']} of the log, {made['bytes']:,} bytes"
    say(options, f"{made['records']:,} {what} {size}, to {made['file']}")
    of_each = "a key of each of the log's epochs" if len(made["keys"]) > 1 else "the log's key"
    say(options, f"whoever gets it needs {of_each} from somebody they trust, not from the bundle:")
    put("\n".join(made["keys"]))


def _anchored(options: Globals, connection: Connection) -> int:
    """The size of a checkpoint that was shown to everybody just now; who gave nothing is said."""
    report = connection.post("/v1/anchors")
    for one in report["failures"]:
        say(options, shown(f"not anchored: {one['by']}: {one['reason']}"))
    return int(report["size"])


@bundle.command(cls=_Verifying)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, metavar="FILE|VKEY", help="A verifier key you trust, or a file of them.")
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="Witnesses that must have cosigned.")
@click.option(
    "--tsa-roots", type=click.Path(path_type=Path), metavar="FILE", help="Certificates that time stamps must lead to."
)
@global_options
def verify(options: Globals, path: Path, keys: tuple[str, ...], policy: Path | None, tsa_roots: Path | None) -> int:
    """Check a bundle, zip or folder: no server, no database, no network.

    Ends with 0 verified; 1 failed; 2 integrity good, but no key was given; 3 verified, parts withheld or erased; 4 not
    a bundle; 64 usage.
    """
    # Imported late: the rest of the command line does without.
    from vestige.app import verify_bundle  # noqa: PLC0415

    try:
        named = {key for key in keys if os.path.exists(key)}  # noqa: PTH110 - a key may be too long for a name
        report = verify_bundle(
            path, [key for key in keys if key not in named], policy, list(map(Path, named)), tsa_roots
        )
    except UsageError as error:
        sys.stderr.write(f"vestige: {explained(error)}\n")
        return EXIT_USAGE
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _tell(options, report)
    return int(report["exit"])


def _tell(options: Globals, report: Mapping[str, Any]) -> None:
    for check in report["checks"]:
        put(shown(f"{_mark(check)}  {check['name']:12} {check['detail']}"))
    counts = ", ".join(f"{count} {name}" for name, count in report["records"].items())
    if report["exit"] in FAILED:
        # What a bundle that failed says of its records is its own word, and no result.
        counts = "nothing of it is proven"
    put(f"{report['verdict'].upper()}: {counts}")
    for fault in report["faults"][:MOST_TOLD]:
        place = " ".join(str(fault[name]) for name in ("file", "seq") if name in fault)
        more = "".join(f"\n  {name + ':':9} {fault[name]}" for name in ("expected", "got") if name in fault)
        for line in f"{place or 'the bundle'}: {fault['message']}{more}".split("\n"):
            say(options, line)


def _mark(check: Mapping[str, Any]) -> str:
    if check["detail"] == "not reached":
        return "--  "
    return "ok  " if check["ok"] else "FAIL"

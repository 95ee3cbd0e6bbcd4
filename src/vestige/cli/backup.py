"""``vestige backup`` and ``vestige restore``: everything that cannot be computed again, copied and put back."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige import app
from vestige.cli.connection import JSON, connect
from vestige.cli.ledger import EXIT_NOT_VERIFIED
from vestige.cli.options import Globals, global_options, put, readable, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_INCOMPLETE = 3
_KNOWN = "what was begun is no backup; one that was in the folder before is what it was"
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@global_options
def backup(options: Globals, folder: Path) -> int:
    """Copy everything that cannot be computed again into FOLDER, while others go on working.

    FOLDER is new, empty, or holds an earlier backup of this installation, whose files are not copied again.
    """
    report: dict[str, Any] = {}
    content = orjson.dumps({"folder": _text(folder.absolute())})
    with connect(options, "backup") as connection, Progress(options, lines=True) as progress:
        told = _telling(progress)
        for message in connection.stream("/v1/backups", known=_KNOWN, content=content, headers=JSON):
            if "progress" in message:
                told(*(message["progress"][name] for name in ("file", "done", "of")))
            else:
                report = message["report"]
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        put(shown(f"{folder}  {report['entries']:,} entries, {report['files']:,} files of {report['bytes']:,} bytes"))
        put(f"manifest  {report['manifest']}")
        say(options, "the signer's directory is not in it: copy it apart (docs/operations.md)")
    if report["missing"]:
        sys.stderr.write(
            f"vestige: {len(report['missing'])} blobs that entries name are not there, such as {report['missing'][0]}: "
            "`vestige ledger verify` says which entries\n"
        )
    return EXIT_INCOMPLETE if report["missing"] else 0


@click.command()
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@click.option(
    "--without-signer",
    is_flag=True,
    help="The signer's directory is lost: go on, though nobody knows then what was lost or erased since.",
)
@global_options
def restore(options: Globals, folder: Path, without_signer: bool) -> int:
    """Put the backup in FOLDER back into an empty data directory, and verify what is there then."""
    if options.server or options.tenant:
        raise UsageError(
            "a backup is put back on the machine itself, with all its tenants",
            expected="--data, and neither --server nor --tenant", hint="VESTIGE_SERVER may be what names a server",
        )  # fmt: skip
    settings = app.load_settings(data=options.data)
    lock = app.DataDirLock(settings.data)
    if not lock.acquire("restore"):
        raise lock.busy()
    try:
        with Progress(options, lines=True) as progress:
            report = app.restore(
                settings, folder, Principal(f"local:{os.getuid()}"), without_signer=without_signer,
                tell=_telling(progress),
            )  # fmt: skip
    except BaseException as error:
        for note in getattr(error, "__notes__", ()):
            sys.stderr.write(f"vestige: {note}\n")
        raise
    finally:
        lock.release()
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _tell(options, report)
    return 0 if report["ok"] else EXIT_NOT_VERIFIED


def _tell(options: Globals, report: dict[str, Any]) -> None:
    made = report["backup"]
    put(f"put back  the backup of {made['made_at']}, {made['entries']:,} entries, manifest {made['manifest']}")
    for one in report["tenants"]:
        erased = f", {one['erased_again']} erasures made again" if one["erased_again"] else ""
        put(shown(f"{one['slug']}  {one['restored']:,} entries{erased}"))
        if one["epoch"] is not None:
            lost = one["epoch"]["restore"]["lost"]
            put(f"  goes on as {one['epoch']['origin']}")
            for lo, hi in lost:
                put(f"  lost       entries {lo} to {hi - 1}: {hi - lo} were signed after the backup")
        if one["unsigned"]:
            put(shown(f"  NOT SIGNED: {one['unsigned']}"))
        found = one["verified"]
        put(f"  {'verified' if found['ok'] else 'NOT VERIFIED: ' + found['reason']}, size {found['size']}")
    say(options, "the index is filled from the ledger at the next start; import again what was imported since")


def _text(folder: Path) -> str:
    """A folder as JSON can hold it.

    Raises:
        UsageError: it cannot.
    """
    text = str(folder)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            "the folder's name is no text", expected="a path in UTF-8", got=readable(text)[:200], field="folder"
        ) from None
    return text


def _telling(progress: Progress) -> Callable[[str, int, int], None]:
    """Shows how far each part of the work is, with its own rate."""
    begun: dict[str, float] = {}

    def tell(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        seconds = now - begun.setdefault(what, now)
        progress.show({"file": what, "done": done, "of": of, "seconds": seconds})

    return tell

"""``vestige verify-source``: what was taken in against what its sources vouch for themselves."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put
from vestige.model.errors import UsageError

EXIT_INCOMPLETE = 3
EXIT_NOT_VERIFIED = 4


@click.command("verify-source")
@click.option(
    "--cloudtrail-key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A PEM file of public keys CloudTrail signs digests with. May be repeated.",
)
@global_options
def verify_source(options: Globals, keys: tuple[Path, ...]) -> int:
    """Check log files against the digests their source made of them: AWS CloudTrail."""
    try:
        texts = [key.read_text(encoding="ascii") for key in keys]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("a key file cannot be read", expected="PEM", got=str(error)[:100]) from None
    with connect(options, "verify-source") as connection:
        report = connection.post("/v1/sources/verify", {"cloudtrail_keys": texts}, repeatable=True)
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        for digest in report["digests"]:
            put(f"{digest['object']}: chain {digest['chain']}, signature {digest['signature']}")
            for log in digest["logs"]:
                put(f"  {log['verdict']:<8}  {log['object']}")
        put(f"{report['verified']} verified, {report['altered']} altered, {report['missing']} missing log files")
        if not report["digests"]:
            put("no digest was taken in")
    if not report["ok"]:
        return EXIT_NOT_VERIFIED
    return EXIT_INCOMPLETE if report["missing"] else 0

"""``vestige doctor``: is everything well, and what to do if not."""

from __future__ import annotations

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put

GRAVE = {"ledger", "signing", "index", "disk", "directory"}
"""Findings that make the command fail; the others are notes."""


@click.command()
@global_options
def doctor(options: Globals) -> int:
    """Check the installation and say what an operator should know."""
    with connect(options, "doctor") as connection:
        checks = connection.get("/v1/doctor")
    for check in checks:
        if options.json:
            put(orjson.dumps(check).decode())
        else:
            word = "ok" if check["ok"] else "FAIL" if check["name"] in GRAVE else "note"
            put(f"{word:<4}  {check['name']:<12} {check['detail']}")
            if "hint" in check:
                put(f"      {'':<12} {check['hint']}")
    return int(any(not check["ok"] and check["name"] in GRAVE for check in checks))

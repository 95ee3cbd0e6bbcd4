"""``vestige ledger``: verify it, sign it, prove from it."""

from __future__ import annotations

import sys

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put

EXIT_NOT_VERIFIED = 4


@click.group()
@global_options
def ledger(options: Globals) -> None:
    """The tamper-evident record everything else is a view of."""
    click.get_current_context().obj = options


@ledger.command()
@global_options
def verify(options: Globals) -> int:
    """Recompute everything from stored bytes, and say what fits and what does not."""
    with connect(options, "ledger verify") as connection:
        report = connection.get("/v1/ledger/verify")
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        for check in report["checks"]:
            put(f"{'ok  ' if check['ok'] else 'FAIL'}  {check['name']:<24} {check['detail']}")
        put(f"{report['size']} entries, root {report['root']}")
        if report["ok"]:
            put("verified")
        else:
            where = (
                f"first bad entry: {report['first_bad_seq']}"
                if report["first_bad_seq"] is not None
                else f"between sizes {report['interval'][0]} and {report['interval'][1]}"
                if report["interval"]
                else "not located"
            )
            put(f"NOT VERIFIED: {report['reason']} ({where})")
    return 0 if report["ok"] else EXIT_NOT_VERIFIED


@ledger.command()
@global_options
def checkpoint(options: Globals) -> int:
    """Sign the present head and write the checkpoint: a signed note."""
    with connect(options, "ledger checkpoint") as connection:
        note = connection.request("POST", "/v1/ledger/checkpoint", repeatable=True).text
    if options.json:
        origin, size, root = note.split("\n")[:3]
        put(orjson.dumps({"origin": origin, "size": int(size), "root": root, "note": note}).decode())
    else:
        sys.stdout.write(note)
    return 0


@ledger.command()
@click.argument("entry_id", metavar="ID")
@global_options
def prove(options: Globals, entry_id: str) -> int:
    """Write a tlog-proof of one entry: its place in the tree, and the checkpoint that signs the tree."""
    with connect(options, "ledger prove") as connection:
        proof = connection.request("GET", f"/v1/ledger/receipt/{entry_id}").text
    if options.json:
        put(orjson.dumps({"id": entry_id, "proof": proof}).decode())
    else:
        sys.stdout.write(proof)
    return 0


@ledger.command()
@global_options
def keys(options: Globals) -> int:
    """The verifier keys of the log, each with the sizes its signature counts for."""
    with connect(options, "ledger keys") as connection:
        for key in connection.get("/v1/ledger/keys"):
            span = f"from size {key['from_size']}" + (f" to {key['to_size']}" if "to_size" in key else "")
            put(orjson.dumps(key).decode() if options.json else f"{key['vkey']}  {span}")
    return 0

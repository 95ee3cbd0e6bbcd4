"""``vestige ledger``: verify it, sign it, prove from it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Globals, checked_id, global_options, put, say
from vestige.cli.progress import Progress

EXIT_NOT_VERIFIED = 4
_NOTHING_CHANGED = "a verification changes nothing; run it again"
_REASONS = {
    "ahead": "more was signed than the database holds: it was put back to an older state",
    "differs": "the database does not hold what was signed: it was put back and has grown since, or was rewritten",
    "superseded": "a later epoch was signed for than the database knows: it was put back to before that",
    "missing": "the signer's memory of this log is missing",
    "damaged": "the signer's memory of this log is damaged",
}


@click.group()
@global_options
def ledger(options: Globals) -> None:
    """The tamper-evident record everything else is a view of."""
    click.get_current_context().obj = options


@ledger.command()
@global_options
def verify(options: Globals) -> int:
    """Recompute everything from stored bytes, and say what fits and what does not."""
    report: dict[str, Any] = {}
    started = time.monotonic()
    with connect(options, "ledger verify") as connection, Progress(options) as progress:
        for message in connection.stream("/v1/ledger/verify", known=_NOTHING_CHANGED, repeatable=True):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        for check in report["checks"]:
            word = "FAIL" if not check["ok"] else "note" if check["note"] else "ok  "
            put(f"{word}  {check['name']:<24} {check['detail']}")
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
    return _prove(options, entry_id)


@ledger.command()
@click.argument("entry_id", metavar="ID")
@global_options
def receipt(options: Globals, entry_id: str) -> int:
    """Write the receipt of one entry: the same tlog-proof, for whoever sent it to keep."""
    return _prove(options, entry_id)


def _prove(options: Globals, entry_id: str) -> int:
    entry_id = checked_id(entry_id)
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
            span += f", compromised above size {key['last_good_size']}" if "last_good_size" in key else ""
            put(orjson.dumps(key).decode() if options.json else f"{key['vkey']}  epoch {key['epoch']}, {span}")
    return 0


@ledger.command()
@click.option(
    "--compromised-after",
    type=click.IntRange(min=0),
    metavar="SIZE",
    help="The old key is in wrong hands: above this size its signature alone counts no more.",
)
@click.option(
    "--signing-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The new key, brought: `openssl genpkey -algorithm ed25519`, mode 0600, on this machine only.",
)
@global_options
def rotate(options: Globals, compromised_after: int | None, signing_key: Path | None) -> int:
    """Give the log a new signing key. The old one introduces it, signs beside it twice, and is destroyed."""
    said = {"compromised_after": compromised_after}
    with connect(options, "ledger rotate") as connection:
        if signing_key is None:
            key = connection.post("/v1/ledger/rotate", said)
        else:
            key = connection.post("/v1/ledger/bring-key", said | {"key_file": str(signing_key.absolute())})
    put(orjson.dumps(key).decode() if options.json else f"{key['vkey']}  in force from size {key['from_size']}")
    return 0


@ledger.command("second-key")
@global_options
def second_key(options: Globals) -> int:
    """Let a post-quantum key (ML-DSA-44) sign checkpoints beside the log's own from now on; again: a new one.

    Each checkpoint, and so each proof, grows by 3.3 kB.
    """
    with connect(options, "ledger second-key") as connection:
        key = connection.post("/v1/ledger/second-key")
    put(orjson.dumps(key).decode() if options.json else key["second"])
    return 0


@ledger.command()
@click.argument("key_file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@global_options
def rewrap(options: Globals, key_file: Path) -> int:
    """Wrap all private keys under the key-encryption key in FILE: 32 bytes in base64, readable by its owner only."""
    with connect(options, "ledger rewrap") as connection:
        made = connection.post("/v1/ledger/rewrap", {"key_file": str(key_file.absolute())})
    put(orjson.dumps(made).decode() if options.json else f"wrapped under the key with fingerprint {made['kek']}")
    say(options, "from the next start on VESTIGE_KEY_ENCRYPTION_KEY must be that key; keep the old one for old backups")
    return 0


@ledger.command("new-epoch")
@global_options
def new_epoch(options: Globals) -> int:
    """Let a log that can be signed no more go on as the next epoch; say what is known lost.

    For when the database was put back to an older state, or the signer's memory is lost. Refused otherwise.
    """
    with connect(options, "ledger new-epoch") as connection:
        made = connection.post("/v1/ledger/new-epoch")
    if options.json:
        put(orjson.dumps(made).decode())
        return 0
    restore = made["restore"]
    put(f"closed      {restore['origin']}, as it is: size {restore['size']}, root {restore['root']}")
    put(f"goes on as  {made['origin']}")
    put(f"why         {_REASONS[restore['signer']]}")
    if "signed" in restore:
        put(f"signed      size {restore['signed']['size']}, root {restore['signed']['root']}")
    for lo, hi in restore["lost"]:
        put(f"lost        entries {lo} to {hi - 1}: {hi - lo} were signed and are not in the database")
    for lo, hi in restore["unsure"]:
        put(f"unsure      entries {lo} to {hi - 1}: whether they are what was signed cannot be told")
    for log in restore["lost_logs"]:
        known = f": {log['size']} entries were signed" if "size" in log else ", of which nothing is known"
        put(f"lost        all of {log['origin']}{known}")
    if restore["signer"] in {"missing", "damaged"}:
        put("lost        not known: only whoever kept a later checkpoint can tell")
    say(options, "import again what was imported since; whatever is there already adds nothing")
    return 0

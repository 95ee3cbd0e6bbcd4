"""``vestige redact``, ``amend`` and ``reveal``: what is hidden, corrected and looked at again. No record changes."""

from __future__ import annotations

import sys
from typing import IO, Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.custody import PROPOSE, carry_out, tell_proposal
from vestige.cli.options import Globals, checked_id, global_options, put, shown
from vestige.model.errors import UsageError

MOST_BYTES = 128 << 10
BECAUSE = click.option("--because", default="", metavar="TEXT", help="Why, in words.")


@click.command()
@click.argument("ids", metavar="ID", nargs=-1, required=True)
@click.option(
    "--field", "fields", multiple=True, metavar="F", help="Only this field: actor.id, attributes.card. Repeatable."
)
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code; it is never erased: privacy.")
@BECAUSE
@click.option("--lift", is_flag=True, help="Undo: ID is that of the redaction's own entry.")
@PROPOSE
@global_options
def redact(
    options: Globals, ids: tuple[str, ...], fields: tuple[str, ...], reason: str, because: str, *, lift: bool,
    propose: bool,
) -> int:  # fmt: skip
    """Hide records, or some fields of them, from every view, export and bundle; nothing is erased.

    What is hidden is found by no search. The record's leaf and every proof of it stay, and `vestige reveal` gives the
    exact bytes to whoever may see them.
    """
    body: dict[str, Any] = {"reason": reason, "because": because, "propose": propose}
    if lift:
        if fields or len(ids) != 1:
            raise UsageError("--lift undoes one redaction, whole", expected="one ID, no --field", got=f"{len(ids)} IDs")
        path = f"/v1/redactions/{quote(ids[0], safe='')}/lift"
    else:
        path, body = "/v1/redactions", body | {"ids": [checked_id(one) for one in ids], "fields": list(fields)}
    report = carry_out(options, "redact", path, body)
    if propose:
        return tell_proposal(options, report["proposed"])
    what = "shown again" if lift else "redacted"
    put(
        orjson.dumps(report).decode() if options.json
        else shown(f"{report['records']} {what} by entry {', '.join(report['entries'])}")
    )  # fmt: skip
    return 0


@click.command()
@click.argument("event_id", metavar="ID")
@click.option("--set", "given", multiple=True, metavar="F=V", help="What a field should say. Repeatable.")
@click.option("--file", type=click.File("rb"), help="The same as a JSON object of texts; - is stdin.")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code: wrong_clock.")
@BECAUSE
@global_options
def amend(
    options: Globals, event_id: str, given: tuple[str, ...], file: IO[bytes] | None, reason: str, because: str
) -> int:
    """Say what a record should say. It is shown beside what the record says, and never instead of it."""
    values = _from_file(file) if file is not None else {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise UsageError("--set says a field and its value", expected="FIELD=VALUE", got=one[:60])
        values[name] = value
    with connect(options, "amend") as connection:
        path = f"/v1/events/{checked_id(event_id)}/amendments"
        content = orjson.dumps({"set": values, "reason": reason, "because": because})
        made = connection.request("POST", path, content=content, headers=JSON).json()
    put(orjson.dumps(made).decode() if options.json else made["entry"])
    return 0


@click.command()
@click.argument("event_id", metavar="ID")
@click.option("--reason", required=True, metavar="CODE", help="Why it is looked at, as a code: review.")
@BECAUSE
@global_options
def reveal(options: Globals, event_id: str, reason: str, because: str) -> int:
    """Write the exact bytes of a record, also of one that is redacted. That you did is an entry of the ledger."""
    with connect(options, "reveal") as connection:
        path = f"/v1/events/{checked_id(event_id)}/reveal"
        content = orjson.dumps({"reason": reason, "because": because})
        sys.stdout.buffer.write(connection.request("POST", path, content=content, headers=JSON).content)
        sys.stdout.buffer.flush()
    return 0


def _from_file(file: IO[bytes]) -> dict[str, Any]:
    data = file.read(MOST_BYTES + 1)
    try:
        found = orjson.loads(data) if len(data) <= MOST_BYTES else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(
            "the file is no amendment", expected=f"a JSON object of texts by field, up to {MOST_BYTES} bytes",
            got=ascii(data[:40]),
        )  # fmt: skip
    return found

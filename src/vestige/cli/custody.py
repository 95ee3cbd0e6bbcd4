"""``vestige custody`` and ``vestige proposal``: what a tenant asks for before evidence goes, and who agrees to what."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError

PROPOSE = click.option("--propose", is_flag=True, help="Propose it: another person approves, and then it is done.")
KNOWN = "what was begun is gone on with; `vestige proposal list` and `vestige audit` say how it went"


def carry_out(options: Globals, command: str, path: str, body: dict[str, Any], known: str = KNOWN) -> dict[str, Any]:
    """Ask for what computes the index again, showing how far it is; its report."""
    report: dict[str, Any] = {}
    started = time.monotonic()
    with connect(options, command) as connection, Progress(options, lines=True) as progress:
        for message in connection.stream(path, known=known, content=orjson.dumps(body), headers=JSON):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    return report


def tell_erasure(options: Globals, report: dict[str, Any]) -> int:
    """Say what an erasure took."""
    if options.json:
        put(orjson.dumps(report).decode())
        return 0
    dropped = f"{report['files_dropped']} kept files dropped whole"
    put(shown(f"{report['records']} erased by entry {report['entry']}; {dropped}"))
    for export in report["exported_since"]:
        put(shown(f"exported since, and not ours to erase: {export['at']} by {export['by']} ({export['id']})"))
    return 0


def tell_proposal(options: Globals, made: dict[str, Any]) -> int:
    """Say what was proposed, and how it goes on."""
    put(orjson.dumps(made).decode() if options.json else made["id"])
    say(
        options,
        f"proposed; it waits until {made['expires']} for another person's `vestige proposal approve {made['id']}`",
    )
    return 0


@click.group()
@global_options
def custody(options: Globals) -> None:
    """What the tenant asks for before evidence is erased, hidden, or given up by a hold."""
    click.get_current_context().obj = options


@custody.command()
@global_options
def show(options: Globals) -> int:
    """Whether two persons have to agree, how long a proposal waits, and whether payloads lie sealed."""
    with connect(options, "custody show") as connection:
        _tell_rule(options, connection.get("/v1/custody"))
    return 0


@custody.command("set")
@click.option("--two-persons", is_flag=True, help="What one proposes another must approve.")
@click.option("--one-person", is_flag=True, help="Whoever may do it does it alone.")
@click.option("--hours", type=click.IntRange(1, 2160), help="How long a proposal waits for a second person.")
@click.option("--sealed", is_flag=True, help="Payloads taken in from now on lie under their own keys.")
@click.option("--clear", is_flag=True, help="Payloads taken in from now on lie in clear.")
@PROPOSE
@global_options
def set_(options: Globals, *, hours: int | None, propose: bool, **said: bool) -> int:
    """Say what is asked for; what is not named stays as it is."""
    two_persons, sealed = _either(said, "two_persons", "one_person"), _either(said, "sealed", "clear")
    given = {"two_persons": two_persons, "hours": hours, "sealed": sealed}
    with connect(options, "custody set") as connection:
        body = connection.get("/v1/custody") | {name: value for name, value in given.items() if value is not None}
        content = orjson.dumps(body | {"propose": propose})
        found = connection.request("PUT", "/v1/custody", content=content, headers=JSON).json()
    if propose:
        return tell_proposal(options, found["proposed"])
    _tell_rule(options, found)
    return 0


@click.group()
@global_options
def proposal(options: Globals) -> None:
    """What was proposed under the two-person rule, and agreeing to it."""
    click.get_current_context().obj = options


@proposal.command("list")
@global_options
def list_(options: Globals) -> int:
    """The newest proposals, the newest first."""
    with connect(options, "proposal list") as connection:
        found = connection.get("/v1/custody/proposals")["proposals"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    if not found:
        say(options, "nothing was proposed")
    return 0


@proposal.command()
@click.argument("identity", metavar="ID")
@global_options
def approve(options: Globals, identity: str) -> int:
    """Agree to another person's proposal, and carry it out."""
    path = f"/v1/custody/proposals/{quote(identity, safe='')}/approve"
    report = carry_out(options, "proposal approve", path, {})
    if "exported_since" in report:
        return tell_erasure(options, report)
    put(
        orjson.dumps(report).decode()
        if options.json
        else shown(f"done: {report['act']} as {report['proposal']} proposed")
    )
    return 0


@proposal.command()
@click.argument("identity", metavar="ID")
@global_options
def decline(options: Globals, identity: str) -> int:
    """Decline a proposal: nobody carries it out."""
    with connect(options, "proposal decline") as connection:
        path = f"/v1/custody/proposals/{quote(identity, safe='')}/decline"
        found = connection.request("POST", path).json()
    put(orjson.dumps(found).decode() if options.json else shown(_line(found)))
    return 0


def _either(said: dict[str, bool], one: str, other: str) -> bool | None:
    """Which of two options that exclude one another was given; ``None``: neither.

    Raises:
        UsageError: both.
    """
    if said[one] and said[other]:
        names = [f"--{name.replace('_', '-')}" for name in (one, other)]
        raise UsageError(f"{names[0]} and {names[1]} contradict one another", expected="one of them", got="both")
    return said[one] if said[one] or said[other] else None


def _tell_rule(options: Globals, rule: dict[str, Any]) -> None:
    if options.json:
        put(orjson.dumps(rule).decode())
        return
    agree = (
        f"two persons agree; a proposal waits {rule['hours']} hours" if rule["two_persons"] else "one person decides"
    )
    put(f"{agree}; payloads lie {'sealed, each under a key of its own' if rule['sealed'] else 'in clear'}")


def _line(one: dict[str, Any]) -> str:
    body = one["body"]
    said = {"retention": "what is kept for less", "purge": "what is past its retention"}.get(one["act"], "")
    about = body.get("ids") or [body.get("redaction") or body.get("hold") or said]
    more = f" and {len(about) - 1} more" if len(about) > 1 else ""
    decided = f", {one['state']} by {one['decided_by']}" if "decided_by" in one else f", until {one['expires']}"
    why = f" {body['reason']}" if "reason" in body else ""
    return f"{one['id']}  {one['state']}  {one['act']}{why}: {about[0]}{more} (by {one['proposed_by']}{decided})"

"""``vestige policy``: policies as data, what is let be for a while, and the record of what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import at_home, connect
from vestige.cli.gate import bundle, check, pre_receive
from vestige.cli.gate_page import verdict_lines
from vestige.cli.given import given_text
from vestige.cli.options import Ending, Globals, global_options, put, say, shown
from vestige.model.errors import NotFoundError

DIFFERS = 4
"""The exit status of a replay that comes to something else."""
LONGEST = 256 << 10
"""Bytes of a document, as the server bounds it: no larger file is sent."""
_BASE = "/v1/policies"
_ABOUT = ("name", "type", "description", "action", "severity", "repositories", "on_indeterminate", "applies_to",
          "enabled", "entry", "digest", "revision", "by", "at", "new", "repositories_here", "unreadable")  # fmt: skip


@click.group()
@global_options
def policy(options: Globals) -> None:
    """Policies: what must hold of commits before they are pushed."""
    click.get_current_context().obj = options


@policy.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@global_options
def apply(options: Globals, file: Path) -> int:
    """Put the policies of a file (TOML or YAML, docs/policies.md) in force, each in place of the one of its name."""
    text = given_text(file, "the file of policies", LONGEST)
    form = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}.get(file.suffix.lower(), "")
    with connect(at_home(options, Path.cwd()), "policy apply") as connection:
        found = connection.post(_BASE, {"text": text, "form": form}, repeatable=True)["policies"]
    for one in found:
        put(
            orjson.dumps(one).decode()
            if options.json
            else shown(f"{_line(one)}  {'new' if one['new'] else 'unchanged'}")
        )
        if one["repositories"] and not one["repositories_here"]:
            say(
                options,
                f"{one['name']}: no repository that is kept here is called so: {', '.join(one['repositories'])}",
            )
    return 0


@policy.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every policy in force, by name."""
    with connect(at_home(options, Path.cwd()), "policy list") as connection:
        found = connection.get(_BASE)["policies"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    if not found:
        say(options, "there is no policy; `vestige policy apply FILE` puts some in force")
    return 0


@policy.command()
@click.argument("name")
@global_options
def show(options: Globals, name: str) -> int:
    """One policy with its parameters, and the entry that put it in force."""
    with connect(at_home(options, Path.cwd()), "policy show") as connection:
        found = connection.get(_BASE)["policies"]
    one = next((one for one in found if one["name"] == name), None)
    if one is None:
        raise NotFoundError(
            "there is no such policy", expected=", ".join(p["name"] for p in found)[:300], got=name[:64]
        )
    if options.json:
        put(orjson.dumps(one).decode())
    else:
        for field, value in one.items():
            put(shown(f"{field}: {orjson.dumps(value).decode()}"))
    return 0


@policy.command()
@click.argument("name")
@global_options
def remove(options: Globals, name: str) -> int:
    """Let a policy be in force no more; what it said stays on record."""
    with connect(at_home(options, Path.cwd()), "policy remove") as connection:
        connection.request("DELETE", f"{_BASE}/{quote(name, safe='')}")
    say(options, f"{name} is in force no more")
    return 0


@policy.command()
@global_options
def schema(options: Globals) -> int:
    """JSON Schema of a document of policies; no server is asked."""
    from vestige.app import policy_schema  # noqa: PLC0415 - only what a command needs is read

    put(orjson.dumps(policy_schema(), option=0 if options.json else orjson.OPT_INDENT_2).decode())
    return 0


@policy.command()
@click.option("--repository", "name", metavar="NAME", help="Only of this one.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@global_options
def decisions(options: Globals, name: str | None, limit: int) -> int:
    """What was decided of pushes, the newest first, and what could not be."""
    with connect(at_home(options, Path.cwd()), "policy decisions") as connection:
        found = connection.get(f"{_BASE}/decisions", limit=limit, repository=name)["decisions"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_decided(one)))
    return 0


@policy.command()
@click.argument("decision")
@global_options
def decision(options: Globals, decision: str) -> int:
    """One decision with all it was made from; with --json its facts, policies and waivers too."""
    with connect(at_home(options, Path.cwd()), "policy decision") as connection:
        found = connection.get(f"{_BASE}/decisions/{quote(decision, safe='')}")
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    put(shown(_decided(found)))
    for line in verdict_lines(found["outcome"]["results"]):
        put(line)
    return 0


@policy.command()
@click.argument("decision", metavar="ID")
@global_options
def replay(options: Globals, decision: str) -> int:
    """Make a decision again from its record; exit 4 if something else comes of it, to the byte."""
    with connect(at_home(options, Path.cwd()), "policy replay") as connection:
        found = connection.get(f"{_BASE}/decisions/{quote(decision, safe='')}/replay")
    holds = found["same"] and found["digests_hold"] and found["policies_in_ledger"]
    if options.json:
        put(orjson.dumps(found).decode())
        return 0 if holds else DIFFERS
    put("the same, to the byte" if found["same"] else f"{len(found['differs'])} results are other ones now")
    for name, said in (("digests_hold", "the record is not what its digests say"),
                       ("policies_in_ledger", "the ledger has not the policies it names"),
                       ("engine_same", "another version of the program decided")):  # fmt: skip
        if not found[name]:
            put(said)
    for one in found["differs"][:20]:
        put(shown(f"  recorded {orjson.dumps(one['recorded']).decode()[:300]}"))
        put(shown(f"  now      {orjson.dumps(one['now']).decode()[:300]}"))
    return 0 if holds else DIFFERS


@policy.command()
@click.argument("name", metavar="POLICY")
@click.option("--repository", "repository_name", metavar="NAME", help="Where; usually found out by itself.")
@click.option("--commit", default="", help="For this commit alone, in full.")
@click.option("--until", type=Ending(), required=True, help="Until when: 7d, or a time; within 366 days.")
@click.option("--reason", required=True, help="Why; it is recorded.")
@global_options
def waive(options: Globals, name: str, repository_name: str | None, commit: str, until: str, reason: str) -> int:
    """Let a policy be for a while, in one repository. That is an entry: by whom, for what, until when, why."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    body = {
        "policy": name, "repository": repository_name or repository.find(Path.cwd()).name, "commit": commit,
        "until": until, "reason": reason,
    }  # fmt: skip
    with connect(at_home(options, Path.cwd()), "policy waive") as connection:
        made = connection.post(f"{_BASE}/waivers", body)
    put(orjson.dumps(made).decode() if options.json else shown(_waiver(made)))
    return 0


@policy.command()
@global_options
def waivers(options: Globals) -> int:
    """Every waiver that was given, the newest first."""
    with connect(at_home(options, Path.cwd()), "policy waivers") as connection:
        found = connection.get(f"{_BASE}/waivers")["waivers"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_waiver(one)))
    return 0


@policy.command()
@click.argument("waiver", metavar="ID")
@global_options
def withdraw(options: Globals, waiver: str) -> int:
    """Let a waiver hold no more."""
    with connect(at_home(options, Path.cwd()), "policy withdraw") as connection:
        connection.request("DELETE", f"{_BASE}/waivers/{quote(waiver, safe='')}")
    say(options, f"{waiver} holds no more")
    return 0


policy.add_command(bundle)
policy.add_command(check)
policy.add_command(pre_receive)


def _line(one: dict[str, Any]) -> str:
    parameters = ", ".join(
        f"{name} {orjson.dumps(value).decode()}" for name, value in one.items() if name not in _ABOUT
    )
    where = ", ".join(one.get("repositories", ())) or "every repository"
    off = "" if one.get("enabled", True) else "  off"
    why = f"  ! {one['unreadable']}" if one.get("unreadable") else ""
    return f"{one['name']}  {one['type']}  {one.get('action', '')}  {where}  {parameters}{off}{why}"


def _decided(one: dict[str, Any]) -> str:
    if one.get("reason"):
        return f"{one['id']}  {one['at']}  not decided  {one['repository']}  {one['by']}: {one['reason']}"
    word = "blocked" if one["blocked"] else "passed" if one["passed"] else "let by"
    failed = f": {', '.join(one['failed'])}" if one["failed"] else ""
    return f"{one['id']}  {one['at']}  {word}  {one['repository']}  {len(one['commits'])} commits  {one['by']}{failed}"


def _waiver(one: dict[str, Any]) -> str:
    of = f" commit {one['commit'][:12]}" if one["commit"] else ""
    about = f"{one['id']}  {one['policy']}  {one['repository']}{of}  until {one['until']}  {one['state']}"
    return f"{about}  {one['by']}: {one['reason']}"

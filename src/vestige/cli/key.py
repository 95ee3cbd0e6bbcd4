"""``vestige key``: API keys of a tenant."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, global_options, put, say, seconds_of, shown
from vestige.model.errors import UsageError

SCOPES = ("ingest", "read", "cases", "policy", "code", "admin")


@click.group()
@global_options
def key(options: Globals) -> None:
    """API keys: what programs sign in with."""
    click.get_current_context().obj = options


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, help="What it is for; may be repeated.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="The only source an ingest key may write.")
@click.option("--expires", metavar="SPAN", help="How long it is good for: 12h, 90d.  [default: until revoked]")
@global_options
def new(options: Globals, name: str, scopes: tuple[str, ...], sources: tuple[str, ...], expires: str | None) -> int:
    """Make a key. Its secret is printed this once, alone on a line, and kept nowhere."""
    if not scopes:
        raise UsageError("a key needs a scope", expected=", ".join(SCOPES), hint="--scope ingest", field="scope")
    body: dict[str, Any] = {"name": name, "scopes": scopes, "sources": sources}
    if expires:
        body["expires_in"] = int(seconds_of(expires, "--expires"))
    with connect(options, "key new") as connection:
        made = connection.post("/v1/admin/keys", body)
    _tell(options, made)
    return 0


@key.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every key, without its secret."""
    with connect(options, "key list") as connection:
        found = connection.get("/v1/admin/keys")["keys"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    return 0


@key.command()
@click.argument("key_id", metavar="ID")
@global_options
def revoke(options: Globals, key_id: str) -> int:
    """End a key at once."""
    with connect(options, "key revoke") as connection:
        connection.request("DELETE", f"/v1/admin/keys/{quote(key_id, safe='')}")
    say(options, f"{key_id} opens nothing any more")
    return 0


@key.command()
@click.argument("key_id", metavar="ID")
@click.option("--grace", metavar="SPAN", help="How long the old one still opens.  [default: it ends at once]")
@global_options
def rotate(options: Globals, key_id: str, grace: str | None) -> int:
    """Make a key's successor, with the same rights."""
    seconds = int(seconds_of(grace, "--grace")) if grace else 0
    with connect(options, "key rotate") as connection:
        path = f"/v1/admin/keys/{quote(key_id, safe='')}/rotate"
        made = connection.request("POST", path, content=orjson.dumps({"grace": seconds}), headers=JSON).json()
    _tell(options, made)
    return 0


def _tell(options: Globals, made: dict[str, Any]) -> None:
    if options.json:
        put(orjson.dumps(made).decode())
        return
    put(made["token"])
    say(options, f"that was the secret of {_line(made)}; it is shown this once: keep it")


def _line(one: dict[str, Any]) -> str:
    said = [one["id"], one["name"], one["state"], ",".join(one["scopes"])]
    if "sources" in one:
        said.append(f"only {', '.join(one['sources'])}")
    said += [f"{label} {one[name]}" for label, name in _TIMES if name in one]
    return "  ".join(said)


_TIMES = (("ends", "expires_at"), ("revoked", "revoked_at"), ("last used", "last_used_at"))

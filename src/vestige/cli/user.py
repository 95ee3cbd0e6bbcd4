"""``vestige user`` and ``vestige tenant``: the people of a tenant, and the tenants of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, global_options, put, say, shown

ROLES = ("owner", "admin", "policy_admin", "developer", "auditor", "investigator")
_ROLE = click.option("--role", type=click.Choice(ROLES), required=True, help="What they are to be.")
_ERASE = click.option("--may-erase", is_flag=True, help="They may erase evidence besides.")


@click.group()
@global_options
def user(options: Globals) -> None:
    """People of a tenant: who they are, what they may do, how they come in."""
    click.get_current_context().obj = options


@user.command("list")
@global_options
def list_(options: Globals) -> int:
    """Everybody who is there."""
    with connect(options, "user list") as connection:
        answer = connection.get("/v1/people")
    found = answer["people"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    for one in answer["invitations"]:
        say(options, f"{one['email']} has not answered yet ({one['purpose']}, until {one['expires_at']})")
    if not found and not answer["invitations"]:
        say(options, "nobody is; `vestige user invite EMAIL --role owner` invites the first")
    return 0


@user.command()
@click.argument("email")
@_ROLE
@_ERASE
@global_options
def invite(options: Globals, email: str, role: str, may_erase: bool) -> int:
    """Invite somebody. What opens the account, once, within a week, is printed alone on a line."""
    with connect(options, "user invite") as connection:
        made = connection.post("/v1/people", {"email": email, "role": role, "may_erase": may_erase})
    _secret(options, made, f"give it to {made['email']}: it is for `vestige user accept`, until {made['expires_at']}")
    return 0


@user.command()
@click.option("--name", default="", help="What you are called.")
@click.option("--invitation", prompt=True, hide_input=True, help="What you were given (better: typed when asked).")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Better: typed when asked.")
@global_options
def accept(options: Globals, name: str, invitation: str, password: str) -> int:
    """Set the password of an invitation, or of a reset."""
    with connect(options, "user accept", anonymous=True) as connection:
        body = {"token": invitation.strip(), "password": password, "name": name}
        made = connection.post("/v1/people/accept", body)
    put(orjson.dumps(made).decode() if options.json else shown(_line(made)))
    return 0


@user.command()
@click.argument("email")
@_ROLE
@click.option("--may-erase/--no-may-erase", default=None, help="Whether they may erase evidence besides.  [as before]")
@global_options
def role(options: Globals, email: str, role: str, may_erase: bool | None) -> int:
    """Give somebody another role."""
    with connect(options, "user role") as connection:
        body = {"role": role} | ({} if may_erase is None else {"may_erase": may_erase})
        made = connection.request("PATCH", _path(email), content=orjson.dumps(body), headers=JSON).json()
    put(orjson.dumps(made).decode() if options.json else shown(_line(made)))
    return 0


@user.command()
@click.argument("email")
@global_options
def remove(options: Globals, email: str) -> int:
    """Let somebody in no more, from now on; of who was only invited, end the invitation."""
    with connect(options, "user remove") as connection:
        connection.request("DELETE", _path(email))
    say(options, f"{email} is let in no more")
    return 0


@user.command()
@click.argument("email")
@global_options
def reset(options: Globals, email: str) -> int:
    """Take somebody's password away. What lets them set another, once, within a day, is printed alone on a line."""
    with connect(options, "user reset") as connection:
        made = connection.post(f"{_path(email)}/reset")
    _secret(options, made, f"give it to {made['email']}: it is for `vestige user accept`, until {made['expires_at']}")
    return 0


@user.command()
@click.argument("email")
@click.option("--name", default="", help="What you are called.")
@click.option("--note", default="", help="Why you want to be let in.")
@global_options
def ask(options: Globals, email: str, name: str, note: str) -> int:
    """Ask to be invited."""
    with connect(options, "user ask", anonymous=True) as connection:
        body = {"email": email, "name": name, "note": note, "tenant": options.tenant or "default"}
        connection.post("/v1/people/requests", body)
    say(options, "it was received; somebody decides")
    return 0


@user.command()
@global_options
def requests(options: Globals) -> int:
    """Who asks to be invited."""
    with connect(options, "user requests") as connection:
        found = connection.get("/v1/people/requests")["requests"]
    for one in found:
        put(
            orjson.dumps(one).decode()
            if options.json
            else shown("  ".join(text for text in (one["id"], one["email"], one["name"], one["note"]) if text))
        )
    return 0


@user.command()
@click.argument("request_id", metavar="ID")
@click.option("--role", type=click.Choice(ROLES), help="Invite with this role; without it the request is declined.")
@global_options
def decide(options: Globals, request_id: str, role: str | None) -> int:
    """Invite who asked, or decline."""
    with connect(options, "user decide") as connection:
        made = connection.post(f"/v1/people/requests/{quote(request_id, safe='')}", {"role": role or ""})
    if "token" in made:
        _secret(options, made, f"give it to {made['email']}: it is for `vestige user accept`")
    else:
        say(options, "declined")
    return 0


@click.group()
@global_options
def tenant(options: Globals) -> None:
    """Tenants of this installation: each with its own ledger, keys and people. On the machine itself only."""
    click.get_current_context().obj = options


@tenant.command("list")
@global_options
def tenants(options: Globals) -> int:
    """Every tenant."""
    with connect(options, "tenant list") as connection:
        found = connection.get("/v1/tenants")["tenants"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else f"{one['id']}  {one['slug']}  since {one['created_at']}")
    return 0


@tenant.command()
@click.argument("slug")
@click.option(
    "--signing-key", type=click.Path(path_type=Path), metavar="FILE", help="An Ed25519 key in PEM to sign with."
)
@global_options
def new(options: Globals, slug: str, signing_key: Path | None) -> int:
    """Make a tenant, with its ledger and signing key. Its owner's token is printed this once, alone on a line."""
    brought = {} if signing_key is None else {"signing_key_file": str(signing_key.absolute())}
    with connect(options, "tenant new", makes=True) as connection:
        made = connection.post("/v1/tenants", {"slug": slug} | brought)
    _secret(options, made, f"that was the token of the owner of {slug}; it is shown this once: keep it")
    return 0


def _path(email: str) -> str:
    return f"/v1/people/{quote(email, safe='')}"


def _secret(options: Globals, made: dict[str, Any], words: str) -> None:
    if options.json:
        put(orjson.dumps(made).decode())
        return
    put(made["token"])
    say(options, words)


def _line(one: dict[str, Any]) -> str:
    said = [one["email"], one["role"], one["name"]]
    said += ["may erase"] if one.get("may_erase") else []
    said += [f"locked until {one['locked_until']}"] if "locked_until" in one else []
    return "  ".join(text for text in said if text)

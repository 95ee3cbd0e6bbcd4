"""``vestige login``, ``logout`` and ``whoami``: a person at the command line, let in by a sign-in elsewhere.

What a server gave is kept in ``credentials.json`` in the user's configuration directory, by the server's URL, readable
by the user alone (0600); a command that is given a server and no token finds it there.
"""

from __future__ import annotations

import os
import time
from typing import Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.credentials import forget, keep
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import UsageError, WaitingError

_CLIENT = "vestige"


@click.command()
@click.option("--approve", metavar="CODE", help="Let the program in that shows this code, as yourself.")
@global_options
def login(options: Globals, approve: str | None) -> int:
    """Sign in to a server: shows a code, and waits until somebody signed in there approves it."""
    if approve:
        with connect(options, "login") as connection:
            told = connection.post("/v1/login/device/approve", {"user_code": approve})
        say(options, f"{told['client']} is let in as you")
        return 0
    if not options.server:
        raise UsageError("a login needs a server", hint="give --server URL, or set VESTIGE_SERVER", field="server")
    with connect(options, "login", anonymous=True) as connection:
        body = {"client": f"{_CLIENT} on {os.uname().nodename}"[:100], "tenant": options.tenant or "default"}
        begun = connection.post("/v1/login/device", body)
        say(options, f"approve this code where you are signed in to {options.server}: `vestige login --approve CODE`")
        put(begun["user_code"])
        made = _wait(connection, begun)
    keep(options.server, made["token"])
    say(options, f"signed in as {made['email']} until {made['expires_at']}")
    return 0


def _wait(connection: Any, begun: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a connection, or a test's
    """Ask for the token until it is given; refused at the latest when the code is over."""
    while True:
        time.sleep(begun["interval"])
        try:
            made: dict[str, Any] = connection.post("/v1/login/device/token", {"device_code": begun["device_code"]})
        except WaitingError:
            continue
        return made


@click.command()
@global_options
def logout(options: Globals) -> int:
    """Sign out: the token kept for the server opens nothing any more, and is forgotten."""
    if not options.server:
        raise UsageError("a logout needs a server", hint="give --server URL, or set VESTIGE_SERVER", field="server")
    with connect(options, "logout") as connection:
        connection.request("POST", "/v1/logout")
    forget(options.server)
    say(options, "signed out")
    return 0


@click.command()
@global_options
def whoami(options: Globals) -> int:
    """Who you are here, in which tenant, and what you may do."""
    with connect(options, "whoami") as connection:
        found = connection.get("/v1/whoami")
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    put(shown(f"{found['name']} in {found['tenant']}"))
    put(shown("may: " + ", ".join(found["permissions"])))
    return 0

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

from vestige.cli.connection import JSON, connect
from vestige.cli.credentials import forget, keep
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import RateError, UnauthenticatedError, UsageError, WaitingError

_CLIENT = "vestige"
_SLOWEST = 30
_LONGEST_WAIT = 120


@click.command()
@click.option("--approve", metavar="CODE", help="Without a browser: let the program in that shows this code.")
@click.option("--email", metavar="ADDRESS", help="Whose account approves; the password is asked for.")
@global_options
def login(options: Globals, approve: str | None, email: str | None) -> int:
    """Sign in to a server: shows a code, and waits until you approve it in a browser."""
    if not options.server:
        raise UsageError("a login needs a server", hint="give --server URL, or set VESTIGE_SERVER", field="server")
    if approve:
        email = email or click.prompt("E-mail address", err=True)
        return _approve(options, approve, email, click.prompt("Password", hide_input=True, err=True))
    if email:
        raise UsageError("--email is for --approve", hint="leave it out: the browser asks for it", field="email")
    with connect(options, "login", anonymous=True) as connection:
        body = {"client": f"{_CLIENT} on {os.uname().nodename}"[:100], "tenant": options.tenant or "default"}
        begun = connection.post("/v1/login/device", body)
        say(options, f"open this page, sign in, and let in what shows this code: {begun['verification_uri_complete']}")
        put(begun["user_code"])
        made = _wait(connection, begun)
    keep(options.server, made["token"])
    say(options, f"signed in as {made['email']} until {made['expires_at']}")
    return 0


def _wait(connection: Any, begun: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a connection, or a test's
    """Ask for the token until it is given, or the code is over; more slowly once the server asks for that."""
    interval, over = begun["interval"], time.monotonic() + begun["expires_in"]
    wait = interval
    while time.monotonic() < over:
        time.sleep(wait)
        try:
            made: dict[str, Any] = connection.post("/v1/login/device/token", {"device_code": begun["device_code"]})
        except WaitingError:
            wait = interval
        except RateError as error:
            # RFC 8628, section 3.5: five seconds more from now on, and now at least as long as was said.
            interval = min(interval + 5, _SLOWEST)
            wait = min(max(interval, error.seconds), _LONGEST_WAIT)
        else:
            return made
    raise UnauthenticatedError("nobody approved this in time", hint="begin again with `vestige login`")


def _approve(options: Globals, code: str, email: str, password: str) -> int:
    """Let a program in from a terminal: signed in afresh with the password, as a browser is, and out again."""
    with connect(options, "login", anonymous=True) as connection:
        body = {"email": email, "password": password, "tenant": options.tenant or "default"}
        proof = {"X-CSRF-Token": connection.post("/v1/login", body)["csrf"]}
        try:
            path, asked = "/v1/login/device/approve", orjson.dumps({"user_code": code})
            told = orjson.loads(connection.request("POST", path, content=asked, headers=JSON | proof).content)
        finally:
            connection.request("POST", "/v1/logout", headers=proof)
    say(options, f"{told['client']} is let in as you")
    return 0


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

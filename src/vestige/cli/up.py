"""``vestige up``: serve an installation until told to stop."""

from __future__ import annotations

import contextlib
import ipaddress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vestige.app import DEMO_EVENTS, DataDirLock, load_settings, refuse_foreign
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import BusyError, StorageError, UsageError, VestigeError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from vestige.api import Server
    from vestige.app import Installation, Receivers, Settings

LOOK_SECONDS = 0.5
DEMO_DATA = Path("vestige-demo-data")


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 picks a free one.  [default: 8080]")
@click.option(
    "--insecure",
    is_flag=True,
    help="Serve other machines although no certificate is set (VESTIGE_TLS_CERT): tokens and evidence go in clear.",
)
@click.option("--demo", is_flag=True, help="Serve a made-up incident from a data directory of its own.")
@click.option("--events", type=click.IntRange(1000), default=DEMO_EVENTS, show_default=True, help="Size of the demo.")
@global_options
def up(options: Globals, host: str | None, port: int | None, insecure: bool, demo: bool, events: int) -> None:
    """Serve the ledger, the timeline and the HTTP interface until interrupted."""
    data = options.data
    if demo and data is None:
        data = DEMO_DATA
    settings = load_settings(data=data)
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    check_host(settings.host, insecure=insecure or settings.tls_cert is not None)
    refuse_foreign(settings)
    lock = DataDirLock(settings.data)
    if not lock.acquire("up"):
        raise BusyError(
            f"the data directory {settings.data} is held by {lock.holder()}",
            expected="nobody else serving it",
            hint="stop that process, or use --data with another directory",
        )
    # Read here: `vestige --help` lists this command without the whole product.
    from vestige.api import DEMO_PATH, FIRST_PATH, Server, create_api, stop_signals  # noqa: PLC0415
    from vestige.app import Installation, admit_guests  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        installation = stack.enter_context(Installation.open(settings))
        code = admit_guests(installation) if demo else ""
        server = Server(create_api(installation), settings, lock.socket, (settings.host, settings.port))
        start(server, settings)
        stack.callback(server.stop)
        receivers = stack.enter_context(_receiving(installation, options))
        stack.enter_context(installation.scheduling())
        stop = stop_signals()
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        base = f"{'http' if settings.tls_cert is None else 'https'}://{shown}:{server.port}"
        put(f"listening on {base}")
        # Made last and shown at once: whatever fails before leaves no token that nobody saw.
        token = installation.owner_token()
        if token is not None:
            put(token)
            say(options, "that was the owner's token; it is shown this once: keep it")
            if not demo:
                say(options, f"with it, your account is made at {settings.public_url or base}{FIRST_PATH}")
        if demo:
            put(f"open {settings.public_url or base}{DEMO_PATH}?code={code}")
            _demonstrate(installation, options, events, stop)
        for one in receivers.status():
            say(options, f"listening for {one['name']} on {one['address']}")
        # A signal that another thread was given wakes nobody who waits without end; its handler runs at the next look.
        while not stop.wait(LOOK_SECONDS):
            pass
        say(options, "stopping: finishing requests, publishing the last checkpoint")


def _demonstrate(installation: Installation, options: Globals, events: int, stop: threading.Event) -> None:
    data = installation.settings.data
    from vestige.app import MOST_DETECTIONS, fill, look, retell, seal_told  # noqa: PLC0415 - as above

    say(options, f"filling {data} with a demonstration of {events} events; all of it is made up")
    with Progress(options) as progress:
        report = fill(installation, events, progress.show, stop)
    lacking = "" if stop.is_set() else retell(installation, stop)
    if stop.is_set():
        return
    if lacking:
        say(options, lacking)
    say(options, "looking in it for the patterns that are known")
    try:
        with Progress(options) as progress:
            found = look(installation, report, events, progress.show, stop)
    except (VestigeError, OSError) as error:
        say(options, f"it could not be looked through: {error}; `vestige sequences scan` looks again")
    else:
        names = ", ".join(f"{name} ({count})" for name, count in found.most_common())
        most = "at least " if found.total() == MOST_DETECTIONS else ""
        say(options, shown(f"{most}{found.total()} detections: {names}") if found else "no pattern matched")
    if not stop.is_set():
        say(options, "the demonstration is ready: open the link above in a browser, or try, in another terminal:")
        say(options, f"  vestige --data {data} search 'outcome:failure type:auth.login_failed' --limit 5")
        say(options, f"  vestige --data {data} search 'source:payments.jsonl severity:high' --limit 1")
        # Not awaited by anybody who wants to look: the schedule would do it within minutes.
        if not lacking:
            seal_told(installation, stop)


@contextlib.contextmanager
def _receiving(installation: Installation, options: Globals) -> Iterator[Receivers]:
    """The receivers of the settings; what they had taken in and could not keep is said at the end, never hidden."""
    with installation.listening() as receivers:
        yield receivers
    if receivers.lost:
        say(options, f"{receivers.lost} records had arrived and could not be committed: {receivers.error}")
        raise StorageError(
            "records that had arrived were lost",
            expected="all of them committed",
            got=f"{receivers.lost} that were not",
            hint="the cause stands above; senders over syslog do not repeat what they sent",
        )


def start(server: Server, settings: Settings) -> None:
    """Let a server listen.

    Raises:
        StorageError: its address cannot be bound.
    """
    try:
        server.start()
    except OSError as error:
        raise StorageError(
            f"cannot listen on {settings.host} port {settings.port}",
            got=error.strerror or str(error),
            hint="choose another with --port",
        ) from None


def check_host(host: str, *, insecure: bool) -> None:
    """Refuse to serve other machines in clear unless that is said.

    Raises:
        UsageError: the address is reachable from elsewhere.
    """
    local = host == "localhost"
    with contextlib.suppress(ValueError):
        local = local or ipaddress.ip_address(host).is_loopback
    if not local and not insecure:
        raise UsageError(
            f"{host} is reachable from other machines, and no certificate is set for TLS",
            expected="a loopback address",
            hint="set VESTIGE_TLS_CERT and VESTIGE_TLS_KEY, put a TLS proxy in front of 127.0.0.1, "
            "or say --insecure if the network is yours alone",
            field="host",
        )

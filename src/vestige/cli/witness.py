"""``vestige witness``: watch over other people's logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from vestige.app import load_settings
from vestige.cli.options import Globals, global_options, put, say
from vestige.cli.up import check_host, start
from vestige.model.errors import UsageError

LOOK_SECONDS = 0.5


@click.group()
@global_options
def witness(options: Globals) -> None:
    """A witness: it cosigns what logs sign, as long as they only grow."""
    click.get_current_context().obj = options


@witness.command()
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR",
              help="Its key and what it remembers; no part of an installation's data.")  # fmt: skip
@click.option("--name", required=True, metavar="NAME", help="What it signs as: witness.example.org/w1.")
@click.option("--log", "logs", multiple=True, metavar="FILE|VKEY", help="A log's verifier key, or a file of them.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="The port; 0: a free one.")
@click.option("--insecure", is_flag=True, help="Serve other machines without TLS (VESTIGE_TLS_CERT).")
@global_options
def serve(
    options: Globals, directory: Path, name: str, logs: tuple[str, ...], host: str, port: int, *, insecure: bool
) -> None:
    """Serve C2SP's add-checkpoint until interrupted. The witness's key is printed first, for VESTIGE_WITNESSES.

    It needs no installation, and belongs on a machine that whoever runs the logs does not.
    """
    if not logs:
        raise UsageError(
            "no log is named", expected="--log, as often as needed", hint="`vestige ledger keys` prints it"
        )
    settings = replace(load_settings(data=directory), host=host, port=port)
    check_host(host, insecure=insecure or settings.tls_cert is not None)
    # Read here: `vestige --help` lists this command without the whole product.
    from vestige.api import Server, create_witness, stop_signals  # noqa: PLC0415
    from vestige.app import Witness, read_log_keys  # noqa: PLC0415

    made = Witness(directory, name, read_log_keys(logs))
    try:
        (directory / "socket").unlink(missing_ok=True)  # of one that was killed: the directory is ours alone
        server = Server(create_witness(made), settings, directory / "socket", (host, port))
        start(server, settings)
        try:
            stop = stop_signals()
            shown = f"[{host}]" if ":" in host else host
            put(f"listening on {'http' if settings.tls_cert is None else 'https'}://{shown}:{server.port}")
            put(str(made.key))
            say(options, f"watching {', '.join(made.origins)}")
            while not stop.wait(LOOK_SECONDS):
                pass
        finally:
            server.stop()
    finally:
        made.close()

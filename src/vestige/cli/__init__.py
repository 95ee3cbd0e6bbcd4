"""The ``vestige`` command: data to stdout, words and progress to stderr, and an exit code that means something.

0 ok; 1 failed; 2 usage; 3 done, but some inputs failed or were unparsed; 4 verification failed.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import click

import vestige
from vestige.cli.doctor import doctor
from vestige.cli.export import export
from vestige.cli.importing import import_
from vestige.cli.index import index
from vestige.cli.ledger import ledger
from vestige.cli.options import Globals, Terminated, cut, explained, remember_globals
from vestige.cli.show import show
from vestige.cli.source import source
from vestige.cli.timeline import search, timeline
from vestige.cli.up import up
from vestige.cli.verify_source import verify_source
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
TERM = "a term that begins with - stands behind --, or is written NOT: vestige search -- -type:x, or 'NOT type:x'"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(vestige.__version__, prog_name="vestige")
@remember_globals
def cli(options: Globals) -> None:
    """Rebuild what actually happened, and prove it.

    Every command works on a data directory of this machine, or on a server with --server and --token.
    """


for command in (up, import_, timeline, search, show, export, source, verify_source, ledger, index, doctor):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Returns:
        The exit code.
    """
    try:
        result = cli.main(None if arguments is None else list(arguments), "vestige", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        _tell(error)
        return EXIT_USAGE
    except VestigeError as error:
        sys.stderr.write(f"vestige: {explained(error)}\n")
        return error.exit_code
    except Terminated:
        return EXIT_TERMINATED
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has what it wanted. Keep the interpreter from complaining as it leaves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(result or 0)


def _tell(error: click.ClickException) -> None:
    """Say what is wrong with a command line, without repeating an argument of any length."""
    text = io.StringIO()
    error.show(text)
    for line in text.getvalue().splitlines():
        sys.stderr.write(f"{cut(line)}\n")
    if isinstance(error, click.NoSuchOption) and error.ctx is not None and error.ctx.command is search:
        sys.stderr.write(f"{TERM}\n")

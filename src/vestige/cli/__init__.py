"""The ``vestige`` command: data to stdout, words and progress to stderr, and an exit code that means something.

0 ok; 1 failed; 2 usage; 3 done, but some inputs failed or were unparsed; 4 verification failed.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

import vestige
from vestige.cli.options import Globals, Terminated, cut, explained, remember_globals
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
TERM = "a term that begins with - stands behind --, or is written NOT: vestige search -- -type:x, or 'NOT type:x'"
COMMANDS = {
    "up": ("up", "up"),
    "import": ("importing", "import_"),
    "timeline": ("timeline", "timeline"),
    "search": ("timeline", "search"),
    "view": ("view", "view"),
    "show": ("show", "show"),
    "chain": ("chain", "chain"),
    "replay": ("replay", "replay"),
    "entity": ("entity", "entity"),
    "together": ("together", "together"),
    "sequences": ("sequences", "sequences"),
    "detections": ("sequences", "detections"),
    "detect": ("detect", "detect"),
    "export": ("export", "export"),
    "bundle": ("bundle", "bundle"),
    "case": ("case", "case"),
    "hold": ("hold", "hold"),
    "erase": ("hold", "erase"),
    "job": ("job", "job"),
    "integrity": ("job", "integrity"),
    "retention": ("retention", "retention"),
    "compliance": ("compliance", "compliance"),
    "archive": ("archive", "archive"),
    "redact": ("redact", "redact"),
    "amend": ("redact", "amend"),
    "reveal": ("redact", "reveal"),
    "custody": ("custody", "custody"),
    "proposal": ("custody", "proposal"),
    "kind": ("kind", "kind"),
    "blame": ("blame", "blame"),
    "attribution": ("attribution", "attribution"),
    "code": ("code", "code"),
    "story": ("story", "story"),
    "source": ("source", "source"),
    "verify-source": ("verify_source", "verify_source"),
    "ledger": ("ledger", "ledger"),
    "anchor": ("anchor", "anchor"),
    "witness": ("witness", "witness"),
    "index": ("index", "index"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "doctor": ("doctor", "doctor"),
    "agent": ("agent", "agent"),
    "price": ("price", "price"),
    "policy": ("policy", "policy"),
    "sync": ("gate", "sync"),
    "check": ("gate", "check"),
    "push": ("gate", "push"),
    "mcp": ("mcp", "mcp"),
    "verify": ("verify", "verify"),
    "stats": ("sessions", "stats"),
    "status": ("agent", "status"),
    "tenant": ("user", "tenant"),
    "user": ("user", "user"),
    "key": ("key", "key"),
    "login": ("login", "login"),
    "logout": ("login", "logout"),
    "whoami": ("login", "whoami"),
    "audit": ("audit", "audit"),
}
"""The module of this package each command stands in, and its name there."""


class Commands(click.Group):
    """The commands, each read from its module when it is asked for: a start costs what the command needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, as help lists them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(f"vestige.cli.{module}"), name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(vestige.__version__, prog_name="vestige")
@remember_globals
def cli(options: Globals) -> None:
    """Rebuild what actually happened, and prove it.

    Every command works on a data directory of this machine, or on a server with --server and --token.
    """


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
        return max(EXIT_USAGE, error.exit_code)  # `bundle verify` has a table of its own
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
    if isinstance(error, click.NoSuchOption) and error.ctx is not None and error.ctx.command.name == "search":
        sys.stderr.write(f"{TERM}\n")

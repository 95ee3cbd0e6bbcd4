"""``vestige mcp``: read-only tools for assistants, by the Model Context Protocol on standard input and output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import vestige
from vestige.cli.connection import at_home, connect
from vestige.cli.options import Globals, global_options
from vestige.model.errors import NotFoundError, UsageError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@global_options
def mcp(options: Globals) -> int:
    """Serve read-only tools to an assistant, on standard input and output (Model Context Protocol).

    explain_line, get_session, policy_dry_run, verify_commit, search_timeline. Each call is recorded at the server. It
    needs `pip install 'vestige[mcp]'`; an assistant's settings name this command.
    """
    try:
        # Imported late: no other command needs the protocol's SDK.
        from vestige.mcp.serving import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types", "anyio"}:
            raise
        raise UsageError(
            "the protocol's SDK is not installed", expected="the extra mcp", got=f"no module {error.name}",
            hint="pip install 'vestige[mcp]'",
        ) from None  # fmt: skip
    folder = Path.cwd()
    with connect(_at(options, folder), "mcp") as connection:

        def ask(path: str, given: dict[str, Any]) -> dict[str, Any]:
            return dict(connection.post(path, given))

        serve(ask, lambda: _here(folder), vestige.__version__)
    return 0


def _at(options: Globals, folder: Path) -> Globals:
    """The same options, with the server of the working copy it is started in."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    try:
        return at_home(options, repository.find(folder).root)
    except VestigeError:
        return options


def _here(folder: Path) -> Mapping[str, str]:
    """The repository whose working copy this is, and what is checked out.

    Raises:
        UsageError: it is none.
    """
    from vestige.capture import repository  # noqa: PLC0415 - see above

    try:
        found = repository.find(folder)
    except NotFoundError:
        raise UsageError(
            "which repository is not said", expected="host/owner/name", got="nothing, and this is no working copy",
            hint="name it, or start the assistant in a working copy", field="repository",
        ) from None  # fmt: skip
    head = repository.text(found.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return {"repository": found.name} | ({"rev": head, "head": head} if head else {})

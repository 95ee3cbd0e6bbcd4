"""``vestige blame``: who wrote each line of a file, at which prompt, and how that is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import at_home, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.whose import Whose, by_line
from vestige.model.errors import InputError, NotFoundError, UsageError

if TYPE_CHECKING:
    from vestige.capture.repository import Repository
    from vestige.cli.connection import Connection


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rev", default="HEAD", show_default=True, help="As of which commit.")
@global_options
def blame(options: Globals, file: Path, rev: str) -> int:
    """Who wrote each line of a file: an agent, at which prompt; a person; both; or nobody knows.

    What agents did is known where `vestige agent init` was run; the commits come by `vestige code push`.
    """
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    here = repository.find(file.parent if file.parent.is_dir() else Path.cwd())
    path = within(here, file)
    commit = repository.text(here.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if not commit:
        raise NotFoundError("there is no such commit here", expected="a branch, a tag or a commit", got=rev[:80])
    with connect(at_home(options, here.root), "blame") as connection:
        told = _lines(connection, here.name, commit, path)
        if options.json:
            put(orjson.dumps(told).decode())
            return 0
        text = repository.git(here.root, "show", f"{commit}:{path}") or b""
        _show(options, told, text.decode("utf-8", "replace").split("\n"), connection)
    if repository.git(here.root, "diff", "--quiet", commit, "--", path) is None:
        say(options, "the file has changed since; these are the lines as they were committed")
    return 0


def within(here: Repository, file: Path) -> str:
    """The path within the repository.

    Raises:
        InputError: it is outside.
        UsageError: its name is no text, and so none that can be asked for.
    """
    try:
        str(file).encode()
    except UnicodeEncodeError:
        got = ascii(str(file))[:200]
        raise UsageError("the file's name is not text", expected="UTF-8", got=got, field="file") from None
    full = file.parent.resolve() / file.name
    root = here.root.resolve()
    if not full.is_relative_to(root):
        raise InputError("the file is in no working tree", expected=f"a file below {root}", got=str(file)[:200])
    return full.relative_to(root).as_posix()


def _lines(connection: Connection, name: str, commit: str, path: str) -> dict[str, Any]:
    found = connection.get("/v1/code/repositories")["repositories"]
    known = next((one for one in found if one["name"] == name), None)
    hint = "`vestige code push` brings what is committed here"
    if known is None:
        raise NotFoundError("the server has no such repository", got=name[:200], hint=hint)
    try:
        told = connection.get(f"/v1/code/repositories/{known['id']}/lines", rev=commit, path=path)
    except NotFoundError as error:
        raise NotFoundError(error.message, got=f"{commit[:12]} {path}"[:200], hint=hint) from None
    return dict(told)


def _show(options: Globals, told: dict[str, Any], texts: list[str], connection: Connection) -> None:
    if told["unread"]:
        put(shown(f"no lines are told apart: {told['unread']}"))
        return
    known = by_line(told)
    whose = Whose()
    wide = len(str(len(known)))
    for number, (one, text) in enumerate(zip(known, texts, strict=False), 1):
        put(whose.line(one, f"{number:{wide}}", text))
    summary = ", ".join(f"{count} {kind}" for kind, count in told["summary"].items() if count)
    say(options, f"{told['lines']} lines: {summary or 'none'}")
    whose.tell(options, connection)

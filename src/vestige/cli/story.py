"""``vestige story``: why a function, a file, a commit or a session is as it is, each sentence with what it rests on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from vestige.cli.blame import within
from vestige.cli.commit import where
from vestige.cli.connection import at_home, connect
from vestige.cli.given import given_text
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from vestige.cli.connection import Connection

_BASE: Final = "/v1/stories"
_LINE: Final = re.compile("[1-9][0-9]{0,5}")
_COMMIT: Final = re.compile("[0-9a-f]{7,64}")
_KEY_BYTES: Final = 4_096
"""Of a file with a key that is read; the server bounds the key itself."""


class Stories(click.Group):
    """A group whose usual command need not be named: `story FILE` is `story of FILE`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; else the usual one, with all that was given."""
        if args and self.get_command(ctx, args[0]) is None:
            return super().resolve_command(ctx, ["of", *args])
        return super().resolve_command(ctx, args)


@click.group(cls=Stories, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@global_options
def story(options: Globals) -> None:
    """Why a function, a file, a commit or a session is as it is: sentences that quote the entries they rest on."""
    click.get_current_context().obj = options


@story.command()
@click.argument("file", metavar="[FILE[:SCOPE|:LINE]]", required=False)
@click.option("--commit", metavar="COMMIT", help="Of a commit, by its name or 7 digits of it.")
@click.option("--session", metavar="ID", help="Of a session of a coding agent.")
@click.option("--rev", default="HEAD", show_default=True, help="Of a file: as of which commit.")
@click.option("--adr", is_flag=True, help="As an architecture decision record.")
@click.option("--by-model", is_flag=True, help="Written by the model that is set: the entries are sent to it.")
@global_options
def of(
    options: Globals, file: str | None, commit: str | None, session: str | None, rev: str, adr: bool, by_model: bool
) -> int:
    """The story of a file, a function or a line of it, a commit, or a session; `of` may be left out.

    Markdown on standard output; with --json its sentences, each with its citations. What is not known is said.
    """
    if sum(one is not None for one in (file, commit, session)) != 1:
        raise UsageError(
            "a story is of one thing", expected="FILE[:SCOPE|:LINE], --commit or --session", got="none or several"
        )
    with connect(at_home(options, Path.cwd()), "story") as connection:
        if session is not None:
            asked: dict[str, Any] = {"session": session}
        elif commit is not None:
            if not _COMMIT.fullmatch(commit):
                raise UsageError("that is no name of a commit", expected="7 to 64 hexadecimal digits", got=commit[:80])
            found = where(connection, commit, None)
            asked = {"repository": found["id"], "commit": found["commit"]}
        else:
            asked = _file(connection, file or "", rev)
        asked["form"] = "adr" if adr else "prose"
        if by_model:
            told = connection.request("POST", _BASE, json=asked, timeout=None).json()
        else:
            told = connection.request("GET", _BASE, params=asked).json()
    if options.json:
        put(orjson.dumps(told).decode())
        return 0
    for line in told["markdown"].rstrip("\n").split("\n"):
        put(shown(line))
    if told.get("dropped"):
        say(options, f"{len(told['dropped'])} sentences of the model rested on nothing they cite, and were dropped")
    return 0


def _file(connection: Connection, text: str, rev: str) -> dict[str, Any]:
    """What is asked of a file in the working copy it lies in."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    name, _, part = text.rpartition(":")
    # A name may have a colon of its own.
    if not name or Path(text).exists():
        name, part = text, ""
    file = Path(name)
    here = repository.find(file.parent if file.parent.is_dir() else Path.cwd())
    path = within(here, file)
    commit = repository.text(here.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if not commit:
        raise NotFoundError("there is no such commit here", expected="a branch, a tag or a commit", got=rev[:80])
    found = connection.get("/v1/code/repositories")["repositories"]
    known = next((one for one in found if one["name"] == here.name), None)
    if known is None:
        raise NotFoundError("the server has no such repository", got=here.name[:200],
                            hint="`vestige code push` brings what is committed here")  # fmt: skip
    asked: dict[str, Any] = {"repository": known["id"], "path": path, "rev": commit}
    if _LINE.fullmatch(part):
        asked["line"] = int(part)
    elif part:
        asked["scope"] = part
    return asked


@story.group()
@global_options
def model(options: Globals) -> None:
    """The model that may write stories: which, where, with which key."""
    click.get_current_context().obj = options


@model.command("show")
@global_options
def show(options: Globals) -> int:
    """Which model writes stories; of its key, whether there is one."""
    with connect(options, "story model show") as connection:
        found = connection.get(f"{_BASE}/model")
    if options.json:
        put(orjson.dumps(found).decode())
    elif found["set"]:
        put(shown(_model(found)))
    else:
        say(options, "no model is set: stories are told by template")
    return 0


@model.command("set")
@click.option(
    "--provider", required=True, type=click.Choice(["anthropic", "openai"]), help="Whose way of asking it takes."
)
@click.option("--name", required=True, metavar="NAME", help="The model, as its service calls it.")
@click.option("--url", default="", metavar="URL", help="Where it is.  [default: the provider's own]")
@click.option("--key-file", metavar="FILE", type=click.Path(path_type=Path),
              help="A file with its key alone; kept encrypted, never shown.")  # fmt: skip
@global_options
def set_(options: Globals, provider: str, name: str, url: str, key_file: Path | None) -> int:
    """Let a model write stories from now on. Without a key, the one that was there stays if it is for the same URL."""
    body = {"provider": provider, "name": name, "url": url}
    if key_file is not None:
        body["key"] = given_text(key_file, "the key", _KEY_BYTES).strip()
    with connect(options, "story model set") as connection:
        found = connection.request("PUT", f"{_BASE}/model", json=body).json()
    put(orjson.dumps(found).decode() if options.json else shown(_model(found)))
    return 0


@model.command()
@global_options
def clear(options: Globals) -> int:
    """Let no model write stories any more; its key is forgotten."""
    with connect(options, "story model clear") as connection:
        connection.request("DELETE", f"{_BASE}/model")
    say(options, "no model writes stories any more")
    return 0


def _model(found: dict[str, Any]) -> str:
    return (
        f"{found['provider']}  {found['name']}  {found['url']}  {'with a key' if found['has_key'] else 'without a key'}"
    )

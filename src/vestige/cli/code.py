"""``vestige code``: repositories that are kept at the server, what is in them, and who wrote it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.commit import commit
from vestige.cli.connection import at_home, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.whose import SIGNS
from vestige.model.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import IO

    from vestige.capture.packing import Packed
    from vestige.cli.connection import Connection

PAGE = 200
SCREEN = 50
"""Lines shown to a person who names no limit; ``--json`` has none."""
_BASE = "/v1/code/repositories"


@click.group()
@global_options
def code(options: Globals) -> None:
    """Repositories: bring them to the server, look through them, see which agent wrote a line."""
    click.get_current_context().obj = options


code.add_command(commit)


@code.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every repository, by name."""
    with connect(at_home(options, Path.cwd()), "code list") as connection:
        found = connection.get(_BASE)["repositories"]
    for one in found:
        where = f"  {one['url']}" if one["url"] else ""
        failure = f"  ! {one['failure']}" if one["failure"] else ""
        line = f"{one['id']}  {one['name']}  {one['received_at'] or 'nothing came yet'}{where}{failure}"
        put(orjson.dumps(one).decode() if options.json else shown(line))
    if not found:
        say(options, "there is no repository; `vestige code push` in a working copy brings one")
    return 0


@code.command()
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@global_options
def push(options: Globals, name: str | None) -> int:
    """Bring what is new in the working copy you stand in, commits that were amended away too."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    here = repository.find(Path.cwd())
    called = name or here.name
    with connect(at_home(options, here.root), "code push") as connection:
        told = bring(connection, here.root, called)
    if options.json:
        put(orjson.dumps(told).decode())
    else:
        say(options, shown(f"{called}: {brought(told)}"))
    return 0


def bring(connection: Connection, root: Path, name: str) -> dict[str, Any]:
    """Bring what is new in a working copy to the repository of a name, which is made if there is none."""
    from vestige.capture import packing  # noqa: PLC0415 - as above

    return send(connection, name, packing.object_format(root), lambda there, out: packing.pack(root, there, out))


def send(
    connection: Connection, name: str, form: str, pack: Callable[[Collection[str], IO[bytes]], Packed | None]
) -> dict[str, Any]:
    """Send a bundle of what a repository has not yet.

    Args:
        connection: the road.
        name: what the repository is called.
        form: of its objects.
        pack: writes the bundle, given what is there.
    """
    made = connection.request("POST", _BASE, json={"name": name, "object_format": form}, repeatable=True).json()
    path = f"{_BASE}/{made['id']}"
    there = set(connection.get(f"{path}/tips")["tips"])
    with tempfile.TemporaryFile() as bundle:
        packed = pack(there, bundle)
        if packed is None:
            return {"repository": made, "received": None}
        size = bundle.tell()
        bundle.seek(0)
        headers = {"Content-Type": "application/x-git-bundle", "Content-Length": str(size)}
        params = {"head": packed.head} if packed.head else {}
        told: dict[str, Any] = connection.request(
            "POST", f"{path}/bundles", content=iter(lambda: bundle.read(1 << 20), b""), headers=headers,
            params=params, timeout=None,
        ).json()  # fmt: skip
    return told


def brought(told: dict[str, Any]) -> str:
    """What came of it, for a person."""
    came = told["received"]
    if came is None:
        return "nothing is new"
    return f"{came['objects']} objects, {came['refs']} refs, {came['kept']} kept without a name"


@code.command()
@click.argument("name")
@click.option("--url", required=True, help="https://… or ssh://…: where the server fetches it from.")
@click.option("--deploy-key", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A private key for SSH, without a passphrase; kept encrypted.")  # fmt: skip
@global_options
def mirror(options: Globals, name: str, url: str, deploy_key: Path | None) -> int:
    """Let the server fetch a repository from a URL, by the schedule and by `vestige code fetch`."""
    body = {"name": name, "url": url}
    if deploy_key is not None:
        try:
            body["deploy_key"] = deploy_key.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("the key cannot be read", got=type(error).__name__, hint=f"see {deploy_key}") from None
    with connect(options, "code mirror") as connection:
        made = connection.post(_BASE, body)
    put(orjson.dumps(made).decode() if options.json else shown(f"{made['id']}  {made['name']}  {made['url']}"))
    return 0


@code.command()
@click.argument("name")
@global_options
def fetch(options: Globals, name: str) -> int:
    """Fetch what is new from a repository's URL, now."""
    with connect(at_home(options, Path.cwd()), "code fetch") as connection:
        told = connection.request("POST", f"{_at(connection, name)}/fetch", timeout=None).json()
    came = told["received"]
    if options.json:
        put(orjson.dumps(told).decode())
        return 0
    for key in told["repository"]["host_keys"]:
        say(options, shown(f"host key, pinned: {key}"))
    say(options, f"{came['objects']} objects, {came['refs']} refs changed")
    return 0


@code.command()
@click.argument("name")
@click.argument("path", default="")
@click.option("--rev", default="", help="A branch, a tag or a commit.")
@global_options
def tree(options: Globals, name: str, path: str, rev: str) -> int:
    """What a folder holds."""
    with connect(at_home(options, Path.cwd()), "code tree") as connection:
        found = _asked(connection, f"{_at(connection, name)}/tree", rev=rev, path=path.strip("/"))
    for one in found["entries"]:
        size = "" if one.get("size") is None else f"{one['size']:,}"
        mark = "/" if one["kind"] == "folder" else ""
        put(orjson.dumps(one).decode() if options.json else shown(f"{one['mode']}  {size:>12}  {one['name']}{mark}"))
    return 0


@code.command()
@click.argument("name")
@click.argument("path")
@click.option("--rev", default="", help="A branch, a tag or a commit.")
@global_options
def show(options: Globals, name: str, path: str, rev: str) -> int:
    """A file, each line with who wrote it: A an agent, H a person, M both, · nobody knows."""
    with connect(at_home(options, Path.cwd()), "code show") as connection:
        at = _at(connection, name)
        file = _asked(connection, f"{at}/file", rev=rev, path=path)
        known = _asked(connection, f"{at}/lines", rev=file["commit"], path=path)
    if options.json:
        put(orjson.dumps(file | {"attribution": known}).decode())
        return 0
    if file["unshown"]:
        say(options, shown(f"not shown: {file['unshown']}"))
        return 0
    signs = ["·"] * len(file["lines"])
    for one in known["ranges"]:
        signs[one["start"] - 1 : one["end"]] = [SIGNS[one["class"]]] * (one["end"] - one["start"] + 1)
    for number, (sign, line) in enumerate(zip(signs, file["lines"], strict=True), 1):
        put(f"{sign} {number:>5}  {shown(line)}")
    counts = known["summary"]
    say(options, ", ".join(f"{counts[kind]:,} {kind}" for kind in SIGNS))
    return 0


@code.command()
@click.argument("name")
@click.argument("path", default="")
@click.option("--rev", default="", help="From this branch, tag or commit back.")
@click.option("--limit", type=click.IntRange(1), help="Most commits to give.  [default: 50, none with --json]")
@global_options
def log(options: Globals, name: str, path: str, rev: str, limit: int | None) -> int:
    """Commits, the newest first; with a path, those that changed it."""
    left = limit if limit is not None or options.json else SCREEN
    cursor = None
    with connect(at_home(options, Path.cwd()), "code log") as connection:
        at = _at(connection, name)
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = _asked(connection, f"{at}/commits", rev=rev, path=path, limit=str(size), cursor=cursor or "")
            for one in page["commits"]:
                put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
            left = None if left is None else left - len(page["commits"])
            cursor = page.get("next_cursor")
            if cursor is None:
                break
    return 0


def _asked(connection: Connection, at: str, **params: str) -> Any:  # noqa: ANN401 - JSON
    return connection.request("GET", at, params={name: text for name, text in params.items() if text}).json()


def _line(one: dict[str, Any]) -> str:
    counts = f"{one['files']} files, +{one['added']} -{one['removed']}"
    return f"{one['oid'][:12]}  {one['author']['at']}  {one['author']['name']}  {one['subject']}  ({counts})"


def _at(connection: Connection, name: str) -> str:
    """The path of a repository by its name or id.

    Raises:
        NotFoundError: there is none.
    """
    found = connection.get(_BASE)["repositories"]
    for one in found:
        if name in {one["id"], one["name"]}:
            return f"{_BASE}/{quote(one['id'], safe='')}"
    raise NotFoundError("there is no such repository", got=name[:80], hint="`vestige code list` shows what there is")

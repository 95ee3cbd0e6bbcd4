"""``vestige code commit``: one commit, wherever it is kept, and who wrote the lines that it adds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import at_home, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.whose import NOBODY, Whose, by_line
from vestige.model.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from vestige.cli.connection import Connection

_BASE: Final = "/v1/code/repositories"
_NAME: Final = re.compile("[0-9a-f]{7,64}")
MOST_FILES: Final = 100
"""Files whose lines are asked for; of the others it is said that they were not."""


@click.command()
@click.argument("commit", metavar="COMMIT")
@click.option("--repository", "name", metavar="NAME", help="Where several have it: in this one.")
@global_options
def commit(options: Globals, commit: str, name: str | None) -> int:
    """A commit by its name alone: who made it, and of each line it adds, which agent wrote it at which prompt.

    COMMIT is what an event states: a deploy, a run of CI, an error of what was running. 7 digits of it are enough.
    """
    if not _NAME.fullmatch(commit):
        raise UsageError("that is no name of a commit", expected="7 to 64 hexadecimal digits", got=commit[:80])
    with connect(at_home(options, Path.cwd()), "code commit") as connection:
        place = where(connection, commit, name)
        base = f"{_BASE}/{quote(place['id'], safe='')}"
        found: dict[str, Any] = connection.get(f"{base}/commits/{place['commit']}")
        found["repository"] = {"id": place["id"], "name": place["name"]}
        changed = [file for file in found["files"] if _added(file) and file.get("legible", True)]
        for file in changed[:MOST_FILES]:
            file["attribution"] = connection.get(f"{base}/lines", rev=place["commit"], path=file["path"])
        if options.json:
            put(orjson.dumps(found).decode())
            return 0
        _show(options, found, connection)
    if len(changed) > MOST_FILES:
        say(options, f"of {len(changed) - MOST_FILES} more files it was not asked who wrote them")
    return 0


def where(connection: Connection, commit: str, name: str | None) -> dict[str, Any]:
    """The repository that has the commit, and the commit's whole name.

    Raises:
        NotFoundError: none has it.
        UsageError: several have, and none is named.
    """
    found: list[dict[str, Any]] = connection.get(_BASE, commit=commit)["repositories"]
    if name is not None:
        found = [one for one in found if name in {one["id"], one["name"]}]
    if not found:
        raise NotFoundError(
            "no repository here has that commit", expected="one that was pushed or is mirrored", got=commit,
            hint="`vestige code list` shows what there is; `vestige code push` in a working copy brings it",
        )  # fmt: skip
    if len(found) > 1:
        names = ", ".join(one["name"] for one in found)
        raise UsageError("several repositories have that commit", expected="--repository NAME", got=names[:300])
    return found[0]


def _added(file: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for hunk in file["hunks"] for line in hunk["lines"] if line["kind"] == "+"]


def _show(options: Globals, found: dict[str, Any], connection: Connection) -> None:
    author = found["author"]
    put(shown(f"{found['oid']}  {found['repository']['name']}"))
    put(shown(f"{author['at']}  {author['name']}  {found['subject']}"))
    put(f"sealed by {found['seal']}" if found["seal"] else "not sealed yet: `vestige agent seal`")
    whose = Whose()
    for file in found["files"]:
        counts = "no text" if file["added"] is None else f"+{file['added']} -{file['removed']}"
        put("")
        put(shown(f"{file['path']}  {file['status']}  {counts}"))
        told = file.get("attribution")
        known = by_line(told) if told else []
        for line in _added(file):
            one = known[line["new"] - 1] if line["new"] <= len(known) else NOBODY
            put(whose.line(one, f"{line['new']:>5}", line["text"]))
        if file.get("omitted"):
            put(shown(f"its lines are left out: {file['omitted']}"))
    whose.tell(options, connection)

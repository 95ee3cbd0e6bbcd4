"""``vestige attribution``: who wrote the lines of commits, to others and from them, in the forms they use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import at_home, connect
from vestige.cli.given import given_bytes
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import ConflictError, InputError, NotFoundError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.capture.repository import Repository
    from vestige.cli.connection import Connection

FORMS: Final = ("agent-trace", "git-ai")
NOTES: Final = "refs/notes/ai"
MOST: Final = 10_000
"""Commits of one export."""
_OURS: Final = re.compile(rb'"git_ai_version": ?"vestige/')
_PERSON: Final = re.compile(r"([^<>\n]+) <([^<>\s]+)>")
_LONGEST: Final = 16 << 20
UNUSED: Final = 3
"""The exit status where something was kept of which nothing can be made."""


@click.group()
@global_options
def attribution(options: Globals) -> None:
    """Who wrote the lines of commits, for other programs and from them: Agent Trace, Git AI notes."""
    click.get_current_context().obj = options


@attribution.command()
@click.argument("revisions", metavar="[COMMIT|A..B]", default="HEAD")
@click.option("--form", type=click.Choice(FORMS), default="agent-trace", show_default=True, help="Which form.")
@click.option("--notes", is_flag=True, help="Write Git AI notes into refs/notes/ai of the repository you stand in.")
@click.option("--committer", metavar="NAME <EMAIL>", help="Who writes the notes.  [default: as Git's settings say]")
@click.option("--force", is_flag=True, help="Write over notes that another program wrote.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: stdout]")
@global_options
def export(
    options: Globals, revisions: str, form: str, committer: str | None, output: Path | None, *, notes: bool, force: bool
) -> int:
    """What is known of commits: an Agent Trace record each, one a line; the note of one, or --notes of all."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    if (committer or force) and not notes:
        raise UsageError("--committer and --force are about notes", expected="--notes", got="none")
    if notes and output is not None:
        raise UsageError("notes go into the repository", expected="--notes or -o", got="both")
    here = repository.find(Path.cwd())
    commits = _commits(here, revisions)
    if form == "git-ai" and not notes and len(commits) != 1:
        raise UsageError("a note is of one commit", expected="one commit, or --notes", got=f"{len(commits)} commits")
    who = _committer(committer)
    written = 0
    with connect(at_home(options, here.root), "attribution export") as connection:
        at = _at(connection, here.name)
        found = (_known(connection, at, commit, "git-ai" if notes else form) for commit in commits)
        if notes:
            for commit, text in zip(commits, found, strict=True):
                written += _write_note(here, commit, text, who, force=force)
            say(options, f"{written} of {len(commits)} notes written into {NOTES}")
            return 0
        data = b"".join(text if text.endswith(b"\n") else text + b"\n" for text in found)
    if output is None:
        put(data.decode("utf-8", "replace").removesuffix("\n"))
        return 0
    try:
        output.write_bytes(data)
    except OSError as error:
        raise StorageError("the file cannot be written", got=f"{output}: {error.strerror}") from None
    return 0


@attribution.command("import")
@click.argument("files", nargs=-1, metavar="[FILE…]", type=click.Path(path_type=Path))
@click.option("--notes", is_flag=True, help="The notes under refs/notes/ai of the repository you stand in.")
@global_options
def import_(options: Globals, files: tuple[Path, ...], *, notes: bool) -> int:
    """Bring others' word on who wrote lines: Agent Trace records, or Git AI notes. It fills what nobody saw."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    if bool(files) is notes:
        raise UsageError("what is to be brought?", expected="files, or --notes", got="both" if files else "neither")
    here = repository.find(Path.cwd())
    claims = _notes(here) if notes else (claim for file in files for claim in _records(file))
    told = {"claims": 0, "new": 0, "unused": 0}
    with connect(at_home(options, here.root), "attribution import") as connection:
        at = _at(connection, here.name)
        for claim in claims:
            found = connection.post(f"{at}/claims", claim, repeatable=True)
            told["claims"] += 1
            told["new"] += found["new"]
            if "unused" in found:
                told["unused"] += 1
                say(options, shown(f"{found['commit'][:12] or found['id']}: {found['unused']}"))
            elif not options.json:
                put(shown(f"{found['commit'][:12]}  {found['files']} files, {found['lines']} lines  {found['id']}"))
    if options.json:
        put(orjson.dumps(told).decode())
    else:
        say(options, f"{told['claims']} claims, {told['new']} new")
    return UNUSED if told["unused"] else 0


def _commits(here: Repository, revisions: str) -> list[str]:
    """The commits somebody names, the oldest first."""
    from vestige.capture import repository  # noqa: PLC0415 - see above

    one = ".." not in revisions
    words = ["rev-list", "--reverse", "--topo-order", f"--max-count={1 if one else MOST + 1}"]
    out = repository.git(here.root, *words, "--end-of-options", revisions, "--")
    found = (out or b"").decode().split()
    if not found:
        raise NotFoundError("there is no such commit here", expected="a commit, or a range A..B", got=revisions[:80])
    if len(found) > MOST:
        raise InputError("these are too many commits at once", expected=f"at most {MOST}", got="more")
    return found


def _known(connection: Connection, at: str, commit: str, form: str) -> bytes:
    try:
        return connection.request("GET", f"{at}/commits/{commit}/attribution", params={"form": form}).content
    except NotFoundError as error:
        raise NotFoundError(
            error.message, got=commit, hint="`vestige code push` brings what is committed here"
        ) from None


def _at(connection: Connection, name: str) -> str:
    found = connection.get("/v1/code/repositories")["repositories"]
    known = next((one for one in found if one["name"] == name), None)
    if known is None:
        raise NotFoundError("the server has no such repository", got=name[:200],
                            hint="`vestige code push` brings what is committed here")  # fmt: skip
    return f"/v1/code/repositories/{quote(known['id'], safe='')}"


def _committer(text: str | None) -> list[str]:
    """Git's own words for who commits; none: as its settings say."""
    if text is None:
        return []
    found = _PERSON.fullmatch(text)
    if found is None:
        raise UsageError("that is nobody who could commit", expected="Name <email>", got=text[:80], field="committer")
    return ["-c", f"user.name={found[1]}", "-c", f"user.email={found[2]}"]


def _write_note(here: Repository, commit: str, text: bytes, who: list[str], *, force: bool) -> bool:
    """Write a commit's note, byte for byte; whether that changed anything."""
    from vestige.capture import repository  # noqa: PLC0415 - see above

    there = repository.git(here.root, "notes", f"--ref={NOTES}", "show", commit)
    if there == text:
        return False
    if there is not None and not force and not _OURS.search(there):
        raise ConflictError(
            "another program wrote a note there",
            expected="no note, or one of ours",
            got=commit,
            hint="--force writes over it; `vestige attribution import --notes` keeps it first",
        )
    # By its object: git would mend the white space of a message.
    blob = (repository.git(here.root, "hash-object", "-w", "--stdin", given=text) or b"").decode().strip()
    done = repository.git(here.root, *who, "notes", f"--ref={NOTES}", "add", "-f", "-C", blob, commit) if blob else None
    if done is None:
        raise StorageError("Git did not take the note", got=commit, hint="--committer 'Name <email>' if Git has none")
    return True


def _notes(here: Repository) -> Iterator[dict[str, Any]]:
    from vestige.capture import repository  # noqa: PLC0415 - see above

    listed = repository.git(here.root, "notes", f"--ref={NOTES}", "list")
    rows = [line.split() for line in (listed or b"").decode().splitlines()]
    if not rows:
        raise NotFoundError("there are no such notes here", expected=f"notes under {NOTES}", got=here.root.name,
                            hint="git fetch origin refs/notes/ai:refs/notes/ai")  # fmt: skip
    for blob, commit in rows:
        text = repository.git(here.root, "cat-file", "blob", blob)
        if text is None:
            raise InputError("a note cannot be read", got=f"{blob} of {commit}")
        yield {"form": "git-ai", "commit": commit, "text": text.decode("utf-8", "replace")}


def _records(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a file: one document, or one a line."""
    data = given_bytes(file, "the file", _LONGEST)
    text = data.decode("utf-8", "replace")
    try:
        orjson.loads(data)
        records = [text]
    except orjson.JSONDecodeError:
        records = [line for line in text.split("\n") if line.strip()]
    for record in records:
        yield {"form": "agent-trace", "text": record}

"""The gate: ``vestige check``, ``sync``, ``push``, and what the side that receives a push asks by.

A push is judged by the server, by what it has: so what waits of sessions is sent first, and the commits are brought.
Whatever goes wrong on the way, the answer is no: every error ends with an exit status that is not 0, and an answer that
is not understood is an error.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
import orjson

from vestige.cli import credentials
from vestige.cli.agent import asked, without_program
from vestige.cli.code import bring, brought, send
from vestige.cli.connection import UnreachedError, at_home, connect
from vestige.cli.gate_page import verdict_lines
from vestige.cli.options import Ending, Globals, global_options, put, say, shown
from vestige.model.errors import FormatError, InputError, StorageError, UsageError, VestigeError
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.capture.repository import Repository
    from vestige.cli.connection import Connection

BLOCKED = 1
_BASE = "/v1/policies"
MOST_INPUT = 16 << 20
"""Bytes of what Git's hooks are told on standard input."""
MOST_WITHOUT = 20_000
_REFUSED = "vestige-refused"
"""A file beside a repository's objects: what became of pushes while no server answered."""
_TELLING: Final = "vestige-refused.telling"
"""The same while it is told, and until it was."""
MOST_REFUSED: Final = 1 << 20
"""Bytes of it, but for the last lines."""
MOST_TOLD: Final = 100
"""Lines of it that are told with one push."""
OFFLINE = Path("vestige", "policies.json")
"""Policies that were fetched, beside a repository's objects."""
Update = dict[str, str]


@click.command()
@click.option("--range", "range_", metavar="A..B", help="The commits that B has and A has not.")
@click.option("--pre-push", "remote", nargs=2, metavar="REMOTE URL",
              help="As Git's hook: what is pushed stands on standard input.")  # fmt: skip
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@global_options
def check(options: Globals, range_: str | None, remote: tuple[str, str] | None, name: str | None) -> int:
    """Judge what is about to be pushed by the policies in force; exit 1 if it is blocked, or cannot be judged."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    if range_ is not None and remote is not None:
        raise UsageError("--range and --pre-push exclude one another")
    here = repository.find(Path.cwd())
    called = name or here.name
    if remote is not None:
        updates, without, gate = _pushed(_given()), _had_by(here.root, remote[0]), "pre-push"
        if not updates:
            return 0  # Git calls its hook for nothing, too
    elif range_ is not None:
        updates, without, gate = *_range(here.root, range_), "range"
    else:
        updates, without, gate = *_ahead(here.root), "range"
    ours = _with_key(options, here, called)
    body = {"repository": called, "updates": updates, "without": without}
    try:
        with connect(ours, "check") as connection:
            # First of all whether anybody answers: then what waits is sent, and only then it is judged.
            _known(connection, here.root, called)
            _flush(called)
            bring(connection, here.root, called)
            missed = _missed(here.common_dir)
            found = _judged(connection, body | {"gate": gate, "missed": missed.lines})
            _heard(here.common_dir, missed)
    except UnreachedError as error:
        kept = here.common_dir / OFFLINE
        if not kept.exists():
            raise
        found = _offline(kept, ours.server or "", here.root, body, error)
        _note(
            here.common_dir, updates, f"judged without a server, {'blocked' if found['blocked'] else 'let by'}: {error}"
        )
    return _tell(options, found)


@click.command()
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@global_options
def sync(options: Globals, name: str | None) -> int:
    """Make the repository you stand in known to the server; if it is, nothing changes."""
    from vestige.capture import repository  # noqa: PLC0415 - as above

    here = repository.find(Path.cwd())
    called = name or here.name
    with connect(_with_key(options, here, called), "sync") as connection:
        made = _known(connection, here.root, called)
    put(orjson.dumps(made).decode() if options.json else shown(f"{made['id']}  {made['name']}"))
    return 0


@click.command()
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@global_options
def push(options: Globals, name: str | None) -> int:
    """Send what waits of agents' sessions, and bring what is new in the working copy; exit 1 if anything is left."""
    from vestige.capture import repository  # noqa: PLC0415 - as above

    here = repository.find(Path.cwd())
    called = name or here.name
    with connect(_with_key(options, here, called), "push") as connection:
        _flush(called)
        told = bring(connection, here.root, called)
    if options.json:
        put(orjson.dumps(told).decode())
    else:
        say(options, shown(f"{called}: {brought(told)}"))
    return 0


@click.command("pre-receive")
@click.option("--repository", "name", metavar="NAME", help="What it is called; else Git's setting vestige.repository.")
@global_options
def pre_receive(options: Globals, name: str | None) -> int:
    """As the hook pre-receive of the repository that is pushed to: judge what comes, and take it or not.

    Run with a key of its own. Nothing is asked of whoever pushes.
    """
    from vestige.capture import packing, repository  # noqa: PLC0415 - as above

    told = repository.text(Path.cwd(), "rev-parse", "--path-format=absolute", "--git-common-dir")
    if not told:
        raise InputError("this is no repository of Git", expected="to be called by its hook", got=str(Path.cwd()))
    root = Path(told)
    called = name or repository.text(root, "config", "vestige.repository")
    if not called:
        raise UsageError("the repository has no name", expected="--repository NAME",
                         hint="what `vestige agent status` calls its clones", field="repository")  # fmt: skip
    updates = _received(_given())
    news = sorted({one["new"] for one in updates if one["new"].strip("0")})
    without = repository.text(root, "for-each-ref", "--format=%(objectname)").split()
    ours = at_home(options, root)
    ours = keyed(ours, ours.server, called)
    try:
        with connect(ours, "policy pre-receive") as connection:
            form = packing.object_format(root)
            send(connection, called, form, lambda there, out: packing.pack_incoming(root, news, there, out))
            missed = _missed(root)
            found = _judged(connection, {
                "repository": called, "updates": updates, "without": sorted(set(without))[:MOST_WITHOUT],
                "gate": "pre-receive", "missed": missed.lines,
            })  # fmt: skip
            _heard(root, missed)
    except VestigeError as error:
        _note(root, updates, str(error))
        raise
    return _tell(options, found)


@click.command("bundle")
@click.option(
    "--until", type=Ending(), default="24h", show_default=True, help="Until when: 12h, or a time; within 7 days."
)
@click.option("--remove", is_flag=True, help="Keep none: without a server, pushes are blocked.")
@click.option("--repository", "name", metavar="NAME", help="What it is called; usually found out by itself.")
@global_options
def bundle(options: Globals, until: str, name: str | None, *, remove: bool) -> int:
    """Fetch the policies in force, signed and for a while: pushes are judged by them while no server answers.

    Without a server nobody knows who wrote a line, nor what sessions did: conditions on that are indeterminate.
    """
    from vestige.capture import repository  # noqa: PLC0415 - as above

    here = repository.find(Path.cwd())
    called = name or here.name
    kept = here.common_dir / OFFLINE
    if remove:
        kept.unlink(missing_ok=True)
        return 0
    ours = _with_key(options, here, called)
    with connect(ours, "policy bundle") as connection:
        made = connection.post(f"{_BASE}/bundles", {"repository": called, "until": until})
    from vestige.app import opened_bundle  # noqa: PLC0415 - as above

    opened_bundle(made, made["vkey"], called)
    credentials.keep_log_key(ours.server or "", made["vkey"])
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(orjson.dumps(made))
    put(orjson.dumps(made).decode() if options.json else shown(f"{made['policies']} policies, until {made['until']}"))
    return 0


def _offline(kept: Path, server: str, root: Path, body: dict[str, Any], error: VestigeError) -> dict[str, Any]:
    """The decision of policies that were fetched before, where nobody can be asked.

    Raises:
        VestigeError: they are none, or over; or why nobody can be asked.
    """
    from vestige.app import asked_of, judge_offline, opened_bundle  # noqa: PLC0415 - as above

    vkey = credentials.log_key_for(server)
    if not vkey:
        raise error
    try:
        made = orjson.loads(kept.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise error from None
    if not isinstance(made, dict):
        raise error
    detail = opened_bundle(made, vkey, body["repository"])
    sys.stderr.write(f"vestige: {error.message}; judged by the policies that hold until {shown(detail['until'])}\n")
    updates = [(one["ref"], one["old"], one["new"]) for one in body["updates"]]
    return judge_offline(detail, root, asked_of(body["repository"], "offline", updates, body["without"]))


def _known(connection: Connection, root: Path, name: str) -> dict[str, Any]:
    """The repository as the server has it, made if there is none."""
    from vestige.capture import packing  # noqa: PLC0415 - as above

    body = {"name": name, "object_format": packing.object_format(root)}
    made: dict[str, Any] = connection.request("POST", "/v1/code/repositories", json=body, repeatable=True).json()
    return made


def _judged(connection: Connection, body: dict[str, Any]) -> dict[str, Any]:
    """The server's decision.

    Raises:
        FormatError: it is none.
    """
    try:
        found = connection.post(f"{_BASE}/check", body)
    except orjson.JSONDecodeError:
        found = None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("blocked"), bool)
        or not isinstance(found.get("results"), list)
        or not all(isinstance(one, dict) for one in found["results"])
    ):
        raise FormatError("the server's answer is no decision", expected="blocked and results", hint="is it a Vestige?")
    return found


def _tell(options: Globals, found: dict[str, Any]) -> int:
    # Not only what the server sums up: nothing that blocks is let by.
    bad = [one for one in found["results"] if one.get("result") not in {"pass", "waived"}]
    blocked = found["blocked"] or any(one.get("action", "block") == "block" for one in bad)
    if options.json:
        put(orjson.dumps(found | {"blocked": blocked}).decode())
        return BLOCKED if blocked else 0
    for line in verdict_lines(found["results"]):
        put(line)
    count = f"{found.get('commits', 0)} commits by {found.get('policies', 0)} policies"
    state = "blocked" if blocked else "let by" if bad else "passed"
    say(options, f"vestige: {state}: {count}; decision {found.get('decision', '')}")
    return BLOCKED if blocked else 0


def _flush(repository: str) -> None:
    """Send what waits of a repository's sessions.

    Raises:
        StorageError: some of it cannot be sent.
    """
    if not _waiting(without_program(), repository):
        return
    found = asked("flush", start=True) or without_program()
    left = _waiting(found, repository)
    if left:
        why = left[0].get("error") or found.get("refused") or ""
        raise StorageError(
            "events of agents wait on this machine, so not all is known at the server", expected="all of them sent",
            got=f"{sum(one['events'] for one in left)} events: {why}"[:300],
            hint="`vestige agent status` says why",
        )  # fmt: skip


def _waiting(found: dict[str, Any], repository: str) -> list[dict[str, Any]]:
    return [one for one in found.get("waiting", ()) if one["repository"] == repository and one["events"]]


def _with_key(options: Globals, here: Repository, name: str) -> Globals:
    """Where to, and by which credential: one that is named, the person's own, else the repository's key."""
    ours = at_home(options, here.root)
    return keyed(ours, ours.server, name)


def keyed(options: Globals, server: str | None, name: str) -> Globals:
    """The same options; where no credential is named nor the person's own kept, with the repository's key."""
    from dataclasses import replace  # noqa: PLC0415 - few commands need it

    if not server or options.token or credentials.token_for(server):
        return options
    return replace(options, token=credentials.ingest_key_for(server, name) or None)


def _given() -> str:
    """What Git says on standard input.

    Raises:
        InputError: it is no text, or too much.
    """
    data = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(data) > MOST_INPUT:
        raise InputError("too much is pushed at once", expected=f"at most {MOST_INPUT} bytes", got="more")
    return data.decode("utf-8", "backslashreplace")


def _rows(given: str, hook: str, shape: str) -> list[list[str]]:
    """The words of each line, as Git ends them. Names of refs may hold what else counts as the end of one, as U+2028.

    Raises:
        InputError: a line has other words than ``shape``.
    """
    rows = [line.split(" ") for line in given.removesuffix("\n").split("\n")] if given else []
    for words in rows:
        if len(words) != shape.count("<") or not all(words):
            raise InputError(f"this is no line of Git's hook {hook}", expected=shape, got=ascii(" ".join(words)[:100]))
    return rows


def _received(given: str) -> list[Update]:
    """The lines of githooks(5) "pre-receive": old object, new object, ref."""
    rows = _rows(given, "pre-receive", "<old oid> <new oid> <ref>")
    return [{"old": old, "new": new, "ref": ref} for old, new, ref in rows]


def _pushed(given: str) -> list[Update]:
    """The lines of githooks(5) "pre-push": local ref and object, remote ref and object."""
    rows = _rows(given, "pre-push", "<local ref> <oid> <remote ref> <oid>")
    return [{"ref": ref, "old": old, "new": new} for _, new, ref, old in rows]


def _had_by(root: Path, remote: str) -> list[str]:
    """What a remote was last seen to have; nothing, if it is only a URL."""
    from vestige.capture import repository  # noqa: PLC0415 - as above

    if not remote or not repository.text(root, "config", f"remote.{remote}.url"):
        return []
    found = repository.text(root, "for-each-ref", "--format=%(objectname)", f"refs/remotes/{remote}/")
    return found.split()[:MOST_WITHOUT]


def _range(root: Path, text: str) -> tuple[list[Update], list[str]]:
    """``A..B``; an ``A`` of zeros, or none: all that B has."""
    old, dots, new = text.partition("..")
    if not dots or new.startswith("."):
        raise UsageError("that is no range", expected="A..B", got=text[:80], field="range")
    return [{"ref": "", "old": _commit(root, old) if old.strip("0") else "", "new": _commit(root, new or "HEAD")}], []


def _ahead(root: Path) -> tuple[list[Update], list[str]]:
    """What is checked out, without what remotes were last seen to have."""
    from vestige.capture import repository  # noqa: PLC0415 - as above

    had = repository.text(root, "for-each-ref", "--format=%(objectname)", "refs/remotes/").split()
    ref = repository.text(root, "symbolic-ref", "--quiet", "HEAD")
    return [{"ref": ref, "old": "", "new": _commit(root, "HEAD")}], sorted(set(had))[:MOST_WITHOUT]


def _commit(root: Path, revision: str) -> str:
    from vestige.capture import repository  # noqa: PLC0415 - as above

    found = repository.text(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found:
        raise InputError("the repository has no such commit", expected="a revision of Git", got=revision[:80])
    return found


# -- what the receiving side refused by itself --------------------------------------------------------------------


def _note(root: Path, updates: Iterable[Update], why: str) -> None:
    """Keep what became of a push, for when a server answers again. It is so, whether this can be kept or not."""
    said = {
        "at": to_text(now()),
        "reason": why[:200],
        "updates": [f"{one['ref'][:100]} {one['new']}" for one in updates][:3],
    }
    with contextlib.suppress(OSError), (root / _REFUSED).open("ab") as file:
        # The last line says that from there on nothing was kept.
        if file.tell() < MOST_REFUSED:
            file.write(orjson.dumps(said) + b"\n")
            if file.tell() >= MOST_REFUSED:
                file.write(
                    orjson.dumps({"at": said["at"], "reason": "the file is full: later ones are left out"}) + b"\n"
                )


class _Missed(NamedTuple):
    """What was kept, to be told."""

    lines: Sequence[str] = ()
    file: tuple[int, ...] = ()
    """Which file has it."""


def _missed(root: Path) -> _Missed:
    """The last of what was kept. It is put aside before it is read: another push may keep more meanwhile."""
    aside = root / _TELLING
    try:
        if not aside.exists():  # else an earlier push could not tell it
            (root / _REFUSED).rename(aside)
        which = _identity(aside)
        lines = aside.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
    except OSError:
        return _Missed()
    if len(lines) <= MOST_TOLD:
        return _Missed([line[:500] for line in lines], which)
    told = lines[-(MOST_TOLD - 1) :]
    return _Missed([f"{len(lines) - len(told)} earlier ones are left out", *(line[:500] for line in told)], which)


def _heard(root: Path, missed: _Missed) -> None:
    """Let be what was told, and nothing else: another push may have told it too, and put more aside."""
    with contextlib.suppress(OSError):
        if _identity(root / _TELLING) == missed.file:
            (root / _TELLING).unlink()


def _identity(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size

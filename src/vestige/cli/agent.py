"""``vestige agent``: what coding agents do here is captured as they do it, and sent in the background."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli import credentials
from vestige.cli.connection import connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.sessions import SESSION_COMMANDS
from vestige.model.errors import StorageError, UsageError, VestigeError

if TYPE_CHECKING:
    from vestige.capture.installing import Done
    from vestige.capture.repository import Repository

AGENTS = ("claude", "codex", "gemini")
HELD = "events wait on this machine until a server and a key are named: `vestige agent init --server URL`"
NO_KEY = (
    "events wait on this machine until there is one: `vestige login --server URL`, or VESTIGE_TOKEN of somebody who "
    "may make keys, then `vestige agent init` again"
)
_STARTING = 30.0
"""Seconds the capture program may take to start."""


@click.group()
@global_options
def agent(options: Globals) -> None:
    """Coding agents: capture what they do in a repository, and send it."""
    click.get_current_context().obj = options


@agent.command()
@click.option("--uninstall", is_flag=True, help="Take everything out again.")
@click.option("--agent", "agents", type=click.Choice(AGENTS), multiple=True, help="Whose hooks; may be repeated.")
@click.option("--template", is_flag=True, help="Git's hooks for clones made from now on, instead of this repository.")
@click.option("--managed", is_flag=True, help="Print an administrator's settings for all users of a machine.")
@click.option("--no-gate", is_flag=True, help="Let pushes go without having them judged.")
@global_options
def init(
    options: Globals, agents: tuple[str, ...], *, uninstall: bool, template: bool, managed: bool, no_gate: bool
) -> int:
    """Capture coding agents in the repository you stand in: hooks of the agents and of Git, beside those there are."""
    if sum((template, managed, bool(agents))) > 1:
        raise UsageError("--template, --managed and --agent exclude one another")
    if managed:
        return _managed(options, uninstall=uninstall)
    if template:
        return _template(options, uninstall=uninstall)
    from vestige.capture import installing, repository  # noqa: PLC0415 - only what a command needs is read
    from vestige.capture.places import Places  # noqa: PLC0415

    here = repository.find(Path.cwd())
    if uninstall:
        server = repository.text(here.root, "config", "vestige.server")
        done = installing.uninstall(here)
        if server:
            credentials.keep_ingest_key(server, here.name, "")
            done.notes.append(f"its key for {server} is forgotten here; end it there: `vestige key list`, `key revoke`")
        _tell(options, here, done, {"server": "", "key": "none"})
        return 0
    installing.program(Places.of())
    done = installing.install(here, installing.chosen(here.root, agents))
    here = repository.find(here.root)
    key = _key(options, here, done)
    if key["server"]:
        # Without a server there are no policies to judge by.
        installing.set_gate(here, on=not no_gate)
    _tell(options, here, done, key)
    return 0


def _key(options: Globals, here: Repository, done: Done) -> dict[str, str]:
    """Say where the repository's events go, and have a key for it that can do nothing else."""
    from vestige.capture import installing, repository  # noqa: PLC0415

    server = (options.server or repository.text(here.root, "config", "vestige.server")).rstrip("/")
    if not server:
        done.notes.append(HELD)
        return {"server": "", "key": "none"}
    installing.send_to(here, server)
    if credentials.ingest_key_for(server, here.name):
        return {"server": server, "key": "kept"}
    try:
        made = _mint(options, server, f"agent {here.name}"[:100], [here.source])
    except VestigeError as error:
        done.notes.append(f"no key was made: {error}; {NO_KEY}")
        return {"server": server, "key": "none"}
    credentials.keep_ingest_key(server, here.name, made)
    return {"server": server, "key": "made"}


def _mint(options: Globals, server: str, name: str, sources: list[str]) -> str:
    """A key that may write these sources, and nothing else."""
    from dataclasses import replace  # noqa: PLC0415

    with connect(replace(options, server=server), "agent init") as connection:
        made = connection.post("/v1/admin/keys", {"name": name, "scopes": ["ingest"], "sources": sources})
    return str(made["token"])


def _tell(options: Globals, here: Repository, done: Done, key: dict[str, str]) -> None:
    said = {
        "repository": here.name,
        "source": here.source,
        "files": done.files,
        "git_hooks": done.git_hooks,
        **key,
        "notes": done.notes,
    }
    if options.json:
        put(orjson.dumps(said).decode())
        return
    changed = [*done.files, *(f"Git's {name}" for name in done.git_hooks)]
    put(shown(f"{here.name}: {', '.join(changed) or 'nothing to change'}"))
    if key["server"]:
        goes = "is to go" if key["key"] == "none" else "goes"
        put(shown(f"what agents do here {goes} to {key['server']} as {here.source}"))
    for note in done.notes:
        say(options, note)


def _managed(options: Globals, *, uninstall: bool) -> int:
    from vestige.capture import installing, settings  # noqa: PLC0415
    from vestige.capture.places import Places  # noqa: PLC0415

    if uninstall:
        raise UsageError("there is nothing to take out", hint="remove the entries from the file they were put into")
    installing.program(Places.of())
    put(settings.managed())
    for system, path in settings.MANAGED:
        say(options, f"{system}: {path}")
    say(options, "each user runs `vestige agent init --template` once, so that the hook program is there")
    return 0


def _template(options: Globals, *, uninstall: bool) -> int:
    from vestige.capture import installing  # noqa: PLC0415
    from vestige.capture.places import Places  # noqa: PLC0415

    places = Places.of()
    if uninstall:
        folder, changed = installing.without_template(places)
    else:
        installing.program(places)
        server = (options.server or "").rstrip("/")
        folder, changed = installing.template(places, server)
        if server and not credentials.ingest_key_for(server, credentials.ANY):
            try:
                made = _mint(options, server, "agent, any repository", [])
            except VestigeError as error:
                say(options, f"no key was made: {error}; {NO_KEY}")
            else:
                credentials.keep_ingest_key(server, credentials.ANY, made)
    if options.json:
        put(orjson.dumps({"template": str(folder), "git_hooks": changed}).decode())
    else:
        put(shown(f"{folder}: {', '.join(changed) or 'nothing to change'}"))
    return 0


@agent.command()
@click.argument("kind", default="claude_code_hooks")
def hook(kind: str) -> int:
    """Hand over what an agent gives on standard input, for agents that are configured by hand. Always exit 0."""
    from vestige.capture import hook as program  # noqa: PLC0415

    return program.main(["agent", kind])


@agent.command()
@click.option("--idle", type=float, hidden=True)
def daemon(idle: float | None) -> int:
    """The capture program; the first hook starts it, and it ends by itself."""
    from vestige.capture.places import Places  # noqa: PLC0415
    from vestige.capture.program import IDLE, Program  # noqa: PLC0415

    with contextlib.suppress(OSError):
        os.setsid()  # what interrupts the command that started it is not meant for it
    program = Program(Places.of(), _token_for, idle=IDLE if idle is None else idle)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: program.stop())
    program.run()
    return 0


def _token_for(server: str, repository: str) -> str:
    return credentials.ingest_key_for(server, repository)


@agent.command()
@global_options
def status(options: Globals) -> int:
    """What is captured and what waits; exit 1 if capture is refused or the last sending failed."""
    found = asked("status") or without_program()
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        _tell_status(options, found)
    return int(bool(found.get("refused") or found.get("error") or found.get("refused_events")))


@agent.command()
@global_options
def flush(options: Globals) -> int:
    """Send now what waits, and tell what is left; exit 1 if anything is."""
    found = asked("flush", start=True) or without_program()
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        _tell_status(options, found)
    return int(bool(found.get("waiting") or found.get("refused")))


def asked(what: str, *, start: bool = False) -> dict[str, Any] | None:
    """What the capture program answers; none if it does not run."""
    from vestige.capture import hook as program  # noqa: PLC0415
    from vestige.capture.places import Places  # noqa: PLC0415

    places = Places.of()
    due = time.monotonic() + (_STARTING if start else 0)
    said = program.message([program.VERSION, what, "", "0", "", "/"], b"")
    while True:
        answer = program.tell(said, 300)
        if answer:
            if answer.startswith(b"no"):
                raise StorageError("the capture program refuses", got=answer.decode("utf-8", "replace").strip())
            found: dict[str, Any] = orjson.loads(answer)
            return found | _aside(places)
        if time.monotonic() >= due or places.refused.exists():
            return None
        with contextlib.suppress(OSError):
            program.start()


def _aside(places: Any) -> dict[str, Any]:  # noqa: ANN401 - Places, read late
    folder = places.state / "refused-events"
    files = list(folder.glob("*")) if folder.exists() else []
    return {"refused_events": len(files), "refused_folder": str(folder)} if files else {}


def without_program() -> dict[str, Any]:
    """What can be told of the spool when the program does not run."""
    from vestige.capture.places import Places  # noqa: PLC0415

    places = Places.of()
    found: dict[str, Any] = {"running": False, "waiting": []}
    for folder in sorted(places.spool.glob("*")):
        files = list(folder.glob("*.jsonl"))
        if not files:
            continue
        about: dict[str, Any] = {}
        with contextlib.suppress(OSError, orjson.JSONDecodeError):
            about = orjson.loads((folder / "about.json").read_bytes())
        sizes = [file.stat().st_size for file in files]
        since = min(file.stat().st_mtime for file in files)
        found["waiting"].append(
            {
                "repository": about.get("name", ""),
                "server": about.get("server", ""),
                "events": sum(file.read_bytes().count(b"\n") for file in files),
                "bytes": sum(sizes),
                "since": since,
                "error": "",
            }
        )
    with contextlib.suppress(OSError):
        found["refused"] = places.refused.read_text(encoding="utf-8").strip()
    return found | _aside(places)


def _tell_status(options: Globals, found: dict[str, Any]) -> None:
    if found["running"]:
        put(f"runs (pid {found['pid']}): {found['taken']:,} events taken, {found['sent']:,} sent")
        if found["last_sent"]:
            put(f"last sent {_ago(found['last_sent'])} ago")
    else:
        put("does not run; the next hook starts it")
    if found.get("refused"):
        put(shown(f"refused to start: {found['refused']}"))
    if found.get("not_kept"):
        put(f"{found['not_kept']:,} events could not be kept")
    if found.get("error"):
        put(shown(f"last error: {found['error']}"))
    for one in found["waiting"]:
        put(shown(f"waiting: {one['events']:,} events, {one['bytes']:,} bytes, since {_ago(one['since'])}: "
                  f"{one['repository']} to {one['server'] or 'no server'}"))  # fmt: skip
    if not found["waiting"]:
        put("nothing waits")
    if found.get("refused_events"):
        say(options, f"{found['refused_events']} batches that the server refused for good: {found['refused_folder']}")


def _ago(at: float) -> str:
    seconds = max(0, int(time.time() - at))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


for _command in SESSION_COMMANDS:
    agent.add_command(_command)

"""What ``vestige agent init`` puts in place, and takes away again."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.capture import githooks, settings
from vestige.capture.places import write_whole
from vestige.capture.repository import git, identity, text
from vestige.model.errors import InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.capture.places import Places
    from vestige.capture.repository import Repository
    from vestige.capture.settings import Agent

_LAUNCHER: Final = """#!/bin/sh
# Starts the hook program of Vestige; made by `vestige agent init`.
python={python}
if [ ! -x "$python" ]; then
  case "$1" in agent) cat >/dev/null ;; ready) exit 1 ;; esac
  exit 0
fi
[ "$1" = ready ] && exit 0
exec "$python" -IS {program} "$@"
"""


@dataclass(slots=True)
class Done:
    """What changed."""

    files: list[str] = field(default_factory=list)
    git_hooks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def program(places: Places) -> None:
    """Put the hook program and what starts it where hooks call them: for this user, by this interpreter.

    Raises:
        StorageError: they cannot be written.
    """
    places.make()
    target = places.share / "hook.py"
    launcher = _LAUNCHER.format(python=shlex.quote(sys.executable), program=shlex.quote(str(target)))
    try:
        write_whole(target, Path(__file__).with_name("hook.py").read_bytes())
        write_whole(places.launcher, launcher.encode(), 0o755)
    except OSError as error:
        raise StorageError(f"{places.share} cannot be written", got=error.strerror or "") from None


def chosen(root: Path, names: Sequence[str]) -> list[Agent]:
    """The agents of these names; of none, those that a repository shows signs of."""
    if names:
        return [agent for agent in settings.AGENTS if agent.name in names]
    return [
        agent for agent in settings.AGENTS if not agent.signs or any((root / sign).exists() for sign in agent.signs)
    ]


def install(repository: Repository, agents: Sequence[Agent]) -> Done:
    """Put hooks into a repository.

    Raises:
        VestigeError: a file has another form, or cannot be written; what was done before stays.
    """
    done = Done()
    memory = _memory(repository)
    for agent in agents:
        path = repository.root / agent.file
        try:
            if settings.install(path, agent, memory.setdefault(str(path), {})):
                done.files.append(str(path))
                _remember(repository, memory)
        except InputError as error:
            raise InputError(f"{path}: {error.message}", expected=error.expected, got=error.got) from None
        if agent.note:
            done.notes.append(agent.note)
    hooks = githooks.folder(repository.root)
    done.git_hooks = githooks.install(hooks)
    if not hooks.is_relative_to(repository.common_dir):
        done.notes.append(f"core.hooksPath: Git's hooks went to {hooks}")
    _configure(repository, "vestige.repository", identity(repository.root))
    return done


def uninstall(repository: Repository) -> Done:
    """Take our hooks out of a repository.

    Raises:
        VestigeError: a file has another form, or cannot be written.
    """
    done = Done()
    memory = _memory(repository)
    for agent in settings.AGENTS:
        path = repository.root / agent.file
        if settings.uninstall(path, memory.pop(str(path), {})):
            done.files.append(str(path))
    with contextlib.suppress(FileNotFoundError):
        (repository.common_dir / "vestige" / "policies.json").unlink()
    _remember(repository, memory)
    done.git_hooks = githooks.uninstall(githooks.folder(repository.root))
    for name in ("vestige.repository", "vestige.server", githooks.GATE):
        git(repository.root, "config", "--local", "--unset-all", name)
    git(repository.root, "config", "--local", "--remove-section", "vestige")
    return done


def send_to(repository: Repository, server: str) -> None:
    """Say where a repository's events go.

    Raises:
        StorageError: Git's settings cannot be written.
    """
    _configure(repository, "vestige.server", server)


def set_gate(repository: Repository, *, on: bool) -> None:
    """Say whether pushes from a repository are judged before they go.

    Raises:
        StorageError: Git's settings cannot be written.
    """
    _configure(repository, githooks.GATE, "on" if on else "off")


def _configure(repository: Repository, name: str, value: str) -> None:
    if text(repository.root, "config", "--local", name) == value:
        return
    if git(repository.root, "config", "--local", name, value) is None:
        raise StorageError("Git's settings cannot be written", got=str(repository.common_dir / "config"))


def template(places: Places, server: str) -> tuple[Path, list[str]]:
    """Put our Git hooks into the template of new clones; the folder, and which changed.

    Raises:
        VestigeError: they cannot be written.
    """
    named = text(Path("/"), "config", "--global", "--path", "init.templateDir")
    chosen_folder = Path(named) if named else places.share / "template"
    changed = githooks.install(chosen_folder / "hooks")
    wanted = {"vestige.server": server, githooks.GATE: "on" if server else ""} | (
        {} if named else {"init.templateDir": str(chosen_folder)}
    )
    for name, value in wanted.items():
        if value and git(Path("/"), "config", "--global", name, value) is None:
            raise StorageError("Git's settings of the user cannot be written", got=name)
    return chosen_folder, changed


def without_template(places: Places) -> tuple[Path, list[str]]:
    """Take our Git hooks out of the template.

    Raises:
        StorageError: they cannot be removed.
    """
    named = text(Path("/"), "config", "--global", "--path", "init.templateDir")
    own = places.share / "template"
    folder = Path(named) if named else own
    gone = githooks.uninstall(folder / "hooks")
    if folder == own and named:
        git(Path("/"), "config", "--global", "--unset-all", "init.templateDir")
    for name in ("vestige.server", githooks.GATE):
        git(Path("/"), "config", "--global", "--unset-all", name)
    return folder, gone


def _memory(repository: Repository) -> dict[str, Any]:
    """What is remembered of files that were changed: where our text stands in them, nothing of theirs."""
    try:
        found = json.loads((repository.common_dir / "vestige" / "installed.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(repository: Repository, memory: dict[str, Any]) -> None:
    folder = repository.common_dir / "vestige"
    kept = {path: one for path, one in memory.items() if one}
    try:
        if kept:
            folder.mkdir(exist_ok=True)
            write_whole(folder / "installed.json", json.dumps(kept).encode())
        elif folder.exists():
            (folder / "installed.json").unlink(missing_ok=True)
            folder.rmdir()
    except OSError as error:
        raise StorageError(f"{folder} cannot be written", got=error.strerror or "") from None

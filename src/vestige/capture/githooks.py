"""Our hooks among Git's: in the folder that Git asks, before none and behind whichever was there.

A hook that is there is renamed, not changed, and ours runs it first, with its arguments, input and exit status. Taking
ours out renames it back. Git knows the folder: ``core.hooksPath``, and one for all working trees.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from vestige.capture.places import write_whole
from vestige.capture.repository import git
from vestige.capture.settings import LAUNCHER, MARK
from vestige.model.errors import ConflictError, StorageError

NAMES: Final = ("post-commit", "post-rewrite", "post-checkout", "post-merge", "pre-push")
GATE: Final = "vestige.gate"
"""Of Git's settings: ``on`` where a push is judged before it goes."""
KEPT: Final = ".before-vestige"
SCRIPT: Final = f"""#!/bin/sh
# {MARK}: tells the capture program what Git did. A hook that was here before is beside this one, and runs first.
h={LAUNCHER}
kept="$0{KEPT}"
if [ -x "$h" ] && "$h" ready; then exec "$h" git "${{0##*/}}" "$kept" "$@"; fi
if [ "${{0##*/}}" = pre-push ] && [ "$(git config --get {GATE})" = on ]; then
  echo "vestige: what judges pushes is not there: run vestige agent init" >&2
  exit 1
fi
if [ -x "$kept" ]; then exec "$kept" "$@"; fi
exit 0
"""


def folder(root: Path) -> Path:
    """Where Git looks for a working tree's hooks.

    Raises:
        StorageError: Git does not say.
    """
    told = git(root, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
    if told is None:
        raise StorageError("Git does not say where its hooks are", hint="git rev-parse --git-path hooks")
    return Path(os.fsdecode(told.rstrip(b"\n"))).expanduser()


def install(hooks: Path) -> list[str]:
    """Put ours there; the names of those that were not there as they are now.

    Raises:
        ConflictError: somebody put another hook over ours; nothing is changed.
        StorageError: the folder cannot be written.
    """
    wanted = [name for name in NAMES if not _is_current(hooks / name)]
    for name in wanted:
        if (hooks / name).exists() and not _is_own(hooks / name) and os.path.lexists(hooks / f"{name}{KEPT}"):
            raise ConflictError(
                f"two hooks claim to be the one that was there before: {hooks / name}",
                expected=f"one of {name} and {name}{KEPT}",
                hint="remove or join them",
            )
    try:
        hooks.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            path = hooks / name
            if os.path.lexists(path) and not _is_own(path):
                path.rename(hooks / f"{name}{KEPT}")
            write_whole(path, SCRIPT.encode(), 0o755)
    except OSError as error:
        raise StorageError(f"{hooks} cannot be written", got=error.strerror or "") from None
    return wanted


def uninstall(hooks: Path) -> list[str]:
    """Take ours out and put back what was there; the names of those that were ours.

    Raises:
        StorageError: the folder cannot be written.
    """
    gone = []
    try:
        for name in NAMES:
            path, kept = hooks / name, hooks / f"{name}{KEPT}"
            if not _is_own(path):
                continue
            if os.path.lexists(kept):
                kept.rename(path)
            else:
                path.unlink()
            gone.append(name)
    except OSError as error:
        raise StorageError(f"{hooks} cannot be written", got=error.strerror or "") from None
    return gone


def _is_own(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return f"# {MARK}".encode() in file.read(200)
    except OSError:
        return False


def _is_current(path: Path) -> bool:
    try:
        return path.read_bytes() == SCRIPT.encode() and os.access(path, os.X_OK)
    except OSError:
        return False

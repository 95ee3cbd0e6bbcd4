"""A Git bundle of all that a working copy has and a server has not: its refs, and what its reflogs still remember.

A commit that was amended away is under no ref, but in a reflog; it comes under ``refs/vestige/seen/``. The bundle is
what ``git bundle`` makes (gitformat-bundle(5)); that program takes names of refs alone, so head and pack are put
together here. What the server has is left out of the pack as far as it is here too.
"""

from __future__ import annotations

import os
import subprocess
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from vestige.capture.repository import git, text
from vestige.model.errors import InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SEEN: Final = "refs/vestige/seen/"
MOST_SEEN: Final = 50_000
"""Of what reflogs remember, the newest."""
SECONDS: Final = 1800
"""For making the pack."""


class Packed(NamedTuple):
    """What a bundle brings."""

    refs: int
    seen: int
    """Commits that no ref names any more."""
    head: str
    """The branch that is checked out; empty if none is."""


def object_format(root: Path) -> str:
    """The form of a repository's objects: ``sha1`` or ``sha256``."""
    return text(root, "rev-parse", "--show-object-format") or "sha1"


def pack(root: Path, there: Collection[str], out: IO[bytes]) -> Packed | None:
    """Write a bundle; ``None``, and nothing is written, where the server has all of it already.

    Args:
        root: the working tree.
        there: objects that the server names.
        out: where the bundle goes; a file.

    Raises:
        InputError: Git cannot make it, as of a shallow clone.
        StorageError: it cannot be written.
    """
    if text(root, "rev-parse", "--is-shallow-repository") == "true":
        raise InputError(
            "a shallow clone lacks what its commits rest on", expected="a whole one", hint="git fetch --unshallow"
        )
    refs = _refs(root)
    needs = _here(root, there)
    seen = _unnamed(root, _seen(root), [*refs.values(), *needs])
    named = refs | {f"{SEEN}{oid}": oid for oid in seen}
    new = {name: oid for name, oid in named.items() if oid not in there}
    told = refs | {name: oid for name, oid in new.items() if name.startswith(SEEN)}
    if not new:
        return None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    _write(root, told, needs, out, environment)
    return Packed(len(refs), len(told) - len(refs), text(root, "symbolic-ref", "--quiet", "--short", "HEAD"))


def pack_incoming(root: Path, news: Collection[str], there: Collection[str], out: IO[bytes]) -> Packed | None:
    """Write a bundle of what a hook of the receiving side is asked about, under no names of its own.

    Its objects are in quarantine (git-receive-pack(1)), which Git's environment names.

    Args:
        root: the repository that is pushed to.
        news: what its refs shall name.
        there: objects that the server names.
        out: where the bundle goes; a file.

    Raises:
        InputError: Git cannot make it.
        StorageError: it cannot be written.
    """
    told = {f"{SEEN}{oid}": oid for oid in news if oid not in there}
    if not told:
        return None
    kept = {"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"}
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in kept
    }  # fmt: skip
    _write(root, told, _here(root, there), out, environment)
    return Packed(0, len(told), "")


def _write(root: Path, told: dict[str, str], needs: list[str], out: IO[bytes], environment: dict[str, str]) -> None:
    kind = object_format(root)
    lines = ["# v2 git bundle"] if kind == "sha1" else ["# v3 git bundle", f"@object-format={kind}"]
    lines += [f"-{oid} " for oid in needs] + [f"{oid} {name}" for name, oid in sorted(told.items())]
    wanted = [*sorted(set(told.values())), *(f"^{oid}" for oid in needs)]
    try:
        out.write(os.fsencode("\n".join(lines) + "\n\n"))
        out.flush()
        done = subprocess.run(  # noqa: S603 - git, with words of ours
            ["git", "-C", str(root), "-c", "core.fsmonitor=false", "pack-objects", "--revs", "--thin", "--stdout",  # noqa: S607
             "--delta-base-offset", "-q"],
            input="".join(f"{oid}\n" for oid in wanted).encode(), stdout=out, stderr=subprocess.PIPE, check=False,
            timeout=SECONDS, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StorageError("the bundle cannot be made", got=str(error)[:200], hint="see the disk") from None
    if done.returncode:
        raise InputError(
            "Git cannot pack the repository", expected="all objects its refs stand for",
            got=done.stderr.decode("utf-8", "replace").strip()[:300], hint="git fsck",
        )  # fmt: skip


def _refs(root: Path) -> dict[str, str]:
    """Branches, tags, and what remotes were last seen to have."""
    wanted = ("refs/heads", "refs/tags", "refs/remotes", "refs/notes")
    out = git(root, "for-each-ref", "--format=%(objectname) %(refname)", *wanted) or b""
    pairs = (line.split(" ", 1) for line in os.fsdecode(out).splitlines())
    return {name: oid for oid, name in pairs}


def _seen(root: Path) -> set[str]:
    """Commits that reflogs remember, and stashes with them, as far as they are whole."""
    out = git(root, "rev-list", "--walk-reflogs", f"--max-count={MOST_SEEN}", "--all", "--ignore-missing") or b""
    head = git(root, "rev-list", "--walk-reflogs", f"--max-count={MOST_SEEN}", "HEAD", "--ignore-missing") or b""
    stash = text(root, "rev-parse", "--verify", "--quiet", "refs/stash")
    return set((out + head).decode().split()) | ({stash} if stash else set())


def _unnamed(root: Path, seen: set[str], named: Collection[str]) -> set[str]:
    """Those of some commits that nothing with a name rests on."""
    given = "".join([*(f"{oid}\n" for oid in sorted(seen)), *(f"^{oid}\n" for oid in named)]).encode()
    out = git(root, "rev-list", "--ignore-missing", "--stdin", given=given) if seen else b""
    return seen & set((out or b"").decode().split())


def _here(root: Path, there: Collection[str]) -> list[str]:
    """What the server has and is here too: commits that need not be packed."""
    given = "".join(f"{oid}\n" for oid in there).encode()
    out = git(root, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=given) or b"" if there else b""
    rows = (line.split() for line in out.decode().splitlines())
    return sorted(row[0] for row in rows if len(row) == 2 and row[1] in {"commit", "tag"})

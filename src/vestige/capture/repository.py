"""Repositories as capture sees them: which one a folder is in, what it is called, and what Git answers about it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from vestige.model.errors import NotFoundError

SECONDS: Final = 20
"""For which Git may think."""
NOWHERE: Final = "no-repository"
"""What is captured outside any repository belongs to."""
_SCP: Final = re.compile(r"(?:[^@/]+@)?(?P<host>\[[^\]]+\]|[^:/@]+):(?P<path>(?!//).+)")
_URL: Final = re.compile(r"(?:ssh|git|https?|git\+ssh|ftps?)://(?:[^@/]*@)?(?P<host>[^/]+)/(?P<path>.+)", re.IGNORECASE)
_PORTS: Final = re.compile(r":(?:22|443|80|9418)$")


def normalised(remote: str) -> str:
    """A remote's address as what it names: ``host/owner/name``, whichever way it is reached; empty if it is a path.

    User, password, default port and the ending ``.git`` are no part of it; letters are small.
    """
    text = remote.strip()
    found = _URL.fullmatch(text) or (None if "://" in text else _SCP.fullmatch(text))
    if found is None:
        return ""
    host = _PORTS.sub("", found["host"])
    path = found["path"].split("?", 1)[0].split("#", 1)[0].strip("/").removesuffix(".git").strip("/")
    return f"{host}/{path}".lower() if path else ""


def git(folder: Path, *words: str, given: bytes | None = None) -> bytes | None:
    """What Git answers, without taking locks that an agent's own Git may want; none if it refuses or is not there.

    Args:
        folder: where.
        words: the command.
        given: standard input.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(  # noqa: S603 - git, with words of ours
            command,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=own,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def text(folder: Path, *words: str) -> str:
    """The same as a line of text; empty if there is none."""
    return os.fsdecode(git(folder, *words) or b"").strip()


@dataclass(frozen=True, slots=True)
class Repository:
    """One working tree of a repository."""

    root: Path
    """The working tree."""
    git_dir: Path
    """Its own part of the repository: another for each working tree."""
    common_dir: Path
    """What all working trees share."""
    name: str
    """``host/owner/name`` of its remote, or ``root:`` and its first commit."""

    @property
    def source(self) -> str:
        """What the ledger calls what comes from it."""
        return source_of(self.name)

    @property
    def folder(self) -> str:
        """What its spool is called."""
        return spool_name(self.name)


def source_of(name: str) -> str:
    """What the ledger calls what comes from the repository of a name: letters that any header may bear."""
    return f"agent:{quote(name, safe='/:@._~-')}"


def spool_name(name: str) -> str:
    """A repository's name as one of a folder."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def find(folder: Path) -> Repository:
    """The repository a folder is in.

    Raises:
        NotFoundError: it is in none that has a working tree.
    """
    told = git(folder, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir")
    paths = [Path(os.fsdecode(line)) for line in (told or b"").splitlines()]
    if len(paths) != 3:
        raise NotFoundError(
            "this is no working tree of Git", expected="a folder within one", got=str(folder), hint="cd into it"
        )
    root, git_dir, common = paths
    return Repository(root, git_dir, common, text(root, "config", "vestige.repository") or identity(root))


def identity(root: Path) -> str:
    """What a repository is called: by the remote it is pushed to, else by its first commit, else by its folder.

    Of several remotes, ``origin`` or the only one.
    """
    remotes = text(root, "remote").split()
    chosen = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
    found = normalised(text(root, "remote", "get-url", chosen)) if chosen else ""
    if found:
        return found
    roots = sorted(text(root, "rev-list", "--max-parents=0", "HEAD").split())
    if roots:
        return f"root:{roots[0]}"
    return f"folder:{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}"

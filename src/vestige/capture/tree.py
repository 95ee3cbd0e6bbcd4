"""What differs from the last commit in a working tree, known at once.

Git is asked about everything once, and again when the index, the head or the rules of what is ignored changed. In
between the kernel says what was touched (:mod:`vestige.capture.watch`): a file that Git tracks may differ then, which
whoever reads it sees; of others Git is asked whether it ignores them.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.capture.repository import git
from vestige.capture.repository import text as answer
from vestige.capture.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.capture.repository import Repository

_ALL: Final = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
_AT_ONCE: Final = 200
"""Touched paths from which Git is asked about everything."""


class State(NamedTuple):
    """A working tree at one moment."""

    head: str
    """The commit that is checked out; empty where there is none."""
    differing: frozenset[bytes]
    """Paths that may not be as ``head`` has them, relative to the root; all others are."""
    complete: bool
    """Whether Git answered; what differs is else not known."""


class Tree:
    """One working tree, watched. Safe to use from many threads."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._root = os.fsencode(repository.root)
        self._lock = threading.Lock()
        self._watch: Watch | None = None
        self._closed = False
        self._stamp: tuple[object, ...] = ()
        self._head = ""
        self._differing: set[bytes] | None = None
        self._tracked: set[bytes] = set()

    def close(self) -> None:
        """Watch it no more; a look that still comes asks Git about everything."""
        with self._lock:
            self._closed = True
            self._unwatch()

    def look(self) -> State:
        """What differs now."""
        with self._lock:
            touched = self._touched()
            stamp = self._stamped()
            if touched is None or stamp != self._stamp or self._differing is None or len(touched) > _AT_ONCE:
                self._look_at_all(stamp, watched=touched is not None)
            elif touched:
                self._look_at(touched)
            return State(self._head, frozenset(self._differing or ()), self._differing is not None)

    def _touched(self) -> set[bytes] | None:
        told = self._watch.touched() if self._watch is not None else None
        if self._watch is None or told is None:
            return None
        files, folders = told
        if any(os.path.basename(path) == b".gitignore" for path in files):  # noqa: PTH119 - bytes
            return None
        for folder in self._kept(folders):
            inside = self._watch.enter(folder)
            if inside is None:
                return None
            files.add(folder)  # what was in one that was moved away is named so
            files.update(inside)
            files.update(path for path in self._differing or () if path.startswith(folder + b"/"))
        return files

    def _kept(self, folders: Iterable[bytes]) -> set[bytes]:
        """Those that are not ignored. One that is gone is looked at as well: what was in it is gone, too."""
        given = sorted(folders)
        if not given:
            return set()
        ignored = git(self._repository.root, "check-ignore", "-z", "--stdin", given=b"\0".join(given) + b"\0")
        return set(given) - set((ignored or b"").split(b"\0"))

    def _look_at_all(self, stamp: tuple[object, ...], *, watched: bool) -> None:
        if not watched:
            self._begin()
        self._head = answer(self._repository.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        told = git(self._repository.root, *_ALL)
        tracked = git(self._repository.root, "ls-files", "-z", "--cached")
        self._differing = None if told is None or tracked is None else set(paths_of(told))
        self._tracked = set((tracked or b"").split(b"\0"))
        self._stamp = stamp

    def _look_at(self, touched: set[bytes]) -> None:
        new = touched - self._tracked
        told = git(self._repository.root, *_ALL, "--", *map(os.fsdecode, sorted(new))) if new else b""
        if told is None or self._differing is None:
            self._differing = None
            return
        self._differing -= new
        self._differing |= touched & self._tracked
        self._differing.update(paths_of(told))

    def _begin(self) -> None:
        """Watch anew, before Git is asked: what changes while it looks is then looked at again."""
        self._unwatch()
        if self._closed:
            return
        listed = git(self._repository.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if listed is None:
            return
        folders = {b""}
        for path in listed.split(b"\0"):
            folder = os.path.dirname(path)  # noqa: PTH120
            while folder not in folders:
                folders.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120
        there = [folder for folder in folders if os.path.isdir(os.path.join(self._root, folder))]  # noqa: PTH112, PTH118
        try:
            self._watch = Watch(self._root, there)
        except OSError:
            self._watch = None

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _stamped(self) -> tuple[object, ...]:
        """What changes when the index, the head or the rules of what is ignored do."""
        own, common = self._repository.git_dir, self._repository.common_dir
        head = _read(own / "HEAD")
        reference = head.removeprefix(b"ref: ").strip() if head.startswith(b"ref: ") else b""
        return (
            head,
            _read(common / os.fsdecode(reference)) if reference else b"",
            *(
                _state(path)
                for path in (own / "index", common / "packed-refs", common / "info/exclude", common / "config")
            ),
        )


def paths_of(status: bytes) -> list[bytes]:
    """The paths that ``git status --porcelain=v2 -z`` names."""
    found: list[bytes] = []
    fields = {b"1": 8, b"u": 10, b"?": 1}
    for entry in status.split(b"\0"):
        count = fields.get(entry[:1], 0)
        parts = entry.split(b" ", count) if count else []
        if len(parts) == count + 1:
            found.append(parts[-1].rstrip(b"/"))
    return found


def _read(path: os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(4096)
    except OSError:
        return b""


def _state(path: os.PathLike[str]) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino

"""A Git repository, read through the program ``git``: its exact semantics of diffs, renames and patch ids.

The repository is somebody else's and may be hostile: :mod:`~vestige.code.program` says how the program is started.
Nothing is fetched and nothing written. Object names are held to their form and paths come after ``--`` and literally,
so that neither can be an option or a pattern. What is answered is bounded in bytes and time.

References: git(1), gitrepository-layout(5), git-diff-tree(1) "Raw output format", git-patch-id(1).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.code import program
from vestige.code.program import failed
from vestige.model.errors import InputError, NotFoundError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BLOB: Final = 4 << 20
"""Bytes of one file that is read."""
_KEPT: Final = 50_000
"""Answers about what cannot change that are kept."""
_MOST_KEPT: Final = 64 << 20
"""Bytes of files, and of answers, that are kept."""
_OID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~-]{0,254}")
_AT_ONCE: Final = 200
"""Commits whose changes are asked for at once."""
_PATCH: Final = (
    "-p", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "--no-renames",
    "--diff-algorithm=myers", "--",
)  # fmt: skip


class Change(NamedTuple):
    """One path that differs between two trees."""

    status: str
    """The letter of git: A, M, T, R (renamed)."""
    path: str
    before: str
    """The path it had; the same where it was not renamed, empty where it was not there."""
    blob: str
    """The object it is now."""


def is_oid(text: str) -> bool:
    """Whether a text is the name of an object in full."""
    return _OID.fullmatch(text) is not None


def check_oid(oid: str) -> str:
    """The name of an object in full.

    Raises:
        InputError: it is none.
    """
    if not is_oid(oid):
        raise InputError("no name of a Git object", expected="40 or 64 hexadecimal digits", got=repr(oid[:80]))
    return oid


def check_path(path: str) -> str:
    """A path inside of a repository, as git writes it.

    Raises:
        InputError: it is none, or leads out.
    """
    parts = path.split("/")
    if not path or len(path) > 4096 or "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise InputError("no path inside of a repository", expected="names with / between", got=repr(path[:80]))
    return path


class Repository:
    """What is read of one repository.

    Args:
        folder: its working tree, or a bare repository.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._blobs: dict[str, bytes] = {}
        self._answers: dict[tuple[str, ...], bytes] = {}
        self._patches: dict[str, str] = {}
        self._held = [0, 0]
        """Bytes of files, and of answers."""

    def resolve(self, revision: str = "HEAD") -> str:
        """The commit a revision stands for now.

        Raises:
            NotFoundError: there is none.
        """
        if not _REVISION.fullmatch(revision) or ".." in revision:
            raise InputError("no revision of Git", expected="a name or a commit", got=repr(revision[:80]))
        done, out, _ = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done:
            raise NotFoundError("the repository has no such commit", got=revision)
        return check_oid(out.decode().strip())

    def parents(self, commit: str) -> tuple[str, ...]:
        """The commits it rests on, the first one first."""
        out = self._sure("rev-list", "--parents", "--max-count=1", "--end-of-options", check_oid(commit), "--")
        return tuple(out.decode().split()[1:])

    def message(self, commit: str) -> str:
        """What its author says of it."""
        out = self._sure("cat-file", "commit", check_oid(commit))
        return out.partition(b"\n\n")[2].decode("utf-8", "replace")

    def entry(self, commit: str, path: str) -> str:
        """The object of a file in a commit's tree; empty if it has no such file."""
        out = self._sure("ls-tree", "-z", "--full-tree", check_oid(commit), "--", check_path(path))
        for row in out.split(b"\0"):
            head, _, name = row.partition(b"\t")
            words = head.split()
            if len(words) == 3 and words[1] == b"blob" and os.fsdecode(name) == path:
                return words[2].decode()
        return ""

    def blob(self, oid: str) -> bytes:
        """The bytes of a file.

        Raises:
            TooLargeError: there are more than :data:`MOST_BLOB`.
        """
        kept = self._blobs.get(check_oid(oid))
        if kept is not None:
            return kept
        size = int(self._sure("cat-file", "-s", oid))
        if size > MOST_BLOB:
            raise TooLargeError("the file is too large", expected=f"at most {MOST_BLOB} bytes", got=str(size))
        data = self._sure("cat-file", "blob", oid, keep=False)
        self.remember_blob(oid, data)
        return data

    def changes(self, parent: str, commit: str) -> list[Change]:
        """What a commit holds that a parent does not, renames found; submodules and what is gone left out.

        Args:
            parent: empty for all that the commit holds.
            commit: in full.
        """
        words = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-commit-id", "--find-renames=50%", "--root"]
        words += [check_oid(parent)] if parent else []
        out = self._sure(*words, check_oid(commit), "--")
        fields = out.split(b"\0")
        found: list[Change] = []
        at = 0
        while at + 1 < len(fields) and fields[at]:
            _, mode, _, oid, status = fields[at].lstrip(b":").decode().split()
            renamed = status[0] in "RC"
            before = os.fsdecode(fields[at + 1])
            path = os.fsdecode(fields[at + 2]) if renamed else before
            at += 3 if renamed else 2
            if status[0] != "D" and mode in {"100644", "100755"}:
                found.append(Change(status[0], path, "" if status[0] == "A" else before, oid))
        return found

    def touched(self, commit: str, path: str) -> str:
        """The last commit, from this one back, that changed a path; empty if none did."""
        out = self._sure("rev-list", "--max-count=1", "--end-of-options", check_oid(commit), "--", check_path(path))
        return out.decode().strip()

    def patch_id(self, commit: str) -> str:
        """What a commit changes, whatever it rests on; empty for a merge, and where it changes nothing."""
        return self.patch_ids([commit]).get(commit, "")

    def patch_ids(self, commits: Sequence[str]) -> dict[str, str]:
        """What each of some commits changes, as :meth:`patch_id` says it; merges and empty ones are left out."""
        fresh = [oid for oid in commits if oid not in self._patches]
        for start in range(0, len(fresh), _AT_ONCE):
            asked = fresh[start : start + _AT_ONCE]
            given = "".join(f"{check_oid(oid)}\n" for oid in asked).encode()
            told = {oid: name for name, oid in self._patch_ids("diff-tree", "--stdin", "-r", "--root", data=given)}
            self._patches |= {oid: told.get(oid, "") for oid in asked}
        return {oid: name for oid in commits if (name := self._patches[oid])}

    def patch(self, commit: str) -> bytes:
        """What a commit changes against the first one it rests on, as a patch of a form that does not change.

        Raises:
            TooLargeError: it is longer than is read.
        """
        parents = self.parents(commit)
        sides = [parents[0], check_oid(commit)] if parents else ["--root", "--no-commit-id", check_oid(commit)]
        code, patch, told = self._run("diff-tree", "-r", *_PATCH[:-1], *sides, "--")
        if code:
            raise failed("diff-tree", self.folder, told)
        return patch

    def patch_between(self, old: str, new: str) -> str:
        """What lies between two commits, as :meth:`patch_id` says it of one; empty if nothing does."""
        (found, *_) = [*self._patch_ids("diff-tree", "-r", check_oid(old), check_oid(new)), ("", "")]
        return found[0]

    def _patch_ids(self, *words: str, data: bytes = b"") -> list[tuple[str, str]]:
        """Patch id and commit of each patch that a command prints."""
        code, patch, told = self._run(*words, *_PATCH, data=data)
        if code:
            raise failed(words[0], self.folder, told)
        code, out, told = self._run("patch-id", "--stable", data=patch)
        if code:
            raise failed("patch-id", self.folder, told)
        rows = [line.split(" ") for line in out.decode().splitlines()]
        return [(row[0], row[1]) for row in rows if len(row) == 2]

    def holds(self, commit: str) -> bool:
        """Whether the repository has a commit."""
        if ("holds", commit) in self._answers:
            return True
        code, _, _ = self._run("cat-file", "-e", f"{check_oid(commit)}^{{commit}}")
        if code == 0:
            self._answers["holds", commit] = b""
        return code == 0

    def fork(self, one: str, two: str) -> str:
        """The best commit that both rest on; empty if there is none."""
        code, out, _ = self._run("merge-base", check_oid(one), check_oid(two))
        return out.decode().strip() if code == 0 else ""

    def newest(self, tips: Sequence[str], most: int) -> list[str]:
        """The newest commits that some lead to, the oldest of them first."""
        words = [check_oid(tip) for tip in tips]
        if not words:
            return []
        out = self._sure("rev-list", "--date-order", f"--max-count={most}", "--end-of-options", *words, "--")
        return out.decode().split()[::-1]

    def count(self, tips: Sequence[str]) -> int:
        """How many commits some lead to, themselves among them."""
        words = [check_oid(tip) for tip in tips]
        return int(self._sure("rev-list", "--count", "--end-of-options", *words, "--")) if words else 0

    def commits(self, newest: str, *without: str, most: int = 10_000) -> list[str]:
        """The commits of a range, the oldest first.

        Args:
            newest: where it ends.
            without: what these reach is left out.
            most: no more than so many, the newest.
        """
        words = [check_oid(newest), *(f"^{check_oid(oid)}" for oid in without)]
        out = self._sure("rev-list", "--topo-order", f"--max-count={most}", "--end-of-options", *words, "--")
        return out.decode().split()[::-1]

    def beyond(self, news: Sequence[str], olds: Sequence[str], most: int) -> list[str]:
        """What some commits lead to and others do not, the oldest first; of the others those that are here count.

        Args:
            news: they must be here.
            olds: they need not be.
            most: no more than so many, the newest.
        """
        given = "".join([*(f"{check_oid(oid)}\n" for oid in news), *(f"^{check_oid(oid)}\n" for oid in olds)])
        words = ("rev-list", "--topo-order", f"--max-count={most}", "--ignore-missing", "--stdin")
        code, out, told = self._run(*words, data=given.encode())
        if code:
            raise failed("rev-list", self.folder, told)
        return out.decode("ascii").split()[::-1]

    def rests_on(self, commit: str, other: str) -> bool:
        """Whether a commit leads to another; not, where one of them is not here."""
        return self._run("merge-base", "--is-ancestor", check_oid(other), check_oid(commit))[0] == 0

    def _sure(self, *words: str, keep: bool = True) -> bytes:
        """What the program says of objects, which never change: asked once.

        Raises:
            InputError: it failed.
        """
        kept = self._answers.get(words)
        if kept is not None:
            return kept
        code, out, told = self._run(*words)
        if code:
            raise failed(words[0], self.folder, told)
        if keep:
            self.remember(words, out)
        return out

    def knows(self, words: tuple[str, ...]) -> bool:
        """Whether an answer is kept."""
        return words in self._answers

    def remember(self, words: tuple[str, ...], out: bytes) -> None:
        """Keep an answer about what cannot change."""
        self._held[1] += len(out)
        if len(self._answers) >= _KEPT or self._held[1] > _MOST_KEPT:
            self._answers.clear()
            self._held[1] = len(out)
        self._answers[words] = out

    def remember_blob(self, oid: str, data: bytes) -> None:
        """Keep the bytes of a file."""
        self._held[0] += len(data)
        if len(self._blobs) >= _KEPT or self._held[0] > _MOST_KEPT:
            self._blobs.clear()
            self._held[0] = len(data)
        self._blobs[oid] = data

    def _run(self, *words: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
        """Exit code, output and what it said besides.

        Raises:
            TooLargeError: it answers more than :data:`~vestige.code.program.MOST`.
            BusyError: it takes longer than :data:`~vestige.code.program.SECONDS`.
        """
        done = program.run(self.folder, words, data=data, seconds=program.SECONDS, most=program.MOST)
        return done.code, done.out, done.told

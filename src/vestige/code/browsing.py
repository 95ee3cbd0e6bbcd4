"""A repository to look through: its refs, trees, files and commits, each bounded, as somebody asks for them.

Whatever is named by a commit or an object never changes; a ref is turned into the commit it names before anything is
read by it. A name or message is told as it is, or with what is no UTF-8 replaced.

References: git-for-each-ref(1), git-ls-tree(1), git-cat-file(1) "Batch output", git-rev-list(1), git-diff-tree(1).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.code import program
from vestige.code.commits import Commit, read_commit
from vestige.code.diffs import MOST_FILES, Changed, named, read_raw, read_totals, with_hunks
from vestige.code.repository import Repository, check_oid, check_path, is_oid
from vestige.model.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_REFS: Final = 20_000
"""That are listed."""
MOST_ENTRIES: Final = 20_000
"""Of one folder."""
MOST_COMMITS: Final = 200
"""On one page."""
DEEPEST: Final = 1_000_000
"""So many commits of one history are paged through."""
MOST_PATCH: Final = 4 << 20
"""Bytes of the changes of one commit that are shown at once."""
CUT: Final = "the changes of the commit are more than is shown at once: ask for this file by its path"
_HEAD: Final = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64}) [0-9]+ [0-9]+")
"""How what `git blame --porcelain` says of a line begins (git-blame(1))."""
_DIFF: Final = (
    "diff-tree", "-r", "--root", "--no-commit-id", "--find-renames=50%", "-l1000", "--no-ext-diff", "--no-textconv",
    "--no-color", "--diff-algorithm=histogram", "--submodule=short", "--ignore-submodules=none", "--no-abbrev",
)  # fmt: skip
_BINARY: Final = ("core.bigFileThreshold=4m",)
"""A file above that is no text to the program, which then does not take it into memory to compare it."""
_MODES: Final = {"040000": "folder", "100644": "file", "100755": "file", "100664": "file", "120000": "link",
                 "160000": "module"}  # fmt: skip


class Ref(NamedTuple):
    """A name and what it stands for."""

    name: str
    kind: str
    """``branch``, ``tag``, ``remote``, ``seen`` (came with a push, under no name any more) or ``other``."""
    oid: str
    commit: str
    """What it comes to; empty if that is no commit."""

    def to_json(self) -> dict[str, object]:
        """As it is told, with the name that people use for it."""
        short = self.name.split("/", 2)[-1] if self.kind in {"branch", "tag", "remote"} else self.name
        return {**named("name", short), "ref": self.name, "kind": self.kind, "oid": self.oid, "commit": self.commit}


class Entry(NamedTuple):
    """What a folder holds."""

    name: str
    kind: str
    """``folder``, ``file``, ``link`` or ``module``."""
    mode: str
    oid: str
    size: int | None
    """Bytes of a file or link."""

    def to_json(self) -> dict[str, object]:
        """As it is told."""
        told: dict[str, object] = {**named("name", self.name), "kind": self.kind, "mode": self.mode, "oid": self.oid}
        return told | ({} if self.size is None else {"size": self.size})


@dataclass(frozen=True, slots=True)
class Totals:
    """What a commit changes against the first commit it rests on."""

    files: int
    added: int
    removed: int


class Browsing(Repository):
    """One repository, for one question or a few: what is read is remembered as long as this is."""

    def head(self) -> str:
        """The ref that is looked at if none is named; empty if the repository has no commit."""
        code, out, _ = self._run("symbolic-ref", "--quiet", "HEAD")
        name = out.decode("utf-8", "replace").strip()
        return name if not code and any(ref.name == name for ref in self.refs()) else ""

    def refs(self) -> list[Ref]:
        """All refs by name, no more than :data:`MOST_REFS`; those under no name any more come last."""
        line = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)"
        done = program.run(self.folder, ("for-each-ref", f"--count={4 * MOST_REFS}", f"--format={line}"))
        found = []
        for row in done.sure("for-each-ref", self.folder).split(b"\n"):
            if not row:
                continue
            name, oid, kind, inner, inner_kind = row.split(b"\0")
            commit = oid if kind == b"commit" else inner if inner_kind == b"commit" else b""
            text = os.fsdecode(name)
            found.append(Ref(text, _kind(text), oid.decode(), commit.decode()))
        order = {"branch": 0, "tag": 1, "remote": 2, "other": 3, "seen": 4}
        return sorted(found, key=lambda ref: (order[ref.kind], ref.name))[:MOST_REFS]

    def commit_of(self, revision: str) -> str:
        """The commit that somebody means: a ref's own name, a branch, a tag, or a commit's name, in full or not.

        Raises:
            InputError: it is no revision.
            NotFoundError: there is no such commit, or none at all.
        """
        if is_oid(revision):
            return self.resolve(revision)
        refs = self.refs()
        if revision:
            # By its whole name or the usual one, whatever letters are in it; what no ref is called, Git is asked about.
            means = (revision, f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/remotes/{revision}")
            named_so = sorted((means.index(one.name), one.commit) for one in refs if one.name in means and one.commit)
            return named_so[0][1] if named_so else self.resolve(revision)
        head = self.head()
        ref = next((one for one in refs if one.commit and (one.name == head or not head)), None)
        if ref is None:
            raise NotFoundError("the repository has no commit yet", hint="`vestige code push` in a working copy")
        return ref.commit

    def tree(self, commit: str, path: str = "") -> list[Entry]:
        """What a folder of a commit holds, folders first.

        Raises:
            NotFoundError: it has no such folder.
            TooLargeError: it holds too much.
        """
        oid = check_oid(commit)
        if path:
            entry = self.lookup(commit, path)
            if entry.kind != "folder":
                raise NotFoundError("that is no folder", expected="a folder", got=f"a {entry.kind}", field="path")
            oid = entry.oid
        found = self._entries(self._sure("ls-tree", "-z", "-l", "--full-tree", oid, "--"))
        return sorted(found[:MOST_ENTRIES], key=lambda one: (one.kind != "folder", one.name))

    def lookup(self, commit: str, path: str) -> Entry:
        """What a path of a commit is.

        Raises:
            NotFoundError: it has no such path.
        """
        out = self._sure("ls-tree", "-z", "-l", "--full-tree", check_oid(commit), "--", check_path(path))
        for entry in self._entries(out):
            if entry.name == path:
                return entry
        raise NotFoundError("the commit has no such path", got=path[:200], hint="its tree lists what it has")

    @staticmethod
    def _entries(out: bytes) -> list[Entry]:
        found = []
        for row in out.split(b"\0"):
            head, _, name = row.partition(b"\t")
            words = head.decode("ascii", "replace").split()
            if len(words) != 4:
                continue
            kind = _MODES.get(words[0], "file" if words[1] == "blob" else "folder")
            size = int(words[3]) if words[3].isdigit() else None
            found.append(Entry(os.fsdecode(name), kind, words[0], words[2], size))
        return found

    def listed(self, tip: str, path: str, skip: int, limit: int) -> list[str]:
        """Commits from one back, the newest first; with a path, those that changed it.

        The order of what one commit reaches never changes, so that how many were passed is a place in it.
        """
        if not 0 <= skip <= DEEPEST or not 1 <= limit <= MOST_COMMITS:
            raise UsageError("no page of commits", expected=f"1 to {MOST_COMMITS}, within {DEEPEST}", got=f"{limit}")
        words = ["rev-list", "--date-order", f"--skip={skip}", f"--max-count={limit}", "--end-of-options"]
        out = self._sure(*words, check_oid(tip), "--", *([check_path(path)] if path else []))
        return out.decode("ascii").split()

    def last_changed(self, commit: str, path: str, start: int, end: int) -> list[str]:
        """The commits that last changed lines of a file, counted from 1, both ends in it; that of most lines first.

        Raises:
            InputError: the file has not so many lines.
        """
        lines = f"-L{int(start)},{int(end)}"
        out = self._sure("blame", "--porcelain", lines, check_oid(commit), "--", check_path(path))
        # Of each line a head of commit, line before and line now; the text itself stands behind a tab.
        heads = [row.split(b" ")[0] for row in out.split(b"\n") if _HEAD.match(row)]
        return [oid.decode("ascii") for oid, _ in Counter(heads).most_common()]

    def read(self, oids: Sequence[str]) -> list[Commit]:
        """Commits by their names in full.

        Raises:
            NotFoundError: there is no such commit.
        """
        given = "".join(f"{check_oid(oid)}\n" for oid in oids).encode()
        done = program.run(self.folder, ("cat-file", "--batch"), data=given)
        out = done.sure("cat-file", self.folder)
        found = []
        at = 0
        for oid in oids:
            end = out.index(b"\n", at)
            words = out[at:end].split()
            if len(words) != 3 or words[1] != b"commit":
                raise NotFoundError("the repository has no such commit", got=oid)
            size = int(words[2])
            found.append(read_commit(oid, out[end + 1 : end + 1 + size]))
            at = end + 1 + size + 1
        return found

    def commits_of(self, oids: Sequence[str]) -> dict[str, str]:
        """By an object's name the commit it comes to, in one call; what is not here, or comes to none, is not in it."""
        if not oids:
            return {}
        given = "".join(f"{check_oid(oid)}^{{commit}}\n" for oid in oids).encode()
        done = program.run(self.folder, ("cat-file", "--batch-check"), data=given)
        rows = done.sure("cat-file", self.folder).decode("ascii", "replace").splitlines()
        told = [row.split() for row in rows]
        return {oid: words[0] for oid, words in zip(oids, told, strict=True) if words[1:2] == ["commit"]}

    def totals(self, commits: Sequence[Commit]) -> dict[str, Totals]:
        """By commit, what each changes against the first commit it rests on."""
        given = "".join(f"{one.oid} {one.parents[0] if one.parents else ''}".strip() + "\n" for one in commits)
        words = ("diff-tree", "--stdin", *_DIFF[1:3], *_DIFF[4:], "-z", "--numstat")
        done = program.run(self.folder, words, data=given.encode(), config=_BINARY)
        found = read_totals(done.sure("diff-tree", self.folder))
        return {one.oid: Totals(*found.get(one.oid, (0, 0, 0))) for one in commits}

    def changed(self, commit: Commit, parent: int = 1) -> tuple[list[Changed], int]:
        """The files a commit changes against one it rests on, and how many there are: some more than are listed.

        Args:
            commit: which.
            parent: which of those it rests on, from 1; of the first commit of all, there is none and all is new.

        Raises:
            UsageError: it does not rest on so many.
        """
        done = program.run(self.folder, (*_DIFF, "--raw", "--numstat", "-z", *_sides(commit, parent)), config=_BINARY)
        files = read_raw(done.sure("diff-tree", self.folder))
        return files[:MOST_FILES], len(files)

    def diff(self, commit: Commit, files: Sequence[Changed], parent: int = 1, path: str = "") -> list[Changed]:
        """The same files with their hunks; with a path, of that one alone.

        Raises:
            NotFoundError: the commit does not change that path.
            FormatError: git told something else of the patch.
        """
        wanted = [one for one in files if not path or one.path == path]
        if path and not wanted:
            raise NotFoundError("the commit does not change that path", got=check_path(path)[:200], field="path")
        names = sorted({name for one in wanted for name in one.paths}) if path else []
        # What is unshown of too many files would be made for nothing.
        words = (*_DIFF, "-p", "--full-index", "-U3", "--src-prefix=a/", "--dst-prefix=b/", *_sides(commit, parent))
        done = program.run(self.folder, (*words, *names), config=_BINARY, most=MOST_PATCH, cut=True)
        done.sure("diff-tree", self.folder)
        cut = done.cut or (not path and len(files) == MOST_FILES)
        if path and len(names) > 1:
            # Limited to both names, a rename may come with what else became of the old one: the one asked for is named.
            raw = program.run(
                self.folder, (*_DIFF, "--raw", "--numstat", "-z", *_sides(commit, parent), *names), config=_BINARY
            )
            told = with_hunks(read_raw(raw.sure("diff-tree", self.folder)), done.out, CUT if cut else "")
            return [one for one in told if one.path == path]
        return with_hunks(wanted, done.out, CUT if cut else "")


def _sides(commit: Commit, parent: int) -> tuple[str, ...]:
    if not commit.parents and parent == 1:
        return (check_oid(commit.oid), "--")
    if not 1 <= parent <= len(commit.parents):
        raise UsageError(
            "the commit does not rest on so many", expected=f"1 to {max(len(commit.parents), 1)}", got=str(parent)[:20],
            field="parent",
        )  # fmt: skip
    return (check_oid(commit.parents[parent - 1]), check_oid(commit.oid), "--")


def _kind(name: str) -> str:
    for start, kind in (
        ("refs/heads/", "branch"), ("refs/tags/", "tag"), ("refs/remotes/", "remote"), ("refs/vestige/", "seen"),
    ):  # fmt: skip
        if name.startswith(start):
            return kind
    return "other"

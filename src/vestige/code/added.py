"""What each of many commits changes of its own: paths, and which lines it adds, from a few calls of the program.

A merge's own is what differs from what the program makes of both sides by itself: one that only brings them together
changes nothing, and one that throws a side away brings old content back, which is its own though the other side has it.
Of more than two sides, or where the program cannot merge them, all that differs from any side is the merge's own.
Renames are not looked for: a file that moved is one that went and one that came, so that both names are told.

Names come from the raw form, where they cannot be imitated. In the patch every line of text begins with a space, a
sign or a backslash, so a line that is names of objects and nothing else is the program's own; hunks are as long as
their heads say.

References: git-diff-tree(1) ``--stdin``, "Raw output format"; git-merge-tree(1).
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.code import program
from vestige.model.errors import BusyError, FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vestige.code.commits import Commit
    from vestige.code.repository import Repository

MOST_PATCH: Final = program.MOST
"""Bytes of all patches together; beyond them lines are not known."""
_WORDS: Final = (
    "diff-tree", "--stdin", "--always", "-r", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
    "--diff-algorithm=myers", "--submodule=short", "--ignore-submodules=none", "--no-abbrev",
)  # fmt: skip
MERGE_SECONDS: Final = 300.0
"""For all merges that are made once more; of one that is not, all that differs from any side is its own."""
_MERGING: Final = (
    "merge.conflictStyle=merge", "merge.renames=true", "merge.renormalize=false", "merge.directoryRenames=false",
)  # fmt: skip
"""A repository's settings do not decide what a merge should have been."""
_CONFIG: Final = ("core.bigFileThreshold=4m", "core.quotePath=true")
_STATUS: Final = {"A": "added", "D": "deleted", "M": "modified", "T": "retyped"}
_HUNK: Final = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")
_NAME: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_HEAD: Final = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})(?: [0-9a-f]{40,64})?")
"""Of what the following is told: a commit, or two trees."""
Runs = tuple[tuple[int, int], ...]
"""Lines counted from 1, both ends in them."""


class Added(NamedTuple):
    """A file that a commit changes."""

    path: str
    status: str
    mode: str
    """That it has now; ``000000`` where it is gone."""
    blob: str
    """Empty where it is gone."""
    runs: Runs
    """The lines it adds."""
    opaque: bool = False
    """Whether the program took it for no text, and so told no lines."""


class Own(NamedTuple):
    """What a commit changes of its own."""

    files: tuple[Added, ...]
    cut: bool = False
    """Whether the patch was too long: of some files the lines are not known."""


def own(repository: Repository, commits: Sequence[Commit]) -> dict[str, Own]:
    """By commit what it changes.

    Raises:
        FormatError: git told something else.
    """
    with tempfile.TemporaryDirectory(prefix="vestige-merge-") as apart:
        also: dict[str, str] = {}
        if any(len(one.parents) == 2 for one in commits):
            also = {"GIT_OBJECT_DIRECTORY": apart, "GIT_ALTERNATE_OBJECT_DIRECTORIES": _objects(repository.folder)}
        end = time.monotonic() + MERGE_SECONDS
        made = {one.oid: _made(repository, one, also, end) for one in commits if len(one.parents) == 2}
        pairs = {one.oid: _pairs(one, made.get(one.oid)) for one in commits}
        found = iter(_differences(repository, [pair for some in pairs.values() for pair in some], also))
    told = {oid: list(islice(found, len(some))) for oid, some in pairs.items()}
    return {one.oid: _own(one, made.get(one.oid), told[one.oid]) for one in commits}


class _Made(NamedTuple):
    """What the program makes of both sides of a merge by itself."""

    tree: str
    conflicts: frozenset[str]
    """Paths of which it cannot say what becomes of them; those that are text it marks, the others it takes from one."""


def _made(repository: Repository, commit: Commit, also: Mapping[str, str], end: float) -> _Made | None:
    """A merge made once more, apart from the repository; ``None`` where the program cannot, or not in time."""
    words = ("merge-tree", "--write-tree", "-z", "--no-messages", "--name-only", "--allow-unrelated-histories",
             *commit.parents)  # fmt: skip
    left = min(end - time.monotonic(), program.SECONDS)
    if left <= 0:
        return None
    try:
        done = program.run(repository.folder, words, also=also, config=(*_CONFIG, *_MERGING), seconds=left)
    except BusyError:
        return None
    tree, *conflicts = done.out.split(b"\0")
    if done.code not in {0, 1} or not _NAME.fullmatch(tree):
        return None
    return _Made(tree.decode("ascii"), frozenset(os.fsdecode(path) for path in conflicts if path))


def _pairs(commit: Commit, made: _Made | None) -> list[tuple[str, str]]:
    """What is compared to know what a commit changes of its own: two trees, or a commit and one that it rests on."""
    sides = [(commit.oid, parent) for parent in commit.parents or ("",)]
    if made is None:
        return sides
    own = [(made.tree, commit.tree)] if made.tree != commit.tree else []
    return [*own, *sides] if made.conflicts else own


def _own(commit: Commit, made: _Made | None, told: list[Own]) -> Own:
    """What a commit changes of its own, by what was compared."""
    if made is None:
        return told[0] if len(told) == 1 else _any(told)
    found = Own(()) if made.tree == commit.tree else told[0]
    if not made.conflicts:
        return found
    sides = _any(told[-len(commit.parents) :])
    paths = {file.path for file in sides.files}
    # Where names conflict the program makes up one that neither side has.
    files = [file for file in found.files if file.path in paths]
    known = {file.path for file in files}
    # What the program took from one side, for want of a better, somebody chose.
    chosen = [file for file in sides.files if file.path in made.conflicts - known]
    return Own(tuple(sorted((*files, *chosen))), found.cut or (sides.cut and bool(chosen)))


def _differences(repository: Repository, pairs: Sequence[tuple[str, str]], also: Mapping[str, str]) -> list[Own]:
    """Of each pair what differs: what the second tree has that the first has not, or the commit and its parent has not.

    Raises:
        FormatError: git told something else.
    """
    given = "".join(f"{one} {two}".strip() + "\n" for one, two in pairs).encode()
    raw = program.run(repository.folder, (*_WORDS, "--raw", "-z"), data=given, config=_CONFIG, also=also)
    patch = program.run(
        repository.folder, (*_WORDS, "-p", "-U0", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"), data=given,
        config=_CONFIG, most=MOST_PATCH, cut=True, also=also,
    )  # fmt: skip
    files = _raw(raw.sure("diff-tree", repository.folder))
    patches = _patches(patch.sure("diff-tree", repository.folder), len(pairs), cut=patch.cut)
    if [told.split(" ")[0] for told, _ in files] != [one for one, _ in pairs]:
        raise FormatError("git told of other commits than it was asked about", got=str(len(files)))
    return [_joined(rows, sections, cut=patch.cut) for (_, rows), sections in zip(files, patches, strict=True)]


def _objects(folder: Path) -> str:
    """Where a repository's objects are: bare, with a working tree, or with one of several."""
    told = program.run(folder, ("rev-parse", "--git-path", "objects")).sure("rev-parse", folder)
    # In quotes, since a colon would part it in two (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES).
    path = str((folder / os.fsdecode(told.removesuffix(b"\n"))).absolute())
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Section(NamedTuple):
    """What the patch tells of one file."""

    runs: Runs
    opaque: bool
    whole: bool


def _raw(data: bytes) -> list[tuple[str, list[Added]]]:
    """Each side's files, in its order: one that changes nothing is told all the same (``--always``)."""
    fields = data.split(b"\0")
    found: list[tuple[str, list[Added]]] = []
    at = 0
    try:
        while at < len(fields):
            # A commit's name ends as everything does here, those of two trees with a line.
            *heads, field = fields[at].split(b"\n")
            if _HEAD.fullmatch(field):
                heads, field = [*heads, field], b""
            found += [(head.decode("ascii"), []) for head in heads]
            if not field:
                at += 1
                continue
            _, mode, _, blob, status = field.removeprefix(b":").decode("ascii").split(" ")
            path = os.fsdecode(fields[at + 1])
            found[-1][1].append(Added(path, _STATUS[status[0]], mode, blob if blob.strip("0") else "", ()))
            at += 2
    except (ValueError, LookupError) as error:
        raise FormatError("git told of changes what cannot be read", got=str(error)[:200]) from None
    return found


def _patches(data: bytes, sides: int, *, cut: bool) -> list[list[_Section]]:
    """By side the sections of its patch, a file each; of one whose type changed two."""
    lines = data.split(b"\n")
    found: list[list[_Section]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(b"diff --git ") and found:
            section, at = _section(lines, at + 1)
            found[-1].append(section)
            continue
        if _HEAD.fullmatch(line):
            found.append([])
        elif line and not cut:
            raise FormatError("git's patch has a line that belongs to nothing", got=repr(line[:80]))
        at += 1
    if len(found) < sides and not cut:
        raise FormatError("git's patch lacks a commit", expected=str(sides), got=str(len(found)))
    if cut and found and found[-1]:
        found[-1][-1] = found[-1][-1]._replace(whole=False)
    return [*found, *([] for _ in range(sides - len(found)))]


def _section(lines: list[bytes], at: int) -> tuple[_Section, int]:
    """One file's part of a patch, and where it ends."""
    runs: list[tuple[int, int]] = []
    opaque = False
    while at < len(lines):
        line = lines[at]
        head = _HUNK.match(line)
        if head is not None:
            start, removed, added = int(head[2]), int(head[1] or 1), int(head[3] or 1)
            at += 1
            for sign, count in ((b"-", removed), (b"+", added)):
                for _ in range(count):
                    if at >= len(lines) - 1 or not lines[at].startswith(sign):
                        return _Section(tuple(runs), opaque, whole=False), at
                    at += 1
                at += at < len(lines) and lines[at].startswith(b"\\")
            if added:
                runs.append((start, start + added - 1))
            continue
        if line.startswith(b"diff --git ") or _HEAD.fullmatch(line):
            break
        opaque = opaque or line.startswith(b"Binary files ")
        at += 1
    return _Section(tuple(runs), opaque, whole=True), at


def _joined(rows: list[Added], sections: list[_Section], *, cut: bool) -> Own:
    """The files of one side with the lines they add."""
    files: list[Added] = []
    missing = False
    left = iter(sections)
    for row in rows:
        parts = list(islice(left, 2 if row.status == "retyped" else 1))
        whole = bool(parts) and all(part.whole for part in parts)
        missing |= not whole
        # Of a file whose type changed, the second part is what it is now.
        files.append(row._replace(runs=parts[-1].runs, opaque=parts[-1].opaque) if whole else row)
    if missing and not cut:
        raise FormatError("git's patch lacks a file it names", got=str(len(sections)))
    return Own(tuple(files), missing)


def _any(sides: Sequence[Own]) -> Own:
    """What is changed against any of the commits that one rests on."""
    files: dict[str, Added] = {}
    for file in (file for side in sides for file in side.files):
        before = files.get(file.path, file)
        files[file.path] = before._replace(runs=_either(before.runs, file.runs), opaque=before.opaque or file.opaque)
    return Own(tuple(files[path] for path in sorted(files)), any(side.cut for side in sides))


def _either(one: Runs, two: Runs) -> Runs:
    """The lines that are in any of them."""
    found: list[tuple[int, int]] = []
    for start, end in sorted({*one, *two}):
        if found and start <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)

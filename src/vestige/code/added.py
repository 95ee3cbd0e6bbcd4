"""What each of many commits changes of its own: paths, and which lines it adds, from two calls of the program.

Of its own is what none of the commits it rests on has: a merge that only brings sides together changes nothing. Renames
are not looked for: a file that moved is one that went and one that came, so that both names are told.

Names come from the raw form, where they cannot be imitated. In the patch every line of text begins with a space, a
sign or a backslash, so a line that is a commit's name and nothing else is the program's own; hunks are as long as their
heads say.

Reference: git-diff-tree(1) ``--stdin``, "Raw output format".
"""

from __future__ import annotations

import os
import re
import tempfile
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.code import program
from vestige.model.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vestige.code.commits import Commit
    from vestige.code.repository import Repository

MOST_PATCH: Final = program.MOST
"""Bytes of all patches together; beyond them lines are not known."""
_WORDS: Final = (
    "diff-tree", "--stdin", "--always", "-r", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
    "--diff-algorithm=myers", "--submodule=short", "--ignore-submodules=none", "--no-abbrev",
)  # fmt: skip
_CONFIG: Final = ("core.bigFileThreshold=4m", "core.quotePath=true")
_STATUS: Final = {"A": "added", "D": "deleted", "M": "modified", "T": "retyped"}
_HUNK: Final = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")
_NAME: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
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
    sides = [(one.oid, parent) for one in commits for parent in one.parents or ("",)]
    given = "".join(f"{oid} {parent}".strip() + "\n" for oid, parent in sides).encode()
    raw = program.run(repository.folder, (*_WORDS, "--raw", "-z"), data=given, config=_CONFIG)
    patch = program.run(
        repository.folder, (*_WORDS, "-p", "-U0", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"), data=given,
        config=_CONFIG, most=MOST_PATCH, cut=True,
    )  # fmt: skip
    files = _raw(raw.sure("diff-tree", repository.folder))
    patches = _patches(patch.sure("diff-tree", repository.folder), len(sides), cut=patch.cut)
    if [oid for oid, _ in files] != [oid for oid, _ in sides]:
        raise FormatError("git told of other commits than it was asked about", got=str(len(files)))
    by_commit: dict[str, list[Own]] = {}
    for (oid, rows), sections in zip(files, patches, strict=True):
        by_commit.setdefault(oid, []).append(_joined(rows, sections, cut=patch.cut))
    changed = {oid: _common(found) for oid, found in by_commit.items()}
    for one in commits:
        if len(one.parents) == 2 and changed[one.oid].files:
            changed[one.oid] = _by_hand(repository, one, changed[one.oid])
    return changed


def _by_hand(repository: Repository, commit: Commit, changed: Own) -> Own:
    """Of a merge, the files that are not what the program makes of both sides by itself.

    A file that both sides changed differs from both, though nobody but the program put it together. What that makes is
    written apart from the repository, and gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="vestige-merge-") as apart:
        also = {"GIT_OBJECT_DIRECTORY": apart,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(_objects(repository.folder))}  # fmt: skip
        words = ("merge-tree", "--write-tree", "-z", "--no-messages", *commit.parents)
        made = program.run(repository.folder, words, also=also, config=_CONFIG)
        tree = made.out.partition(b"\0")[0].strip()
        # 0: without a conflict; 1: with some, marked in its files, which the commit's then are not.
        if made.code not in {0, 1} or not _NAME.fullmatch(tree):
            return changed
        words = ("diff-tree", "-r", "--no-renames", "--name-only", "-z", "--end-of-options", tree.decode("ascii"))
        told = program.run(repository.folder, (*words, commit.oid, "--"), also=also, config=_CONFIG)
        differ = {os.fsdecode(name) for name in told.sure("diff-tree", repository.folder).split(b"\0")}
    return changed._replace(files=tuple(file for file in changed.files if file.path in differ))


def _objects(folder: Path) -> Path:
    """Where a repository's objects are, whether it has a working tree or not."""
    inner = folder / ".git" / "objects"
    return (inner if inner.is_dir() else folder / "objects").absolute()


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
        while at < len(fields) - 1:
            field = fields[at].strip()
            if _NAME.fullmatch(field):
                found.append((field.decode("ascii"), []))
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
        if _NAME.fullmatch(line):
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
        if line.startswith(b"diff --git ") or _NAME.fullmatch(line):
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


def _common(sides: Sequence[Own]) -> Own:
    """What is changed against every commit that one rests on."""
    first, *others = sides
    files: list[Added] = []
    for file in first.files:
        same = [next((one for one in side.files if one.path == file.path), None) for side in others]
        if any(one is None for one in same):
            continue
        runs = file.runs
        for one in same:
            runs = _both(runs, one.runs if one is not None else ())
        files.append(file._replace(runs=runs))
    return Own(tuple(files), any(side.cut for side in sides))


def _both(one: Runs, two: Runs) -> Runs:
    """The lines that are in both."""
    found = [(max(a, c), min(b, d)) for a, b in one for c, d in two]
    return tuple((start, end) for start, end in found if start <= end)

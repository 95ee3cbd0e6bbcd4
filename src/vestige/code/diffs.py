"""What a commit changes, as data: files from git's raw form, hunks by the counts in their heads.

Names and modes come from the raw form, whose fields end with a zero byte and cannot be imitated. Of the patch only the
hunks are read, each as many lines long as its head says: a removed line ``-- a`` or an added one ``++ b/`` looks like a
file's head and is none. Files come in the same order in both; one whose type changed is two patches.

Reference: git-diff-tree(1) "Raw output format", "Generating patch text with -p".
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from vestige.model.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FILES: Final = 3000
"""Of one commit that are listed."""
MOST_LINE: Final = 4096
"""Characters of a line that are shown."""
_HUNK: Final = re.compile(rb"@@ -([0-9]+)(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@(?: (.*))?")
_KINDS: Final = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "retyped"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk. Its number is ``None`` on the side where it is not."""

    kind: str
    """A space, ``-`` or ``+``."""
    text: str
    old: int | None
    new: int | None
    no_newline: bool = False

    def to_json(self) -> dict[str, object]:
        """As it is told: numbers only where there are any."""
        told: dict[str, object] = {"kind": self.kind, "text": self.text}
        told |= {name: at for name, at in (("old", self.old), ("new", self.new)) if at is not None}
        return told | ({"no_newline": True} if self.no_newline else {})


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that belong together, with where they are in both files."""

    old: tuple[int, int]
    """The number of the first line before the change, and of how many; as in the head of a hunk."""
    new: tuple[int, int]
    """The same after it."""
    heading: str
    lines: tuple[Line, ...]

    def to_json(self) -> dict[str, object]:
        """As it is told."""
        lines = [line.to_json() for line in self.lines]
        return {"old": list(self.old), "new": list(self.new), "heading": self.heading, "lines": lines}


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that differs."""

    status: str
    """A word: added, deleted, modified, renamed, retyped."""
    path: str
    before: str
    """The path it had, where it is another."""
    modes: tuple[str, str]
    """``000000`` where it is not."""
    blobs: tuple[str, str]
    """Empty where it is not."""
    added: int | None = None
    """Lines; ``None`` where it is no text."""
    removed: int | None = None
    hunks: tuple[Hunk, ...] = field(default=())
    omitted: str = ""
    """Why its hunks are not here, if it has some."""

    @property
    def paths(self) -> tuple[str, ...]:
        """What it is asked for by."""
        return (self.path, self.before) if self.before else (self.path,)

    def to_json(self) -> dict[str, object]:
        """As it is told; a name that is no UTF-8 with what cannot be shown replaced, and said."""
        told: dict[str, object] = {"status": self.status, **named("path", self.path)}
        told |= named("before", self.before) if self.before else {}
        told |= {"old_mode": self.modes[0]} if self.modes[0] != self.modes[1] else {}
        told |= {"mode": self.modes[1], "old_blob": self.blobs[0], "blob": self.blobs[1]}
        told |= {"added": self.added, "removed": self.removed, "binary": self.added is None}
        told["hunks"] = [hunk.to_json() for hunk in self.hunks]
        return told | ({"omitted": self.omitted} if self.omitted else {})


def named(word: str, path: str) -> dict[str, object]:
    """A path as JSON: ``legible`` is false where it is no UTF-8, and so cannot be asked for by its name."""
    shown = os.fsencode(path).decode("utf-8", "replace")
    return {word: shown} if shown == path else {word: shown, "legible": False}


def read_raw(data: bytes) -> list[Changed]:
    """Files from ``diff-tree -r -z --raw --numstat --no-abbrev``, in its order.

    Raises:
        FormatError: it is something else.
    """
    fields = data.split(b"\0")
    found: list[Changed] = []
    at = 0
    try:
        while fields[at].startswith(b":"):
            old, new, before, after, status = fields[at][1:].decode("ascii").split(" ")
            moved = status[0] in "RC"
            first = os.fsdecode(fields[at + 1])
            path = os.fsdecode(fields[at + 2]) if moved else first
            at += 3 if moved else 2
            kind = _KINDS[status[0]]
            blobs = ("" if not before.strip("0") else before, "" if not after.strip("0") else after)
            found.append(Changed(kind, path, first if moved else "", (old, new), blobs))
        for place, one in enumerate(found):
            added, removed, name = fields[at].split(b"\t", 2)
            at += 1 if name else 3
            if added != b"-":
                found[place] = replace(one, added=int(added), removed=int(removed))
    except (ValueError, LookupError) as error:
        raise FormatError("git told of a change what cannot be read", got=str(error)[:200]) from None
    return found


def read_totals(data: bytes) -> dict[str, tuple[int, int, int]]:
    """By commit: files, lines added and removed, from ``diff-tree --stdin -z --numstat``.

    Raises:
        FormatError: it is something else.
    """
    fields = data.split(b"\0")
    totals: dict[str, tuple[int, int, int]] = {}
    commit = ""
    at = 0
    try:
        while at < len(fields) - 1:
            if b"\t" not in fields[at]:
                commit = fields[at].decode("ascii").strip()
                totals[commit] = (0, 0, 0)
                at += 1
                continue
            added, removed, name = fields[at].split(b"\t", 2)
            at += 1 if name else 3
            files, plus, minus = totals[commit]
            totals[commit] = (
                files + 1,
                plus + int(added.replace(b"-", b"0")),
                minus + int(removed.replace(b"-", b"0")),
            )
    except (ValueError, LookupError) as error:
        raise FormatError("git told of commits what cannot be read", got=str(error)[:200]) from None
    return totals


def with_hunks(files: Sequence[Changed], patch: bytes, why: str = "") -> list[Changed]:
    """The files with their hunks.

    Args:
        files: in git's order.
        patch: ``diff-tree -p`` of the same files in the same order.
        why: what is said of files whose hunks the patch does not hold whole, where it was cut; empty: it is whole.

    Raises:
        FormatError: the patch is one of something else.
    """
    lines = patch.split(b"\n")
    found: list[Changed] = []
    at = 0
    for one in files:
        hunks: list[Hunk] = []
        whole = True
        for _ in range(2 if one.status == "retyped" else 1):
            if at < len(lines) and lines[at].startswith(b"diff --git "):
                more, at, done = _file(lines, at + 1, cut=bool(why))
                hunks += more
                whole = whole and done
            else:
                whole = False
        if not whole:
            if not why:
                raise FormatError("git's patch lacks a file it names", got=repr(one.path[:80]))
            found.append(replace(one, omitted=why))
        else:
            found.append(replace(one, hunks=tuple(hunks)))
    if not why and at < len(lines) and lines[at]:
        raise FormatError("git's patch goes on after its last file", got=repr(lines[at][:80]))
    return found


def _file(lines: list[bytes], at: int, *, cut: bool) -> tuple[list[Hunk], int, bool]:
    """The hunks of one file's patch, where the next begins, and whether it is whole."""
    hunks: list[Hunk] = []
    while at < len(lines):
        head = _HUNK.match(lines[at])
        if head is not None:
            hunk, at, done = _hunk(lines, at + 1, head)
            if not done:
                if not cut:
                    raise FormatError("a hunk is shorter than it says", got=repr(lines[at - 1][:80]))
                return hunks, at, False
            hunks.append(hunk)
        elif lines[at].startswith(b"diff --git "):
            return hunks, at, True
        elif not lines[at] and at == len(lines) - 1:
            break
        else:
            at += 1  # the head of the file: all it says is known from the raw form
    return hunks, at, not cut


def _hunk(lines: list[bytes], at: int, head: re.Match[bytes]) -> tuple[Hunk, int, bool]:
    old, new = int(head[1]), int(head[3])
    left = [int(head[2] or 1), int(head[4] or 1)]
    stretches = (old, left[0]), (new, left[1])
    found: list[Line] = []
    while left[0] > 0 or left[1] > 0:
        sign = lines[at][:1] if at < len(lines) - 1 else b""
        if sign == b"\\" and found:
            found[-1] = replace(found[-1], no_newline=True)
        elif sign in {b" ", b"-", b"+"}:
            told, plus = sign != b"+", sign != b"-"
            text = lines[at][1:].decode("utf-8", "replace")
            text = text if len(text) <= MOST_LINE else f"{text[:MOST_LINE]}…"
            found.append(Line(sign.decode(), text, old if told else None, new if plus else None))
            old, new = old + told, new + plus
            left = [left[0] - told, left[1] - plus]
        else:
            return Hunk(*stretches, "", ()), at, False
        at += 1
    if at < len(lines) and lines[at].startswith(b"\\") and found:
        found[-1] = replace(found[-1], no_newline=True)
        at += 1
    return Hunk(*stretches, (head[5] or b"").decode("utf-8", "replace"), tuple(found)), at, True

"""What is known of the lines of commits: ranges of one origin, by commit and path.

A note holds every line of a file that the commit touched, not only the lines it added: a later commit is read against
the note of the one before, without walking back. Lines of which nothing is known have no range.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from vestige.attribution.origins import UNKNOWN, Grade, Kind, Lines, Origin
from vestige.code import check_oid, check_path
from vestige.model.errors import FormatError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

VERSION: Final = 1
_FIELDS: Final = ("session", "call", "prompt", "agent", "model", "person")


class Range(NamedTuple):
    """Lines of one origin, counted from 1, both ends in it."""

    start: int
    end: int
    origin: Origin


class FileNote(NamedTuple):
    """What is known of a file as a commit holds it."""

    blob: str
    """The file's object: a note never answers for another text."""
    ranges: tuple[Range, ...]
    unread: str = ""
    """Why the file has no lines, if it is not attributed."""

    def lines(self, texts: Sequence[str]) -> Lines:
        """The file's lines with their origins."""
        origins = [UNKNOWN] * len(texts)
        for start, end, origin in self.ranges:
            if end > len(texts):
                raise IntegrityError(
                    "a note names lines that the file has not", expected=f"at most {len(texts)}", got=str(end)
                )
            origins[start - 1 : end] = [origin] * (end - start + 1)
        return Lines(tuple(texts), tuple(origins))


def ranges(origins: Iterable[Origin]) -> tuple[Range, ...]:
    """Lines' origins as ranges; what is unknown is left out."""
    found: list[Range] = []
    at = 0
    for origin, group in groupby(origins):
        count = sum(1 for _ in group)
        if origin != UNKNOWN:
            found.append(Range(at + 1, at + count, origin))
        at += count
    return tuple(found)


def join(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of lines in their order, those that overlap or touch made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(pairs):
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


class Notes:
    """Notes of one repository, in memory, and in a file if they are saved."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, FileNote]] = {}

    def put(self, commit: str, path: str, note: FileNote) -> None:
        """Keep what is known of a file of a commit, in place of what was."""
        self._files.setdefault(check_oid(commit), {})[check_path(path)] = note

    def of(self, commit: str) -> dict[str, FileNote]:
        """By path, all that is known of a commit."""
        return dict(self._files.get(commit, {}))

    def get(self, commit: str, path: str) -> FileNote | None:
        """What is known of a file of a commit."""
        return self._files.get(commit, {}).get(path)

    def __contains__(self, commit: str) -> bool:
        return commit in self._files

    def mark(self, commit: str) -> None:
        """Keep that a commit was looked at, though no file of it may be noted."""
        self._files.setdefault(check_oid(commit), {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def dump(self) -> bytes:
        """All of it as JSON: ``{"version": 1, "commits": {commit: {path: {"blob", "ranges": […]}}}}``."""
        return orjson.dumps(
            {
                "version": VERSION,
                "commits": {
                    commit: {path: _written(note) for path, note in files.items()}
                    for commit, files in self._files.items()
                },
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS,
        )

    @classmethod
    def load(cls, data: bytes) -> Notes:
        """What :meth:`dump` wrote.

        Raises:
            FormatError: it is something else.
        """
        notes = cls()
        try:
            found = orjson.loads(data)
            if found["version"] != VERSION:
                raise FormatError("notes of another version", expected=str(VERSION), got=str(found["version"])[:20])
            for commit, files in found["commits"].items():
                notes.mark(commit)
                for path, note in files.items():
                    notes.put(commit, path, _read(note))
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError, ValueError) as error:
            raise FormatError("no notes of lines", expected="what was saved", got=str(error)[:200]) from None
        return notes

    def save(self, file: Path) -> None:
        """Write them to a file, in one piece or not at all."""
        draft = file.with_name(f"{file.name}.new")
        with draft.open("wb") as out:
            out.write(self.dump())
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)


def _written(note: FileNote) -> dict[str, object]:
    rows: list[object] = [
        {"start": start, "end": end, **{key: value for key, value in asdict(origin).items() if value}}
        for start, end, origin in note.ranges
    ]
    told: dict[str, object] = {"blob": note.blob, "ranges": rows}
    return told | {"unread": note.unread} if note.unread else told


def _read(note: dict[str, object]) -> FileNote:
    found: list[Range] = []
    rows = note["ranges"]
    if not isinstance(rows, list):
        raise TypeError("ranges are a list")
    last = 0
    for row in rows:
        start, end = int(row["start"]), int(row["end"])
        if not last < start <= end:
            raise ValueError(f"lines {start} to {end} after {last}")
        last = end
        told = {key: str(row.get(key, "")) for key in _FIELDS}
        found.append(Range(start, end, Origin(Kind(row["kind"]), Grade(row["grade"]), **told)))
    return FileNote(check_oid(str(note["blob"])), tuple(found), str(note.get("unread", "")))

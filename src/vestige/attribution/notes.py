"""What is known of the lines of commits: ranges of one origin, by commit and path.

A note holds every line of a file that the commit touched, not only the lines it added: a later commit is read against
the note of the one before, without walking back. Lines of which nothing is known have no range.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from vestige.attribution.origins import UNKNOWN, Lines, Origin
from vestige.code import check_oid, check_path
from vestige.model.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


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
    """Notes of one repository, in memory: they are a view."""

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

    def drop(self, commit: str) -> None:
        """Keep nothing of a commit."""
        self._files.pop(commit, None)

    def mark(self, commit: str) -> None:
        """Keep that a commit was looked at, though no file of it may be noted."""
        self._files.setdefault(check_oid(commit), {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

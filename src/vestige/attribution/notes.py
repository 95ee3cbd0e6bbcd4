"""What is known of the lines of commits: ranges of one origin, by commit and path.

A note holds every line of a file that the commit touched, not only the lines it added: a later commit is read against
the note of the one before, without walking back. Lines of which nothing is known have no range.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution.origins import UNKNOWN, Lines, Origin
from vestige.code import check_oid, check_path
from vestige.model.errors import FormatError, IntegrityError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_LINE: Final = 1_000_000
"""The highest line that others' word may name."""
MOST_CLAIMED: Final = 100_000
"""Lines that one document of others may speak of, in all of its files together, each as often as it is named."""


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


class Claimed:
    """Lines of the files of one document of others, whose ranges may overlap: what contradicts itself is unknown."""

    def __init__(self) -> None:
        self._files: dict[str, dict[int, Origin]] = {}
        self._count = 0

    def file(self, path: str) -> None:
        """Have a file, though nothing may be said of its lines."""
        self._files.setdefault(path, {})

    def put(self, path: str, start: int, end: int, origin: Origin) -> None:
        """Take what is said of lines of a file, counted from 1, both ends in it.

        Raises:
            FormatError: they are no range of lines.
            TooLargeError: the document speaks of more lines than are taken up.
        """
        if not 1 <= start <= end <= MOST_LINE:
            raise FormatError("no range of lines", expected=f"1 to {MOST_LINE}", got=f"{start} to {end}")
        self._count += end - start + 1
        if self._count > MOST_CLAIMED:
            raise TooLargeError("a claim speaks of too many lines", expected=f"at most {MOST_CLAIMED} lines",
                                got=f"{self._count} or more", hint="a document for each commit")  # fmt: skip
        lines = self._files.setdefault(path, {})
        for line in range(start, end + 1):
            lines[line] = origin if lines.get(line, origin) == origin else UNKNOWN

    def ranges(self) -> dict[str, tuple[Range, ...]]:
        """By path what is said of its lines. What lies between them costs nothing."""
        return {path: tuple(_runs(lines)) for path, lines in self._files.items()}


def _runs(lines: Mapping[int, Origin]) -> Iterator[Range]:
    """Neighbouring lines of one origin as one range; unknown ones are left out."""
    for (_, origin), group in groupby(
        enumerate(sorted(line for line, origin in lines.items() if origin != UNKNOWN)),
        key=lambda row: (row[1] - row[0], lines[row[1]]),
    ):
        numbers = [line for _, line in group]
        yield Range(numbers[0], numbers[-1], origin)


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

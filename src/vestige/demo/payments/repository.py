"""The repository of the payments service: commits one after the other on one branch, each known by what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.demo.objects import Author, Objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.demo.cast import Person

NAME: Final = "code.example.com/shop/payments"
"""What capture and the server call it: as its remote does."""
BRANCH: Final = "main"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and all that it holds."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    at: int
    by: Person
    subject: str
    files: Mapping[str, str]
    """Its texts, by path."""

    def line_of(self, path: str, text: str) -> int:
        """The number of the one line of a file that is this text, from 1.

        Raises:
            ValueError: there is none, or several.
        """
        found = [number for number, line in enumerate(self.files[path].split("\n"), 1) if line.strip() == text]
        if len(found) != 1:
            raise ValueError(f"expected one line {text!r} in {path}, got {len(found)}")
        return found[0]


class Repository:
    """The commits of one branch, the oldest first."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self._objects = Objects()

    @property
    def head(self) -> Commit:
        """The newest commit."""
        return self.commits[-1]

    def commit(self, at: int, by: Person, subject: str, files: Mapping[str, str]) -> Commit:
        """Add a commit that holds these texts."""
        tree = self._objects.tree(files)
        parents = (self.head.oid,) if self.commits else ()
        oid = self._objects.commit(tree, parents, Author(by.display, by.email), at, subject)
        made = Commit(oid, tree, parents, at, by, subject, dict(files))
        self.commits.append(made)
        return made

    def bundle(self) -> bytes:
        """All of it as a Git bundle."""
        return self._objects.bundle({f"refs/heads/{BRANCH}": self.head.oid})


def replaced(text: str, old: str, new: str) -> str:
    """A text with one part of it replaced.

    Raises:
        ValueError: the part is not there exactly once.
    """
    if text.count(old) != 1:
        raise ValueError(f"expected {old!r} once, got {text.count(old)} times")
    return text.replace(old, new)

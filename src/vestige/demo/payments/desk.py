"""People at their desks: a working copy each, and what capture's hooks are handed there.

A desk tells what a machine with ``vestige agent init`` would: what an agent hands its hooks, which files were seen then
and what they held, and that a commit was made. What somebody types is told by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.demo.payments.repository import replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.demo.cast import Person
    from vestige.demo.payments.repository import Commit, Repository


@dataclass(frozen=True, slots=True)
class Seen:
    """Files as they were at one moment."""

    when: str
    """``before`` a call or ``after`` it."""
    files: Mapping[str, str | None]
    """By path what a file held; none where there was no such file."""
    head: str = ""
    """Of a look at all that differs from a commit, that commit; empty where the call names its file."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one hook was handed: an agent's payload, or that a commit was made."""

    at: int
    """When the hook ran, ns."""
    desk: str
    """Whose working copy."""
    payload: Mapping[str, object] | None = None
    seen: Seen | None = None
    commit: Commit | None = None


class Desk:
    """One person's working copy of the repository.

    Args:
        person: whose.
        repository: what is pulled from, and committed to.
        heard: takes what hooks are handed, in the order in which they are called.
    """

    def __init__(self, person: Person, repository: Repository, heard: list[Heard]) -> None:
        self.person = person
        self.root = f"/home/{person.name}/src/payments"
        self.repository = repository
        self.files: dict[str, str] = {}
        self._heard = heard

    @property
    def differing(self) -> dict[str, str | None]:
        """The files that are not as in the newest commit, and what they hold."""
        committed = self.repository.head.files
        return {path: text for path, text in sorted(self.files.items()) if committed.get(path) != text}

    def pull(self) -> None:
        """Bring the working copy to the newest commit."""
        self.files = dict(self.repository.head.files)

    def types(self, path: str, old: str, new: str) -> None:
        """Change a file by hand."""
        self.files[path] = replaced(self.files[path], old, new)

    def commit(self, at: int, subject: str) -> Commit:
        """Commit all of it; Git's hook tells."""
        made = self.repository.commit(at, self.person, subject, self.files)
        self._heard.append(Heard(at, self.person.name, commit=made))
        return made

    def hands_over(self, at: int, payload: Mapping[str, object], seen: Seen | None = None) -> None:
        """An agent calls a hook."""
        self._heard.append(Heard(at, self.person.name, payload, seen))

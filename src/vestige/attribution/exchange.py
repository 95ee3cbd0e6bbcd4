"""What is known of a commit, in forms that others write and read; and what others say of one, as their word.

A claim never says more than that somebody said so: whatever grade a document states, also one that was written here, it
is read as ``inferred``, and leads to no prompt of this ledger.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution import agent_trace, git_ai
from vestige.attribution.diff import align
from vestige.attribution.history import History
from vestige.attribution.notes import FileNote, Range, ranges
from vestige.attribution.origins import Grade
from vestige.code import check_oid
from vestige.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.attribution.history import Said
    from vestige.attribution.notes import Notes
    from vestige.code import Repository

MOST_TEXT: Final = 700_000
"""Characters of a claim: within the bound of one declared event."""


class Form(StrEnum):
    """A form of exchange."""

    AGENT_TRACE = "agent-trace"
    GIT_AI = "git-ai"


class Claim(NamedTuple):
    """What somebody says of a commit's lines."""

    form: Form
    commit: str
    """In full; may be empty where the text itself names it."""
    text: str

    def read(self) -> tuple[str, dict[str, tuple[Range, ...]]]:
        """The commit it is about, and what it says of its files.

        Raises:
            FormatError: it is no document of its form, or about another commit than it was brought for.
            InputError: a path or a commit is none.
        """
        if self.form is Form.GIT_AI:
            commit, said = check_oid(self.commit), git_ai.read(self.text)
        else:
            commit, said = agent_trace.read(self.text.encode("utf-8", "surrogatepass"))
            if self.commit and self.commit != commit:
                raise FormatError("the claim is about another commit", expected=self.commit, got=commit)
        return commit, {path: tuple(_word(one) for one in found) for path, found in said.items()}


def _word(one: Range) -> Range:
    return one._replace(origin=replace(one.origin, grade=Grade.INFERRED, prompt=""))


def said_of(claims: Iterable[Claim]) -> dict[str, list[Said]]:
    """By commit what each claim says of its files, in their order.

    What cannot be read says nothing here; who brought it was told (:meth:`Claim.read`).
    """
    found: dict[str, list[Said]] = {}
    for claim in claims:
        with suppress(FormatError, InputError):
            commit, files = claim.read()
            found.setdefault(commit, []).append(files)
    return found


def written(form: Form, repository: Repository, notes: Notes, commit: str, *, timestamp: str, version: str) -> bytes:
    """The document of a commit: of every file it changes, or of a git-ai note the lines that it adds.

    Args:
        form: which.
        repository: where the commit is.
        notes: what is known of it, and of what it rests on.
        commit: in full.
        timestamp: of the document, RFC 3339 with ``Z``.
        version: of this program.
    """
    history = History(repository, notes)
    parents = repository.parents(commit)
    files: dict[str, FileNote] = {}
    added: dict[str, set[int]] = {}
    for change in repository.changes(parents[0] if parents else "", commit):
        now = history.lines(commit, change.path)
        if not now.texts:
            continue
        files[change.path] = FileNote(change.blob, ranges(now.origins))
        before = history.lines(parents[0], change.before).texts if parents and change.before else ()
        added[change.path] = {line for line, place in enumerate(align(before, now.texts), 1) if place < 0}
    if form is Form.GIT_AI:
        return git_ai.write(commit, files, version=version, only=added).encode("utf-8", "surrogatepass")
    return agent_trace.write(commit, files, timestamp=timestamp, version=version)

"""What is seen of files on either side of a tool call."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vestige.attribution.origins import Grade, Kind, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

_BRINGING: Final = frozenset(
    """am apply bisect checkout checkout-index cherry-pick clone fetch merge mergetool pull read-tree rebase reset
    restore revert stash submodule switch worktree""".split()  # noqa: SIM905 - words are read more easily so
)
_SEPARATED: Final = re.compile(r"[;&|\n()`]+|\$\(")
_TAKING: Final = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"})


class Outcome(StrEnum):
    """How a tool call ended."""

    OK = "ok"
    FAILED = "failed"
    DENIED = "denied"
    """It was not allowed, so it never ran."""
    LOST = "lost"
    """Nothing was heard of its end."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, or an edit that an editor saw a person make."""

    id: str
    session: str = ""
    prompt: str = ""
    agent: str = ""
    model: str = ""
    person: str = ""
    """Who typed, where an editor saw it; empty for an agent's call."""
    bringing: bool = False
    """Whether it ran something that brings text from elsewhere (:func:`brings`): what is new is then nobody's."""

    def origin(self, *, changed: bool = False) -> Origin:
        """Of a line it wrote. ``changed``: a person changed what it wrote before it was written."""
        if self.person:
            return Origin(Kind.HUMAN, Grade.OBSERVED, call=self.id, person=self.person)
        return Origin(
            Kind.MIXED if changed else Kind.AI,
            Grade.OBSERVED,
            self.session,
            self.id,
            self.prompt,
            self.agent,
            self.model,
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was seen of files at one moment: right before a call, or right after it."""

    call: Call
    files: Mapping[str, bytes | None]
    """By path in the repository; ``None`` where there is no such file."""
    outcome: Outcome | None = None
    """``None`` before the call."""
    head: str = ""
    """The commit that was checked out; empty where there was none."""
    whole: bool = False
    """Whether all that differed from ``head`` is in ``files``, so that the rest was as it is there."""
    stated: Mapping[str, tuple[str, ...]] | None = None
    """After an edit: the lines it says it wrote, whole ones, by path. A shell says nothing: ``None``."""
    original: Mapping[str, bytes | None] | None = None
    """After an edit: what it says that it found, by path. What changed since the look before is not its own."""
    changed: bool = False
    """After an edit: whether a person changed it before it was written (``userModified``)."""


def brings(command: str) -> bool:
    """Whether a shell command may bring text into the working tree from Git, or from a patch: nobody wrote it then.

    What cannot be taken apart might.
    """
    for part in _SEPARATED.split(command):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        for at, word in enumerate(words):
            name = word.rsplit("/", 1)[-1]
            if name == "patch" or (name == "git" and _verb(words[at + 1 :]) in _BRINGING):
                return True
            if name in {"sh", "bash", "zsh", "eval"} and re.search(r"\bgit\b|\bpatch\b", part):
                return True
    return False


def _verb(words: list[str]) -> str:
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in _TAKING
            continue
        return word
    return ""

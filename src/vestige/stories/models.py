"""What a story is made of: evidence that led there, sentences that cite it, and what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

MOST_QUOTE: Final = 400
"""Characters of a quoted span."""
LEAST_QUOTE: Final = 8
"""Characters of one, without space around it, unless the entry says less: a letter stands in every text."""
MOST_TEXT: Final = 600
"""Characters of a sentence."""
TEMPLATE: Final = "template"
MODEL: Final = "model"


class Section(StrEnum):
    """What a sentence is about: the sections of a decision record."""

    STATUS = "status"
    CONTEXT = "context"
    OPTIONS = "options"
    DECISION = "decision"
    CONSEQUENCES = "consequences"


class Evidence(NamedTuple):
    """An entry that may be cited."""

    id: str
    """Of an event of an entry; of a commit its name in full, by which anybody who has the repository finds it."""
    kind: str
    """An event's type; ``commit``."""
    text: str
    """Its own words: what a quote must stand in."""
    at: str = ""
    """When, as text; empty where it states no time."""

    def to_json(self) -> dict[str, str]:
        """As answers have it."""
        return {name: value for name, value in self._asdict().items() if value}


class Citation(NamedTuple):
    """What a sentence rests on."""

    id: str
    quote: str


class Sentence(NamedTuple):
    """One sentence."""

    section: Section
    text: str
    citations: tuple[Citation, ...]

    def to_json(self) -> dict[str, Any]:
        """As answers have it."""
        cited = [one._asdict() for one in self.citations]
        return {"section": self.section.value, "text": self.text, "citations": cited}


class Dropped(NamedTuple):
    """A sentence of a model's that is not told, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class About:
    """What a story is of."""

    kind: str
    """``function``, ``line``, ``file``, ``commit`` or ``session``."""
    name: str
    """As a person would call it."""
    repository: str = ""
    repository_name: str = ""
    commit: str = ""
    path: str = ""
    start: int = 0
    end: int = 0
    session: str = ""

    def to_json(self) -> dict[str, Any]:
        """As answers have it."""
        names = ("kind", "name", "repository", "repository_name", "commit", "path", "start", "end", "session")
        return {name: value for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Story:
    """Sentences about something, with all they may cite."""

    about: About
    by: str
    """:data:`TEMPLATE` or :data:`MODEL`."""
    sentences: tuple[Sentence, ...]
    evidence: tuple[Evidence, ...]
    unknown: tuple[str, ...] = ()
    """What is not known: said, and never filled in."""
    dropped: tuple[Dropped, ...] = ()
    model: dict[str, Any] = field(default_factory=dict)
    """Of one that a model wrote: which, and the entries of the call."""

    @property
    def title(self) -> str:
        """Never a model's."""
        return f"Why {self.about.name} is as it is"

    def to_json(self) -> dict[str, Any]:
        """As answers have it; of the evidence what is cited."""
        cited = {citation.id for sentence in self.sentences for citation in sentence.citations}
        told: dict[str, Any] = {
            "title": self.title, "about": self.about.to_json(), "by": self.by,
            "sentences": [one.to_json() for one in self.sentences], "unknown": list(self.unknown),
            "evidence": [one.to_json() for one in self.evidence if one.id in cited],
            "considered": len(self.evidence),
        }  # fmt: skip
        if self.by == MODEL:
            told |= {"dropped": [one._asdict() for one in self.dropped], "model": self.model}
        return told


def span(text: str, most: int = 240) -> str:
    """The beginning of a text as a quote: whole words of its first paragraph, exactly as they stand there."""
    first = text.strip().split("\n\n", 1)[0].strip()[: min(most, MOST_QUOTE) + 1]
    if len(first) > most:
        cut = first[:most]
        first = cut.rsplit(None, 1)[0] if any(letter.isspace() for letter in cut) else cut
    return first.strip()

"""The shape of answers about stories."""

from __future__ import annotations

from typing import Any, Literal

from vestige.api.answers.shape import Shape

Section = Literal["status", "context", "options", "decision", "consequences"]


class StoryAbout(Shape):
    """What a story is of; lines are counted from 1, both ends in it."""

    kind: Literal["function", "line", "file", "commit", "session"]
    name: str
    repository: str = ""
    repository_name: str = ""
    commit: str = ""
    path: str = ""
    start: int = 0
    end: int = 0
    session: str = ""


class StoryCitation(Shape):
    """A span of an entry's own words."""

    id: str
    quote: str


class StorySentence(Shape):
    """A sentence, and what it rests on."""

    section: Section
    text: str
    citations: list[StoryCitation]


class StoryEvidence(Shape):
    """An entry that is cited; of kind `commit` the id is the commit's name."""

    id: str
    kind: str
    text: str
    at: str = ""


class DroppedSentence(Shape):
    """A sentence of the model's that is not told."""

    text: str
    reason: str


class Story(Shape):
    """A story. `considered`: how many entries led there; `dropped` and `model` of one that a model wrote."""

    title: str
    about: StoryAbout
    by: Literal["template", "model"]
    sentences: list[StorySentence]
    unknown: list[str]
    evidence: list[StoryEvidence]
    considered: int
    markdown: str = ""
    dropped: list[DroppedSentence] = []  # noqa: RUF012 - pydantic copies it
    model: dict[str, Any] = {}  # noqa: RUF012 - as above


class StoryModel(Shape):
    """The model that writes stories, if one is `set`."""

    set: bool
    provider: str = ""
    name: str = ""
    url: str = ""
    has_key: bool = False

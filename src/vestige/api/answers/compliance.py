"""What answers about modes and periods look like, for the OpenAPI document: nothing is made by these."""

from __future__ import annotations

from pydantic import Field

from vestige.api.answers.shape import Shape


class Point(Shape):
    """What a mode asks for, and what is there."""

    point: str
    asked: str
    """Empty where the mode asks for nothing."""
    found: str
    held: bool | None
    """Whether what is there is what was asked for; none where nothing is asked for, or it is not known."""
    entry: str = ""


class Standing(Shape):
    """The mode in force. No word on whether anybody complies with anything."""

    mode: str
    title: str
    about: str
    source: str
    dated: str
    points: list[Point]


class Mode(Shape):
    """What a mode asks for. Days of 0: nothing of the kind."""

    name: str
    title: str
    retention_days: int
    verify_days: int
    write_once: bool
    about: str
    source: str
    dated: str


class StandingNow(Standing):
    """The mode in force, and every mode there is."""

    modes: list[Mode]


class ActEntry(Shape):
    """An entry that is an act."""

    id: str
    at: str
    actor: str


class Acts(Shape):
    """The acts of one name in a period."""

    action: str
    group: str
    count: int
    first: str
    last: str
    entries: list[ActEntry]


class Did(Shape):
    """What one actor did in a period."""

    actor: str
    acts: int
    actions: dict[str, int]


class Report(Standing):
    """The acts of a period."""

    start: str = Field(alias="from")
    to: str
    groups: dict[str, int]
    acts: list[Acts]
    people: list[Did]
    erased: int

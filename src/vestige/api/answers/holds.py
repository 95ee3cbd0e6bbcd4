"""What answers about holds look like (docs/custody.md). For the OpenAPI document alone."""

from __future__ import annotations

from vestige.api.answers.shape import Shape


class Hold(Shape):
    """A hold: since when and why, what it is about (``q``, ``entity``, ``start`` with ``end``, or ``everything``)."""

    id: str
    in_force: bool
    since: str
    by: str
    reason: str
    criteria: dict[str, str]
    because: str = ""
    expires: str = ""
    released: str = ""
    criteria_lost: bool = False


class ShownHold(Hold):
    """A hold with how many entries it protects by now."""

    entries: int


class HoldList(Shape):
    """Every hold, the newest first."""

    holds: list[Hold]

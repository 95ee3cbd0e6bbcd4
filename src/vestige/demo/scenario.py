"""What a scenario consists of: its sources, and the function that tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.demo.cast import Cast
    from vestige.demo.story import Story
    from vestige.demo.writing import Shape


@dataclass(frozen=True, slots=True)
class Channel:
    """One source and how its records come to stand in files.

    ``layout``: ``plain`` (one file of lines), ``rotated`` (two files; the second begins with the last lines of the
    first, as when a log is copied away and cut a moment later) or ``cloudtrail`` (many gzip files).
    """

    source: str
    format: str
    """``okta``, ``cloudtrail``, ``syslog``, ``json`` or ``claude_code_hooks``."""
    path: str
    weight: int
    """Its share of the background, among the scenario's channels."""
    layout: str = "plain"
    clock_error: int = 0
    """Clock minus truth, ns, whole minutes."""
    clock_evidence: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story: ``tell`` plants its acts and returns the shapes its sources write in, one per channel."""

    name: str
    title: str
    telling: str
    hours: int
    channels: tuple[Channel, ...]
    tell: Callable[[Story, Cast], Sequence[Shape]]
    rotated_before_end: int = 0
    """When a ``rotated`` channel was rotated: ns before the end of the story, whole minutes."""

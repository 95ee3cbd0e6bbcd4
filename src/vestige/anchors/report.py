"""What became of a round of anchoring: what was given, and what was not, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from vestige.anchors.entries import Anchor


class Failure(NamedTuple):
    """That somebody gave nothing, and why. ``contradiction``: because the log is not the one they know."""

    by: str
    reason: str
    contradiction: bool = False

    def to_json(self) -> dict[str, Any]:
        """As reports show it."""
        return self._asdict()


@dataclass(slots=True)
class Report:
    """What became of one round."""

    origin: str
    size: int
    root: str
    made: list[Anchor] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def contradicted(self) -> bool:
        """Whether somebody says that the log is not the one they know."""
        return any(one.contradiction for one in self.failures)

    def to_json(self) -> dict[str, Any]:
        """As the interface shows it."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "anchors": [one.to_json() for one in self.made],
            "failures": [one.to_json() for one in self.failures],
        }

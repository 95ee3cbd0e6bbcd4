"""What a shape hands to a story: how to write one record once its time is known.

The time is given last, because a source whose clock is wrong writes another time than the true one, and only the
plan knows which source that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Keys = tuple[tuple[str, str], ...]
"""What ties a record to others: (kind, value); kinds as in the event model, and ``trace``."""


class Entry(NamedTuple):
    """One record as its source writes it, and what a right reading of it says."""

    payload: bytes
    """The record's bytes, without a line end."""
    at: int
    """Nanoseconds: the time the payload states, in the source's own resolution."""
    event_type: str
    outcome: str
    actor: str
    """The acting identity as the payload names it."""
    keys: Keys


@dataclass(frozen=True, slots=True)
class Writing:
    """A record still to be written, and by which source."""

    source: str
    write: Callable[[int], Entry]
    """From the time (ns) the source's clock shows to the record."""


class Shape(Protocol):
    """The form in which one source writes, for the bulk of records nobody tells a story about."""

    source: str

    def minute(self, start: int, offsets: list[int], draws: tuple[int, ...], first: int) -> list[bytes]:
        """The background records of one minute, one per offset (ms into the minute, rising) and draw (64 bits).

        ``start`` is the minute's beginning (ns, whole minute) on the source's clock; ``first`` counts the
        source's background records before it, so that no two records need be the same.
        """

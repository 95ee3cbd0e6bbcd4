"""Replay: the events of a list told again at the pace they happened, or a multiple of it.

A :class:`Player` says what comes next and after how long; whoever holds it waits and sends. It can be paused, sped up
and moved while it plays. Silence longer than ``max_gap`` of the listener's time is cut, and the cut is told: nobody
should take it for quiet that was short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from vestige.model.errors import UsageError
from vestige.model.instant import NANOS
from vestige.timeline.place_store import Span

if TYPE_CHECKING:
    from vestige.query import Filter
    from vestige.timeline.cursors import Place
    from vestige.timeline.pages import Window
    from vestige.timeline.store import Store

MAX_SPEED: Final = 1e9
MAX_GAP: Final = 3600.0
BATCH: Final = 200
"""Events read ahead."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a replay goes."""

    speed: float = 1.0
    """Seconds of the record to a second of the listener; 0 waits for nothing."""
    max_gap: float = 5.0
    """Seconds the listener waits at most between two events; 0 cuts no silence."""

    def __post_init__(self) -> None:
        if not 0 <= self.speed <= MAX_SPEED:
            raise UsageError(
                "the speed is out of bounds", expected=f"0 to {MAX_SPEED:g}", got=str(self.speed), field="speed"
            )
        if not 0 <= self.max_gap <= MAX_GAP:
            raise UsageError(
                "the longest gap is out of bounds", expected=f"0 to {MAX_GAP:g}", got=str(self.max_gap), field="max_gap"
            )

    def wait(self, nanos: int) -> tuple[float, int]:
        """Seconds to wait for a stretch of the record, and nanoseconds of it that are cut."""
        if not self.speed or nanos <= 0:
            return 0.0, 0
        seconds = nanos / NANOS / self.speed
        if self.max_gap and seconds > self.max_gap:
            return self.max_gap, nanos - int(self.max_gap * self.speed * NANOS)
        return seconds, 0


class Told(NamedTuple):
    """An event, how long to wait before it is told, and how much silence before it is left out."""

    wait: float
    """Seconds."""
    cut: int
    """Nanoseconds of the record."""
    place: Place
    event: dict[str, Any]


Upcoming: TypeAlias = list[tuple["Place", dict[str, Any]]]


class Player:
    """One replay of a list of dated events, oldest first. Not for several threads at once."""

    def __init__(self, store: Store, found: Filter, window: Window, pace: Pace, after: Place | None) -> None:
        self.pace = pace
        self.told = 0
        """Events told so far."""
        self._store = store
        self._found = found
        self._bounds = self._span = Span(window.start, window.end)
        self._after = after
        self._before = after.occurred_at if after is not None else None
        self._ahead: Upcoming = []
        self._ended = found.empty

    @property
    def ready(self) -> bool:
        """Whether the next event is known, or the end is, so that :meth:`next` reads nothing."""
        return bool(self._ahead) or self._ended

    def next(self) -> Told | None:
        """The next event; ``None`` at the end, until the replay is moved."""
        if not self._ahead and not self._ended:
            self._read()
        if not self._ahead:
            return None
        place, event = self._ahead.pop(0)
        wait, cut = self.pace.wait(0 if self._before is None else place.occurred_at - self._before)
        self._before = place.occurred_at
        self.told += 1
        return Told(wait, cut, place, event)

    def seek(self, at: int) -> None:
        """Go on from an instant: with the first event not before it, within the list's own bounds."""
        first, end = self._bounds
        start = at if first is None else max(at, first)
        self._after, self._before, self._ahead = None, None, []
        self._span = Span(start, end)
        self._ended = self._found.empty or (end is not None and start >= end)

    def _read(self) -> None:
        places = self._store.places(
            self._found, self._span, undated=False, descending=False, beyond=self._after, limit=BATCH
        )
        rows = {(row.seq, row.sub): self._store.render(row) for row in self._store.rows(places)}
        self._ahead = [(place, rows[place.seq, place.sub]) for place in places if (place.seq, place.sub) in rows]
        self._ended = len(places) < BATCH
        if places:
            self._after = places[-1]

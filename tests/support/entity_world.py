"""A log of made-up events for entities, in blocks out of order of time, and another beside it that must never show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.engine import block, fresh_log, made_up
from support.entities import Truth
from support.recompute import read_events
from vestige.correlate import Store
from vestige.correlate.entity_store import EntityStore
from vestige.query import Reader

if TYPE_CHECKING:
    from vestige.index import Index


class World:
    """A log, its stores and what they should say."""

    def __init__(self, index: Index, seed: int, count: int = 600) -> None:
        self.index, self.log = index, fresh_log()
        # Times are drawn per entry over three days: most of each later block lies before the end of the one before.
        for lo in range(0, count, count // 3):
            index.write(block(self.log, lo, made_up(seed, lo, count // 3), hi=lo + count // 3))
        self.read()

    def read(self) -> None:
        """Compute the truth from the events that are there now."""
        self.reader = Reader(self.index)
        self.entities = EntityStore(self.reader, self.log)
        self.store = Store(self.reader, self.log)
        self.truth = Truth(read_events(self.index, self.log))

    def reread(self, seed: int, count: int = 600) -> None:
        """Compute every row again, otherwise than before, as after a change of what is said of a source."""
        with self.index.rebuild(self.log) as rebuild:
            rebuild.write(block(self.log, 0, made_up(seed, 0, count), hi=count))
            rebuild.swap()
        self.read()

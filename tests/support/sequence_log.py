"""A log of events made by hand, written to a real index, and scans of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from support.engine import START, block, fresh_log
from vestige.correlate.sequences import Found, Span, scan
from vestige.model.event import Event
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.correlate.patterns import Pattern
    from vestige.index import Index

SECOND = 10**9


class Act(NamedTuple):
    """An event to be, ``at`` seconds after the beginning; ``None``: undated."""

    at: float | None
    event_type: str
    fields: dict[str, object]


def act(at: float | None, event_type: str, **fields: object) -> Act:
    """An event to be."""
    return Act(at, event_type, fields)


def instant(seconds: float) -> int:
    """The instant (ns) of some seconds after the beginning."""
    return START + round(seconds * SECOND)


class SequenceLog:
    """One log of an index."""

    def __init__(self, index: Index, acts: Sequence[Act]) -> None:
        self._reader = Reader(index)
        self.log = fresh_log()
        events = [
            Event(one.event_type, None if one.at is None else instant(one.at), **one.fields)  # type: ignore[arg-type] # as the test names them
            for one in acts
        ]
        index.write(block(self.log, 0, [(seq, 0, event, 0) for seq, event in enumerate(events)], hi=len(events)))

    def scan(self, pattern: Pattern, span: Span | None = None) -> Found:
        """Scan the log."""
        return scan(self._reader, self.log, pattern, span or Span())

    def found(self, pattern: Pattern, span: Span | None = None) -> list[list[int]]:
        """The matches, each as the places of its events among the acts; nothing may have been cut."""
        found = self.scan(pattern, span)
        assert found.cuts == []
        return [[spot.seq for spot in one.evidence] for one in found.detections]

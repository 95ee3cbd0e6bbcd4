"""Scans a log for a sequence pattern: candidate groups by the engine, matches by the exact matcher.

A scan of a span reports the acts (:mod:`vestige.correlate.acts`) of which a match ends in it. It reads from before the
span on, and as far back as it takes to see where each began. What was not looked at, for there was too much of it, is
told with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate import matcher
from vestige.correlate.acts import READ_BEFORE, Group, acts, told_once, whole
from vestige.correlate.sequence_store import MOST_EVENTS, MOST_GROUPS, MOST_PAIRS, SequenceStore
from vestige.correlate.store import Key
from vestige.model.instant import MAX_INSTANT

if TYPE_CHECKING:
    from vestige.correlate.detections import Detection
    from vestige.correlate.patterns import Pattern
    from vestige.query import Reader


class Span(NamedTuple):
    """What is scanned: from ``start`` on, before ``end`` (ns); ``known``: up to when all that happened is known."""

    start: int | None = None
    end: int | None = None
    known: int | None = None
    """``None``: up to the log's last event."""


class Cut(NamedTuple):
    """What a scan did not look at, and why."""

    pattern: str
    keys: tuple[Key, ...]
    reason: str


class Found(NamedTuple):
    """The acts a scan found, by the time of their last event, and what it did not look at."""

    detections: list[Detection]
    cuts: list[Cut]


def scan(reader: Reader, log: int, pattern: Pattern, span: Span) -> Found:
    """Look for a pattern in a span of a log.

    Raises:
        QueryError: a step's query does not parse.
        IndexStoreError: the index failed.
    """
    store = SequenceStore(reader, log, pattern)
    ends = None if store.hopeless else store.ends()
    if ends is None:
        return Found([], [])
    start = ends[0] if span.start is None else max(span.start, ends[0])
    end = MAX_INSTANT if span.end is None else span.end - 1
    known = ends[1] if span.known is None else span.known
    high = min(end + (pattern.within if pattern.waits else 0), ends[1])
    before = READ_BEFORE * (pattern.within + pattern.reach)
    found = Found([], [])
    while True:
        low = max(start - before, ends[0])
        if low > high:
            return found
        wider = _read(store, pattern, _Bounds(low, high, start, end, known))
        if found.detections and wider.cuts and not found.cuts:
            # An act of more events than are looked at: where it began is not found, but what it did last is.
            return found
        found = wider
        began = min((one.evidence[0].occurred_at for one in found.detections), default=None)
        if low == ends[0] or began is None or whole(pattern, low, began):
            return found
        before *= 2


class _Bounds(NamedTuple):
    """What of a log is read, and what of that is told (ns, all ends included)."""

    low: int
    high: int
    start: int
    end: int
    known: int


def _read(store: SequenceStore, pattern: Pattern, at: _Bounds) -> Found:
    groups = store.groups(at.low, at.high)
    cuts = [Cut(pattern.name, (), f"more than {MOST_GROUPS} groups, or {MOST_PAIRS} times: not all were looked at")]
    cuts *= groups.cut
    found: list[Detection] = []
    for group, events, beyond in store.events(groups, at.low, at.high):
        keys = tuple(Key(aspect.name, value) for aspect, value in zip(pattern.by, group, strict=False))
        if beyond:
            cuts.append(Cut(pattern.name, keys, f"more than {MOST_EVENTS} events: the earliest were looked at"))
        # Of a group that was cut, what is behind its last event is not known.
        horizon = min(at.known, events[-1].spot.occurred_at) if beyond else at.known
        outcome = matcher.find(pattern, events, horizon, matcher.TRIES)
        if outcome.cut:
            cuts.append(Cut(pattern.name, keys, f"too many ways to choose: ended after {matcher.TRIES} tries"))
        found += acts(pattern, Group(keys, events, outcome.matches), at.start, at.end)
    return Found(told_once(found), cuts)

"""Scans a log for a sequence pattern: candidate groups by the engine, matches by the exact matcher.

A scan of a span reports the matches whose last event lies in it. It reads from twice ``within`` before the span on,
so that a match which began before it is whole and one completed just before takes its events away. What was not looked
at, for there was too much of it, is told with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate import matcher
from vestige.correlate.detections import Detection
from vestige.correlate.sequence_store import MOST_EVENTS, MOST_GROUPS, MOST_PAIRS, SequenceStore
from vestige.correlate.store import Key, Spot
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """The matches of a scan, by the time of their last event, and what it did not look at."""

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
    start = MIN_INSTANT if span.start is None else span.start
    last = MAX_INSTANT if span.end is None else span.end - 1
    low = max(start - 2 * pattern.within, ends[0])
    high = min(last + (pattern.within if pattern.waits else 0), ends[1])
    if low > high:
        return Found([], [])
    groups = store.groups(low, high)
    cuts = [Cut(pattern.name, (), f"more than {MOST_GROUPS} groups, or {MOST_PAIRS} times: not all were looked at")]
    cuts *= groups.cut
    found: list[Detection] = []
    known = ends[1] if span.known is None else span.known
    for group, events, beyond in store.events(groups, low, high):
        keys = tuple(Key(aspect.name, value) for aspect, value in zip(pattern.by, group, strict=False))
        if beyond:
            cuts.append(Cut(pattern.name, keys, f"more than {MOST_EVENTS} events: the earliest were looked at"))
        # Of a group that was cut, what is behind its last event is not known.
        horizon = min(known, events[-1].spot.occurred_at) if beyond else known
        outcome = matcher.find(pattern, events, horizon, matcher.TRIES)
        if outcome.cut:
            cuts.append(Cut(pattern.name, keys, f"too many ways to choose: ended after {matcher.TRIES} tries"))
        found += [
            Detection(pattern.detector, match.evidence, keys)
            for match in outcome.matches
            if start <= match.evidence[-1].occurred_at <= last
        ]
    return Found(_told_once(found), cuts)


def _told_once(found: Iterable[Detection]) -> list[Detection]:
    """Each thing once: one actor's id and name are two groups with the same events, or some of them."""
    whole: dict[frozenset[Spot], Detection] = {}
    of: dict[Spot, list[frozenset[Spot]]] = {}
    for one in sorted(found, key=lambda one: (-len(one.evidence), one.evidence, one.keys)):
        evidence = frozenset(one.evidence)
        larger = next((other for other in of.get(one.evidence[0], ()) if evidence <= other), None)
        if larger is None:
            whole[evidence] = one
            for spot in evidence:
                of.setdefault(spot, []).append(evidence)
        elif larger == evidence:
            kept = whole[larger]
            whole[larger] = replace(kept, keys=tuple(dict.fromkeys((*kept.keys, *one.keys))))
    return sorted(whole.values(), key=lambda one: (one.evidence[-1], one.evidence))

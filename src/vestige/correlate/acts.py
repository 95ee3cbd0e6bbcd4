"""One long act is one finding: what matches again and again in a group without a pause belongs together.

**What an act is.** The matches of a group (:mod:`vestige.correlate.matcher`) never overlap. Matches of which each
begins no more than ``within`` after the last event of the one before are one act. Its *onset* is its first match, by
which it is known from the moment its condition was first met; what comes later makes it longer and is no act of its
own.

Where an act begins follows from the log alone and not from the span that is scanned, as long as enough of what came
before is read (:func:`whole`): a match that reaches back beyond what was read may have taken events from the matches
of the first ``within``, and the act of such a match may go on for another ``within``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vestige.correlate.detections import Detection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vestige.correlate.matcher import Match
    from vestige.correlate.patterns import Pattern
    from vestige.correlate.search import StepEvent
    from vestige.correlate.store import Key, Spot

READ_BEFORE = 4
"""How many times a pattern's time is read before a span at first."""


def whole(pattern: Pattern, low: int, began: int) -> bool:
    """Whether an act that began at an instant is known from its beginning, where all was read from ``low`` on (ns)."""
    return began > low + 2 * (pattern.within + pattern.reach)


class Group(NamedTuple):
    """What was found in one group."""

    keys: tuple[Key, ...]
    """What names it."""
    events: Sequence[StepEvent]
    matches: Sequence[Match]
    """All of them, the oldest first."""


def acts(pattern: Pattern, group: Group, start: int, end: int) -> Iterator[Detection]:
    """The acts of one group of which a match ends within a span (ns, both ends included)."""
    runs: list[list[Match]] = []
    for match in group.matches:
        if runs and match.evidence[0].occurred_at - runs[-1][-1].evidence[-1].occurred_at <= pattern.within:
            runs[-1].append(match)
        else:
            runs.append([match])
    times = [event.spot.occurred_at for event in group.events]
    for run in runs:
        if any(start <= match.evidence[-1].occurred_at <= end for match in run):
            spots = tuple(spot for match in run for spot in match.evidence)
            low = bisect_left(times, spots[0].occurred_at - pattern.within)
            high = bisect_right(times, spots[-1].occurred_at + pattern.within)
            around = tuple(event.spot for event in group.events[low:high])
            yield Detection(pattern.detector, spots, group.keys, len(run[0].evidence), len(run), around)


def told_once(found: Iterable[Detection]) -> list[Detection]:
    """Each thing once: one actor's id and name are two groups with the same events, or some of them."""
    kept: dict[frozenset[Spot], Detection] = {}
    of: dict[Spot, list[frozenset[Spot]]] = {}
    for one in sorted(found, key=lambda one: (-len(one.evidence), one.evidence, one.keys)):
        evidence = frozenset(one.evidence)
        larger = next((wide for wide in of.get(one.evidence[0], ()) if evidence <= wide), None)
        if larger is None:
            kept[evidence] = one
            for spot in evidence:
                of.setdefault(spot, []).append(evidence)
        elif larger == evidence:
            other = kept[larger]
            kept[larger] = replace(other, keys=tuple(dict.fromkeys((*other.keys, *one.keys))))
    return sorted(kept.values(), key=lambda one: (one.evidence[-1], one.evidence))

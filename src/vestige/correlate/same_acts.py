"""Sightings of one act: what several sources tell of it, linked and counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.correlate.store import PARTIES, Brief, Spot
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Mapping

SAME_ACT: Final = 2 * NANOS


def same_acts(events: Mapping[Spot, Brief]) -> list[tuple[Spot, Spot]]:
    """Pairs of sightings of one act: the first of it, and each later one. A source tells an act once."""
    pairs: list[tuple[Spot, Spot]] = []
    told: dict[Spot, set[str]] = {}
    ordered = [events[spot] for spot in sorted(events)]
    for place, event in enumerate(ordered):
        first = _first_sighting(ordered, place, told)
        if first is None:
            told[event.spot] = {event.source}
        else:
            told[first].add(event.source)
            pairs.append((first, event.spot))
    return pairs


def _first_sighting(ordered: list[Brief], place: int, told: dict[Spot, set[str]]) -> Spot | None:
    """The nearest earlier act that an event could be a sighting of, not yet told by its source."""
    event = ordered[place]
    parties = {key for key in event.keys if key.kind in PARTIES}
    for at in range(place - 1, -1, -1):
        other = ordered[at]
        if event.spot.occurred_at - other.spot.occurred_at > SAME_ACT:
            return None
        alike = (other.event_type, other.outcome) == (event.event_type, event.outcome)
        if alike and event.source not in told.get(other.spot, {event.source}) and not parties.isdisjoint(other.keys):
            return other.spot
    return None

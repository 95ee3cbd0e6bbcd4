"""Links of a chain: over which key an event is reached, and how much that says.

The strength of a link is 0 to 1::

    strength = strength of what leads to the event before (the seed: 1)
               * weight of the kind / (1 + log10(events of the window that have the key))
               * (1 or ROUTINE) * (1 or APART)

Sessions, tokens, commits and hashes name one thing, so a link over them stands by itself. An identity, an address, a
host or a device is shared by much that has nothing to do with the seed: a service behind the same NAT address, the
same person's usual work. What tells them apart is whether the event is *usual*: if every two of its parties (identity,
address, host, device) stood together in an event before the window began, it is routine, and weighs a quarter. If some
two did, and the key was silent for more than ``EPISODE`` on the way from what the chain has of it, the event is of
another episode, and weighs ``APART``.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.store import PARTIES, Brief, Key, Spot
from vestige.model.event import KeyKind
from vestige.model.instant import MAX_INSTANT, NANOS
from vestige.query import MAX_RELATED_EXTRAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.correlate.store import Store

WEIGHTS: Final[Mapping[str, float]] = {
    KeyKind.SESSION: 1.0,
    KeyKind.TOKEN: 1.0,
    KeyKind.COMMIT: 0.9,
    KeyKind.HASH: 0.8,
    KeyKind.CUSTOM: 0.7,
    KeyKind.DEVICE: 0.6,
    KeyKind.IDENTITY: 0.6,
    KeyKind.IP: 0.5,
    KeyKind.HOST: 0.3,
}
"""How much it says that two events share a key of a kind, if only they had it."""
STANDING: Final = frozenset({KeyKind.SESSION, KeyKind.TOKEN, KeyKind.COMMIT, KeyKind.HASH, KeyKind.CUSTOM})
"""Kinds whose links stand by themselves, usual or not."""
ROUTINE: Final = 0.25
APART: Final = 0.15
EPISODE: Final = 3600 * NANOS
"""How long a key may be silent, and what comes then still be of the same episode."""
MOST_PARTIES: Final = 5 + MAX_RELATED_EXTRAS
"""Parties of an event that are looked at, about as many as the index counts meetings of."""
_CASES: Final = ((False, False), (False, True), (True, False), (True, True))


class Link(NamedTuple):
    """Why an event belongs to the chain: a key it shares with one that does."""

    origin: Spot
    to: Spot
    key: Key
    rarity: int
    """Events of the window that have the key: fewer say more."""
    strength: float
    usual: bool
    """Whether the parties of what it leads to had met before the window."""
    silence: int = 0
    """Nanoseconds for which nothing had the key on the way, where that made the link weaker."""
    host: str = ""
    """The host on which the same identity went on, where that is the link."""

    @property
    def reason(self) -> str:
        """Why, in words."""
        if self.host:
            seconds = (self.to.occurred_at - self.origin.occurred_at) / NANOS
            return f"same {self.key.kind} {self.key.value} on {self.host}, {seconds:g} s after"
        met = "; its parties have met before" if self.usual else ""
        apart = f"; none in the {self.silence / NANOS / 60:.0f} minutes between" if self.silence else ""
        return f"same {self.key.kind} {self.key.value}: {self.rarity} events in the window have it{met}{apart}"


class Way(NamedTuple):
    """A key that is followed: the event that brought it, its strength, how many of the window have it, the nearest."""

    origin: Spot
    trust: float
    rarity: int
    spots: list[Spot]


def at_most(key: Key, count: int, trust: float) -> float:
    """The strength of a link over a key, if what it leads to is not usual."""
    return round(WEIGHTS[key.kind] / (1 + math.log10(count)) * trust, 4)


def most_events(key: Key, trust: float, weakest: float, common: int) -> int:
    """The most events of the window that may have a key for a link over it to be strong enough; at most ``common``."""
    if at_most(key, common, trust) >= weakest:
        return common
    bound = int(10 ** (WEIGHTS[key.kind] * trust / weakest - 1))
    # The strength is rounded, so the bound may lie a little beside what the formula says.
    while at_most(key, bound + 1, trust) >= weakest:
        bound += 1
    while bound > 0 and at_most(key, bound, trust) < weakest:
        bound -= 1
    return bound


class Linker:
    """Finds the best link to each event that the ways of one step lead to.

    ``start``: when the window begins, nanoseconds; what stood together before is usual.
    """

    def __init__(self, store: Store, ways: Mapping[Key, Way], inside: Iterable[Spot], start: int) -> None:
        self._store = store
        self._ways = ways
        self._start = start
        inside = set(inside)
        self._silences = {key: _silences(way.spots, inside) for key, way in ways.items() if key.kind not in STANDING}
        self._strengths = {key: _strengths(key, way) for key, way in ways.items()}
        self._keys: dict[Spot, list[Key]] = {}
        self.most: dict[Spot, float] = {}
        """The events beyond what the chain has, each with the most its best link can be."""
        self._nearest: dict[Spot, Key] = {}
        for key, way in ways.items():
            strength = self._strengths[key][False, False]
            for spot in way.spots:
                if spot in inside:
                    continue
                self._keys.setdefault(spot, []).append(key)
                if strength > self.most.get(spot, -1.0):
                    self.most[spot] = strength
                    self._nearest[spot] = key

    def nearest_way(self, spot: Spot) -> Key:
        """The key over which an event could be reached best."""
        return self._nearest[spot]

    def links(self, found: Mapping[Spot, Brief]) -> list[Link]:
        """The best link to each of some events."""
        swayed = [event for spot, event in found.items() if self._nearest[spot].kind not in STANDING]
        usual, known = _usual(self._store, swayed, self._start)
        return [self._best(spot, usual=spot in usual, known=spot in known) for spot in found]

    def _best(self, spot: Spot, *, usual: bool, known: bool) -> Link:
        best, key, silence = -1.0, self._nearest[spot], 0
        for one in self._keys[spot]:
            quiet = self._silences[one][spot] if known and one.kind not in STANDING else 0
            strength = self._strengths[one][usual, quiet > EPISODE]
            if strength > best:
                best, key, silence = strength, one, quiet if quiet > EPISODE else 0
        way = self._ways[key]
        return Link(way.origin, spot, key, way.rarity, best, usual and key.kind not in STANDING, silence)


def _strengths(key: Key, way: Way) -> dict[tuple[bool, bool], float]:
    """The strength of a link over a key, by whether what it leads to is usual, and whether it is of another episode."""
    if key.kind in STANDING:
        return dict.fromkeys(_CASES, at_most(key, way.rarity, way.trust))
    return {
        (usual, apart): at_most(key, way.rarity, way.trust * (ROUTINE if usual else 1) * (APART if apart else 1))
        for usual, apart in _CASES
    }


def _silences(spots: Iterable[Spot], inside: set[Spot]) -> dict[Spot, int]:
    """Of each event of a key, the longest time without another on the way from the nearest that the chain has."""
    ordered = sorted(spots)
    silences: dict[Spot, int] = dict.fromkeys(ordered, int(MAX_INSTANT))
    for way in (ordered, ordered[::-1]):
        silence, before = int(MAX_INSTANT), 0
        for spot in way:
            silence = 0 if spot in inside else max(silence, abs(spot.occurred_at - before))
            silences[spot], before = min(silences[spot], silence), spot.occurred_at
    return silences


def _usual(store: Store, events: Iterable[Brief], start: int) -> tuple[set[Spot], set[Spot]]:
    """The events of which every two parties had met before the window began, and those of which some two had."""
    parties = {event.spot: [key for key in event.keys if key.kind in PARTIES][:MOST_PARTIES] for event in events}
    pairs = {spot: list(combinations(keys, 2)) for spot, keys in parties.items()}
    met = store.first_met({pair for met in pairs.values() for pair in met})
    usual, known = set(), set()
    for spot, own in pairs.items():
        firsts = [met[pair] for pair in own if pair in met]
        if firsts and max(firsts) < start:
            usual.add(spot)
        if firsts and min(firsts) < start:
            known.add(spot)
    return usual, known

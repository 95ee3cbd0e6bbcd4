"""Chains: from one event outward over shared keys, within a window around it, every link with its reason.

A key leads from an event to the others that have it. How much that says is the link's *strength*, 0 to 1::

    strength = strength of what leads to the event before (the seed: 1)
               * weight of the kind / (1 + log10(events of the window that have the key)) * (1 or ROUTINE) * (1 or APART)

Sessions, tokens, commits and hashes name one thing, so a link over them stands by itself. An identity, an address, a
host or a device is shared by much that has nothing to do with the seed: a service behind the same NAT address, the
same person's usual work. What tells them apart is whether the event is *usual*: if every two of its parties (identity,
address, host, device) stood together in an event before the window began, it is routine, and weighs a quarter. If some two did, and the key was silent for more
than ``EPISODE`` on the way from what the chain has of it, the event is of another episode, and weighs ``APART``. A key
of more than ``COMMON`` events in the window is not followed at all. What was left out, and why, is told with the chain.

What is usual may still be a part: whoever signed in with somebody's credential does usual things then. So what an
identity of the chain does on the same host within ``GOES_ON`` after belongs to it too, however usual.

Each key is followed once, from the first event that brought it, so a chain ends; it has at most ``MOST`` events, the
strongest ones. Two sources that tell one act (same type and outcome, two seconds apart at most, a party in common) are
linked as sightings of the same act, and counted as one.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.store import PARTIES, Brief, Key, Spot
from vestige.model.event import KeyKind
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS
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
COMMON: Final = 5000
PER_KEY: Final = 200
"""Events followed of one key: the nearest in time to the seed."""
MOST: Final = 500
KEYS: Final = 2000
"""Keys followed at a step: an event may bring any number."""
MOST_PARTIES: Final = 5 + MAX_RELATED_EXTRAS
"""Parties of an event that are looked at, about as many as the index counts meetings of."""
WEAKEST: Final = 0.05
SAME_ACT: Final = 2 * NANOS
GOES_ON: Final = 15 * 60 * NANOS
"""How long after an event of the chain the same identity's acts on the same host still belong to it."""
STAYS: Final = 0.9
"""What is left of the strength of what went before."""
_SHARED: Final = 2
"""Events that have a key which leads anywhere."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far to go. ``window``: nanoseconds on either side of the seed; ``depth``: links from it."""

    window: int = 12 * 3600 * NANOS
    depth: int = 3
    weakest: float = WEAKEST


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


class LeftOut(NamedTuple):
    """A key, or events of it, that the chain did not take, and why.

    ``common``: too many have it to follow it; ``far``: not among the nearest of it; ``routine``: linked too weakly,
    since they are usual; ``apart``: linked too weakly, since the key was long silent between; ``weak``: linked too
    weakly, whatever they are; ``cap``: the chain was full. Keys that could lead
    to nothing strong enough, however few events had them, are one line a kind: their events are not counted.
    """

    key: Key
    events: int
    why: str


@dataclass(slots=True)
class Chain:
    """Events that belong together: each but the seed with the strongest link that leads to it."""

    seed: Spot
    events: dict[Spot, Brief]
    links: list[Link] = field(default_factory=list)
    same_acts: list[tuple[Spot, Spot]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def acts(self) -> int:
        """How many things happened: sightings of the same act count once."""
        return len(self.events) - len(self.same_acts)


def follow(store: Store, seed: Spot, reach: Reach) -> Chain:
    """The chain of an event. An event without a time has no window, so its chain is itself."""
    chain = Chain(seed, store.briefs([seed]))
    if seed not in chain.events or seed.occurred_at < MIN_INSTANT:
        return chain
    start = max(seed.occurred_at - reach.window, MIN_INSTANT)
    end = min(seed.occurred_at + reach.window, MAX_INSTANT)
    followed: set[Key] = set()
    counted: dict[Key, int] = {}
    frontier, trust = [seed], {seed: 1.0}
    for _ in range(reach.depth):
        brought = _brought(chain, frontier, followed)
        followed |= brought.keys()
        worth = {key: trust[spot] for key, spot in brought.items()}
        seen = _seen(store, chain, worth, (start, end), reach.weakest)
        found = store.briefs(spot for _, spots in seen.values() for spot in spots if spot not in chain.events)
        usual, known = _usual(store, found.values(), start)
        links = [
            _link(brought[key], found[spot], key, count, worth[key], spot in usual, silence if spot in known else 0)
            for key, (count, spots) in seen.items()
            for spot, silence in _silences(spots, chain.events).items()
            if spot in found
        ]
        counted |= {key: count for key, (count, _) in seen.items()}
        taken, refused = _take(chain, found, links, reach)
        trust |= {link.to: link.strength for link in taken}
        gone_on = _gone_on(chain, found, trust, counted, reach)
        trust |= {link.to: link.strength for link in gone_on}
        taken += gone_on
        left = Counter((link.key, why) for link, why in refused if link.to not in chain.events)
        chain.left_out += [LeftOut(key, n, why) for (key, why), n in sorted(left.items())]
        frontier = [link.to for link in taken]
        if not frontier:
            break
    chain.same_acts = same_acts(chain.events)
    return chain


def _brought(chain: Chain, frontier: Iterable[Spot], followed: set[Key]) -> dict[Key, Spot]:
    """The keys that are followed next, each with the event that brought it; of too many, those that say most."""
    brought: dict[Key, Spot] = {}
    for spot in frontier:
        for key in chain.events[spot].keys:
            if key not in followed:
                brought.setdefault(key, spot)
    if len(brought) <= KEYS:
        return brought
    ordered = sorted(brought, key=lambda key: -WEIGHTS[key.kind])
    kinds = Counter(key.kind for key in ordered[KEYS:])
    chain.left_out += [LeftOut(Key(kind, _several(count)), 0, "cap") for kind, count in sorted(kinds.items())]
    followed.update(ordered[KEYS:])
    return {key: brought[key] for key in ordered[:KEYS]}


def _seen(
    store: Store, chain: Chain, worth: dict[Key, float], span: tuple[int, int], weakest: float
) -> dict[Key, tuple[int, list[Spot]]]:
    """The keys that are followed, each with how many events of the span have it and the nearest of them to the seed.

    What the best of a key's links could not reach is not read: most keys of most events, at the third step.
    """
    bounds = {key: _bound(key, trust, weakest) for key, trust in worth.items()}
    hopeless = Counter(key.kind for key, bound in bounds.items() if bound < _SHARED)
    chain.left_out += [LeftOut(Key(kind, _several(count)), 0, "weak") for kind, count in sorted(hopeless.items())]
    counts = store.counts([key for key, bound in bounds.items() if bound >= _SHARED], *span)
    keys = []
    for key, count in sorted(counts.items()):
        if count > COMMON:
            chain.left_out.append(LeftOut(key, count, "common"))
        elif count > bounds[key]:
            chain.left_out.append(LeftOut(key, count - 1, "weak"))
        elif count >= _SHARED:
            keys.append(key)
    nearest = store.nearest(keys, *span, chain.seed.occurred_at, PER_KEY)
    far = [(key, counts[key] - len(spots)) for key, spots in nearest.items() if counts[key] > len(spots)]
    chain.left_out += [LeftOut(key, count, "far") for key, count in far]
    return {key: (counts[key], spots) for key, spots in nearest.items()}


def _several(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _at_most(key: Key, count: int, trust: float) -> float:
    """The strength of a link over a key, if what it leads to is not usual."""
    return round(WEIGHTS[key.kind] / (1 + math.log10(count)) * trust, 4)


def _bound(key: Key, trust: float, weakest: float) -> int:
    """The most events of the window that may have a key for a link over it to be strong enough; at most ``COMMON``."""
    if _at_most(key, COMMON, trust) >= weakest:
        return COMMON
    bound = int(10 ** (WEIGHTS[key.kind] * trust / weakest - 1))
    # The strength is rounded, so the bound may lie a little beside what the formula says.
    while _at_most(key, bound + 1, trust) >= weakest:
        bound += 1
    while bound > 0 and _at_most(key, bound, trust) < weakest:
        bound -= 1
    return bound


def _link(origin: Spot, event: Brief, key: Key, count: int, trust: float, usual: bool, silence: int) -> Link:
    if key.kind in STANDING:
        usual, silence = False, 0
    apart = silence > EPISODE
    trust *= (ROUTINE if usual else 1) * (APART if apart else 1)
    return Link(origin, event.spot, key, count, _at_most(key, count, trust), usual, silence if apart else 0)


def _silences(spots: Iterable[Spot], inside: Iterable[Spot]) -> dict[Spot, int]:
    """Of each event of a key, the longest time without another on the way from the nearest that the chain has."""
    ordered, own = sorted(spots), set(inside)
    silences = dict.fromkeys(ordered, MAX_INSTANT)
    for way in (ordered, ordered[::-1]):
        silence, before = MAX_INSTANT, 0
        for spot in way:
            silence = 0 if spot in own else max(silence, abs(spot.occurred_at - before))
            silences[spot], before = min(silences[spot], silence), spot.occurred_at
    return silences


def _take(
    chain: Chain, found: dict[Spot, Brief], links: list[Link], reach: Reach
) -> tuple[list[Link], list[tuple[Link, str]]]:
    """Add the events that are linked strongly enough, the strongest first; the links that lead to them, and the others.

    Of the others it is said why they were not taken.
    """
    best: dict[Spot, Link] = {}
    for link in links:
        if link.to not in best or link.strength > best[link.to].strength:
            best[link.to] = link
    added: list[Link] = []
    refused: list[tuple[Link, str]] = []
    for link in sorted(best.values(), key=lambda link: (-link.strength, link.to)):
        if link.strength < reach.weakest:
            why = "routine" if link.usual else "apart" if link.silence else "weak"
        elif len(chain.events) >= MOST:
            why = "cap"
        else:
            chain.events[link.to] = found[link.to]
            chain.links.append(link)
            added.append(link)
            continue
        refused.append((link, why))
    return added, refused


def _gone_on(
    chain: Chain, found: dict[Spot, Brief], trust: dict[Spot, float], counted: dict[Key, int], reach: Reach
) -> list[Link]:
    """Add what an identity of the chain did next on the same host, however usual it is there: a sign-in's own session.

    Returns:
        The links, each from the strongest event of the chain that came at most ``GOES_ON`` before.
    """
    before: dict[tuple[Key, Key], list[Spot]] = {}
    for spot, event in chain.events.items():
        for pair in _stays(event):
            before.setdefault(pair, []).append(spot)
    added = []
    for spot in sorted(set(found).difference(chain.events)):
        pairs = _stays(found[spot])
        origins = [
            (trust[origin], origin, identity, host)
            for identity, host in pairs
            for origin in before.get((identity, host), ())
            if 0 <= spot.occurred_at - origin.occurred_at <= GOES_ON
        ]
        if not origins or len(chain.events) >= MOST:
            continue
        strongest, origin, identity, host = max(origins)
        strength = round(strongest * STAYS, 4)
        if strength < reach.weakest:
            continue
        trust[spot] = strength
        chain.events[spot] = found[spot]
        added.append(
            Link(origin, spot, identity, counted.get(identity, _SHARED), strength, usual=True, host=host.value)
        )
        for pair in pairs:
            before.setdefault(pair, []).append(spot)
    chain.links += added
    return added


def _stays(event: Brief) -> list[tuple[Key, Key]]:
    """Each identity of an event with each of its hosts."""
    hosts = [key for key in event.keys if key.kind == KeyKind.HOST]
    return [(key, host) for key in event.keys if key.kind == KeyKind.IDENTITY for host in hosts]


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


def same_acts(events: dict[Spot, Brief]) -> list[tuple[Spot, Spot]]:
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

"""Chains: from one event outward over shared keys, within a window around it, every link with its reason.

A key leads from an event to the others that have it; how much that says is the link's strength
(:mod:`vestige.correlate.links`). A key of more than ``COMMON`` events in the window is not followed at all. What is
usual may still be a part: whoever signed in with somebody's credential does usual things then. So what an identity of
the chain does on the same host within ``GOES_ON`` after belongs to it too, however usual.

Each key is followed once, from the first event that brought it, so a chain ends; it has at most ``MOST`` events, the
strongest ones. What was left out, and why, is told with the chain. Two sources that tell one act (same type and
outcome, two seconds apart at most, a party in common) are linked as sightings of the same act, and counted as one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate.links import WEIGHTS, Link, Linker, Way, most_events
from vestige.correlate.same_acts import same_acts
from vestige.correlate.store import Brief, Key, Spot
from vestige.model.event import KeyKind
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.correlate.store import Store

COMMON: Final = 5000
PER_KEY: Final = 200
"""Events followed of one key: the nearest in time to the seed."""
PROBED: Final = 4
"""The part of the window, around the seed, in which keys are counted first."""
KEYS: Final = 2000
"""Keys followed at a step: an event may bring any number."""
MOST: Final = 500
AT_ONCE: Final = 1000
"""Events that are looked at before it is asked whether the chain is full."""
WEAKEST: Final = 0.05
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


class LeftOut(NamedTuple):
    """A key, or events of it, that the chain did not take, and why.

    ``common``: too many have it to follow it; ``far``: not among the nearest of it; ``routine``: linked too weakly,
    since they are usual; ``apart``: linked too weakly, since the key was long silent between; ``weak``: linked too
    weakly, whatever they are; ``cap``: the chain was full. Keys that could lead
    to nothing strong enough, however few events had them, are one line a kind: their events are not counted.
    ``at_least``: there are more events of it, which were not counted.
    """

    key: Key
    events: int
    why: str
    at_least: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is told over HTTP."""
        key = {"key": self.key.kind, "value": self.key.value}
        return key | {"events": self.events, "at_least": self.at_least, "why": self.why}


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
        if len(chain.events) >= MOST:
            _leave_keys(chain, brought)
            break
        followed |= brought.keys()
        ways = _ways(store, chain, {key: (spot, trust[spot]) for key, spot in brought.items()}, (start, end), reach)
        found, links = _looked_at(store, chain, Linker(store, ways, chain.events, start), reach)
        counted |= {key: way.rarity for key, way in ways.items()}
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
    _leave_keys(chain, ordered[KEYS:])
    followed.update(ordered[KEYS:])
    return {key: brought[key] for key in ordered[:KEYS]}


def _leave_keys(chain: Chain, keys: Iterable[Key]) -> None:
    """Tell of keys that are not even counted: there are too many, or the chain is full."""
    kinds = Counter(key.kind for key in keys)
    chain.left_out += [LeftOut(Key(kind, _several(count)), 0, "cap") for kind, count in sorted(kinds.items())]


def _ways(
    store: Store, chain: Chain, brought: dict[Key, tuple[Spot, float]], span: tuple[int, int], reach: Reach
) -> dict[Key, Way]:
    """The keys that are followed, each with how many events of the span have it and the nearest of them to the seed.

    What the best of a key's links could not reach is not read: most keys of most events, at the third step. Nor is all
    of what floods the window: a key that too many events have close to the seed already is counted no further.
    """
    bounds = {key: most_events(key, trust, reach.weakest, COMMON) for key, (_, trust) in brought.items()}
    hopeless = Counter(key.kind for key, bound in bounds.items() if bound < _SHARED)
    chain.left_out += [LeftOut(Key(kind, _several(count)), 0, "weak") for kind, count in sorted(hopeless.items())]
    keys = [key for key, bound in bounds.items() if bound >= _SHARED]
    around = chain.seed.occurred_at
    near = store.counts(keys, *_within(span, around, reach.window // PROBED))
    flooding = {key: count for key, count in near.items() if count > bounds[key]}
    chain.left_out += [_too_many(key, count, at_least=True) for key, count in sorted(flooding.items())]
    rest = [key for key in keys if key not in flooding]
    most = max((bounds[key] for key in rest), default=_SHARED)
    ways: dict[Key, Way] = {}
    for key, (count, nearest) in sorted(store.occurrences(rest, *span, around, most, PER_KEY).items()):
        if count > bounds[key]:
            chain.left_out.append(_too_many(key, count, at_least=False))
        elif count >= _SHARED:
            ways[key] = Way(*brought[key], count, nearest)
    far = [(key, way.rarity - len(way.spots)) for key, way in ways.items() if way.rarity > len(way.spots)]
    chain.left_out += [LeftOut(key, count, "far") for key, count in far]
    return ways


def _within(span: tuple[int, int], around: int, window: int) -> tuple[int, int]:
    return max(span[0], around - window), min(span[1], around + window)


def _too_many(key: Key, count: int, *, at_least: bool) -> LeftOut:
    """A key that more events have than may: more than are ever followed, or too many for a link to say enough."""
    if count > COMMON:
        return LeftOut(key, count, "common", at_least)
    return LeftOut(key, count - 1, "weak", at_least)


def _several(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _looked_at(store: Store, chain: Chain, linker: Linker, reach: Reach) -> tuple[dict[Spot, Brief], list[Link]]:
    """The events the ways lead to, with the best link to each: the promising first, until the chain must be full."""
    ordered = sorted(linker.most, key=lambda spot: (-linker.most[spot], spot))
    found: dict[Spot, Brief] = {}
    links: list[Link] = []
    for begin in range(0, len(ordered), AT_ONCE):
        end = begin + AT_ONCE
        some = store.briefs(ordered[begin:end])
        found |= some
        links += linker.links(some)
        rest = ordered[end:]
        enough = max(linker.most[rest[0]] if rest else 0.0, reach.weakest)
        if rest and sum(link.strength >= enough for link in links) >= MOST - len(chain.events):
            left = Counter(linker.nearest_way(spot) for spot in rest)
            chain.left_out += [LeftOut(key, count, "cap") for key, count in sorted(left.items())]
            break
    return found, links


def _take(
    chain: Chain, found: dict[Spot, Brief], links: list[Link], reach: Reach
) -> tuple[list[Link], list[tuple[Link, str]]]:
    """Add the events that are linked strongly enough, the strongest first; the links that lead to them, and the others.

    Of the others it is said why they were not taken.
    """
    added: list[Link] = []
    refused: list[tuple[Link, str]] = []
    for link in sorted(links, key=lambda link: (-link.strength, link.to)):
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
    identities = {identity for identity, _ in before}
    added = []
    for spot in sorted(spot for spot in found if spot not in chain.events):
        if identities.isdisjoint(found[spot].keys):
            continue
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
            identities.add(pair[0])
    chain.links += added
    return added


def _stays(event: Brief) -> list[tuple[Key, Key]]:
    """Each identity of an event with each of its hosts."""
    hosts = [key for key in event.keys if key.kind == KeyKind.HOST]
    return [(key, host) for key in event.keys if key.kind == KeyKind.IDENTITY for host in hosts]

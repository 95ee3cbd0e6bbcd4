"""The graph around an entity: whom it met in one event, whom those met, up to three steps away.

An edge is a *meeting*: two entities took part in one event (:func:`vestige.index.keys.related_of`). It has how many
events, the first and last of them, and an event that shows it. What makes graphs useless is what everybody meets: a
NAT address, a jump host, a service account. So of what an entity met, those are shown that say most::

    strength = weight of the peer's kind / (1 + log10(how many the peer itself met))

with the weights of chains, and at equal strength those met in most events; the strength of an edge is the lesser of
both ends'. An entity that met more than ``HUB`` others is shown but not gone through, unless it is what was asked for.
Nothing is left out without a word: each cut is told with what it concerns, how many, and why.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.links import WEIGHTS
from vestige.model.event import KeyKind
from vestige.query import RELATED

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.correlate.entity_store import EntityStore, Peer
    from vestige.correlate.store import Key, Spot

DEEPEST: Final = 3
HUB: Final = 100
"""Peers above which an entity is not gone through."""
LOOK: Final = 500
"""Peers of each kind looked at of one entity: the commonest."""
PER_NODE: Final = 25
PER_LEVEL: Final = 60
MOST_EDGES: Final = 400
UNDATED_SHOWN: Final = 20
"""Edges all of whose events are undated for which an event is looked up; each costs a question."""


class Node(NamedTuple):
    """An entity of the graph, how many steps it is away, and how many others it met."""

    key: Key
    level: int
    peers: int
    through: bool
    """Whether the graph goes on behind it."""


class Edge(NamedTuple):
    """That two entities met, the lesser key first. Times are int64 ns, ``None`` if no such event is dated."""

    one: Key
    other: Key
    events: int
    first_at: int | None
    last_at: int | None
    strength: float
    shown: Spot | None


class LeftOut(NamedTuple):
    """What is not in the graph: of which entity (none: of the edges as a whole), how many, and why.

    ``hub``: it met so many that the graph does not go through it; ``peers``: it met so many more, beyond the most shown
    of one; ``level``: the same, beyond the most of a level; ``edges``: meetings of entities that are shown, beyond the
    most.
    """

    key: Key | None
    number: int
    why: str


@dataclass(slots=True)
class Graph:
    """Entities and their meetings, each edge between two of them."""

    centre: Key
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


class _Reached(NamedTuple):
    peer: Key
    strength: float
    events: int
    origin: Key

    def rank(self) -> tuple[float, int, Key]:
        """The strongest first, of those the one with most events."""
        return (-self.strength, -self.events, self.peer)


def draw(store: EntityStore, centre: Key, depth: int) -> Graph:
    """The graph around an entity of a kind that meets others (:data:`RELATED`); of another kind it is alone."""
    graph = Graph(centre)
    counts = store.peer_counts([centre])
    degree = {centre: sum(counts[centre].values())}
    levels = {centre: 0}
    led: set[tuple[Key, Key]] = set()
    through: dict[Key, str] = {}
    frontier = [centre]
    for level in range(1, depth + 1):
        hubs = [key for key in frontier if key != centre and degree[key] > HUB]
        graph.left_out += [LeftOut(key, degree[key], "hub") for key in hubs]
        through |= dict.fromkeys((key for key in frontier if key not in hubs), "level")
        reached = _reached(store, [key for key in frontier if key not in hubs], levels, degree, through)
        best: dict[Key, _Reached] = {}
        for one in sorted(reached, key=_Reached.rank):
            best.setdefault(one.peer, one)
        taken = list(best.values())[:PER_LEVEL]
        for one in taken:
            levels[one.peer] = level
            led.add((min(one.origin, one.peer), max(one.origin, one.peer)))
        frontier = [one.peer for one in taken]
        if not frontier:
            break
    graph.nodes = [Node(key, at, degree[key], key in through) for key, at in levels.items()]
    _connect(store, graph, degree, led, through)
    return graph


def meets(kind: str) -> bool:
    """Whether entities of a kind meet others in the index; sessions, hashes, commits and custom keys do not."""
    return kind in RELATED


def _reached(
    store: EntityStore,
    opened: Collection[Key],
    levels: dict[Key, int],
    degree: dict[Key, int],
    through: dict[Key, str],
) -> list[_Reached]:
    """Whom entities met that are not in the graph yet, the strongest of each.

    Learns how many those met, and of which entities not all were taken.
    """
    met = store.peers(opened, LOOK)
    fresh = {peer.key for peers in met.values() for peer in peers} - degree.keys()
    degree |= {key: sum(counts.values()) for key, counts in store.peer_counts(fresh).items()}
    found: list[_Reached] = []
    for origin, peers in met.items():
        new = [
            _Reached(peer.key, _strength(peer.key, degree[peer.key]), peer.events, origin)
            for peer in peers
            if peer.key not in levels
        ]
        new.sort(key=_Reached.rank)
        found += new[:PER_NODE]
        if len(new) > PER_NODE or degree[origin] > len(peers):
            through[origin] = "peers"
    return found


def _strength(peer: Key, degree: int) -> float:
    return round(WEIGHTS[KeyKind(peer.kind)] / (1 + math.log10(max(degree, 1))), 4)


def _connect(
    store: EntityStore,
    graph: Graph,
    degree: dict[Key, int],
    led: set[tuple[Key, Key]],
    through: dict[Key, str],
) -> None:
    """Every meeting between entities of the graph: those that led to them first, then the strongest.

    Whom an entity met that is not in the graph is counted from them.
    """
    among = store.among([node.key for node in graph.nodes])
    shown_of = Counter(key for pair in among for key in pair)
    graph.left_out += [
        LeftOut(key, degree[key] - shown_of[key], why) for key, why in through.items() if degree[key] > shown_of[key]
    ]
    edges = [
        (pair, peer, min(_strength(pair[0], degree[pair[0]]), _strength(pair[1], degree[pair[1]])))
        for pair, peer in among.items()
    ]
    edges.sort(key=lambda edge: (edge[0] not in led, -edge[2], -edge[1].events, edge[0]))
    if len(edges) > MOST_EDGES:
        graph.left_out.append(LeftOut(None, len(edges) - MOST_EDGES, "edges"))
    edges = edges[:MOST_EDGES]
    shown = witnesses(store, {pair: peer for pair, peer, _ in edges})
    graph.edges = [
        Edge(*pair, peer.events, peer.first_at, peer.last_at, strength, shown.get(pair))
        for pair, peer, strength in edges
    ]


def witnesses(
    store: EntityStore, met: dict[tuple[Key, Key], Peer], *, last: bool = False
) -> dict[tuple[Key, Key], Spot]:
    """An event of each pair that has both: the first, or the last, dated one; an undated one if none is dated."""
    at = {pair: peer.last_at if last else peer.first_at for pair, peer in met.items()}
    times = {time for time in at.values() if time is not None}
    listed = store.listed_at({key for pair, time in at.items() if time is not None for key in pair}, times)
    found: dict[tuple[Key, Key], Spot] = {}
    asked = 0
    for pair, time in at.items():
        if time is not None:
            both = [spot for spot in listed[pair[0]] & listed[pair[1]] if spot.occurred_at == time]
            if both:
                found[pair] = max(both) if last else min(both)
        elif asked < UNDATED_SHOWN:
            asked += 1
            spot = store.undated_of_both(*pair)
            if spot is not None:
                found[pair] = spot
    return found

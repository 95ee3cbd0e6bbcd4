"""Graphs against meetings counted event by event, whole where nothing is cut; and what is cut is told, to a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import START, block, fresh_log, opened
from support.entity_world import World
from vestige.correlate import Key, graph
from vestige.correlate.entity_store import EntityStore
from vestige.correlate.graph import Graph, draw, meets
from vestige.model.event import Event
from vestige.model.instant import UNDATED
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.entities import Truth
    from vestige.index import Index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("graph")) as index:
        yield index


@pytest.fixture(scope="module")
def world(index: Index) -> World:
    World(index, 8, 300)
    return World(index, 9)


def drawn(index: Index, events: Sequence[Event], centre: Key, depth: int = 1) -> Graph:
    log = fresh_log()
    index.write(block(log, 0, [(seq, 0, event, 0) for seq, event in enumerate(events)], hi=len(events)))
    return draw(EntityStore(Reader(index), log), centre, depth)


def assert_edges(truth: Truth, found: Graph) -> None:
    for edge in found.edges:
        spots = truth.met[edge.one, edge.other]
        times = [spot.occurred_at for spot in spots if spot.occurred_at != UNDATED]
        assert edge.one < edge.other
        assert (edge.events, edge.first_at) == (len(spots), min(times, default=None))
        assert edge.last_at == max(times, default=None)
        assert edge.shown is not None
        assert edge.shown in truth.keys[edge.one]
        assert edge.shown in truth.keys[edge.other]
        if times:
            assert edge.shown.occurred_at == min(times)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_graph_that_nothing_is_cut_of_is_all_there_is(
    world: World, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUB", "LOOK", "PER_NODE", "PER_LEVEL", "MOST_EDGES", "UNDATED_SHOWN"):
        monkeypatch.setattr(graph, name, 100_000)
    truth = world.truth
    for centre in [key for key in sorted(truth.keys) if meets(key.kind)][::4]:
        found = draw(world.entities, centre, depth)
        levels = truth.levels(centre, depth)
        assert {node.key: node.level for node in found.nodes} == levels
        assert all(node.peers == len(truth.peers(node.key)) for node in found.nodes)
        assert {node.key for node in found.nodes if node.through} == {
            key for key, level in levels.items() if level < depth
        }
        within = {(a, b) for a, b in truth.met if a < b and a in levels and b in levels}
        assert {(edge.one, edge.other) for edge in found.edges} == within
        assert found.left_out == []
        assert_edges(truth, found)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_graph_that_is_cut_is_within_its_bounds_and_tells_each_cut_exactly(
    world: World, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    caps = {"HUB": 14, "LOOK": 6, "PER_NODE": 4, "PER_LEVEL": 6, "MOST_EDGES": 12}
    for name, most in caps.items():
        monkeypatch.setattr(graph, name, most)
    truth = world.truth
    seen = set()
    for centre in [key for key in sorted(truth.keys) if meets(key.kind)][::4]:
        found = draw(world.entities, centre, depth)
        levels = {node.key: node.level for node in found.nodes}
        assert levels[centre] == 0
        assert all(sum(level == at for level in levels.values()) <= 6 for at in range(1, depth + 1))
        assert len(found.edges) <= 12
        assert_edges(truth, found)
        within = {(a, b) for a, b in truth.met if a < b and a in levels and b in levels}
        # Everybody but the centre is led to by an edge from a nearer one, before any other edge is shown.
        led = {edge.other if levels[edge.one] < levels[edge.other] else edge.one for edge in found.edges}
        assert len(levels) - 1 > 12 or set(levels) - {centre} <= led
        cuts: dict[Key | None, tuple[int, str]] = {}
        for left in found.left_out:
            assert left.key not in cuts
            cuts[left.key] = (left.number, left.why)
        assert cuts.pop(None, (0, "edges")) == (len(within) - len(found.edges), "edges")
        for node in found.nodes:
            peers = truth.peers(node.key)
            missing = len(peers.keys() - levels.keys())
            hub = 0 < node.level < depth and len(peers) > 14
            assert node.through == (node.level < depth and not hub)
            if hub:
                assert cuts.pop(node.key) == (len(peers), "hub")
            elif node.through and missing:
                number, why = cuts.pop(node.key)
                assert number == missing
                seen.add(why)
        assert cuts == {}
    assert "peers" in seen


def test_what_everybody_meets_is_shown_and_not_gone_through(index: Index) -> None:
    nat = "203.0.113.1"
    events = [Event("auth.login", START, actor_id="ann", src_ip=nat)]
    events += [Event("auth.login", START + n, actor_id=f"user{n}", src_ip=nat) for n in range(1, 150)]
    ann, address = Key("identity", "ann"), Key("ip", nat)
    found = drawn(index, events, ann, 3)
    assert [node.key for node in found.nodes] == [ann, address]
    assert [(left.key, left.number, left.why) for left in found.left_out] == [(address, 150, "hub")]
    # Asked for itself, it is gone through, and the most of one are shown.
    around = drawn(index, events, address)
    assert len(around.nodes) == 1 + graph.PER_NODE
    assert [(left.key, left.number, left.why) for left in around.left_out] == [(address, 150 - graph.PER_NODE, "peers")]


def test_of_many_those_that_met_few_others_come_first(index: Index) -> None:
    events = [Event("a.b", START + n, actor_id="ann", src_ip=f"10.0.0.{n}") for n in range(40)]
    events += [
        Event("a.b", START + 100 + n, actor_id=f"other{n}", src_ip=f"10.0.0.{m}") for n in range(9) for m in range(39)
    ]
    found = drawn(index, events, Key("identity", "ann"))
    assert Key("ip", "10.0.0.39") in {node.key for node in found.nodes}
    strengths = {edge.other: edge.strength for edge in found.edges}
    assert strengths[Key("ip", "10.0.0.39")] > 0


def test_meetings_without_a_time_are_shown_by_an_event_too(index: Index) -> None:
    events = [Event("a.b", None, actor_id="ann", src_ip="10.0.0.1"), Event("a.b", None, actor_id="ann")]
    (edge,) = drawn(index, events, Key("identity", "ann")).edges
    assert (edge.events, edge.first_at, edge.last_at, edge.shown) == (1, None, None, (UNDATED, 0, 0))


def test_what_meets_nobody_in_the_index_is_alone(index: Index) -> None:
    events = [Event("a.b", START, actor_id="ann", session="s1")]
    found = drawn(index, events, Key("session", "s1"), 3)
    assert ([node.key for node in found.nodes], found.edges) == ([Key("session", "s1")], [])
    assert [meets(kind) for kind in ("identity", "token", "session", "custom")] == [True, True, False, False]

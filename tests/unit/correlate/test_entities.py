"""Lists of entities and what is known of one, against the same computed slowly from every event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.engine import START, block, fresh_log, opened
from support.entities import KINDS, Truth, span_of
from support.entity_world import World
from support.recompute import read_events
from vestige.correlate import Key, Store, cursors, entities
from vestige.correlate.entities import id_of, key_of, page, profile, term_of
from vestige.correlate.entity_store import EntityStore, Sift
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.event import Event, KeyKind
from vestige.model.instant import UNDATED
from vestige.query import Reader, normal, parse
from vestige.query.ast import HasKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

SIFTS = [
    Sift(),
    Sift("identity"),
    Sift("host", "WEB"),
    Sift(contains="ALI"),
    Sift(contains="Straße"),
    Sift("identity", "arn:", "%_\\"),
    Sift("session", "S1"),
    Sift(prefix="nobody"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("entities")) as index:
        yield index


@pytest.fixture(scope="module")
def world(index: Index) -> World:
    World(index, 8, 300)
    return World(index, 7)


def walk(world: World, sift: Sift, sort: str, limit: int) -> list[Any]:
    rows, cursor = [], None
    while True:
        found = page(world.entities, world.log, sift, sort, limit, cursor)
        rows += found.rows
        cursor = found.cursor
        if cursor is None:
            return rows


@pytest.mark.parametrize("sort", ["last", "first", "count", "value"])
@pytest.mark.parametrize("sift", SIFTS, ids=str)
def test_all_pages_together_are_the_list_in_its_order(world: World, sift: Sift, sort: str) -> None:
    expected = world.truth.listed(sort, *sift)
    for limit in (7, 1000):
        rows = walk(world, sift, sort, limit)
        assert [row.key for row in rows] == expected
    assert {row.key: (row.first_at, row.last_at, row.events) for row in rows} == {
        key: world.truth.span(key) for key in expected
    }
    counts = {kind: sum(key.kind == kind for key in expected) for kind in KINDS}
    assert world.entities.totals(sift) == {kind: n for kind, n in counts.items() if n}


def assert_profile(world: World, key: Key) -> None:
    truth = world.truth
    found = profile(world.entities, world.store, key)
    spots = sorted(truth.keys[key])
    dated = [spot for spot in spots if spot.occurred_at != UNDATED]
    undated = [spot for spot in spots if spot.occurred_at == UNDATED]
    assert found.row[1:] == truth.span(key)
    assert (found.first, found.last) == ((dated[0], dated[-1]) if dated else (None, None))
    assert (found.undated, found.undated_first) == (len(undated), undated[0] if undated else None)
    assert dict(found.activity) == truth.days(key)
    assert [day for day, _ in found.activity] == sorted(truth.days(key), reverse=True)
    assert (found.days, found.days_of_all) == (len(truth.days(key)), truth.days_of_all())
    rows = [truth.rows[spot] for spot in spots]
    for told, values in (
        (found.sources, [row.source for row in rows]),
        (found.types, [row.event.event_type for row in rows]),
        (found.outcomes, [row.event.outcome for row in rows if row.event.outcome]),
    ):
        assert dict(told) == {value: values.count(value) for value in values}
    expected = truth.peers(key) if found.uncounted else truth.carried(key, KINDS)
    assert found.met == {
        kind: sum(peer.kind == kind for peer in expected) for kind in KINDS if any(p.kind == kind for p in expected)
    }
    for one in found.related:
        assert (one.peer.first_at, one.peer.last_at, one.peer.events) == expected[one.peer.key]
        both = [spot for spot in spots if spot in truth.keys[one.peer.key]]
        assert one.first_shown is not None
        assert one.last_shown is not None
        if one.peer.first_at is not None:
            assert (one.first_shown.occurred_at, one.last_shown.occurred_at) == expected[one.peer.key][:2]
        assert {one.first_shown, one.last_shown} <= set(both)
    for kind in found.met:
        told_of = [one.peer for one in found.related if one.peer.key.kind == kind]
        commonest = sorted((span[2] for peer, span in expected.items() if peer.kind == kind), reverse=True)
        assert [peer.events for peer in told_of] == commonest[: entities.PEERS]


def test_what_is_known_of_each_entity_is_what_its_events_say(world: World) -> None:
    for key in sorted(world.truth.keys)[::3]:
        assert_profile(world, key)


def test_late_events_and_a_source_that_is_read_anew_move_first_last_and_counts(index: Index) -> None:
    world = World(index, 31, 150)
    before = {key: world.truth.span(key) for key in world.truth.keys}
    world.reread(32, 150)
    after = {key: world.truth.span(key) for key in world.truth.keys}
    assert before != after
    for key in sorted(world.truth.keys)[::9]:
        assert_profile(world, key)
    gone = sorted(before.keys() - after.keys())
    assert gone
    with pytest.raises(NotFoundError, match="no event has"):
        profile(world.entities, world.store, gone[0])


def test_an_entity_of_undated_events_alone_has_neither_first_nor_last(index: Index) -> None:
    log = fresh_log()
    events = [Event("a.b", None, actor_id="ann", session="s1"), Event("a.b", None, actor_id="ann", src_ip="10.0.0.1")]
    index.write(block(log, 0, [(seq, 0, event, 0) for seq, event in enumerate(events)], hi=2))
    reader = Reader(index)
    store = EntityStore(reader, log)
    found = profile(store, Store(reader, log), Key("identity", "ann"))
    assert (found.row.first_at, found.row.last_at, found.row.events, found.undated) == (None, None, 2, 2)
    assert (found.first, found.last, found.undated_first) == (None, None, (UNDATED, 0, 0))
    assert (found.activity, found.days, found.days_of_all) == ([], 0, 0)
    (address,) = [one for one in found.related if one.peer.key.kind == "ip"]
    assert (address.peer.first_at, address.first_shown) == (None, (UNDATED, 1, 0))


def test_above_a_number_of_events_what_is_not_counted_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Key("ip", "10.0.0.2")
    events = world.truth.span(key)[2]
    monkeypatch.setattr(entities, "READ", events)
    assert profile(world.entities, world.store, key).uncounted == ()
    monkeypatch.setattr(entities, "READ", events - 1)
    found = profile(world.entities, world.store, key)
    assert found.uncounted == ("session", "hash", "commit", "custom")
    assert {one.peer.key.kind for one in found.related}.isdisjoint(found.uncounted)
    assert_profile(world, key)
    monkeypatch.setattr(entities, "READ", 0)
    for other in sorted(world.truth.keys)[::17]:
        assert_profile(world, other)
    assert profile(world.entities, world.store, Key("session", "s3")).uncounted == KINDS


def test_no_event_of_another_log_is_counted(index: Index) -> None:
    spans = []
    for count in (2, 5):
        log = fresh_log()
        rows = [(seq, 0, Event("a.b", START + seq, actor_id="ann", host="h"), 0) for seq in range(count)]
        index.write(block(log, 0, rows, hi=count))
        reader = Reader(index)
        found = profile(EntityStore(reader, log), Store(reader, log), Key("identity", "ann"))
        truth = Truth(read_events(index, log))
        assert found.row[1:] == truth.span(Key("identity", "ann"))
        assert [one.peer[1:] for one in found.related] == [span_of(truth.keys[Key("host", "h")])]
        spans.append(found.row.events)
    assert spans == [2, 5]


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=60))
def test_an_id_and_a_term_lead_back_to_their_entity(kind: str, text: str) -> None:
    value = normal(kind, text)
    if not value:
        return
    key = Key(kind, value)
    assert key_of(id_of(key)) == key
    if value == "".join(letter for letter in value if letter.isprintable()):
        assert parse(term_of(key)) == HasKey(kind, value)


@pytest.mark.parametrize(
    "text",
    ["", "ann", "identity", "identity.", "identity.!", "person.YQ", "identity.gA", "person=a", "ip=", "x" * 7000],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(NotFoundError, match="no entity"):
        key_of(text)
    assert key_of("identity=Ann") == key_of("identity.YW5u") == Key("identity", "ann")


@pytest.mark.parametrize(
    ("sift", "sort", "limit", "said"),
    [
        (Sift("person"), "last", 10, "no such kind"),
        (Sift(contains="x" * 257), "last", 10, "too long"),
        (Sift(prefix="x" * 257), "last", 10, "too long"),
        (Sift(), "worst", 10, "no such order"),
        (Sift(), "last", 0, "out of bounds"),
        (Sift(), "last", 1001, "out of bounds"),
    ],
)
def test_a_list_out_of_bounds_is_refused(world: World, sift: Sift, sort: str, limit: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        page(world.entities, world.log, sift, sort, limit, None)
    assert page(world.entities, world.log, Sift("identity", "x" * 256, "x" * 256), "last", 1000, None).rows == []


def test_a_cursor_is_good_for_its_list_alone(world: World) -> None:
    cursor = page(world.entities, world.log, Sift("identity"), "count", 3, None).cursor
    assert cursor is not None
    assert page(world.entities, world.log, Sift("identity"), "count", 3, cursor).rows
    for sift, sort, text, said in (
        (Sift("ip"), "count", cursor, "another list"),
        (Sift("identity"), "last", cursor, "another list"),
        (Sift("identity"), "count", cursor[:-3], "not a cursor"),
        (Sift("identity"), "count", "W10", "not a cursor"),
        (Sift("identity"), "count", "x" * 9000, "not a cursor"),
        (Sift("identity"), "count", cursors.encode((1, 2), "entities"), "not a cursor"),
        (Sift("identity"), "count", cursors.encode((1, 2**80, ""), "entities"), "not a cursor"),
        (Sift("identity"), "count", "é", "not a cursor"),
    ):
        with pytest.raises(UsageError, match=said):
            page(world.entities, world.log, sift, sort, 3, text)


def test_every_kind_of_key_is_a_kind_of_entity() -> None:
    assert tuple(str(kind) for kind in KeyKind) == KINDS == entities.KINDS

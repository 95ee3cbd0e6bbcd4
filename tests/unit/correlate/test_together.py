"""Groups against every two events compared, and the bounds of a search."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import START, block, fresh_log, opened
from support.entity_world import World
from vestige.correlate import Spot, cursors, together
from vestige.correlate.together import Group, Wanted
from vestige.model.errors import QueryError, UsageError
from vestige.model.event import Event
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

MINUTE = 60 * 10**9
TERMS = [
    "type:auth.login",
    "type:auth.*",
    "outcome:failure",
    "key:ip=10.0.0.1",
    "actor:alice",
    "key:identity=alice",
    "key:commit=c0ffee03",
    "severity:>=high",
    "failed",
    "host:web-1 OR session:s3",
    "",
    "type:nothing",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("together")) as index:
        yield index


@pytest.fixture(scope="module")
def world(index: Index) -> World:
    World(index, 8, 300)
    return World(index, 11, 240)


def walk(world: World, wanted: Wanted, limit: int) -> tuple[list[Group], int | None]:
    groups: list[Group] = []
    cursor = None
    total = None
    while True:
        found = together.together(world.reader, world.log, wanted, limit, cursor)
        total = found.total if cursor is None else total
        groups += found.groups
        cursor = found.cursor
        if cursor is None:
            return groups, total


@pytest.mark.parametrize(("seed", "expected_events", "wider"), [(5, together.EXPECTED, together.WIDER), (6, 1, 2)])
def test_the_groups_are_those_that_comparing_every_two_events_finds(
    world: World, seed: int, expected_events: int, wider: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second time the nearest are looked for in windows so narrow that they are widened again and again.
    monkeypatch.setattr(together, "EXPECTED", expected_events)
    monkeypatch.setattr(together, "WIDER", wider)
    chance = random.Random(seed)
    sizes = []
    for _ in range(13):
        terms = tuple(chance.choice(TERMS) for _ in range(chance.choice((2, 2, 3, 4))))
        window = chance.choice((1, MINUTE, 30 * MINUTE, 600 * MINUTE))
        by = chance.choice(("", "", "identity", "host", "session"))
        start = chance.choice((None, None, START + 1000 * MINUTE, -(10**18)))
        end = chance.choice((None, None, START + 3000 * MINUTE))
        descending = chance.random() < 0.5
        wanted = Wanted(terms, window, by, start, end, descending)
        groups, total = walk(world, wanted, chance.choice((7, 100)))
        expected = world.truth.groups(terms, window, by, start, end)
        order = sorted(expected, key=lambda at: (at[0], at[1].encode()), reverse=descending)
        assert [(group.anchor.spot, group.anchor.shared) for group in groups] == order
        assert total == len(order)
        for group in groups:
            near = expected[group.anchor.spot, group.anchor.shared]
            for member, spots in zip(group.members, near, strict=True):
                assert member.events == len(spots)
                apart = [abs(spot.occurred_at - group.anchor.spot.occurred_at) for spot in member.nearest]
                every = sorted(abs(spot.occurred_at - group.anchor.spot.occurred_at) for spot in spots)
                assert apart == every[: together.NEAREST]
                assert set(member.nearest) <= set(spots)
        sizes.append(len(order))
    assert sum(size > 0 for size in sizes) > 3
    assert sum(size == 0 for size in sizes) > 0


def events(index: Index, *rows: tuple[int, dict[str, Any]]) -> tuple[Reader, int]:
    log = fresh_log()
    made = [Event("a.b", at, **fields) for at, fields in rows]
    index.write(block(log, 0, [(seq, 0, event, 0) for seq, event in enumerate(made)], hi=len(made)))
    return Reader(index), log


def test_the_window_has_both_its_ends_to_the_nanosecond(index: Index) -> None:
    reader, log = events(
        index,
        (START, {"host": "a"}),
        (START + 5, {"host": "b"}),
        (START - 5, {"host": "c"}),
        (START + 6, {"host": "d"}),
    )
    for other, found in (("b", 1), ("c", 1), ("d", 0)):
        groups = together.together(reader, log, Wanted(("host:a", f"host:{other}"), 5), 10, None)
        assert len(groups.groups) == found


def test_the_furthest_instants_are_told_apart(index: Index) -> None:
    reader, log = events(index, (-(2**63) + 1, {"host": "a"}), (2**63 - 1, {"host": "b"}), (0, {"host": "c"}))
    for terms, found in ((("host:a", "host:b"), 0), (("host:c", "host:a"), 0), (("host:b", "host:b"), 0)):
        assert together.together(reader, log, Wanted(terms, 366 * 86_400 * 10**9), 10, None).total == found


def test_an_anchor_is_not_its_own_company_and_one_event_may_meet_two_terms(index: Index) -> None:
    reader, log = events(index, (START, {"host": "a"}), (START, {"host": "b", "actor_id": "ann"}))
    alone = together.together(reader, log, Wanted(("host:a", "host:a"), MINUTE), 10, None)
    assert (alone.groups, alone.total) == ([], 0)
    (group,) = together.together(reader, log, Wanted(("host:a", "host:b", "actor:ann"), MINUTE), 10, None).groups
    assert [member.nearest for member in group.members] == [[Spot(START, 1, 0)], [Spot(START, 1, 0)]]


def test_no_event_of_another_log_is_company(index: Index) -> None:
    reader, one = events(index, (START, {"host": "a"}), (START + 1, {"host": "b"}))
    _, other = events(index, (START, {"host": "a"}), (START + MINUTE, {"host": "b"}), (START + 2, {"host": "b"}))
    wanted = Wanted(("host:a", "host:b"), MINUTE)
    counts = [
        [member.events for group in together.together(reader, log, wanted, 10, None).groups for member in group.members]
        for log in (one, other)
    ]
    assert counts == [[1], [2]]


@pytest.mark.parametrize(
    ("wanted", "limit", "said"),
    [
        (Wanted(("host:a",)), 10, "terms is out of bounds"),
        (Wanted(("host:a",) * 7), 10, "terms is out of bounds"),
        (Wanted(("host:a", "x" * 4097)), 10, "terms is out of bounds"),
        (Wanted(("host:a", "host:b"), 0), 10, "window is out of bounds"),
        (Wanted(("host:a", "host:b"), 366 * 86_400 * 10**9 + 1), 10, "window is out of bounds"),
        (Wanted(("host:a", "host:b"), by="person"), 10, "by is out of bounds"),
        (Wanted(("host:a", "host:b")), 0, "limit is out of bounds"),
        (Wanted(("host:a", "host:b")), 101, "limit is out of bounds"),
    ],
)
def test_a_search_out_of_bounds_is_refused(world: World, wanted: Wanted, limit: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        together.together(world.reader, world.log, wanted, limit, None)
    widest = Wanted(("host:web-1",) * 5 + ("x" * 4096,), 366 * 86_400 * 10**9, "custom")
    assert together.together(world.reader, world.log, widest, 100, None).groups == []


def test_what_is_no_query_is_refused_with_its_place(world: World) -> None:
    with pytest.raises(QueryError, match="term 2: there is no field") as caught:
        together.together(world.reader, world.log, Wanted(("host:a", "nofield:x")), 10, None)
    assert (caught.value.column, caught.value.query) == (1, "nofield:x")


def test_more_events_than_are_held_are_refused_and_as_many_are_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Wanted(("type:auth.login", "outcome:failure"), MINUTE)
    dated = world.truth.groups(("type:auth.login", ""), 10**19, "", None, None)
    many = sum(bool(group) for group in dated) + len(
        world.truth.groups(("outcome:failure", ""), 10**19, "", None, None)
    )
    monkeypatch.setattr(together, "MOST_EVENTS", many)
    assert together.together(world.reader, world.log, wanted, 10, None).total is not None
    monkeypatch.setattr(together, "MOST_EVENTS", many - 1)
    with pytest.raises(UsageError, match="too many events would take part"):
        together.together(world.reader, world.log, wanted, 10, None)


def test_a_cursor_is_good_for_its_search_alone(world: World) -> None:
    wanted = Wanted(("type:auth.login", "outcome:failure"), 60 * MINUTE)
    cursor = together.together(world.reader, world.log, wanted, 1, None).cursor
    assert cursor is not None
    assert together.together(world.reader, world.log, wanted, 1, cursor).groups
    shape = ("together", world.log, *wanted.terms, wanted.window, "", None, None, True)
    for other, text, said in (
        (Wanted(wanted.terms, 61 * MINUTE), cursor, "another list"),
        (wanted, cursor[:-4], "not a cursor"),
        (wanted, cursors.encode((1, -1, 0, ""), *shape), "not a cursor"),
        (wanted, cursors.encode((1, 1, 2**16, ""), *shape), "not a cursor"),
    ):
        with pytest.raises(UsageError, match=said):
            together.together(world.reader, world.log, other, 1, text)

"""Pages, counts, density and context against the same computed in plain Python over every event."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from support.engine import START, block, entry_id, fresh_log, made_up, opened
from support.matching import in_scope, matches
from support.recompute import read_events
from vestige.model.errors import NotFoundError, QueryError, UsageError
from vestige.model.event import Event, Severity
from vestige.query import parse
from vestige.timeline import Timeline, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import EventRow, Index
    from vestige.timeline import Page

DAY = 86_400_000_000_000
HOUR = DAY // 24


class World:
    """A log of made-up events, and another beside it that must never show."""

    def __init__(self, index: Index) -> None:
        log, other = fresh_log(), fresh_log()
        for lo in range(0, 2400, 800):
            index.write(block(log, lo, made_up(21, lo, 800), hi=lo + 800))
        index.write(block(other, 0, made_up(22, 0, 300), hi=300))
        self.index, self.log = index, log
        self.rows = list(read_events(index, log))
        self.timeline = Timeline(index, log)

    def expected(self, query: str, window: Window) -> list[str]:
        node = parse(query)
        chosen = [row for row in self.rows if in_scope(node, row) and matches(node, row)]
        if window.undated:
            chosen = [row for row in chosen if row.event.occurred_at is None]
        else:
            chosen = [row for row in chosen if _within(row, window.start, window.end)]
        chosen.sort(key=lambda row: (row.event.occurred_at or 0, row.seq, row.sub), reverse=window.descending)
        return [_id(row) for row in chosen]

    def walk(self, query: str, window: Window, limit: int) -> list[Page]:
        pages = [self.timeline.page(query, window, limit=limit)]
        while (cursor := pages[-1].next_cursor) is not None:
            pages.append(self.timeline.page(query, window, limit=limit, cursor=cursor))
        return pages


def _within(row: EventRow, start: int | None, end: int | None) -> bool:
    at = row.event.occurred_at
    return at is not None and (start is None or at >= start) and (end is None or at < end)


def _id(row: EventRow) -> str:
    return f"{row.id}.{row.sub}" if row.sub else row.id


def _ids(pages: list[Page]) -> list[str]:
    return [event["id"] for page in pages for event in page.events]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("world")) as index:
        yield World(index)


WINDOWS = [
    Window(),
    Window(descending=False),
    Window(START + DAY, START + 2 * DAY),
    Window(None, 0, descending=False),
    Window(undated=True),
    Window(undated=True, descending=False),
    Window(START + DAY, START + DAY),
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("query", ["", "actor:alice", "failed OR host:web-1", "session:nowhere", "in:ledger"])
def test_all_pages_together_are_the_list(world: World, query: str, window: Window) -> None:
    assert _ids(world.walk(query, window, 400)) == world.expected(query, window)


@pytest.mark.parametrize("limit", [1, 7])
def test_pages_break_inside_an_instant_without_loss(world: World, limit: int) -> None:
    minute = START + 600 * 60_000_000_000
    window = Window(minute, minute + 10 * 60_000_000_000)
    expected = world.expected("", window)
    assert len({row.event.occurred_at for row in world.rows if _within(row, window.start, window.end)}) < len(expected)
    assert _ids(world.walk("", window, limit)) == expected


@pytest.mark.parametrize("window", [Window(), Window(descending=False), Window(undated=True)])
def test_going_back_gives_the_same_pages(world: World, window: Window) -> None:
    pages = world.walk("severity:>=medium", window, 60)
    assert len(pages) > 1
    for before, after in itertools.pairwise(pages):
        back = world.timeline.page("severity:>=medium", window, limit=60, cursor=after.previous_cursor)
        assert back.events == before.events
        assert back.next_cursor is not None
    first = world.timeline.page("severity:>=medium", window, limit=60, cursor=pages[0].previous_cursor)
    assert (first.events, first.previous_cursor) == ([], None)


@pytest.mark.parametrize("limit", [1, 2, 7, 60])
@pytest.mark.parametrize("window", [Window(), Window(descending=False), Window(undated=True), WINDOWS[2]])
@pytest.mark.parametrize("query", ["severity:>=medium", "actor:alice"])
def test_a_list_opens_at_an_event_and_goes_on_both_ways(world: World, query: str, window: Window, limit: int) -> None:
    expected = world.expected(query, window)
    rows = {_id(row): row for row in world.rows}
    for place in {0, 1, len(expected) // 2, len(expected) - 1}:
        at = rows[expected[place]]
        page, before, unlisted = world.timeline.around(at.seq, at.sub, query, window, limit=limit)
        ids = _ids([page])
        first = expected.index(ids[0])
        assert (unlisted, ids) == ("", expected[first : first + len(ids)])
        assert ids.index(expected[place]) == before == min(place, limit // 2)
        # Both ends lead on to just what is left of the list.
        if page.next_cursor is None:
            assert first + len(ids) == len(expected)
        else:
            after = world.timeline.page(query, window, limit=limit, cursor=page.next_cursor)
            assert _ids([after]) == expected[first + len(ids) :][:limit]
        earlier = world.timeline.page(query, window, limit=limit, cursor=page.previous_cursor)
        assert _ids([earlier]) == expected[max(0, first - limit) : first]


def test_it_is_said_why_an_event_is_not_in_a_list(world: World) -> None:
    graver = set(world.expected("severity:>=medium", Window()))
    rows = {_id(row): row for row in world.rows}
    dated = next(rows[one] for one in world.expected("", Window())[1000:] if one not in graver)
    undated = next(row for row in world.rows if row.event.occurred_at is None)
    at = dated.event.occurred_at or 0

    def asked(row: EventRow, query: str, window: Window) -> tuple[list[str], str]:
        found = world.timeline.around(row.seq, row.sub, query, window, limit=20)
        return _ids([found.page]), found.unlisted

    window = Window(at + 1, None, descending=False)
    assert asked(dated, "", window) == (world.expected("", window)[:20], "outside")
    assert asked(dated, "", Window(None, at)) == (world.expected("", Window(None, at))[:20], "outside")
    assert asked(undated, "", window) == (world.expected("", window)[:20], "undated")
    assert asked(dated, "", Window(undated=True)) == (world.expected("", Window(undated=True))[:20], "dated")
    # Left out by the query, it would stand in the middle of the page.
    listed, unlisted = asked(dated, "severity:>=medium", Window(descending=False))
    assert unlisted == "query"
    times = [rows[one].event.occurred_at or 0 for one in listed]
    assert times[9] <= at <= times[10]
    assert asked(dated, "session:nowhere", Window()) == ([], "query")
    with pytest.raises(NotFoundError):
        world.timeline.around(10**9, 0)
    with pytest.raises(UsageError, match="limit"):
        world.timeline.around(dated.seq, dated.sub, limit=0)


def test_a_page_holds_its_place_while_events_arrive(world: World) -> None:
    log = fresh_log()
    timeline = Timeline(world.index, log)
    world.index.write(block(log, 0, [(seq, 0, Event("auth.login", START + seq), 0) for seq in range(10)]))
    first = timeline.page(limit=4)
    world.index.write(block(log, 10, [(seq, 0, Event("auth.login", START + seq), 0) for seq in range(10, 13)]))
    second = timeline.page(limit=4, cursor=first.next_cursor)
    assert [event["seq"] for event in [*first.events, *second.events]] == [9, 8, 7, 6, 5, 4, 3, 2]
    arrived = timeline.page(limit=4, cursor=first.previous_cursor)
    assert [event["seq"] for event in arrived.events] == [12, 11, 10]


def test_a_cursor_is_good_for_its_own_list_only(world: World) -> None:
    cursor = world.timeline.page("failed", limit=2).next_cursor
    assert cursor is not None
    assert world.timeline.page("failed", limit=3, cursor=cursor).events
    for query, window in [("password", Window()), ("failed", Window(descending=False)), ("failed", Window(1, 2))]:
        with pytest.raises(UsageError, match="another list"):
            world.timeline.page(query, window, cursor=cursor)
    with pytest.raises(UsageError, match="another list"):
        Timeline(world.index, world.log + 1).page("failed", cursor=cursor)
    for text in ("", "x", cursor[:-2], cursor + "AAAA", "é"):
        with pytest.raises(UsageError, match="cursor"):
            world.timeline.page("failed", cursor=text)


@pytest.mark.parametrize("limit", [0, 5001])
def test_a_limit_out_of_bounds_is_refused(world: World, limit: int) -> None:
    with pytest.raises(UsageError, match="limit"):
        world.timeline.page(limit=limit)
    assert len(world.timeline.page(limit=5000).events) == len(world.expected("", Window()))


def test_a_query_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(QueryError):
        world.timeline.page("actor:")
    with pytest.raises(QueryError):
        world.timeline.count("(")
    assert world.timeline.count("actor:alice").dated > 0


@pytest.mark.parametrize("query", ["", "failed", "in:ledger", "session:nowhere", "NOT outcome:success"])
@pytest.mark.parametrize("span", [(None, None), (START + DAY, START + 2 * DAY), (None, 0)])
def test_counts_are_exact(world: World, query: str, span: tuple[int | None, int | None]) -> None:
    count = world.timeline.count(query, *span)
    assert count.dated == len(world.expected(query, Window(*span)))
    assert count.undated == len(world.expected(query, Window(undated=True)))


@pytest.mark.parametrize("lane", ["", "source", "category", "event_type", "severity", "outcome"])
@pytest.mark.parametrize("query", ["", "failed"])
@pytest.mark.parametrize(
    ("start", "end", "buckets"),
    [
        (START + 17, START + 3 * DAY - 5, 24),
        (START - HOUR, START + 3 * DAY, 300),
        (START + 5 * HOUR + 1, START + 5 * HOUR + 2 * 60_000_000_000, 10),
        (-3 * DAY - 11, 13, 20),
        (None, None, 50),
    ],
)
def test_density_is_exact_in_every_bucket(
    world: World, query: str, lane: str, start: int | None, end: int | None, buckets: int
) -> None:
    density = world.timeline.density(query, start, end, buckets=buckets, lane=lane)
    assert 0 < density.buckets <= buckets
    assert density.origin <= density.start
    assert density.end <= density.origin + density.width * density.buckets
    node = parse(query)
    expected: dict[str, list[int]] = {}
    for row in world.rows:
        at = row.event.occurred_at
        if at is None or not in_scope(node, row) or not matches(node, row) or not density.start <= at < density.end:
            continue
        name = {
            "": "",
            "source": row.source,
            "category": row.category,
            "event_type": row.event.event_type,
            "severity": Severity(row.event.severity).name.lower(),
            "outcome": row.event.outcome,
        }[lane]
        expected.setdefault(name, [0] * density.buckets)[(at - density.origin) // density.width] += 1
    assert density.lanes == expected
    if start is None:
        assert density.total == len(world.expected(query, Window()))


@pytest.mark.parametrize("lane", ["source", "severity", "outcome", ""])
def test_marks_are_the_events_of_the_span_in_their_lanes(world: World, lane: str) -> None:
    start, end = START + 17, START + 2 * DAY
    marks, more = world.timeline.marks("severity:>=medium", start, end, lane=lane, limit=10_000)
    events = world.timeline.page("severity:>=medium", Window(start, end, descending=False), limit=5000).events
    assert len(events) > 100
    assert [mark.id for mark in marks] == [event["id"] for event in events]
    assert not more
    assert [mark.lane for mark in marks] == [str(event.get(lane, "")) if lane else "" for event in events]
    assert [(mark.severity, mark.type) for mark in marks] == [(one["severity"], one["event_type"]) for one in events]
    first, more = world.timeline.marks("severity:>=medium", start, end, lane=lane, limit=10)
    assert first == marks[:10]
    assert more


def test_marks_refuse_what_is_no_lane_and_more_than_can_be_seen(world: World) -> None:
    with pytest.raises(UsageError):
        world.timeline.marks(lane="message")
    with pytest.raises(UsageError):
        world.timeline.marks(limit=10_001)
    assert world.timeline.marks("session:nowhere") == ([], False)


def test_density_without_events_is_empty(world: World) -> None:
    assert world.timeline.density("session:nowhere").total == 0
    assert Timeline(world.index, fresh_log()).density().buckets == 0
    assert world.timeline.density("", START, START).total == 0


def test_density_refuses_what_it_cannot_count(world: World) -> None:
    with pytest.raises(UsageError, match="lane"):
        world.timeline.density(lane="message")
    with pytest.raises(UsageError, match="buckets"):
        world.timeline.density(buckets=0)


def test_context_is_what_stands_around_whatever_the_filter(world: World) -> None:
    order = world.expected("", Window(descending=False))
    for place in (0, 3, len(order) // 2, len(order) - 1):
        row = next(row for row in world.rows if _id(row) == order[place])
        context = world.timeline.context(row.seq, row.sub, count=5)
        assert [event["id"] for event in context.before] == order[max(0, place - 5) : place]
        assert context.event["id"] == order[place]
        assert [event["id"] for event in context.after] == order[place + 1 : place + 6]


def test_context_within_a_time(world: World) -> None:
    row = next(row for row in world.rows if row.event.occurred_at and row.event.occurred_at > START + DAY)
    at = row.event.occurred_at
    assert at is not None
    context = world.timeline.context(row.seq, row.sub, count=500, within=5 * 60_000_000_000)
    around = world.expected("", Window(at - 5 * 60_000_000_000, at + 5 * 60_000_000_000 + 1, descending=False))
    assert [event["id"] for event in [*context.before, context.event, *context.after]] == around


def test_context_of_an_undated_event_is_its_lane(world: World) -> None:
    order = world.expected("", Window(undated=True, descending=False))
    row = next(row for row in world.rows if _id(row) == order[10])
    context = world.timeline.context(row.seq, row.sub, count=3, within=1)
    assert [event["id"] for event in context.before] == order[7:10]
    assert [event["id"] for event in context.after] == order[11:14]


def test_context_refuses_what_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.timeline.context(999_999)
    with pytest.raises(NotFoundError):
        world.timeline.event(0, 99)
    with pytest.raises(UsageError, match="context"):
        world.timeline.context(world.rows[0].seq, count=501)


def test_an_event_can_be_opened_whatever_it_is(world: World) -> None:
    for status in ("skipped", "unparsed", "parsed"):
        row = next(row for row in world.rows if row.status == status)
        assert world.timeline.event(row.seq, row.sub)["id"] == _id(row)
    own = next(row for row in world.rows if row.category == "vestige")
    assert world.timeline.event(own.seq)["category"] == "vestige"


def test_the_other_log_is_another_timeline(world: World) -> None:
    assert Timeline(world.index, fresh_log()).page("in:ledger status:*").events == []
    assert world.timeline.page("in:ledger", limit=1).events[0]["id"] >= entry_id(0)


LED = [
    "actor.name:alice severity:>=medium",
    "alice",
    "key:identity=alice",
    "actor:alice OR actor:bob",
    "actor:(alice OR bob) outcome:failure",
    "host:web-1 actor:alice",
    # A word that messages begin with a capital: however few rows are read, it is found.
    "actor:(alice OR bob) accepted",
    "actor:alice -accepted",
]


@pytest.mark.parametrize("most", [10, 20_000])
@pytest.mark.parametrize("window", [Window(), Window(descending=False), Window(START + DAY, START + 2 * DAY)])
@pytest.mark.parametrize("query", LED)
def test_a_list_led_by_keys_is_whole_however_few_moments_are_taken_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, query: str, window: Window, most: int
) -> None:
    monkeypatch.setattr("vestige.timeline.place_store._MOMENTS", most)
    expected = world.expected(query, window)
    assert len(expected) > 20
    pages = world.walk(query, window, 9)
    assert _ids(pages) == expected
    back = world.timeline.page(query, window, limit=9, cursor=pages[-1].previous_cursor)
    assert back.events == pages[-2].events

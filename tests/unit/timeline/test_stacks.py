"""Stacks hold every dated event once, those alike and close to one another together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import START, block, fresh_log, made_up, opened
from vestige.model.errors import UsageError
from vestige.model.event import Event
from vestige.model.instant import NANOS
from vestige.timeline import Stack, Timeline, Window, stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

MINUTE = 60 * NANOS
SHELL = [
    Event("auth.login_failed", START + at * NANOS, actor_id=who, message=f'failed for "{who}" from 10.0.0.{at} #{at}')
    for at, who in [(0, "eve"), (1, "bob"), (2, "eve"), (50, "EVE"), (130, "eve"), (131, ""), (131, "eve")]
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("stacks")) as index:
        yield index


@pytest.fixture(scope="module")
def timeline(index: Index) -> Timeline:
    log = fresh_log()
    index.write(block(log, 0, made_up(31, 0, 500), hi=500))
    return Timeline(index, log)


@pytest.fixture(scope="module")
def shell(index: Index) -> Timeline:
    log = fresh_log()
    index.write(block(log, 0, [(seq, 0, event, 0) for seq, event in enumerate(SHELL)]))
    return Timeline(index, log)


def every(timeline: Timeline, query: str = "", window: Window | None = None, **given: Any) -> list[Stack]:
    found, cursor = [], None
    while True:
        page = timeline.stacks(query, window, limit=100, cursor=cursor, **given)
        found += page.stacks
        cursor = page.next_cursor
        if cursor is None:
            return found


def naive(timeline: Timeline, query: str, gap: int) -> list[tuple[tuple[str, str], list[str]]]:
    """Runs by actor's id and type, one event after another."""
    runs: list[tuple[tuple[str, str], list[str]]] = []
    last: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for place, event in events(timeline, query):
        alike = event.get("actor", {}).get("id", "").lower(), event["event_type"].lower()
        before, run = last.get(alike, (0, []))
        if not run or place - before > gap:
            run = []
            runs.append((alike, run))
        run.append(event["id"])
        last[alike] = place, run
    return runs


def events(timeline: Timeline, query: str) -> list[tuple[int, dict[str, Any]]]:
    page = timeline.page(query, Window(descending=False), limit=5000)
    return [(timeline.place(event["seq"], int(event["id"].partition(".")[2] or 0)).occurred_at, event)
            for event in page.events]  # fmt: skip


@pytest.mark.parametrize("query", ["", "failed"])
@pytest.mark.parametrize("gap", [1, 60 * MINUTE])
@pytest.mark.parametrize("descending", [True, False])
def test_they_are_what_following_one_event_after_another_gives(
    timeline: Timeline, query: str, gap: int, descending: bool
) -> None:
    found = every(timeline, query, Window(descending=descending), gap=gap)
    expected = naive(timeline, query, gap)
    assert sorted((tuple(one.by.values()), one.ids) for one in found) == sorted(expected)
    ends = [one.last if descending else one.first for one in found]
    assert ends == sorted(ends, reverse=descending)
    assert sum(one.events for one in found) == timeline.count(query).dated
    for one in found[:3]:
        within = timeline.page(f"({query or '*:*'}) {one.term}", Window(one.first, one.last + 1, descending=False))
        assert [event["id"] for event in within.events] == one.ids
        assert one.event["id"] == one.ids[0]


def test_a_gap_parts_them_and_spellings_do_not(shell: Timeline) -> None:
    found = every(shell, window=Window(descending=False))
    assert [(one.by["actor.id"], one.events, (one.last - one.first) // NANOS) for one in found] == [
        ("eve", 3, 50), ("bob", 1, 0), ("eve", 2, 1), ("", 1, 0),
    ]  # fmt: skip
    assert len(every(shell, by=["actor.id"], gap=80 * NANOS)) == 3


def test_a_template_leaves_out_what_differs(shell: Timeline) -> None:
    (one,) = every(shell, by=["template"], gap=80 * NANOS)
    assert (one.events, one.term, one.by) == (7, "", {"template": "failed for * from *.*.*.* #*"})
    assert not re.search(r"\d", one.by["template"])


def test_only_so_many_ids_are_named(shell: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "MOST_EVENTS", 7)
    assert len(every(shell, by=["type"], gap=80 * NANOS)) == 1
    monkeypatch.setattr(stacks, "MOST_EVENTS", 6)
    with pytest.raises(UsageError, match="too many events"):
        shell.stacks()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"by": []}, "by"), ({"by": ["nothing"]}, "by"), ({"by": ["actor"]}, "by"), ({"by": ["tag"]}, "by"),
        ({"by": ["a.b"]}, "by"), ({"by": ["message"]}, "by"), ({"gap": 0}, "gap"), ({"gap": stacks.MAX_GAP + 1}, "gap"),
        ({"by": ["type", "source", "host", "outcome", "action", "session"]}, "by"),
        ({"limit": 0}, "limit"), ({"limit": 1001}, "limit"), ({"cursor": "x"}, "cursor"),
    ],
)  # fmt: skip
def test_what_cannot_be_stacked_is_refused(timeline: Timeline, given: dict[str, Any], field: str) -> None:
    with pytest.raises(UsageError) as refused:
        timeline.stacks(**given)
    assert refused.value.field == field
    fine = timeline.stacks(by=["type", "severity", "network.src_port", "attributes.n", "template"], limit=1000)
    assert fine.stacks


def test_a_cursor_is_of_its_own_list(timeline: Timeline) -> None:
    cursor = timeline.stacks(limit=3).next_cursor
    assert timeline.stacks(limit=9, cursor=cursor).stacks
    with pytest.raises(UsageError, match="another list"):
        timeline.stacks(limit=3, gap=1, cursor=cursor)

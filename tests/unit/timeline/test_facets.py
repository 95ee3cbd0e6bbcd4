"""Facets: every count is of all matching events, and its term finds just those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import START, block, fresh_log, made_up, opened
from vestige.model.errors import UsageError
from vestige.model.event import Event
from vestige.timeline import Timeline
from vestige.timeline.facets import DEFAULT_FACETS, MAX_FACETS, MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

FIELDS = (
    *DEFAULT_FACETS,
    *("category", "action", "session", "tag", "port", "network.dst_port", "network.src_ip", "user", "object.type"),
    *("status", "time_quality", "actor.name", "attributes.n", "attributes.user.name", "parser"),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("facets")) as index:
        yield index


@pytest.fixture(scope="module")
def timeline(index: Index) -> Timeline:
    log, other = fresh_log(), fresh_log()
    index.write(block(log, 0, made_up(21, 0, 600), hi=600))
    index.write(block(other, 0, made_up(22, 0, 300), hi=300))
    return Timeline(index, log)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("query", ["", "failed", "actor:alice OR severity:>=medium", "in:ledger", "time:*"])
def test_every_count_is_that_of_its_term(timeline: Timeline, field: str, query: str) -> None:
    (facet,) = timeline.facets([field], query, limit=MAX_VALUES)
    assert facet.distinct == len(facet.values)
    assert facet.total == sum(value.count for value in facet.values)
    assert [value.count for value in facet.values] == sorted((value.count for value in facet.values), reverse=True)
    for value in facet.values[:12]:
        found = timeline.count(f"({query}) {value.term}" if query else value.term)
        assert found.dated + found.undated == value.count, value


def test_most_facets_have_values(timeline: Timeline) -> None:
    facets = [facet for field in FIELDS for facet in timeline.facets([field])]
    empty = [facet.field for facet in facets if not facet.values]
    assert empty == []


def test_a_window_counts_dated_events_within_it(timeline: Timeline) -> None:
    start, end = START, START + 3600 * 10**9
    (facet,) = timeline.facets(["source"], "", start, end)
    assert facet.total == timeline.count("", start, end).dated
    for value in facet.values:
        assert timeline.count(value.term, start, end).dated == value.count


def test_a_limit_leaves_the_number_of_values_known(timeline: Timeline) -> None:
    (whole,) = timeline.facets(["actor"], limit=MAX_VALUES)
    (few,) = timeline.facets(["actor"], limit=2)
    assert (few.values, few.distinct, few.total) == (whole.values[:2], whole.distinct, whole.total)
    assert whole.distinct > 2


def test_spellings_of_one_name_are_one_value_and_signs_are_quoted(index: Index) -> None:
    log = fresh_log()
    rows = [
        (seq, 0, Event("a.b", START, actor_name=name, action='say "x" \\ y'), 0)
        for seq, name in enumerate(("ALICE", "alice", "Bob"))
    ]
    index.write(block(log, 0, rows))
    timeline = Timeline(index, log)
    actor, action = timeline.facets(["actor.name", "action"])
    assert [(value.value.lower(), value.count) for value in actor.values] == [("alice", 2), ("bob", 1)]
    assert timeline.count(action.values[0].term).dated == action.values[0].count == 3


@pytest.mark.parametrize(
    ("fields", "limit", "said"),
    [
        (["nothing"], 10, "no field"),
        (["message"], 10, "no facet"),
        (["time"], 10, "no facet"),
        (["source"], 0, "limit"),
        (["source"], MAX_VALUES + 1, "limit"),
        (["source"] * (MAX_FACETS + 1), 10, "too many"),
    ],
)
def test_what_is_no_facet_is_refused(timeline: Timeline, fields: list[str], limit: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        timeline.facets(fields, limit=limit)

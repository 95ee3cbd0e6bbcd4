from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from support.engine import START, block, made_up
from support.recompute import Contents, contents, read_events, recompute
from vestige.index.columns import Block
from vestige.index.schema import NEVER_FIRST, NO_BUCKET
from vestige.model.event import Event
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from vestige.index import Index


def test_every_derived_table_equals_one_computed_row_by_row(index: Index, log: int) -> None:
    rows = made_up(seed=1, lo=0, count=900)
    for lo in (0, 300, 600):
        index.write(block(log, lo, [row for row in rows if lo <= row[0] < lo + 300], hi=lo + 300))
    expected, actual = recompute(read_events(index, log)), contents(index, log)
    for field in fields(Contents):
        assert getattr(actual, field.name) == getattr(expected, field.name), field.name
        assert getattr(actual, field.name), field.name


def test_the_oracle_sees_a_difference(index: Index, log: int) -> None:
    index.write(block(log, 0, made_up(seed=2, lo=0, count=50), hi=50))
    index.engine.command(
        f"ALTER TABLE {index.database}.hour_type DELETE WHERE log = {log} AND outcome = 'success' "
        "SETTINGS mutations_sync = 2"
    )
    expected, actual = recompute(read_events(index, log)), contents(index, log)
    assert actual.hour_type != expected.hour_type
    assert actual.hour_source == expected.hour_source


def test_events_come_back_as_they_went_in(index: Index, log: int) -> None:
    rows = made_up(seed=3, lo=10, count=400)
    index.write(block(log, 10, rows))
    back = list(read_events(index, log))
    assert [(row.seq, row.sub, row.event) for row in back] == [(seq, sub, event) for seq, sub, event, _ in rows]
    assert [row.status for row in back] == [("parsed", "unparsed", "skipped")[status] for *_, status in rows]


def test_separators_and_quotes_in_values_come_back(index: Index, log: int) -> None:
    odd = Event(
        "a.b",
        START,
        message="sep \x1f \x00 \n'\"\\",
        actor_name="x\x1fy",
        tags=("t'", "u\ud800"),
        attributes='{"a":"\\u001f"}',
        keys=(("custom", "k\n"), ("token", "\udc00")),
    )
    index.write(block(log, 0, [(0, 0, odd, 0)]))
    (row,) = read_events(index, log)
    assert row.event == odd._replace(tags=("t'", "u?"), keys=(("custom", "k\n"), ("token", "?")))


def test_identities_and_hosts_fold_case_and_nothing_else_does(index: Index, log: int) -> None:
    event = Event("auth.login", START, actor_id="ALICE", actor_name="Alice", host="DC01", session="AbC")
    index.write(block(log, 0, [(0, 0, event, 0)]))
    assert set(contents(index, log).entities) == {("identity", "alice"), ("host", "dc01"), ("session", "AbC")}


def test_an_entity_of_undated_events_has_a_count_and_no_span(index: Index, log: int) -> None:
    undated, dated = Event("auth.login", session="a"), Event("auth.login", START, session="b")
    index.write(block(log, 0, [(0, 0, undated, 0), (1, 0, undated, 0), (2, 0, dated, 0)]))
    found = contents(index, log)
    assert found.entities["session", "a"] == (NEVER_FIRST, UNDATED, 2)
    assert found.entities["session", "b"] == (START, START, 1)
    assert found.hour_type[NO_BUCKET, "auth.login", "auth", ""] == 2


def test_own_acts_and_skipped_records_are_rows_but_not_counted(index: Index, log: int) -> None:
    rows = [
        (0, 0, Event("vestige.audit", START, actor_id="local:1"), 0),
        (1, 0, Event("record.skipped", START, actor_id="header"), 2),
        (2, 0, Event("auth.login", START, actor_id="alice"), 0),
    ]
    index.write(block(log, 0, rows))
    found = contents(index, log)
    assert set(found.entities) == {("identity", "alice")}
    assert sum(found.hour_source.values()) == 1
    assert len(found.places) == 3


def test_a_lone_surrogate_becomes_a_question_mark(index: Index, log: int) -> None:
    event = Event("auth.login", START, actor_name="a\ud800b", message="x\udfffy", keys=(("custom", "k\ud800"),))
    index.write(block(log, 0, [(0, 0, event, 0)]))
    (row,) = read_events(index, log)
    assert (row.event.actor_name, row.event.message) == ("a?b", "x?y")
    assert recompute([row]) == contents(index, log)


def test_a_block_without_rows_moves_the_watermark(index: Index, log: int) -> None:
    assert index.write(Block(log, 0, 7, "", [], [], [], [], [], [], [], [])).events == 0
    assert index.watermark(log) == 7


def test_a_value_too_long_is_no_key(index: Index, log: int) -> None:
    events = [Event("auth.login", START, session="s" * 1024), Event("auth.login", START, session="s" * 1025)]
    index.write(block(log, 0, [(seq, 0, event, 0) for seq, event in enumerate(events)]))
    assert set(contents(index, log).entities) == {("session", "s" * 1024)}

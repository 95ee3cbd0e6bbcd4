"""What a rebuild changes, told by field; beside each, a rebuild that changes nothing of the kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import START, block, entry_id, made_up
from vestige.index import differences as module
from vestige.index.schema import EVENTS
from vestige.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.index import Differences, Index

Row = tuple[int, int, Event, int]


def go_on() -> None:
    """Let the comparison go on."""


def compared(
    index: Index, log: int, before: list[Row], after: list[Row], check: Callable[[], None] = go_on
) -> Differences:
    hi = max(row[0] for row in before + after) + 1
    index.write(block(log, 0, before, hi=hi))
    with index.rebuild(log) as target:
        target.write(block(log, 0, after, hi=hi))
        live = index.digests(log)
        found = target.differences(check)
        assert target.digests()["events"] == live["events"] or any((found.changed, found.added, found.removed))
        return found


def change(rows: list[Row], at: int, **fields: object) -> list[Row]:
    return [(seq, sub, event._replace(**fields) if seq == at else event, status) for seq, sub, event, status in rows]  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRETCH", 7)
    monkeypatch.setattr(module, "ROWS", 16)


def test_equal_rows_have_no_differences(index: Index, log: int) -> None:
    rows = made_up(1, 0, 60)
    found = compared(index, log, rows, rows)
    assert found == (0, 0, 0, 0, {}, [], [])


def test_each_changed_field_is_counted_and_shown(index: Index, log: int) -> None:
    rows = [(seq, 0, Event("auth.login", START + seq, message=f"m{seq}", host="a"), 0) for seq in range(40)]
    after = change(rows, 3, message="\x1b[2J" + "é" * 300)
    for seq in (1, 9, 17, 38):
        after = change(after, seq, host="b")
    after = change(after, 9, occurred_at=None, tags=("x",))
    found = compared(index, log, rows, after)
    assert (found.changed, found.added, found.removed, found.doubled) == (5, 0, 0, 0)
    assert {name: change.rows for name, change in found.fields.items()} == {
        "host": 4,
        "occurred_at": 1,
        "message": 1,
        "tags": 1,
    }
    assert next(iter(found.fields)) == "host"
    assert found.fields["host"].examples == [(entry_id(seq), "a", "b") for seq in (1, 9, 17)]
    assert found.fields["occurred_at"].examples == [(entry_id(9), "2025-11-24T16:00:00.000000009Z", "")]
    assert found.fields["message"].examples == [(entry_id(3), "m3", "\x1b[2J" + "é" * 196)]
    assert found.fields["tags"].examples[0].after == "['x']"


def test_neighbouring_stretches_are_joined_at_once_up_to_a_number_of_rows(index: Index, log: int) -> None:
    rows = [(seq, 0, Event("auth.login", START + seq), 0) for seq in range(56)]
    after = rows
    for seq in (0, 8, 15, 36, 55):
        after = change(after, seq, host="b")
    calls: list[None] = []
    found = compared(index, log, rows, after, lambda: calls.append(None))
    assert found.changed == 5
    assert len(calls) == len(("0-14", "14-21", "35-42", "49-56"))


def test_rows_that_come_and_go_are_named_with_their_place_in_the_entry(index: Index, log: int) -> None:
    event = Event("auth.login", START)
    before = [(0, 0, event, 0), (0, 1, event, 0), (5, 0, event, 0), (20, 0, event, 0)]
    after = [
        (0, 0, event, 0),
        (5, 0, event, 0),
        (5, 1, event, 0),
        (5, 2, event, 0),
        (20, 0, event, 1),
        (33, 0, event, 0),
    ]
    found = compared(index, log, before, after)
    assert (found.changed, found.added, found.removed) == (1, 3, 1)
    assert found.added_ids == [entry_id(5) + ".1", entry_id(5) + ".2", entry_id(33)]
    assert found.removed_ids == [entry_id(0) + ".1"]
    assert found.fields["status"].examples == [(entry_id(20), "parsed", "unparsed")]
    assert set(found.fields) == {"status"}


def test_a_row_counted_again_is_told_apart_from_a_change(index: Index, log: int) -> None:
    rows = made_up(2, 0, 30)
    index.write(block(log, 0, rows, hi=30))
    columns = ", ".join(name for name in EVENTS.names)
    place = EVENTS.place(index.database)
    index.engine.command(f"INSERT INTO {place} ({columns}) SELECT {columns} FROM {place} WHERE log = {log} AND seq = 4")
    with index.rebuild(log) as target:
        target.write(block(log, 0, rows, hi=30))
        found = target.differences(go_on)
    doubled = sum(row[0] == 4 for row in rows)
    assert found == (0, 0, 0, doubled, {}, [], [])


def test_a_comparison_may_be_given_up(index: Index, log: int) -> None:
    rows = made_up(3, 0, 30)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        compared(index, log, rows, change(rows, 8, message="other"), stop)

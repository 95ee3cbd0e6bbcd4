"""Sets in order of time: whole or not used, of one generation, dropped when they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.engine import block, fresh_log, made_up
from vestige.index import placed as module
from vestige.index.placed import Placed

if TYPE_CHECKING:
    import pytest

    from vestige.index import Index


def rows(index: Index, log: int, name: str) -> list[tuple[int, int, int]]:
    where = "WHERE log = {log:UInt32} AND name = {name:String}"
    sql = f"SELECT occurred_at, seq, sub FROM {index.database}.placed {where}"
    return sorted((int(at), int(seq), int(sub)) for at, seq, sub in index.query(sql, {"log": log, "name": name}).rows)


def test_a_set_is_placed_where_the_index_has_all_of_it(index: Index) -> None:
    log = fresh_log()
    index.write(block(log, 0, made_up(5, 0, 40), hi=40))
    pick = index.picks.hold(log, [3, 9, 30], [0, 0, 0])
    name = index.placed.name(log, pick, 1)
    sql = f"SELECT DISTINCT occurred_at, seq, sub FROM {index.database}.places WHERE log = {{log:UInt32}}"
    every = {(int(at), int(seq), int(sub)) for at, seq, sub in index.query(sql, {"log": log}).rows}
    assert rows(index, log, name) == sorted(one for one in every if one[1:] in {(3, 0), (9, 0), (30, 0)})
    assert index.placed.name(log, pick, 1) == name
    assert index.placed.name(log, pick, 2) not in {name, ""}
    # What the index does not have is in no such set, and the set is not used.
    partly = index.picks.hold(log, [3, 900], [0, 0])
    assert index.placed.name(log, partly, 1) == ""
    assert index.placed.name(log, "", 1) == ""


def test_what_was_not_asked_for_in_long_is_dropped_and_made_again(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    log, placed = fresh_log(), Placed(index.engine, index.database)
    index.write(block(log, 0, made_up(6, 0, 10), hi=10))
    picks = [index.picks.hold(log, [seq], [0]) for seq in (1, 2, 3)]
    first, second, third = (placed.name(log, pick, 1) for pick in picks)
    assert [len(rows(index, log, name)) for name in (first, second, third)] == [0, 1, 1]
    assert placed.name(log, picks[0], 1) == first
    assert [len(rows(index, log, name)) for name in (first, second, third)] == [1, 0, 1]
    # One that another process left half written is written anew.
    index.engine.command(
        f"ALTER TABLE {index.database}.placed DELETE WHERE name = '{third}' SETTINGS mutations_sync = 1"
    )
    assert Placed(index.engine, index.database).name(log, picks[2], 1) == third
    assert len(rows(index, log, third)) == 1

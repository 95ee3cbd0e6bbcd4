"""Named sets of events: written once, whole, dropped when they are many, and never another log's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.engine import fresh_log
from vestige.index import picks as module
from vestige.index.picks import Picks

if TYPE_CHECKING:
    import pytest

    from vestige.index import Index


def rows(index: Index, log: int, name: str) -> list[tuple[int, int]]:
    sql = f"SELECT seq, sub FROM {index.database}.picks WHERE log = {{log:UInt32}} AND name = {{name:String}}"
    return sorted((int(seq), int(sub)) for seq, sub in index.query(sql, {"log": log, "name": name}).rows)


def test_a_set_is_its_content_and_is_written_once(index: Index) -> None:
    log, other = fresh_log(), fresh_log()
    assert index.picks.hold(log, [], []) == ""
    name = index.picks.hold(log, [3, 3, 9], [0, 1, 0])
    assert index.picks.hold(log, [3, 3, 9], [0, 1, 0]) == name
    assert rows(index, log, name) == [(3, 0), (3, 1), (9, 0)]
    assert rows(index, other, name) == []
    assert index.picks.holds(log, name)
    assert not index.picks.holds(other, name)
    assert index.picks.hold(log, [3, 9], [0, 0]) != name
    assert index.picks.hold(log, [3, 3, 9], [0, 2, 0]) != name
    # Another process finds it there.
    again = Picks(index.engine, index.database)
    assert again.hold(log, [3, 3, 9], [0, 1, 0]) == name
    assert rows(index, log, name) == [(3, 0), (3, 1), (9, 0)]


def test_a_set_that_a_crash_cut_short_is_written_anew(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PORTION", 2)
    log = fresh_log()
    whole = index.picks.hold(log, [1, 2, 3, 4, 5], [0] * 5)
    assert len(rows(index, log, whole)) == 5
    cut = Picks(index.engine, index.database)
    cut._write(log, cut.name([1, 2, 3], [0] * 3), [1, 2], [0] * 2)
    name = cut.hold(log, [1, 2, 3], [0] * 3)
    assert rows(index, log, name) == [(1, 0), (2, 0), (3, 0)]


def test_what_was_not_asked_for_in_long_is_dropped(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    log, picks = fresh_log(), Picks(index.engine, index.database)
    first, second = picks.hold(log, [1], [0]), picks.hold(log, [2], [0])
    picks.hold(log, [1], [0])
    third = picks.hold(log, [3], [0])
    assert [picks.holds(log, name) for name in (first, second, third)] == [True, False, True]
    assert rows(index, log, second) == []
    assert picks.hold(log, [2], [0]) == second
    assert rows(index, log, second) == [(2, 0)]


def test_sets_of_earlier_processes_count_and_are_dropped_first(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    log, earlier = fresh_log(), Picks(index.engine, index.database)
    first, second = earlier.hold(log, [1], [0]), earlier.hold(log, [2], [0])
    later = Picks(index.engine, index.database)
    third = later.hold(log, [3], [0])
    assert [len(rows(index, log, name)) for name in (first, second, third)] == [1, 1, 1]
    monkeypatch.setattr(module, "KEPT", 2)
    assert later.hold(log, [2], [0]) == second
    # What nobody has asked this process for goes before what somebody has.
    assert [len(rows(index, log, name)) for name in (first, second, third)] == [0, 1, 1]

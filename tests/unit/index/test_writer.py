from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import block, fresh_log, made_up, tip_of
from vestige.index.writer import IncompleteBlockError
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from vestige.index import Index
    from vestige.index.columns import Block


def _block(log: int, lo: int, hi: int, seed: int = 1) -> Block:
    return block(log, lo, made_up(seed, lo, hi - lo), hi=hi)


def test_a_block_counts_once_however_often_it_is_written(index: Index, log: int) -> None:
    first = index.write(_block(log, 0, 40))
    once = index.digests(log)
    again = index.write(_block(log, 0, 40))
    assert (first.repeated, again.repeated) == (False, True)
    assert index.digests(log) == once
    assert once["events"].rows > 40


def test_it_counts_once_after_everything_remembered_is_forgotten(index: Index, log: int) -> None:
    index.write(_block(log, 0, 40))
    once = index.digests(log)
    index.refresh(log)
    assert index.write(_block(log, 0, 40)).repeated
    assert index.digests(log) == once


def test_blocks_may_come_in_any_order_and_the_prefix_is_what_has_no_gap(index: Index, log: int) -> None:
    index.write(_block(log, 20, 30))
    assert index.watermark(log) == 0
    index.write(_block(log, 0, 10))
    assert index.watermark(log) == 10
    index.refresh(log)
    index.write(_block(log, 10, 20))
    assert index.watermark(log) == 30


def test_what_binds_the_rows_to_the_ledger_is_kept_for_the_prefix_and_for_every_block_beyond(
    index: Index, log: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index.marks(log) == []
    for lo in (0, 10, 30):
        index.write(_block(log, lo, lo + 10))
    real = index.engine.insert
    monkeypatch.setattr(
        index.engine, "insert", lambda place, *rest: real(place, *rest) if place.endswith("blocks") else 1 // 0
    )
    with pytest.raises(ZeroDivisionError):
        index.write(_block(log, 40, 50))
    monkeypatch.undo()
    expected = [(end, tip_of(end)) for end in (20, 40, 50)]
    assert index.marks(log) == expected
    index.refresh(log)
    assert index.marks(log) == expected
    assert index.torn(log) == [(40, 50)]
    index.write(_block(log, 20, 30))
    assert index.marks(log)[0] == (40, tip_of(40))
    index.drop(log)
    assert index.marks(log) == []


@pytest.mark.parametrize(("lo", "hi"), [(5, 15), (0, 20), (8, 12)])
def test_another_cut_of_the_same_entries_is_refused(index: Index, log: int, lo: int, hi: int) -> None:
    index.write(_block(log, 0, 10))
    before = index.digests(log)
    with pytest.raises(IndexStoreError, match="overlaps"):
        index.write(_block(log, lo, hi))
    assert index.digests(log) == before
    assert not index.write(_block(log, 10, 20)).repeated


@pytest.mark.parametrize("failing", range(9))
def test_a_block_torn_between_two_tables_is_made_whole_by_writing_it_again(
    index: Index, log: int, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = index.engine.insert, iter(range(100))

    def insert(*args: object) -> None:
        if next(calls) == failing:
            raise IndexStoreError("the engine is gone")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(index.engine, "insert", insert)
    with pytest.raises(IndexStoreError, match="gone"):
        index.write(_block(log, 0, 30))
    monkeypatch.undo()
    index.refresh(log)
    assert index.torn(log) == ([(0, 30)] if failing else [])
    assert index.watermark(log) == 0
    if failing:
        with pytest.raises(IndexStoreError, match="overlaps"):
            index.write(_block(log, 0, 31))
    assert not index.write(_block(log, 0, 30)).repeated
    other = fresh_log()
    index.write(_block(other, 0, 30))
    assert index.digests(log) == index.digests(other)
    assert index.torn(log) == []


@pytest.mark.parametrize("lost", ["events", "places"])
def test_a_torn_block_whose_replay_does_not_complete_it_empties_the_log(
    index: Index, log: int, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that says it has stored what it has not, be it for a token left behind or a disk that is full."""
    index.write(_block(log, 0, 10))
    real = index.engine.insert
    broken = ["relations"]

    def insert(place: str, *rest: object) -> None:
        if place.endswith(f".{lost}"):
            return
        if place.endswith(tuple(broken)):
            raise IndexStoreError("the engine is gone")
        real(place, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(index.engine, "insert", insert)
    with pytest.raises(IndexStoreError, match="gone"):
        index.write(_block(log, 10, 30))
    index.refresh(log)
    broken[:] = ["nothing"]
    with pytest.raises(IncompleteBlockError, match="10-30"):
        index.write(_block(log, 10, 30))
    assert (index.watermark(log), index.torn(log), index.digests(log)["entities"].rows) == (0, [], 0)
    monkeypatch.undo()
    index.write(_block(log, 0, 30))
    other = fresh_log()
    index.write(_block(other, 0, 30))
    assert index.digests(log) == index.digests(other)
    assert index.counts(log, 30).whole(30)


def test_the_record_of_blocks_does_not_grow_with_the_log(index: Index, log: int) -> None:
    for lo in range(0, 120, 10):
        index.write(_block(log, lo, lo + 10))
    index.engine.command(f"OPTIMIZE TABLE {index.database}.blocks FINAL")
    rows = index.query("SELECT count() FROM vestige.blocks WHERE log = {log:UInt32}", {"log": log}).rows
    assert rows[0][0] <= 3
    index.refresh(log)
    assert index.watermark(log) == 120
    assert index.write(_block(log, 0, 10)).repeated


def test_blocks_beyond_a_gap_are_remembered(index: Index, log: int) -> None:
    for lo in (50, 30, 10):
        index.write(_block(log, lo, lo + 10))
    index.refresh(log)
    before = index.digests(log)
    assert [index.write(_block(log, lo, lo + 10)).repeated for lo in (10, 30, 50)] == [True, True, True]
    assert index.digests(log) == before
    for lo in (0, 20, 40):
        index.write(_block(log, lo, lo + 10))
    assert index.watermark(log) == 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seqs": [0, 0]}, "ascending"),
        ({"subs": [0]}, "length"),
        ({"hi": 1}, "bounds"),
        ({"lo": 1}, "bounds"),
    ],
)
def test_a_malformed_block_is_refused(index: Index, log: int, change: dict[str, object], words: str) -> None:
    rows = [row for row in made_up(1, 0, 2) if row[1] == 0]
    sound = block(log, 0, rows, hi=2)
    with pytest.raises(IndexStoreError, match=words):
        index.write(sound._replace(**change))  # type: ignore[arg-type]
    assert index.write(sound).events == 2


def test_logs_do_not_mix(index: Index, log: int) -> None:
    other = fresh_log()
    index.write(_block(log, 0, 20, seed=1))
    index.write(_block(other, 0, 20, seed=2))
    alone = index.digests(log)
    index.drop(other)
    assert index.digests(log) == alone
    assert index.digests(other)["events"].rows == 0

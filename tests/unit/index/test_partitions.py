from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.engine import block, made_up
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from vestige.index import Index
    from vestige.index.columns import Block

WORD = "PLANTEDWORD7731"


def _block(log: int, lo: int, hi: int, seed: int = 1) -> Block:
    return block(log, lo, made_up(seed, lo, hi - lo), hi=hi)


def test_a_rebuild_takes_the_place_of_what_was_there(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30, seed=1))
    with index.rebuild(log) as rebuild:
        rebuild.write(_block(log, 0, 20, seed=2))
        rebuild.write(_block(log, 20, 40, seed=2))
        during = index.digests(log)
        rebuild.swap()
    after = index.digests(log)
    assert during != after
    assert (index.watermark(log), index.generation(log)) == (40, 2)
    index.drop(log)
    index.write(_block(log, 0, 20, seed=2))
    index.write(_block(log, 20, 40, seed=2))
    assert index.digests(log) == after


def test_a_rebuild_with_other_bounds_and_the_same_events_changes_nothing(index: Index, log: int) -> None:
    index.write(_block(log, 0, 60))
    before = index.digests(log)
    rows = made_up(1, 0, 60)
    with index.rebuild(log) as rebuild:
        for lo in range(0, 60, 15):
            rebuild.write(block(log, lo, [row for row in rows if lo <= row[0] < lo + 15], hi=lo + 15))
        rebuild.swap()
    assert index.digests(log) == before


def test_leaving_a_rebuild_without_a_swap_leaves_the_log_as_it_was(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30))
    before = index.digests(log)
    with index.rebuild(log) as rebuild:
        rebuild.write(_block(log, 0, 30, seed=2))
        with pytest.raises(IndexStoreError, match="being rebuilt"):
            index.write(_block(log, 30, 40))
        with pytest.raises(IndexStoreError, match="already"):
            index.rebuild(log)
    assert index.digests(log) == before
    assert not index.write(_block(log, 30, 40)).repeated
    with pytest.raises(IndexStoreError, match="over"):
        rebuild.write(_block(log, 40, 50))


def test_a_rebuild_after_a_discarded_one_takes_its_blocks_again(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30))
    before = index.digests(log)
    with index.rebuild(log) as rebuild:
        rebuild.write(_block(log, 0, 30))
    with index.rebuild(log) as rebuild:
        assert not rebuild.write(_block(log, 0, 30)).repeated
        rebuild.swap()
    assert index.digests(log) == before


def test_a_rebuild_that_covers_less_is_not_swapped_in(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30))
    before = index.digests(log)
    with index.rebuild(log) as rebuild:
        rebuild.write(_block(log, 0, 20))
        with pytest.raises(IndexStoreError, match="covers less"):
            rebuild.swap()
    assert index.digests(log) == before


def test_a_rebuild_to_nothing_empties_the_log(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30))
    empty = _block(log, 0, 30)._replace(
        seqs=[], subs=[], ids=[], received=[], sources=[], parsers=[], parts=[], statuses=[]
    )
    with index.rebuild(log) as rebuild:
        rebuild.write(empty)
        rebuild.swap()
    assert {digest.rows for digest in index.digests(log).values()} == {0}
    assert index.watermark(log) == 30


def test_a_dropped_log_is_gone_and_can_be_written_anew(index: Index, log: int) -> None:
    index.write(_block(log, 0, 30))
    before = index.digests(log)
    index.drop(log)
    assert {digest.rows for digest in index.digests(log).values()} == {0}
    assert index.watermark(log) == 0
    assert not index.write(_block(log, 0, 30)).repeated
    assert index.digests(log) == before


def test_nothing_of_what_a_rebuild_left_out_stays_on_disk(index: Index, log: int) -> None:
    folder = Path(index.engine.where)
    assert folder.is_dir()
    rows = made_up(1, 0, 30)
    place = next(place for place, row in enumerate(rows) if row[3] == 0)
    seq, sub, event, status = rows[place]
    planted = event._replace(message=WORD, session=WORD, attributes=f'{{"a":"{WORD}"}}')
    index.write(block(log, 0, [*rows[:place], (seq, sub, planted, status), *rows[place + 1 :]], hi=30))
    assert _holding(folder)
    with index.rebuild(log) as rebuild:
        rebuild.write(block(log, 0, rows, hi=30))
        rebuild.swap()
    deadline = time.monotonic() + 60
    while (left := _holding(folder)) and time.monotonic() < deadline:
        time.sleep(0.25)
    assert not left


def _holding(folder: Path) -> list[Path]:
    """The engine removes files meanwhile; what is gone holds nothing."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                path = Path(place, name)
                if path.is_file() and WORD.encode() in path.read_bytes():
                    found.append(path)
    return found

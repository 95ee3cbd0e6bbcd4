"""What nobody waits for any more is ended; what somebody waits for is not."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from vestige.index import ASKER, Asker
from vestige.model.errors import IndexStoreError, LeftError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.index import Index

PATIENCE_S = 30


def _asked_for(asker: Asker, ask: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        ASKER.set(asker)
        ask()

    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("fails", [False, True])
def test_a_statement_is_ended_by_its_mark_when_its_asker_leaves(fails: bool) -> None:
    ended: list[str] = []
    stopped = threading.Event()
    marks: list[str] = []

    def end(mark: str) -> None:
        ended.append(mark)
        stopped.set()

    def long() -> None:
        with asker.asking(end) as mark:
            marks.append(mark)
            assert stopped.wait(PATIENCE_S)
            if fails:
                raise IndexStoreError("query was cancelled")

    def ask() -> None:
        with pytest.raises(LeftError, match="has gone"):
            long()

    asker, other = Asker(), Asker()
    thread = _asked_for(asker, ask)
    until = time.monotonic() + PATIENCE_S
    while not marks:
        assert time.monotonic() < until, "the statement did not begin"
        time.sleep(0.01)
    other.leave()
    assert ended == []
    asker.leave()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert set(ended) == set(marks)


def test_what_must_not_be_ended_is_tried_once() -> None:
    tried: list[str] = []

    def refuse(mark: str) -> None:
        tried.append(mark)
        raise IndexStoreError("no right")

    asker = Asker()
    with pytest.raises(IndexStoreError, match="has gone"), asker.asking(refuse):
        asker.leave()
    assert len(tried) == 1


def test_in_this_process_no_statement_is_marked_to_be_ended(index: Index) -> None:
    found: list[object] = []
    asker = Asker()
    _asked_for(asker, lambda: found.append(index.query("SELECT getSetting('log_comment')").rows)).join(PATIENCE_S)
    assert found == [[("",)]]


def test_who_has_left_asks_nothing_more(index: Index) -> None:
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(index.query("SELECT 7").rows)
        except LeftError as error:
            answers.append((error.message, error.http_status))

    asker = Asker()
    _asked_for(asker, ask).join(PATIENCE_S)
    asker.leave()
    _asked_for(asker, ask).join(PATIENCE_S)
    assert answers == [[(7,)], ("whoever asked has gone", 499)]
    assert index.query("SELECT 8").rows == [(8,)]

"""What nobody waits for any more is ended; what somebody waits for is not."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from vestige.index import ASKER, Asker
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.index import Index

LONG = "SELECT max(sipHash64(a.number, b.number)) FROM numbers(1000000) AS a, numbers(1000000) AS b"
"""Would take hours."""
PATIENCE_S = 30


def _asked_for(asker: Asker, ask: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        ASKER.set(asker)
        ask()

    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    thread.start()
    return thread


def _running(index: Index) -> int:
    sql = "SELECT count() FROM system.processes WHERE query LIKE {like:String}"
    return int(index.query(sql, {"like": LONG[:40] + "%"}).rows[0][0])


def test_a_statement_ends_when_its_asker_leaves(index: Index) -> None:
    failed: list[IndexStoreError] = []

    def ask() -> None:
        with pytest.raises(IndexStoreError) as caught:
            index.query(LONG)
        failed.append(caught.value)

    leaving, staying = Asker(), Asker()
    thread = _asked_for(leaving, ask)
    until = time.monotonic() + PATIENCE_S
    while not _running(index):
        assert time.monotonic() < until, "the statement did not begin"
        time.sleep(0.01)
    staying.leave()
    assert _running(index) == 1
    leaving.leave()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert _running(index) == 0
    assert "cancelled" in (failed[0].got or "").lower()


def test_who_has_left_asks_nothing_more(index: Index) -> None:
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(index.query("SELECT 7").rows)
        except IndexStoreError as error:
            answers.append(error.message)

    asker = Asker()
    _asked_for(asker, ask).join(PATIENCE_S)
    asker.leave()
    _asked_for(asker, ask).join(PATIENCE_S)
    assert answers == [[(7,)], "whoever asked has gone"]
    assert index.query("SELECT 8").rows == [(8,)]

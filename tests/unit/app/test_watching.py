"""What arrives is scanned once it is quiet, again after a failure, and not after the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vestige.app.watching import Watch
from vestige.model.errors import BusyError, IndexStoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from vestige.model.errors import VestigeError

QUIET = 0.05


class Scans:
    """Remembers what was scanned, and fails as it is told to."""

    def __init__(self, *failures: VestigeError) -> None:
        self.spans: list[tuple[int, int]] = []
        self.left_out: list[str] = []
        self._failures: Iterator[VestigeError] = iter(failures)

    def __call__(self, lo: int, hi: int, stop: threading.Event) -> list[str]:
        assert not stop.is_set()
        self.spans.append((lo, hi))
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        return self.left_out

    def wait(self, count: int) -> None:
        until = time.monotonic() + 20
        while len(self.spans) < count:
            assert time.monotonic() < until, self.spans
            time.sleep(0.01)


def test_what_comes_together_is_scanned_together() -> None:
    scans = Scans()
    watch = Watch(scans, 0.5)
    for lo in range(5):
        watch.note(lo, lo + 1)
    assert watch.state()["waiting"]
    scans.wait(1)
    watch.close()
    assert scans.spans == [(0, 5)]
    assert watch.state() == {"seconds": 0.5, "waiting": False}


def test_where_something_comes_all_the_time_it_is_scanned_all_the_same() -> None:
    scans = Scans()
    watch = Watch(scans, QUIET)
    until = time.monotonic() + 20
    at = 0
    while not scans.spans and time.monotonic() < until:
        watch.note(at, at + 1)
        at += 1
        time.sleep(QUIET / 5)
    watch.close()
    assert scans.spans
    assert scans.spans[0][0] == 0


def test_a_scan_that_is_in_another_ones_way_is_tried_again() -> None:
    scans = Scans(BusyError("a scan is under way"))
    watch = Watch(scans, QUIET)
    watch.note(3, 7)
    scans.wait(2)
    watch.close()
    assert scans.spans == [(3, 7), (3, 7)]
    assert "error" not in watch.state()


def test_a_scan_that_failed_is_told_and_made_again_with_what_comes_next() -> None:
    scans = Scans(IndexStoreError("the index failed"))
    watch = Watch(scans, QUIET)
    watch.note(0, 1)
    scans.wait(1)
    until = time.monotonic() + 20
    while "error" not in watch.state() and time.monotonic() < until:
        time.sleep(0.01)
    assert "the index failed" in watch.state()["error"]
    time.sleep(4 * QUIET)
    assert scans.spans == [(0, 1)]
    watch.note(1, 2)
    scans.wait(2)
    watch.close()
    assert scans.spans == [(0, 1), (0, 2)]
    assert "error" not in watch.state()


def test_what_was_not_looked_at_is_told_until_the_next_scan() -> None:
    scans = Scans()
    scans.left_out = ["p: more than 3 groups"]
    watch = Watch(scans, QUIET)
    for count, told in ((1, True), (2, False)):
        watch.note(0, count)
        scans.wait(count)
        until = time.monotonic() + 20
        while ("left_out" in watch.state()) != told and time.monotonic() < until:
            time.sleep(0.01)
        assert watch.state().get("left_out") == (scans.left_out if told else None)
        scans.left_out = []
    watch.close()


def test_it_ends_whatever_it_waits_for() -> None:
    for notes in ([], [(0, 1)]):
        scans = Scans()
        watch = Watch(scans, 3600)
        for lo, hi in notes:
            watch.note(lo, hi)
        watch.close()
        assert scans.spans == []

"""Claims: whoever shares a name waits, whoever does not goes on, and what others took is told."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING

from vestige.ingest import claims
from vestige.ingest.claims import Claims, names_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HEAD = b"x" * 1024


class Taker:
    """Whoever takes something in."""


def test_a_file_is_known_by_inode_name_and_first_kib(tmp_path: Path) -> None:
    one, linked = tmp_path / "app.log", tmp_path / "other"
    one.write_bytes(HEAD)
    linked.hardlink_to(one)
    mine = names_of(str(one), HEAD, one.stat())
    assert not mine.isdisjoint(names_of(str(linked), b"", linked.stat()))
    assert not mine.isdisjoint(names_of("/elsewhere/app.log.2.gz", b"short", None))
    assert not mine.isdisjoint(names_of("/elsewhere/copy", HEAD + b"more", None))
    assert mine.isdisjoint(names_of("/elsewhere/copy", HEAD[1:], None))


def test_a_name_takes_little_memory_however_long_the_file_and_its_path(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 200)
    path.write_bytes(HEAD)
    names = names_of(str(path), HEAD, path.stat())
    assert len(names) == 3
    assert all(sys.getsizeof(part) < 100 for name in names for part in name)
    assert not names.isdisjoint(names_of("/elsewhere/\udcff", HEAD, None)), "a name need not be UTF-8"


def test_one_at_a_time_for_each_and_all_at_once_for_different_files() -> None:
    held = Claims()
    inside: dict[str, int] = {"a": 0, "b": 0}
    most = {"a": 0, "b": 0, "both": 0}
    lock = threading.Lock()
    go_on = threading.Event()

    def work(name: str) -> None:
        for _ in range(50):
            with held.hold(names_of(name, b"", None), go_on) as mine:
                assert mine
                with lock:
                    inside[name] += 1
                    most[name] = max(most[name], inside[name])
                    most["both"] = max(most["both"], sum(inside.values()))
                time.sleep(0.0005)
                with lock:
                    inside[name] -= 1

    threads = [threading.Thread(target=work, args=(name,)) for name in "aabb"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == {"a": 1, "b": 1, "both": 2}


def test_who_does_not_wait_gives_way_to_who_does() -> None:
    held = Claims()
    name, stop, got = names_of("a", b"", None), threading.Event(), threading.Event()

    def wait() -> None:
        with held.hold(name, stop) as mine:
            assert mine
            got.set()
            time.sleep(0.2)

    with held.hold(name) as mine:
        assert mine
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not held._awaited:
            time.sleep(0.001)
        with held.hold(name) as again:
            assert not again
    with held.hold(name) as mine:
        assert not mine
    assert got.wait(5)
    waiting.join()
    stop.set()
    with held.hold(name) as mine, held.hold(name, stop) as other:
        assert (mine, other) == (True, False)


def test_what_others_took_is_told_and_what_one_took_oneself_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    held, me, other = Claims(), Taker(), Taker()
    a, b = names_of("a", b"", None), names_of("b", b"", None)
    since = held.count
    held.took(a, me)
    assert not held.taken_since(a, since, me)
    assert held.taken_since(a, since, other)
    assert not held.taken_since(b, since, other)
    since = held.count
    held.took(a, other)
    assert held.taken_since(a, since, me)
    assert not held.taken_since(a, held.count, me)
    monkeypatch.setattr(claims, "REMEMBERED", 10)
    since = held.count
    for number in range(20):
        held.took(names_of(str(number), b"", None), other)
    assert held.taken_since(a, since, me), "forgotten: to be found out anew"


def test_who_took_something_is_not_kept_by_it_and_what_they_took_is_still_told() -> None:
    held, gone = Claims(), Taker()
    names, since, there = names_of("a", b"", None), held.count, weakref.ref(gone)
    held.took(names, gone)
    del gone
    gc.collect()
    assert there() is None
    assert held.taken_since(names, since, Taker())
    assert not held.taken_since(names, held.count, Taker())


def test_everything_waits_for_all_and_lets_nobody_in() -> None:
    held, stop = Claims(), threading.Event()
    since = held.count
    order: list[str] = []

    def all_of_it() -> None:
        with held.everything():
            order.append("everything")
            with held.hold(names_of("b", b"", None)) as mine:
                assert not mine

    with held.hold(names_of("a", b"", None), stop):
        thread = threading.Thread(target=all_of_it)
        thread.start()
        time.sleep(0.1)
        order.append("a")
    thread.join()
    assert order == ["a", "everything"]
    assert held.taken_since(names_of("never seen", b"", None), since, Taker())

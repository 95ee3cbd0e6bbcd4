"""What waits: taken in order, within the sizes of a commit, and full exactly from the bound on."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from vestige.ingest.arrivals import Stream
from vestige.model.principal import Principal
from vestige.receivers import waiting
from vestige.receivers.waiting import BATCH_BYTES, BATCH_RECORDS, RECORD_BYTES, Counts, Line, Waiting

BY = Principal("test")


def line(name: str = "a") -> Line:
    return Line(Stream(name, "syslog/test", BY, "syslog"), Counts())


def put(box: Waiting, one: Line, payloads: list[bytes]) -> None:
    begin = one.counts.received
    numbers = list(range(begin, begin + len(payloads)))
    box.put(one, payloads, numbers, numbers)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.binary(max_size=20), min_size=1, max_size=40)), max_size=20))
def test_every_record_is_taken_once_and_each_line_in_order(puts: list[tuple[int, list[bytes]]]) -> None:
    box = Waiting(1 << 30, lambda: None)
    lines = [line(str(number)) for number in range(3)]
    for index, payloads in puts:
        put(box, lines[index], payloads)
    box.close()
    found: dict[str, list[tuple[int, bytes]]] = {}
    while (taken := box.take()) is not None:
        assert taken.records == sum(len(one.payloads) for one in taken.arrived)
        for each in taken.arrived:
            found.setdefault(each.stream.source, []).extend(zip(each.numbers, each.payloads, strict=True))
        box.done(taken)
    for index, one in enumerate(lines):
        wanted = [payload for at, payloads in puts if at == index for payload in payloads]
        assert found.get(str(index), []) == list(enumerate(wanted))
        assert one.counts.received == one.counts.committed == len(wanted)


def test_a_commit_has_bounded_records_and_bytes() -> None:
    box = Waiting(1 << 40, lambda: None)
    small, large = line("small"), line("large")
    put(box, small, [b"x"] * (BATCH_RECORDS + 1))
    taken = box.take()
    assert taken is not None
    assert taken.records == BATCH_RECORDS
    put(box, large, [b"x" * (BATCH_BYTES // 2)] * 3)
    sizes = []
    box.close()
    while (taken := box.take()) is not None:
        sizes.append((taken.records, taken.bytes))
    assert sum(records for records, _ in sizes) == 4
    assert all(records == 1 or size <= BATCH_BYTES for records, size in sizes)


def test_it_is_full_from_the_bound_on_and_says_once_when_there_is_room() -> None:
    told: list[bool] = []
    box = Waiting(10 * (RECORD_BYTES + 1), lambda: told.append(True))
    one = line()
    states = []
    put(box, one, [b"x"] * 9)
    states.append(box.full)
    put(box, one, [b"x"])
    states.append(box.full)
    taken = box.take()  # being full ends the lingering
    assert taken is not None
    states.append(box.full)  # what is being committed counts
    assert told == []
    box.done(taken)
    states.append(box.full)
    assert states == [False, True, True, False]
    assert told == [True]


def test_the_first_record_waits_for_others_but_not_long() -> None:
    box = Waiting(1 << 30, lambda: None)
    one = line()
    put(box, one, [b"first"])
    threading.Timer(waiting.LINGER / 5, lambda: put(box, one, [b"second"])).start()
    begun = time.monotonic()
    taken = box.take()
    assert taken is not None
    assert [payload for each in taken.arrived for payload in each.payloads] == [b"first", b"second"]
    assert waiting.LINGER / 2 < time.monotonic() - begun < 5

"""What the soak counts: time from when a request was due, a lag in time, and all processes of a server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from support.soaking.load import KINDS, ROUND, Load, Mix, Request, Seen
from support.soaking.watching import Lag, family, held, processor, share

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = 20


class Pages(Mix):
    def request(self, number: int) -> Request:
        return Request("page", "GET", f"/{number}", b"", {}, 0)


@contextlib.contextmanager
def stands_still(gate: threading.Event) -> Iterator[str]:
    """A server that answers nothing before it may."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            gate.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            gate.set()
            server.shutdown()
            thread.join()


def test_at_a_fixed_rate_a_stall_is_everybodys_who_was_due_in_it() -> None:
    gate, seen = threading.Event(), Seen()
    with stands_still(gate) as url:
        load = Load(url, "none", seen, Pages(seen))
        with load.steady(REQUESTS, 1) as over:
            time.sleep(1)
            assert not over()
            gate.set()
    assert over()
    times = sorted(seen.taken()["page"])
    assert len(times) == REQUESTS
    # The first waited at least the second, the last, which came at its end, hardly: a sum only a stall can come to.
    for place, took in enumerate(times):
        assert took >= place / REQUESTS
    assert seen.wrong == []
    assert seen.requests == REQUESTS


def test_who_waits_for_answers_sends_no_more_than_are_answered() -> None:
    gate, seen = threading.Event(), Seen()
    with stands_still(gate) as url:
        load = Load(url, "none", seen, Pages(seen))
        threading.Timer(0.3, gate.set).start()
        load.pressed(2, 0.0)
    assert seen.requests == 2


def test_each_round_has_every_kind_and_the_same_number_is_the_same_kind() -> None:
    seen = Seen()
    seen.add(1, ["an-id"])
    mix = Mix(seen)
    kinds = [mix.request(number).kind for number in range(2 * len(ROUND))]
    assert sorted(kinds[: len(ROUND)]) == sorted(ROUND)
    assert set(kinds[len(ROUND) :]) == set(KINDS)
    assert [mix.request(number).kind for number in range(2 * len(ROUND))] == kinds
    bodies = {one.body for one in map(mix.request, range(200)) if one.records}
    assert len(bodies) == sum(one.records > 0 for one in map(mix.request, range(200)))


def test_a_lag_in_time_is_since_the_ledger_was_as_long_as_the_index_is() -> None:
    lag = Lag(Load.to("http://127.0.0.1:9", "none"))
    for head, entries, now in ((100.0, 0.0, 10.0), (200.0, 100.0, 11.0), (300.0, 150.0, 12.0)):
        lag.took(head, entries, now)
    # The index has 150 entries; half-way from the first answer to the second the ledger had.
    assert lag.taken() == {"index lag, entries": 150, "index lag, s": pytest.approx(1.5)}
    lag.took(300.0, 0.0, 13.0)
    assert lag.taken() == {"index lag, entries": 0, "index lag, s": 0}
    assert lag.taken() == {}


def test_a_server_is_all_its_processes() -> None:
    held_alone = held(os.getpid())
    used = processor(family(os.getpid()))
    code = "import sys; kept = bytearray(64 << 20); kept[::4096] = b'x' * len(kept[::4096]); print(flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert family(os.getpid()).count(child.pid) == 1
        together = held(os.getpid())
        child.communicate(b"\n")
    assert together["its own pages, MiB"] > held_alone["its own pages, MiB"] + 64
    assert together["threads"] > held_alone["threads"]
    assert together["open files"] > held_alone["open files"]
    assert child.pid not in family(os.getpid())
    assert processor(family(os.getpid())) >= used > 0


def test_a_share_is_the_value_below_which_such_a_part_lies() -> None:
    assert share([5.0], 0.95) == 5
    assert share([float(value) for value in range(100, 0, -1)], 0.5) == 51
    assert share([float(value) for value in range(1, 101)], 0.95) == 96

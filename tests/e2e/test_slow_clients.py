"""Clients that are slow, silent or too many, over raw sockets; beside each, one that is merely slow and is served."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.program import Running, Vestige, serving
from vestige.app import short_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER, IDLE, MOST = 2, 2, 6
PATIENCE = 20.0
"""Seconds after which a test gives up; far above every bound."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slow") / "data"


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Running]:
    limits = {"HEADER_SECONDS": HEADER, "IDLE_SECONDS": IDLE, "CONNECTIONS": MOST}
    with serving(data, **{f"VESTIGE_LIMIT_{name}": str(value) for name, value in limits.items()}) as running:
        yield running


@contextlib.contextmanager
def dialled(server: Running, buffer: int = 0) -> Iterator[socket.socket]:
    with socket.socket() as one:
        one.settimeout(PATIENCE)
        if buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        url = urlsplit(server.url)
        one.connect((url.hostname, url.port))
        yield one


def until_closed(one: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := one.recv(65536):
            parts.append(part)
    return b"".join(parts)


def healthy(one: socket.socket) -> bool:
    """Ask on a connection that is kept."""
    one.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while not answer.endswith(b"}") and (part := one.recv(65536)):
        answer += part
    return answer.startswith(b"HTTP/1.1 200")


def head(server: Running, path: str = "/v1/ingest/raw", **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {server.token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def status_and_problem(answer: bytes) -> tuple[int, str]:
    header, _, body = answer.partition(b"\r\n\r\n")
    return int(header.split()[1]), json.loads(body)["code"]


def test_a_header_byte_by_byte_is_cut_and_one_in_three_parts_is_served(server: Running) -> None:
    with dialled(server) as one:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in head(server, X_Padding="x" * 400):
                one.send(bytes([byte]))
                if time.monotonic() - started > PATIENCE / 2:
                    break
                time.sleep(0.05)
        assert time.monotonic() - started < PATIENCE / 2
    # Not a byte more is sent after the bound, so that the answer is not lost to a reset.
    with dialled(server) as one:
        one.send(b"GET /healthz HTTP/1.1\r\nHo")
        assert status_and_problem(until_closed(one)) == (408, "input.slow")
    with dialled(server) as one:
        for part in (b"GET /healthz HT", b"TP/1.1\r\nHost: x\r\nConnecti", b"on: close\r\n\r\n"):
            one.send(part)
            time.sleep(HEADER / 4)
        assert until_closed(one).startswith(b"HTTP/1.1 200")


def test_silence_is_closed_without_an_answer(server: Running) -> None:
    with dialled(server) as one:
        assert until_closed(one) == b""


def test_a_kept_connection_may_pause_between_requests_but_not_within_a_header(server: Running) -> None:
    with dialled(server) as one:
        for _ in range(2):
            assert healthy(one)
            time.sleep(HEADER * 1.5)
        started = time.monotonic()
        one.send(b"\r\n")
        while time.monotonic() - started < HEADER / 2:
            one.send(b"\r\n")
            time.sleep(0.1)
        assert b" 408 " in until_closed(one).splitlines()[0]
        assert time.monotonic() - started < HEADER * 2


def test_a_body_that_stops_is_cut_and_nothing_of_it_is_kept(server: Running, data: Path) -> None:
    with dialled(server) as one:
        one.send(head(server, Content_Length="1000") + b'{"event_type":"auth.login","session":"stalled"}\n')
        assert status_and_problem(until_closed(one)) == (408, "input.slow")
    assert Vestige(data).lines("search", "session:stalled") == []
    assert list((data / "spool").iterdir()) == []


def test_a_slow_body_that_keeps_moving_is_taken(server: Running, data: Path) -> None:
    """It takes more than twice every bound."""
    lines = [b'{"event_type":"auth.login","session":"moving","n":%d}\n' % n for n in range(4)]
    with dialled(server) as one:
        one.send(head(server, Transfer_Encoding="chunked", Connection="close"))
        for line in lines:
            one.send(b"%x\r\n%s\r\n" % (len(line), line))
            time.sleep(IDLE * 0.6)
        one.send(b"0\r\n\r\n")
        assert until_closed(one).startswith(b"HTTP/1.1 200")
    assert len(Vestige(data).lines("search", "session:moving")) == 4


def test_a_body_nobody_wants_any_more_is_not_taken_for_ever(server: Running) -> None:
    with dialled(server) as one:
        one.send(b"POST /v1/ingest/raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b" 401 " in one.recv(65536).splitlines()[0]
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < PATIENCE:
                one.send(b"1\r\nx\r\n")
                time.sleep(0.1)
        assert time.monotonic() - started < PATIENCE / 2


@pytest.mark.parametrize("trailers", [False, True])
def test_a_header_without_end_is_refused(server: Running, trailers: bool) -> None:
    with dialled(server) as one:
        with contextlib.suppress(OSError):
            if trailers:
                one.sendall(head(server, Transfer_Encoding="chunked") + b"1\r\nx\r\n0\r\n")
            else:
                one.sendall(b"GET /healthz HTTP/1.1\r\n")
            for _ in range(9 if trailers else 7):  # the first that come with a piece of a body count as nothing
                one.sendall(b"X-Long: " + b"x" * 10_000 + b"\r\n")
                time.sleep(0.05)
        assert status_and_problem(until_closed(one)) == (431, "input.too_large")
    with dialled(server) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " + b"x" * 30_000 + b"\r\n\r\n")
        assert until_closed(one).startswith(b"HTTP/1.1 200")


def test_a_header_too_large_is_refused_however_it_comes(data: Path, server: Running) -> None:
    """All of it may be read at once, and so be complete before anybody counts."""
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n"
    with dialled(server) as one:
        one.sendall(request)
        assert status_and_problem(until_closed(one)) == (431, "input.too_large")
    with socket.socket(socket.AF_UNIX) as one, short_path(data / "vestige.sock") as path:
        one.settimeout(PATIENCE)
        one.connect(path)
        one.sendall(request + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status_and_problem(until_closed(one)) == (431, "input.too_large")


def test_one_connection_too_many_is_told_so_and_the_socket_stays_open(server: Running, data: Path) -> None:
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(dialled(server)) for _ in range(MOST)]
        for one in kept:
            assert healthy(one)
        with dialled(server) as late:
            late.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status_and_problem(until_closed(late)) == (503, "busy")
        assert Vestige(data).run("doctor").returncode == 0
        kept[0].close()
        time.sleep(0.5)
        with dialled(server) as late:
            late.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert until_closed(late).startswith(b"HTTP/1.1 200")


def test_an_answer_nobody_reads_is_cut_and_one_read_slowly_comes_whole(server: Running, data: Path) -> None:
    filler = "y" * 4000
    lines = b"".join(
        b'{"event_type":"data.read","session":"big","n":%d,"f":"%s"}\n' % (n, filler.encode()) for n in range(3000)
    )
    assert Vestige(data).json("import", "-", stdin=lines)["parsed"] == 3000
    ask = head(server, Connection="close").replace(
        b"POST /v1/ingest/raw", b"GET /v1/search?q=session:big&undated=true&limit=5000"
    )

    def read(pause: float, buffer: int) -> int:
        with dialled(server, buffer) as one:
            one.send(ask)
            one.recv(1)
            time.sleep(pause)
            return 1 + len(until_closed(one))

    whole = read(0, 0)
    assert whole > 3000 * 4000
    assert read(IDLE * 2, 4096) < whole
    results: list[int] = []

    def slowly() -> None:
        with dialled(server, 4096) as one:
            one.send(ask)
            size, started = 0, time.monotonic()
            while part := one.recv(1 << 17):
                size += len(part)
                if time.monotonic() - started < IDLE * 2:
                    time.sleep(IDLE / 4)
            results.append(size)

    thread = threading.Thread(target=slowly)
    thread.start()
    thread.join()
    assert results == [whole]


def test_standard_input_may_pause_on_the_machine_itself(server: Running, data: Path) -> None:
    assert server.process.poll() is None
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(PATIENCE)
        one.connect(str(data / "vestige.sock"))
        one.send(head(server, Transfer_Encoding="chunked", Connection="close"))
        line = b'{"event_type":"auth.login","session":"paused"}\n'
        for _ in range(2):
            one.send(b"%x\r\n%s\r\n" % (len(line), line))
            time.sleep(IDLE * 1.6)
        one.send(b"0\r\n\r\n")
        assert until_closed(one).startswith(b"HTTP/1.1 200")

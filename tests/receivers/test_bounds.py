"""Bounds of the receivers, on both sides, and how each protocol says that it is too much."""

from __future__ import annotations

import gzip
import select
import socket
import zlib
from typing import TYPE_CHECKING

import httpx
import pytest

from support.program import serving
from support.receiving import client_of
from vestige.api.coding import inflate
from vestige.api.receivers.door import Gates
from vestige.model.errors import BusyError, FormatError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.program import Running

GZIP = 31
BODY = 4000
EVENT = b'{"event":"x"}'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with room for very little."""
    bounds = {
        "VESTIGE_LIMIT_EVENTS_BODY_BYTES": str(BODY),
        "VESTIGE_LIMIT_EVENTS_PER_REQUEST": "10",
        "VESTIGE_LIMIT_EVENT_BYTES": "1000",
        "VESTIGE_LIMIT_RECEIVER_REQUESTS": "2",
        "VESTIGE_LIMIT_RECEIVER_BYTES": "8000",
    }
    with serving(tmp_path_factory.mktemp("small") / "data", **bounds) as running:
        yield running


@pytest.fixture(scope="module")
def client(small: Running) -> Iterator[httpx.Client]:
    with client_of(small) as one:
        yield one


def test_a_body_may_have_so_many_bytes(client: httpx.Client) -> None:
    def send(size: int, **headers: str) -> httpx.Response:
        body = EVENT + b" " * (size - len(EVENT))
        content = gzip.compress(body) if headers else body
        return client.post("/services/collector", content=content, headers=headers)

    assert send(BODY).status_code == 200
    assert (send(BODY + 1).status_code, send(BODY + 1).json()["code"]) == (413, 27)
    assert send(BODY, **{"Content-Encoding": "gzip"}).status_code == 200
    assert send(BODY + 1, **{"Content-Encoding": "gzip"}).status_code == 413
    line = b'{"create":{"_index":"a"}}\n{}'
    assert client.post("/_bulk", content=line.ljust(BODY - 1) + b"\n").status_code == 200
    assert client.post("/_bulk", content=line.ljust(BODY) + b"\n").status_code == 413


def test_a_request_may_have_so_many_events(client: httpx.Client) -> None:
    for count, status in ((10, 200), (11, 413)):
        assert client.post("/services/collector", content=EVENT * count).status_code == status
        assert client.post("/services/collector/raw", content=b"line\n" * count).status_code == status
        assert client.post("/_bulk", content=b'{"create":{"_index":"a"}}\n{}\n' * count).status_code == status


def test_an_event_may_have_so_many_bytes(client: httpx.Client) -> None:
    for size, status in ((1000, 200), (1001, 413)):
        event = b'{"event":"' + b"x" * (size - 12) + b'"}'
        assert client.post("/services/collector", content=event).status_code == status
        assert client.post("/services/collector/raw", content=b"x" * size).status_code == status
        document = b'{"m":"' + b"x" * (size - 8) + b'"}'
        answer = client.post("/_bulk", content=b'{"create":{"_index":"a"}}\n' + document + b"\n").json()
        assert answer["items"][0]["create"]["status"] == (201 if status == 200 else 413)


def test_bodies_that_are_not_what_they_say(client: httpx.Client) -> None:
    def send(content: bytes, coding: str) -> int:
        return client.post("/services/collector", content=content, headers={"Content-Encoding": coding}).status_code

    assert send(zlib.compress(EVENT), "deflate") == 200
    assert send(EVENT, "br") == 415
    assert send(EVENT, "gzip") == 422
    assert send(gzip.compress(EVENT)[:-3], "gzip") == 422
    assert send(gzip.compress(EVENT) * 2, "gzip") == 422
    assert send(gzip.compress(b"x" * (64 << 20)), "gzip") == 413


def hold(server: Running, path: str, body: bytes) -> socket.socket:
    """A request that the server has taken up and of which it awaits the last bytes."""
    address = httpx.URL(server.url)
    while True:
        one = socket.create_connection((address.host, int(address.port or 0)))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\nConnection: close\r\n"
        one.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
        if not select.select([one], [], [], 0.5)[0]:
            return one
        one.close()


@pytest.mark.parametrize(
    ("path", "body", "busy"),
    [
        ("/services/collector", EVENT, (503, 9)),
        ("/_bulk", b'{"create":{"_index":"a"}}\n{}\n', (429, "es_rejected_execution_exception")),
    ],
)
def test_beyond_the_requests_in_flight_the_answer_is_busy(
    small: Running, client: httpx.Client, path: str, body: bytes, busy: tuple[int, object]
) -> None:
    held = [hold(small, path, body) for _ in range(2)]
    answer = client.post(path, content=body)
    told = answer.json()
    assert (answer.status_code, told.get("code") or told["error"]["type"]) == busy
    assert int(answer.headers["retry-after"]) >= 1
    for one in held:
        one.sendall(body[-1:])
        assert one.recv(12) == b"HTTP/1.1 200"
        one.close()
    assert client.post(path, content=body).status_code == 200


def test_the_bytes_held_are_bounded_over_all_receivers() -> None:
    gates = Gates(2, 100)
    with gates.enter("a") as one, gates.enter("b") as two:
        one.add(60)
        two.add(40)
        with pytest.raises(BusyError):
            two.add(1)
    with gates.enter("a") as one:
        one.add(100)
        with gates.enter("a"), pytest.raises(BusyError), gates.enter("a"):
            raise AssertionError


def test_decompression_is_whole_or_an_error() -> None:
    data = bytes(range(256)) * 10_000
    grown: list[int] = []
    assert inflate(gzip.compress(data), GZIP, len(data), grown.append) == data
    assert sum(grown) == len(data)
    with pytest.raises(TooLargeError):
        inflate(gzip.compress(data), GZIP, len(data) - 1, grown.append)
    for damaged in (b"", b"\x1f", gzip.compress(data)[:-1], gzip.compress(data) + b"x", b"no gzip"):
        with pytest.raises(FormatError):
            inflate(damaged, GZIP, 1 << 30, grown.append)


def test_a_bomb_is_given_up_at_the_bound() -> None:
    grown: list[int] = []
    with pytest.raises(TooLargeError):
        inflate(gzip.compress(b"\0" * (256 << 20)), GZIP, 4 << 20, grown.append)
    assert sum(grown) <= 4 << 20

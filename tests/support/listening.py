"""Listeners over real sockets, with a sink in the ledger's place that can be slow, refuse, and tell what it got."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from vestige.model.errors import StorageError
from vestige.receivers import Receivers, Syslog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.ingest.arrivals import Arrived

SECONDS = 30.0


class Sink:
    """Keeps what is appended; while ``shut`` it waits, while ``failing`` it refuses."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.open = threading.Event()
        self.open.set()
        self.failing = False

    def __call__(self, arrived: Sequence[Arrived]) -> None:
        self.open.wait(SECONDS)
        if self.failing:
            raise StorageError("the disk is full")
        self.arrived += arrived

    def payloads(self, source: str | None = None) -> list[bytes]:
        return [
            payload for one in list(self.arrived) if source in {None, one.stream.source} for payload in one.payloads
        ]


@contextlib.contextmanager
def receiving(**options: Any) -> Iterator[tuple[Receivers, Sink]]:
    sink = Sink()
    receivers = Receivers(Syslog(**options), sink)
    receivers.start()
    try:
        yield receivers, sink
    finally:
        sink.open.set()
        receivers.stop()


def told(receivers: Receivers, name: str) -> dict[str, Any]:
    return next(one for one in receivers.status() if one["name"] == f"syslog/{name}")


def where(receivers: Receivers, name: str) -> tuple[str, int]:
    host, _, port = told(receivers, name)["address"].rpartition(":")
    return host, int(port)


@contextlib.contextmanager
def dialled(receivers: Receivers, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket() as one:
        one.settimeout(SECONDS)
        one.bind((host, 0))
        one.connect(where(receivers, "tcp"))
        yield one


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def closed(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True

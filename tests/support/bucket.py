"""Buckets for tests: moto's S3, a stand-in for a store of objects that speaks its protocol over HTTP."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from typing import TYPE_CHECKING

import httpx
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


class Buckets:
    """The server."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, self._port = self._server.get_host_and_port()
        self.url = f"http://{host}:{self._port}"

    @property
    def env(self) -> dict[str, str]:
        """What a process needs to speak to it."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "a-test-s-own-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
        }

    def create(self, *, versions: bool = False) -> str:
        """A new bucket; its name."""
        name = f"vestige-{next(_numbers)}"
        httpx.put(f"{self.url}/{name}").raise_for_status()
        if versions:
            said = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            httpx.put(f"{self.url}/{name}?versioning", content=said).raise_for_status()
        return name

    def keys(self, name: str) -> list[str]:
        """What is in a bucket."""
        listed = httpx.get(f"{self.url}/{name}?list-type=2").raise_for_status().text
        return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]

    def away(self, seconds: float) -> None:
        """Let nobody answer for so long. What the buckets hold stays."""
        self.stop()
        time.sleep(seconds)
        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()


@contextlib.contextmanager
def buckets() -> Iterator[Buckets]:
    """A server of its own, on this machine alone."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = Buckets()
    try:
        yield server
    finally:
        server.stop()

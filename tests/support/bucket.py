"""Buckets for tests: moto's S3, a stand-in for a store of objects that speaks its protocol over HTTP."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)
_SECONDS = 60


class Buckets:
    """The server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._server = ThreadedMotoServer(address, 0, verbose=False)
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
        httpx.put(f"{self.url}/{name}", timeout=_SECONDS).raise_for_status()
        if versions:
            said = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            httpx.put(f"{self.url}/{name}?versioning", content=said, timeout=_SECONDS).raise_for_status()
        return name

    def keys(self, name: str) -> list[str]:
        """What is in a bucket."""
        listed = httpx.get(f"{self.url}/{name}?list-type=2", timeout=_SECONDS).raise_for_status().text
        return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]

    def away(self, seconds: float) -> None:
        """Let nobody answer for so long. What the buckets hold stays."""
        self.stop()
        time.sleep(seconds)
        self._again()

    def failing(self, seconds: float) -> None:
        """Let everything be answered with an error for so long, as a store does that has too much to do."""
        self.stop()
        server = ThreadingHTTPServer((self._address, self._port), _Failing)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        time.sleep(seconds)
        server.shutdown()
        thread.join()
        server.server_close()
        self._again()

    def _again(self) -> None:
        self._server = ThreadedMotoServer(self._address, self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()


class _Failing(BaseHTTPRequestHandler):
    """Answers everything with 503 and S3's words for it."""

    def _refuse(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        self.send_response(503)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _refuse  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def buckets(address: str = "127.0.0.1") -> Iterator[Buckets]:
    """A server of its own, at an address of this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = Buckets(address)
    try:
        yield server
    finally:
        server.stop()

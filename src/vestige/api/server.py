"""Runs the HTTP interface on a TCP address, on the data directory's socket, or both, in one event loop.

A peer on the socket is known by the credentials the kernel states for it (``SO_PEERCRED``), so its acts are recorded
as ``local:<uid>``. The socket lies in a 0700 directory and is 0600 itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

LOCAL = "local:"
_CREDENTIALS = struct.Struct("3i")
BACKLOG = 256
KEEP_ALIVE_SECONDS = 10
DRAIN_SECONDS = 30


class _LocalProtocol(HttpToolsProtocol):
    """HTTP/1.1 on the socket, with the peer's uid in the place of its address."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own loose type
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        self.client = (f"{LOCAL}{uid}", 0)


class Server:
    """One or two listeners over the same application.

    Args:
        api: the application.
        socket_path: where local commands connect.
        address: host and port for the network, if it is to be served.
    """

    def __init__(self, api: FastAPI, socket_path: Path, address: tuple[str, int] | None = None) -> None:
        self._api = api
        self._path = socket_path
        self._address = address
        self._servers: list[uvicorn.Server] = []
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self.port = 0

    def start(self) -> None:
        """Serve from a thread; returns once every listener answers.

        Raises:
            OSError: an address cannot be bound.
        """
        listeners = [self._local_listener()]
        if self._address is not None:
            listeners.append(self._network_listener(self._address))
        self._thread = threading.Thread(target=self._run, args=(listeners,), name="http", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Take no more connections, let requests in flight end, then return."""
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, listeners: list[socket.socket]) -> None:
        try:
            asyncio.run(self._serve(listeners))
        except BaseException as error:  # noqa: BLE001 - handed to the caller of start()
            self._failure = error
            self._ready.set()

    async def _serve(self, listeners: list[socket.socket]) -> None:
        for listener in listeners:
            local = listener.family == socket.AF_UNIX
            config = uvicorn.Config(
                self._api,
                http=_LocalProtocol if local else "httptools",
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
            self._servers.append(uvicorn.Server(config))
        tasks = [
            asyncio.create_task(server.serve([listener]))
            for server, listener in zip(self._servers, listeners, strict=True)
        ]
        while not all(server.started for server in self._servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.005)
        self._ready.set()
        await asyncio.gather(*tasks)

    def _local_listener(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(listener.fileno(), 0o600)
        with short_path(self._path) as path:
            listener.bind(path)
        listener.listen(BACKLOG)
        return listener

    def _network_listener(self, address: tuple[str, int]) -> socket.socket:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        self.port = listener.getsockname()[1]
        return listener


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket path that fits the 108 bytes of ``sockaddr_un``, however deep the directory lies."""
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)


def stop_signals() -> threading.Event:
    """An event that is set when the process is asked to stop. Call it from the main thread."""
    asked = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: asked.set())
    return asked

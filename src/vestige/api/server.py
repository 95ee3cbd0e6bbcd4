"""Runs the HTTP interface on a TCP address, on the data directory's socket, or both, in one event loop.

A peer on the socket is known by the credentials the kernel states for it (``SO_PEERCRED``), so its acts are recorded
as ``local:<uid>``. The socket lies in a 0700 directory and is 0600 itself.
How slow a client may be, and how many there may be: :mod:`vestige.api.connections`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from anyio import to_thread

from vestige.api.connections import KEEP_ALIVE_SECONDS, LOOK, Bounded, BoundedConfig, BoundedLocal, Bounds
from vestige.app import set_up_logs, short_path

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from vestige.app import Settings

BACKLOG = 256
DRAIN_SECONDS = 30


class _HandshakeLoop(asyncio.SelectorEventLoop):
    """An event loop that gives whoever opens a TLS connection as long for that as for a header.

    Until the handshake is over there is no connection yet that :mod:`vestige.api.connections` could bound, and asyncio
    alone would wait for a minute.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def create_server(self, *args: Any, **kwargs: Any) -> asyncio.Server:  # noqa: ANN401 - as asyncio takes them
        """Listen, as asyncio does."""
        if kwargs.get("ssl") is not None:
            kwargs.setdefault("ssl_handshake_timeout", self._seconds)
        return await super().create_server(*args, **kwargs)


class Server:
    """One or two listeners over the same application.

    Args:
        api: the application.
        settings: bounds on connections.
        socket_path: where local commands connect.
        address: host and port for the network, if it is to be served.
    """

    def __init__(
        self, api: FastAPI, settings: Settings, socket_path: Path, address: tuple[str, int] | None = None
    ) -> None:
        self._api = api
        self._settings = settings
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
        set_up_logs(self._settings.log_level, self._settings.log_format)
        listeners = [self._local_listener()]
        if self._address is not None:
            listeners.append(self._network_listener(self._address))
        self._thread = threading.Thread(target=self._run, args=(listeners,), name="http", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        # What was read to get here stays to the end. Gone through at every full collection, it held up a chain of a
        # few hundred events by a tenth, and now and then by half.
        gc.freeze()

    def stop(self) -> None:
        """Take no more connections, let requests in flight end, then return."""
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, listeners: list[socket.socket]) -> None:
        try:
            with asyncio.Runner(loop_factory=self._loop) as runner:
                runner.run(self._serve(listeners))
        except BaseException as error:  # noqa: BLE001 - handed to the caller of start()
            self._failure = error
            self._ready.set()

    def _loop(self) -> asyncio.AbstractEventLoop:
        return _HandshakeLoop(self._settings.limit_header_seconds)

    async def _serve(self, listeners: list[socket.socket]) -> None:
        for listener in listeners:
            local = listener.family == socket.AF_UNIX
            config = BoundedConfig(
                Bounds.of(self._settings, local=local),
                self._api,
                http=BoundedLocal if local else Bounded,
                ws="none",
                lifespan="off",
                log_level=self._settings.log_level,
                log_config=None,
                ssl_certfile=None if local else self._settings.tls_cert,
                ssl_keyfile=None if local else self._settings.tls_key,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
            self._servers.append(uvicorn.Server(config))
        # A request that waits, for the index or for a commit, holds a thread; no other is to wait for that.
        to_thread.current_default_thread_limiter().total_tokens = self._settings.limit_connections
        tasks = [
            asyncio.create_task(server.serve([listener]))
            for server, listener in zip(self._servers, listeners, strict=True)
        ]
        while not all(server.started for server in self._servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.005)
        self._ready.set()
        looking = asyncio.create_task(self._look())
        try:
            await asyncio.gather(*tasks)
        finally:
            looking.cancel()

    async def _look(self) -> None:
        """Hold every connection to its bounds, until cancelled: while draining too."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK)
            for server in self._servers:
                bounds = cast("BoundedConfig", server.config).bounds
                for connection in [*server.server_state.connections, *bounds.refused]:
                    cast("Bounded", connection).look(loop.time())

    def _local_listener(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(listener.fileno(), 0o600)
        with short_path(self._path) as path:
            listener.bind(path)
        listener.listen(BACKLOG)
        return listener

    def _network_listener(self, address: tuple[str, int]) -> socket.socket:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        # With the protocol named, asyncio turns Nagle's algorithm off; without, a small answer waits 40 ms for the
        # acknowledgement of its own headers.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        self.port = listener.getsockname()[1]
        return listener


def stop_signals() -> threading.Event:
    """An event that is set when the process is asked to stop. Call it from the main thread."""
    asked = threading.Event()
    # A handler runs in the main thread, between any two of its instructions: where that is just waiting for the event
    # it holds the event's lock, and setting it there would wait for ever. Only the queue's `put` may be called so.
    told: SimpleQueue[None] = SimpleQueue()

    def hear() -> None:
        told.get()
        asked.set()

    threading.Thread(target=hear, name="stop-signals", daemon=True).start()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: told.put(None))
    return asked

"""The receivers of an installation: listeners on one event loop, one committer, and what they say of themselves.

A commit that fails is tried again until it succeeds: what arrived is never dropped while the process lives. Meanwhile
the waiting records fill their bound, and nothing more is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from socket import SOCK_DGRAM, SOCK_STREAM
from typing import TYPE_CHECKING, Any

from vestige.model.errors import StorageError
from vestige.model.principal import Principal
from vestige.receivers.addresses import Senders, SyslogAddress, networks, tls_context
from vestige.receivers.listeners import StreamListener, UdpListener, bound_socket
from vestige.receivers.waiting import Waiting
from vestige.sources import zone_named

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vestige.ingest.arrivals import Arrived
    from vestige.receivers.waiting import Taken

LOOPBACK = "127.0.0.0/8, ::1/128"
RETRY_SECONDS = 5.0
LAST_SECONDS = 30.0
"""How long a stop waits for what has arrived to be committed."""

Listener = UdpListener | StreamListener


@dataclass(frozen=True, slots=True)
class Syslog:
    """What an operator set. Addresses are ``host:port``; empty: not to listen."""

    udp: str = ""
    tcp: str = ""
    tls: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    allow: str = LOOPBACK
    """Networks whose hosts are heard. Where client certificates are required they decide instead."""
    zone: str = ""
    """Of stamps without an offset; empty: assumed to be UTC, and marked so."""
    frame_bytes: int = 256 << 10
    connections: int = 512
    peers: int = 1000
    waiting_bytes: int = 64 << 20


class Receivers:
    """Start it once, stop it once; its status can be asked for at any time.

    Args:
        syslog: what to listen on.
        append: appends records of several streams in one transaction and returns after the commit.

    Raises:
        SettingsError: an address, network, zone or certificate is none.
    """

    def __init__(self, syslog: Syslog, append: Callable[[Sequence[Arrived]], None]) -> None:
        self._syslog = syslog
        self._append = append
        self._addresses = {
            name: address
            for name, text in (("udp", syslog.udp), ("tcp", syslog.tcp), ("tls", syslog.tls))
            if (address := SyslogAddress.parse(text, f"VESTIGE_SYSLOG_{name.upper()}")) is not None
        }
        self._allow = networks(syslog.allow, "VESTIGE_SYSLOG_ALLOW")
        self._tls: ssl.SSLContext | None = None
        if "tls" in self._addresses:
            self._tls = tls_context(syslog.tls_cert, syslog.tls_key, syslog.tls_ca)
        if syslog.zone:
            zone_named(syslog.zone)
        self._waiting = Waiting(syslog.waiting_bytes, self._room)
        self._listeners: dict[str, Listener] = {}
        self._shown: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._given_up = threading.Event()
        self._threads: list[threading.Thread] = []
        self.error: Exception | None = None
        """Why the last commit failed, until one succeeds."""
        self.lost = 0
        """Records that had arrived and could not be committed before a stop."""

    def start(self) -> None:
        """Bind every address and begin to read.

        Raises:
            StorageError: an address cannot be bound.
        """
        if not self._addresses:
            return
        for name, address in self._addresses.items():
            try:
                one = bound_socket(address, SOCK_DGRAM if name == "udp" else SOCK_STREAM)
            except OSError as error:
                self._close_sockets()
                raise StorageError(
                    f"cannot listen for syslog on {address.host} port {address.port}",
                    got=error.strerror or str(error),
                    hint=f"choose another in VESTIGE_SYSLOG_{name.upper()}; ports below 1024 need CAP_NET_BIND_SERVICE",
                ) from None
            self._listeners[name] = self._listener(name, one)
            host, port = one.getsockname()[:2]
            self._shown[name] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        ready = threading.Event()
        for work in (lambda: asyncio.run(self._listen(ready)), self._commit):
            thread = threading.Thread(target=work, name="receivers", daemon=True)
            thread.start()
            self._threads.append(thread)
        ready.wait()

    def stop(self) -> None:
        """Hear no more, commit what has arrived, then return; :attr:`lost` says how much could not be."""
        if not self._threads or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        listening, committing = self._threads
        listening.join()
        self._waiting.close()
        committing.join(LAST_SECONDS)
        self._given_up.set()
        committing.join()
        self._threads = []

    def status(self) -> list[dict[str, Any]]:
        """Per listener: where it listens, and what became of what came."""
        return [self._status(name, listener) for name, listener in self._listeners.items()]

    def _status(self, name: str, listener: Listener) -> dict[str, Any]:
        counts = listener.senders.counts
        found: dict[str, Any] = {
            "name": f"syslog/{name}",
            "address": self._shown[name],
            "received": counts.received,
            "received_bytes": counts.received_bytes,
            "committed": counts.committed,
            "waiting": counts.received - counts.committed,
            "dropped": listener.dropped,
            "refused": counts.refused,
            "cut": counts.cut,
            "torn": counts.torn,
        }
        if listener.connections is not None:
            found["connections"] = listener.connections
        if self.error is not None:
            found["error"] = str(self.error)
        return found

    def _listener(self, name: str, one: Any) -> Listener:  # noqa: ANN401 - a socket
        syslog = self._syslog
        channel = f"syslog/{name}"
        by_certificate = name == "tls" and syslog.tls_ca is not None
        allow = None if by_certificate else self._allow
        senders = Senders(channel, Principal(channel), syslog.zone or None, allow, syslog.peers)
        if name == "udp":
            return UdpListener(one, senders, self._waiting, syslog.frame_bytes)
        return StreamListener(
            one,
            senders,
            self._waiting,
            syslog.frame_bytes,
            most=syslog.connections,
            tls=self._tls if name == "tls" else None,
        )

    def _close_sockets(self) -> None:
        for listener in self._listeners.values():
            listener.socket.close()
        self._listeners.clear()

    async def _listen(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        for listener in self._listeners.values():
            listener.start()
        ready.set()
        await self._stopping.wait()
        await asyncio.gather(*(listener.drain() for listener in self._listeners.values()))

    def _room(self) -> None:
        """There is room again; called by the committer."""

        def resume() -> None:
            for listener in self._listeners.values():
                listener.resume()

        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is over: the last records are being committed
                self._loop.call_soon_threadsafe(resume)

    def _commit(self) -> None:
        while (taken := self._waiting.take()) is not None:
            if self._committed(taken):
                self._waiting.done(taken)
            else:
                self.lost += taken.records

    def _committed(self, taken: Taken) -> bool:
        """Append until it succeeds; ``False`` if the process is to end and it did not."""
        pause = 0.1
        while True:
            try:
                self._append(taken.arrived)
            except Exception as error:  # noqa: BLE001 - kept, told by status, doctor and readiness, and tried again
                self.error = error
            else:
                self.error = None
                return True
            if self._given_up.wait(pause):
                return False
            pause = min(RETRY_SECONDS, 2 * pause)

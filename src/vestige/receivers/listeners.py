"""Listeners for syslog: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425), on one event loop.

None of these protocols acknowledges. What the kernel took from the sender and we have not committed is lost if this
process is killed, and the sender does not know; that is so with every syslog server. What can be done is done: TCP and
TLS are not read while too much waits, so a slow ledger slows the sender; what UDP loses meanwhile the kernel counts;
and a graceful stop reads what has arrived before it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
import struct
from typing import TYPE_CHECKING, Any, cast

from vestige.model.principal import Principal
from vestige.receivers.framing import Decoder, Part, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.receivers.addresses import Sender, Senders, SyslogAddress
    from vestige.receivers.framing import Frame
    from vestige.receivers.waiting import Waiting

DATAGRAM = 65_535
BURST = 512
"""Datagrams read before others on the loop get their turn."""
BUFFER = 16 << 20
"""Bytes the kernel is asked to hold of datagrams; without CAP_NET_ADMIN it gives ``net.core.rmem_max`` at most."""
STREAM_BUFFER = 256 << 10
"""Bytes the kernel holds of a connection: the sender counts them as delivered, and a crash loses them."""
BACKLOG = 256
HANDSHAKE_SECONDS = 10
ACCEPT_PAUSE = 0.2
"""Seconds before accepting again when there are no file descriptors left."""
QUIET_SECONDS = 0.3
DRAIN_SECONDS = 15.0
"""At a graceful stop: a connection is read until nothing came for the first, at most for the second."""
_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
_DROPS = 8
"""Which of the nine numbers of SO_MEMINFO counts drops (linux/sock_diag.h, SK_MEMINFO_DROPS)."""


def bound_socket(address: SyslogAddress, kind: socket.SocketKind) -> socket.socket:
    """A socket bound to an address.

    Raises:
        OSError: it cannot be.
    """
    found = socket.getaddrinfo(address.host, address.port, type=kind, flags=socket.AI_PASSIVE)
    family, _, _, _, where = found[0]
    one = socket.socket(family, kind)
    try:
        one.setblocking(False)
        if kind == socket.SOCK_STREAM:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(where)
    except BaseException:
        one.close()
        raise
    return one


class UdpListener:
    """Datagrams: each one is a frame."""

    def __init__(self, one: socket.socket, senders: Senders, waiting: Waiting, bound: int) -> None:
        self.socket = one
        self.senders = senders
        self._waiting = waiting
        self._bound = bound
        self._number = 0
        self._reading = False
        self._closed = False
        self._last_dropped = 0
        try:
            one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER)
        except OSError:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    @property
    def connections(self) -> int | None:
        """There are none."""
        return None

    @property
    def dropped(self) -> int:
        """Datagrams the kernel had no room for, since the start."""
        if not self._closed:
            info = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36)
            self._last_dropped = struct.unpack("9I", info)[_DROPS]
        return self._last_dropped

    def start(self) -> None:
        """Begin to read."""
        self.resume()

    def resume(self) -> None:
        """Read again, after the waiting records were too many."""
        if not self._reading and not self._closed:
            self._reading = True
            asyncio.get_running_loop().add_reader(self.socket, self._readable)

    def _readable(self) -> None:
        self._read()
        if self._waiting.full and self._reading:
            self._reading = False
            asyncio.get_running_loop().remove_reader(self.socket)

    def _read(self) -> int:
        """Read a burst; how many datagrams there were."""
        arrived: dict[Sender, list[Frame]] = {}
        count = 0
        while count < BURST:
            try:
                data, address = self.socket.recvfrom(DATAGRAM)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # an earlier error of the socket, an unreachable port say: told once, and nothing of ours
                continue
            count += 1
            sender = self.senders.find(address[0])
            if sender is None:
                self.senders.counts.refused += 1
            elif data:
                arrived.setdefault(sender, []).extend(cut(data, self._bound))
        for sender, frames in arrived.items():
            hand_over(self._waiting, sender, frames, self._number)
            self._number += len(frames)
        return count

    async def drain(self) -> None:
        """Read what the kernel still holds, then close."""
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if self._waiting.full:
                await asyncio.sleep(0.01)
            elif not self._read():
                break
            else:
                await asyncio.sleep(0)
        if self._reading:
            asyncio.get_running_loop().remove_reader(self.socket)
        _ = self.dropped
        self._closed = True
        self.socket.close()


class StreamListener:
    """Connections, over TLS if a context is given."""

    def __init__(
        self,
        one: socket.socket,
        senders: Senders,
        waiting: Waiting,
        bound: int,
        *,
        most: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = one
        self.senders = senders
        self._waiting = waiting
        self._bound = bound
        self._most = most
        self._tls = tls
        self._open: set[asyncio.Task[None]] = set()
        self._connections: set[_Connection] = set()
        self._accepting: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int | None:
        """How many are open now, those in a handshake included."""
        return len(self._open)

    @property
    def dropped(self) -> int:
        """None: a sender that is not read waits."""
        return 0

    def start(self) -> None:
        """Begin to accept."""
        self.socket.listen(BACKLOG)
        self._accepting = asyncio.create_task(self._accept())

    def resume(self) -> None:
        """Read again from every connection."""
        if self._waiting.crowded:
            return
        for connection in self._connections:
            connection.resume()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                one, address = await loop.sock_accept(self.socket)
            except OSError:  # no file descriptor left, or the peer is gone already
                await asyncio.sleep(ACCEPT_PAUSE)
                continue
            self._admit(one, address[0])

    def _admit(self, one: socket.socket, host: str) -> None:
        if len(self._open) >= self._most or self.senders.find(host) is None:
            self.senders.counts.refused += 1
            one.close()
            return
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STREAM_BUFFER)
        task = asyncio.create_task(self._serve(one, host))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, one: socket.socket, host: str) -> None:
        connection = _Connection(self.senders, self._waiting, self._bound, host)
        # Known before it is made: it may be read, paused and to be resumed before this task goes on.
        self._connections.add(connection)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, one, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None
            )
            await connection.over.wait()
        except OSError:  # the handshake failed, or took too long
            self.senders.counts.refused += 1
            one.close()
        finally:
            self._connections.discard(connection)

    async def drain(self) -> None:
        """Accept no more, tell senders so, read what has arrived, then close."""
        if self._accepting is not None:
            self._accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepting
        with contextlib.suppress(OSError):
            while True:  # whoever the kernel has let in already may have sent something
                one, address = self.socket.accept()
                self._admit(one, address[0])
        self.socket.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_SECONDS
        while self._open and loop.time() < deadline:
            for connection in list(self._connections):
                connection.say_end()
                if loop.time() - connection.heard > QUIET_SECONDS and not connection.paused:
                    connection.close()
            await asyncio.sleep(0.02)
        for task in self._open - {asyncio.current_task()}:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    """One sender's connection."""

    def __init__(self, senders: Senders, waiting: Waiting, bound: int, host: str) -> None:
        self._senders = senders
        self._waiting = waiting
        self._decoder = Decoder(bound)
        self._host = host
        self._sender: Sender | None = None
        self._number = 0
        self._clean = False
        self._transport: asyncio.Transport | None = None
        self.over = asyncio.Event()
        self.paused = False
        self.heard = 0.0
        self._told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.heard = asyncio.get_running_loop().time()
        self._sender = self._senders.find(self._host, _shown(transport))

    def data_received(self, data: bytes) -> None:
        self.heard = asyncio.get_running_loop().time()
        self._hand_over(self._decoder.feed(data))
        if self._waiting.crowded and not self.paused and self._transport is not None:
            self.paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The other side closed in order; over TLS it said so (a cut connection cannot pass for it)."""
        self._clean = True

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._hand_over(self._decoder.feed(_left_behind(self._transport)))
        self._hand_over(self._decoder.end(clean=self._clean and error is None))
        self._transport = None
        self.over.set()

    def resume(self) -> None:
        """Read again."""
        if self.paused and self._transport is not None:
            self.paused = False
            with contextlib.suppress(RuntimeError):  # it is closing
                self._transport.resume_reading()

    def say_end(self) -> None:
        """Tell the sender that nobody will read on; rsyslog looks for this before it sends."""
        if self._transport is not None and not self._told and self._transport.can_write_eof():
            self._told = True
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def close(self) -> None:
        """End it from our side."""
        if self._transport is not None:
            self._transport.close()

    def _hand_over(self, frames: Sequence[Frame]) -> None:
        if frames and self._sender is not None:
            hand_over(self._waiting, self._sender, frames, self._number)
            self._number += len(frames)


def _left_behind(transport: asyncio.BaseTransport) -> bytes:
    """What came over TLS and was not handed to us: while we do not read, asyncio reads on, and a reset ends it all."""
    tls: Any = transport.get_extra_info("ssl_object")
    found = []
    if tls is not None:
        with contextlib.suppress(ssl.SSLError):  # that was all, or the rest of it is no whole TLS record
            while data := tls.read(DATAGRAM):
                found.append(data)
    return b"".join(found)


def _shown(transport: asyncio.BaseTransport) -> Principal | None:
    """Whom a client's certificate names: by its digest, since a subject may be anything."""
    tls: Any = transport.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    if certificate is None:
        return None
    return Principal(f"certificate:sha256:{hashlib.sha256(certificate).hexdigest()}")


def hand_over(waiting: Waiting, sender: Sender, frames: Sequence[Frame], number: int) -> None:
    """Put frames into the lines of their sender, numbered from ``number`` on."""
    parts = {frame.part for frame in frames}
    for part in parts:
        chosen = [(index, frame) for index, frame in enumerate(frames) if len(parts) == 1 or frame.part is part]
        line = sender.lines[part]
        if part is Part.PIECE:
            line.counts.cut += len(chosen)
        elif part is Part.TORN:
            line.counts.torn += len(chosen)
        waiting.put(
            line,
            [frame.payload for _, frame in chosen],
            [frame.offset for _, frame in chosen],
            [number + index for index, _ in chosen],
        )

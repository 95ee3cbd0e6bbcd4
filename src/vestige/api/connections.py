"""Bounds on connections: a client that is slow, silent or one too many holds nothing for ever.

What is bounded is silence, never work: an upload that keeps moving, a request that takes long to answer and an answer
that keeps being read go on as long as they need. Each connection keeps the times of what it last saw, and the server
looks at all of them a few times a second (:data:`LOOK`): no timer is made or cancelled per request.

* A request's header must be complete within ``header_seconds`` of the connection, or of its first byte on a
  connection that is kept open. Then 408, or just the end of the connection if not a byte had come.
* Within a body no silence may last longer than ``idle_seconds``: 408. Silence that is ours (we have not asked for more
  yet) does not count. A body that goes on after its request was answered is taken for as long again, then cut.
* An answer nobody reads for ``idle_seconds`` is cut.
* The connection above ``most`` is answered 503 before it has said anything.
* A header above :data:`HEADER_BYTES`, or anything else that is no body and still incomplete then, is answered 431.

On the data directory's socket silence within a body is allowed: it is the same user's own, and ``vestige import -``
waits for whatever feeds its standard input.
"""

from __future__ import annotations

import fcntl
import math
import socket
import struct
import termios
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vestige.api.problems import MEDIA_TYPE, problem
from vestige.model.errors import BusyError, SlowError, TooLargeError, VestigeError

if TYPE_CHECKING:
    from vestige.app import Settings

LOCAL = "local:"
LOOK = 0.25
"""Seconds between two looks at the connections."""
KEEP_ALIVE_SECONDS = 10
HEADER_BYTES = 64 << 10
REFUSED_SECONDS = 2.0
"""How long a refused connection may take to read its refusal."""
REFUSED_MOST = 64
"""Connections being refused at once; what comes above is closed without a word."""
_CREDENTIALS = struct.Struct("3i")
_INT = struct.Struct("i")


@dataclass(slots=True)
class Bounds:
    """The bounds of one listener, and the connections it is refusing. Times are seconds."""

    header_seconds: float
    idle_seconds: float
    """``math.inf`` where silence is allowed."""
    most: int
    refused: set[Bounded] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings, *, local: bool) -> Bounds:
        """The bounds the settings name."""
        idle = math.inf if local else settings.limit_idle_seconds
        return cls(settings.limit_header_seconds, idle, settings.limit_connections)


class BoundedConfig(uvicorn.Config):
    """uvicorn's configuration of one listener, with our bounds: what a connection is given when it is made."""

    def __init__(self, bounds: Bounds, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn takes them
        super().__init__(*args, **kwargs)
        self.bounds = bounds


class Bounded(HttpToolsProtocol):
    """HTTP/1.1 within bounds. The event loop's time is what every field ending in ``_at`` holds."""

    config: BoundedConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn makes it
        super().__init__(*args, **kwargs)
        self._bounds = self.config.bounds
        self._in_body = False
        self._begun = False
        """Whether a byte of the header awaited has come."""
        self._due_at = math.inf
        """When the header awaited must be complete."""
        self._heard_at = 0.0
        """When the last bytes came of a body still wanted."""
        self._unread = 0
        """Bytes of answers not yet taken by the client, at the last look."""
        self._read_at = 0.0
        """When that number last changed, or was 0."""
        self._bare = 0
        """Bytes taken since the last completed header or piece of a body."""
        self._head = 0
        """Bytes of the header being read, however they came."""
        self._refused_at: float | None = None

    # -- what the event loop calls ------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own loose type
        """Begin to wait for a header, or refuse the connection."""
        super().connection_made(transport)
        now = self.loop.time()
        self._due_at = now + self._bounds.header_seconds
        self._read_at = now
        if len(self.connections) <= self._bounds.most:
            return
        self.connections.discard(self)
        if len(self._bounds.refused) >= REFUSED_MOST:
            transport.abort()
            return
        self._bounds.refused.add(self)
        self._refused_at = now
        self._refuse(
            503,
            BusyError(
                "the server has as many connections as it takes",
                expected=f"at most {self._bounds.most}",
                hint="try again later, use fewer connections, or raise VESTIGE_LIMIT_CONNECTIONS",
            ),
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._bounds.refused.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take note of what came, then parse it."""
        if self._refused_at is not None:
            return
        now = self.loop.time()
        if not self._in_body and not self._begun:
            self._begun = True
            self._due_at = now + self._bounds.header_seconds
        if not (self._in_body and self.cycle.response_complete):
            self._heard_at = now
        self._bare += len(data)
        super().data_received(data)
        if self._bare > HEADER_BYTES and not self.transport.is_closing():
            self._too_large(f"{self._bare} bytes and no end")

    # -- what the parser calls ----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of what is asked for."""
        self._head += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the header."""
        self._head += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The header is there: from now on the body's silence counts."""
        self._in_body, self._bare = True, 0
        if self._head > HEADER_BYTES and not self.transport.is_closing():
            self._too_large(f"{self._head} bytes")
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._bare = 0
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: wait for the next, which may take its time to begin."""
        if not self.transport.is_closing():
            super().on_message_complete()
        self._in_body, self._begun, self._bare = False, False, 0
        self._due_at = self._next_due(self.loop.time())

    # -- what the server calls ----------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """End the connection if it is beyond a bound.

        Args:
            now: the event loop's time.
        """
        if self._refused_at is not None:
            if now - self._refused_at > REFUSED_SECONDS:
                self.transport.abort()
            return
        unread = self._count_unread()
        if unread != self._unread or unread == 0:
            self._unread, self._read_at = unread, now
        if now - self._read_at > self._bounds.idle_seconds:
            self.transport.abort()
        elif self.transport.is_closing():
            pass
        elif self._in_body:
            self._look_at_body(now)
        elif self._answering():
            self._due_at = self._next_due(now)
        elif now > self._due_at:
            self._end_header()

    def _count_unread(self) -> int:
        """Bytes of answers the client's side has not taken, the kernel's queue included.

        That queue holds megabytes: a slow reader empties it for minutes before our own buffer moves at all.
        """
        ours = self.transport.get_write_buffer_size()
        if ours == 0 or math.isinf(self._bounds.idle_seconds):
            return ours
        queued = fcntl.ioctl(self.transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(_INT.size))
        return ours + int(_INT.unpack(queued)[0])

    def _look_at_body(self, now: float) -> None:
        if self.cycle.response_complete:
            if now - self._heard_at > self._bounds.idle_seconds:
                self.transport.close()
        elif self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._heard_at = now
        elif now - self._heard_at > self._bounds.idle_seconds:
            self._cut(
                408,
                SlowError(
                    "the request's body stopped coming",
                    expected=f"no silence above {self._bounds.idle_seconds:g} s",
                    hint="send it again, or raise VESTIGE_LIMIT_IDLE_SECONDS",
                ),
            )

    def _too_large(self, got: str) -> None:
        self._cut(
            431,
            TooLargeError("the request's header is too large", expected=f"at most {HEADER_BYTES} bytes", got=got),
        )

    def _end_header(self) -> None:
        if not self._begun:
            self.transport.close()
            return
        self._refuse(
            408,
            SlowError(
                "the request's header did not come to its end",
                expected=f"all of it within {self._bounds.header_seconds:g} s",
                hint="send it again, or raise VESTIGE_LIMIT_HEADER_SECONDS",
            ),
        )

    def _next_due(self, now: float) -> float:
        """When the next header must be complete, if nothing but it is awaited from now on."""
        return now + self._bounds.header_seconds + (0 if self._begun else KEEP_ALIVE_SECONDS)

    def _answering(self) -> bool:
        # Before the first request there is no cycle, which uvicorn's annotation leaves out.
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _cut(self, status: int, error: VestigeError) -> None:
        """End the connection and the request under way, with a problem where no answer has begun."""
        if self._answering():
            # The application hears what it hears when a client goes away, and discards what it has.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started or self.pipeline:
                self.transport.abort()
                return
        self._refuse(status, error)

    def _refuse(self, status: int, error: VestigeError) -> None:
        """Write a problem past the application, and end the connection."""
        body = orjson.dumps(problem(error) | {"status": status})
        head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        if self._refused_at is None or not self.transport.can_write_eof():
            # TLS has no half-closed connections; its own closing sends what is written first.
            self.transport.close()
        else:
            # Only our side: closed with its request unread, the connection would be reset and the answer lost.
            self.transport.write_eof()


class BoundedLocal(Bounded):
    """The same on the data directory's socket, with the peer's uid in the place of its address."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own loose type
        """Ask the kernel who it is."""
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        self.client = (f"{LOCAL}{uid}", 0)

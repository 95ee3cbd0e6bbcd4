"""Events waiting to be sent: bounded in number and bytes, taken out in batches, safe to use from many threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from vestige.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable


class BufferFullError(BusyError):
    """As many events wait to be sent as may; this one was not taken."""


class Buffer:
    """A queue of serialised events.

    Args:
        most_events: events that may wait, the batch being sent included.
        most_bytes: bytes of them.
    """

    def __init__(self, most_events: int, most_bytes: int) -> None:
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._out = 0
        self._out_bytes = 0
        self._bytes = 0
        self._hurry = 0
        self._closed = False

    @property
    def unsent(self) -> int:
        """Events that are not acknowledged."""
        with self._changed:
            return len(self._waiting) + self._out

    def put(self, event: bytes, *, block: bool, stopped: Callable[[], bool]) -> None:
        """Let an event wait.

        Args:
            event: its bytes.
            block: whether to wait for room.
            stopped: whether there will be none any more.

        Raises:
            BufferFullError: there is no room, and waiting is not wanted or of no use.
        """
        with self._changed:
            while self._full(len(event)):
                if not block or stopped() or len(event) > self._most_bytes:
                    raise BufferFullError(
                        "too much waits to be sent",
                        expected=f"at most {self._most_events} events and {self._most_bytes} bytes",
                        hint="the server does not answer, or not fast enough",
                    )
                self._changed.wait(0.2)
            self._waiting.append(event)
            self._bytes += len(event)
            self._changed.notify_all()

    def _full(self, size: int) -> bool:
        return (
            len(self._waiting) + self._out >= self._most_events
            or self._bytes + self._out_bytes + size > self._most_bytes
        )

    def take(self, most_events: int, most_bytes: int, linger: float) -> list[bytes]:
        """The next batch: at least one event, and no more than asked; empty once the buffer is closed and empty.

        Waits up to ``linger`` seconds for a batch to fill, unless somebody waits for the buffer to be empty.
        """
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            due = time.monotonic() + linger
            while (
                len(self._waiting) < most_events
                and self._bytes < most_bytes
                and not self._hurry
                and not self._closed
                and (left := due - time.monotonic()) > 0
            ):
                self._changed.wait(left)
            batch: list[bytes] = []
            size = 0
            while self._waiting and len(batch) < most_events:
                size += len(self._waiting[0]) + 1
                if batch and size > most_bytes:
                    break
                batch.append(self._waiting.popleft())
            self._out, self._out_bytes = len(batch), sum(map(len, batch))
            self._bytes -= self._out_bytes
            return batch

    def done(self) -> None:
        """The batch that was taken is acknowledged."""
        with self._changed:
            self._out = self._out_bytes = 0
            self._changed.notify_all()

    def wait_empty(self, timeout: float | None, stopped: Callable[[], bool]) -> bool:
        """Wait until everything is acknowledged; whether it is."""
        due = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            try:
                while self._waiting or self._out:
                    if stopped() or (due is not None and time.monotonic() >= due):
                        return False
                    self._changed.wait(0.1)
            finally:
                self._hurry -= 1
        return True

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

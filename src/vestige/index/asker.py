"""Who still waits for what the index is asked: what nobody waits for is ended, and leaves the engine to others.

A page that is scrolled lets go of one question after another. Of millions of events each would take both processors
for seconds, if it were answered to the end.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from vestige.model.errors import IndexStoreError, LeftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRIES: Final = 40
_BETWEEN_S: Final = 0.05
"""A statement that is only about to begin is not found yet: so it is looked for again, for two seconds in all."""


class Asker:
    """Somebody who asks and may go before the answer is there. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = False
        self._running: dict[str, Callable[[str], None]] = {}

    @contextmanager
    def asking(self, end: Callable[[str], None] | None) -> Iterator[str]:
        """Around one statement: gives the mark by which ``end`` finds it among those that run.

        Without ``end`` the statement is not ended; but nothing is asked after it.

        Raises:
            LeftError: whoever asked has gone.
        """
        mark = f"asked-{uuid.uuid4().hex}"
        with self._lock:
            if self._gone:
                raise _left()
            if end is not None:
                self._running[mark] = end
        try:
            yield mark
        except IndexStoreError as error:
            if self._gone:
                raise _left() from error  # what it failed of is that it was ended
            raise
        finally:
            with self._lock:
                self._running.pop(mark, None)
        if self._gone:
            # Part of an answer is none, should an engine end a statement without a word.
            raise _left()

    def leave(self) -> None:
        """Ask nothing more, and end what runs; returns when it has ended, or does not end."""
        for _ in range(_TRIES):
            with self._lock:
                self._gone = True
                running = list(self._running.items())
            if not running:
                return
            try:
                for mark, end in running:
                    end(mark)
            except IndexStoreError:
                # What cannot be ended, or must not be, goes on to its end, as it would have.
                return
            time.sleep(_BETWEEN_S)


def _left() -> LeftError:
    return LeftError("whoever asked has gone", hint="ask again")


ASKER: Final[ContextVar[Asker | None]] = ContextVar("asker", default=None)
"""Who asks in this context; ``None``: somebody who waits for every answer."""

"""Scans what arrives for the sequences that are enabled, by itself, once nothing more has come for a while.

The projector tells of each block that is in the index. Events may arrive late: from the earliest time in what came to
``within`` after the latest, a pattern may have a match that it had not before. A scan that fails is tried again with
what comes next, and the failure is told with the patterns (:meth:`Watch.state`); nothing is lost by it, for a scan by
hand finds the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from vestige.model.errors import BusyError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_QUIETS = 20
"""Where something comes all the time, how many times the quiet is waited for before it is scanned all the same."""


class Watch:
    """The scans of one tenant that are asked for by nobody.

    Args:
        scan: scans for what entries from one position up to another may have completed, until asked to stop; answers
            what it did not look at.
        quiet: seconds without anything new that are waited for.
    """

    def __init__(self, scan: Callable[[int, int, threading.Event], list[str]], quiet: float) -> None:
        self._scan = scan
        self._quiet = quiet
        self._condition = threading.Condition()
        self._stop = threading.Event()
        self._pending: tuple[int, int] | None = None
        self._told = 0
        self._error: VestigeError | None = None
        self._left_out: list[str] = []
        self._thread = threading.Thread(target=self._run, name="watch-sequences", daemon=True)
        self._thread.start()

    def note(self, lo: int, hi: int) -> None:
        """Take note that the entries from ``lo`` up to ``hi`` are in the index now."""
        with self._condition:
            before = self._pending or (lo, hi)
            self._pending = min(lo, before[0]), max(hi, before[1])
            self._told += 1
            self._condition.notify_all()

    def state(self) -> dict[str, Any]:
        """Whether something waits to be scanned, what went wrong last, and what the last scan did not look at."""
        with self._condition:
            wrong = {} if self._error is None else {"error": str(self._error)}
            left_out = {"left_out": self._left_out} if self._left_out else {}
            return {"seconds": self._quiet, "waiting": self._pending is not None} | wrong | left_out

    def close(self) -> None:
        """Stop after the pattern that is looked for."""
        with self._condition:
            self._stop.set()
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while (span := self._awaited()) is not None:
            try:
                left_out = self._scan(*span, self._stop)
                error: VestigeError | None = None
            except BusyError:
                # Somebody scans, or the index is computed anew: that ends, and what came is still there.
                self.note(*span)
                continue
            except VestigeError as failed:
                error, left_out = failed, []
                self.note(*span)
            with self._condition:
                self._error, self._left_out = error, left_out
                # What failed waits for something new: it would only fail again.
                if error is not None:
                    told = self._told
                    self._more(told, None)

    def _awaited(self) -> tuple[int, int] | None:
        """What came, once it has been quiet for long enough; ``None`` when it is time to stop."""
        with self._condition:
            self._condition.wait_for(lambda: self._stop.is_set() or self._pending is not None)
            for _ in range(MOST_QUIETS):
                told = self._told
                if not self._more(told, self._quiet):
                    break
            span, self._pending = self._pending, None
            return None if self._stop.is_set() else span

    def _more(self, told: int, seconds: float | None) -> bool:
        """Wait for more than was told of so far, or for the end; whether it came in time. The lock is held."""
        return self._condition.wait_for(lambda: self._stop.is_set() or self._told != told, seconds)

"""Programs that wait to be let in: how many may, how long, and those that wait where nobody can let them in.

A sign-in of a tenant that is not there waits, is bounded and ends as any other, or whoever begins one would learn which
tenants there are.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from vestige.model.errors import BusyError
from vestige.model.instant import NANOS

CODE_SECONDS: Final = 10 * 60
MOST_WAITING: Final = 1000
"""Sign-ins of a tenant that wait at once: anybody can begin one."""
MOST_NOWHERE: Final = 10 * MOST_WAITING
"""The same of all names that are no tenant's."""


class Nowhere:
    """Sign-ins of tenants that are not there: they wait as others do, and so tell nobody which tenants there are.

    They are kept in memory, the oldest let go first. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[bytes, tuple[str, int]] = OrderedDict()

    def add(self, slug: str, digest: bytes, at: int) -> None:
        """Let one wait.

        Raises:
            BusyError: as many wait as may for a tenant.
        """
        with self._lock:
            while self._waiting and next(iter(self._waiting.values()))[1] < at:
                self._waiting.popitem(last=False)
            if sum(name == slug for name, _ in self._waiting.values()) >= MOST_WAITING:
                raise too_many()
            self._waiting[digest] = slug, at + CODE_SECONDS * NANOS
            if len(self._waiting) > MOST_NOWHERE:
                self._waiting.popitem(last=False)

    def waits(self, digest: bytes, at: int) -> bool:
        """Whether one waits, and is not over."""
        with self._lock:
            return at < self._waiting.get(digest, ("", 0))[1]


def too_many() -> BusyError:
    """The refusal of one sign-in more than may wait."""
    return BusyError("too many sign-ins wait for approval", expected=f"at most {MOST_WAITING}")

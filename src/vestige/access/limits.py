"""How often somebody may ask: a token bucket per name, and a bound on how many names are remembered."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_NAMES: Final = 50_000
"""Buckets kept; the one used longest ago is forgotten, which fills it: it is nearly full by then anyway."""


class Buckets:
    """A bucket for each name: it holds ``capacity`` tokens, gains ``rate`` a second, and each request takes one.

    Safe to share between threads. With a rate of 0 there is no bound.
    """

    def __init__(self, rate: float, capacity: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take a token: 0 if there was one, else the whole seconds after which there will be."""
        if not self._rate:
            return 0
        at = self._clock()
        with self._lock:
            left, since = self._buckets.pop(name, (self._capacity, at))
            left = min(self._capacity, left + (at - since) * self._rate)
            wait = 0 if left >= 1 else max(1, math.ceil((1 - left) / self._rate))
            self._buckets[name] = (left if wait else left - 1, at)
            if len(self._buckets) > MOST_NAMES:
                self._buckets.popitem(last=False)
        return wait

"""Gives back to the system what this process has freed and the C library keeps.

It keeps it in an arena for every few threads, scattered: after some imports a few hundred MiB, beside which the next
grow instead of within them. What Arrow and the engine keep was measured too, and is nothing worth asking for.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS: Final = 30.0
"""From one time to the next. Once takes some ten milliseconds."""


def give_back() -> bool:
    """Give back what was freed, now; whether there was something to give. Only of glibc: malloc_trim(3)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))


@contextlib.contextmanager
def giving_back(seconds: float = SECONDS) -> Iterator[None]:
    """Give back what was freed, again and again until the block is left."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            give_back()

    thread = threading.Thread(target=run, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

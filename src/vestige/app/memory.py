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


_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc alone: malloc_trim(3)."""
if _TRIM is not None:
    _TRIM.argtypes, _TRIM.restype = [ctypes.c_size_t], ctypes.c_int


def give_back() -> bool:
    """Give back what was freed, now; whether there was something to give."""
    return _TRIM is not None and bool(_TRIM(0))


@contextlib.contextmanager
def giving_back(seconds: float = SECONDS) -> Iterator[None]:
    """Give back what was freed, again and again until the block is left."""
    if _TRIM is None:
        yield
        return
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

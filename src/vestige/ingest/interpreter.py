"""The interpreter's settings while much is taken in at once."""

from __future__ import annotations

import contextlib
import gc
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_standard: list[tuple[int, int, int]] = []
"""The thresholds to go back to, once for everybody who is in."""


def tune() -> None:
    """Let the cyclic collector of this process look less often from now on, and never at what is there already."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@contextlib.contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Let the cyclic collector look less often, until the last who wants it so has left.

    An import makes millions of objects and no cycles; at the default thresholds the collector walks all of them again
    and again. How often threads hand the interpreter's lock on is left as it is: handing it on sooner was measured to
    cost a tenth of an import's speed and more.
    """
    with _lock:
        _standard.append(_standard[0] if _standard else gc.get_threshold())
        if len(_standard) == 1:
            tune()
    try:
        yield
    finally:
        with _lock:
            before = _standard.pop()
            if not _standard:
                gc.set_threshold(*before)
                gc.unfreeze()

"""The interpreter's settings while much is taken in at once."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Let the cyclic collector look less often, and put it back.

    An import makes millions of objects and no cycles; at the default thresholds the collector walks all of them again
    and again. How often threads hand the interpreter's lock on is left as it is: handing it on sooner was measured to
    cost a tenth of an import's speed and more.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

"""Refusals of whoever is nobody: the installation's own log, which is no tenant's ledger.

Anybody can make as many as they like, so they are folded: one line of ``refused.jsonl`` for an address and a minute,
with how many there were and of what. Neither the memory of a minute nor the file grows without bound.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

import orjson

from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from pathlib import Path

MOST_ADDRESSES: Final = 1000
"""Addresses told apart within a minute; what comes from others is counted as ``others``."""
MOST_KINDS: Final = 8
"""Requests told apart of one address and minute."""
MOST_BYTES: Final = 4 << 20
"""Of the file; it then becomes ``refused.jsonl.1``, in place of the one before."""
_MINUTE: Final = 60 * NANOS
OTHERS: Final = "others"


class Refusals:
    """Counts refusals, and writes a minute down when it is over. Safe to share between threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, Counter[str]] = {}

    def note(self, address: str, what: str) -> None:
        """Count one.

        Args:
            address: of whom.
            what: the method and the path's beginning; never what stood in the request.
        """
        with self._lock:
            self._turn()
            name = address if address in self._counts or len(self._counts) < MOST_ADDRESSES else OTHERS
            kinds = self._counts.setdefault(name, Counter())
            kinds[what if what in kinds or len(kinds) < MOST_KINDS else OTHERS] += 1

    def write(self, *, due: bool = False) -> None:
        """Write down the minute that is over; or, if it is ``due``, the one that is not over yet."""
        with self._lock:
            self._turn(due=due)

    def _turn(self, *, due: bool = False) -> None:
        minute = now() // _MINUTE
        if minute == self._minute and not due:
            return
        counts, self._counts, at, self._minute = self._counts, {}, self._minute, minute
        if not counts:
            return
        lines = [
            orjson.dumps(
                {"minute": to_text(at * _MINUTE), "address": name, "refused": kinds.total(), "of": dict(kinds)}
            )
            for name, kinds in counts.items()
        ]
        # A disk that is full must not turn a refusal into a failure of ours.
        with contextlib.suppress(OSError):
            if self._file.exists() and self._file.stat().st_size > MOST_BYTES:
                self._file.replace(self._file.with_name(f"{self._file.name}.1"))
            with self._file.open("ab") as log:
                log.write(b"\n".join(lines) + b"\n")

"""A progress line on stderr: share done, records, rate, time left.

Where stderr is no terminal there is none; or, of work that nobody may break off unawares, a line every some seconds.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from vestige.cli.options import shown

if TYPE_CHECKING:
    from types import TracebackType

    from vestige.cli.options import Globals

WIDTH = 24
LINE_SECONDS = 5.0
"""Between two lines where stderr is no terminal and lines are wanted."""


class Progress:
    """Shows what a long piece of work tells. Use as a context manager: leaving it clears the line."""

    def __init__(self, options: Globals, *, lines: bool = False) -> None:
        terminal = sys.stderr.isatty()
        self._on = terminal and not options.quiet
        self._lines = lines and not terminal and not options.quiet
        self._due = time.monotonic() + LINE_SECONDS
        self._length = 0
        self.records = 0
        """Records the work told of last."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def show(self, told: dict[str, Any]) -> None:
        """Draw the line anew.

        Args:
            told: ``share`` (0 to 1), ``seconds`` since the start, ``records`` so far, and ``file``; or ``done`` and
                ``of`` in the same unit.
        """
        share = told["share"] if "share" in told else told["done"] / max(1, told["of"])
        count = told.get("records", told.get("done", 0))
        self.records = told.get("records", 0)
        seconds = told.get("seconds", 0.0)
        parts = [f"{'█' * int(share * WIDTH):░<{WIDTH}} {share:4.0%}", f"{count:,}"]
        if seconds:
            parts.append(f"{count / seconds:,.0f}/s")
        if seconds and 0 < share < 1:
            parts.append(f"{_clock(seconds / share - seconds)} left")
        if told.get("file"):
            parts.append(shown(str(told["file"])[-40:]))
        self._write("  ".join(parts))

    def followed(self, told: dict[str, Any]) -> None:
        """Draw the line for files that are followed: how many, what came of them, and how much waits."""
        behind = f"  {told['behind'] / 1e6:,.1f} MB behind" if told["behind"] else ""
        self._write(f"{told['followed']:,} files followed  {told['records']:,} records{behind}")

    def bytes(self, size: int, seconds: float) -> None:
        """Draw the line for work whose end is not known: how much so far, and how fast."""
        rate = f"  {size / seconds / 1e6:,.1f} MB/s" if seconds else ""
        self._write(f"{size / 1e6:,.1f} MB{rate}")

    def _write(self, text: str) -> None:
        if self._on:
            sys.stderr.write("\r" + text.ljust(self._length) + ("\r" if not text else ""))
            sys.stderr.flush()
            self._length = len(text)
        elif self._lines and text and time.monotonic() >= self._due:
            self._due = time.monotonic() + LINE_SECONDS
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""How much a bundle may ask of whoever verifies it: its files, the bytes they unpack to, and the time all of it takes.

The list of a zip's files is a few dozen bytes a file in the zip and ten times that in memory, and the library that
reads it counts nothing beforehand. So the zip is read through :class:`ListBound`, which sees the list before the
library takes it apart, whatever the zip's end record states.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vestige.bundles import layout
from vestige.model.errors import TooLargeError

if TYPE_CHECKING:
    from pathlib import Path

_LISTED: Final = 46
"""Bytes of a file in a zip's list, without its name."""
_BESIDE: Final = 64
"""Bytes that a file's further fields may have there; 28 are needed for lengths beyond four bytes."""
_TAIL: Final = 1 << 17
"""Bytes at the end of a zip that are searched for its end record, which a comment may follow, and more."""
_SIGNATURE: Final = b"PK\x01\x02"
"""What each file in the list begins with."""
_HINT: Final = "verify it by yourself: vestige bundle verify"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one verification; the time runs from when this is made.

    Args:
        files: how many there may be, folders of a zip counted.
        unpacked: bytes of all of them together; ``None``: as many as the zip's length explains.
        seconds: how long it may take; ``None``: as long as it takes.
    """

    files: int = layout.MAX_FILES
    unpacked: int | None = None
    seconds: float | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def listed(self) -> int:
        """Bytes that a zip's list of so many files can have."""
        return max(self.files * (_LISTED + layout.MAX_NAME + _BESIDE), _TAIL)

    def check_files(self, number: int) -> None:
        """Refuse more files than there may be.

        Raises:
            TooLargeError: there are.
        """
        if number > self.files:
            raise TooLargeError(
                "there are too many files", expected=f"at most {self.files}", got=str(number), hint=_HINT
            )

    def check_unpacked(self, total: int) -> None:
        """Refuse more bytes than there may be.

        Raises:
            TooLargeError: there are.
        """
        if self.unpacked is not None and total > self.unpacked:
            raise TooLargeError(
                "the zip unpacks to too many bytes", expected=f"at most {self.unpacked}", got=str(total), hint=_HINT
            )

    def check_time(self) -> None:
        """End what takes too long.

        Raises:
            TooLargeError: it does.
        """
        if self.seconds is not None and time.monotonic() - self._began > self.seconds:
            raise TooLargeError(
                "the bundle takes too long to verify here", expected=f"at most {self.seconds:g} seconds", got="more",
                hint=_HINT,
            )  # fmt: skip


class ListBound(io.BufferedReader):
    """A zip's file that refuses to give a list of too many files away."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        super().__init__(io.FileIO(path))
        self._bounds: Bounds | None = bounds

    def list_read(self) -> None:
        """The list has been read; what is read from now on are files."""
        self._bounds = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as ever, unless that is a list of too many files.

        Raises:
            TooLargeError: it is.
        """
        bounds = self._bounds
        if bounds is None:
            return super().read(size)
        # The library reads the list at once, as many bytes as the end record states.
        if size is not None and size > bounds.listed:
            raise TooLargeError(
                "the zip's list of files is too long", expected=f"at most {bounds.listed} bytes", got=f"{size} bytes",
                hint=_HINT,
            )  # fmt: skip
        found = super().read(size)
        bounds.check_files(found.count(_SIGNATURE))
        return found

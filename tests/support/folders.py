"""What lies in a folder that a running program goes on writing to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def files_of(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below the folders with its bytes; one that goes while this looks (the index merges) is not told."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for path in (Path(place, name) for name in sorted(names)):
                if not path.is_file():  # a socket, or gone
                    continue
                try:
                    yield path, path.read_bytes()
                except FileNotFoundError:
                    continue


def bytes_of(*folders: Path) -> bytes:
    """All those bytes."""
    return b"".join(data for _, data in files_of(*folders))

"""The tiles a tree has, told once more for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.proof.tiles import Tile, level_widths

if TYPE_CHECKING:
    from collections.abc import Iterator


def tiles_for(size: int) -> Iterator[Tile]:
    """Every hash tile of a tree of this size, level by level."""
    for level, (full, partial) in enumerate(level_widths(size)):
        for index in range(full):
            yield Tile(level, index)
        if partial:
            yield Tile(level, full, partial)

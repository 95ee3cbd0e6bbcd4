"""Proofs for many entries of one signed tree, from tiles that are read and hashed once each.

A proof by itself reads at most two tiles per level and hashes parts of them; a hundred thousand neighbours would do so
over and over. Here a tile is expanded to all its inner nodes when it is first needed, and the last few stay.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from vestige.model.errors import ProofError
from vestige.proof import HASH_SIZE, TILE_WIDTH, Tile, consistency_path, inclusion_path, tile_width
from vestige.proof.merkle import pair_up
from vestige.proof.tiles import TILE_HEIGHT, split_hashes

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT: Final = 16
"""Tiles kept expanded, half a megabyte: entries come in order, so each level needs few."""


class Paths:
    """Inclusion and consistency paths in the tree of one size.

    Args:
        size: of the tree.
        read: gives a tile of the published tree.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self.size = size
        self._read = read
        self._tiles: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def inclusion(self, seq: int) -> list[bytes]:
        """The path from an entry to the root.

        Raises:
            ProofError: the tree has no such entry.
        """
        return inclusion_path(seq, self.size, self._node)

    def consistency(self, first: int) -> list[bytes]:
        """The proof that this tree begins with the tree of an earlier size.

        Raises:
            ProofError: there is no such size below this one's.
        """
        return consistency_path(first, self.size, self._node)

    def _node(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        rows = self._tile(tile_level, first // TILE_WIDTH)
        return rows[height][first % TILE_WIDTH >> height]

    def _tile(self, level: int, index: int) -> list[list[bytes]]:
        rows = self._tiles.get((level, index))
        if rows is not None:
            self._tiles.move_to_end((level, index))
            return rows
        tile = Tile(level, index, tile_width(level, index, self.size))
        data = self._read(tile)
        if len(data) != tile.width * HASH_SIZE:
            raise ProofError(
                f"{tile.path} has the wrong length", expected=f"{tile.width * HASH_SIZE} bytes", got=str(len(data))
            )
        rows = [split_hashes(data)]
        while len(rows[-1]) > 1:
            rows.append(pair_up(rows[-1]))
        self._tiles[level, index] = rows
        if len(self._tiles) > _KEPT:
            self._tiles.popitem(last=False)
        return rows

"""C2SP tlog-tiles: the tree as static resources of 256 hashes, and proofs from them in O(log n) reads.

Tile (level L, index N) holds the nodes ``[N * 256, N * 256 + width)`` of tree level ``8 * L``. Only the rightmost tile
of a level may be partial; a partial tile is not hashed into the level above. Entry bundles hold the leaf data under
the leaf hashes of the level-0 tile of the same index, each entry after its length as a big-endian uint16.

:class:`TileState` is the right edge of a growing tree. :func:`extend` appends a run of leaf hashes to it and gives
back the tiles that run completed; a completed tile never changes again.

Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vestige.model.errors import ProofError
from vestige.proof.merkle import EMPTY_FRONTIER, HASH_SIZE, MAX_SIZE, Frontier, pair_up

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_SIZE
MAX_LEVEL = 63
MAX_ENTRY = 0xFFFF
ENTRIES = -1
"""The level that stands for entry bundles, which share the index and width of level 0."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level (or :data:`ENTRIES`), its index in the level, and how many of its 256 places it has."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The tile's path below a log's prefix."""
        return tile_path(self.level, self.index, self.width)


@dataclass(frozen=True, slots=True)
class CompletedTile:
    """A full tile: 8,192 bytes that will never change."""

    level: int
    index: int
    data: bytes


TileReader: TypeAlias = Callable[[Tile], bytes]
"""Gives a tile's bytes: its ``width`` hashes, or a wider tile of which they are the beginning."""


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """``tile/<L>/<N>[.p/<W>]``; index 1234067 is spelled ``x001/x234/067``.

    Raises:
        ProofError: there is no such tile.
    """
    if not ENTRIES <= level <= MAX_LEVEL or not 0 <= index <= MAX_SIZE or not 1 <= width <= TILE_WIDTH:
        raise ProofError(
            "no such tile",
            expected=f"level 0 to {MAX_LEVEL} or entries, index 0 or more, width 1 to {TILE_WIDTH}",
            got=f"level {level}, index {index}, width {width}",
        )
    path = f"{index % 1000:03}"
    while index := index // 1000:
        path = f"x{index % 1000:03}/{path}"
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level == ENTRIES else level}/{path}{suffix}"


def parse_tile_path(path: str) -> Tile:
    """The inverse of :func:`tile_path`; every tile has exactly one path.

    Raises:
        ProofError: not a tile path, or not in its one spelling.
    """
    found = _PATH.fullmatch(path) if len(path) <= 64 else None
    if found is not None:
        level = ENTRIES if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        width = int(found["width"] or TILE_WIDTH)
        tile = Tile(level, index, width)
        if level <= MAX_LEVEL and index <= MAX_SIZE and width <= TILE_WIDTH and tile.path == path:
            return tile
    raise ProofError("not a tile path", expected="tile/<L>/<N>[.p/<W>]", got=repr(path[:80]))


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes (or entries) the tile has in a tree of this size; 0 if the tree has no such tile."""
    nodes = size if level == ENTRIES else size >> TILE_HEIGHT * level
    return max(0, min(TILE_WIDTH, nodes - index * TILE_WIDTH))


def level_widths(size: int) -> list[tuple[int, int]]:
    """Per level from 0 up: how many full tiles a tree of this size has, and the width of the partial one (or 0)."""
    widths = []
    while size:
        widths.append((size >> TILE_HEIGHT, size % TILE_WIDTH))
        size >>= TILE_HEIGHT
    return widths


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle.

    Raises:
        ProofError: no or too many entries, or one too long for its length prefix.
    """
    _check_count(len(entries))
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ProofError("an entry is too long", expected=f"at most {MAX_ENTRY} bytes", got=str(len(entry)))
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        ProofError: truncated, empty, or of more than 256 entries.
    """
    entries = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[start - 2 : start], "big")
        if start > len(data) or at > len(data):
            raise ProofError("the entry bundle is truncated", expected=f"{at} bytes", got=str(len(data)))
        entries.append(data[start:at])
    _check_count(len(entries))
    return entries


def _check_count(count: int) -> None:
    if not 1 <= count <= TILE_WIDTH:
        raise ProofError("an entry bundle has the wrong count", expected=f"1 to {TILE_WIDTH}", got=str(count))


class TileNodes:
    """Reads any node of a tree of a given size from its tiles: the reader that proofs are built from.

    A proof needs at most two tiles per level. Each is read once in the life of this object.
    """

    def __init__(self, size: int, read: TileReader) -> None:
        self._size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of node (level, index).

        Raises:
            ProofError: the tree has no such complete node, or a tile has the wrong length.
        """
        if level < 0 or index < 0 or (index + 1) << level > self._size:
            raise ProofError(
                "the tree has no such node",
                expected=f"a complete subtree of {self._size} leaves",
                got=f"level {level}, index {index}",
            )
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        data = self._tile(tile_level, first // TILE_WIDTH)
        start = first % TILE_WIDTH * HASH_SIZE
        return _subtree(data[start : start + (HASH_SIZE << height)])

    def prefix(self, level: int, index: int, width: int) -> bytes:
        """The first hashes of a tile, concatenated."""
        return self._tile(level, index)[: width * HASH_SIZE]

    def _tile(self, level: int, index: int) -> bytes:
        data = self._tiles.get((level, index))
        if data is None:
            tile = Tile(level, index, tile_width(level, index, self._size))
            data = self._read(tile)
            if len(data) % HASH_SIZE or not tile.width * HASH_SIZE <= len(data) <= TILE_BYTES:
                raise ProofError(
                    f"{tile.path} has the wrong length", expected=f"{tile.width * HASH_SIZE} bytes", got=str(len(data))
                )
            self._tiles[level, index] = data
        return data


def _subtree(data: bytes) -> bytes:
    """The root over a power of two of concatenated hashes."""
    row = split_hashes(data)
    while len(row) > 1:
        row = pair_up(row)
    return row[0]


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes a tile concatenates.

    Raises:
        ProofError: not a whole number of hashes.
    """
    if len(data) % HASH_SIZE:
        raise ProofError("not a whole number of hashes", expected=f"a multiple of {HASH_SIZE}", got=str(len(data)))
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


@dataclass(frozen=True, slots=True)
class TileState:
    """The right edge of a tree: its frontier, and per tile level the hashes of the partial tile.

    ``partials[L]`` is ``b""`` where level L ends with a full tile. Both parts say the same about the same tree; the
    frontier makes the root cost O(log n) hashes where the partial tiles alone would cost 255 per level.
    """

    frontier: Frontier
    partials: tuple[bytes, ...]

    def __post_init__(self) -> None:
        widths = [partial * HASH_SIZE for _, partial in level_widths(self.frontier.size)]
        lengths = [len(data) for data in self.partials]
        if widths != lengths:
            raise ProofError(
                f"the partial tiles do not fit a tree of {self.frontier.size}", expected=str(widths), got=str(lengths)
            )

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.frontier.size

    def root(self) -> bytes:
        """The root of the tree."""
        return self.frontier.root()

    @classmethod
    def load(cls, size: int, read: TileReader) -> TileState:
        """The state of the tree of this size, from its partial tiles.

        Raises:
            ProofError: a tile has the wrong length.
        """
        nodes = TileNodes(size, read)
        frontier = [nodes(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
        partials = [
            nodes.prefix(level, full, partial) if partial else b""
            for level, (full, partial) in enumerate(level_widths(size))
        ]
        return cls(Frontier(size, tuple(reversed(frontier))), tuple(partials))


EMPTY_STATE = TileState(EMPTY_FRONTIER, ())
"""The state of the tree without leaves."""


def extend(state: TileState, hashes: Sequence[bytes]) -> tuple[list[CompletedTile], TileState]:
    """Append a run of leaf hashes (32 bytes each): the tiles it completes, lowest level first, and the new state.

    Costs about one node hash per leaf, in runs of list comprehensions: this is the append path.
    """
    completed: list[CompletedTile] = []
    partials = list(state.partials)
    rows, frontier = state.frontier.grow(hashes)
    for level, row in enumerate(rows[::TILE_HEIGHT]):
        _fill(completed, partials, level, state.size >> TILE_HEIGHT * (level + 1), row)
    return completed, TileState(frontier, tuple(partials))


def _fill(completed: list[CompletedTile], partials: list[bytes], level: int, index: int, row: Sequence[bytes]) -> None:
    """Put new nodes of one tile level behind its partial tile, and cut off what is full."""
    if level == len(partials):
        partials.append(b"")
    data = b"".join((partials[level], *row))
    whole = len(data) // TILE_BYTES
    completed += [CompletedTile(level, index + i, data[i * TILE_BYTES : (i + 1) * TILE_BYTES]) for i in range(whole)]
    partials[level] = data[whole * TILE_BYTES :]

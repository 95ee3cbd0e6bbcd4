from __future__ import annotations

import random

import pytest

from vestige.bundles.paths import Paths
from vestige.model.errors import ProofError
from vestige.proof import (
    EMPTY_STATE,
    HASH_SIZE,
    Tile,
    extend,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

SIZES = (1, 2, 255, 256, 257, 700, 70_000)
HASHES = [leaf_hash(b"%d" % n) for n in range(max(SIZES))]


def reader(size: int) -> tuple[Paths, list[Tile]]:
    tiles, state = extend(EMPTY_STATE, HASHES[:size])
    full = {(tile.level, tile.index): tile.data for tile in tiles}
    asked: list[Tile] = []

    def read(tile: Tile) -> bytes:
        asked.append(tile)
        data = full.get((tile.level, tile.index))
        if data is None:
            data = state.partials[tile.level]
        return data[: tile.width * HASH_SIZE]

    return Paths(size, read), asked


@pytest.mark.parametrize("size", SIZES)
def test_every_path_leads_to_the_root(size: int) -> None:
    paths, _ = reader(size)
    root = tree_root(HASHES[:size])
    for seq in {0, size - 1, size // 2, *random.Random(size).sample(range(size), min(size, 50))}:
        verify_inclusion(HASHES[seq], seq, size, paths.inclusion(seq), root)
    for first in {1, size // 2 or 1, size - 1 or 1}:
        if first < size:
            verify_consistency(first, size, tree_root(HASHES[:first]), root, paths.consistency(first))


def test_a_tile_is_read_once_for_all_its_entries() -> None:
    paths, asked = reader(70_000)
    for seq in range(512):
        paths.inclusion(seq)
    assert len(asked) == len(set(asked)) < 12


def test_what_is_not_in_the_tree_is_refused() -> None:
    paths, _ = reader(257)
    with pytest.raises(ProofError, match="no such leaf"):
        paths.inclusion(257)
    short = Paths(257, lambda tile: bytes(HASH_SIZE * (tile.width - 1)))
    with pytest.raises(ProofError, match="wrong length"):
        short.inclusion(0)

"""Tiles: published paths and a published log, contents by definition, proofs from tiles, and the append path."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.tiles import tiles_for
from vestige.model.errors import ProofError
from vestige.proof.checkpoint import open_checkpoint
from vestige.proof.merkle import (
    EMPTY_FRONTIER,
    MAX_SIZE,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hashes,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from vestige.proof.note import VerifierKey
from vestige.proof.tiles import (
    EMPTY_STATE,
    ENTRIES,
    MAX_ENTRY,
    TILE_BYTES,
    TILE_WIDTH,
    Tile,
    TileNodes,
    TileState,
    decode_entries,
    encode_entries,
    extend,
    level_widths,
    parse_tile_path,
    split_hashes,
    tile_path,
    tile_width,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.proof.conftest import NaiveTree

FOLDER = Path(__file__).parents[2] / "vectors/proof"
PATHS = json.loads((FOLDER / "tile-paths.json").read_text())
LOG = json.loads((FOLDER / "tessera-log.json").read_text())
# A loaded machine is not a failure, and the first run builds tables of Unicode.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BIG = 70_000
INTERESTING = [*range(1, 301), 511, 512, 513, 65_535, 65_536, 65_537, 65_792, BIG]


class Store:
    """Completed tiles and the current partial ones, as a log keeps them; counts what is read."""

    def __init__(self) -> None:
        self.state = EMPTY_STATE
        self.full: dict[tuple[int, int], bytes] = {}
        self.reads: Counter[int] = Counter()

    def append(self, hashes: list[bytes]) -> None:
        completed, self.state = extend(self.state, hashes)
        for tile in completed:
            assert (tile.level, tile.index) not in self.full
            assert len(tile.data) == TILE_BYTES
            self.full[tile.level, tile.index] = tile.data

    def read(self, tile: Tile) -> bytes:
        self.reads[tile.level] += 1
        data = self.full.get((tile.level, tile.index))
        if data is None:
            data = self.state.partials[tile.level]
        return data[: tile.width * 32]


@pytest.fixture(scope="module")
def big(tree: NaiveTree) -> Store:
    store = Store()
    leaves = tree.leaves(BIG)
    for at, end in [(0, 1), (1, 300), (300, 65_535), (65_535, 65_537), (65_537, BIG)]:
        store.append(leaves[at:end])
    return store


@pytest.mark.parametrize("row", PATHS["paths"], ids=lambda r: r["path"])
def test_published_paths(row: dict[str, Any]) -> None:
    tile = Tile(row["level"], row["index"], row["width"])
    assert tile_path(tile.level, tile.index, tile.width) == tile.path == row["path"]
    assert parse_tile_path(row["path"]) == tile


@pytest.mark.parametrize("row", PATHS["widths"], ids=lambda r: f"{r['path']} of {r['size']}")
def test_published_widths(row: dict[str, Any]) -> None:
    tile = parse_tile_path(row["path"])
    assert tile_width(tile.level, tile.index, row["size"]) == tile.width


def test_the_specification_s_examples() -> None:
    sizes = PATHS["sizes"]
    for size in (70_000, 256):
        assert level_widths(size) == [tuple(pair) for pair in sizes[str(size)]]
    assert [tile.path for tile in tiles_for(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert level_widths(0) == []


@pytest.mark.parametrize(
    "path",
    [
        *PATHS["bad"],
        "",
        "tile/0/000 ",
        "/tile/0/000",
        "tile/00/000",
        "tile/0/00",
        "tile/0/x000/000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/300",
        "tile/entries/000.p/256",
        "tile/Entries/000",
        "tile/0/\u0660\u0660\u0661",
        "tile/0/" + "x999/" * 7 + "999",
        "tile/0/" + "x999/" * 5000 + "999",
        "tile/0/000\n",
    ],
)
def test_paths_with_another_spelling_are_refused(path: str) -> None:
    with pytest.raises(ProofError):
        parse_tile_path(path)


@steady
@given(st.integers(ENTRIES, 63), st.integers(0, MAX_SIZE), st.integers(1, 256))
def test_paths_round_trip(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == Tile(level, index, width)


@steady
@given(st.text(max_size=40) | st.from_regex(r"tile/\w{1,8}/(x?\d{3}/?){1,4}(\.p/\d{1,3})?"))
def test_parsing_a_path_raises_nothing_else(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except ProofError:
        return
    assert tile.path == path


@pytest.mark.parametrize("args", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, MAX_SIZE + 1, 1)])
def test_there_is_no_such_tile(args: tuple[int, int, int]) -> None:
    with pytest.raises(ProofError):
        tile_path(*args)


def test_tile_contents_are_what_the_specification_says(big: Store, tree: NaiveTree) -> None:
    # Place i of tile n at level l: the MTH of the 256**l leaves from (n * 256 + i) * 256**l on.
    seen = 0
    for tile in tiles_for(BIG):
        span = 256**tile.level
        data = big.read(tile)
        assert len(data) == tile.width * 32
        for i, got in enumerate(split_hashes(data)):
            place = tile.index * 256 + i
            assert got == tree.mth(place * span, (place + 1) * span)
            seen += 1
    assert seen == 70_000 + 273 + 1
    assert len(big.full) == 273 + 1
    assert [len(data) // 32 for data in big.state.partials] == [112, 17, 1]


@pytest.mark.parametrize("size", INTERESTING)
def test_states_and_nodes_of_a_size(size: int, big: Store, tree: NaiveTree) -> None:
    state = TileState.load(size, big.read)
    assert state.size == size
    assert state.root() == tree.mth(0, size)
    assert [len(data) // 32 for data in state.partials] == [partial for _, partial in level_widths(size)]
    nodes = TileNodes(size, big.read)
    for level in range(size.bit_length()):
        for index in {0, (size >> level) - 1, (size >> level) // 2}:
            if index < size >> level:
                assert nodes(level, index) == tree.node(level, index)
        with pytest.raises(ProofError):
            nodes(level, size >> level)


def test_every_state_grows_to_the_next(big: Store, tree: NaiveTree) -> None:
    state = EMPTY_STATE
    for size in range(1, 601):
        completed, state = extend(state, [tree.leaf(size - 1)])
        assert state == TileState.load(size, big.read)
        assert bool(completed) == (size % 256 == 0)
        for tile in completed:
            assert tile.data == big.full[tile.level, tile.index]


def test_nothing_appended_is_nothing_changed(big: Store) -> None:
    assert extend(big.state, []) == ([], big.state)
    assert TileState.load(0, big.read) == EMPTY_STATE


@settings(steady, max_examples=40)
@given(st.lists(st.integers(0, 700), max_size=8), st.integers(0, 64_000))
def test_the_batches_make_no_difference(big: Store, tree: NaiveTree, batches: list[int], start: int) -> None:
    state = TileState.load(start, big.read)
    leaves = [tree.leaf(i) for i in range(start, start + sum(batches))]
    tiles = []
    at = 0
    for count in batches:
        completed, state = extend(state, leaves[at : at + count])
        tiles += completed
        at += count
    assert state == TileState.load(start + len(leaves), big.read)
    assert sorted((t.level, t.index) for t in tiles) == sorted(
        (level, index)
        for level, (full, _) in enumerate(level_widths(start + len(leaves)))
        for index in range((start >> 8 * level) // 256, full)
    )
    assert all(t.data == big.full[t.level, t.index] for t in tiles)


@settings(steady, max_examples=60)
@given(st.integers(1, BIG), st.data())
def test_proofs_cost_two_tiles_a_level_at_most(big: Store, tree: NaiveTree, size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    size1 = data.draw(st.integers(1, size))
    root = TileState.load(size, big.read).root()
    for check in (0, 1):
        big.reads.clear()
        nodes = TileNodes(size, big.read)
        if check:
            path = consistency_path(size1, size, nodes)
            assert max(big.reads.values(), default=0) <= 2
            verify_consistency(size1, size, TileState.load(size1, big.read).root(), root, path)
        else:
            path = inclusion_path(index, size, nodes)
            assert max(big.reads.values(), default=0) <= 2
            verify_inclusion(tree.leaf(index), index, size, path, root)


def test_a_tile_of_the_wrong_length_is_refused(tree: NaiveTree) -> None:
    data = b"".join(tree.leaves(256))

    def cut(length: int) -> Callable[[Tile], bytes]:
        return lambda _tile: data[:length]

    for length in (10 * 32, 11 * 32, 256 * 32):
        assert TileNodes(10, cut(length))(0, 9) == tree.leaf(9)
    for length in (0, 9 * 32, 10 * 32 - 1, 10 * 32 + 1):
        with pytest.raises(ProofError):
            TileNodes(10, cut(length))(0, 9)
    with pytest.raises(ProofError):
        TileNodes(10, lambda _tile: data + bytes(32))(0, 9)


def test_there_are_no_nodes_below_nothing(big: Store) -> None:
    nodes = TileNodes(10, big.read)
    for level, index in [(-1, 0), (0, -1), (0, 10), (3, 1), (4, 0)]:
        with pytest.raises(ProofError):
            nodes(level, index)


def test_a_tile_is_whole_hashes(big: Store, tree: NaiveTree) -> None:
    assert split_hashes(big.full[1, 0])[3] == tree.mth(768, 1024)
    with pytest.raises(ProofError):
        split_hashes(bytes(33))


@pytest.mark.parametrize("partials", [(), (bytes(32),), (bytes(64), b""), (bytes(63),)])
def test_a_state_s_parts_must_fit_each_other(partials: tuple[bytes, ...]) -> None:
    assert TileState(Frontier(2, (bytes(32),)), (bytes(64),)).size == 2
    with pytest.raises(ProofError):
        TileState(Frontier(2, (bytes(32),)), partials)


def test_a_published_log() -> None:
    leaves = leaf_hashes(entry.encode() for entry in LOG["entries"])
    keys = [VerifierKey.parse(key) for key in LOG["keys"]]
    sizes = set()
    heads = {}
    for row in LOG["checkpoints"]:
        head = open_checkpoint(row["checkpoint"].encode(), keys, row["origin"]).checkpoint
        assert head.size == row["size"]
        assert head.root == tree_root(leaves[: head.size])
        assert head.root == extend(EMPTY_STATE, leaves[: head.size])[1].root()
        sizes.add(head.size)
        heads[head.size] = head.root
    assert sizes == set(range(16))
    frontier = EMPTY_FRONTIER.extend(leaves[:15])
    assert frontier.root() == heads[15]
    nodes = TileNodes(15, lambda _tile: b"".join(leaves[:15]))
    for size in range(1, 15):
        verify_consistency(size, 15, heads[size], heads[15], consistency_path(size, 15, nodes))


@steady
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=TILE_WIDTH))
def test_entry_bundles_round_trip(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries)) == entries


def test_entry_bundles_by_the_byte() -> None:
    assert encode_entries([b"one", b"", b"\x00"]) == b"\x00\x03one\x00\x00\x00\x01\x00"
    longest = bytes(MAX_ENTRY)
    assert decode_entries(encode_entries([longest])) == [longest]


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(MAX_ENTRY + 1)]])
def test_what_no_bundle_holds(entries: list[bytes]) -> None:
    with pytest.raises(ProofError):
        encode_entries(entries)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01", b"\x00\x03on", b"\x00\x00\x00", bytes(2 * 257)])
def test_damaged_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        decode_entries(data)


@steady
@given(st.binary(max_size=80))
def test_reading_a_bundle_raises_nothing_else(data: bytes) -> None:
    try:
        entries = decode_entries(data)
    except ProofError:
        return
    assert encode_entries(entries) == data
